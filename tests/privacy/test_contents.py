"""What a copy of one's data holds: all that is kept about its owner, and of everybody else the name and the words they saw."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from bookings.queries.feeds import feed_secret
from marketplace.common.personal_data import amount, plain
from tests.factories import make_booking, make_staff, make_student
from tests.privacy.life import SECRET, THEIRS, Life, live
from uploads.bundle import chapters_of

pytestmark = pytest.mark.django_db


def copy_of(user: User) -> dict[str, Any]:  # Any: JSON
    """Each chapter as its reader gets it."""
    return {each.name: json.loads(json.dumps(list(each.read()), default=plain)) for each in chapters_of(user)}


def text_of(user: User) -> str:
    return json.dumps(copy_of(user), ensure_ascii=False)


@pytest.fixture
def life() -> Life:
    return live()


def test_a_student_finds_all_of_theirs(life: Life) -> None:
    found = copy_of(life.student)
    [account] = found["account"]
    assert (account["email"], account["time_zone"], account["role"]) == (
        "amara@example.org", "Europe/Lisbon", "student",
    )  # fmt: skip
    [session] = found["sessions"]
    assert (session["with"], session["you_were"]) == ("Ngozi Adeyemi", "student")
    assert session["starts_at"] == "2026-03-02T12:00:00Z"
    assert session["price"] == {"amount": "33.00", "currency": "USD"}
    assert session["students_note"] == "I am stuck on eigenvectors."
    assert [said["note"] for said in session["you_said"]] == ["Lovely."]
    assert session["problem_reports"][0]["answer"] == "It was my network."
    assert session["review"]["text"] == "Patient and clear."
    assert [note["text"] for note in found["session-notes"]] == ["Read chapter five."]
    assert len(found["attendance"]) == 1
    [payment] = found["payments"]
    assert payment["refunds"][0]["amount"] == {"amount": "1.00", "currency": "USD"}
    assert payment["receipts"] == ["2026-1"]
    assert [(each["from"], each["text"]) for each in found["messages"]] == [
        ("Amara Okafor", "Good morning!"),
        ("Ngozi Adeyemi", "Welcome, Amara."),
    ]
    assert found["reports"][0]["text"] == "They were rude."
    assert {file["name"] for file in found["files"]} == {"sheet-4.pdf", "question.pdf", "never-sent.pdf"}
    assert [line["title"] for line in found["notifications"]] == ["Told Amara"]
    assert found["sign-ins"][0]["kind"]
    assert [(each["about"], each["text"]) for each in found["support"]] == [("Ngozi Adeyemi", "She wanted cash.")]
    assert len(found["activity"]) == len(found["calendar-feed"]) == 1


def test_a_mentor_finds_all_of_theirs(life: Life) -> None:
    found = copy_of(life.mentor.user)
    [profile] = found["mentor"]
    assert profile["handle"] == "ngozi-adeyemi"
    assert profile["hourly_rate"] == {"amount": "44.00", "currency": "USD"}
    assert profile["calendars"][0]["at"] == "calendar.example.org"
    assert len(profile["weekly_hours"]) == 7
    assert found["documents"][0]["kind"] == "Government ID"
    assert found["appeals"][0]["text"] == "It was a mistake."
    assert found["strikes"][0]["you_said"] == "I was ill."
    assert found["earnings"][0]["yours"] == {"amount": "28.05", "currency": "USD"}
    assert found["payouts"][0]["number"] == "po_1"
    assert found["payout-account"][0]["number_at_provider"] == "acct_1"
    assert found["sessions"][0]["with"] == "Amara Okafor"
    assert {file["name"] for file in found["files"]} == {"portrait.jpg", "passport.pdf"}


def test_neither_finds_what_is_the_others_or_the_staffs(life: Life) -> None:
    for mine, other in ((life.student, life.mentor.user), (life.mentor.user, life.student)):
        text = text_of(mine)
        assert mine.email in text
        assert SECRET not in text
        for private in (other.email, str(other.pk), other.time_zone, "staff@example.org", other.password):
            assert private not in text, private
        secrets = [feed_secret(mine), feed_secret(other), mine.password]
        assert [secret for secret in secrets if secret and secret in text] == []
    assert THEIRS not in text_of(life.student)


def test_a_stranger_finds_nothing_of_either(life: Life) -> None:
    """The control: what stands in their copies does not come of reading everything."""
    text = text_of(make_student())
    for theirs in ("Ngozi", "Amara", "eigenvectors", "Good morning", "sheet-4"):
        assert theirs not in text


def test_staff_get_what_is_theirs() -> None:
    found = copy_of(make_staff("support"))
    assert found["account"][0]["role"] == "admin"
    assert found["sessions"] == []


def test_many_sessions_are_read_with_as_many_queries_as_one(life: Life) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            copy_of(life.student)
        return len(caught)

    before = queries()
    for _number in range(3):
        make_booking(student=life.student, status="expired")
    assert queries() == before


def test_amounts_follow_their_currency() -> None:
    assert amount(3_300, "jpy") == {"amount": "3300", "currency": "JPY"}
    assert amount(None, "usd") is None


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        plain(object())


# Every table that knows a person, and the chapter that tells of it; a new one needs a decision here and in docs/privacy.md.
CHAPTERS = {
    "account.emailaddress": "account", "mfa.authenticator": "sign-ins", "usersessions.usersession": "devices",
    "common.notification": "notifications", "common.mailswitchedoff": "account", "common.auditevent": "activity",
    "accounts.supportrequest": "support", "uploads.upload": "files", "uploads.dataexport": "exports",
    "mentors.mentor": "mentor", "mentors.mentorevent": "application", "mentors.verificationdocument": "documents",
    "mentors.suspensionappeal": "appeals",
    "bookings.booking": "sessions", "bookings.bookingevent": "sessions", "bookings.moveproposal": "sessions",
    "bookings.outcome": "sessions", "bookings.problemreport": "sessions", "bookings.attendance": "attendance",
    "bookings.sessionnote": "session-notes", "bookings.calendarfeed": "calendar-feed", "bookings.strike": "strikes",
    "payments.refund": "payments",
    "chat.thread": "conversations", "chat.message": "messages", "chat.threadreport": "reports",
}  # fmt: skip
# Not told: bookkeeping of a day or an hour, what a reader was told once, leave to open others' files, staff's own work.
LEFT_OUT = {
    "admin.logentry", "common.idempotencykey", "common.toldonce", "bookings.clocknotice", "payments.refundrequest",
    "uploads.uploaduserobjectpermission", "accounts.user_groups", "accounts.user_user_permissions",
    "guardian.userobjectpermission",
}  # fmt: skip


def knows_people(model: type[Model]) -> bool:
    return any(field.related_model is User for field in model._meta.get_fields() if field.concrete)


def test_every_table_that_knows_a_person_is_told_of_or_left_out_on_purpose(life: Life) -> None:
    known = {model._meta.label_lower for model in apps.get_models(include_auto_created=True) if knows_people(model)}
    assert known == set(CHAPTERS) | LEFT_OUT
    told = {*copy_of(life.student), *copy_of(life.mentor.user)}
    assert set(CHAPTERS.values()) <= told
