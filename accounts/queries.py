"""Reads about accounts, shaped for a page or an answer."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import SupportRequest, User


@dataclass(frozen=True)
class Facts:
    """What ``me`` tells beside the account's own columns."""

    email_verified: bool
    # The mentor's public name. Read through the relation by its name: this floor does not know mentors.
    handle: str | None


def facts_of(user: User) -> Facts:
    verified = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    row = User.objects.filter(pk=user.pk).values("mentor__handle", is_verified=Exists(verified)).get()
    return Facts(email_verified=row["is_verified"], handle=row["mentor__handle"])


@dataclass(frozen=True)
class Security:
    """How an account is protected, for the overview page."""

    has_password: bool
    has_app: bool
    passkeys: int
    codes_left: int | None
    devices: int

    @property
    def factors(self) -> int:
        return self.has_app + self.passkeys


def security_of(user: User) -> Security:
    factors = list(Authenticator.objects.filter(user=user).order_by("pk"))
    codes = [f.wrap() for f in factors if f.type == Authenticator.Type.RECOVERY_CODES]
    return Security(
        has_password=user.has_usable_password(),
        has_app=any(f.type == Authenticator.Type.TOTP for f in factors),
        passkeys=sum(f.type == Authenticator.Type.WEBAUTHN for f in factors),
        codes_left=len(codes[0].get_unused_codes()) if codes else None,
        devices=UserSession.objects.filter(user=user).count(),
    )


def pending_email(user: User) -> str | None:
    """The address an account is changing to, while its code is awaited."""
    address = EmailAddress.objects.filter(user=user, verified=False).exclude(email=user.email).order_by("-pk").first()
    return address.email if address else None


def support_requests() -> QuerySet[SupportRequest]:
    """All that people wrote to support, with whom it concerns. For support's own pages only."""
    return SupportRequest.objects.select_related("by", "about", "closed_by")
