"""Bodies are read strictly: what two programs might read differently, or never end reading, is refused in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

DEEPEST = 20
"""Lists and objects within each other."""
_LONGEST_NUMBER = 40


class Unreadable(ValueError):
    """A body that is not JSON as it should be; the message says what is wrong with it."""


def loads(raw: bytes) -> Any:
    """Return what a body holds.

    Raises ``Unreadable`` where it is not UTF-8 or not JSON, names a member twice, holds a number that is none or too
    long, text that no database takes, or is nested too deep.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    try:
        found = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_integer
        )
    except Unreadable:
        raise
    except RecursionError:
        raise Unreadable(_deep()) from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"The body is not JSON: line {error.lineno}, column {error.colno}.") from None
    _check(found)
    return found


def _deep() -> str:
    return f"The body is nested deeper than {DEEPEST} levels."


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unreadable("The body names a member of an object twice.")
        found[name] = value
    return found


def _constant(name: str) -> NoReturn:
    raise Unreadable(f"The body holds {name}, which is not JSON.")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or len(text) > _LONGEST_NUMBER:
        raise Unreadable("The body holds a number that is too large or too long.")
    return value


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise Unreadable("The body holds a number that is too large or too long.")
    return int(text)


def _check(found: Any) -> None:
    """Level by level: a hostile body must not exhaust the stack of whoever looks for it."""
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > DEEPEST + 1:
            raise Unreadable(_deep())
        following: list[Any] = []
        for value in level:
            if isinstance(value, str):
                _check_text(value)
            elif isinstance(value, dict):
                for name in value:
                    _check_text(name)
                following.extend(value.values())
            elif isinstance(value, list):
                following.extend(value)
        level = following


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise Unreadable("The body holds text with a NUL character.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise Unreadable("The body holds half a surrogate pair, which is no text.") from None
