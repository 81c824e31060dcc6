"""Reading form bodies with nested keys: ``card[number]=…&expand[]=…&items[0][id]=…``."""

import re
from urllib.parse import parse_qsl

from .errors import invalid
from .objects import Json

MAX_FIELDS = 1000
MAX_DEPTH = 8
KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def read_pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:  # too many fields, or bytes that are not UTF-8
        raise invalid("The request could not be read: it must be form-encoded UTF-8.") from None


def nest(pairs: list[tuple[str, str]]) -> dict[str, Json]:
    """Turn flat pairs into nested hashes of strings.

    A list is a hash of positions here (``0``, or ``#0`` for ``[]``): only the declared type can say
    whether ``metadata[0]`` is the first of a list or a key called 0.
    """
    tree: dict[str, Json] = {}
    for key, value in pairs:
        place(tree, path_of(key), value)
    return tree


def path_of(key: str) -> list[str]:
    match = KEY.fullmatch(key)
    if match is None:
        raise invalid(f"Invalid parameter name: {key[:80]}", code="parameter_unknown", param=key[:80])
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(path) > MAX_DEPTH:
        raise invalid(f"Too deeply nested: {path[0]}", param=path[0])
    return path


def place(tree: dict[str, Json], path: list[str], value: str) -> None:
    here = tree
    for depth, part in enumerate(path):
        name = part or f"#{len(here)}"  # items[]=a&items[]=b: each one is the next
        if depth == len(path) - 1:
            here[name] = value
            return
        inner = here.setdefault(name, {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid hash or array: {path[0]}", param=path[0])
        here = inner
