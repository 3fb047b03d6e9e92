"""The CSV of Bulk jobs: UTF-8, every cell in quotes, a newline inside quotes belongs to the value.

Source: Bulk API 2.0 guide, "Prepare CSV Files" and "Valid CSV Record Rows".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from connector.adapters.salesforce.values import Json

CLEARED = "#N/A"
"""The cell that sets a field to null; an empty one leaves the field as it is."""

IDS = frozenset({"Id", "sf__Id"})
"""One of them is a column of every table that we ask for."""

LARGEST_UPLOAD = 100_000_000
"""Bytes of one upload: Salesforce takes 150 MB after base64, which adds half."""

csv.field_size_limit(2**24)


class Upload(NamedTuple):
    """What one job is given: the ids of its rows, which stand in their first cells, and the bytes."""

    ids: list[str]
    content: bytes


def uploads(header: Sequence[str], rows: Iterable[Sequence[str]], most: int = LARGEST_UPLOAD) -> Iterator[Upload]:
    """Yield ``rows``, whose first cell is the record's id, in as few uploads of at most ``most`` bytes as they need.

    An empty cell clears its field.
    """
    first = _line(header)
    ids: list[str] = []
    lines, size = [first], len(first)
    for cells in rows:
        line = _line([cell or CLEARED for cell in cells])
        if ids and size + len(line) > most:
            yield Upload(ids, b"".join(lines))
            ids, lines, size = [], [first], len(first)
        ids.append(cells[0])
        lines.append(line)
        size += len(line)
    if ids:
        yield Upload(ids, b"".join(lines))


def rows(content: bytes) -> Iterator[Json]:
    """Yield the rows of a CSV page, which is UTF-8 whatever its header says; an empty cell is None.

    A repeated header line is no row. Raise ``ValueError`` for a row that broke off.
    """
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    header = next(reader, [])
    if header and IDS.isdisjoint(header):
        raise ValueError("this is no table of records, but a gateway's page for instance")
    for cells in reader:
        if cells and cells != header:
            yield {name: cell or None for name, cell in zip(header, cells, strict=True)}


def _line(cells: Sequence[str]) -> bytes:
    # Half a surrogate pair, which JSON can bring and UTF-8 can't, is no reason to lose the row.
    return (",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n").encode("utf-8", "replace")
