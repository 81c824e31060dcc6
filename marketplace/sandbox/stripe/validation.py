"""Holding a request's parameters against the types that Stripe publishes, and giving them those types."""

import re

from .errors import ApiError, invalid
from .objects import Json
from .sdk_types import Field, Schema, Type

MAX_METADATA_KEYS = 50
INTEGER = re.compile(r"-?[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


class Mismatch(Exception):
    """The value is not of this type; the message is Stripe's."""


def validate(given: dict[str, Json], schema: Schema, extra: dict[str, Field] | None = None) -> dict[str, Json]:
    """Return the parameters with their declared types, or refuse the first that is unknown, missing or mistyped.

    ``extra`` are fields that Stripe's own script sends and its libraries do not.
    """
    return checked_hash(given, {**schema.fields, **(extra or {})}, schema, at="")


def checked_hash(given: dict[str, Json], fields: dict[str, Field], schema: Schema, *, at: str) -> dict[str, Json]:
    for name in given:
        if name not in fields:
            where = joined(at, name)
            raise invalid(f"Received unknown parameter: {where}", code="parameter_unknown", param=where)
    for name, declared in fields.items():
        if declared.required and name not in given:
            where = joined(at, name)
            raise invalid(f"Missing required param: {where}.", code="parameter_missing", param=where)
    return {name: checked(value, fields[name].type, schema, at=joined(at, name)) for name, value in given.items()}


def joined(at: str, name: str) -> str:
    return f"{at}[{name}]" if at else name


def checked(value: Json, declared: Type, schema: Schema, *, at: str) -> Json:
    if value == "" and declared.kind != "any":
        if declared.may_be_empty():
            return ""
        raise invalid(
            f"You passed an empty string for '{at}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{at}' cannot be unset. You should remove '{at}' from your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=at,
        )
    try:
        return typed(value, declared, schema, at=at)
    except Mismatch as mismatch:
        code = "parameter_invalid_integer" if declared.kind == "int" else None
        raise invalid(str(mismatch), code=code, param=at) from None


def typed(value: Json, declared: Type, schema: Schema, *, at: str) -> Json:
    match declared.kind:
        case "list":
            return [checked(item, declared.inner[0], schema, at=f"{at}[{i}]") for i, item in enumerate(items(value))]
        case "map":
            return checked_map(value, declared, schema, at=at)
        case "hash":
            return checked_hash(hash_of(value), schema.hashes[declared.name], schema, at=at)
        case "union":
            return first_that_fits(value, declared, schema, at=at)
        case "any":
            return value
    return plain(scalar(value, at), declared, at=at)


def plain(text: str, declared: Type, *, at: str) -> Json:
    match declared.kind:
        case "int":
            return int(matching(text, INTEGER, "integer"))
        case "float":
            return float(matching(text, NUMBER, "decimal"))
        case "bool" if text not in {"true", "false"}:
            raise Mismatch(f"Invalid boolean: {text[:80]}")
        case "bool":
            return text == "true"
        case "choice" if text not in declared.choices:
            *most, last = declared.choices
            allowed = f"{', '.join(most)}, or {last}" if most else last
            raise Mismatch(f"Invalid {at}: must be one of {allowed}")
    return text


def first_that_fits(value: Json, declared: Type, schema: Schema, *, at: str) -> Json:
    """Try each option; a refusal from inside a hash is more telling than one about its kind."""
    refusals: list[Mismatch] = []
    inner: list[ApiError] = []
    for option in declared.inner:
        try:
            return typed(value, option, schema, at=at)
        except Mismatch as mismatch:
            refusals.append(mismatch)
        except ApiError as refusal:
            inner.append(refusal)
    if inner:
        raise inner[0]
    raise refusals[-1]


def scalar(value: Json, at: str) -> str:
    if not isinstance(value, str):
        raise Mismatch(f"Invalid string: {at} is a hash")
    if "\x00" in value or len(value) > 5000:
        raise Mismatch(f"Invalid string: {at} holds a null character or over 5000 characters")
    return value


def matching(text: str, pattern: re.Pattern[str], word: str) -> str:
    if not pattern.fullmatch(text):
        raise Mismatch(f"Invalid {word}: {text[:80]}")
    return text


def hash_of(value: Json) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Mismatch("Invalid hash")
    return value


def items(value: Json) -> list[Json]:
    if not isinstance(value, dict):
        raise Mismatch("Invalid array")
    if all(key.startswith("#") for key in value):
        return list(value.values())
    if all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    raise Mismatch("Invalid array")


def checked_map(value: Json, declared: Type, schema: Schema, *, at: str) -> dict[str, Json]:
    given = hash_of(value)
    if len(given) > MAX_METADATA_KEYS:
        raise Mismatch(f"You can have at most {MAX_METADATA_KEYS} keys in {at}")
    for key, text in given.items():
        if len(key) > 40:
            raise Mismatch(f"Metadata keys can have up to 40 characters: {key[:60]}")
        if isinstance(text, str) and len(text) > 500:
            raise Mismatch(f"Metadata values can have up to 500 characters: {joined(at, key)}")
    return {
        key: "" if text == "" else typed(text, declared.inner[0], schema, at=joined(at, key))
        for key, text in given.items()
    }
