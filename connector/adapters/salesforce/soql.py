"""SOQL: built from names that describe gave, with every literal escaped.

Relative dates (``TODAY``, ``LAST_N_DAYS``) mean the running user's time zone, so times are
always explicit and in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import quote_plus

from connector.adapters.salesforce.values import iso

LONGEST_URL = 14_000
"""Bytes; Salesforce takes 16,384 for address and headers together."""

IDS = 500
"""Ids of one ``IN (…)``: what an address holds."""

PAGE = 2000
LONGEST_NAME = 255
"""Characters, a parent's name and the dot included; Salesforce itself allows far fewer."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")


def text(value: str) -> str:
    """Return a quoted string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"


def instant(at: datetime) -> str:
    """Return a dateTime literal, which stands without quotes."""
    return iso(at)


def any_of(name: str, ids: Iterable[str]) -> str:
    """Return ``name IN (…)``."""
    return f"{_checked(name)} IN ({','.join(text(item) for item in ids)})"


def after(stamp: datetime, record_id: str) -> str:
    """Return the condition of keyset paging: behind ``record_id`` among those stamped ``stamp``, or later."""
    at = instant(stamp)
    return f"(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > {text(record_id)}))"


def select(names: Sequence[str], source: str, conditions: Sequence[str] = (), tail: str = "") -> str:
    """Return a query; names that are no field names are refused with ``ValueError``."""
    listed = ",".join(_checked(name) for name in names)
    return " ".join(("SELECT", listed, "FROM", _checked(source), _where(conditions), tail)).strip()


def count(source: str, conditions: Sequence[str] = ()) -> str:
    """Return the query for the number of rows."""
    return " ".join(("SELECT COUNT() FROM", _checked(source), _where(conditions))).strip()


def fits(soql: str) -> bool:
    """Tell whether a query may travel in an address."""
    return len(quote_plus(soql)) <= LONGEST_URL


def chunks(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    """Yield ids, each once, in lists of at most ``size``."""
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def is_name(name: str) -> bool:
    """Tell whether something may stand in a query as the name of a field or an object."""
    return len(name) <= LONGEST_NAME and _NAME.fullmatch(name) is not None


def _checked(name: str) -> str:
    if not is_name(name):
        raise ValueError(f"{name!r} is no field name")
    return name
