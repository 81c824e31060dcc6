"""What the provider still wants to know of a mentor, in words. Its names: https://docs.stripe.com/connect/required-verification-information."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# The beginning of a requirement's name, the longer ones first where one begins with the other.
WORDS: tuple[tuple[str, Promise], ...] = (
    ("external_account", _("A bank account that the money goes to")),
    ("business_type", _("Whether you work as a person or a company")),
    ("business_profile", _("A few words about what you offer")),
    ("tos_acceptance", _("Your consent to our payment provider’s terms")),
    ("individual.first_name", _("Your name")),
    ("individual.last_name", _("Your name")),
    ("individual.dob", _("Your date of birth")),
    ("individual.address", _("Your home address")),
    ("individual.email", _("Your e-mail address")),
    ("individual.phone", _("Your phone number")),
    ("individual.ssn_last_4", _("Your tax or national identity number")),
    ("individual.id_number", _("Your tax or national identity number")),
    ("individual.verification.additional_document", _("A paper that shows your address")),
    ("individual.verification", _("A photo of your identity card or passport")),
    ("individual", _("Some more details about you")),
    ("company.verification", _("A paper that shows that your company exists")),
    ("company", _("Details of your company")),
    ("representative", _("Details of who speaks for your company")),
    ("person_", _("Details of the people behind your company")),
    ("owners", _("Details of the people behind your company")),
    ("directors", _("Details of the people behind your company")),
)
OTHER = _("Some more details")


def missing_in_words(names: Iterable[str]) -> list[Promise]:
    """A plain list, each line once and in the provider's order."""
    lines = (next((words for start, words in WORDS if name.startswith(start)), OTHER) for name in names)
    return list(dict.fromkeys(lines))
