"""A mail server that refuses, or is away: real sockets, real SMTP."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from accounts.models import User
from marketplace.common import mailing
from marketplace.common.models import RefusedAddress
from tests.common.smtp import mail_server
from tests.factories import make_student
from tests.jobs import forget_jobs, let_worker_run, waiting_jobs

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def send_through(settings: Settings, port: int) -> None:
    options = {"host": "127.0.0.1", "port": port, "timeout": 5}
    settings.MAILERS = {"default": {"BACKEND": SMTP, "OPTIONS": options}}


@contextmanager
def server_says(answer: str, settings: Settings) -> Iterator[Any]:  # Any: the stand-in
    with mail_server(answer) as server:
        send_through(settings, server.server_address[1])
        yield server


def welcome(user: User) -> dict[str, Any]:  # Any: the job's payload
    mailing.send("welcome", to=user, context={"user": user, "url": django_settings.SITE_URL})
    return dict(waiting_jobs("deliver_mail")[-1]["mail"])


def code(user: User) -> dict[str, Any]:  # Any: the job's payload
    mailing.send("code", to=user, context={"code": "418 229", "purpose": "sign_in", "minutes": 15})
    return dict(waiting_jobs("deliver_mail")[-1]["mail"])


def test_an_address_that_is_refused_for_good_gets_no_more_mail(student: User, settings: Settings) -> None:
    with server_says("550 5.1.1 no such user", settings):
        mailing.deliver(welcome(student))
    refused = RefusedAddress.objects.get()
    assert (refused.address, refused.code, refused.reply) == (student.email, 550, "5.1.1 no such user")
    with server_says("250 fine", settings) as server:
        mailing.deliver(welcome(student))
        assert server.taken == 0
        RefusedAddress.objects.all().delete()
        mailing.deliver(welcome(student))
        assert server.taken == 1


def test_a_code_is_tried_all_the_same_and_lifts_the_mark_when_it_is_taken(student: User, settings: Settings) -> None:
    with server_says("550 5.1.1 no such user", settings):
        mailing.deliver(code(student))
    assert RefusedAddress.objects.count() == 1
    with server_says("250 fine", settings) as server:
        mailing.deliver(code(student))
        assert server.taken == 1
        assert not RefusedAddress.objects.exists()
        mailing.deliver(welcome(student))
        assert server.taken == 2


@pytest.mark.parametrize("answer", ["550 5.7.1 relaying denied", "554 5.7.26 unauthenticated"])
def test_a_refusal_that_is_about_us_stops_nobodys_mail(student: User, settings: Settings, answer: str) -> None:
    with server_says(answer, settings):
        mailing.deliver(welcome(student))
    assert not RefusedAddress.objects.exists()


def test_a_refusal_for_now_is_tried_again_and_marks_nothing(student: User, settings: Settings) -> None:
    with server_says("451 4.2.2 mailbox full", settings), pytest.raises(smtplib.SMTPRecipientsRefused):
        mailing.deliver(welcome(student))
    assert not RefusedAddress.objects.exists()


def test_another_address_of_the_same_person_is_not_held_up(student: User, settings: Settings) -> None:
    with server_says("550 no", settings):
        mailing.deliver(welcome(student))
    student.email = "elsewhere@example.org"
    with server_says("250 fine", settings) as server:
        mailing.deliver(welcome(student))
        assert server.taken == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_mail_server_down_nothing_is_lost_and_all_is_sent_once_when_it_is_back(
    settings: Settings, threads_that_end: None
) -> None:
    """By procrastinate's own worker: the job fails, waits, and is run again."""
    forget_jobs()
    people = [make_student() for _ in range(3)]
    with mail_server() as server:  # only to learn of a port that nobody listens on afterwards
        port = server.server_address[1]
    send_through(settings, port)
    for user in people:
        welcome(user)
    for tries in (1, 2):
        let_worker_run(app, queue=mailing.QUEUE)
        jobs = list(ProcrastinateJob.objects.filter(task_name="deliver_mail").values_list("status", "attempts"))
        assert jobs == [("todo", tries)] * 3
        hurry()
    with mail_server(port=port) as server:
        let_worker_run(app, queue=mailing.QUEUE)
        assert server.taken == 3
        hurry()
        let_worker_run(app, queue=mailing.QUEUE)
        assert server.taken == 3
    assert not ProcrastinateJob.objects.filter(task_name="deliver_mail").exists()


@pytest.fixture
def threads_that_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's threads end with the test: each hangs up after its job."""
    deliver = mailing.deliver

    def deliver_and_hang_up(mail: dict[str, Any]) -> None:  # Any: the job's payload
        try:
            deliver(mail)
        finally:
            connection.close()

    monkeypatch.setattr(mailing, "deliver", deliver_and_hang_up)


def hurry() -> None:
    """Let what waits for its next try be due now."""
    with connection.cursor() as cursor:  # procrastinate's models are read-only
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
