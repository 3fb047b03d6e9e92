"""Scores as the ledger tells them, made into what they were kept from: to be said again, word for word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy.engine import Connection

from connector.services import scored
from connector.services.scored import Kept, Scoring
from connector.store import inputs
from connector.store.ledger import Kept as Entry

Way = tuple[str, int | None]
"""A model, and the High-Intent line in tenths where a trial set it."""


def enter_again(session: Connection, like: Scoring, entries: Sequence[Entry], now: datetime) -> Kept:
    """Enter scores of before once more as ``like`` says, but each by the model and line that made it."""
    kept = Kept()
    for (model, line), rows, frame in _groups(session, like.tenant_id, entries):
        kept = kept.plus(scored.keep(session, replace(like, model=model, line=line), rows, frame, now))
    return kept


def _groups(
    session: Connection, tenant_id: UUID, entries: Sequence[Entry]
) -> Iterator[tuple[Way, list[dict[str, Any]], bytes | None]]:
    """Give (way, rows of ``scoring.predict``, their packed inputs), each to be kept as one batch of entries.

    Entries whose bodies were erased are left out; inputs are None where they are gone.
    """
    kept: dict[tuple[Way, tuple[str, ...]], list[tuple[dict[str, Any], pl.DataFrame]]] = defaultdict(list)
    bare: dict[Way, list[dict[str, Any]]] = defaultdict(list)
    vectors = _vectors(session, tenant_id, entries)
    for entry in entries:
        if entry.lead_id is None or entry.body is None:
            continue
        row, vector = _row(entry.lead_id, entry.body), vectors.get(entry.seq)
        way = entry.body["model"], entry.body.get("line")
        if vector is None:
            bare[way].append(row)
        else:
            kept[way, tuple(vector.columns)].append((row, vector))
    for (way, _), pairs in kept.items():
        frame = pl.concat([vector for _, vector in pairs], how="vertical_relaxed")
        yield way, [row for row, _ in pairs], inputs.pack(frame)
    for way, rows in bare.items():
        yield way, rows, None


def _vectors(session: Connection, tenant_id: UUID, entries: Sequence[Entry]) -> dict[int, pl.DataFrame]:
    """Entry → the row of its inputs, where these were kept. A batch is read once for all of its entries."""
    found: dict[int, pl.DataFrame] = {}
    last, rows = 0, pl.DataFrame()
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.seq > last:
            batch = inputs.of_entry(session, tenant_id, entry.seq)
            if batch is None:
                continue
            last, rows = batch.last_seq, inputs.unpack(batch.frame)
        mine = rows.filter(pl.col("lead_id") == entry.lead_id)
        if mine.height == 1:
            found[entry.seq] = mine
    return found


def _row(lead_id: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """An entry's body as a row of ``scoring.predict``; entries of older programs lack some of it."""
    optional = ("low", "high", "little_known", "expected", "currency", "fit", "engagement")
    return {
        "lead_id": lead_id,
        "score_tenths": int(Decimal(body["score"]) * 10),
        "probability": float(body["probability"]),
        "tier": body["tier"],
        "reasons": body["reasons"],
        "base_value": float(body["base_value"]),
        "contributions": body.get("contributions", body["reasons"]),
        "inputs_hash": body["inputs_hash"],
    } | {name: body.get(name) for name in optional}
