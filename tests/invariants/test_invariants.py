"""Each invariant holds on an ordinary life, and is broken by the one thing that it forbids.

What the database itself would refuse is done with its guards switched off, as a dump loaded into another server might.
"""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from bookings.models import Booking
from chat.services import open_thread
from marketplace.invariants import INVARIANTS, verify
from payments.models import Payment, Refund, Transfer, WebhookEvent
from payments.services.earnings import open_earning, request_refund
from tests.factories import make_booking, make_student

pytestmark = pytest.mark.django_db

GUARDED = ("bookings_booking", "payments_payment", "payments_refund", "payments_earning", "payments_transfer",
           "payments_ledgertransaction", "payments_ledgerentry", "chat_thread")  # fmt: skip


@pytest.fixture
def paid() -> Booking:
    """A confirmed session with its payment, earning, ledger and thread."""
    booking = make_booking()
    now = timezone.now()
    payment = Payment.objects.create(
        booking=booking, status="succeeded", amount_minor=3_300, currency="usd", provider_id="pi_1", created_at=now,
        settled_at=now,
    )  # fmt: skip
    open_earning(payment=payment, booking=booking, at=now)
    open_thread(handle=booking.mentor.handle, body="Hello", client_id="hello-000", by=booking.student)
    Refund.objects.all().delete()
    return booking


@pytest.fixture
def refund(paid: Booking) -> Refund:
    payment = paid.payments.get()
    refund = request_refund(payment=payment, amount_minor=300, reason=Refund.Reason.FINANCE, at=timezone.now())
    paid.earning.refund_minor, paid.earning.fee_minor, paid.earning.amount_minor = 300, 450, 2_550
    paid.earning.save()
    return refund


def without_guards(*statements: str) -> None:
    """Run statements with triggers and constraints of our tables off; the test's transaction puts them back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'x', 'u')",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = %s AND indexdef LIKE '%% UNIQUE %%'", [table]
            )
            for (name,) in cursor.fetchall():
                if not name.endswith("_pkey"):
                    cursor.execute(f"DROP INDEX IF EXISTS {name}")
        for statement in statements:
            cursor.execute(statement)
            assert cursor.rowcount > 0, statement


def broken() -> set[str]:
    return {finding.invariant.name for finding in verify() if not finding.holds}


def test_an_ordinary_life_breaks_nothing(paid: Booking, refund: Refund) -> None:
    assert broken() == set()
    out = StringIO()
    call_command("verify_invariants", stdout=out)
    assert out.getvalue().count("holds") == len(INVARIANTS)


COPY_BOOKING = """
    INSERT INTO bookings_booking SELECT (jsonb_populate_record(b, jsonb_build_object(
        'id', gen_random_uuid(), 'starts_at', b.starts_at + interval '15 minutes', '{other}', '{value}'))).*
    FROM bookings_booking b WHERE b.id = '{of}'
"""


def test_two_sessions_of_one_mentor_at_once(paid: Booking) -> None:
    other = make_student()
    without_guards(COPY_BOOKING.format(of=paid.pk, other="student_id", value=other.pk))
    assert "mentor_overlap" in broken()
    assert "student_overlap" not in broken()


def test_two_sessions_of_one_student_at_once(paid: Booking) -> None:
    other = make_booking(starts_at=paid.starts_at + timedelta(days=2)).mentor
    without_guards(COPY_BOOKING.format(of=paid.pk, other="mentor_id", value=other.pk))
    assert "student_overlap" in broken()
    assert "mentor_overlap" not in broken()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE payments_payment SET status = 'cancelled'", "confirmed_without_payment"),
        ("UPDATE bookings_booking SET status = 'expired'", "paid_without_booking_or_refund"),
        (
            "UPDATE payments_payment SET status = 'rejected', received_minor = 3300, received_currency = 'usd'",
            "paid_without_booking_or_refund",
        ),
        ("UPDATE bookings_booking SET status = 'cancelled', refund_percent = 50", "refund_missing"),
        ("UPDATE payments_refund SET amount_minor = 3301", "refund_above_payment"),
        ("UPDATE payments_earning SET refund_minor = 0", "earning_missing"),
        ("DELETE FROM payments_earning", "earning_missing"),
        ("UPDATE bookings_booking SET status = 'problem'", "problem_not_frozen"),
        ("UPDATE payments_ledgerentry SET amount_minor = 1 WHERE amount_minor > 0", "ledger_unbalanced"),
        ("UPDATE payments_refund SET status = 'sent', provider_id = 're_1'", "ledger_apart_from_refunds"),
        (
            "UPDATE bookings_booking SET status = 'held', hold_place = 1, hold_expires_at = now() - interval '6 minutes'",
            "hold_past_expiry",
        ),
        ("UPDATE chat_thread SET opened_by_id = mentor_id", "thread_not_opened_by_student"),
        (
            "UPDATE accounts_user SET closed_at = now(), is_active = false WHERE role = 'student'",
            "closed_with_something_open",
        ),
        (
            """
            INSERT INTO uploads_dataexport (id, user_id, status, requested_at, private_key, size, expires_at)
            SELECT gen_random_uuid(), student_id, 'expired', now(), 'private/old', 1, now() - interval '25 hours'
              FROM bookings_booking
            """,
            "export_past_purge",
        ),
    ],
)
def test_what_an_invariant_forbids_is_found(paid: Booking, refund: Refund, statement: str, expected: str) -> None:
    assert expected not in broken()
    without_guards(statement)
    assert expected in broken()


def test_two_transfers_of_one_earning_and_too_much(paid: Booking) -> None:
    without_guards()
    for number in (1, 2):
        Transfer.objects.create(
            earning=paid.earning, status="sent", provider_id=f"tr_{number}", amount_minor=2_805, currency="usd",
            created_at=timezone.now(),
        )  # fmt: skip
    assert "double_transfer" in broken()
    Transfer.objects.filter(provider_id="tr_2").delete()
    assert not broken() & {"double_transfer", "transfer_above_earning"}
    Transfer.objects.update(amount_minor=2_806)
    assert "transfer_above_earning" in broken()


def test_a_ledger_transaction_without_lines(paid: Booking) -> None:
    without_guards("DELETE FROM payments_ledgerentry")
    assert "ledger_empty" in broken()


def test_an_event_that_nobody_works_on(paid: Booking) -> None:
    now = timezone.now()
    WebhookEvent.objects.create(id="evt_new", type="payment_intent.succeeded", received_at=now)
    assert broken() == set()
    WebhookEvent.objects.create(
        id="evt_old", type="payment_intent.succeeded", received_at=now - timedelta(minutes=18)
    )  # fmt: skip
    assert broken() == {"event_stuck"}


def test_a_job_that_nobody_takes(refund: Refund) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '59 minutes'")
        assert broken() == set()
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '61 minutes'")
        assert cursor.rowcount
    assert broken() == {"job_stuck"}


def test_the_command_says_what_is_broken_and_fails(paid: Booking) -> None:
    without_guards("UPDATE payments_payment SET status = 'cancelled'")
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("verify_invariants", "--json", stdout=out)
    assert caught.value.returncode == 1
    told = json.loads(out.getvalue())
    assert told["confirmed_without_payment"] == {
        "holds": False, "says": "What was confirmed was paid.", "breaches": [str(paid.pk)],
    }  # fmt: skip
    assert told["mentor_overlap"]["holds"] is True
