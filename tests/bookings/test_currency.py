"""The marketplace's one currency is fixed once a booking exists."""

import logging
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from marketplace.gunicorn_conf import on_starting
from tests.factories import make_booking

COMMANDS = [
    pytest.param(partial(call_command, "migrate", plan=True, skip_checks=False), id="migrate"),
    pytest.param(partial(call_command, "check", databases=["default"]), id="check"),
]
ARBITER = SimpleNamespace(log=logging.getLogger("gunicorn.error"))


@pytest.mark.parametrize("run", COMMANDS)
def test_no_command_starts_on_bookings_in_another_currency(
    run: Callable[[], object], settings: Settings, db: None
) -> None:
    make_booking(currency="eur")
    with pytest.raises(CommandError, match="CURRENCY is usd, but there are bookings in eur"):
        run()
    settings.CURRENCY = "eur"
    run()


@pytest.mark.django_db(transaction=True)  # the starting server closes the connection, and a test's transaction with it
def test_the_web_server_does_not_start_on_bookings_in_another_currency(settings: Settings) -> None:
    make_booking(currency="eur")
    with pytest.raises(SystemExit, match="CURRENCY is usd, but there are bookings in eur"):
        on_starting(ARBITER)
    settings.CURRENCY = "eur"
    on_starting(ARBITER)


@pytest.mark.parametrize("run", COMMANDS)
def test_without_a_booking_any_currency_will_do(run: Callable[[], object], settings: Settings, db: None) -> None:
    settings.CURRENCY = "chf"
    run()
