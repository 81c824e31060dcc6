"""The cast of these tests: a held booking, and the provider on the other side."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import stripe
from django.utils import timezone

from accounts.models import User
from bookings.models import Booking
from marketplace.sandbox.payments import PaymentSandbox
from mentors.models import Mentor
from payments import services
from payments.gateways import StripeGateway, payment_gateway
from payments.models import Payment
from tests.factories import make_booking
from tests.payments.contract import REAL_KEY, Side
from tests.payments.provider import Provider


@pytest.fixture
def provider(payment_server: PaymentSandbox) -> Iterator[Provider]:
    """An empty sandbox that sends no webhooks by itself: a test delivers those it is about."""
    provider = Provider(payment_server)
    provider.ask("reset", {})
    provider.webhooks(drop=True)
    yield provider
    provider.ask("reset", {})


@pytest.fixture
def gateway(provider: Provider) -> StripeGateway:
    return payment_gateway()


@pytest.fixture(params=["sandbox", pytest.param("stripe", marks=pytest.mark.skipif(not REAL_KEY, reason="no key"))])
def side(request: pytest.FixtureRequest) -> Side:
    """Each provider that our gateways are held against."""
    if request.param == "stripe":
        assert REAL_KEY.startswith("sk_test_")
        return Side(StripeGateway(secret_key=REAL_KEY), stripe.StripeClient(REAL_KEY))
    provider: Provider = request.getfixturevalue("provider")
    server = provider.server
    return Side(StripeGateway(secret_key=server.keys.secret, api_base=server.url), provider.owner, provider)


@pytest.fixture
def hold(mentor: Mentor, student: User) -> Booking:
    """A time held for ``student``, with a quarter of an hour to go. 33.00."""
    return make_booking(mentor=mentor, student=student, status=Booking.Status.HELD)


@pytest.fixture
def payment(hold: Booking, gateway: StripeGateway) -> Payment:
    """The open payment of ``hold``, with its intent at the provider."""
    return services.create_intent(booking_id=hold.pk, gateway=gateway).payment


def lapse(hold: Booking) -> None:
    """Let a hold's time run out, a second ago."""
    Booking.objects.filter(pk=hold.pk).update(hold_expires_at=timezone.now() - timedelta(seconds=1))
