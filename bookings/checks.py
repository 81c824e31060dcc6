"""What the database must agree with before the product starts on it."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

from bookings.models import Booking


@register(Tags.database)
def check_currency(*, databases: Sequence[str] | None, **_kwargs: Any) -> list[CheckMessage]:  # Any: Django passes more
    """Refuse another ``CURRENCY`` than that of the bookings there are: every sum in the ledger would change its worth.

    Runs where a database is named: in ``migrate``, at the start of the web server, with ``check --database default``.
    """
    for alias in databases or ():
        if Booking._meta.db_table not in connections[alias].introspection.table_names():
            continue  # the first migration is still to come
        others = Booking.objects.using(alias).exclude(currency=settings.CURRENCY)
        found = others.order_by("pk").values_list("currency", flat=True).first()
        if found is not None:
            return [
                Error(
                    f"CURRENCY is {settings.CURRENCY}, but there are bookings in {found}.",
                    hint=f"Set CURRENCY={found}. The currency is fixed once a booking exists.",
                    id="bookings.E001",
                )
            ]
    return []
