"""The chapters about an account itself: who somebody is here, how they sign in, what they were told and what they did."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _

from accounts.models import SupportRequest, User
from marketplace.common.models import AnalyticsEvent, AuditEvent, MailSwitchedOff, Notification
from marketplace.common.notifications import feed
from marketplace.common.personal_data import Chapter, Row, Rows, each


def chapters_of(user: User) -> list[Chapter]:
    devices = UserSession.objects.filter(user=user).order_by("created_at", "pk")
    factors = Authenticator.objects.filter(user=user).order_by("created_at", "pk")
    deeds = AuditEvent.objects.filter(actor=user).order_by("at", "pk")
    asked = SupportRequest.objects.visible_to(user).select_related("about").order_by("created_at", "pk")
    counted = AnalyticsEvent.objects.filter(user_id=user.pk).order_by("at", "pk")
    return [
        Chapter("account", _("Your name, address and settings."), lambda: _account(user)),
        Chapter("sign-ins", _("Passkeys and other ways to sign in, without what opens them."), each(factors, _factor)),
        Chapter("devices", _("Where you are signed in."), each(devices, _device)),
        Chapter("notifications", _("What we told you, as it stands in your feed."), each(feed(user), _notification)),
        Chapter("activity", _("What the audit log has of what you did."), each(deeds, _deed)),
        Chapter("support", _("What you wrote to our support."), each(asked, _asked)),
        Chapter("counts", _("What we counted of your use, for statistics of our own."), each(counted, _count)),
    ]


def _account(user: User) -> Rows:
    addresses = EmailAddress.objects.filter(user=user).order_by("pk")
    off = MailSwitchedOff.objects.filter(user=user).order_by("event")
    yield {
        "id": user.pk,
        "name": user.name,
        "email": user.email,
        "addresses": [{"address": each.email, "verified": each.verified} for each in addresses],
        "role": user.role,
        "time_zone": user.time_zone,
        "language": user.language,
        "theme": user.theme,
        "has_password": user.has_usable_password(),
        "joined_at": user.date_joined,
        "last_signed_in_at": user.last_login,
        "suspended_at": user.suspended_at,
        "mail_switched_off": [each.event for each in off],
    }


def _factor(factor: Authenticator) -> Row:
    return {
        "kind": factor.get_type_display(),
        "name": factor.wrap().name if factor.type == Authenticator.Type.WEBAUTHN else "",
        "added_at": factor.created_at,
        "last_used_at": factor.last_used_at,
    }


def _device(session: UserSession) -> Row:
    return {
        "address": session.ip,
        "browser": session.user_agent,
        "signed_in_at": session.created_at,
        "last_seen_at": session.last_seen_at,
    }


def _notification(line: Notification) -> Row:
    return {"at": line.created_at, "title": line.title, "page": line.path, "read_at": line.read_at}


def _asked(request: SupportRequest) -> Row:
    return {
        "reference": request.reference,
        "at": request.created_at,
        "about": request.about.name if request.about else request.whom,
        "text": request.text,
        "closed_at": request.closed_at,
    }


def _deed(event: AuditEvent) -> Row:
    return {"at": event.at, "what": event.action, "about": event.subject_type, "id": event.subject_id}


def _count(event: AnalyticsEvent) -> Row:
    return {"at": event.at, "what": event.name, "data": event.data}
