"""The tasks of an application, as its mentor sees them. Told from what is there, never stored."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.common.formatting import money
from mentors.models import Mentor, VerificationDocument
from mentors.queries import Application, is_sent_id, payouts_of


@dataclass(frozen=True)
class Task:
    """One row of the list; ``status`` in words, ``variant`` and ``icon`` of its badge."""

    name: str
    hint: str
    url: str
    status: str
    variant: str = "plain"
    icon: str = ""
    is_done: bool = False


def progress_of(tasks: list[Task]) -> tuple[int, int]:
    """How many of the tasks that an applicant can do are done, and how many there are. Payouts and sending come after."""
    own = tasks[:-2]
    return sum(task.is_done for task in own), len(own)


def tasks_of(application: Application) -> list[Task]:
    return [
        _about(application),
        _subjects(application),
        _documents(application),
        _availability(application),
        _payouts(application),
        _check(application),
    ]


def _task(name: str, hint: str, url: str, *, done: bool, begun: bool = False) -> Task:
    if done:
        return Task(name, hint, url, _("Done"), "", "check", is_done=True)
    return Task(name, hint, url, _("Part done") if begun else _("Not started"), "glow" if begun else "plain")


def _about(application: Application) -> Task:
    mentor = application.mentor
    return _task(
        _("About you"),
        mentor.headline or _("Headline, a few sentences, languages, photo"),
        reverse("mentors:profile"),
        done=bool(mentor.headline and mentor.bio),
        begun=bool(mentor.headline or mentor.bio or mentor.languages or mentor.photo_id),
    )


def _subjects(application: Application) -> Task:
    rate = application.mentor.hourly_rate_minor
    names = ", ".join(each.subject.name for each in application.subjects)
    hint = _("What you teach, and what an hour costs")
    if names and rate:
        hint = _("%(subjects)s, %(rate)s an hour") % {
            "subjects": names,
            "rate": money(rate, settings.CURRENCY, short=True),
        }
    return _task(
        _("Subjects and rate"), hint, reverse("mentors:subjects"), done=bool(names and rate), begun=bool(names or rate)
    )


def _documents(application: Application) -> Task:
    name, url = _("Documents"), "/mentor/documents/"
    refused = [each for each in application.documents if needs_another(each, application.documents)]
    if refused:
        count = len(refused)
        hint = ngettext("%(count)d document needs another try", "%(count)d documents need another try", count)
        return Task(name, hint % {"count": count}, url, _("Changes needed"), "danger")
    hint = _("A government ID; a certificate for a mark on a subject")
    return _task(name, hint, url, done=any(map(is_sent_id, application.documents)), begun=bool(application.documents))


def needs_another(document: VerificationDocument, documents: list[VerificationDocument]) -> bool:
    """Whether a document was refused and none of its kind was sent after it."""
    if document.status != VerificationDocument.Status.REFUSED:
        return False
    return not any(
        (other.kind, other.subject_id) == (document.kind, document.subject_id)
        and other.created_at > document.created_at
        for other in documents
    )


def _availability(application: Application) -> Task:
    has_zone = bool(application.mentor.time_zone)
    return _task(
        _("Availability"),
        _("Your weekly hours and the time zone they are in"),
        reverse("mentors:availability"),
        done=has_zone and application.has_hours,
        begun=has_zone or application.has_hours,
    )


def _payouts(application: Application) -> Task:
    """Not needed for sending the application, and open only once it is approved."""
    payouts = payouts_of(application.mentor) if application.mentor.approved_at else None
    if payouts is None:
        hint = _("Where your earnings go. You set this up once you are approved.")
        return Task(_("Payouts"), hint, "", _("After approval"))
    hint = _("Where your earnings go")
    if payouts.is_ready:
        return Task(_("Payouts"), hint, payouts.url, payouts.status, "", "check", is_done=True)
    return Task(_("Payouts"), hint, payouts.url, payouts.status, "glow" if payouts.is_begun else "plain")


def _check(application: Application) -> Task:
    status, url = application.mentor.status, reverse("mentors:check")
    name, hint = _("Check and send"), _("Look it over once, then send it to our reviewers")
    if status == Mentor.Status.SUBMITTED:
        return Task(name, _("It is with our reviewers"), url, _("In review"), "info", is_done=True)
    if status in {Mentor.Status.APPROVED, Mentor.Status.SUSPENDED}:
        return Task(name, _("Your application was approved"), url, _("Done"), "", "check", is_done=True)
    if status == Mentor.Status.REJECTED:
        return Task(name, _("Your application was refused"), url, _("Refused"), "danger")
    count = len(application.missing)
    if count:
        hint = ngettext("%(count)d thing is still missing", "%(count)d things are still missing", count)
        return Task(name, hint % {"count": count}, url, _("Not ready yet"))
    return Task(name, hint, url, _("Ready to send"), "glow")
