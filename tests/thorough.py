"""How often a thing is tried where the number of tries is the point: `make test` a sample, `make check` and CI all."""

import os

THOROUGH = "THOROUGH" in os.environ


def tries(*, sample: int, thorough: int) -> int:
    return thorough if THOROUGH else sample
