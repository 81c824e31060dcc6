"""``GET /api/schema.json``: OpenAPI 3.1, written from the declarations of the JSON routes themselves."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern, URLResolver, get_resolver
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from marketplace.common.api import Route, json_route, methods
from marketplace.common.errors import CODES
from marketplace.common.guards import ANYONE

CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")
FORMATS = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer"}}


@json_route(who=ANYONE, answers={200: None})
def show_schema(request: HttpRequest) -> JsonResponse:
    """Describe every JSON route, this one among them."""
    return JsonResponse(document())


schema = methods(GET=show_schema)


def json_routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, str, str, Route]]:
    """Yield ``(path, url name, method, route)`` of every JSON route."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from json_routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            for method, route in getattr(pattern.callback, "routes", {}).items():
                yield f"/{path}", pattern.name or "", method, route


@cache
def document() -> dict[str, Any]:  # Any: JSON
    """Build the document once: the routes don't change while we run."""
    found = list(json_routes())
    models = {model for *_, route in found for model in (route.body, *route.answers.values()) if model is not None}
    refs, definitions = models_json_schema(
        [(model, "serialization" if not _is_body(model, found) else "validation") for model in sorted(models, key=str)],
        ref_template="#/components/schemas/{model}",
    )
    by_model: dict[Any, dict[str, Any]] = {
        model: ref for (model, _mode), ref in refs.items()
    }  # Any: pydantic's classes
    paths: dict[str, dict[str, Any]] = {}
    for path, name, method, route in sorted(found, key=lambda item: item[:3]):
        operation = _operation(path, name, method, route, by_model)
        paths.setdefault(CONVERTER.sub(r"{\2}", path), {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": settings.SITE_NAME, "version": "1"},
        "servers": [{"url": settings.SITE_URL}],
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), "Problem": PROBLEM},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
            },
        },
    }


def _is_body(model: type[BaseModel], found: list[tuple[str, str, str, Route]]) -> bool:
    return any(route.body is model for *_, route in found)


def _operation(
    path: str, name: str, method: str, route: Route, refs: dict[Any, dict[str, Any]]
) -> dict[str, Any]:  # Any: JSON
    operation: dict[str, Any] = {
        "operationId": f"{method.lower()}-{name}",
        "summary": (route.view.__doc__ or name.replace("-", " ")).strip().splitlines()[0],
        "parameters": [
            {"name": part, "in": "path", "required": True, "schema": FORMATS.get(kind, {"type": "string"})}
            for kind, part in CONVERTER.findall(path)
        ],
        "responses": {
            **{
                str(status): {
                    "description": "",
                    **({"content": {"application/json": {"schema": refs[model]}}} if model else {}),
                }
                for status, model in route.answers.items()
            },
            "default": {
                "description": "Refused; `code` says why.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
        "security": [] if route.who.public else [{"session": []}],
    }
    if route.query:
        fields = route.query.model_json_schema()
        operation["parameters"] += [
            {"name": name, "in": "query", "required": name in fields.get("required", []), "schema": field}
            for name, field in fields["properties"].items()
        ]
    if route.idempotent:
        operation["parameters"].append(
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 8, "maxLength": 255}}
        )
    if route.body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": refs[route.body]}}}
    return operation


PROBLEM: dict[str, Any] = {  # Any: JSON
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": sorted(CODES)},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "format": "uuid"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
