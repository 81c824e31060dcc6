"""Short lives in which a transfer waits while people still argue. Random ones come to this only now and then."""

from collections.abc import Callable, Iterator

import pytest

from marketplace.sandbox.payments import PaymentSandbox
from payments.models import Earning, Transfer
from tests.lives.test_lives import Lives
from tests.machines import watched_machines
from tests.payments.provider import GOOD, Provider

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def life(payment_server: PaymentSandbox) -> Iterator[Lives]:
    """A session that was paid, held and praised. Its transfer is asked for, and nobody has begun to send it."""
    provider = Provider(payment_server)
    life = type("ToldLife", (Lives,), {"provider": provider})()
    with watched_machines():
        try:
            life.hold_and_pay(student=0, mentor=0, days=1, quarter=0, card=GOOD)
            life.onboard(number=0)
            life.meet(number=0, student=True, mentor=True)
            life.passes_run()
            life.say(number=0, word="fine")
            life.passes_run()
            assert ends() == ("transferring", "requested")
            yield life
        finally:
            life.world.close()
    provider.ask("reset", {})


def ends() -> tuple[str, str]:
    return Earning.objects.get().status, Transfer.objects.get().status


def let_quiet_time_pass(life: Lives) -> None:
    life.everything_holds()
    life.world.settle_everything()
    life.everything_holds()
    life.no_machine_takes_a_step_that_it_has_not()
    assert life.world.left_open() == []


def nothing_more(life: Lives) -> None:
    pass


def all_back(life: Lives) -> None:
    life.support_decides(number=0, percent=100)


def nothing_back_and_then_all(life: Lives) -> None:
    life.support_decides(number=0, percent=0)
    life.finance_refunds(number=0, amount=3_300)


def nothing_back_and_then_a_part(life: Lives) -> None:
    life.support_decides(number=0, percent=0)
    life.finance_refunds(number=0, amount=1_000)


@pytest.mark.parametrize(
    ("goes_on", "expected"),
    [
        (nothing_more, ("frozen", "requested")),
        (all_back, ("void", "sent")),
        (nothing_back_and_then_all, ("void", "sent")),
        (nothing_back_and_then_a_part, ("transferred", "sent")),
    ],
)
def test_a_report_that_comes_before_the_transfer_is_sent(
    life: Lives, goes_on: Callable[[Lives], None], expected: tuple[str, str]
) -> None:
    life.say(number=0, word="problem")
    goes_on(life)
    let_quiet_time_pass(life)
    assert ends() == expected


@pytest.mark.parametrize("after", [True, False])
def test_a_report_that_comes_while_nobody_knows_whether_it_was_sent(life: Lives, after: bool) -> None:
    life.the_provider_stumbles(path="/v1/transfers", status=500, after=after)
    life.jobs_run()
    life.say(number=0, word="problem")
    let_quiet_time_pass(life)
    assert ends() == ("transferred", "sent")
