import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import Client

from accounts.models import User
from bookings.models import Booking
from marketplace.common.models import Notification
from marketplace.sandbox.payments import PaymentSandbox
from marketplace.seed.demo import PASSWORD
from mentors.models import Mentor, VerificationDocument
from payments.gateways import payment_gateway
from payments.models import Earning, LedgerEntry, Payment, Refund

pytestmark = pytest.mark.django_db(transaction=True)

STUDENTS = [f"student{number}@demo.test" for number in range(1, 5)]


def test_the_demo_holds_what_the_contract_promises_and_is_made_once(
    storage_server: object, payment_server: PaymentSandbox, client: Client
) -> None:
    call_command("seed_demo")
    before = User.objects.count()
    call_command("seed_demo")
    assert User.objects.count() == before
    assert not User.objects.filter(time_zone="").exists()
    for login in (
        *STUDENTS,
        "amara@demo.test",
        "mentor1@demo.test",
        "ngozi@demo.test",
        "reviewer@demo.test",
        "admin@demo.test",
    ):
        assert User.objects.get(email=login).check_password(PASSWORD)
    assert not Booking.objects.filter(student__email__in=STUDENTS).exists()
    first = Mentor.objects.get(user__email="mentor1@demo.test")
    assert (first.status, first.time_zone, first.hourly_rate_minor) == ("approved", "Europe/Berlin", 4_400)
    assert first.availability_rules.values("weekday").distinct().count() >= 5
    assert Mentor.objects.get(user__email="mentor2@demo.test").time_zone == "America/New_York"
    assert Mentor.objects.get(user__email="mentor.suspended@demo.test").user.suspended_at is not None
    waiting = VerificationDocument.objects.filter(mentor__user__email="mentor.pending@demo.test", status="waiting")
    assert {document.upload.status for document in waiting.select_related("upload")} == {"ready"}
    assert waiting.count() == 2
    assert Mentor.objects.listed().count() == 62
    assert Mentor.objects.listed().values("subjects").distinct().count() == 20
    amara = Booking.objects.filter(student__email="amara@demo.test")
    assert set(amara.values_list("status", flat=True)) == {"completed", "confirmed", "cancelled"}
    told = Notification.objects.filter(user__email="amara@demo.test")
    assert told.filter(read_at=None).exists()
    assert told.exclude(read_at=None).exists()
    assert client.get("/api/mentors").json()["items"]
    see_that_the_provider_and_the_books_know_the_past()


def see_that_the_provider_and_the_books_know_the_past() -> None:
    amara = Booking.objects.get(student__email="amara@demo.test", status="cancelled")
    refund = Refund.objects.get(payment__booking=amara)
    gateway = payment_gateway()
    assert gateway.retrieve_intent(refund.payment.provider_id).amount_received == amara.price_minor
    assert gateway.retrieve_refund(refund.provider_id).amount == refund.amount_minor
    assert set(Earning.objects.filter(booking__status="completed").values_list("status", flat=True)) == {"blocked"}
    assert Earning.objects.get(booking=amara).status == Earning.Status.VOID
    assert Earning.objects.filter(mentor__user__email="ngozi@demo.test", status=Earning.Status.BLOCKED).exists()
    assert not Payment.objects.filter(earning=None).exists()
    assert not Payment.objects.filter(provider_id__startswith="pi_seed").exists()
    assert LedgerEntry.objects.aggregate(sum=Sum("amount_minor"))["sum"] == 0


def test_the_demo_has_no_place_in_production(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]  # pytest-django's wrapper
    with pytest.raises(CommandError):
        call_command("seed_demo")
    assert not User.objects.exists()
