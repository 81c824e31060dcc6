"""Sample data for the component gallery (`/dev/components/`, development only) and for the tests that render it."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from marketplace.common import formatting
from marketplace.common.charts import bar_chart
from marketplace.common.forms import CodeInput, MoneyField, Switch

NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
STARTS_AT = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
NGOZI = uuid.UUID(int=0)


class SampleForm(forms.Form):
    email = forms.EmailField(
        label="E-mail address",
        help_text="We send a code to it.",
        error_messages={"required": "Enter your e-mail address"},
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    code = forms.CharField(
        label="Code", widget=CodeInput, error_messages={"required": "Enter the code from the e-mail"}
    )
    hourly_rate_minor = MoneyField(
        label="Hourly rate", min_minor=1200, max_minor=100_000, error_messages={"required": "Enter your hourly rate"}
    )
    time_zone = forms.ChoiceField(
        label="Time zone", choices=[("Europe/Lisbon", "Lisbon, GMT+0"), ("Africa/Lagos", "Lagos, GMT+1")]
    )
    bio = forms.CharField(
        label="About you",
        max_length=2000,
        required=False,
        help_text="How you teach, and for whom.",
        widget=forms.Textarea({"rows": 3}),
    )
    levels = forms.MultipleChoiceField(
        label="Levels",
        choices=[("school", "School"), ("university", "University"), ("career", "Career change")],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one level"},
    )
    policy = forms.ChoiceField(
        label="If plans change",
        choices=[("flexible", "Flexible"), ("standard", "Standard"), ("strict", "Strict")],
        widget=forms.RadioSelect,
        initial="standard",
        help_text="Your choice applies to new bookings.",
    )
    certificate = forms.FileField(label="Certificate", required=False)
    remind = forms.BooleanField(label="Remind me by e-mail", required=False, widget=Switch)
    adult = forms.BooleanField(label="I am 18 or over", error_messages={"required": "Confirm that you are 18 or over"})


def sample(*, bound: bool = False) -> dict[str, Any]:  # Any: template data
    """Everything the gallery shows; ``bound`` shows the form with its errors."""
    form = SampleForm({"hourly_rate_minor": "3", "time_zone": "Europe/Lisbon", "bio": "x"}) if bound else SampleForm()
    ends_at = STARTS_AT + timedelta(minutes=45)
    return {
        "form": form,
        "finder": {
            "q": "Linear algebra",
            "parts": [("morning", "Mornings"), ("evening", "Evenings")],
            "part_of_day": "",
        },
        "hues": [uuid.UUID(int=i) for i in range(8)],
        "starts_at": STARTS_AT,
        "ends_at": ends_at,
        "now": NOW,
        "expires_at": NOW + timedelta(seconds=582),
        "card": mentor_card(),
        "cards": [mentor_card(), {**mentor_card(), **LONG_NAMES}],
        "picker": picker(),
        "lines": [{"label": "45 minutes, online video", "amount": formatting.money(3300, "usd")}],
        "total": formatting.money(3300, "usd"),
        "facts": [
            {"icon": "calendar-check", "text": "Free to cancel or move until Wed 25 Nov, 18:30."},
            {"icon": "shield-check", "text": "If Ngozi cancels or does not come, you get everything back."},
        ],
        "tabs": [
            {"label": "Weekly hours", "url": "#", "current": True},
            {"label": "Days off and extra hours", "url": "#", "count": 2},
            {"label": "Booking rules", "url": "#"},
        ],
        "side_items": [
            {"label": "Overview", "url": "#", "icon": "house"},
            {"label": "Sessions", "url": "#", "icon": "calendar", "count": 3},
            {"label": "Availability", "url": "#", "icon": "clock", "current": True},
        ],
        "rows": hours_rows(),
        "times": [f"{minute // 60:02}:{minute % 60:02}" for minute in range(0, 24 * 60, 15)],
        "week": week_preview(),
        "messages_sample": chat_messages(),
        "chart": bar_chart(
            title="Bookings confirmed, last 14 days",
            head=("Day", "Bookings"),
            points=[(formatting.day(date(2026, 11, 9) + timedelta(days=i)), n, str(n)) for i, n in enumerate(COUNTS)],
        ),
        "steps": [
            {"label": "About", "state": "done"},
            {"label": "Documents", "state": "current"},
            {"label": "Availability", "state": ""},
        ],
    }


COUNTS = [3, 5, 4, 8, 2, 0, 1, 6, 7, 9, 4, 12, 3, 5]
LONG_NAMES = {
    "id": uuid.UUID(int=3),
    "handle": "maximiliana",
    "name": "Maximiliana Bartholomea Featherstonehaugh-Cholmondeley",
    "glyph": "λ",
    "rating": "",
    "verified": "",
    "badge": {"label": "Replies in an hour", "variant": "info"},
    "openings": [],
    "next_free": "Next free: Tue 8 Dec",
}


def mentor_card() -> dict[str, Any]:  # Any: template data
    starts = [STARTS_AT + timedelta(hours=hours) for hours in (0, 14, 25)]
    return {
        "id": NGOZI,
        "handle": "ngozi",
        "url": "/mentors/ngozi/",
        "name": "Ngozi Adeyemi",
        "glyph": "∫",
        "headline": "PhD mathematician who makes proofs feel like detective work",
        "text": "Eigenvalues, proofs and exam technique for first and second year university students.",
        "verified": "Identity and degree checked",
        "badge": {"label": "Most rebooked", "variant": "glow"},
        "rating": "4.97",
        "review_count": 214,
        "sessions": "1,180 sessions",
        "languages": "English, French, Igbo",
        "tags": ["Linear algebra", "Calculus", "Real analysis"],
        "price": formatting.money(3300, "usd", short=True),
        "minutes": 45,
        "openings": [{"starts_at": start, "value": formatting.utc_iso(start)} for start in starts],
    }


def picker() -> dict[str, Any]:  # Any: template data
    zone = ZoneInfo("Europe/Lisbon")
    hours = {
        0: [18.5, 20],
        1: [9, 9.75, 18, 20],
        3: [8.25, 9, 17.75, 18.5, 19.25, 20],
        4: [7.5, 12, 12.75],
        5: [10, 10.75, 11.5, 14],
    }
    notes = {2: "Away", 6: "Off"}
    days = []
    for offset in range(7):
        on = date(2026, 11, 23) + timedelta(days=offset)
        starts = []
        for hour in hours.get(offset, []):
            at = datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(hours=hour)
            starts.append(
                {
                    "id": f"{at:%Y%m%dT%H%MZ}",
                    "value": formatting.utc_iso(at),
                    "time": formatting.clock(at, zone),
                    "range": formatting.time_range(at, at + timedelta(minutes=45), zone),
                    "taken": offset == 3 and hour == 17.75,
                    "checked": at == STARTS_AT,
                }
            )
        days.append(
            {
                "name": formatting.day(on, style="short")[:3],
                "long": formatting.day(on, style="long"),
                "short": formatting.day(on),
                "number": on.day,
                "is_today": offset == 0,
                "is_chosen": offset == 3,
                "note": notes.get(offset, ""),
                "starts": starts,
            }
        )
    lengths = [(15, 1100, "say hello", False), (45, 3300, "one topic", True), (90, 6600, "deep work", False)]
    return {
        "lengths": [
            {"minutes": m, "price": formatting.money(p, "usd", short=True), "note": n, "checked": c}
            for m, p, n, c in lengths
        ],
        "url": "/mentors/ngozi/",
        "week": {
            "title": formatting.date_range(date(2026, 11, 23), date(2026, 11, 29)),
            "next_url": "?from=2026-11-30",
        },
        "days": days,
        "zone": formatting.zone_label(zone, STARTS_AT),
        "zone_url": "/account/",
    }


def hours_rows() -> list[dict[str, Any]]:  # Any: template data
    return [
        {
            "name": "Monday",
            "prefix": "0",
            "next_day": "Tue",
            "is_open": True,
            "ranges": [
                {"start": "09:00", "end": "12:30"},
                {"start": "18:00", "end": "01:00", "note": "until 01:00 Tue"},
            ],
        },
        {
            "name": "Tuesday",
            "prefix": "1",
            "next_day": "Wed",
            "is_open": True,
            "ranges": [{"start": "10:00", "end": "12:00", "error": "This overlaps 11:00–13:00"}],
        },
        {"name": "Sunday", "prefix": "6", "next_day": "Mon", "is_open": False, "ranges": []},
    ]


def week_preview() -> dict[str, Any]:  # Any: template data
    blocks = [
        (1, 2, 7, "open"), (1, 20, 8, "open"), (2, 4, 4, "open"), (2, 22, 6, "open"), (3, 0, 28, "off"), (4, 2, 4, "open"),
        (5, 0, 14, "open"), (6, 6, 10, "open"), (1, 20, 2, "booked"), (2, 24, 2, "booked"), (6, 10, 2, "booked"), (4, 23, 2, "outside"),
    ]  # fmt: skip
    return {
        "description": "Open this week: Monday 9:00 to 12:30 and 18:00 to 22:00, Tuesday 10:00 to 12:00 and 19:00 to 22:00, Wednesday off.",
        "heads": list("MTWTFSS"),
        "hours": [
            {"row": row, "label": label} for row, label in ((2, "9"), (8, "12"), (14, "15"), (20, "18"), (26, "21"))
        ],
        "blocks": [dict(zip(("column", "row", "span", "kind"), block, strict=True)) for block in blocks],
    }


def chat_messages() -> list[dict[str, Any]]:  # Any: template data
    at = datetime(2026, 11, 23, 13, 40, tzinfo=UTC)
    mine = {"is_mine": True, "author_name": "You", "author_id": uuid.UUID(int=2)}
    theirs = {"is_mine": False, "author_name": "Ngozi", "author_id": NGOZI}
    return [
        {
            **mine,
            "id": 1,
            "body": "Hi Ngozi! I booked Thursday at 18:30. I am stuck on problem sheet 4, question 3.",
            "created_at": at,
        },
        {
            **mine,
            "id": 2,
            "body": "",
            "files": [{"name": "problem-sheet-4.pdf", "detail": "PDF, 240 kB", "url": "#"}],
            "created_at": at + timedelta(minutes=1),
            "is_next": True,
        },
        {
            **theirs,
            "id": 3,
            "body": "Yes, bring question 3. I will look at the sheet tonight and mark where the idea usually slips.",
            "created_at": at + timedelta(minutes=22),
        },
        {
            **theirs,
            "id": 4,
            "body": "One thing to try before Thursday: write down what “independent” means without using the word.",
            "created_at": at + timedelta(minutes=22),
            "is_next": True,
        },
        {
            **mine,
            "id": 5,
            "body": "If a·v + b·w = 0 then a and b must both be 0?",
            "created_at": at + timedelta(minutes=24),
            "state": "Read",
        },
    ]


def home_sample() -> dict[str, Any]:  # Any: template data
    """The home page as a signed-in student with a session coming up sees it."""
    people = [
        ("Ngozi", "Maths, Lagos", "∫", 0), ("Tomás", "Spanish, Oaxaca", "ñ", 2), ("Jonas", "Physics, Lund", "ψ", 1),
        ("Priya", "Python, Chennai", "λ", 3), ("Samuel", "Foundations, Porto", "Σ", 5), ("Clara", "Writing, Graz", "“", 4),
    ]  # fmt: skip
    starts_at = timezone.now() + timedelta(days=3)
    return {
        "mentors": [
            {
                "id": uuid.UUID(int=i),
                "url": "#",
                "first_name": name,
                "name": name,
                "glyph": glyph,
                "subject_place": place,
            }
            for name, place, glyph, i in people
        ],
        "subjects": [
            {"name": name, "url": "#"} for name in ("Calculus", "Python", "Spanish", "Essay feedback", "Chemistry")
        ],
        "next_session": {
            "url": "#",
            "title": "Ngozi Adeyemi",
            "label": formatting.day(starts_at, ZoneInfo("Europe/Lisbon")),
            "relative": formatting.until(starts_at, ZoneInfo("Europe/Lisbon"), now=timezone.now()),
        },
        "faq": [
            {"question": "What if my mentor cancels?", "answer": "You get everything back, at once."},
            {"question": "Can I try someone first?", "answer": "Book 15 minutes, or write to them before you book."},
        ],
    }
