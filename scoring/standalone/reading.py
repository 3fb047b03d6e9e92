"""Reading a table and its columns, with errors that name file, column and row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scoring.errors import FileError
from scoring.schema import UTC_TIME

_ZONE = r"(Z|[+-]\d{2}:?\d{2})$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, and what it is called in messages."""

    name: str
    rows: pl.DataFrame

    def require(self, column: str, why: str) -> None:
        """Raise ``FileError`` unless there is such a column."""
        if column not in self.rows.columns:
            raise FileError(f"{self.name}: the column '{column}' is missing; {why}.")

    def ids(self) -> pl.Series:
        """Return the column ``lead_id`` as text; raise ``FileError`` for an empty one."""
        self.require("lead_id", "it names the lead of each row")
        ids = self.rows["lead_id"].cast(pl.String)
        if ids.null_count():
            raise FileError(f"{self.name}: row {_first(ids.is_null())} has no lead_id.")
        return ids

    def text(self, column: str, default: str | None = None) -> pl.Series:
        """Return a column as text, all ``default`` where it is not there."""
        if column not in self.rows.columns:
            return pl.Series(column, [default] * self.rows.height, dtype=pl.String)
        return self.rows[column].cast(pl.String)

    def hundredths(self, column: str) -> pl.Series:
        """Return a column's amounts in whole hundredths; raise ``FileError`` for what is no amount."""
        text = self.text(column).str.strip_chars()
        text = text.set(text == "", None)
        read = text.str.to_decimal(scale=2)
        wrong = text.is_not_null() & read.is_null()
        if wrong.any():
            raise FileError(f"{self.name}: row {_first(wrong)}: '{column}' is no amount; write 1234.50.")
        return (read * 100).cast(pl.Int64)

    def times(self, column: str, *, assume_utc: bool) -> pl.Series:
        """Return a column's times in UTC; days count from their beginning.

        Raises ``FileError`` for what is no time, and for a time without a zone unless ``assume_utc``.
        """
        found = self.rows[column]
        if isinstance(found.dtype, pl.Datetime):
            if found.dtype.time_zone is None and not assume_utc:
                raise self._zoneless(column, found.is_not_null())
            zoned = found.dt.replace_time_zone("UTC") if found.dtype.time_zone is None else found
            return zoned.dt.convert_time_zone("UTC").cast(UTC_TIME)
        if found.dtype == pl.Date:
            return found.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        return self._parsed(column, found.cast(pl.String).str.strip_chars(), assume_utc)

    def _parsed(self, column: str, text: pl.Series, assume_utc: bool) -> pl.Series:
        filled = text.is_not_null() & (text.str.len_chars() > 0)
        day, zoned = text.str.contains(_DAY).fill_null(False), text.str.contains(_ZONE).fill_null(False)
        bare = filled & ~day & ~zoned
        if bare.any() and not assume_utc:
            raise self._zoneless(column, bare)
        frame = pl.DataFrame({"text": text, "day": day, "zoned": zoned})
        dashed = pl.col("text").str.replace(" ", "T")
        # Of a time without a zone the last colon belongs to the seconds.
        zone = dashed.str.replace(r"Z$", "+0000").str.replace(r"(\d{2}):(\d{2})$", "$1$2")
        rest = pl.when("day").then(dashed + "T00:00:00+0000").otherwise(dashed + "+0000")
        whole = pl.when("zoned").then(zone).otherwise(rest)
        times = frame.select(whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", strict=False, time_unit="us")).to_series()
        unread = filled & times.is_null()
        if unread.any():
            raise FileError(
                f"{self.name}: row {_first(unread)} of '{column}' is no time; write 2026-03-01T09:30:00Z or 2026-03-01."
            )
        return times.cast(UTC_TIME)

    def _zoneless(self, column: str, bare: pl.Series) -> FileError:
        return FileError(
            f"{self.name}: row {_first(bare)} of '{column}' is a time without a zone. "
            "Write its offset (2026-03-01T09:30:00Z), or add --assume-utc if all are UTC."
        )


def table(path: Path) -> Table:
    """Read a Parquet or CSV file; raise ``FileError`` where it can't be."""
    try:
        if path.suffix == ".parquet":
            return Table(path.name, pl.read_parquet(path))
        if path.suffix == ".csv":
            return Table(path.name, pl.read_csv(path, infer_schema=False, null_values=[""]))
    except OSError as error:
        raise FileError(f"{path}: it can't be opened ({error.strerror or 'no such file'}).") from error
    except pl.exceptions.PolarsError as error:
        raise FileError(f"{path.name}: it can't be read as {path.suffix[1:]}: {error}") from error
    raise FileError(f"{path.name}: give a .parquet or a .csv file.")


def _first(mask: pl.Series) -> int:
    """Return the number of the first row that is meant, counted from 1 without the header."""
    return int(mask.arg_true()[0]) + 1
