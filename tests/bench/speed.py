"""Product and floor in turn: processor time of the web process per request, as ratios of neighbouring batches."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench import operations
from tests.bench.client import Ask, run
from tests.bench.operations import Asks
from tests.bench.report import Batch, Row, describe, ratio
from tests.bench.servers import Site

type Figures = dict[str, list[Batch]]


@dataclass(frozen=True)
class Plan:
    """How much is asked: ``rounds`` batches of ``requests`` for each operation and server."""

    rounds: int
    requests: int

    @property
    def total(self) -> int:
        return (self.rounds + 1) * self.requests


@dataclass
class Round:
    """One turn of everything: a batch for the product, then one for the floor."""

    product: Site
    floor: Site
    asks: Asks
    requests: int
    figures: Figures

    def both(self, name: str, make: Callable[[], Ask]) -> None:
        for site in (self.product, self.floor):
            self.ask(site, name, self.many(make))

    def many(self, make: Callable[[], Ask]) -> list[Ask]:
        return [make() for _ in range(self.requests)]

    def ask(self, site: Site, name: str, asks: Sequence[Ask]) -> None:
        self.figures[f"{site.name} {name}"].append(run(site, asks))


def mentor_page(turn: Round) -> None:
    turn.both("mentor page", turn.asks.mentor_page)


def search(turn: Round) -> None:
    turn.both("search", turn.asks.search)


def booking(turn: Round) -> None:
    """Book, then try to book the same again as somebody else."""
    turn.both("booking", turn.asks.booking)
    for way, book in (("form", operations.book), ("JSON", operations.book_by_json)):
        wanted = [next(turn.asks.openings) for _ in range(turn.requests)]
        made = 302 if way == "form" else 201
        turn.ask(turn.product, f"booking by {way}", [book(o, next(turn.asks.students), status=made) for o in wanted])
        turn.ask(turn.product, f"refusal by {way}", [book(o, next(turn.asks.students), status=409) for o in wanted])


def webhook(turn: Round) -> None:
    for site in (turn.product, turn.floor):
        events = turn.many(turn.asks.event)
        turn.ask(site, "webhook", events)
        turn.ask(site, "replay", events)


OPERATIONS = {"booking": booking, "mentor": mentor_page, "search": search, "webhook": webhook}


def speed_rows(product: Site, floor: Site, asks: Asks, plan: Plan, names: Sequence[str]) -> list[Row]:
    figures: Figures = defaultdict(list)
    turn = Round(product, floor, asks, plan.requests, defaultdict(list))
    for name in names:
        OPERATIONS[name](turn)  # warms up what is loaded and remembered once; not counted
    turn = replace(turn, figures=figures)
    for _ in range(plan.rounds):
        for name in names:
            OPERATIONS[name](turn)
    return _rows(figures)


AGAINST_THE_FLOOR = (("booking", 1.5), ("mentor page", 1.3), ("search", 1.3), ("webhook", 1.1))
# What does less, what it is a part of: both by the product. The database's time counts, since that is what is spared.
AGAINST_ITSELF = (("refusal by form", "booking by form"), ("refusal by JSON", "booking by JSON"), ("replay", "webhook"))
PART = 0.6


def _rows(figures: Figures) -> list[Row]:
    rows = []
    for name, limit in AGAINST_THE_FLOOR:
        if ours := figures.get(f"product {name}"):
            theirs = figures[f"floor {name}"]
            value = ratio([batch.web for batch in ours], [batch.web for batch in theirs])
            rows.append(Row(f"{name} / the floor's", value, limit, _detail("product", ours, "floor", theirs), "×"))
    for name, whole in AGAINST_ITSELF:
        if ours := figures.get(f"product {name}"):
            theirs = figures[f"product {whole}"]
            value = ratio([batch.processor for batch in ours], [batch.processor for batch in theirs])
            rows.append(Row(f"{name} / {whole}", value, PART, _detail(name, ours, whole, theirs), "×"))
    return rows


def _detail(one: str, ours: list[Batch], other: str, theirs: list[Batch]) -> str:
    return f"{one} {describe(ours)}; {other} {describe(theirs)}"
