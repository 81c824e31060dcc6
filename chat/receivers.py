"""What chat hears from the apps below, inside the transaction that made it true."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_closing
from chat import personal_data, services
from marketplace.common.personal_data import Chapter
from uploads.signals import data_wanted


@receiver(account_closing)
def somebody_leaves(user: User, at: datetime, **_kwargs: Any) -> None:  # Any: what every signal carries
    services.leave_threads(user=user, at=at)


@receiver(data_wanted)
def what_we_keep(user: User, **_kwargs: Any) -> list[Chapter]:  # Any: what every signal carries
    return personal_data.chapters_of(user)
