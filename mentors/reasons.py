"""Why something was refused, as its mentor reads it: what is wrong, and how to put it right."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mentors.models import VerificationDocument

Reason = VerificationDocument.Reason


class Advice(NamedTuple):
    wrong: str | Promise
    remedy: str | Promise


ADVICE = {
    Reason.UNREADABLE: Advice(
        _("Part of it can’t be read or is cut off."),
        _("Place it flat, step back a little, and take the photo again so that all four corners show."),
    ),
    Reason.EXPIRED: Advice(_("It has expired."), _("Send one that is still valid.")),
    Reason.NAME_MISMATCH: Advice(
        _("The name on it is not the name of your account."),
        _("Send one in the same name, or change the name of your account to the one on the document."),
    ),
    Reason.WRONG_TYPE: Advice(
        _("It is not the document we asked for."),
        _(
            "A government ID is a passport, an identity card or a driving licence; a certificate names what you studied."
        ),
    ),
    Reason.SUSPECTED_EDIT: Advice(
        _("It looks as if it had been edited."),
        _("Send a photo or scan straight from the camera or scanner, without filters or crossed-out parts."),
    ),
    Reason.OTHER: Advice("", ""),
}

ABOUT_AN_APPLICATION = {
    **ADVICE,
    Reason.UNREADABLE: Advice(_("Part of what you sent can’t be read."), _("Send better copies.")),
    Reason.EXPIRED: Advice(_("A document has expired."), _("Send one that is still valid.")),
    Reason.WRONG_TYPE: Advice(_("Your documents are not the ones we asked for."), _("Send the right ones.")),
    Reason.SUSPECTED_EDIT: Advice(_("A document looks as if it had been edited."), _("Send it as it is.")),
}
