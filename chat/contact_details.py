"""Does a text carry an address, a number or a name by which its writer is reached outside of this site?

A pure function, for a reminder and nothing else: no message is refused for what is found here, so a miss costs little and
a false alarm costs trust. Mathematics is full of digits; a number counts only when it is written as telephones are
(``docs/decisions/0017``, measured on ``tests/chat/corpus/``).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise

from django.utils.translation import gettext as _

from chat.contact_words import (
    AT,
    AWAY,
    CUES,
    DIGIT_WORDS,
    DOMAINS_OF_OTHERS,
    DOT,
    LINKS,
    OWN_AMBIGUOUS,
    PLATFORMS,
    PROVIDERS,
    TLDS,
    TLDS_NO_WORDS,
)

SHOWN_LENGTH = 40


class Kind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"
    NAME = "name"


@dataclass(frozen=True)
class Detail:
    kind: Kind
    # As it was seen, cut to a length that can be shown.
    text: str

    @property
    def sentence(self) -> str:
        """What the writer is told: ``“+49 151 …” looks like a phone number.``"""
        words = {
            Kind.EMAIL: _("“%(text)s” looks like an e-mail address."),
            Kind.PHONE: _("“%(text)s” looks like a phone number."),
            Kind.LINK: _("“%(text)s” looks like a link to another place to talk or to pay."),
            Kind.NAME: _("“%(text)s” looks like a name on another messenger."),
        }
        return words[self.kind] % {"text": self.text}


def find_contact_details(text: str) -> Sequence[Detail]:
    """Find what a text holds, one of each kind at most, in the order of ``Kind``."""
    plain = flatten(text)
    finders = ((Kind.EMAIL, emails), (Kind.PHONE, phones), (Kind.LINK, links), (Kind.NAME, names))
    return [
        Detail(kind, _shown(found)) for kind, find in finders if (found := next(iter(find(plain)), None)) is not None
    ]


def flatten(text: str) -> str:
    """Write look-alikes plainly: full-width and keycap digits, invisible characters, many kinds of dash and space."""
    text = "".join(char for char in text if unicodedata.category(char) != "Cf" and char not in "\ufe0f\u20e3")
    # Not all of NFKC: it would write x² as x2 and so make numbers of formulas.
    text = "".join(unicodedata.normalize("NFKC", char) if _is_look_alike(char) else char for char in text)
    return re.sub(r"[\u00a0\u2000-\u200a\u202f]", " ", re.sub(r"[\u2010-\u2015]", "-", text))


def _is_look_alike(char: str) -> bool:
    return "\uff01" <= char <= "\uff5e" or "\U0001d400" <= char <= "\U0001d7ff" or "\u2460" <= char <= "\u2473"


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_LENGTH else f"{text[: SHOWN_LENGTH - 1]}…"


# E-mail

# Bounded, as everything here that repeats: a text made to be slow is as fast as any other.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?"
_LOCAL = r"\w(?:[\w.+%-]{0,40}\w)?"
EMAIL = re.compile(
    rf"(?<![\w.+/@-])({_LOCAL})\s?@\s?((?:{_LABEL}\s?\.\s?){{1,4}})({TLDS})(?![\w(\[-]|\.\w)", re.IGNORECASE
)
# With a provider the ending goes without saying: anna @ gmail, anna at gmail.
AT_PROVIDER = re.compile(rf"(?<![\w.])({_LOCAL})\s{{0,4}}(?:@|{AT})\s{{0,4}}({PROVIDERS})(?!\w)", re.IGNORECASE)
# Spelt out: anna dot berg at web dot de.
SPELT = re.compile(
    rf"(?<!\w)({_LOCAL}(?:{DOT}\w{{1,30}})?)(?:@|{AT})({_LABEL}(?:{DOT}{_LABEL})?){DOT}({TLDS_NO_WORDS})(?!\w)",
    re.IGNORECASE,
)
# The name alone: my gmail is anna.berg77.
PROVIDER_NAME = re.compile(
    rf"(?<!\w)(?!\d)(?:{PROVIDERS})(?:\s{{1,4}}(?:address|adresse|account|id))?\s{{0,4}}(?:is|ist|est|es|è|é|:|=|->)\s{{0,4}}({_LOCAL})",
    re.IGNORECASE,
)


def emails(text: str) -> Iterator[str]:
    for found in EMAIL.finditer(text):
        ending = found.group(3)
        # "x @ w.to": a product of matrices has its spaces, an address with them has a known ending.
        if not re.search(r"\s", found.group()) or re.fullmatch(TLDS_NO_WORDS, ending, re.IGNORECASE):
            yield from _unless_of_others(found)
    for found in _each((AT_PROVIDER, SPELT, PROVIDER_NAME), text):
        if not _is_sentence(found):
            yield from _unless_of_others(found)


def _unless_of_others(found: re.Match[str]) -> Iterator[str]:
    """Addresses of examples and of places where code lies belong to nobody here."""
    domain = re.sub(r"\s", "", found.group()).lower().rpartition("@")[2]
    if domain not in DOMAINS_OF_OTHERS and not domain.startswith("example."):
        yield found.group()


def _is_sentence(found: re.Match[str]) -> bool:
    """ "I looked at Yahoo", "she works at Google mail": words before *at* that are no name of an account."""
    local = found.group(1).lower()
    spelt_sign = re.search(r"@|\(|\[|\{|<|_at_", found.group()) is not None
    return local in AWAY and not spelt_sign


# Telephone

# What stands before a number in a calculation, and never before a telephone number.
_NOT_AFTER = r"(?<![\w.,^_=*/+\-−\[{<>|$€£%#])(?<![=*/+\-−^<>|~≈\d]\s)"
_NOT_BEFORE = r"(?![\w^²³%°€$]|[.,:]\d|\s?[*^=×·+/<>]|\s?[-−]\s?\d|\s\d)"
INTERNATIONAL = re.compile(
    r"(?<![\w.,)\]}=*/^+\-−])(?<![\d)\]}=*/^]\s)(?<!\b[A-Za-z]\s)"
    r"(\+|00)\s?\(?([1-9]\d{0,3})\)?((?:[ .\-/()]{0,2}\d{1,7}){2,14})(?![\w^²³]|[.,]\d|\s?[*^=×·])"
)
# Each as its country writes it. A group of four numbers that is also a sum in thousands is not among them.
NATIONAL = tuple(
    re.compile(_NOT_AFTER + shape + _NOT_BEFORE)
    for shape in (
        r"0[1-9](?:([ .\-])\d\d)(?:\1\d\d){3}",  # France, Belgium
        r"01[5-7]\d[ /\-]?\d{3,4} ?\d{3,5}",  # Germany, mobile
        r"0[2-9]\d{1,4} ?/ ?\d{3,4} ?\d{2,5}",  # Germany, Austria: 030/1234567
        r"01[5-7]\d{2}[ /\-]?\d{6,7}",
        r"01[5-7]\d(?: \d{3,4}){2,3}",
        r"06\d{2}[ /\-]?\d{3,4} ?\d{3,4}",  # Austria, mobile
        r"07[4-9]\d{2}[ \-]?\d{3} ?\d{3}",  # United Kingdom, mobile
        r"07\d \d{3} \d{2} \d{2}",  # Switzerland
        r"02[0-9] \d{4} \d{4}",  # London
        r"0[789][01]\d[ \-]?\d{3}[ \-]?\d{4}",  # Nigeria, South Korea, Japan
        r"0[67]\d{2} \d{3} \d{3}",  # Kenya, Uganda
        r"04\d{2} \d{3} \d{3}",  # Australia
        r"06[- ]?\d{8}",  # Netherlands
        r"\([2-9]\d{2}\) ?[2-9]\d{2}[ .\-]\d{4}",  # North America: (415) 555-2671
        r"[2-9]\d{2}([.\-])[2-9]\d{2}\1\d{4}",
        r"1[\- ][2-9]\d{2}([.\-])[2-9]\d{2}\1\d{4}",
        r"\(\d{2}\) ?9?\d{4}-\d{4}",  # Brazil
        r"3[2-9]\d \d{7}",  # Italy, mobile
        r"[6-9]\d{4}[ \-]\d{5}",  # India
        r"8[ (\-]{1,2}9\d{2}[ )\-]{1,2}\d{3}[ \-]\d{2}[ \-]\d{2}",  # Russia
        r"0\d(?: \d){7,11}",  # said digit by digit
        r"0(?: \d){8,11}",
        r"0[1-9]\d{8,9}",
    )
)
# Any number of digits beside a word for telephones.
CUED = re.compile(rf"(?:{CUES})(?:\D{{0,30}}?)(\+?\(?\d(?:[ .\-/()]{{0,3}}\d){{6,14}})(?![\d^]|[.,]\d)", re.IGNORECASE)
CUED_AFTER = re.compile(
    r"(?<![\w.,=*/^+\-−])(\+?\(?\d(?:[ .\-/()]{0,3}\d){7,14})\s{0,4}(?:\(|-|,)?\s{0,4}(?:on |is |ist |es |est )?(?:whats\s?app|wapp|my (?:cell|mobile|phone)|call me|text me|meine nummer|mi número|viber|telegram)(?!\w)",
    re.IGNORECASE,
)
SAID = re.compile(
    rf"(?<!\w)(?:(?:plus\s{{1,4}})?(?:{DIGIT_WORDS})[\s,.\-]+){{7,14}}(?:{DIGIT_WORDS})(?!\w)", re.IGNORECASE
)
IN_OTHER_NUMBERS = re.compile(
    r"(?:\b(?:isbn|issn|doi|arxiv|orcid|iban|ean|matrikel\w*|matr|student(?:en)?\s?(?:id|number|no|nr|nummer)|id|order|invoice|rechnung\w*|ticket|serial|seed|bits?|binary|hex|octal|mod|primes?|digits?|decimals?|sequence|folge|data|values?|list|array|sample|n|nr|no|number|zahl|nombre)\b\.?[\s:=#\-]*(?:is\s|of\s|the\s|10|13)?[\s:=#\-]*)$",
    re.IGNORECASE,
)


def phones(text: str) -> Iterator[str]:
    for found in INTERNATIONAL.finditer(text):
        digits = re.sub(r"\D", "", found.group(2) + found.group(3))
        if 9 <= len(digits) <= 15 and _is_no_calculation(found, text):
            yield found.group()
    for found in _each(NATIONAL, text):
        if _looks_dialled(found.group()) and not IN_OTHER_NUMBERS.search(text[: found.start()]):
            yield found.group()
    for found in _each((CUED, CUED_AFTER), text):
        if _looks_dialled(found.group(1), cued=True):
            yield found.group(1)
    for found in SAID.finditer(text):
        if _is_no_counting(found.group()):
            yield found.group()


def _each(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    return chain.from_iterable(pattern.finditer(text) for pattern in patterns)


def _is_no_calculation(found: re.Match[str], text: str) -> bool:
    body = found.group()
    if re.fullmatch(r"\+\s?\d+\.\d+", body) or (found.group(1) == "00" and set(re.sub(r"\D", "", body)) <= {"0", "1"}):
        return False
    if found.group(1) == "00" and not re.search(r"00\s?[1-9]\d{0,2}[ .\-/()]", body) and len(body) < 12:
        return False
    return not IN_OTHER_NUMBERS.search(text[: found.start()])


def _looks_dialled(body: str, *, cued: bool = False) -> bool:
    """Rule out what only shares the shape: amounts, runs of bits, counting, ISBNs, dates."""
    digits = re.sub(r"\D", "", body)
    is_plain = body == digits
    if not 7 <= len(digits) <= 15 or len(set(digits)) < (3 if cued else 4) or _is_sequence(body):
        return False
    if re.fullmatch(r"\d+[.,]\d+", body) or all(not int(part) % 100 for part in re.findall(r"\d+", body)):
        return False
    if cued and is_plain and len(digits) < 9 and digits[0] != "0":
        return False
    if is_plain and not cued and (digits in "01234567890123456789" or digits in "98765432109876543210"):
        return False
    if re.search(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", body) and len(digits) <= 8:
        return False
    return cued or not _is_isbn(body)


def _is_isbn(body: str) -> bool:
    """Written in one, or with its check digit by itself at the end."""
    digits = re.sub(r"\D", "", body)
    if len(digits) == 13:
        return digits.startswith(("978", "979"))
    is_shaped = body == digits or re.search(r"[ \-]\d$", body) is not None
    return is_shaped and len(digits) == 10 and not sum((10 - at) * int(digit) for at, digit in enumerate(digits)) % 11


def _is_sequence(body: str) -> bool:
    """Numbers that rise as in a list: 0 1 1 2 3 5 8, or by the same step each time: 05 11 17 23 29."""
    numbers = [int(each) for each in re.findall(r"\d+", body)]
    steps = {after - before for before, after in pairwise(numbers)}
    return (len(numbers) > 6 and all(step >= 0 for step in steps)) or (len(numbers) > 4 and len(steps) == 1)


def _is_no_counting(body: str) -> bool:
    words = re.findall(r"\w+", body.lower())
    return (
        len(set(words)) >= 4
        and not _counts(words)
        and words[0] in {"plus", "zero", "oh", "o", "null", "zéro", "cero", "nul", "ноль"}
    )


def _counts(words: Sequence[str]) -> bool:
    first = DIGIT_WORDS.split("|")
    places = [first.index(word) % 10 for word in words if word in first]
    steps = [after - before for before, after in pairwise(places)]
    return sum(step in {1, -1} for step in steps) > len(steps) * 0.8


# Links and names

LINK = re.compile(rf"(?<![\w.@/-])(?:https?\s?:\s?//\s?)?(?:www\.)?(?:{LINKS})", re.IGNORECASE)
SPELT_LINK = re.compile(
    rf"(?<!\w)(?:wa|t|m|discord|instagram|facebook|signal)\s{{0,4}}{DOT}\s{{0,4}}(?:me|gg|com)\s{{0,4}}(?:/|slash|\(slash\)|barra)\s{{0,4}}\w+",
    re.IGNORECASE,
)

_IS = r"(?:\s{0,4}(?:is|ist|lautet|c['’]est|est|es|è|é|это|jest|[:=]|->|\s-\s)\s{0,4})"
_NAME = r"(@?[A-Za-z0-9](?:[\w.\-]*\w)?(?:#\d{4})?)"
_WHOSE = r"(?:my|mein|meine|meinen|mon|ma|mi|mis|il mio|la mia|meu|minha|mój|moja|мой|моя|mijn|our)"
_KIND_OF_NAME = r"(?:\s{0,4}(?:user\s?name|handle|name|id|account|acc|nick(?:name)?|tag|profile|nummer|number|username|nutzername|usuario|pseudo|profil|konto))?"
_ON = r"\s{1,4}(?:on|auf|bei|über|via|sur|en|por|su|no|na|в|by|through|at)\s{1,4}(?:my\s{1,4})?"
_ANY = rf"(?:{PLATFORMS}|{OWN_AMBIGUOUS})(?!\w)"
_TELLING = r"(?=\w{0,30}[._#@\d])"  # a name that no word looks like
NAMES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # my insta is lena
        rf"(?<!\w){_WHOSE}\s{{1,4}}{_ANY}{_KIND_OF_NAME}{_IS}{_NAME}",
        # telegram: lena_m, WeChat id lena77
        rf"(?<!\w)(?:{PLATFORMS}){_KIND_OF_NAME}\s{{0,4}}(?:[:=]|->|=>|is|ist|es|est)\s{{0,4}}{_TELLING}{_NAME}",
        rf"(?<!\w){_ANY}\s{{1,4}}(?:id|username|handle|name|tag|nick)\s{{0,4}}(?:is|ist|:|=|-)?\s{{1,4}}{_TELLING}{_NAME}",
        r"(?<!\w)(?:ig|fb|snap)\s{0,4}:\s{0,4}(@?[a-z]{2,20}\w{0,20}[._]\w{1,20})",
        # tg @lena
        rf"(?<!\w){_ANY}(?:\s?id)?[\s,:(\-]{{0,4}}(@[A-Za-z_][\w.]{{2,30}})",
        rf"(@[A-Za-z_][\w.]{{2,30}}){_ON}{_ANY}",
        # add me on discord, lena#4821; schreib mir auf Telegram unter lena_m
        rf"(?<!\w)(?:me|mich|mir|moi|us|contact)(?:\s{{1,4}}up)?{_ON}{_ANY}[\s,:;!.\-–—]{{0,4}}(?:as|is|under|als|unter|sous|como|come|i'?m|ich bin|soy|je suis|name|user|username|my name is|it'?s|id|at)?[\s:]{{0,4}}(@?[A-Za-z](?:[\w.\-]{{0,30}}[\d_.#@][\w.#]{{0,30}}\w|\w{{0,30}}(?-i:[A-Z])\w{{1,30}}|\w{{1,30}}(?=\s{{0,4}}(?:$|[.!,)\n]))))",
        # I am lena_m on instagram
        rf"(?<![\w/.])(?:as\s{{1,4}})?(@?[A-Za-z]\w{{0,30}}(?:[._]\w{{1,30}}|\d{{1,6}})){_ON}(?:{PLATFORMS})(?!\w)",
        rf"(?<!\w)(?:{PLATFORMS})\b[^.\n]{{0,20}}?\b(\w{{2,32}}#\d{{4}})(?!\d)",
        r"(?<!\w)(?:dm|pm|hmu|message|text|write(?:\s{1,4}to)?|add|follow|find|snap|escríbeme|agrégame|ajoute|suis)(?:\s{1,4}(?:me|moi|mich))?\s{1,4}(?:at\s|on\s|a\s)?(@[A-Za-z_][\w.]{2,30})",
        r"(?:live:|skype:)(\.?[a-z][\w.:\-]{4,30})",
        r"(?<![A-Za-z0-9/])(?:微信|wechat|威信|加我|vx|QQ)\s{0,4}(?:号|id|是|为|[:：]){0,3}\s{0,4}(?=\w{0,30}[_\d])([A-Za-z][\w\-]{4,30}|\d{5,11})",
        r"(?<!\w)(?:телег\w{0,5}|тг|вотсап\w{0,2}|ватсап\w{0,2}|инст\w{0,7}|вк|скайп\w{0,2})\s{0,4}(?:[:\-–]|это|мой|ник){0,2}\s{0,4}(@?[A-Za-z][\w.]{2,30})",
        rf"(?<!\w)(?:on|auf|sur|en|su|no|via)\s{{1,4}}(?:{PLATFORMS})\s{{0,4}}\(?\s{{0,4}}(@?[A-Za-z]\w{{0,30}}[\d_.]\w{{1,30}})",
    )
)


def links(text: str) -> Iterator[str]:
    return (found.group() for found in _each((LINK, SPELT_LINK), text))


def names(text: str) -> Iterator[str]:
    """Names of accounts, with the messenger that they are on."""
    named = (found for found in _each(NAMES, text) if found.group(1).lower().strip("@") not in AWAY)
    return (found.group() for found in named)
