"""A small marketplace whose people do whatever they may, at a clock that only moves forward."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe
import time_machine
from django.db import close_old_connections
from django.utils import timezone

from accounts.models import User
from bookings import services as bookings
from bookings.models import Booking
from bookings.services.endings import run_endings, run_strikes
from marketplace.common.errors import DomainError, Unavailable
from marketplace.invariants import verify
from mentors.models import Mentor
from payments import services as payments
from payments.errors import ProviderRefused
from payments.gateways import payment_gateway
from payments.models import OPEN_STATUSES, Earning, Payment, Refund, Reversal, Transfer, WebhookEvent
from tests.factories import make_mentor, make_staff, make_student
from tests.jobs import run_jobs
from tests.payments.provider import Provider, signed

FIRST = datetime(2026, 11, 23, 6, tzinfo=UTC)

# What judges by the database's own clock, which does not travel with ours.
BY_THE_CLOCK = {"hold_past_expiry", "event_stuck", "job_stuck", "document_past_purge"}


@dataclass
class World:
    """Two mentors, three students, staff, and the provider on the other side."""

    provider: Provider
    now: datetime = FIRST
    delivered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.clock = time_machine.travel(self.now, tick=False)
        self.traveller = self.clock.start()
        self.mentors: list[Mentor] = [make_mentor(notice_hours=1), make_mentor(policy="flexible", break_minutes=15)]
        self.students: list[User] = [make_student() for _ in range(3)]
        self.support, self.finance, self.second = (make_staff(group) for group in ("support", "finance", "finance"))
        self.gateway = payment_gateway()

    def close(self) -> None:
        self.clock.stop()
        close_old_connections()

    # The clock

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)
        self.traveller.move_to(self.now)

    def go_to(self, moment: datetime) -> None:
        if moment > self.now:
            self.now = moment
            self.traveller.move_to(moment)

    # What is there

    def bookings(self, *statuses: str) -> list[Booking]:
        mine = Booking.objects.filter(mentor__in=self.mentors).select_related("mentor__user", "student")
        return list((mine.filter(status__in=statuses) if statuses else mine).order_by("created_at", "pk"))

    def payments(self) -> list[Payment]:
        return list(Payment.objects.filter(booking__mentor__in=self.mentors).order_by("created_at", "pk"))

    # Trying

    def attempt(self, operation: Callable[..., Any], **details: Any) -> Any:  # Any: whatever the operation takes
        """Do it, unless it is refused. A refusal is an answer, anything else is a fault."""
        try:
            return operation(**details)
        except (DomainError, Unavailable, ProviderRefused):
            return None

    def hold(self, student: int, mentor: int, days: int, quarter: int, minutes: int) -> None:
        starts_at = (self.now + timedelta(days=days)).replace(hour=8, minute=0) + timedelta(minutes=15 * quarter)
        self.attempt(
            bookings.hold_slot,
            handle=self.mentors[mentor].handle, minutes=minutes, starts_at=starts_at, by=self.students[student],
        )  # fmt: skip

    def open_payment(self, booking: Booking) -> Payment | None:
        started = self.attempt(payments.create_intent, booking_id=booking.pk, gateway=self.gateway)
        return started.payment if started else None

    def use_card(self, payment: Payment, card: str) -> None:
        payment.refresh_from_db()
        if payment.provider_id:
            with suppress(
                stripe.StripeError
            ):  # cancelled, paid already, or the provider stumbles: the browser is told so
                self.provider.pay(payment.provider_id, card)

    def deliver(self, chosen: list[dict[str, Any]]) -> None:  # Any: JSON
        """Hand webhooks over as the provider would, in the order given."""
        for event in chosen:
            body = json.dumps(event)
            header = signed(body, at=time.time())["Stripe-Signature"]
            payments.receive_event(payload=body.encode(), signature=header)
            self.delivered.add(event["id"])

    def undelivered(self) -> list[dict[str, Any]]:  # Any: JSON
        return [event for event in self.provider.events() if event["id"] not in self.delivered]

    # Work on a clock

    def run_passes(self) -> None:
        for one_pass in (
            run_endings, run_strikes, payments.release_earnings,
            lambda: payments.expire_holds(gateway=self.gateway),
            lambda: payments.reconcile(gateway=self.gateway),
        ):  # fmt: skip
            try:
                one_pass()
            except ExceptionGroup as failures:
                if failures.split((Unavailable, ProviderRefused))[1]:
                    raise

    def run_jobs(self) -> None:
        while not self._ran_all_jobs():
            pass

    def _ran_all_jobs(self) -> bool:
        try:
            run_jobs()
        except (Unavailable, ProviderRefused):
            return False  # the queue would try again; here the passes find the row that it was about
        return True

    def settle_everything(self) -> None:
        """Let a long, quiet time pass, in which the passes and jobs run and nobody does anything."""
        self.provider.ask("faults", {"api": None})
        for _ in range(4):
            self.advance(minutes=6)
            self.run_jobs()
            self.wait_for_the_banks()
            self.run_passes()
        for _ in range(3):
            self.advance(days=8)
            # The provider's clock is not ours: without this it would repeat an error of weeks ago for ever.
            self.provider.ask("answers/forget", {})
            self.run_passes()
            self.run_jobs()
            self.wait_for_the_banks()
            self.advance(minutes=6)
            self.run_passes()
            self.run_jobs()
            if not self.left_open():
                return

    def wait_for_the_banks(self) -> None:
        """Slow refunds take their seconds at the provider, whose clock is not ours."""
        self.provider.hurry_banks()

    # Judging

    def broken(self) -> dict[str, list[str]]:
        found = {f.invariant.name: list(f.breaches) for f in verify() if not f.holds}
        return {name: breaches for name, breaches in found.items() if name not in BY_THE_CLOCK}

    def left_open(self) -> list[str]:
        """What a long quiet time should have ended."""
        ours = {"booking__mentor__in": self.mentors}
        return [
            *(f"payment {p.pk} {p.status}" for p in Payment.objects.filter(status__in=OPEN_STATUSES, **ours)),
            *(
                f"refund {r.pk} {r.status}"
                for r in Refund.objects.on_their_way().filter(payment__booking__mentor__in=self.mentors)
            ),
            *(f"hold {b.pk}" for b in self.bookings("held", "confirmed", "ended")),
            *(
                f"earning {e.pk} {e.status}"
                for e in Earning.objects.filter(
                    status__in=["pending", "releasable", "transferring", "frozen"], mentor__in=self.mentors
                )
                if e.booking.status != Booking.Status.PROBLEM
            ),
            *(
                f"transfer {t.pk} {t.status}"
                for t in Transfer.objects.filter(
                    status__in=["requested", "sending"], earning__mentor__in=self.mentors
                ).select_related("earning__booking")
                # Asked for before the report, which keeps it: it waits for support, however quiet the time.
                if (t.earning.status, t.earning.booking.status) != (Earning.Status.FROZEN, Booking.Status.PROBLEM)
            ),
            *(
                f"reversal {r.pk} {r.status}"
                for r in Reversal.objects.filter(
                    status__in=["requested", "sending"], transfer__earning__mentor__in=self.mentors
                )
            ),
            *(f"event {e.pk}" for e in WebhookEvent.objects.filter(processed_at=None)),
        ]


def at_session(booking: Booking) -> datetime:
    return max(timezone.now(), booking.starts_at)
