"""Words as search compares them: without accents and case, in the index and in the question alike."""

import re
import unicodedata

# Letters that Unicode does not take apart into a letter and an accent.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
WORDS_MAX = 8


def fold(text: str) -> str:
    """``"José Müller"`` → ``"jose muller"``."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(PLAIN)


def question(text: str) -> str:
    """Turn what someone typed into a ``tsquery`` in which every word may go on; empty when it holds no word.

    Only letters, digits and underscores are left of it, so there is nothing to escape.
    """
    words = re.findall(r"\w+", fold(text))[:WORDS_MAX]
    return " & ".join(f"'{word}':*" for word in words)
