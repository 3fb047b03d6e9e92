"""Score a tenant's open leads, remember every score, and queue what changed for the CRMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy.engine import Connection

from connector.errors import NeedsAdmin
from connector.records import ScoreValues, Tier
from connector.services import snapshot
from connector.services.job import Job
from connector.store import inputs, ledger, models, outbox, records, scores, tenants
from connector.store.outbox import OutboxStatus
from connector.store.tenants import TenantSettings
from scoring.schema import History

_CHUNK = 500
NEAR_AVERAGE = "Close to the average lead in everything that counts"
"""The reason of a lead none of whose traits moves its score noticeably."""


def run(job: Job) -> None:
    """Score every lead of the population as of the run's instant; a resumed run skips what it has stored."""
    services = job.services
    with services.store.reading() as session:
        model = models.get(session, job.tenant_id, job.run.model)
        settings = tenants.get(session, job.tenant_id).settings
        stored = scores.of_run(session, job.tenant_id, job.run.id)
        tiers = scores.tiers(session, job.tenant_id)
        known = outbox.delivered_values(session, job.tenant_id)
    if model is None:
        raise NeedsAdmin(f"Model {job.run.model} is not stored.", remedy="Start a training run.")
    history = snapshot.history(services, job.tenant_id, settings)
    scored, frames = services.isolated(
        predict, model.artefact, history, job.run.as_of, str(job.tenant_id), tiers, stored
    )
    done, expected = len(stored), len(stored) + scored.height
    for part, frame in zip(scored.iter_slices(_CHUNK), frames, strict=True):
        job.go_on()
        chunk = part.to_dicts()
        with job.transaction() as session:
            _store(session, job, chunk, frame, settings, known)
            done += len(chunk)
            job.report(session, done=done, expected=expected)


def predict(
    artefact: bytes, history: History, as_of: datetime, tenant: str, tiers: Mapping[int, str], stored: Set[int]
) -> tuple[pl.DataFrame, list[bytes]]:
    """Score in a process of its own; returns the frame of ``scoring.predict.score`` and each chunk's packed inputs.

    ``tiers`` are the bands that leads are in now: a lead near a border keeps its band. ``stored`` leads are left out.
    """
    # Imported here for the same reason as in training: the web process never scores.
    from scoring.bundle import loads
    from scoring.predict import score_recorded

    made = score_recorded(loads(artefact, tenant=tenant), history, as_of=as_of, former=tiers)
    fresh = ~made.scores["lead_id"].is_in(list(stored))
    scored, recorded = made.scores.filter(fresh), made.inputs.filter(fresh)
    return scored, [inputs.pack(part) for part in recorded.iter_slices(_CHUNK)]


def _store(
    session: Connection,
    job: Job,
    rows: Sequence[dict[str, Any]],
    frame: bytes,
    settings: TenantSettings,
    known: Mapping[int, Any],
) -> None:
    now = job.services.clock.now()
    scores.save(session, [_score_row(job, row, now) for row in rows])
    entries = [ledger.Entry("scored", row["lead_id"], _body(job, row)) for row in rows]
    first = ledger.append(session, job.tenant_id, entries, now)
    inputs.save(session, job.tenant_id, inputs.Batch(first, first + len(rows) - 1, job.run.model, frame))
    seq_of = {row["lead_id"]: first + offset for offset, row in enumerate(rows)}
    values_of = {row["lead_id"]: to_json(_values(job, row)) for row in rows}
    waiting = [
        {
            "record_id": record.id,
            "tenant_id": job.tenant_id,
            "connection_id": record.connection_id,
            "status": OutboxStatus.PENDING,
            "ledger_seq": seq_of[record.lead_id],
            "due_at": now,
            "attempts": 0,
            "message": None,
            "values": values_of[record.lead_id],
        }
        for record in records.of_lead(session, job.tenant_id, list(values_of))
        if worth_writing(values_of[record.lead_id], known.get(record.id), settings.minimum_step)
    ]
    outbox.put(session, waiting)


def _score_row(job: Job, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "lead_id": row["lead_id"],
        "tenant_id": job.tenant_id,
        "run_id": job.run.id,
        "model": job.run.model,
        "score": _points(row),
        "probability": _probability(row, "0.00000001"),
        "tier": row["tier"],
        "reasons": row["reasons"],
        "base_value": repr(row["base_value"]),
        "inputs_hash": row["inputs_hash"],
        "as_of": job.run.as_of,
        "scored_at": now,
    }


def _points(row: Mapping[str, Any]) -> Decimal:
    return Decimal(row["score_tenths"]) / 10


def _probability(row: Mapping[str, Any], step: str) -> Decimal:
    return Decimal(repr(row["probability"])).quantize(Decimal(step))


def _body(job: Job, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run": str(job.run.id),
        "requester": f"{job.run.kind} run",
        "model": job.run.model,
        "as_of": job.run.as_of.isoformat(),
        "score": str(_points(row)),
        "probability": repr(row["probability"]),
        "tier": row["tier"],
        "reasons": row["reasons"],
        "base_value": repr(row["base_value"]),
        "contributions": [part for part in row["contributions"] if part["contribution"]],
        **{name: row[name] for name in ("low", "high", "little_known", "expected", "currency")},
        "fit": row["fit"],
        "engagement": row["engagement"],
        "inputs_hash": row["inputs_hash"],
    }


def _values(job: Job, row: Mapping[str, Any]) -> ScoreValues:
    return ScoreValues(
        score=_points(row),
        probability=_probability(row, "0.0001"),
        tier=Tier(row["tier"]),
        reasons=tuple(reason["sentence"] for reason in row["reasons"]) or (NEAR_AVERAGE,),
        model=job.run.model,
        updated_at=job.run.as_of,
    )


def to_json(values: ScoreValues) -> dict[str, Any]:
    """Return what the outbox keeps of values on their way."""
    return {
        "score": str(values.score),
        "probability": str(values.probability),
        "tier": values.tier,
        "reasons": list(values.reasons),
        "model": values.model,
        "updated_at": values.updated_at.isoformat(),
    }


def from_json(data: Mapping[str, Any]) -> ScoreValues:
    """Read back what :func:`to_json` made."""
    return ScoreValues(
        score=Decimal(data["score"]),
        probability=Decimal(data["probability"]),
        tier=Tier(data["tier"]),
        reasons=tuple(data["reasons"]),
        model=data["model"],
        updated_at=datetime.fromisoformat(data["updated_at"]),
    )


def worth_writing(fresh: Mapping[str, Any], held: Mapping[str, Any] | None, step: float) -> bool:
    """Whether a CRM that holds ``held`` should get ``fresh``: score moved by ``step``, tier or reasons changed."""
    if held is None:
        return True
    moved = abs(Decimal(fresh["score"]) - Decimal(held["score"])) >= Decimal(repr(step))
    return moved or fresh["tier"] != held["tier"] or fresh["reasons"] != held["reasons"]
