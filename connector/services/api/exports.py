"""All scores as one file, written piece by piece: memory does not grow with the number of leads.

The columns are an interface: new ones come last, none changes its meaning. ``told_…`` is what CRMs are told: a person's
word where there is one. Names and addresses are not among them; the
records' ids lead back to the CRM.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any
from uuid import UUID

import polars as pl
from polars.io.plugins import register_io_source

from connector.services import csv_lines
from connector.services.context import Services
from connector.store import score_export
from connector.store.lead_list import Owner
from connector.store.types import AnyRow

_REASONS = 3
PIECE = 2_000
"""Leads that are read in one short view of the database."""
_TIME = pl.Datetime("us", "UTC")
SCHEMA = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "score": pl.Float64(),
        "probability": pl.Float64(),
        "tier": pl.String(),
        "model": pl.String(),
        "as_of": _TIME,
        "scored_at": _TIME,
        "records": pl.String(),
        **{f"reason_{number}": pl.String() for number in range(1, _REASONS + 1)},
        "told_score": pl.Float64(),
        "told_tier": pl.String(),
    }
)


def as_csv(services: Services, tenant_id: UUID, tier: str | None, owner: Owner | None = None) -> Iterator[str]:
    """Return a CSV file (RFC 4180, UTF-8, times in ISO 8601), a piece at a time; ``owner`` None: everybody's leads."""
    return csv_lines.written(SCHEMA.names(), _pieces(services, tenant_id, tier, owner))


def as_parquet(services: Services, tenant_id: UUID, tier: str | None) -> IO[bytes]:
    """Return an open Parquet file at its beginning. It has no name, so that nothing is left of it however we end."""
    source = register_io_source(_source(services, tenant_id, tier), schema=SCHEMA)
    made = tempfile.TemporaryFile()  # noqa: SIM115 # whoever streams it closes it
    try:
        source.sink_parquet(made, compression="zstd")
        made.seek(0)
    except BaseException:
        made.close()
        raise
    return made


def _source(services: Services, tenant_id: UUID, tier: str | None) -> Any:
    """Return what polars reads piece by piece, with what it may ask of a source: columns, rows, how many."""

    def read(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for rows in _pieces(services, tenant_id, tier):
            frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").head(len(rows) if left is None else left)
            left = None if left is None else left - frame.height
            chosen = frame if predicate is None else frame.filter(predicate)
            yield chosen if with_columns is None else chosen.select(with_columns)

    return read


def _pieces(
    services: Services, tenant_id: UUID, tier: str | None, owner: Owner | None = None
) -> Iterator[Sequence[tuple[Any, ...]]]:
    after = 0
    while True:
        with services.store.reading(tenant_id) as session:
            found = score_export.piece(session, tenant_id, tier, after, PIECE, owner)
            names: dict[int, list[str]] = {}
            if found:
                for row in score_export.names(session, tenant_id, found[0].lead_id, found[-1].lead_id):
                    names.setdefault(row.lead_id, []).append(f"{row.vendor}:{row.account_id}:{row.vendor_id}")
        if not found:
            return
        yield [_row(row, names.get(row.lead_id, ())) for row in found]
        after = found[-1].lead_id


def _row(row: AnyRow, names: Sequence[str]) -> tuple[Any, ...]:
    sentences = [reason["sentence"] for reason in row.reasons[:_REASONS]]
    reasons = [*sentences, *([None] * (_REASONS - len(sentences)))]
    values = (row.lead_id, float(row.score), float(row.probability), row.tier, row.model, row.as_of, row.scored_at)
    word = row.by_hand
    told = (float(word["score"]), word["tier"]) if word else (float(row.score), row.tier)
    return (*values, " ".join(names), *reasons, *told)
