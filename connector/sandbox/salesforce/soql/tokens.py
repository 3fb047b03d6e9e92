"""Cutting a query into words, signs and values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.sandbox.salesforce.soql.tree import malformed

PATTERN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>'(?:[^'\\]|\\.)*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::\d+)?)
    |(?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
WILDCARDS = {"_": "\\_", "%": "\\%"}
"""Escaped wildcards keep their backslash for LIKE."""


@dataclass(frozen=True, slots=True)
class Token:
    """One piece. ``kind``: string, datetime, date, number, name, sign or end."""

    kind: str
    text: str
    at: int

    @property
    def word(self) -> str:
        """The text in lower case, for keywords."""
        return self.text.lower()


def cut(text: str) -> list[Token]:
    """Return a query's pieces and an end; raise 400 ``MALFORMED_QUERY`` for anything else."""
    tokens, at = [], 0
    while at < len(text):
        found = PATTERN.match(text, at)
        if found is None:
            raise malformed(text, at, f"unexpected token: '{text[at : at + 20]}'")
        kind = str(found.lastgroup)
        if kind != "space":
            tokens.append(Token(kind, found[0], at))
        at = found.end()
    return [*tokens, Token("end", "<EOF>", len(text))]


def unquoted(text: str, token: Token) -> str:
    """Return a string's value; raise 400 for an escape that SOQL does not know."""

    def read(found: re.Match[str]) -> str:
        value = ESCAPES.get(found[1].lower()) or WILDCARDS.get(found[1])
        if value is None:
            raise malformed(text, token.at, f"Illegal escape sequence '\\{found[1]}'")
        return value

    return ESCAPE.sub(read, token.text[1:-1])
