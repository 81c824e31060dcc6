"""What uploads hears from accounts, inside the transaction that made it true."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_closing
from uploads import services


@receiver(account_closing)
def somebody_leaves(user: User, **_kwargs: Any) -> None:  # Any: what every signal carries
    services.give_up_exports(user=user)
    services.revoke_all(of=user)
