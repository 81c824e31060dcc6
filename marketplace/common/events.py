"""Everything that people are told about: one row an event, for its mail, its line in the feed and its switch.

The name is that of the mail's folder in ``templates/emails/`` and of its ``X-Event`` header. ``tests/common/test_events.py``
compares the three, and the rows with the list of docs/mail.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.template import Context, Variable
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STUDENT, MENTOR, STAFF = "student", "mentor", "admin"  # the roles of accounts.User
EVERYONE = (STUDENT, MENTOR, STAFF)
BOTH = (STUDENT, MENTOR)


@dataclass(frozen=True, kw_only=True)
class Event:
    name: str
    # The roles that are told; "" in it: accounts that have chosen none.
    to: tuple[str, ...]
    # What the switch of its mail says. Empty for what is essential: it has no switch and can't be unsubscribed from.
    switch: str | Promise = ""
    # Where it leads: a page's name, then what its address is made of, as the mail's templates would name it.
    leads_to: str = ""
    # The same, for a role that is led elsewhere.
    leads_role_to: Mapping[str, str] = field(default_factory=dict)
    # Empty: it stands in no feed.
    icon: str = ""
    # What the line in the feed is rendered from.
    title: str = "subject.txt"
    # Whether it goes even to an address that refused a mail.
    tries_refused: bool = False
    # Whether it goes out although its reader's account is closed by then.
    outlives_account: bool = False

    @property
    def is_essential(self) -> bool:
        return not self.switch

    @property
    def is_in_feed(self) -> bool:
        return bool(self.icon)

    def path(self, role: str, context: Mapping[str, Any]) -> str:  # Any: template data
        """The page that it leads a reader of this role to."""
        page, *parts = self.leads_role_to.get(role, self.leads_to).split()
        found = Context(dict(context))
        return reverse(page, urlconf=settings.PAGES_URLCONF, args=[Variable(part).resolve(found) for part in parts])


SESSION = "bookings:session booking.pk"

EVENTS: dict[str, Event] = {
    event.name: event
    for event in (
        # Signing in. Their readers ask for them, or can't get into the feed at all. A code is asked for by whoever holds the
        # address in this minute, and without it they could not come in to change it; so it is tried even where mail came
        # back, and the first that is taken lifts the mark.
        Event(name="code", to=("", *EVERYONE), tries_refused=True),
        Event(name="account_exists", to=EVERYONE),
        Event(name="account_unknown", to=EVERYONE),
        Event(name="new_sign_in", to=("", *EVERYONE), leads_to="security", icon="shield-check"),
        Event(name="password_changed", to=("", *EVERYONE), leads_to="security", icon="shield-check"),
        Event(name="email_changed", to=("", *EVERYONE), leads_to="account", icon="shield-check"),
        Event(name="sign_in_method_changed", to=("", *EVERYONE), leads_to="security", icon="shield-check"),
        Event(name="export_ready", to=("", *EVERYONE), leads_to="uploads:privacy", icon="download"),
        Event(name="report_received", to=BOTH, leads_to="help-report-sent report.pk", icon="life-buoy"),
        # It is the last mail, and nobody could read a feed any more.
        Event(name="account_closed", to=("", *BOTH), outlives_account=True),
        Event(
            name="welcome",
            to=BOTH,
            switch=_("First steps, when you are new here"),
            leads_to="bookings:search",
            leads_role_to={MENTOR: "mentors:start"},
            icon="info",
        ),
        # Sessions
        Event(name="booking_confirmed", to=BOTH, leads_to=SESSION, icon="calendar-check"),
        Event(
            name="reminder_day",
            to=BOTH,
            switch=_("A reminder the day before a session"),
            leads_to=SESSION,
            icon="clock",
            title="title.txt",  # "Tomorrow" would not be true for long
        ),
        Event(
            name="reminder_hour",
            to=BOTH,
            switch=_("A reminder an hour before a session"),
            leads_to=SESSION,
            icon="clock",
            title="title.txt",
        ),
        Event(name="moved", to=BOTH, leads_to=SESSION, icon="calendar"),
        Event(name="move_proposed", to=(STUDENT,), leads_to="bookings:move booking.pk", icon="calendar"),
        Event(name="move_kept", to=(MENTOR,), leads_to=SESSION, icon="calendar"),
        Event(name="cancelled", to=BOTH, leads_to=SESSION, icon="calendar-off"),
        Event(
            name="how_was_it",
            to=BOTH,
            switch=_("The question how a session was"),
            leads_to=SESSION,
            icon="message-square-text",
        ),
        Event(name="student_absent", to=(STUDENT,), leads_to=SESSION, icon="circle-alert"),
        Event(name="problem_reported", to=BOTH, leads_to=SESSION, icon="circle-alert"),
        Event(name="problem_decided", to=BOTH, leads_to=SESSION, icon="circle-alert"),
        Event(
            name="new_review",
            to=(MENTOR,),
            switch=_("A student’s review of you"),
            leads_to="bookings:answer-review booking.pk",
            icon="star",
        ),
        Event(name="strike", to=(MENTOR,), leads_to="bookings:strikes", icon="circle-alert"),
        Event(name="strike_decided", to=(MENTOR,), leads_to="bookings:strikes", icon="circle-alert"),
        # Money
        Event(name="receipt", to=(STUDENT,), leads_to="payments:receipt booking.pk", icon="file-text"),
        Event(name="payment_failed", to=(STUDENT,), leads_to="payments:pay booking.pk", icon="wallet"),
        Event(name="slot_gone_refunded", to=(STUDENT,), leads_to=SESSION, icon="wallet"),
        Event(name="refund_sent", to=(STUDENT,), leads_to=SESSION, icon="wallet"),
        Event(
            name="dispute_opened",
            to=(MENTOR, STAFF),
            leads_to=SESSION,
            leads_role_to={STAFF: "payments:desk-disputes"},
            icon="wallet",
        ),
        Event(
            name="dispute_closed",
            to=(MENTOR, STAFF),
            leads_to=SESSION,
            leads_role_to={STAFF: "payments:desk-disputes"},
            icon="wallet",
        ),
        Event(name="payouts_needed", to=(MENTOR,), leads_to="payments:earnings", icon="wallet"),
        Event(name="payout_sent", to=(MENTOR,), leads_to="payments:earnings", icon="wallet"),
        Event(name="payout_failed", to=(MENTOR,), leads_to="payments:earnings", icon="wallet"),
        # Messages: the header counts them, so the feed does not.
        Event(
            name="message_digest",
            to=BOTH,
            switch=_("Messages that you have not read for a while"),
            leads_to="chat:thread thread.pk",
        ),
        # Becoming and being a mentor
        Event(
            name="application_received",
            to=(MENTOR,),
            switch=_("That your application has arrived"),
            leads_to="mentors:start",
            icon="file-check",
        ),
        Event(
            name="application_approved",
            to=(MENTOR,),
            switch=_("That you are approved"),
            leads_to="mentors:overview",
            icon="badge-check",
        ),
        Event(
            name="application_changes_requested",
            to=(MENTOR,),
            switch=_("That your application needs a change"),
            leads_to="mentors:start",
            icon="file-check",
        ),
        Event(
            name="application_refused",
            to=(MENTOR,),
            switch=_("That your application was refused"),
            leads_to="mentors:start",
            icon="file-check",
        ),
        Event(
            name="better_copy_needed",
            to=(MENTOR,),
            switch=_("That a document needs another copy"),
            leads_to="mentors:documents",
            icon="file-check",
        ),
        Event(
            name="document_expires",
            to=(MENTOR,),
            switch=_("A certificate that is about to expire"),
            leads_to="mentors:documents",
            icon="file-check",
        ),
        Event(
            name="no_hours",
            to=(MENTOR,),
            switch=_("A coming week without open hours"),
            leads_to="mentors:availability",
            icon="calendar-off",
        ),
        Event(
            name="clocks_change",
            to=BOTH,
            switch=_("A change of clocks that moves a session for you"),
            leads_to="bookings:sessions",
            leads_role_to={MENTOR: "bookings:mentor-sessions"},
            icon="clock",
        ),
        Event(
            name="calendar_unreadable",
            to=(MENTOR,),
            switch=_("A calendar of yours that we can’t read"),
            leads_to="mentors:calendars",
            icon="calendar-off",
        ),
        Event(name="mentor_suspended", to=(MENTOR,), leads_to="mentors:appeal", icon="circle-alert"),
        Event(name="mentor_reinstated", to=(MENTOR,), leads_to="mentors:overview", icon="circle-check"),
        Event(name="suspension_stands", to=(MENTOR,), leads_to="mentors:overview", icon="circle-alert"),
        # Staff
        Event(
            name="queue_late",
            to=(STAFF,),
            switch=_("Documents that have waited too long"),
            leads_to="mentors:review",
            icon="inbox",
        ),
        Event(
            name="support_asked",
            to=(STAFF,),
            switch=_("A report to support"),
            leads_to="support-request report.pk",
            icon="life-buoy",
        ),
    )
}


def event_of(name: str) -> Event:
    """The row of an event. Raises ``LookupError`` where a mail was added without one."""
    if name not in EVENTS:
        raise LookupError(f"marketplace/common/events.py has no row for {name!r}")
    return EVENTS[name]


def switches_of(role: str) -> list[Event]:
    """The events whose mail a person of this role may switch off, in the order of the list above."""
    return [event for event in EVENTS.values() if role in event.to and not event.is_essential]
