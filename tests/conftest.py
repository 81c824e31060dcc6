"""The small cast of the tests, and the rule that no call leaves the house while a transaction is open."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from mentors.models import Mentor
from tests.factories import make_mentor, make_staff, make_student
from tests.outward import watch_outward_calls


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """Each test starts with unused rate limits."""
    cache.clear()


@pytest.fixture(autouse=True)
def _no_outward_call_in_a_transaction(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail any test in which the provider, storage or mail was called while a transaction was open."""
    with watch_outward_calls() as breaches:
        yield
    assert not breaches, f"called while a transaction was open: {breaches}"


@pytest.fixture
def student(db: None) -> User:
    """Sees and changes only what is theirs."""
    return make_student()


@pytest.fixture
def other_student(db: None) -> User:
    """Must see nothing of ``student``'s."""
    return make_student()


@pytest.fixture
def mentor(db: None) -> Mentor:
    """Approved and listed, open every day from 8 to 20 in Berlin, 44.00 an hour."""
    return make_mentor()


@pytest.fixture
def reviewer(db: None) -> User:
    """Decides documents and applications; sees no bookings."""
    return make_staff("reviewer")


@pytest.fixture
def support(db: None) -> User:
    """Sees every booking and reported threads; decides no documents."""
    return make_staff("support")


@pytest.fixture
def finance(db: None) -> User:
    """Sees every booking and payment."""
    return make_staff("finance")


@pytest.fixture
def csrf_client() -> Client:
    """A client that is held to CSRF tokens, as browsers are."""
    return Client(enforce_csrf_checks=True)
