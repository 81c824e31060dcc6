"""Bars are laid out in Python, so the arithmetic is shown here."""

import itertools

from django.template import Context, Template

from marketplace.common.charts import bar_chart


def test_the_tallest_bar_fills_the_height_and_the_others_are_in_proportion() -> None:
    chart = bar_chart(
        title="Bookings", head=("Day", "Bookings"), points=[("Mon", 5, "5"), ("Tue", 10, "10"), ("Wed", 0, "0")]
    )
    assert [bar["height"] for bar in chart["bars"]] == [80, 160, 0]
    assert all(bar["y"] + bar["height"] == chart["base"] for bar in chart["bars"])
    assert all(bar["x"] >= 0 and bar["x"] + bar["width"] <= chart["width"] for bar in chart["bars"])


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert bar_chart(title="Bookings", head=("Day", "Bookings"), points=[])["bars"] == []
    assert bar_chart(title="Bookings", head=("Day", "Bookings"), points=[("Mon", 0, "0")])["bars"][0]["height"] == 0


def test_labels_thin_out_before_they_touch() -> None:
    chart = bar_chart(
        title="Bookings", head=("Day", "Bookings"), points=[(str(day), day, str(day)) for day in range(60)]
    )
    assert sum(bar["shown"] for bar in chart["bars"]) == 12
    days = [(f"Sun {day} Oct", day, str(day)) for day in range(1, 31)]
    shown = [bar["middle"] for bar in bar_chart(title="", head=("", ""), points=days)["bars"] if bar["shown"]]
    assert min(later - earlier for earlier, later in itertools.pairwise(shown)) >= 80


def test_the_table_beneath_says_the_same_in_numbers() -> None:
    chart = bar_chart(
        title="Earned <this> week", head=("Day", "Earned"), points=[("Mon", 3300, "$33.00"), ("Tue", 0, "$0.00")]
    )
    html = Template('{% include "components/_chart.html" with chart=chart only %}').render(Context({"chart": chart}))
    assert html.count("<rect") == html.count("<tbody><tr>") + html.count("</tr><tr>") == 2
    assert "<title>Mon: $33.00</title>" in html
    assert "<this>" not in html
