"""Languages by ISO code, with their names from Unicode's data in the reader's language."""

from functools import cache

from babel import Locale

from marketplace.common.formatting import active_locale

# Offered as boxes on the profile form, the most taught first; a program may name any that is known.
COMMON = (
    "en", "es", "fr", "de", "pt", "it", "zh", "ja", "ko", "ar", "hi", "ru", "uk", "pl", "nl", "tr",
    "sv", "el", "he", "fa", "id", "vi", "th", "sw", "yo", "ig", "ha", "am", "bn", "ta", "ur", "pa",
)  # fmt: skip


@cache
def known_languages() -> frozenset[str]:
    """The ISO 639 codes that have a name."""
    codes = (str(code) for code in Locale("en").languages)
    return frozenset(code for code in codes if code.isalpha() and len(code) in {2, 3})


def language_name(code: str) -> str:
    """``de`` → ``German``, or ``Deutsch`` for a German reader; the code itself where nobody named it."""
    name = str(active_locale().languages.get(code, code))
    return name[:1].upper() + name[1:]
