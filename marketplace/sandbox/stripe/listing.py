"""Lists: newest first, with ``limit``, ``starting_after``, ``ending_before`` and filters."""

from .call import Call
from .errors import invalid, missing
from .events import listed as event_filters
from .objects import Json, StripeObject

COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
UNCOVERED = frozenset({"delivery_success", "customer_account", "test_clock"})
OWN_NAMES = {"payout": "_payout"}  # of filters on what the sandbox keeps to itself
NOT_FILTERS = frozenset({"limit", "starting_after", "ending_before", "created", "expand", "type", "types"})


def objects(call: Call, kind: str, url: str, **fixed: Json) -> StripeObject:
    """List what the request asks for; ``fixed`` are filters that the path gives."""
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("This value must be between 1 and 100.", code="parameter_invalid_integer", param="limit")
    clauses, values = filters(call, kind, fixed)
    backwards = "ending_before" in call.params
    for name, comparison in (("starting_after", "<"), ("ending_before", ">")):
        if name in call.params:
            sequence = call.tx.sequence_of(call.params[name], kind)
            if sequence is None:
                raise missing(kind, call.params[name], param=name)
            clauses.append(f"AND seq {comparison} ?")
            values.append(sequence)
    found = call.tx.select(kind, where=" ".join(clauses), values=tuple(values), limit=limit + 1, oldest_first=backwards)
    page = found[:limit]
    if backwards:
        page.reverse()
    return {"object": "list", "data": page, "has_more": len(found) > limit, "url": url}


def filters(call: Call, kind: str, fixed: dict[str, Json]) -> tuple[list[str], list[Json]]:
    clauses: list[str] = []
    values: list[Json] = []
    if kind == "event":
        clause, patterns = event_filters(call.params)
        clauses.append(clause)
        values += patterns
    elif "type" in call.params:
        fixed = {**fixed, "type": call.params["type"]}
    if kind == "customer":
        clauses.append("AND json_extract(body, '$._deleted') IS NULL")
    created = call.params.get("created")
    for word, limit in (created if isinstance(created, dict) else {"": created} if created is not None else {}).items():
        clauses.append(f"AND created {COMPARISONS.get(word, '=')} ?")
        values.append(limit)
    plain = {name: value for name, value in call.params.items() if name not in NOT_FILTERS}
    for name, value in {**plain, **fixed}.items():
        if isinstance(value, dict | list) or name in UNCOVERED:
            raise invalid(f"The payment sandbox cannot filter by {name}.", param=name)
        # A declared parameter's name: letters only.
        clauses.append(f"AND json_extract(body, '$.{OWN_NAMES.get(name, name)}') = ?")
        values.append(value)
    return clauses, values


def small(data: list[StripeObject], url: str) -> StripeObject:
    """Return a list that stands inside an object."""
    return {"object": "list", "data": data, "has_more": False, "total_count": len(data), "url": url}
