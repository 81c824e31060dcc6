"""Room for deep calls, asked for once.

CPython keeps the frames of a thread in chunks of 16 KiB. Before the releases of spring 2026, a call that did not fit got
a chunk from the system and gave it back on returning: where a loop's calls lay across the end of a chunk, the system was
asked twice for each of them (https://github.com/python/cpython/issues/142183). A page is rendered a hundred calls deep,
and the search page asked a thousand times. A newer CPython keeps the last chunk, yet leaves its fast path for such calls.
"""

from collections.abc import Callable
from functools import wraps

# In words of 8 bytes, a little over half of 256 KiB. A frame that is too large for a chunk gets one of the next power of
# two, and the half that it leaves is room for some six hundred calls. What nobody writes to takes no memory.
FRAME_WORDS = 16_500


def roomy[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Let what a function calls find room for its frames, however deep it goes."""

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_stacksize=FRAME_WORDS)
    return wraps(function)(call)
