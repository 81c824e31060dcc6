"""Random lives of many bookings: whatever people, clock and provider do, in any order, the invariants hold after every step."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import stripe
from django.core.management import call_command
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from bookings import services as bookings
from bookings.models import Booking, ProblemReport
from marketplace.sandbox.payments import PaymentSandbox
from payments import services as payments
from payments.models import Refund, RefundRequest
from tests.lives.world import World
from tests.machines import forget_steps, is_a_step, steps_taken, watched_machines
from tests.payments.provider import ASKS_THE_BANK, DECLINED, GOOD, REFUND_FAILS, REFUND_WAITS, Provider
from tests.thorough import tries

pytestmark = pytest.mark.django_db(transaction=True)

# `make soak` asks for more: LIVES=1000 STEPS=60
LIVES, STEPS = int(os.environ.get("LIVES") or tries(sample=8, thorough=100)), int(os.environ.get("STEPS", "30"))
PARTS = 4  # for `make soak`, which lets them run beside each other

which = st.integers(0, 7)
Side = Booking.Side


class Lives(RuleBasedStateMachine):
    provider: Provider

    def __init__(self) -> None:
        super().__init__()
        self.provider.ask("reset", {})
        self.provider.webhooks(drop=True)
        self.world = World(self.provider)

    def teardown(self) -> None:
        try:
            self.world.settle_everything()
            assert self.world.broken() == {}
            assert self.world.left_open() == []
        finally:
            self.world.close()
            # Every life begins with nothing: what is asked after each step would take longer with each life.
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)
            forget_steps()

    def one(self, number: int, *statuses: str) -> Booking | None:
        found = self.world.bookings(*statuses)
        return found[number % len(found)] if found else None

    @rule(student=st.integers(0, 2), mentor=st.integers(0, 1), days=st.integers(0, 2), quarter=st.integers(0, 12),
          minutes=st.sampled_from([15, 45, 90]))  # fmt: skip
    def hold(self, student: int, mentor: int, days: int, quarter: int, minutes: int) -> None:
        self.world.hold(student, mentor, days, quarter, minutes)

    @rule(student=st.integers(0, 2), mentor=st.integers(0, 1), days=st.integers(1, 2), quarter=st.integers(0, 12),
          card=st.sampled_from([GOOD, GOOD, GOOD, REFUND_WAITS, REFUND_FAILS]))  # fmt: skip
    def hold_and_pay(self, student: int, mentor: int, days: int, quarter: int, card: str) -> None:
        self.world.hold(student, mentor, days, quarter, 45)
        for booking in self.world.bookings("held"):
            if payment := self.world.open_payment(booking):
                self.world.use_card(payment, card)
                self.world.attempt(payments.settle_payment, payment_id=payment.pk, gateway=self.world.gateway)

    @rule(number=which, card=st.sampled_from([GOOD, DECLINED, ASKS_THE_BANK]))
    def pay(self, number: int, card: str) -> None:
        if (booking := self.one(number, "held")) and (payment := self.world.open_payment(booking)):
            self.world.use_card(payment, card)

    @rule(number=which)
    def pay_an_old_intent(self, number: int) -> None:
        if found := self.world.payments():
            self.world.use_card(found[number % len(found)], GOOD)

    @rule(number=which, amount=st.integers(100, 5_000))
    def change_the_amount(self, number: int, amount: int) -> None:
        if (booking := self.one(number, "held")) and (payment := self.world.open_payment(booking)):
            payment.refresh_from_db()
            with suppress(stripe.StripeError):  # paid already, or the provider stumbles
                self.provider.change(payment.provider_id, amount=amount)

    @rule(number=which)
    def extend(self, number: int) -> None:
        if booking := self.one(number, "held"):
            self.world.attempt(bookings.extend_hold, booking_id=booking.pk, by=booking.student)

    @rule(number=which, side=st.sampled_from([Side.STUDENT, Side.STUDENT, Side.MENTOR, Side.ADMIN]))
    def cancel(self, number: int, side: Booking.Side) -> None:
        if booking := self.one(number, "held", "confirmed"):
            by = {Side.STUDENT: booking.student, Side.MENTOR: booking.mentor.user}.get(side, self.world.support)
            self.world.attempt(bookings.cancel_booking, booking_id=booking.pk, by=by, side=side, reason="Ill")

    @rule(number=which, hours=st.integers(-6, 30))
    def move(self, number: int, hours: int) -> None:
        if booking := self.one(number, "confirmed"):
            to = booking.starts_at + timedelta(hours=hours)
            self.world.attempt(bookings.move_booking, booking_id=booking.pk, starts_at=to, by=booking.student)

    @rule(number=which, hours=st.integers(1, 30))
    def propose(self, number: int, hours: int) -> None:
        if booking := self.one(number, "confirmed"):
            to = booking.starts_at + timedelta(hours=hours)
            self.world.attempt(bookings.propose_move, booking_id=booking.pk, starts_at=to, by=booking.mentor.user)

    @rule(number=which, accepts=st.booleans())
    def answer_the_proposal(self, number: int, accepts: bool) -> None:
        if booking := self.one(number, "confirmed"):
            answer: Callable[..., Any] = bookings.accept_proposal if accepts else bookings.decline_proposal
            self.world.attempt(answer, booking_id=booking.pk, by=booking.student)

    @rule(minutes=st.sampled_from([1, 5, 16, 61, 300, 1_500, 3_000, 12_000]))
    def time_passes(self, minutes: int) -> None:
        self.world.advance(minutes=minutes)

    @rule(number=which, student=st.booleans(), mentor=st.booleans())
    def meet(self, number: int, student: bool, mentor: bool) -> None:
        """Let the clock run through a session, with those on the join page who came."""
        booking = self.one(number, "confirmed")
        if booking is None:
            return
        self.world.go_to(booking.starts_at)
        while self.world.now < booking.ends_at:
            for came, who in ((student, booking.student), (mentor, booking.mentor.user)):
                if came:
                    self.world.attempt(bookings.beat, booking=booking, by=who, at=self.world.now)
            self.world.advance(seconds=60)

    @rule(number=which, word=st.sampled_from(["fine", "problem", "taught", "student_absent"]))
    def say(self, number: int, word: str) -> None:
        if booking := self.one(number, "confirmed", "ended", "completed", "no_show_student", "no_show_mentor"):
            by = booking.student if word in {"fine", "problem"} else booking.mentor.user
            self.world.attempt(bookings.say_outcome, booking_id=booking.pk, by=by, word=word, note="So it was")

    @rule(number=which, percent=st.sampled_from([0, 1, 50, 99, 100]))
    def support_decides(self, number: int, percent: int) -> None:
        reports = list(
            ProblemReport.objects.open().filter(booking__mentor__in=self.world.mentors).order_by("opened_at")
        )
        if reports:
            report = reports[number % len(reports)]
            self.world.go_to(report.answer_due_at)
            self.world.attempt(
                bookings.decide_report, report_id=report.pk, by=self.world.support, percent=percent, reason="Heard both"
            )

    @rule(number=which, amount=st.integers(1, 4_000))
    def finance_refunds(self, number: int, amount: int) -> None:
        if booking := self.one(number):
            self.world.attempt(
                payments.decide_refund,
                booking_id=booking.pk,
                amount_minor=amount,
                reason="Sorry",
                by=self.world.finance,
            )

    @rule()
    def a_second_person_agrees(self) -> None:
        for request in RefundRequest.objects.filter(status="waiting", payment__booking__mentor__in=self.world.mentors):
            self.world.attempt(payments.approve_refund, request_id=request.pk, by=self.world.second)

    @rule(number=which, amount=st.integers(1, 3_000))
    def somebody_refunds_in_the_dashboard(self, number: int, amount: int) -> None:
        found = [payment for payment in self.world.payments() if payment.is_accepted]
        if found:
            intent = found[number % len(found)].provider_id
            with suppress(stripe.StripeError):  # more than what is left, or the provider stumbles
                self.provider.owner.v1.refunds.create({"payment_intent": intent, "amount": amount})

    @rule()
    def finance_sends_again(self) -> None:
        for refund in Refund.objects.filter(status="failed", payment__booking__mentor__in=self.world.mentors):
            self.world.attempt(payments.send_refund_again, refund_id=refund.pk, by=self.world.finance)

    @rule(number=which)
    def onboard(self, number: int) -> None:
        mentor = self.world.mentors[number % 2]
        account = self.world.attempt(
            payments.open_payout_account, mentor=mentor, country="DE", gateway=self.world.gateway.connect
        )
        if account and account.provider_id:
            self.provider.ask(f"accounts/{account.provider_id}/onboard", {})
            self.world.attempt(payments.read_payout_account, mentor_id=mentor.pk, gateway=self.world.gateway.connect)

    @rule(numbers=st.lists(st.integers(0, 40), min_size=1, max_size=8))
    def webhooks_arrive(self, numbers: list[int]) -> None:
        """Some of those that went out, in any order, some twice; the others are lost or late."""
        waiting = self.world.undelivered()
        if waiting:
            self.world.deliver([waiting[number % len(waiting)] for number in numbers])

    @rule(path=st.sampled_from(["/v1/payment_intents", "/v1/refunds", "/v1/transfers"]),
          status=st.sampled_from([0, 429, 500, 503]), after=st.booleans())  # fmt: skip
    def the_provider_stumbles(self, path: str, status: int, after: bool) -> None:
        # Who is turned away for asking too often was not served.
        self.provider.fail(path, status=status, after_commit=after and status != 429, times=1)

    @rule()
    def jobs_run(self) -> None:
        self.world.run_jobs()

    @rule()
    def passes_run(self) -> None:
        self.world.run_passes()

    @invariant()
    def everything_holds(self) -> None:
        assert self.world.broken() == {}

    @invariant()
    def no_machine_takes_a_step_that_it_has_not(self) -> None:
        assert [step for step in steps_taken() if not is_a_step(step)] == []


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_the_invariants_hold(payment_server: PaymentSandbox, part: int) -> None:
    provider = Provider(payment_server)
    with watched_machines():
        run_state_machine_as_test(
            type(f"Lives{part}", (Lives,), {"provider": provider}),
            settings=settings(
                max_examples=max(1, LIVES // PARTS),
                stateful_step_count=STEPS,
                deadline=None,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
                # Shrinking plays a life again hundreds of times: asked for by whoever looks for a cause.
                phases=[
                    Phase.explicit,
                    Phase.reuse,
                    Phase.generate,
                    *([Phase.shrink] if "SHRINK" in os.environ else []),
                ],
                database=None,
            ),
        )
    provider.ask("reset", {})
