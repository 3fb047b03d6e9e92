"""Salesforce's record ids: 15 characters that differ by case, or 18 that do not.

The three extra characters tell which of the first fifteen are capitals, five to a
character. Formulas, addresses and old exports hold the short form; ours is the long one.
"""

from __future__ import annotations

import re
import string

from connector.adapters.salesforce.values import UnreadableError

LEAD = "00Q"
CONTACT = "003"
OBJECTS = {LEAD: "Lead", CONTACT: "Contact"}
"""Key prefix → the objects that are persons."""

_MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CAPITALS = {ord(one): str(int(one in string.ascii_uppercase)) for one in string.ascii_letters + string.digits}
_SHORT = 15
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-5]{3})?")


def to_18(value: object) -> str:
    """Return the 18-character form of a record id; raise ``UnreadableError`` for anything else.

    An 18-character id whose case was lost on the way is restored from its last three characters.
    """
    text = str(value or "")
    if _ID.fullmatch(text) is None:
        raise UnreadableError("the id is missing or malformed")
    short = text[:_SHORT]
    marks = _suffix(short)
    if text[_SHORT:] in ("", marks):
        return short + marks
    short = _recased(text)
    return short + _suffix(short)


def known_id(value: object) -> str:
    """Return the 18-character form of an id that only joins rows; an empty string, which joins none, for no id."""
    try:
        return to_18(value)
    except UnreadableError:
        return ""


def object_of(record_id: str) -> str | None:
    """Return ``Lead`` or ``Contact`` for the id of a person, None for any other."""
    try:
        return OBJECTS.get(to_18(record_id)[:3])
    except UnreadableError:
        return None


def _suffix(short: str) -> str:
    # The first of five characters is the lowest of five bits.
    bits = short.translate(_CAPITALS)[::-1]
    return _MARKS[int(bits[10:], 2)] + _MARKS[int(bits[5:10], 2)] + _MARKS[int(bits[:5], 2)]


def _recased(text: str) -> str:
    body, marks = text[:_SHORT], text[_SHORT:].upper()
    letters = []
    for place, letter in enumerate(body):
        capital = _MARKS.index(marks[place // 5]) >> (place % 5) & 1
        letters.append(letter.upper() if capital else letter.lower())
    return "".join(letters)
