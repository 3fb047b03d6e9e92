"""Reading what a request asks for, refusing what can't be read; and leaving out what it did not ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from flask import Response, request

from connector.sandbox.clock import to_ms
from connector.sandbox.mailchimp.problems import Problem, invalid, reply

DEFAULT_COUNT = 10
MOST = 1_000
Item = TypeVar("Item")


def json_body() -> dict[str, Any]:
    """Return the request's JSON object; raise 400."""
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise Problem(400, "JSON Parse Error", "We encountered an unspecified JSON parsing error.") from error
    if not isinstance(body, dict):
        raise invalid("", "Schema describes object, another type found instead")
    return body


def text_in(body: dict[str, Any], name: str, *, default: str | None = None) -> str:
    """Return a text of the body; raise 400 where it is missing without a default, or no text."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise invalid(name, "This value should not be blank." if value is None else "Schema describes string.")
    return value


def flag_in(body: dict[str, Any], name: str, *, default: bool = False) -> bool:
    """Return a yes or no of the body; raise 400 for anything else."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise invalid(name, "Schema describes boolean, another type found instead")
    return value


def texts_in(body: dict[str, Any], name: str, most: int) -> list[str]:
    """Return a list of texts of the body; raise 400 past ``most``."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid(name, "Schema describes array of strings.")
    if len(value) > most:
        raise invalid(name, f"This collection should contain {most} elements or less.")
    return value


def flagged(name: str) -> bool:
    """Tell whether a query parameter says true."""
    return request.args.get(name, "").lower() in ("true", "1")


@dataclass(frozen=True, slots=True)
class Window:
    """A page: ``count`` items after the first ``offset``."""

    count: int
    offset: int

    def cut(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return the page's part of the items."""
        return items[self.offset : self.offset + self.count]


def window() -> Window:
    """Return the page asked for; raise 400 above 1,000 or for what is no number."""
    return Window(_number("count", DEFAULT_COUNT, MOST), _number("offset", 0, None))


def _number(name: str, default: int, most: int | None) -> int:
    text = request.args.get(name, str(default))
    if not text.isdecimal():
        raise invalid(name, "Schema describes integer, string found instead")
    if most is not None and int(text) > most:
        raise invalid(name, f"Value must be less than or equal to {most}")
    return int(text)


def moment(name: str) -> int | None:
    """Return a time parameter in epoch milliseconds; None where it is missing or can't be read.

    Mailchimp refuses no wrong filter, it leaves it out: a raw ``+`` in an offset arrives as a
    space, and the whole list comes back.
    """
    return parsed_ms(request.args.get(name, ""))


def parsed_ms(text: str) -> int | None:
    """Return an ISO 8601 time in epoch milliseconds, UTC where it has no zone; None if it is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(read if read.tzinfo else read.replace(tzinfo=UTC))


def within(at_ms: int | None, since: int | None, before: int | None) -> bool:
    """Tell whether a time, in whole seconds, is after ``since`` and before ``before`` (None: no bound)."""
    if at_ms is None:
        return since is None and before is None
    second = at_ms // 1000 * 1000
    return (since is None or second > since) and (before is None or second < before)


def stamp(ms: int | None) -> str:
    """Return a time as Mailchimp writes it, with seconds and ``+00:00``; empty for none."""
    return "" if ms is None else f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def chosen(payload: dict[str, Any]) -> Response:
    """Answer ``payload``, cut down to ``fields`` or by ``exclude_fields``."""
    wanted, unwanted = _paths("fields"), _paths("exclude_fields")
    if wanted:
        payload = _only(payload, wanted)
    return reply(_without(payload, unwanted) if unwanted else payload)


def _paths(name: str) -> list[list[str]]:
    return [each.strip().split(".") for each in request.args.get(name, "").split(",") if each.strip()]


def _heads(paths: Iterable[list[str]]) -> dict[str, list[list[str]]]:
    """Return first part → the rests of the paths that begin with it."""
    found: dict[str, list[list[str]]] = {}
    for head, *rest in paths:
        found.setdefault(head, []).append(rest)
    return found


def _only(value: Any, paths: list[list[str]]) -> Any:
    if [] in paths:
        return value
    if isinstance(value, list):
        return [_only(each, paths) for each in value if isinstance(each, dict | list)]
    return {
        name: _only(value[name], rests)
        for name, rests in _heads(paths).items()
        if name in value and ([] in rests or isinstance(value[name], dict | list))
    }


def _without(value: Any, paths: list[list[str]]) -> Any:
    if isinstance(value, list):
        return [_without(each, paths) for each in value]
    if not isinstance(value, dict):
        return value
    heads = _heads(paths)
    return {
        name: _without(each, heads[name]) if name in heads else each
        for name, each in value.items()
        if [] not in heads.get(name, [])
    }
