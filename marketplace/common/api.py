"""JSON routes through one decorator.

``json_route`` runs the guards in the product's order, reads and checks the body with pydantic, honours
``Idempotency-Key`` and writes the answer. ``methods`` puts the routes of one URL together. ``schema.py`` reads the same
declarations to print the OpenAPI document, so the document can't drift from the code.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import update_wrapper
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from marketplace.common import idempotency
from marketplace.common.errors import DomainError
from marketplace.common.guards import SIGNED_IN, Who, admit
from marketplace.common.limits import check_rate
from marketplace.common.problems import problem, problem_of
from marketplace.common.schemas import In, Query

MAX_BODY = 128 * 1024

type Loader = Callable[..., Any]  # Any: the object a route is about


@dataclass(frozen=True)
class Answer:
    """What a route answers when it isn't a plain 200."""

    body: BaseModel | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class BadRequestBody(Exception):
    def __init__(self, response: HttpResponse) -> None:
        self.response = response


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one URL: its code and what the decorator was told about it."""

    view: Callable[..., Any]  # Any: returns a model, an Answer or a response
    who: Who
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Mapping[int, type[BaseModel] | None]
    load: Loader | None
    limit: str | None
    idempotent: bool
    # Rebuilds the answer from what was made, where a crash kept it from being stored.
    remake: Callable[[HttpRequest, str], Answer] | None

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        if not self.who.public:
            if not request.user.is_authenticated:
                return problem("not_authenticated", _("Sign in first."))
            admit(request, self.who)
        if self.limit:
            check_rate(request, self.limit)
        args: dict[str, Any] = {"obj": self.load(request, **kwargs)} if self.load else dict(kwargs)
        try:
            raw = b"" if request.method in {"GET", "HEAD"} else read_body(request)
            key = request.headers.get("Idempotency-Key") if self.idempotent else None
            if key is not None:
                return self._once(request, key, raw, args)
            return self._answer(request, raw, args)
        except BadRequestBody as exc:
            return exc.response

    def _answer(self, request: HttpRequest, raw: bytes, args: dict[str, Any]) -> HttpResponseBase:
        if self.body:
            args["body"] = parse(self.body, raw, request)
        elif request.content_type == "application/json":
            parse(In, raw, request)  # no field is known where no body is asked for
        if self.query or request.method in {"GET", "HEAD"}:
            query = parse_query(self.query or Query, request)
            args |= {"query": query} if self.query else {}
        result = self.view(request, **args)
        if isinstance(result, HttpResponseBase):
            return result
        answer = result if isinstance(result, Answer) else Answer(result, status=next(iter(self.answers), 200))
        return respond(answer)

    def _once(self, request: HttpRequest, key: str, raw: bytes, args: dict[str, Any]) -> HttpResponseBase:
        assert request.user.pk is not None
        claim = idempotency.begin(user_id=request.user.pk, key=key, route=f"{request.method} {request.path}", body=raw)
        if isinstance(claim, idempotency.Earlier):
            return self._replay(request, claim)
        try:
            with idempotency.remembering(claim):
                response = self._answer(request, raw, args)
        except DomainError as error:
            response = problem_of(error)
            if error.status in {429, 503}:
                idempotency.forget(claim)
                return response
        except BadRequestBody as exc:
            response = exc.response
        except BaseException:
            idempotency.forget(claim)
            raise
        if isinstance(response, HttpResponse):
            idempotency.finish(claim, status=response.status_code, answer=json.loads(response.content or b"null"))
        return response

    def _replay(self, request: HttpRequest, earlier: idempotency.Earlier) -> HttpResponseBase:
        if earlier.status is None:
            assert self.remake is not None
            response: HttpResponse = respond(self.remake(request, earlier.made_id))
        else:
            kind = "application/problem+json" if earlier.status >= 400 else "application/json"
            content = b"" if earlier.answer is None else json.dumps(earlier.answer).encode()
            response = HttpResponse(content, status=earlier.status, content_type=kind)
        response["Idempotency-Replayed"] = "true"
        return response


def json_route(
    *,
    who: Who = SIGNED_IN,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answers: Mapping[int, type[BaseModel] | None],
    load: Loader | None = None,
    limit: str | None = None,
    idempotent: bool = False,
    remake: Callable[[HttpRequest, str], Answer] | None = None,
) -> Callable[[Callable[..., Any]], Route]:  # Any: routes return a model, an Answer or a response
    """Declare a JSON route.

    ``load(request, **url_parts)`` returns the object the path names, through what the user may see, or raises
    ``Http404``; the view gets it as ``obj``. The view gets ``body`` and ``query`` as checked models. The first status of
    ``answers`` is that of a plainly returned model. An ``idempotent`` route that makes something takes ``remake``.
    """

    def declare(view: Callable[..., Any]) -> Route:
        return Route(
            view=view, who=who, body=body, query=query, answers=answers, load=load, limit=limit,
            idempotent=idempotent, remake=remake,
        )  # fmt: skip

    return declare


def methods(**routes: Route) -> Callable[..., HttpResponseBase]:
    """Join the routes of one URL. An unknown method is 405 before anyone is asked who they are."""
    allowed = ", ".join(sorted(routes))

    def dispatch(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # Any: the URL's parts
        route = routes.get("GET" if request.method == "HEAD" else request.method or "")
        if route is None:
            return wrong_method(allowed)
        return route(request, **kwargs)

    update_wrapper(dispatch, next(iter(routes.values())).view)
    dispatch.routes = routes  # type: ignore[attr-defined]  # read by schema.py
    dispatch.login_required = False  # type: ignore[attr-defined]  # the routes ask themselves, after the method
    return dispatch


def wrong_method(allowed: str) -> HttpResponse:
    response = problem("method_not_allowed", _("This address does not take that method."))
    response["Allow"] = allowed
    return response


def respond(answer: Answer) -> HttpResponse:
    if answer.body is None:
        response = HttpResponse(status=answer.status)
    else:
        response = HttpResponse(answer.body.model_dump_json(), status=answer.status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    for name, value in answer.headers.items():
        response[name] = value
    return response


def read_body(request: HttpRequest, limit: int = MAX_BODY) -> bytes:
    """Read the raw body, refusing a large one before it is read."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            raise RequestDataTooBig
        raw = request.body
    except (RequestDataTooBig, ValueError) as exc:
        raise BadRequestBody(problem("too_large", _("The body is too large."))) from exc
    except UnreadablePostError as exc:
        raise BadRequestBody(problem("malformed", _("The body could not be read to its end."))) from exc
    if len(raw) > limit:
        raise BadRequestBody(problem("too_large", _("The body is too large.")))
    return raw


def parse(model: type[BaseModel], raw: bytes, request: HttpRequest) -> BaseModel:
    """Read a JSON body into its model: 415 not JSON, 400 malformed, 422 unknown or wrong fields."""
    if raw and request.content_type != "application/json":
        raise BadRequestBody(problem("unsupported_media_type", _("Send the body as application/json.")))
    try:
        data = json.loads(raw or b"{}")
    except (ValueError, RecursionError) as exc:  # UnicodeDecodeError and JSONDecodeError are both ValueErrors
        raise BadRequestBody(problem("malformed", _("The body is not JSON."))) from exc
    if not isinstance(data, dict):
        raise BadRequestBody(problem("malformed", _("The body must be a JSON object.")))
    if b"\\u0000" in raw and holds_nul(data):  # the text \\u0000 in a message about code is no NUL
        raise BadRequestBody(problem("invalid", _("The body holds a character that can't be stored.")))
    # From the text, not from the parsed dict: pydantic then knows that a UUID or a moment can only come as a string,
    # and can be strict about everything else.
    return checked(lambda: model.model_validate_json(raw or b"{}"))


def holds_nul(value: object) -> bool:
    """Whether NUL, which PostgreSQL can't keep in a text, stands in a string anywhere in parsed JSON."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str) and "\x00" in each:
            return True
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
    return False


def parse_query(model: type[BaseModel], request: HttpRequest) -> BaseModel:
    """Read the query string into its model: 422 unknown or wrong fields. Fields declared as lists collect every value,
    others the last one."""
    lists = {name for name, f in model.model_fields.items() if "list" in str(f.annotation)}
    values = {name: request.GET.getlist(name) if name in lists else request.GET[name] for name in request.GET}
    return checked(lambda: model.model_validate(values), unknown=_("The address has a field that is not known here."))


def checked(read: Callable[[], BaseModel], *, unknown: str = "") -> BaseModel:
    """Run a validation; refuse what it refuses, naming each field at fault. ``unknown`` says that a field is not known."""
    try:
        return read()
    except ValidationError as exc:
        faults = exc.errors(include_url=False, include_context=False, include_input=False)
        if faults[0]["type"] == "json_invalid":  # nested too deeply, or half a surrogate pair
            raise BadRequestBody(problem("malformed", _("The body is not JSON."))) from exc
        strange = [e for e in faults if e["type"] == "extra_forbidden"]
        errors = [
            {"field": ".".join(map(str, e["loc"])), "message": e["msg"].removeprefix("Value error, ")}
            for e in strange or faults
        ]
        code, detail = "invalid", _("Some fields need another value.")
        if strange:
            code, detail = "unknown_field", unknown or _("The body has a field that is not known here.")
        structlog.get_logger(__name__).info("body_refused", code=code, fields=[e["field"] for e in errors])
        raise BadRequestBody(problem(code, detail, errors=errors)) from exc
