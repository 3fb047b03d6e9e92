"""One CSV file as rows, or the sentences that say why it can't be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.sandbox.imports.mapping import FilesSection
from connector.sandbox.imports.problems import ExportError, rows_text


@dataclass(frozen=True, slots=True)
class Row:
    """One record. ``number`` is the line of the file that it ends on, as an editor counts."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A whole file."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def require(self, columns: Sequence[str]) -> None:
        """Raise :class:`ExportError` unless the file has all ``columns`` (empty names aside)."""
        missing = [column for column in columns if column and column not in self.columns]
        if missing:
            named = ", ".join(f"'{column}'" for column in missing)
            raise ExportError(
                [
                    f"{self.file} has no column {named}, which the mapping names. Its columns are: "
                    f"{', '.join(self.columns)}. Correct the mapping or the file."
                ]
            )


def read_table(path: Path, files: FilesSection) -> Table:
    """Read a CSV file with a header line."""
    if not path.is_file():
        raise ExportError([f"The file {path.name} is not in the folder; the mapping's [files] section names it."])
    text = _decoded(path, files.encoding)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=files.delimiter, strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        rows = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise ExportError(
            [f"{path.name}, row {reader.line_num}: not readable as CSV ({error}). Check its quotes."]
        ) from error
    _check_shape(path.name, header, rows)
    return Table(
        path.name,
        tuple(header),
        tuple(Row(number, dict(zip(header, cells, strict=True))) for number, cells in rows),
    )


def _decoded(path: Path, encoding: str) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError as error:
        raise ExportError([f"The mapping's encoding '{encoding}' is not known. Try utf-8 or latin-1."]) from error
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise ExportError(
            [
                f"{path.name}, row {row}: bytes that are not {encoding}. "
                "Save the file in UTF-8, or name its encoding in the mapping's [files] section."
            ]
        ) from error


def _check_shape(file: str, header: list[str], rows: list[tuple[int, list[str]]]) -> None:
    problems = []
    if not header or not rows:
        problems.append(f"{file} holds no rows. Export it again with a header line and at least one row.")
    doubled = sorted({column for column in header if header.count(column) > 1})
    if doubled:
        problems.append(f"{file} has several columns named {doubled}. Rename all but one of each.")
    ragged = [number for number, cells in rows if len(cells) != len(header)]
    if ragged:
        problems.append(
            f"{file}, {rows_text(ragged)}: not as many cells as the header has columns ({len(header)}). "
            "Check delimiter and quotes."
        )
    if problems:
        raise ExportError(problems)
