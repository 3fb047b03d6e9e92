"""What goes wrong, as ``application/problem+json`` (RFC 9457): a type to branch on, a sentence for whoever must act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, g, json, request

from connector.web.wiring import settings

ROOT = "/api/v1"
CARDS = "/cards"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, its title, and what to do about it."""

    status: int
    title: str
    advice: str


KINDS: Mapping[str, Kind] = {
    "malformed": Kind(400, "The request can't be read", "Send what the description of the API says."),
    "key": Kind(401, "No valid API key", "Send a key as Authorization: Bearer lsk_…"),
    "signature": Kind(401, "Not signed by the CRM", "Only cards inside a CRM may ask here; the CRM signs for them."),
    "scope": Kind(403, "The key may not do this", "Ask your administrator for a key with the scope that is named."),
    "not-found": Kind(404, "There is nothing here", "It does not exist, was deleted, or belongs to somebody else."),
    "method": Kind(405, "Not offered at this address", "The Allow header says what is."),
    "conflict": Kind(409, "Not as things stand", "The sentence says what has to happen first."),
    "under-way": Kind(409, "The first request is under way", "Send it again in a moment."),
    "too-large": Kind(413, "Too much at once", "Send less in one request."),
    "media-type": Kind(415, "Not in this form", "Send application/json, not compressed."),
    "invalid": Kind(422, "Something in the request is wrong", "Each entry of errors names a place and what is wrong."),
    "other-request": Kind(422, "The Idempotency-Key was used before", "Take a new one for each new request."),
    "too-many": Kind(429, "Too many requests", "Wait as many seconds as Retry-After says."),
    "ours": Kind(500, "Something broke on our side", "It was logged. Tell support the request_id if it stays."),
    "unavailable": Kind(503, "Not possible at the moment", "Nothing was changed. Send it again in a few seconds."),
}
_BY_STATUS = {kind.status: slug for slug, kind in reversed(list(KINDS.items()))}


class Problem(Exception):
    """A request that is refused. ``errors`` name places (``pointer`` or ``parameter``) and what is wrong there."""

    def __init__(
        self,
        slug: str,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(slug)
        self.slug, self.detail, self.errors, self.headers = slug, detail, errors, headers or {}


def concerned() -> bool:
    """Tell whether this request is for the API, or of a card inside a CRM, so that its errors are problems."""
    return request.path == ROOT or request.path.startswith((f"{ROOT}/", f"{CARDS}/"))


def answer(problem: Problem) -> Response:
    """Return the response that tells a problem."""
    kind = KINDS[problem.slug]
    return _response(problem.slug, kind.status, kind.title, problem.detail or kind.advice, problem)


def of_status(status: int, detail: str, headers: Mapping[str, str]) -> Response:
    """Return the response for an error that is known by its status alone."""
    slug = _BY_STATUS.get(status)
    if slug is None:
        return _response(None, status, HTTPStatus(status).phrase, detail, Problem("", headers=headers))
    return answer(Problem(slug, detail or None, headers=headers))


def _response(slug: str | None, status: int, title: str, detail: str, problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": f"{settings().public_url}{ROOT}/docs#{slug}" if slug else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": g.request_id,
    }
    if problem.errors:
        body["errors"] = [dict(error) for error in problem.errors]
    return Response(json.dumps(body), status, dict(problem.headers), content_type=MEDIA_TYPE)


def invalid(messages: Mapping[str, Any]) -> Problem:
    """Return the problem of a request that its schema refuses; ``messages`` by location, as webargs gives them."""
    errors = []
    for location, found in messages.items():
        for path, detail in _leaves(found):
            place = "/".join(path)
            where = {"pointer": f"#/{place}"} if location == "json" else {"parameter": place}
            errors.append({**where, "detail": detail})
    return Problem("invalid", errors=errors[:50])


def _leaves(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(found, Mapping):
        for name, inner in found.items():
            # "_schema" is marshmallow's name for the whole.
            yield from _leaves(inner, path if name == "_schema" else (*path, _escaped(str(name))))
    elif isinstance(found, (list, tuple)):
        for inner in found:
            yield from _leaves(inner, path)
    else:
        yield path, str(found)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")[:100]
