"""What is kept of the texts that sites send: paths without queries, names without people, hosts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

LONGEST_PATH = 500
LONGEST_NAME = 100
UTM = ("source", "medium", "campaign", "term", "content")
"""The campaign parameters that are kept of a query: all others go."""

_ADDRESS = re.compile(r"[^\s@/]+(@|%40)[^\s@/]+", re.IGNORECASE)
_TOKEN = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|(?=[^/]*[0-9])[A-Za-z0-9_=-]{24,}", re.IGNORECASE)
"""A UUID, or 24 and more characters with a digit: what resets a password or names one person's document."""
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def holds_address(text: str) -> bool:
    """Tell whether a text holds an e-mail address."""
    return _ADDRESS.search(text) is not None


def page_path(value: object) -> str | None:
    """Return the path of a page, without query, fragment, addresses and tokens; None where it is none."""
    if not isinstance(value, str) or not value.startswith("/"):
        return None
    path = re.split(r"[?#]", value, maxsplit=1)[0]
    if len(path) > LONGEST_PATH or not path.isprintable():
        return None
    return "/".join(_segment(part) for part in path.split("/"))


def _segment(part: str) -> str:
    plain = unquote(part)
    if holds_address(plain) or "@" in plain:
        return "{address}"
    return "{id}" if _TOKEN.fullmatch(plain) else part


def event_name(value: object) -> str | None:
    """Return the name of an event or a form, its spaces tidied; None where it is none."""
    if not isinstance(value, str):
        return None
    name = " ".join(value.split())
    return name if 0 < len(name) <= LONGEST_NAME and name.isprintable() else None


def arrival(event: Mapping[str, object]) -> dict[str, str]:
    """Return how a visitor came to a page: the referrer's host and campaign parameters, where they are sound."""
    found: dict[str, str] = {}
    referrer = event.get("referrer")
    if isinstance(referrer, str) and _HOST.fullmatch(referrer.lower()):
        found["referrer"] = referrer.lower()
    told = event.get("utm")
    told = told if isinstance(told, dict) else {}
    for name in UTM:
        text = event_name(told.get(name))
        if text and not holds_address(text):
            found[name] = text
    return found
