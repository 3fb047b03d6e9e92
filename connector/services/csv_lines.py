"""The lines of CSV files: of uploaded ones each with where it begins, so that a bad one is told and the rest is kept;
of ours with cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from connector.errors import RejectedInput

T = TypeVar("T")

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full-width forms are meant
"""A cell that begins so is a formula to a spreadsheet, or its blank is passed over for what follows."""
_SHOWN = 20
"""Refused lines that are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken, and why; its neighbours were."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: how many lines were taken, and those that were not."""

    taken: int
    refused: tuple[Refused, ...]

    @property
    def sentence(self) -> str:
        """What is told to who uploaded it."""
        said = f"{self.taken} line{'' if self.taken == 1 else 's'} taken."
        if not self.refused:
            return said
        named = " ".join(f"Line {item.line}: {item.reason}." for item in self.refused[:_SHOWN])
        rest = f" And {len(self.refused) - _SHOWN} more." if len(self.refused) > _SHOWN else ""
        return f"{said} {len(self.refused)} not taken. {named}{rest}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What an uploaded file must be: its ``columns``, in any order, and at most so many bytes and lines."""

    columns: tuple[str, ...]
    largest: int
    most_lines: int


def read(content: bytes, sheet: Sheet, take: Callable[[Mapping[str, str]], T]) -> tuple[list[T], tuple[Refused, ...]]:
    """Hand each filled line of a file to ``take``, by column and stripped; return what it made of them, and the others.

    ``take`` raises ``RejectedInput`` for a line that it does not take. Raises it where the file can't be read at all.
    """
    reader, heading = _opened(content, sheet.columns, sheet.largest)
    places = {name: heading.index(name) for name in sheet.columns}
    good, refused = list[T](), list[Refused]()
    for number, cells in filled_lines(reader):
        if number > sheet.most_lines + 1:
            raise RejectedInput(f"The file has more than {sheet.most_lines:,} lines. Part it; nothing was taken.")
        try:
            if isinstance(cells, csv.Error):
                raise RejectedInput("can't be read as CSV")
            if len(cells) != len(heading):
                raise RejectedInput(f"has {len(cells)} cells where the heading has {len(heading)}")
            good.append(take({name: cells[place].strip() for name, place in places.items()}))
        except RejectedInput as wrong:
            refused.append(Refused(number, str(wrong).removesuffix(".")))
    return good, tuple(refused)


def _opened(content: bytes, columns: Sequence[str], largest: int) -> tuple[Any, list[str]]:
    """Return a reader behind the heading of a file of at most ``largest`` bytes, and the heading in lower case.

    Commas, semicolons or tabs part the cells. Raises ``RejectedInput`` where the file can't be read at all, or its
    heading lacks one of ``columns``.
    """
    if len(content) > largest:
        raise RejectedInput(f"The file has {len(content):,} bytes; {largest:,} are allowed.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RejectedInput("The file is not UTF-8. Save it as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        heading = [name.strip().lower() for name in next(reader, [])]
    except csv.Error:
        heading = []
    if lacking := [name for name in columns if name not in heading]:
        raise RejectedInput(
            f"The first line must name the columns {', '.join(columns)}; {', '.join(lacking)} is missing."
        )
    return reader, heading


def filled_lines(reader: Any) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Give each filled line of a ``csv.reader`` with the number where it begins (a quoted cell may hold several).

    A line that can't be read comes as its error, and reading goes on behind it.
    """
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, error
            continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def written(columns: Sequence[str], pieces: Iterable[Iterable[Sequence[Any]]]) -> Iterator[str]:
    """Yield a file of ours (RFC 4180) a piece at a time: the heading with the first rows, and whatever is left."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for rows in pieces:
        writer.writerows([harmless(value) for value in row] for row in rows)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def harmless(value: Any) -> Any:
    """Return what is written for a value: nothing for None, times in ISO 8601, a text that is no formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else value
    return f"'{value}" if value.startswith(_RISKY) else value
