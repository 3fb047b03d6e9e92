"""Files of facts about companies, CSV or Parquet: which column is what; every line is read or refused with a reason."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from connector.adapters.enrichment.contract import STANDARD, CompanyField
from connector.adapters.enrichment.generic import field_named
from connector.adapters.enrichment.values import read_time, read_value
from connector.errors import RejectedInput
from connector.services.addresses import site_domain
from connector.services.csv_lines import filled_lines
from connector.services.enrichment import parquet
from connector.store.enriched import Fact

LARGEST = 20 * 1024 * 1024
"""Bytes of a file."""

MOST_LINES = 200_000
MOST_COLUMNS = 200
MOST_FACTS = 2_000_000
"""Lines times columns of facts."""

DOMAIN, AS_OF, IGNORED = "domain", "as_of", "-"
_PARQUET = b"PAR1"
_DOMAIN_COLUMNS = frozenset(("domain", "website", "company domain", "site", "url", "web site", "homepage"))
_AS_OF_COLUMNS = frozenset(("as of", "as of date", "date", "updated at", "last updated"))
_MORE_COLUMNS = {
    "number of employees": "employees",
    "employee count": "employees",
    "headcount": "employees",
    "annual revenue": "revenue",
    "technologies": "tech_stack",
    "technology": "tech_stack",
    "esg": "esg_rating",
    "esg score": "esg_rating",
    "founded year": "founded",
    "year founded": "founded",
    "hq country": "country",
    "sector": "industry",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken, counted from 1 with the heading, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says. ``unread``: columns of which nothing was taken, as they are headed."""

    fields: tuple[CompanyField, ...]
    facts: tuple[Fact, ...]
    taken: int
    refused: tuple[Refused, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Places of a heading: the domain, the date (None: there is none) and the fields."""

    domain: int
    as_of: int | None
    fields: tuple[tuple[int, CompanyField], ...]

    @property
    def used(self) -> tuple[int, ...]:
        """The places of all of them."""
        dated = () if self.as_of is None else (self.as_of,)
        return (self.domain, *dated, *(place for place, _ in self.fields))


def read_mapping(text: str) -> dict[str, str]:
    """Read lines such as ``Mitarbeiter = employees``: heading → field; raises ``RejectedInput`` for other lines.

    A field is a shared one, the tenant's own (``Heat = temperature:number``), ``domain``, ``as_of``, or ``-`` (none).
    """
    found = {}
    for line in text.splitlines():
        heading, sign, field = line.rpartition("=")
        if not line.strip():
            continue
        if not sign or not heading.strip() or not field.strip():
            raise RejectedInput(f"A line such as Mitarbeiter = employees is wanted, not {line.strip()[:80]!r}.")
        found[_plain(heading)] = field.strip()
    return found


def read_file(content: bytes, mapping: Mapping[str, str], now: datetime) -> Read:
    """Read a file; each line is taken or refused as a whole.

    Raises ``RejectedInput`` where it can't be read at all: too large, no heading, no column with the domain.
    """
    if len(content) > LARGEST:
        raise RejectedInput(f"The file has {len(content):,} bytes; {LARGEST:,} are allowed. Part it into several.")
    packed = content[:4] == _PARQUET
    heading, reader = (list(parquet.schema(content)), None) if packed else _csv(content)
    if len(heading) > MOST_COLUMNS:
        raise RejectedInput(f"The file has {len(heading):,} columns; {MOST_COLUMNS} are allowed.")
    columns = _columns(heading, mapping)
    most = min(MOST_LINES, MOST_FACTS // len(columns.fields))
    lines = filled_lines(reader) if reader else _unpacked(content, heading, columns, most)
    facts: list[Fact] = []
    refused: list[Refused] = []
    seen: dict[tuple[str, datetime | None], int] = {}
    taken = 0
    for number, cells in lines:
        if number > most + 1:
            raise _too_long(most, columns)
        try:
            facts += _line(heading, columns, cells, now, seen, number)
            taken += 1
        except ValueError as wrong:
            refused.append(Refused(number, str(wrong)))
    unread = tuple(name for place, name in enumerate(heading) if place not in columns.used)
    return Read(tuple(field for _, field in columns.fields), tuple(facts), taken, tuple(refused), unread)


def _line(
    heading: Sequence[str],
    columns: _Columns,
    cells: Sequence[Any] | csv.Error,
    now: datetime,
    seen: dict[tuple[str, datetime | None], int],
    number: int,
) -> list[Fact]:
    """Return a line's facts; raise ``ValueError`` with the reason why it is refused."""
    if isinstance(cells, csv.Error):
        raise ValueError(f"can't be read, nor what follows up to the next whole line: {cells}")
    if len(cells) != len(heading):
        raise ValueError(f"has {len(cells)} cells where the heading has {len(heading)}")
    domain = site_domain(str(cells[columns.domain] or ""))
    if domain is None:
        raise ValueError(f"'{heading[columns.domain]}' names no company's site such as example.org")
    as_of = None if columns.as_of is None else _cell(heading[columns.as_of], read_time, cells[columns.as_of])
    if as_of is not None and as_of > now:
        raise ValueError(f"'{heading[columns.as_of or 0]}' lies in the future")
    if (domain, as_of) in seen:
        raise ValueError(f"tells of {domain} again, as line {seen[domain, as_of]} does")
    found = []
    for place, field in columns.fields:
        value = _cell(heading[place], lambda raw, field=field: read_value(field, raw), cells[place])
        if value is not None:
            found.append(Fact(domain, field.name, value, as_of or now, as_of is not None))
    seen[domain, as_of] = number
    return found


def _cell(name: str, read: Any, raw: Any) -> Any:
    try:
        return read(raw)
    except ValueError as wrong:
        raise ValueError(f"'{name}' {wrong}") from None


def _columns(heading: Sequence[str], mapping: Mapping[str, str]) -> _Columns:
    unknown = sorted(set(mapping) - {_plain(name) for name in heading})
    if unknown:
        raise RejectedInput(f"The file has no column '{unknown[0]}'.")
    meant = [mapping.get(_plain(name)) or _guess(name) for name in heading]
    for name in sorted({each for each in meant if each and each != IGNORED}):
        if meant.count(name) > 1:
            raise RejectedInput(f"Two columns are {name}. Say which in the mapping, and - for the other one.")
    if DOMAIN not in meant:
        raise RejectedInput("No column holds the company's domain. Head it Domain, or name it in the mapping.")
    fields = [
        (place, field_named(*(part.strip() for part in name.partition(":")[::2])))
        for place, name in enumerate(meant)
        if name and name not in (DOMAIN, AS_OF, IGNORED)
    ]
    if not fields:
        raise RejectedInput("No column holds a fact. Head one Employees or Industry, or name it in the mapping.")
    as_of = meant.index(AS_OF) if AS_OF in meant else None
    return _Columns(meant.index(DOMAIN), as_of, tuple(fields))


def _guess(name: str) -> str | None:
    plain = _plain(name)
    if plain in _DOMAIN_COLUMNS:
        return DOMAIN
    if plain in _AS_OF_COLUMNS:
        return AS_OF
    labels = {_plain(field.label): key for key, field in STANDARD.items()} | {_plain(key): key for key in STANDARD}
    return labels.get(plain) or _MORE_COLUMNS.get(plain)


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[_\-\s]+", " ", name.strip().lower()).split())


Lines = Iterator[tuple[int, Sequence[Any] | csv.Error]]


def _csv(content: bytes) -> tuple[list[str], Any]:
    """Return the heading, and a ``csv.reader`` behind it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RejectedInput(f"Line {line:,} is not UTF-8. Save the file as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    sign = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    try:
        heading = next(reader, [])
    except csv.Error:
        heading = []
    if not any(name.strip() for name in heading):
        raise RejectedInput("The file is empty: its first line must name the columns.")
    return heading, reader


def _unpacked(content: bytes, heading: Sequence[str], columns: _Columns, most: int) -> Lines:
    """Give the lines of a Parquet file; cells that are not used are None."""
    if parquet.count(content) > most:
        raise _too_long(most, columns)
    pieces = parquet.unpack(content, [heading[place] for place in columns.used], MOST_FACTS)
    for number, cells in enumerate(chain.from_iterable(piece.iter_rows() for piece in pieces), start=2):
        line: list[Any] = [None] * len(heading)
        for place, cell in zip(columns.used, cells, strict=True):
            line[place] = cell
        yield number, line


def _too_long(most: int, columns: _Columns) -> RejectedInput:
    facts = f", the most for its {len(columns.fields)} columns of facts" if most < MOST_LINES else ""
    return RejectedInput(f"The file has more than {most:,} lines{facts}. Part it into several; nothing was taken.")
