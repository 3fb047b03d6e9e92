"""Reading a query. What the grammar below does not know is refused as ``MALFORMED_QUERY``.

SELECT field, … | COUNT() | COUNT(field) [alias], … | FIELDS(ALL|STANDARD|CUSTOM)
FROM object [WHERE conditions] [ORDER BY field [ASC|DESC] [NULLS FIRST|LAST], …] [LIMIT n] [OFFSET n]
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.errors import ApiError, failure
from connector.sandbox.salesforce.soql.spans import span
from connector.sandbox.salesforce.soql.tokens import Token, cut, unquoted
from connector.sandbox.salesforce.soql.tree import (
    Both,
    Comparison,
    Condition,
    Count,
    Either,
    Everything,
    Literal,
    Opposite,
    Ordering,
    Path,
    Query,
    malformed,
)

MAX_LENGTH = 100_000
MAX_OFFSET = 2_000
MAX_DEPTH = 100
OPERATORS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
KEYWORDS = frozenset("select from where and or not in like order by limit offset asc desc nulls group having".split())

Part = TypeVar("Part")


def parse(text: str, now: datetime, zone: str) -> Query:
    """Return a query as a tree; raise 400 where it is none. ``now`` and ``zone`` give date literals their days."""
    if len(text) > MAX_LENGTH:
        raise failure(400, "QUERY_TOO_COMPLICATED", "The SOQL query is longer than 100,000 characters.")
    return _Reader(text, now, zone).query()


class _Reader:
    def __init__(self, text: str, now: datetime, zone: str) -> None:
        self._text, self._now, self._zone = text, now, zone
        self._tokens = cut(text)
        self._place = 0
        self._depth = 0

    def query(self) -> Query:
        """Read everything up to the end."""
        self._expect("select")
        fields = self._list(self._selected)
        self._expect("from")
        named = self._name()
        where = self._either() if self._took("where") else None
        order: tuple[Ordering, ...] = ()
        if self._took("order"):
            self._expect("by")
            order = self._list(self._ordering)
        limit = self._count() if self._took("limit") else None
        offset = self._count() if self._took("offset") else 0
        if self._next.kind != "end":
            raise self._unexpected()
        if offset > MAX_OFFSET:
            raise failure(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        return Query(self._text, fields, named.text, named.at, where, order, limit, offset)

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _unexpected(self) -> ApiError:
        return malformed(self._text, self._next.at, f"unexpected token: '{self._next.text[:40]}'")

    def _take(self) -> Token:
        self._place += 1
        return self._tokens[self._place - 1]

    def _took(self, *words: str) -> bool:
        """Take ``words`` if they come next, all of them."""
        if [each.word for each in self._tokens[self._place : self._place + len(words)]] != list(words):
            return False
        self._place += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise self._unexpected()

    def _name(self) -> Token:
        if self._next.kind != "name" or self._next.word in KEYWORDS or ":" in self._next.text:
            raise self._unexpected()
        return self._take()

    def _path(self) -> Path:
        named = self._name()
        return Path(tuple(named.text.split(".")), named.at)

    def _count(self) -> int:
        if self._next.kind != "number" or not self._next.text.isdigit():
            raise self._unexpected()
        return int(self._take().text)

    def _list(self, read: Callable[[], Part]) -> tuple[Part, ...]:
        parts = [read()]
        while self._took(","):
            parts.append(read())
        return tuple(parts)

    def _selected(self) -> Path | Count | Everything:
        at = self._next.at
        if self._took("count", "("):
            path = None if self._took(")") else self._path()
            if path is not None:
                self._expect(")")
            named = self._next.kind == "name" and self._next.word not in KEYWORDS
            return Count(path, self._take().text if named else "")
        if self._took("fields", "("):
            which = self._name().word
            if which not in ("all", "standard", "custom"):
                raise self._unexpected()
            self._expect(")")
            return Everything(which, at)
        return self._path()

    def _ordering(self) -> Ordering:
        path = self._path()
        descending = self._took("desc")
        if not descending:
            self._took("asc")
        nulls_last = self._took("nulls", "last")
        if not nulls_last:
            self._took("nulls", "first")
        return Ordering(path, descending, nulls_last)

    def _either(self) -> Condition:
        """Read conditions joined by AND, or by OR; SOQL wants parentheses where they meet."""
        parts = [self._single()]
        word = self._next.word
        while word in ("and", "or") and self._took(word):
            parts.append(self._single())
        if self._next.word in ("and", "or"):
            raise self._unexpected()
        if len(parts) == 1:
            return parts[0]
        return Both(tuple(parts)) if word == "and" else Either(tuple(parts))

    def _single(self) -> Condition:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise malformed(self._text, self._next.at, "maximum depth of conditions exceeded")
        try:
            if self._took("not"):
                return Opposite(self._single())
            if self._took("("):
                inside = self._either()
                self._expect(")")
                return inside
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Comparison:
        path = self._path()
        if self._took("not", "in"):
            return Comparison(path, "not in", self._values())
        if self._took("in"):
            return Comparison(path, "in", self._values())
        if self._took("like"):
            return Comparison(path, "like", (self._literal(),))
        operator = OPERATORS.get(self._next.text)
        if operator is None:
            raise self._unexpected()
        self._take()
        return Comparison(path, operator, (self._literal(),))

    def _values(self) -> tuple[Literal, ...]:
        self._expect("(")
        values = self._list(self._literal)
        self._expect(")")
        return values

    def _literal(self) -> Literal:
        token = self._next
        found = self._constant(token) if token.kind == "name" else self._plain(token)
        if found is None:
            raise self._unexpected()
        self._take()
        return found

    def _constant(self, token: Token) -> Literal | None:
        if token.word == "null":
            return Literal("null", None, token.at)
        if token.word in ("true", "false"):
            return Literal("boolean", token.word == "true", token.at)
        days = span(token.word, self._now, self._zone)
        return Literal("span", days, token.at) if days else None

    def _plain(self, token: Token) -> Literal | None:
        if token.kind == "string":
            return Literal("string", unquoted(self._text, token), token.at)
        if token.kind == "number":
            return Literal("number", Decimal(token.text), token.at)
        read = {"datetime": times.moment, "date": times.day}.get(token.kind)
        value = read(token.text) if read else None
        return Literal(token.kind, value, token.at) if value is not None else None
