"""Search works on an index; the tests of search fill it as the periodic job does."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from bookings.services.search_index import refresh_search_index


@pytest.fixture
def reindex(db: None) -> Callable[[], int]:
    """Run one pass of the job that keeps the search index."""
    return lambda: refresh_search_index(at=timezone.now())
