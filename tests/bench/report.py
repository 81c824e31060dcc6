"""Arithmetic and the table: figures in, lines out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True)
class Batch:
    """What some requests of one kind took: milliseconds, processor time per request, wall time of each."""

    web: float
    database: float
    wall: Sequence[float]

    @property
    def processor(self) -> float:
        return self.web + self.database


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure, what it is compared with, and the limit that it must keep, if it has one."""

    name: str
    value: float
    limit: float | None
    detail: str = ""
    unit: str = ""

    @property
    def is_kept(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def __str__(self) -> str:
        digits = 2 if self.unit in {"×", "s"} else 1 if self.unit in {"MB", "kB"} else 0
        word = "" if self.limit is None else "ok" if self.is_kept else "OVER"
        limit = "–" if self.limit is None else f"{self.limit:.{digits}f} {self.unit}"
        return (
            f"{self.name:<52} {self.value:>7.{digits}f} {self.unit:<2} {limit:>9}  {word:<5} {self.detail}"
        ).rstrip()


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of batches that ran one after the other: what slowed both is not in it."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """``percentile(times, 95)``: below it lie 95 of 100."""
    return quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


def describe(batches: Sequence[Batch]) -> str:
    """``4.1 ms (+ database 0.9), wall 5.0 / 7.2``: medians of the batches; wall time of requests, p50 and p95."""
    wall = [each for batch in batches for each in batch.wall]
    return (
        f"{median(batch.web for batch in batches):.2f} ms (+ database {median(batch.database for batch in batches):.2f}), "
        f"wall {percentile(wall, 50):.1f} / {percentile(wall, 95):.1f}"
    )
