"""Mail: rendered where it is caused, sent by a job.

``send`` renders the three parts in the recipient's language and zone and defers one job in the caller's transaction, so
a mail leaves if, and only if, what it tells has been committed. It writes the line of the reader's feed with it.
``deliver`` is what the job runs: it looks again whether the mail is wanted, welcome and still true. docs/mail.md tells it.

The finished mail travels in the job's row. It holds an address and often a code, so it is kept no longer than needed: a
job that succeeded is deleted at once, one that failed for good after a week (``tasks.remove_old_mail_jobs``), and a mail
that only makes sense for a while names ``good_for`` and is dropped when that is over.
"""

import base64
import re
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import make_msgid
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation
from procrastinate.contrib.django import app

from marketplace.common import notifications
from marketplace.common.events import event_of
from marketplace.common.libraries import loaded_when_used
from marketplace.common.links import links_to_pages, page_link
from marketplace.common.logging import get_logger
from marketplace.common.mail_checks import Check, still_holds
from marketplace.common.middleware import known_zones
from marketplace.common.refused_addresses import note_refusals, refusal_of, try_again
from marketplace.common.unsubscribing import link_for

log = get_logger(__name__)
css_inline = loaded_when_used("css_inline")  # 2 MB

QUEUE = "mail"
TIME_ELEMENT = re.compile(r'<time datetime="[^"]*">([^<]*)</time>')


class Recipient(Protocol):
    """An account, as far as mail needs to know it."""

    @property
    def pk(self) -> UUID: ...
    @property
    def role(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes
    mimetype: str
    # Parameters of the type, such as ``{"method": "REQUEST"}`` of a calendar file.
    params: Mapping[str, str] = field(default_factory=dict)


def send(
    name: str,
    *,
    to: Recipient | str,
    context: Mapping[str, Any],  # Any: template data
    address: str | None = None,
    attachments: Sequence[Attachment] = (),
    good_for: timedelta | None = None,
    still: Check | None = None,
    once: str = "",
) -> bool:
    """Queue the mail ``templates/emails/<name>/`` to an account or a bare address; tell whether it was.

    Rendered now, with the objects as they are in this transaction. A bare address gets the active language and zone.
    ``address`` sends an account's mail elsewhere than to its own address (one it is changing to or from).
    ``good_for``: after that long a mail still waiting is dropped (a code that has expired helps nobody).
    ``still``: what must hold when it is sent, too; otherwise it is dropped.
    ``once``: what it is about; an account is told once of an event about the same thing, the second time nothing is done.
    Effects: one job in the caller's transaction, which retries with growing pauses for about nine hours; an account's line
    in its feed.
    """
    event = event_of(name)
    reader = None if isinstance(to, str) else to
    if once and reader and not notifications.tell_once(event=name, to=reader.pk, about=once):
        return False
    address = address or (to if isinstance(to, str) else to.email)
    unsubscribe = link_for(reader.pk, name) if reader and not event.is_essential else ""
    data = {"recipient": reader, "address": address, "unsubscribe_url": unsubscribe, **context}
    now = timezone.now()
    with speaking_to(reader):
        parts = render(name, data)
        if reader and event.is_in_feed:
            title = parts["subject"] if event.title == "subject.txt" else _line(f"emails/{name}/{event.title}", data)
            notifications.note(event=name, to=reader.pk, title=title, path=event.path(reader.role, data))
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    # By name: the task calls this module, so this module can't import the task.
    app.configure_task("deliver_mail", queue=QUEUE, allow_unknown=True).defer(
        mail={
            "name": name,
            "to": address,
            "user": str(reader.pk) if reader else "",
            **parts,
            "attachments": [
                [a.name, base64.b64encode(a.content).decode(), a.mimetype, dict(a.params)] for a in attachments
            ],
            # Made once: should the same mail be handed to the mail server twice, receivers see that it is one.
            "message_id": make_msgid(domain=host),
            "good_until": (now + good_for).isoformat() if good_for else None,
            "still": [still.name, dict(still.facts)] if still else None,
            "unsubscribe": unsubscribe,
        }
    )
    return True


@contextmanager
def speaking_to(reader: Recipient | None) -> Iterator[None]:
    """Take on the language and the zone of an account; those that are active stay for a bare address."""
    if reader is None:
        yield
        return
    zone = reader.time_zone if reader.time_zone in known_zones() else settings.TIME_ZONE
    with translation.override(reader.language or settings.LANGUAGE_CODE), timezone.override(ZoneInfo(zone)):
        yield


def render(name: str, context: Mapping[str, Any]) -> dict[str, str]:  # Any: template data
    """Render subject, text and HTML of a mail; the HTML with its style sheet inlined."""
    data = {
        **context,
        "event": name,
        "site": {"name": settings.SITE_NAME, "url": settings.SITE_URL, "currency": settings.CURRENCY},
        "switches_url": page_link("notifications") + "#mail",
    }
    with links_to_pages():
        return {
            "subject": _line(f"emails/{name}/subject.txt", data),
            "text": re.sub(r"\n{3,}", "\n\n", _plain(f"emails/{name}/body.txt", data)).strip() + "\n",
            "html": _inliner().inline(_render(f"emails/{name}/body.html", data, autoescape=True)),
        }


def deliver(mail: Mapping[str, Any]) -> None:  # Any: the job's payload, as ``send`` wrote it
    """Hand one mail to the mail server, unless it came too late. Raises what it raises, so that the job tries again.

    Safe to repeat as far as SMTP allows: if the process dies after the server took the mail, the repeat carries the same
    Message-ID. An address that the server refuses for good is noted, not tried again.
    """
    if reason := _why_not(mail):
        log.warning("mail_dropped", mail=mail["name"], reason=reason)
        return
    refused: Mapping[str, tuple[int, bytes]] = {}
    try:
        _message(mail).send()
    except smtplib.SMTPRecipientsRefused as exc:
        refused = exc.recipients
        if any(code < 500 for code, _reason in refused.values()):
            raise
    if refused:
        log.warning("mail_refused", mail=mail["name"], codes=[code for code, _reason in refused.values()])
        note_refusals(refused)
        return
    log.info("mail_sent", mail=mail["name"])
    if event_of(mail["name"]).tries_refused:
        try_again(mail["to"])


def _why_not(mail: Mapping[str, Any]) -> str:  # Any: the job's payload
    """Why a mail is not to be sent after all; empty if it is. ``get``: a job may be of the release before."""
    event = event_of(mail["name"])
    if mail["good_until"] and datetime.fromisoformat(mail["good_until"]) <= timezone.now():
        return "too_late"
    user = mail.get("user")
    if user and not event.outlives_account and _is_closed(UUID(user)):
        return "account_closed"
    if user and not event.is_essential and notifications.is_switched_off(user_id=UUID(user), event=event.name):
        return "switched_off"
    if (check := mail.get("still")) and not still_holds(Check(*check)):
        return "not_true_any_more"
    if not event.tries_refused and refusal_of(mail["to"]):
        return "address_refused"
    return ""


def _is_closed(user_id: UUID) -> bool:
    """Whether its owner has closed the account since: the address it had may be somebody else's by now."""
    return get_user_model().objects.filter(pk=user_id, closed_at__isnull=False).exists()


def _message(mail: Mapping[str, Any]) -> EmailMultiAlternatives:  # Any: the job's payload
    headers = {
        "X-Event": mail["name"],
        "Message-ID": mail["message_id"],
        "Auto-Submitted": "auto-generated",  # RFC 3834: keeps holiday answers away
    }
    if unsubscribe := mail.get("unsubscribe"):
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    message = EmailMultiAlternatives(subject=mail["subject"], body=mail["text"], to=[mail["to"]], headers=headers)
    message.attach_alternative(mail["html"], "text/html")
    for name, content, mimetype, params in mail["attachments"]:
        # Built here because Django would re-encode text, and a calendar file is right to the byte or not at all.
        part = MIMEPart(SMTP)
        kind, subkind = mimetype.split("/")
        part.set_content(
            base64.b64decode(content), kind, subkind, disposition="attachment", filename=name, params=params
        )
        message.attach(part)
    return message


def _render(template: str, data: dict[str, Any], *, autoescape: bool) -> str:  # Any: template data
    # Django decides about escaping by engine, not by file: plain text must be told that it is none of HTML.
    return str(get_template(template).template.render(Context(data, autoescape=autoescape)))  # type: ignore[attr-defined]  # the backend's


def _plain(template: str, data: dict[str, Any]) -> str:  # Any: template data
    """Render plain text. The tags that show times write ``<time>`` elements, of which only the words are wanted here."""
    return TIME_ELEMENT.sub(r"\1", _render(template, data, autoescape=False))


def _line(template: str, data: dict[str, Any]) -> str:  # Any: template data
    """Render one line: a header can't hold two, and nothing typed may add one."""
    return " ".join(_plain(template, data).split())


@cache
def _inliner() -> Any:  # Any: the library has no types
    """Styles go onto the elements, because mail programs drop style sheets; ``@media`` (dark mode) stays in one."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)
