"""``/mentors/``: search as a page. Every filter is in the address, so a list can be kept, sent and gone back to."""

from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookings.cards import card
from bookings.parts_of_day import PartOfDay
from bookings.queries.search import (
    COUNT_MAX,
    BadCursor,
    Results,
    Wanted,
    filter_choices,
    nearest_subjects,
    search,
)
from bookings.readers import student_of
from bookings.search_forms import Filter, SearchForm, query_string
from marketplace.common import formatting
from marketplace.common.analytics import track
from marketplace.common.guards import PublicMixin
from marketplace.common.views import PageView

# Offered as one tap on a phone, beside the filters in use.
QUICK = (("part_of_day", PartOfDay.EVENING), ("part_of_day", PartOfDay.MORNING), ("part_of_day", PartOfDay.WEEKEND))
# Anything else in the address makes a page that a search engine need not know.
INDEXED = {"subject"}


class Chip(NamedTuple):
    label: str
    url: str
    is_on: bool


class Search(PublicMixin, PageView):
    template_name = "bookings/search.html"
    partial_name = "results"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: our URL has no parts
        response = self.render_to_response(self.get_context_data())
        if not self.form.is_valid():
            response.status_code = 422
        return response

    @cached_property
    def form(self) -> SearchForm:
        return SearchForm(self.request.GET, choices=filter_choices())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        wanted = self.form.wanted(ZoneInfo(timezone.get_current_timezone_name()))
        results = self.find(wanted)
        in_use = self.form.in_use()
        return super().get_context_data(
            **kwargs,
            form=self.form,
            wanted=wanted,
            cards=[card(hit) for hit in results.hits],
            total=_total(results),
            shown=_shown(results),
            topic=self.form.subject_name() or wanted.q,
            subject=self.form.subject_name(),
            in_use=in_use,
            chips=self.chips(in_use),
            next_url=query_string(self.form.query, "cursor", [results.next_cursor]) if results.next_cursor else "",
            nearest=[] if results.hits or not wanted.q else nearest_subjects(wanted.q, self.form.choices.subjects),
            is_indexed={name for name in self.form.query if self.form.query[name]} <= INDEXED and bool(results.hits),
            finder={
                "q": wanted.q,
                "part_of_day": next(iter(wanted.parts), ""),
                "parts": PartOfDay.choices,
            },
        )

    def find(self, wanted: Wanted) -> Results:
        """Search from the page that the address names; from the first one where that page is not there any more."""
        now, student = timezone.now(), student_of(self.request)
        cursor = self.request.GET.get("cursor", "")
        try:
            results = search(wanted, at=now, cursor=cursor, student=student)
        except BadCursor:
            cursor, results = "", search(wanted, at=now, student=student)
        if not cursor:
            track(
                "search_run",
                user_id=self.request.user.pk,
                results=results.total,
                filters=len(self.form.in_use()),
                sort=wanted.sort,
                minutes=wanted.minutes,
            )
        return results

    def chips(self, in_use: list[Filter]) -> list[Chip]:
        on = [Chip(each.label, each.without, is_on=True) for each in in_use]
        chosen = self.form.cleaned_data.get("part_of_day", ())
        return on + [
            Chip(str(part.label), self.form.with_also(name, part.value), is_on=False)
            for name, part in QUICK
            if part.value not in chosen
        ]


def _total(results: Results) -> str:
    if results.total > COUNT_MAX:
        return _("More than %(count)s mentors") % {"count": formatting.number(COUNT_MAX)}
    count = formatting.number(results.total)
    return ngettext("%(count)s mentor", "%(count)s mentors", results.total) % {"count": count}


def _shown(results: Results) -> str:
    """``1–20 of 231``."""
    last = results.first + len(results.hits) - 1
    span = f"{formatting.number(results.first)}–{formatting.number(last)}"
    if results.total > COUNT_MAX:
        return span
    return _("%(span)s of %(total)s") % {"span": span, "total": formatting.number(results.total)}
