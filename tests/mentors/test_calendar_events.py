"""When somebody is busy, as their calendar file says it; and what a hostile one can't do to us."""

import gc
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from mentors.gateways.ics.addresses import Failure
from mentors.gateways.ics.events import CALENDAR_SECONDS, Busy, OverBudget, busy_times, within
from tests.mentors.calendar_server import calendar

START = datetime(2026, 10, 20, tzinfo=UTC)
END = START + timedelta(days=83)
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nobody_watches_the_collector() -> Iterator[None]:
    """Hypothesis times it with a callback, in which what ends an entry over its budget would be lost, with a warning.

    The program that reads calendars is told again then (``within``), and has no callback.
    """
    watching = gc.callbacks[:]
    gc.callbacks.clear()
    yield
    gc.callbacks[:] = watching


def read(*events: str, zones: str = "") -> Busy:
    return busy_times(calendar(*events, zones=zones), zone=BERLIN, start=START, end=END, own_host="lantern.example")


def told(*events: str, zones: str = "") -> list[str]:
    """The spans as short text, UTC."""
    return [f"{first:%m%d %H%M}-{last:%H%M}" for first, last in read(*events, zones=zones).spans]


ONCE = "UID:1|DTSTART:20261124T100000Z|DTEND:20261124T110000Z"
WEEKLY = "UID:1|DTSTART;TZID=Europe/Berlin:20261019T100000|DTEND;TZID=Europe/Berlin:20261019T110000|RRULE:FREQ=WEEKLY;COUNT=4"


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        ([ONCE], ["1124 1000-1100"]),
        (["UID:1|DTSTART:20261124T100000Z|DURATION:PT90M"], ["1124 1000-1130"]),
        (["DTSTART:20261124T100000Z|DTEND:20261124T110000Z"], ["1124 1000-1100"]),  # without a name
        # Times without a zone, and whole days, are those of the mentor's hours.
        (["UID:1|DTSTART:20261124T100000|DTEND:20261124T110000"], ["1124 0900-1000"]),
        (["UID:1|DTSTART;VALUE=DATE:20261124|DTEND;VALUE=DATE:20261125"], ["1123 2300-2300"]),
        (["UID:1|DTSTART;VALUE=DATE:20261124"], ["1123 2300-2300"]),
        # Free, called off, or no time at all
        ([ONCE + "|TRANSP:TRANSPARENT"], []),
        ([ONCE + "|STATUS:CANCELLED"], []),
        ([ONCE + "|X-MICROSOFT-CDO-BUSYSTATUS:FREE"], []),
        ([ONCE + "|STATUS:TENTATIVE|TRANSP:OPAQUE"], ["1124 1000-1100"]),
        (["UID:1|DTSTART:20261124T100000Z"], []),
        (["UID:1|DTSTART:20261124T100000Z|DTEND:20261124T100000Z"], []),
        # Long past, far ahead, and across the edge
        (["UID:1|DTSTART:20250124T100000Z|DTEND:20250124T110000Z"], []),
        (["UID:1|DTSTART:20280124T100000Z|DTEND:20280124T110000Z"], []),
        (["UID:1|DTSTART:20261019T230000Z|DTEND:20261020T010000Z"], ["1020 0000-0100"]),
        # What overlaps or touches is one
        ([ONCE, "UID:2|DTSTART:20261124T103000Z|DTEND:20261124T120000Z"], ["1124 1000-1200"]),
        ([ONCE, "UID:2|DTSTART:20261124T110000Z|DTEND:20261124T120000Z"], ["1124 1000-1200"]),
        # Across the change of clocks: ten in Berlin stays ten in Berlin
        ([WEEKLY], ["1026 0900-1000", "1102 0900-1000", "1109 0900-1000"]),
        (
            ["UID:1|DTSTART;TZID=Europe/Berlin:20261021T100000|DTEND;TZID=Europe/Berlin:20261021T110000|RRULE:FREQ=WEEKLY;COUNT=2"],
            ["1021 0800-0900", "1028 0900-1000"],
        ),
        ([WEEKLY + "|EXDATE;TZID=Europe/Berlin:20261102T100000"], ["1026 0900-1000", "1109 0900-1000"]),
        (
            [WEEKLY, "UID:1|RECURRENCE-ID;TZID=Europe/Berlin:20261102T100000|DTSTART:20261103T150000Z|DTEND:20261103T160000Z"],
            ["1026 0900-1000", "1103 1500-1600", "1109 0900-1000"],
        ),
        (
            [WEEKLY, "UID:1|RECURRENCE-ID;TZID=Europe/Berlin:20261102T100000|STATUS:CANCELLED|DTSTART;TZID=Europe/Berlin:20261102T100000|DTEND;TZID=Europe/Berlin:20261102T110000"],
            ["1026 0900-1000", "1109 0900-1000"],
        ),
        ([ONCE + "|RDATE:20261125T100000Z"], ["1124 1000-1100", "1125 1000-1100"]),
        (["UID:1|DTSTART:20261124T100000Z|DTEND:20261124T110000Z|RRULE:FREQ=DAILY;UNTIL=20261125T100000Z"], ["1124 1000-1100", "1125 1000-1100"]),
        # One of our own sessions, come back from the calendar it was added to
        (["UID:5e55@lantern.example|DTSTART:20261124T100000Z|DTEND:20261124T110000Z"], []),
    ],
)  # fmt: skip
def test_a_calendar_says_when_somebody_is_busy(events: list[str], spans: list[str]) -> None:
    assert told(*events) == spans


def test_a_time_zone_of_the_files_own_is_understood() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Our Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0530\r\n"
        "TZOFFSETTO:+0530\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    event = "UID:1|DTSTART;TZID=Our Office:20261124T100000|DTEND;TZID=Our Office:20261124T110000"
    assert told(event, zones=zone) == ["1124 0430-0530"]


def test_a_zone_is_what_its_own_file_says_of_it() -> None:
    """Outlook calls every zone without a name "Customized Time Zone", and a mentor may import several calendars."""
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Customized Time Zone\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "TZOFFSETFROM:{0}\r\nTZOFFSETTO:{0}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )
    event = "UID:1|DTSTART;TZID=Customized Time Zone:20261124T100000|DTEND;TZID=Customized Time Zone:20261124T110000"
    assert told(event, zones=zone.format("+0530")) == ["1124 0430-0530"]
    assert told(event, zones=zone.format("-0500")) == ["1124 1500-1600"]
    assert told(event) == ["1124 0900-1000"]  # of a zone that nobody has told of, as of none


def test_names_of_zones_that_windows_gives_are_understood() -> None:
    event = "UID:1|DTSTART;TZID=Eastern Standard Time:20261124T100000|DTEND;TZID=Eastern Standard Time:20261124T110000"
    assert told(event) == ["1124 1500-1600"]


def test_nothing_but_times_is_ever_parsed() -> None:
    content = calendar(
        ONCE + "|SUMMARY:Surgery|ATTENDEE:mailto:someone@example.org|X-BROKEN|BEGIN:VALARM|TRIGGER:nope|END:VALARM"
    )
    found = busy_times(content, zone=BERLIN, start=START, end=END)
    assert (len(found.spans), found.entries, found.unreadable) == (1, 1, 0)


def test_folded_lines_and_odd_endings_are_read() -> None:
    content = calendar("UID:1|DTSTART:20261124T|DTEND:20261124T110000Z").replace(
        b"1124T\r\n", b"1124T\r\n 100000Z\r\n", 1
    )
    for each in (content, content.replace(b"\r\n", b"\n"), b"\xef\xbb\xbf" + content, content + b"\r\n\r\n"):
        assert len(busy_times(each, zone=BERLIN, start=START, end=END).spans) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"BEGIN:VCARD\r\nEND:VCARD\r\n",
        calendar(ONCE)[:-20],  # cut off: half a calendar would free times that are taken
        calendar(ONCE).replace(b"END:VEVENT\r\n", b""),
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"\x00" * 1_000,
        b"BEGIN:VCALENDAR" * 1_000,
    ],
)
def test_what_is_no_whole_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(Failure) as failure:
        busy_times(content, zone=BERLIN, start=START, end=END)
    assert failure.value.code == "not_calendar"


@pytest.mark.parametrize(
    "broken", ["RECURRENCE-ID:nope|DTSTART:20261103T150000Z", "RECURRENCE-ID:20261102T090000Z|DTSTART:nope"]
)
def test_a_change_that_makes_no_sense_does_not_free_the_series(broken: str) -> None:
    found = read(WEEKLY, f"UID:1|{broken}|DTEND:20261103T160000Z")
    assert [f"{first:%m%d %H%M}" for first, _last in found.spans] == ["1026 0900", "1102 0900", "1109 0900"]
    assert (found.entries, found.unreadable) == (1, 1)


@pytest.mark.parametrize(
    "event",
    [
        "UID:2|DTSTART:nope|DTEND:20261124T110000Z",
        "UID:2|DTEND:20261124T110000Z",
        "UID:2",
        "UID:2|DTSTART:20261324T100000Z|DTEND:20261124T110000Z",
        "UID:2|DTSTART:20261124T100000Z|DURATION:forever",
        "UID:2|DTSTART:00010101T000000Z|DTEND:99991231T235959Z",
    ],
)
def test_an_entry_that_makes_no_sense_is_skipped_and_counted(event: str) -> None:
    found = read(ONCE, event)
    assert (len(found.spans), found.entries, found.unreadable) == (1, 1, 1)


MINUTES = ",".join(map(str, range(60)))
HOSTILE = [
    "FREQ=SECONDLY",
    "FREQ=MINUTELY",
    "FREQ=SECONDLY;COUNT=1000000000",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",  # never
    "FREQ=SECONDLY;INTERVAL=999999999",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;COUNT=-1",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=DAILY;UNTIL=30260101T000000Z",  # a thousand years
    "FREQ=DAILY;UNTIL=99991231T235959Z",
    f"FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE={MINUTES};BYSECOND={MINUTES}",
    f"FREQ=YEARLY;COUNT=1;BYMINUTE={MINUTES};BYSECOND={MINUTES};BYYEARDAY=" + ",".join(map(str, range(1, 367))),
    "FREQ=MONTHLY;BYSETPOS=" + ",".join(map(str, range(1, 367))) + ";BYDAY=MO,TU,WE,TH,FR",
    "FREQ=" + "A" * 100_000,
    ";" * 100_000,
]


# Seconds of processor time that any of these takes many times over where nothing bounds it; with the bound, a busy
# machine stays far below.
WITHOUT_A_BOUND = 20


@pytest.mark.parametrize("start", ["20261124T100000Z", "19700101T000000Z", "10260101T000000Z"])
@pytest.mark.parametrize("rule", HOSTILE, ids=[rule[:40] for rule in HOSTILE])
def test_no_rule_takes_long(rule: str, start: str) -> None:
    began = process_time()
    found = read(ONCE, f"UID:2|DTSTART:{start}|DURATION:PT30M|RRULE:{rule}")
    assert process_time() - began < WITHOUT_A_BOUND
    assert all(START <= first < last <= END for first, last in found.spans)
    assert found.entries + found.unreadable == 2
    assert any(first <= datetime(2026, 11, 24, 10, tzinfo=UTC) < last for first, last in found.spans)


def test_a_strike_that_falls_while_another_is_on_its_way_out_leaves_no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would go off later, in whatever is done then."""
    before, disarm, strikes = signal.getsignal(signal.SIGPROF), signal.setitimer, [OverBudget()]

    def strike_once(which: int, seconds: float, interval: float = 0) -> tuple[float, float]:
        if not seconds and strikes:
            raise strikes.pop()
        return disarm(which, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", strike_once)
    with pytest.raises(OverBudget):
        within(60, list)
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    assert signal.getsignal(signal.SIGPROF) == before


def test_a_thousand_years_end_where_nobody_can_book_any_more() -> None:
    found = read("UID:2|DTSTART:20261124T100000Z|DTEND:20261124T110000Z|RRULE:FREQ=DAILY;UNTIL=30260101T000000Z")
    assert len(found.spans) == (END - datetime(2026, 11, 24, tzinfo=UTC)).days
    assert found.spans[-1][1] <= END


@pytest.mark.parametrize(
    "content",
    [
        calendar(*(f"UID:{n}|DTSTART:20261124T100000Z|DTEND:20261124T110000Z|RRULE:FREQ=SECONDLY" for n in range(100))),
        calendar(*(f"UID:{n}|DTSTART:20261124T100000Z|DTEND:20261124T110000Z" for n in range(5_001))),
        calendar(*(f"UID:{n}|DTSTART:202611{1 + n % 28:02}T{n % 24:02}{n // 24 % 60:02}00Z|DURATION:PT1S" for n in range(4_900))),
        calendar(ONCE, zones="BEGIN:VTIMEZONE\r\nTZID:x\r\nEND:VTIMEZONE\r\n" * 21),
    ],
    ids=["every-second-a-hundred-times", "five-thousand-entries", "too-many-spans", "time-zones"],
)  # fmt: skip
def test_more_than_a_persons_calendar_holds_is_refused_in_time(content: bytes) -> None:
    began = process_time()
    with pytest.raises(Failure) as failure:
        busy_times(content, zone=BERLIN, start=START, end=END)
    assert failure.value.code == "too_many"
    assert process_time() - began < CALENDAR_SECONDS + 2


def test_an_old_calendar_with_a_long_past_is_read_fast() -> None:
    past = [f"UID:{n}|DTSTART:2019{1 + n % 12:02}05T100000Z|DTEND:2019{1 + n % 12:02}05T110000Z" for n in range(12_000)]
    content = calendar(*past, ONCE)
    began = process_time()
    assert len(busy_times(content, zone=BERLIN, start=START, end=END).spans) == 1
    assert process_time() - began < 2
