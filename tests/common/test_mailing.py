"""Mail: rendered for its reader, queued with what it tells, sent once."""

import re
import smtplib
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.template.loader import get_template
from django.urls import get_resolver
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from accounts.models import User
from marketplace.common import mailing, tasks
from marketplace.common.events import EVENTS, Event
from marketplace.common.mailing import Attachment
from tests.common.smtp import mail_server
from tests.jobs import run_jobs, waiting_jobs

FOLDER = settings.BASE_DIR / "templates" / "emails"
MAILS = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


@pytest.fixture(autouse=True)
def _a_mail(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail of the tests' own, beside the product's."""
    monkeypatch.setitem(EVENTS, "probe", Event(name="probe", to=("student",)))
    folder = tmp_path / "emails" / "probe"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Hello {{ name }}\n")
    (folder / "body.txt").write_text(
        '{% extends "emails/_base.txt" %}{% block body %}{{ name }} at {% local_time at %}{% endblock %}'
    )
    (folder / "body.html").write_text(
        '{% extends "emails/_base.html" %}{% block body %}<h1>{{ name }}</h1>'
        '{% include "emails/_button.html" with href=site.url label="Go" only %}{% endblock %}'
    )
    templates = settings.TEMPLATES[0]
    settings.TEMPLATES = [templates | {"DIRS": [*templates["DIRS"], tmp_path]}]


def sent() -> EmailMessage:
    """The one mail in the post box, as it goes over the wire."""
    [message] = mail.outbox
    return message.message()


AT = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)


def test_a_mail_leaves_with_the_transaction_that_caused_it(student: User) -> None:
    with transaction.atomic():
        mailing.send("probe", to=student, context={"name": "Ada", "at": AT})
    assert run_jobs() == ["deliver_mail"]
    message = sent()
    assert message["X-Event"] == "probe"
    assert message["To"] == student.email
    assert message["Subject"] == "Hello Ada"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"]


def test_a_mail_of_a_transaction_that_failed_is_never_sent(student: User) -> None:
    with transaction.atomic():
        mailing.send("probe", to=student, context={"name": "Ada", "at": AT})
        transaction.set_rollback(True)
    assert waiting_jobs("deliver_mail") == []


def test_a_mail_speaks_in_the_readers_zone(student: User) -> None:
    student.time_zone = "Asia/Tokyo"
    mailing.send("probe", to=student, context={"name": "Ada", "at": AT})
    run_jobs()
    assert "Ada at 03:30" in mail.outbox[0].body


def test_text_is_plain_and_html_is_escaped_and_styled_in_place(student: User) -> None:
    mailing.send("probe", to=student, context={"name": "<Tim & O'Hara>", "at": AT})
    run_jobs()
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    [(html, mimetype)] = message.alternatives
    assert mimetype == "text/html"
    assert isinstance(html, str)
    assert "<Tim & O'Hara>" in message.body
    assert "&lt;Tim &amp; O'Hara&gt;" in html
    assert re.search(r'<a class="button"[^>]* style="[^"]*background-color', html)
    assert "prefers-color-scheme:dark" in html.replace(" ", "")
    assert "<img" not in html


def test_a_name_adds_no_header_line(student: User) -> None:
    mailing.send("probe", to=student, context={"name": "Ada\r\nBcc: all@example.org", "at": AT})
    run_jobs()
    assert sent()["Subject"] == "Hello Ada Bcc: all@example.org"
    assert sent()["Bcc"] is None


def test_attachments_arrive_as_they_were(student: User) -> None:
    calendar = Attachment("session.ics", b"BEGIN:VCALENDAR\r\n\xc3\xa9", "text/calendar")
    mailing.send("probe", to=student, context={"name": "Ada", "at": AT}, attachments=[calendar])
    run_jobs()
    [part] = [p for p in sent().walk() if p.get_filename() == "session.ics"]
    assert part.get_content_type() == "text/calendar"
    assert part.get_payload(decode=True) == calendar.content


def test_a_mail_that_waited_too_long_is_dropped(student: User) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        for _ in range(2):
            mailing.send("probe", to=student, context={"name": "Ada", "at": AT}, good_for=timedelta(minutes=15))
        run_one = waiting_jobs("deliver_mail")[0]
        clock.shift(timedelta(minutes=14))
        mailing.deliver(run_one["mail"])
        assert len(mail.outbox) == 1
        clock.shift(timedelta(minutes=1))
        assert run_jobs() == ["deliver_mail"] * 2
    assert len(mail.outbox) == 1


def test_a_repeated_delivery_carries_the_same_message_id(student: User) -> None:
    mailing.send("probe", to=student, context={"name": "Ada", "at": AT})
    [job] = waiting_jobs("deliver_mail")
    mailing.deliver(job["mail"])
    mailing.deliver(job["mail"])
    first, second = (message.message()["Message-ID"] for message in mail.outbox)
    assert first == second


@pytest.mark.parametrize("name", MAILS)
def test_every_mail_has_its_three_parts(name: str) -> None:
    for part in ("subject.txt", "body.txt", "body.html"):
        get_template(f"emails/{name}/{part}")  # raises when it is missing or can't be parsed


def test_every_address_in_a_mail_is_a_pages() -> None:
    """``{% url … as … %}`` would put up with any other, and the button would lead nowhere."""
    named = {name for path in FOLDER.rglob("*.*") for name in re.findall(r"""{% url ["']([^"']+)""", path.read_text())}
    assert "bookings:session" in named
    assert [name for name in sorted(named) if not is_page(name)] == []
    assert not is_page("account_login")
    assert not is_page("admin:index")


def is_page(name: str) -> bool:
    *spaces, last = name.split(":")
    resolver = get_resolver(settings.PAGES_URLCONF)
    for space in spaces:
        if space not in resolver.namespace_dict:
            return False
        _prefix, resolver = resolver.namespace_dict[space]
    return last in resolver.reverse_dict


@pytest.mark.parametrize(
    ("answer", "taken", "raises"),
    [("250 fine", 1, False), ("550 no such person", 0, False), ("451 try later", 0, True)],
)
def test_what_the_mail_server_refuses_for_good_is_not_tried_again(
    student: User, settings: Settings, answer: str, taken: int, raises: bool
) -> None:
    """An error that leaves ``deliver`` makes the job wait and run again."""
    mailing.send("probe", to=student, context={"name": "Ada", "at": AT})
    [job] = waiting_jobs("deliver_mail")
    with mail_server(answer) as server:
        host, port = server.server_address[:2]
        smtp = "django.core.mail.backends.smtp.EmailBackend"
        settings.MAILERS = {"default": {"BACKEND": smtp, "OPTIONS": {"host": host, "port": port, "timeout": 5}}}
        with pytest.raises(smtplib.SMTPRecipientsRefused) if raises else nullcontext():
            mailing.deliver(job["mail"])
    assert server.taken == taken


def test_a_job_that_failed_for_good_is_kept_for_a_week(db: None) -> None:
    def failed(days: int, status: str = "failed") -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH job AS (
                    INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts)
                    VALUES ('mail', 'deliver_mail', '{}', 'doing', 9) RETURNING id
                ) SELECT id FROM job
                """
            )
            [job] = cursor.fetchone()
            cursor.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [status, job])
            cursor.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [job])
            cursor.execute(
                "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, %s, now() - make_interval(days => %s))",
                [job, "failed" if status == "failed" else "started", days],
            )

    failed(days=6)
    failed(days=8)
    failed(days=8, status="doing")
    async_to_sync(tasks.remove_old_mail_jobs.func)(SimpleNamespace(app=app), 0)  # type: ignore[arg-type]  # all it reads of the context
    assert ProcrastinateJob.objects.filter(status="failed").count() == 1
    assert ProcrastinateJob.objects.filter(status="doing").count() == 1
