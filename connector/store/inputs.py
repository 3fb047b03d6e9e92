"""The vectors that scores were made of, kept with the ledger: a compressed frame a batch of entries.

Parquet for the batches of a run; a deflated Arrow stream for a handful, which is made in a fiftieth of the time and
takes a tenth of the room.

A frame holds a row an entry, in the entries' order. It is personal data: a lead that is deleted leaves every frame.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import polars as pl
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import ledger, score_inputs

FEW = 200
"""Rows up to which a frame is kept as an Arrow stream."""
_PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True)
class Batch:
    """The inputs of the ledger's entries ``first_seq`` to ``last_seq``, all scored by ``model``."""

    first_seq: int
    last_seq: int
    model: str
    frame: bytes


def pack(frame: pl.DataFrame) -> bytes:
    """Return the bytes that are stored of a frame."""
    buffer = io.BytesIO()
    if frame.height <= FEW:
        frame.write_ipc_stream(buffer, compression="uncompressed")
        return zlib.compress(buffer.getvalue(), 1)
    frame.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def unpack(data: bytes) -> pl.DataFrame:
    """Return the frame of stored bytes; raise ``polars.exceptions.PolarsError`` where they are damaged."""
    if data.startswith(_PARQUET):
        return pl.read_parquet(io.BytesIO(data))
    try:
        return pl.read_ipc_stream(io.BytesIO(zlib.decompress(data)))
    except zlib.error as error:
        raise pl.exceptions.ComputeError("the stored inputs are damaged") from error


def without(data: bytes, lead_ids: Collection[int]) -> bytes:
    """Return the stored bytes of a frame without these leads."""
    return pack(unpack(data).filter(~pl.col("lead_id").is_in(list(lead_ids))))


def save(connection: Connection, tenant_id: UUID, batch: Batch) -> None:
    """Keep the inputs of a batch, in the transaction that wrote its entries."""
    row = {"tenant_id": tenant_id, "first_seq": batch.first_seq, "last_seq": batch.last_seq}
    connection.execute(sa.insert(score_inputs), row | {"model": batch.model, "frame": batch.frame})


def batches(connection: Connection, tenant_id: UUID) -> Sequence[int]:
    """Return the first sequence number of every batch, oldest first."""
    c = score_inputs.c
    return list(
        connection.execute(sa.select(c.first_seq).where(c.tenant_id == tenant_id).order_by(c.first_seq)).scalars()
    )


def of_entry(connection: Connection, tenant_id: UUID, seq: int) -> Batch | None:
    """Return the batch that an entry of the ledger belongs to, if its inputs were kept."""
    c = score_inputs.c
    query = sa.select(score_inputs).where(c.tenant_id == tenant_id, c.first_seq <= seq)
    row = connection.execute(query.order_by(c.first_seq.desc()).limit(1)).one_or_none()
    return _read(row) if row and row.last_seq >= seq else None


def of_lead(connection: Connection, tenant_id: UUID, lead_id: int) -> Sequence[tuple[Batch, dict[str, Any]]]:
    """Return a lead's vectors with the batches that they stand in, oldest first."""
    found = []
    for first_seq in sorted(_holding(connection, tenant_id, [lead_id])):
        batch = of_entry(connection, tenant_id, first_seq)
        if batch is not None:
            rows = unpack(batch.frame).filter(pl.col("lead_id") == lead_id)
            found += [(batch, row) for row in rows.iter_rows(named=True)]
    return found


def forget(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> None:
    """Take leads out of every frame."""
    c = score_inputs.c
    for first_seq in sorted(_holding(connection, tenant_id, lead_ids)):
        same = sa.and_(c.tenant_id == tenant_id, c.first_seq == first_seq)
        kept = without(bytes(connection.execute(sa.select(c.frame).where(same)).scalar_one()), lead_ids)
        connection.execute(sa.update(score_inputs).where(same).values(frame=kept))


def _holding(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> set[int]:
    """The first sequence numbers of the batches with entries of these leads."""
    found: set[int] = set()
    for lead_id in lead_ids:
        mine = sa.and_(ledger.c.tenant_id == tenant_id, ledger.c.lead_id == lead_id, ledger.c.kind == "scored")
        for seq in connection.execute(sa.select(ledger.c.seq).where(mine)).scalars():
            batch = of_entry(connection, tenant_id, seq)
            found |= {batch.first_seq} if batch else set()
    return found


def _read(row: Any) -> Batch:
    return Batch(row.first_seq, row.last_seq, row.model, bytes(row.frame))
