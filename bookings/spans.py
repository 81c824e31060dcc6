"""Many spans of time in one column: PostgreSQL's ``tstzmultirange``, which Django has no field for.

The search index keeps the bookable starts of one mentor and length in it: a run of starts on the 15-minute grid is one
half-open span from its first start to 15 minutes after its last. Hours begin on quarters (``availability_rule_quarters``)
and so does every offset from UTC in use, so cutting such spans at quarters leaves the starts in them on the grid.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, Lookup
from django.db.models.expressions import Combinable, Value
from django.db.models.sql.compiler import SQLCompiler
from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range

from bookings.slots import GRID, Span


class SpansField(models.Field[Any, Any]):  # Any: written as TimestamptzMultirange, only worked with in SQL
    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "tstzmultirange"


def spans(of: Iterable[Span]) -> TimestamptzMultirange:
    """Make a value for ``SpansField`` from half-open spans."""
    return TimestamptzMultirange(Range(start, end, "[)") for start, end in of)


def runs(starts: Iterable[datetime]) -> list[Span]:
    """Join starts that follow each other on the grid to spans."""
    joined: list[Span] = []
    for start in starts:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], start + GRID)
        else:
            joined.append((start, start + GRID))
    return joined


def next_quarter(moment: datetime) -> datetime:
    """Move a moment on to the grid on which every start lies."""
    return moment + (datetime.min.replace(tzinfo=moment.tzinfo) - moment) % GRID


def from_then_on(moment: Combinable) -> Func:
    """All time from a moment on, as spans."""
    then_on = Func(moment, Value(None), function="tstzrange")
    return Func(then_on, function="tstzmultirange", output_field=SpansField())


def hours_later(moment: datetime, hours: Combinable) -> Func:
    """``moment`` and a number of hours that stands in a column."""
    template = "(%(expressions)s))"
    return Func(
        Value(moment, models.DateTimeField()),
        hours,
        template=template,
        arg_joiner=" + make_interval(hours => ",
        output_field=models.DateTimeField(),
    )


def cut(*parts: Combinable) -> Func:
    """What several sets of spans have in common."""
    return Func(*parts, template="(%(expressions)s)", arg_joiner=" * ", output_field=SpansField())


@SpansField.register_lookup
class Meets(Lookup[Any]):  # Any: spans
    """Whether two sets of spans have any moment in common."""

    lookup_name = "meets"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} && {right}", (*left_params, *right_params)


class First(Func):
    """The first moment; NULL where there is none."""

    function = "lower"
    output_field = models.DateTimeField()


class FirstStarts(Func):
    """The first ``count`` starts on the grid, as an array. PostgreSQL stops reckoning once it has them."""

    template = (
        "ARRAY(SELECT generate_series(lower(part), upper(part) - interval '1 second', interval '15 minutes')"
        " FROM unnest(%(expressions)s) AS part LIMIT %(count)s)"
    )

    def __init__(self, expression: Combinable, *, count: int) -> None:
        super().__init__(expression, count=int(count), output_field=ArrayField(models.DateTimeField()))
