"""What stands in the way of closing an account, as the apps above tell it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from accounts.models import User
from accounts.signals import hindrances_wanted

# So many of one kind are listed; beyond that the page that lists them all is named.
LISTED = 5


@dataclass(frozen=True)
class Hindrance:
    """One thing that has to end first: what it is, what ends it, and the page where that is done."""

    name: str
    hint: str
    url: str
    label: str


def hindrances_of(user: User, *, at: datetime) -> Sequence[Hindrance]:
    """List what has to end before an account can be closed; for staff nothing, since they are not asked."""
    answers = hindrances_wanted.send(sender=User, user=user, at=at)
    return [found for _receiver, answer in answers for found in cast("Iterable[Hindrance]", answer)]
