"""Product and floor in turn: processor time of the web process per request, as ratios of neighbouring batches."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.bench.client import Ask, run
from tests.bench.operations import Asks, book, book_by_json
from tests.bench.report import Batch, Row, describe, ratio
from tests.bench.servers import Site
from tests.bench.talk import Talks

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
    talks: Talks
    requests: int
    figures: Figures

    def both(self, name: str, make: Callable[[], Ask]) -> None:
        for site in (self.product, self.floor):
            self.ask(site, name, self.many(make))

    def many[T](self, make: Callable[[], T]) -> list[T]:
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
    wanted = turn.many(lambda: next(turn.asks.openings))
    turn.ask(turn.product, "booking by JSON", [book_by_json(o, next(turn.asks.students)) for o in wanted])
    turn.ask(turn.product, "refusal by JSON", [book_by_json(o, next(turn.asks.students), status=409) for o in wanted])
    wanted = turn.many(lambda: next(turn.asks.openings))
    turn.ask(turn.product, "booking to pay page", [book(o, next(turn.asks.students), follows=True) for o in wanted])
    turn.ask(turn.product, "refusal by form", [book(o, next(turn.asks.students), status=409) for o in wanted])


def webhook(turn: Round) -> None:
    for site in (turn.product, turn.floor):
        events = turn.many(turn.asks.event)
        turn.ask(site, "webhook", events)
        turn.ask(site, "replay", events)
    turn.ask(turn.floor, "booking beside webhooks", turn.many(turn.asks.booking))


def talk(turn: Round) -> None:
    """Post, and ask for news of a short and of a very long conversation, beside the floor's page of three queries."""
    turn.ask(turn.product, "message", turn.many(turn.talks.written.post))
    turn.ask(turn.floor, "booking beside messages", turn.many(turn.asks.booking))
    turn.ask(turn.product, "poll", turn.many(turn.talks.short.poll))
    turn.ask(turn.product, "poll of a million", turn.many(turn.talks.long.poll))
    turn.ask(turn.floor, "page of three queries", turn.many(turn.asks.inbox))


OPERATIONS = {"booking": booking, "mentor": mentor_page, "search": search, "talk": talk, "webhook": webhook}


def speed_rows(product: Site, floor: Site, asks: Asks, talks: Talks, plan: Plan, names: Sequence[str]) -> list[Row]:
    figures: Figures = defaultdict(list)
    turn = Round(product, floor, asks, talks, plan.requests, defaultdict(list))
    for name in names:
        OPERATIONS[name](turn)  # warms up what is loaded and remembered once; not counted
    turn = replace(turn, figures=figures)
    for _ in range(plan.rounds):
        for name in names:
            OPERATIONS[name](turn)
    return _rows(figures)


@dataclass(frozen=True)
class Comparison:
    """Two figures of one run as a ratio. ``whole`` counts the database's time too: where that is what is spared."""

    ours: str
    theirs: str
    limit: float | None = None
    whole: bool = False

    def row(self, figures: Figures) -> Row:
        ours, theirs = figures[self.ours], figures[self.theirs]
        value = ratio([self._time(batch) for batch in ours], [self._time(batch) for batch in theirs])
        detail = f"{self.ours} {describe(ours)}; {self.theirs} {describe(theirs)}"
        return Row(f"{self.ours} / {self.theirs}", value, self.limit, detail, "×")

    def _time(self, batch: Batch) -> float:
        return batch.processor if self.whole else batch.web


# What has no limit is shown because it is the harder comparison (docs/performance.md).
COMPARISONS = (
    Comparison("product booking", "floor booking", 1.5),
    Comparison("product mentor page", "floor mentor page", 1.3),
    Comparison("product search", "floor search", 1.3),
    Comparison("product webhook", "floor booking beside webhooks", 1.1),
    Comparison("product webhook", "floor webhook"),
    Comparison("product replay", "floor booking beside webhooks", 0.6),
    Comparison("product replay", "product webhook", whole=True),
    Comparison("product refusal by JSON", "product booking by JSON", 0.6, whole=True),
    Comparison("product refusal by form", "product booking to pay page", 0.6, whole=True),
    Comparison("product refusal by form", "product booking", whole=True),
    Comparison("product message", "floor booking beside messages", 0.8),
    Comparison("product poll", "floor page of three queries", 0.9),
    Comparison("product poll of a million", "product poll", 1.2, whole=True),
)


def _rows(figures: Figures) -> list[Row]:
    return [each.row(figures) for each in COMPARISONS if each.ours in figures]
