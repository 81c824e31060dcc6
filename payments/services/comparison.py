"""The nightly comparison of our ledger with the provider's balance transactions, object by object.

An object is a paid intent, a refund, a dispute, a transfer or a reversal: all that moved for it in the provider's balance, there
and here. It goes by the provider's name for it; what the provider does not know goes by our reference.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from marketplace.common.logging import get_logger
from payments.gateways import StripeGateway
from payments.models import (
    BalanceDifference,
    Dispute,
    LedgerEntry,
    Payment,
    Refund,
    Reversal,
    Transfer,
)
from payments.schemas import Movement
from payments.services.ledger import Account

log = get_logger(__name__)

MONTH, ON_THEIR_WAY = timedelta(days=30), timedelta(hours=1)
# What moves between the provider and the platform's own bank is no part of these books.
OUTSIDE = frozenset({"payout", "payout_cancel", "payout_failure", "topup", "topup_reversal"})
# What the first part of our references names; disputes go by the provider's own id.
ROWS = {"payment": Payment, "refund": Refund, "transfer": Transfer, "reversal": Reversal}


@dataclass
class Moved:
    """What moved for one object in the provider's balance, in minor units, fees taken off."""

    kind: str
    currency: str
    at: datetime
    net_minor: int = 0


def compare_books(*, gateway: StripeGateway) -> int:
    """Compare everything that moved in the last month; tell how many objects differ.

    What does not agree is looked at once more with its whole history, which may reach further back, and becomes a
    ``BalanceDifference`` for finance; so is what differed in an earlier night. A difference that is gone is resolved.
    Movements of the last hour may be known on one side only and are left to the next night.
    Safe to repeat. Raises ``ProviderUnavailable``.
    """
    now = timezone.now()
    since, until = now - MONTH, now - ON_THEIR_WAY
    there = _moved_there(gateway.movements_since(since), until=until)
    here = _moved_here(since=since, until=until)
    ours = _references(there, here)
    suspects = {
        name: there.get(name) or here[ours[name]]
        for name in there.keys() | ours.keys()
        if _net(there.get(name)) != _net(here.get(ours.get(name, "")))
    }
    for row in BalanceDifference.objects.filter(resolved_at=None):
        suspects.setdefault(row.provider_id, Moved(row.kind, row.currency, row.happened_at))
    ours |= _references([name for name in suspects if name not in ours], ())
    differences = (_difference(name, ours.get(name, ""), moved, gateway) for name, moved in suspects.items())
    found = [row for row in differences if row]
    _keep(found, at=now)
    return len(found)


def _net(moved: Moved | None) -> int:
    return moved.net_minor if moved else 0


def _moved_there(movements: Iterable[Movement], *, until: datetime) -> dict[str, Moved]:
    """Add the provider's movements up by the object they are about."""
    found: dict[str, Moved] = {}
    for movement in movements:
        at = datetime.fromtimestamp(movement.created, UTC)
        if movement.type in OUTSIDE or at > until:
            continue
        moved = found.setdefault(movement.source or movement.id, Moved(movement.type, movement.currency, at))
        moved.net_minor += movement.net
    return found


def _moved_here(*, since: datetime, until: datetime) -> dict[str, Moved]:
    """Add our own movements up by the beginning of their reference, which names the row."""
    entries = LedgerEntry.objects.filter(
        account=Account.PROVIDER_BALANCE, transaction__at__gte=since, transaction__at__lte=until
    )
    rows = entries.order_by("pk").values_list("transaction__reference", "amount_minor", "currency", "transaction__at")
    found: dict[str, Moved] = {}
    for reference, amount, currency, at in rows:
        kind, name, _step = reference.split(":", 2)
        found.setdefault(f"{kind}:{name}", Moved(kind, currency, at)).net_minor += amount
    return found


def _references(names: Collection[str], references: Collection[str]) -> dict[str, str]:
    """Pair the provider's names with our references. A row without a name goes by its reference."""
    pairs: dict[str, str] = {}
    by_kind: dict[str, list[str]] = {}
    for reference in [*references, *(name for name in names if ":" in name)]:
        kind, pk = reference.split(":")
        by_kind.setdefault(kind, []).append(pk)
    for kind, model in ROWS.items():
        rows = model.objects.filter(Q(provider_id__in=names) | Q(pk__in=by_kind.get(kind, ())))  # type: ignore[attr-defined]  # all have a manager
        pairs |= {
            provider_id or f"{kind}:{pk}": f"{kind}:{pk}" for provider_id, pk in rows.values_list("provider_id", "pk")
        }
    disputes = Dispute.objects.filter(Q(pk__in=names) | Q(pk__in=by_kind.get("dispute", ())))
    return pairs | {pk: f"dispute:{pk}" for pk in disputes.values_list("pk", flat=True)}


def _difference(name: str, reference: str, moved: Moved, gateway: StripeGateway) -> BalanceDifference | None:
    """Look at all that ever moved for one object; None where both sides agree after all."""
    there = 0
    if ":" not in name:
        there = sum(movement.net for movement in gateway.movements_of(name) if movement.type not in OUTSIDE)
    entries = LedgerEntry.objects.filter(
        account=Account.PROVIDER_BALANCE, transaction__reference__startswith=f"{reference}:"
    )
    here = int(entries.aggregate(sum=Sum("amount_minor", default=0))["sum"]) if reference else 0
    if there == here:
        return None
    return BalanceDifference(
        provider_id=name,
        kind=moved.kind[:32],
        provider_minor=there,
        ledger_minor=here,
        currency=moved.currency,
        happened_at=moved.at,
    )


def _keep(found: Collection[BalanceDifference], *, at: datetime) -> None:
    for row in found:
        row.found_at = at
    with transaction.atomic():
        gone = BalanceDifference.objects.filter(resolved_at=None).exclude(
            provider_id__in=[r.provider_id for r in found]
        )
        gone.update(resolved_at=at)
        BalanceDifference.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["provider_id"],
            update_fields=["kind", "provider_minor", "ledger_minor", "currency", "resolved_at"],
        )
    if found:
        log.error("books_differ", count=len(found))
