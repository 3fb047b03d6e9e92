"""Values to put where a program expects another: made from a source of chance, a seed's or hypothesis' own."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1e309",
    "NaN",
    "null",
    "true",
    "[]",
    "{}",
    "9" * 30,
    "a" * 3_000,
    "\0",
    "a\0b",
    "\ud800",
    "\U0001f600",
    "\u202e",
    "é" * 300,
    "' OR 1=1 --",
    "../../etc/passwd",
    "%00",
    "%ff%fe",
    "{{7*7}}",
    "<script>",
    "2026-03-01T11:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-23:59",
    "1772362800000",
    "٣٤٥",
    "²",
    "\r\nX-Evil: 1",
)
NUMBERS = (0, -1, 1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64, 10**25, 0.1, -0.0, 1e308, 1772362800000, 253402300800000)
CONTENT_TYPES = (
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/html; charset=\xff",
    "application/octet-stream",
    "",
    ";;;",
)


def value(chance: random.Random, depth: int = 3) -> Any:
    """Return anything that JSON can say, and a little more."""
    kind = chance.randrange(8 if depth else 6)
    if kind < 3:
        return chance.choice(TEXTS)
    if kind == 3:
        return chance.choice(NUMBERS)
    if kind == 4:
        return chance.choice((None, True, False))
    if kind == 5:
        return "".join(chr(chance.randrange(32, 0x2FF)) for _ in range(chance.randrange(12)))
    if kind == 6:
        return [value(chance, depth - 1) for _ in range(chance.randrange(4))]
    return {chance.choice(TEXTS): value(chance, depth - 1) for _ in range(chance.randrange(4))}


def bent(chance: random.Random, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with some of its members replaced, taken away, or joined by others."""
    found = dict(told)
    for _ in range(chance.choice((0, 0, 1, 1, 2, 4))):
        what = chance.randrange(4)
        name = chance.choice(list(found) or ["x"])
        if what == 0:
            found.pop(name, None)
        elif what == 3:
            found[chance.choice(TEXTS)] = value(chance)
        else:
            found[name] = value(chance)
    return found


def written(chance: random.Random, told: Any) -> bytes:
    """Return JSON of a value, now and then as a careless or a hostile program writes it."""
    text = json.dumps(told, ensure_ascii=chance.random() < 0.5)
    body = text.encode("utf-8", "surrogatepass")
    what = chance.randrange(16)
    if what == 0:
        return body[: chance.randrange(len(body) + 1)]
    if what == 1:
        at = chance.randrange(len(body) + 1)
        return body[:at] + chance.choice((b"\xff", b"\0", b'"', b"}", b"\xed\xa0\x80", b"[" * 2_000)) + body[at:]
    if what == 2:
        return b"\xef\xbb\xbf" + body
    if what == 3:
        return text.encode("utf-16", "surrogatepass")
    if what == 4 and body.startswith(b"{") and len(body) > 2:
        # The same member twice.
        return body[:-1] + b"," + body[1:]
    return body
