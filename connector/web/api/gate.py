"""What every request of the API passes: key, budget, scope, size; and what is remembered of it afterwards."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import flask_smorest
import marshmallow
import orjson
from flask import Flask, Request, Response, current_app, g, request
from sqlalchemy.engine import Connection
from webargs.flaskparser import FlaskParser

from connector.errors import RejectedInput
from connector.services.api import keys, repeating, uses
from connector.services.api.keys import Caller, Scope, UnknownKey
from connector.services.api.remembering import RememberedCallers
from connector.services.api.repeating import Answer, OtherRequest, UnderWay
from connector.store.session import UNAVAILABLE
from connector.web.api import headers, problems, strict
from connector.web.api.problems import Problem
from connector.web.guard import anybody
from connector.web.wiring import services

BODY_BYTES = 64 * 1024
_KEPT_HEADERS = ("Content-Type", "Location")
_CALLERS = "connector.api.callers"
_ANSWERED_ONCE = "answered_once"
"""The mark of a route that honours an ``Idempotency-Key``, for its description."""
_ONLY_READ = frozenset({Scope.SCORES_READ, Scope.LEADS_READ, Scope.MODELS_READ, Scope.EXPORTS_READ})
"""Scopes whose routes change nothing, so that a revoked key may be noticed as late as before the answer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a route asks for: a scope, so many units of the key's budget; and how large its body may be."""

    scope: Scope
    cost: int
    body_bytes: int


class _Parser(FlaskParser):
    """Reads what a route is given; names that it does not know are an error, not a wish that nobody hears."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": marshmallow.RAISE, "query": marshmallow.RAISE}  # noqa: RUF012 # as in webargs

    def load_json(self, req: Request, schema: Any) -> Any:
        """Read a body strictly."""
        if req.mimetype != "application/json":
            raise Problem("media-type", "The body must be application/json.")
        try:
            return strict.loads(req.get_data(cache=True))
        except strict.Unreadable as error:
            raise Problem("malformed", str(error)) from None

    def handle_error(self, error: marshmallow.ValidationError, *args: Any, **more: Any) -> Any:
        """Say what is wrong, place by place."""
        raise problems.invalid(cast("dict[str, Any]", error.messages)) from None


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """Routes of one noun. Each must say what it ``needs``: one that does not is closed."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, *args: Any, **more: Any) -> None:
        """Describe, last of all, the headers of every route."""
        super().__init__(*args, **more)
        self._prepare_doc_cbks.append(_describe_headers)

    def needs(self, scope: Scope, *, cost: int = 1, body_bytes: int = BODY_BYTES) -> Callable[[Any], Any]:
        """Let keys with a scope in. To be written directly below the route."""

        def decorator(function: Any) -> Any:
            told = {"security": [{"key": []}], "x-scope": str(scope), "x-cost": cost}
            documented = self.doc(**told)(function)
            documented._apidoc[_ANSWERED_ONCE] = getattr(function, _ANSWERED_ONCE, False)
            documented.api_rule = Rule(scope, cost, body_bytes)
            return anybody("a key with the scope opens it, and no cookie")(documented)

        return decorator


def _describe_headers(operation: dict[str, Any], told: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
    return headers.describe(operation, once=told.get(_ANSWERED_ONCE, False))


def register(app: Flask) -> None:
    """Guard the API; must come before the rate limits, which count by key."""
    app.extensions[_CALLERS] = RememberedCallers()
    app.before_request(_enter)
    app.after_request(_leave)
    app.register_error_handler(Problem, problems.answer)


def caller() -> Caller:
    """Return who asks."""
    return cast("Caller", g.caller)


def used(lead_ids: Sequence[int]) -> None:
    """Say which leads a request is about, for the ledger."""
    g.api_leads = list(lead_ids)


def note(session: Connection, lead_ids: Sequence[int]) -> None:
    """Remember this request in the transaction that reads what it is told about leads, instead of in one more."""
    if not _remember(functools.partial(uses.add, services(), session), lead_ids):
        raise _unknown(keys.ENDED)
    g.noted = True


def cost() -> int:
    """Return how much of the key's budget this request takes."""
    rule = _rule()
    return rule.cost if rule else 1


def _rule() -> Rule | None:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "api_rule", None)


def _enter() -> None:
    blueprint = current_app.blueprints.get(request.blueprint or "")
    if not isinstance(blueprint, ApiBlueprint):
        return
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise _unknown("Send an API key as a bearer token.")
    rule = _rule()
    remembering = rule is not None and rule.scope in _ONLY_READ
    look = current_app.extensions[_CALLERS].caller_of if remembering else keys.caller_of
    try:
        g.caller = look(services(), secret.strip())
    except UnknownKey as error:
        raise _unknown(str(error)) from None


def check_scope() -> None:
    """Refuse what the key may not do; after the budget was asked, so that refusals cost as well."""
    if "caller" not in g:
        return
    rule = _rule()
    if rule is None:
        raise Problem("scope", "This is open to no key.")
    if rule.scope not in caller().scopes:
        raise Problem("scope", f"The key {caller().prefix} has no scope {rule.scope}.")
    request.max_content_length = rule.body_bytes
    if "\x00" in request.path or "\x00" in "".join(request.args.values()):
        raise Problem("malformed", "The address holds a NUL character.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("media-type", "A compressed body is not taken. Send it as it is.")


def _unknown(sentence: str) -> Problem:
    return Problem("key", sentence, headers={"WWW-Authenticate": 'Bearer realm="lead scores"'})


def _leave(response: Response) -> Response:
    """Remember a use before it is answered: what can't be remembered is not given out, nor to a key that has ended."""
    if "caller" not in g:
        return response
    try:
        if response.status_code >= 400:
            # A refusal tells something as well: that there is no such lead.
            still = not caller().remembered or keys.is_open(services(), caller())
        else:
            still = "noted" in g or _remember(functools.partial(uses.record, services()), g.get("api_leads", ()))
    except UNAVAILABLE:
        return problems.answer(Problem("unavailable", "The database is busy or away."))
    return response if still else problems.answer(_unknown(keys.ENDED))


def _remember(add: Callable[[Caller, str, Sequence[int], str], bool], lead_ids: Sequence[int]) -> bool:
    return add(caller(), str(request.endpoint), lead_ids, g.request_id)


def quickly(told: Any) -> Response:
    """Return an answer of plain records as it is: their names are those of the route's schema, which only describes."""
    return Response(orjson.dumps(told), content_type="application/json")


def once(function: Callable[..., Response]) -> Callable[..., Response]:
    """Answer a request with an ``Idempotency-Key`` once, and the same one again as before."""

    @functools.wraps(function)
    def wrapper(*args: Any, **named: Any) -> Response:
        name = request.headers.get(headers.IDEMPOTENCY_KEY)
        if name is None:
            return current_app.make_response(function(*args, **named))
        begun = _begin(name)
        if isinstance(begun, Answer):
            return Response(begun.body, begun.status, {**begun.headers, headers.REPLAYED: "true"})
        try:
            response = current_app.make_response(function(*args, **named))
        except BaseException:
            repeating.release(services(), begun)
            raise
        kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        repeating.keep(services(), begun, Answer(response.status_code, kept, response.get_data()))
        return response

    setattr(wrapper, _ANSWERED_ONCE, True)
    return wrapper


def _begin(name: str) -> Any:
    operation = f"{request.method} {request.full_path}"
    try:
        return repeating.begin(services(), caller(), name, operation, request.get_data(cache=True))
    except OtherRequest as error:
        raise Problem("other-request", str(error)) from None
    except UnderWay as error:
        raise Problem("under-way", str(error), headers={headers.RETRY_AFTER: "1"}) from None
    except RejectedInput as error:
        raise Problem("malformed", str(error)) from None
