"""What a hostile or broken vendor may answer: whole bodies, rows and single values that are not what they should be."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from typing import Any

from tests.contract.altering import Told

Path = tuple[str | int, ...]
"""Where something stands in a JSON document."""

MEGABYTE = 2**20
DEEP = 100_000
_MARK = "@@raw@@"


@dataclass(frozen=True, slots=True)
class Raw:
    """A piece of a document that no encoder would write."""

    text: str


class Missing:
    """Says that something is to be left out."""


MISSING = Missing()


def _swapped(old: Any) -> Any:
    """Return a number for a text and a text for a number."""
    if isinstance(old, bool):
        return str(old)
    if isinstance(old, str):
        return int(old) if old.isdecimal() else 4711
    return str(old)


VALUES: dict[str, Callable[[Any], Any]] = {
    "null": lambda old: None,
    "missing": lambda old: MISSING,
    "empty text": lambda old: "",
    "blank text": lambda old: " \t ",
    "a megabyte of text": lambda old: "x" * MEGABYTE,
    "an unknown word": lambda old: "NEVER_SEEN_BEFORE",
    "1900": lambda old: "1900-01-01T00:00:00Z",
    "2100": lambda old: "2100-12-31T23:59:59.999Z",
    "milliseconds before 1970": lambda old: "-2208988800000",
    "no time": lambda old: "31.02.2026 25:99",
    "the first year": lambda old: "0001-01-01T00:00:00+14:00",
    "the last year": lambda old: "9999-12-31T23:59:59-12:00",
    "number for text": _swapped,
    "zero": lambda old: 0,
    "a negative number": lambda old: -1,
    "a fraction": lambda old: 0.5,
    "a huge number": lambda old: Raw("9" * 400),
    "a huge exponent": lambda old: Raw("1e400"),
    "true": lambda old: True,
    "a list": lambda old: [old],
    "an empty list": lambda old: [],
    "a list of nulls": lambda old: [None, None],
    "an object": lambda old: {"value": old},
    "an empty object": lambda old: {},
    "nested a little": lambda old: Raw("[" * 200 + "]" * 200),
    "a zero byte": lambda old: "before\u0000after",
    "other digits": lambda old: "٤٧١١",
}
"""What one value may become, so that the document stays one that every parser reads."""

BROKEN_VALUES: dict[str, Callable[[Any], Any]] = {
    "not a number": lambda old: Raw("NaN"),
    "infinity": lambda old: Raw("-Infinity"),
    "half a character": lambda old: Raw('"before\\ud83dafter"'),
    "nested without end": lambda old: Raw("[" * DEEP + "]" * DEEP),
    "an unclosed text": lambda old: Raw('"'),
}
"""What one value may become, so that parsers may refuse the whole document."""

ROWS: dict[str, Callable[[list[Any], int], None]] = {
    "a doubled row": lambda rows, at: rows.insert(at, deepcopy(rows[at])),
    "null for a row": lambda rows, at: rows.__setitem__(at, None),
    "a text for a row": lambda rows, at: rows.__setitem__(at, "row"),
    "a number for a row": lambda rows, at: rows.__setitem__(at, 7),
    "a list for a row": lambda rows, at: rows.__setitem__(at, [rows[at]]),
    "an empty row": lambda rows, at: rows.__setitem__(at, {}),
    "a strange row more": lambda rows, at: rows.insert(at, {"unknown": {"thing": [1, 2]}}),
}

PAGE = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Please try again</h1></body></html>"
_HTML = (("Content-Type", "text/html; charset=ISO-8859-1"),)


def _body(told: Told, body: bytes) -> Told:
    return replace(told, body=body)


def _typed(told: Told, kind: str) -> Told:
    others = tuple((name, value) for name, value in told.headers if name.lower() != "content-type")
    return replace(told, headers=(*others, ("Content-Type", kind)))


BODIES: dict[str, Callable[[Told], Told]] = {
    "cut in the middle": lambda told: _body(told, told.body[: len(told.body) * 2 // 3]),
    "cut at the end": lambda told: _body(told, told.body.rstrip()[:-1]),
    "nothing": lambda told: _body(told, b""),
    "blanks": lambda told: _body(told, b" \r\n "),
    "a page with 200": lambda told: Told(200, _HTML, PAGE),
    "a page with 403": lambda told: Told(403, _HTML, PAGE),
    "a page with 502": lambda told: Told(502, _HTML, PAGE),
    "nothing with 403": lambda told: Told(403, (), b""),
    "nothing with 500": lambda told: Told(500, (), b""),
    "a strange status": lambda told: replace(told, status=299),
    "an unknown refusal": lambda told: Told(418, told.headers, b'{"message": 5, "errors": [null, 3], "title": []}'),
    "a refusal in a list": lambda told: Told(400, told.headers, b'[null, {"message": {"a": 1}, "errorCode": []}]'),
    "a refusal in a text": lambda told: Told(400, told.headers, b'"no"'),
    "a list": lambda told: _body(told, b"[]"),
    "a list of lists": lambda told: _body(told, b"[[[]]]"),
    "an empty object": lambda told: _body(told, b"{}"),
    "null": lambda told: _body(told, b"null"),
    "a number": lambda told: _body(told, b"42"),
    "a text": lambda told: _body(told, b'"text"'),
    "not a number": lambda told: _body(told, b"NaN"),
    "nested without end": lambda told: _body(told, b"[" * DEEP + b"]" * DEEP),
    "objects without end": lambda told: _body(told, b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    "bytes of no character": lambda told: _body(told, b"\xff\xfe\x00" + told.body),
    "twice": lambda told: _body(told, told.body + told.body),
    "sixteen bits": lambda told: _body(told, told.body.decode("utf-8", "replace").encode("utf-16")),
    "a wrong type": lambda told: _typed(told, "text/html"),
    "a wrong character set": lambda told: _typed(told, f"{told.kind}; charset=utf-16"),
    "an unknown character set": lambda told: _typed(told, f"{told.kind}; charset=klingon"),
}
"""What a whole answer may become."""

HARMLESS = frozenset({"a wrong type", "a wrong character set", "an unknown character set", "a strange status"})
"""Of these the body itself is untouched."""


def parsed(told: Told) -> Any:
    """Return the JSON of an answer, None where it is none."""
    try:
        return json.loads(told.body)
    except ValueError:
        return None


def rendered(told: Told, document: Any) -> Told:
    """Return the answer with another document."""
    raws: list[str] = []

    def mark(value: object) -> str:
        assert isinstance(value, Raw), value
        raws.append(value.text)
        return f"{_MARK}{len(raws) - 1}{_MARK}"

    text = json.dumps(document, default=mark)
    for number, raw in enumerate(raws):
        text = text.replace(f'"{_MARK}{number}{_MARK}"', raw)
    return _body(told, text.encode())


def lists_in(document: Any) -> list[Path]:
    """Return where lists of objects stand, one of each kind: of several that differ by position the longest."""
    found: dict[tuple[object, ...], Path] = {}
    for place, shape in _all_lists(document, (), ()):
        if shape not in found or len(at(document, place)) > len(at(document, found[shape])):
            found[shape] = place
    return list(found.values())


def _all_lists(found: Any, path: Path, shape: tuple[object, ...]) -> Iterator[tuple[Path, tuple[object, ...]]]:
    if isinstance(found, list):
        if any(isinstance(each, dict) for each in found):
            yield path, shape
        for number, each in enumerate(found):
            yield from _all_lists(each, (*path, number), (*shape, "*"))
    elif isinstance(found, dict):
        alike = len(found) > 1 and all(isinstance(each, list) for each in found.values())
        for name, each in found.items():
            yield from _all_lists(each, (*path, name), (*shape, "*" if alike else name))


def fields_in(row: Any, path: Path = ()) -> Iterator[Path]:
    """Yield where each field of an object stands, those of objects within it too."""
    if isinstance(row, dict):
        for name, value in row.items():
            yield (*path, name)
            yield from fields_in(value, (*path, name))


def at(document: Any, path: Path) -> Any:
    """Return what stands at a place."""
    for step in path:
        document = document[step]
    return document


def put(document: Any, path: Path, value: Any) -> Any:
    """Return a copy of the document with ``value`` at ``path``, or nothing there."""
    changed = opened(document, path[:-1])
    holder = at(changed, path[:-1])
    if value is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def opened(document: Any, path: Path) -> Any:
    """Return the document with what stands at ``path``, and all that leads there, copied; the rest is shared."""
    changed = holder = copy(document)
    for step in path:
        holder[step] = holder = copy(holder[step])
    return changed


def table_of(told: Told) -> list[list[str]]:
    """Return the cells of a CSV answer."""
    return list(csv.reader(io.StringIO(told.body.decode(), newline="")))


def as_table(told: Told, cells: list[list[str]]) -> Told:
    """Return the answer with other cells."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(cells)
    return _body(told, out.getvalue().encode())


def tables(cells: list[list[str]], at_row: int, every: int) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield a CSV's cells with one row that is not as it should be; of texts a cell gets each so many-eth."""
    row = cells[at_row]
    yield "a doubled row", [*cells[:at_row], row, *cells[at_row:]]
    yield "too few cells", [*cells[:at_row], row[:-1], *cells[at_row + 1 :]]
    yield "too many cells", [*cells[:at_row], [*row, "more"], *cells[at_row + 1 :]]
    for column, name in enumerate(cells[0]):
        for number, (change, value) in enumerate(TEXTS.items()):
            if (number + column) % every == 0 or name == "Id":
                altered = [*row[:column], value, *row[column + 1 :]]
                yield f"{change} for {name}", [*cells[:at_row], altered, *cells[at_row + 1 :]]


MISCOUNTED = frozenset({"a doubled row", "too few cells", "too many cells"})
"""Of these the table does not hold what its header or its count says: it may be asked for again."""

TEXTS = {
    change: value(None)
    for change, value in VALUES.items()
    if change not in ("missing", "number for text") and isinstance(value(None), str)
}


def broken_tables(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a CSV that is broken as a whole."""
    middle = body.index(b"\n", len(body) // 2)
    yield "cut within a row", body[: middle - 5]
    yield "cut within a quote", body[: body.rindex(b'"', 0, middle)]
    yield "cut between rows", body[: middle + 1]
    yield "an open quote", body[: middle + 1] + b'"' + body[middle + 1 :]
    yield "a zero byte", body[: middle + 3] + b"\0" + body[middle + 3 :]
    yield "no header", body[body.index(b"\n") + 1 :]
    yield "only a header", body[: body.index(b"\n") + 1]


def shape_of(told: Told) -> tuple[str, ...]:
    """Return what kinds of rows an answer has: two questions of one path may be about different things."""
    document = parsed(told)
    found = [str(step) for place in lists_in(document) for step in place[:1]]
    first = next((at(document, place)[0] for place in lists_in(document)), {})
    kind = first.get("attributes", {}).get("type", "") if isinstance(first, dict) else ""
    return told.kind, str(kind), *sorted(set(found))
