"""Calls that lie across the end of a chunk of frames: with room there is no such end on the way."""

import gc
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from marketplace.deep_calls import roomy

CALLS = 300
# Deep enough for a hundred frames and more than one chunk, which holds some eighty of these.
DEPTHS = range(1, 160)


def nothing() -> None:
    """Takes more room than a step down does, so that at the end of each chunk there is a step where it does not fit."""
    a = b = c = d = e = f = g = h = i = j = k = m = n = o = p = q = r = s = t = u = v = w = x = y = z = None  # noqa: F841


def call_at(depth: int) -> int:
    """Go down, call something often there, and tell how often memory had to be fetched for it."""
    if depth:
        return call_at(depth - 1)
    nothing()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(CALLS):
        nothing()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def worst(call: Callable[[int], int]) -> int:
    gc.disable()
    try:
        return max(call(depth) for depth in DEPTHS)
    finally:
        gc.enable()


def in_a_thread(call: Callable[[int], int]) -> int:
    """Each thread has frames of its own, so the room that every test is given does not count."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(worst, call).result()


def test_with_room_no_depth_asks_for_memory_at_each_call() -> None:
    assert in_a_thread(roomy(call_at)) < CALLS // 10


@pytest.mark.skipif(
    sys.version_info >= (3, 13, 13), reason="this CPython keeps the last chunk, so there is nothing to show (gh-142183)"
)
def test_control_without_room_some_depth_does() -> None:
    assert in_a_thread(call_at) >= CALLS


def test_what_is_called_is_called_as_it_was() -> None:
    @roomy
    def add(first: int, *more: int, times: int = 1) -> int:
        """Add."""
        return (first + sum(more)) * times

    assert add(1, 2, 3, times=2) == 12
    assert (add.__name__, add.__doc__) == ("add", "Add.")
