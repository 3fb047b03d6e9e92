"""The stage of a rollback: every lead gets back the score that it had before the other model was published.

Scores come from the ledger, word for word, as new entries with the reason of their coming. Leads that had none are
scored anew by the model that scores again; so is everybody at night.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy.engine import Connection

from connector.services import again, companies, scored
from connector.services.job import Job
from connector.services.scored import Scoring
from connector.store import former, inputs, ledger, models, outbox, scores, tenants
from connector.store.ledger import Kept

_CHUNK = 500


def run(job: Job) -> None:
    """Restore what the champion of before had said. A resumed run skips what it has restored.

    Does nothing where another model scores by now: its own run is on its way.
    """
    services, tenant_id = job.services, job.tenant_id
    with services.store.reading(tenant_id) as session:
        champion = models.standing(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        if champion is None or champion.version != job.run.model or champion.restored_before is None:
            return
        before = champion.restored_before
        touched = former.scored_since(session, tenant_id, before)
        done = scores.of_run(session, tenant_id, job.run.id)
    expected, left = len(touched), [lead for lead in touched if lead not in done]
    trigger = {"rollback": job.run.model, "before": before}
    count = expected - len(left)
    for start in range(0, len(left), _CHUNK):
        leads = left[start : start + _CHUNK]
        job.go_on()
        with job.transaction() as session:
            ledger.lock(session, tenant_id)
            entries = former.before(session, tenant_id, leads, before)
            for model, rows, frame in _groups(session, job, entries):
                scoring = Scoring(
                    tenant_id, job.run.id, model, job.run.as_of, "rollback", trigger, outbox.REALTIME, exact=True
                )
                scored.keep(session, scoring, rows, frame, settings, services.clock.now())
            unknown = set(leads) - {entry.lead_id for entry in entries if entry.body is not None}
            ready = again.score_anew(services, session, tenant_id, unknown)
            count += len(leads)
            job.report(session, done=count, expected=expected)
        services.wake_all(ready)
    with job.transaction() as session:
        companies.refresh(session, tenant_id, job.run.model, job.run.as_of, services.clock.now())


def _groups(
    session: Connection, job: Job, entries: Sequence[Kept]
) -> Iterator[tuple[str, list[dict[str, Any]], bytes | None]]:
    """Rows to be kept as one batch of entries: of one model, and with their inputs as far as these are there."""
    kept: dict[tuple[str, tuple[str, ...]], list[tuple[dict[str, Any], pl.DataFrame]]] = defaultdict(list)
    bare: dict[str, list[dict[str, Any]]] = defaultdict(list)
    vectors = _vectors(session, job, entries)
    for entry in entries:
        if entry.lead_id is None or entry.body is None:
            continue
        row, vector = _row(entry.lead_id, entry.body), vectors.get(entry.seq)
        if vector is None:
            bare[entry.body["model"]].append(row)
        else:
            kept[entry.body["model"], tuple(vector.columns)].append((row, vector))
    for (model, _), pairs in kept.items():
        frame = pl.concat([vector for _, vector in pairs], how="vertical_relaxed")
        yield model, [row for row, _ in pairs], inputs.pack(frame)
    for model, rows in bare.items():
        yield model, rows, None


def _vectors(session: Connection, job: Job, entries: Sequence[Kept]) -> dict[int, pl.DataFrame]:
    """Entry → the row of its inputs, where these were kept. A batch is read once for all of its entries."""
    found: dict[int, pl.DataFrame] = {}
    last, rows = 0, pl.DataFrame()
    for entry in sorted(entries, key=lambda entry: entry.seq):
        if entry.seq > last:
            batch = inputs.of_entry(session, job.tenant_id, entry.seq)
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
