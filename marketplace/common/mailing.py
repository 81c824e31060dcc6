"""Mail: rendered where it is caused, sent by a job.

``send`` renders the three parts in the recipient's language and zone and defers one job in the caller's transaction, so
a mail leaves if, and only if, what it tells has been committed. ``deliver`` is what the job runs.

The finished mail travels in the job's row. It holds an address and often a code, so it is kept no longer than needed: a
job that succeeded is deleted at once, one that failed for good after a week (``tasks.remove_old_mail_jobs``), and a mail
that only makes sense for a while names ``good_for`` and is dropped when that is over.
"""

import base64
import re
import smtplib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import MIMEPart
from email.policy import SMTP
from email.utils import make_msgid
from functools import cache
from typing import Any, Protocol
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation
from procrastinate.contrib.django import app

from marketplace.common.libraries import loaded_when_used
from marketplace.common.links import links_to_pages
from marketplace.common.logging import get_logger
from marketplace.common.middleware import known_zones

log = get_logger(__name__)
css_inline = loaded_when_used("css_inline")  # 2 MB

QUEUE = "mail"
TIME_ELEMENT = re.compile(r'<time datetime="[^"]*">([^<]*)</time>')


class Recipient(Protocol):
    """An account, as far as mail needs to know it."""

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
) -> None:
    """Queue the mail ``templates/emails/<name>/`` to an account or a bare address.

    Rendered now, with the objects as they are in this transaction. A bare address gets the active language and zone.
    ``address`` sends an account's mail elsewhere than to its own address (one it is changing to or from).
    ``good_for``: after that long a mail still waiting is dropped (a code that has expired helps nobody).
    Effects: one job in the caller's transaction, which retries with growing pauses for about nine hours.
    """
    address = address or (to if isinstance(to, str) else to.email)
    now = timezone.now()
    with ExitStack() as reader:
        if not isinstance(to, str):
            reader.enter_context(translation.override(to.language or settings.LANGUAGE_CODE))
            zone = to.time_zone if to.time_zone in known_zones() else settings.TIME_ZONE
            reader.enter_context(timezone.override(ZoneInfo(zone)))
        parts = render(name, {"recipient": None if isinstance(to, str) else to, "address": address, **context})
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    # By name: the task calls this module, so this module can't import the task.
    app.configure_task("deliver_mail", queue=QUEUE, allow_unknown=True).defer(
        mail={
            "name": name,
            "to": address,
            **parts,
            "attachments": [
                [a.name, base64.b64encode(a.content).decode(), a.mimetype, dict(a.params)] for a in attachments
            ],
            # Made once: should the same mail be handed to the mail server twice, receivers see that it is one.
            "message_id": make_msgid(domain=host),
            "good_until": (now + good_for).isoformat() if good_for else None,
        }
    )


def render(name: str, context: Mapping[str, Any]) -> dict[str, str]:  # Any: template data
    """Render subject, text and HTML of a mail; the HTML with its style sheet inlined."""
    data = {
        **context,
        "event": name,
        "site": {"name": settings.SITE_NAME, "url": settings.SITE_URL, "currency": settings.CURRENCY},
    }
    with links_to_pages():
        return {
            # One line: a header can't hold two, and nothing typed may add one.
            "subject": " ".join(_plain(f"emails/{name}/subject.txt", data).split()),
            "text": re.sub(r"\n{3,}", "\n\n", _plain(f"emails/{name}/body.txt", data)).strip() + "\n",
            "html": _inliner().inline(_render(f"emails/{name}/body.html", data, autoescape=True)),
        }


def deliver(mail: Mapping[str, Any]) -> None:  # Any: the job's payload, as ``send`` wrote it
    """Hand one mail to the mail server. Raises what it raises, so that the job tries again.

    Safe to repeat as far as SMTP allows: if the process dies after the server took the mail, the repeat carries the same
    Message-ID. An address that the server refuses for good is logged, not tried again.
    """
    if mail["good_until"] and datetime.fromisoformat(mail["good_until"]) <= timezone.now():
        log.warning("mail_too_late", mail=mail["name"])
        return
    message = EmailMultiAlternatives(
        subject=mail["subject"],
        body=mail["text"],
        to=[mail["to"]],
        headers={
            "X-Event": mail["name"],
            "Message-ID": mail["message_id"],
            "Auto-Submitted": "auto-generated",  # RFC 3834: keeps holiday answers away
        },
    )
    message.attach_alternative(mail["html"], "text/html")
    for name, content, mimetype, params in mail["attachments"]:
        # Built here because Django would re-encode text, and a calendar file is right to the byte or not at all.
        part = MIMEPart(SMTP)
        kind, subkind = mimetype.split("/")
        part.set_content(
            base64.b64decode(content), kind, subkind, disposition="attachment", filename=name, params=params
        )
        message.attach(part)
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as exc:
        if any(code < 500 for code, _reason in exc.recipients.values()):
            raise
        log.warning("mail_refused", mail=mail["name"], codes=[code for code, _reason in exc.recipients.values()])
    else:
        log.info("mail_sent", mail=mail["name"])


def _render(template: str, data: dict[str, Any], *, autoescape: bool) -> str:  # Any: template data
    # Django decides about escaping by engine, not by file: plain text must be told that it is none of HTML.
    return str(get_template(template).template.render(Context(data, autoescape=autoescape)))  # type: ignore[attr-defined]  # the backend's


def _plain(template: str, data: dict[str, Any]) -> str:  # Any: template data
    """Render plain text. The tags that show times write ``<time>`` elements, of which only the words are wanted here."""
    return TIME_ELEMENT.sub(r"\1", _render(template, data, autoescape=False))


@cache
def _inliner() -> Any:  # Any: the library has no types
    """Styles go onto the elements, because mail programs drop style sheets; ``@media`` (dark mode) stays in one."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)
