"""Does the ledger say what the models said? Scores recomputed from their stored inputs, bit for bit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services.context import Services
from connector.store import inputs, leads, ledger, models
from connector.store.inputs import Batch
from connector.store.ledger import Kept
from connector.store.models import ModelVersion

_SCORED = "scored"
_MOST_WRONG = 20
"""More sentences than this say no more."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was found: scores that came out equal, scores whose inputs are gone, and a sentence for each that differs.

    Inputs are gone where the lead was erased, or where a score is older than the keeping of inputs.
    """

    checked: int = 0
    erased: int = 0
    wrong: tuple[str, ...] = ()

    def plus(self, other: Replayed) -> Replayed:
        """Both together."""
        wrong = (*self.wrong, *other.wrong)[:_MOST_WRONG]
        return Replayed(self.checked + other.checked, self.erased + other.erased, wrong)


def replay_lead(services: Services, tenant_id: UUID, lead_id: int, at: datetime | None) -> Replayed:
    """Replay a lead's newest score (as it stood ``at``); raise ``RejectedInput`` where there is none."""
    with services.store.reading(tenant_id) as session:
        entry = ledger.newest(session, tenant_id, _SCORED, lead_id, at)
        if entry is None:
            raise RejectedInput(f"The ledger holds no score of lead {lead_id}{f' at {at.isoformat()}' if at else ''}.")
        batch = inputs.of_entry(session, tenant_id, entry.seq)
        return _replayed(session, tenant_id, batch, [entry]) if batch else Replayed(erased=1)


def replay_ledger(services: Services, tenant_id: UUID, batches: int | None) -> Replayed:
    """Replay every stored batch of scores, or as many as ``batches``, spread evenly over the ledger; one at a time."""
    with services.store.reading(tenant_id) as session:
        firsts = inputs.batches(session, tenant_id)
    found = Replayed()
    for first in _spread(firsts, batches):
        with services.store.reading(tenant_id) as session:
            batch = inputs.of_entry(session, tenant_id, first)
            if batch is not None:
                entries = ledger.span(session, tenant_id, _SCORED, batch.first_seq, batch.last_seq)
                found = found.plus(_replayed(session, tenant_id, batch, entries))
    return found


def _spread(firsts: Sequence[int], count: int | None) -> Sequence[int]:
    if count is None or count >= len(firsts):
        return firsts
    return [firsts[place * len(firsts) // count] for place in range(count)]


def _replayed(session: Connection, tenant_id: UUID, batch: Batch, entries: Sequence[Kept]) -> Replayed:
    where = f"entries {batch.first_seq} to {batch.last_seq}"
    whole = {entry.lead_id: entry for entry in entries if entry.lead_id is not None and entry.body is not None}
    touched = tuple(
        f"entry {kept.seq}: its body is not the committed one" for kept in whole.values() if not kept.intact
    )
    erased = sum(entry.lead_id is not None and entry.body is None for entry in entries)
    model = models.get(session, tenant_id, batch.model)
    if model is None:
        return Replayed(wrong=(*touched, f"{where}: {batch.model} is not stored"))
    if not _published(session, tenant_id, model):
        touched = (*touched, f"{where}: {batch.model} is not the model that was published under that name")
    return Replayed(erased=erased, wrong=touched).plus(_compared(session, tenant_id, model, batch, whole))


def _published(session: Connection, tenant_id: UUID, model: ModelVersion) -> bool:
    """Whether the ledger says that these very bytes were published."""
    told = [entry.body or {} for entry in ledger.span(session, tenant_id, "admin")]
    hashes = {body.get("sha256") for body in told if body.get("model") == model.version}
    return hashlib.sha256(model.artefact).hexdigest() in hashes


def _compared(
    session: Connection, tenant_id: UUID, model: ModelVersion, batch: Batch, entries: Mapping[int, Kept]
) -> Replayed:
    # Imported here for the same reason as in training: the model libraries are heavy, and most commands need none.
    from scoring.errors import ScoringError
    from scoring.replay import RECORD, differences, replay

    where = f"entries {batch.first_seq} to {batch.last_seq}"
    try:
        frame = inputs.unpack(batch.frame).filter(pl.col("lead_id").is_in(list(entries)))
        # A batch is scored one way.
        line = next((entry.body.get("line") for entry in entries.values() if entry.body), None)
        recomputed = replay(model.artefact, frame, tenant=str(tenant_id), line=line)
    except ScoringError as error:
        return Replayed(wrong=(f"{where}: {error}",))
    except pl.exceptions.PolarsError:
        return Replayed(wrong=(f"{where}: the stored inputs are damaged",))
    held = set(recomputed["lead_id"])
    lost = leads.existing(session, tenant_id, sorted(set(entries) - held))
    recorded = pl.DataFrame([_record(entries[lead]) for lead in sorted(held)], schema=RECORD)
    found = differences(recorded, recomputed)
    wrong = [
        f"entry {entries[item.lead_id].seq}: {item.what} was {item.recorded}, is {item.recomputed}" for item in found
    ]
    wrong += [f"entry {entries[lead].seq}: its inputs are missing" for lead in sorted(lost)]
    equal = len(held) - len({item.lead_id for item in found})
    return Replayed(equal, len(entries) - len(held) - len(lost), tuple(wrong))


def _record(entry: Kept) -> dict[str, Any]:
    """An entry's body as a row of ``scoring.replay.RECORD``."""
    body = entry.body or {}
    # Entries of older programs hold the reasons alone, under the same two names.
    parts = body.get("contributions", body["reasons"])
    return {
        "lead_id": entry.lead_id,
        "probability": float(body["probability"]),
        "score_tenths": int(Decimal(body["score"]) * 10),
        "tier": body["tier"],
        "base_value": float(body["base_value"]),
        "contributions": [{"concept": item["concept"], "contribution": item["contribution"]} for item in parts],
        "inputs_hash": body["inputs_hash"],
        "low": body.get("low"),
        "high": body.get("high"),
        "expected": body.get("expected"),
    }
