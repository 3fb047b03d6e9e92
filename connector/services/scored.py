"""Keep what was scored: the score, its ledger entry, its inputs, and what changed for the CRMs and for those who are
told of changed tiers, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Scale, ScoreValues
from connector.services.champions import serving
from connector.services.experiments import assigning
from connector.services.values import EXACT, as_told, made_of, standing, to_json, worth_writing
from connector.services.webhooks_out import changes
from connector.store import experiments, inputs, leads, ledger, outbox, overrides, records, scores, tenants
from connector.store.experiments import Experiment
from connector.store.outbox import OutboxStatus
from connector.store.overrides import Override
from connector.store.tenants import TenantSettings


@dataclass(frozen=True, slots=True)
class Scoring:
    """Who scored, by what and as of when. ``id`` is the run's, or that of a turn of the real-time lane.

    ``requester`` is what asked for it, ``asked`` who did for single leads; ``trigger`` is kept in the ledger beside it.
    ``priority`` is that of the values on their way (``connector.store.outbox``). ``exact``: CRMs get these very values,
    however little they moved, whatever would score now. ``line``: the least score of High-Intent, in tenths, where a
    trial sets it.
    """

    tenant_id: UUID
    id: UUID
    model: str
    as_of: datetime
    requester: str
    trigger: Mapping[str, Any] = field(default_factory=dict)
    priority: int = outbox.BULK
    exact: bool = False
    line: int | None = None
    asked: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """Records of the leads whose scores were kept, as (lead, record, connection), and which of them are to be written.

    These are also the records for which the same values wait already, or are on their way: whoever was to see to it
    may have lost sight of them, as of a record that came to another lead.
    A lead whose score is as of a later time is not among them, but in ``overtaken``; one that another model or line is
    to score by now in ``strays``.
    """

    records: tuple[tuple[int, int, UUID], ...] = ()
    queued: frozenset[int] = frozenset()
    overtaken: frozenset[int] = frozenset()
    strays: frozenset[int] = frozenset()

    def plus(self, other: Kept) -> Kept:
        """Both together."""
        return Kept(
            (*self.records, *other.records),
            self.queued | other.queued,
            self.overtaken | other.overtaken,
            self.strays | other.strays,
        )


def keep(
    session: Connection,
    scoring: Scoring,
    rows: Sequence[dict[str, Any]],
    frame: bytes | None,
    now: datetime,
) -> Kept:
    """Store scored ``rows`` (of ``scoring.predict``) with their packed inputs, if any; queue what the CRMs lack.

    Scores that are older than those that are there leave nothing behind: neither a score nor an entry. The newer one
    is told to records that do not hold it: one that joined its lead since was not there when it was made.
    """
    ledger.lock(session, scoring.tenant_id)
    # As it is while nobody can change it: values of another scale would come after what follows a change.
    settings = tenants.get(session, scoring.tenant_id).settings
    named = [row["lead_id"] for row in rows]
    late = scores.overtaken(session, named, scoring.as_of)
    # Who was erased, joined with another, objected or was left out since the scores were made.
    gone = set(named) - leads.scorable(session, scoring.tenant_id, named)
    running = experiments.all_running(session, scoring.tenant_id)
    by = (scoring.model, scoring.line)
    fallen = set() if scoring.exact else serving.strays(session, scoring.tenant_id, running, by, named)
    left_out = late | gone | fallen
    rows = [row for row in rows if row["lead_id"] not in left_out]
    apart = Kept(overtaken=frozenset(late), strays=frozenset(fallen - gone - late))
    apart = apart.plus(_newer(session, scoring, late - gone, running, settings, now))
    if not rows:
        return apart
    told = changes.before(session, scoring.tenant_id, [row["lead_id"] for row in rows])
    words = overrides.in_force(session, scoring.tenant_id, [row["lead_id"] for row in rows], now)
    by_hand = {row["lead_id"]: _by_hand(row, words.get(row["lead_id"])) for row in rows}
    told_of = {row["lead_id"]: as_told(_values(scoring, row), by_hand[row["lead_id"]]) for row in rows}
    scores.save(session, [_score_row(scoring, row, by_hand[row["lead_id"]], now) for row in rows])
    hidden = assigning.held_out(session, running, [_placed(row) for row in rows], now)
    if told is not None:
        shown = {lead: values for lead, values in told_of.items() if lead not in hidden}
        changes.note(session, told, shown, now)
    entries = [
        ledger.Entry("scored", lead, _body(scoring, row, by_hand[lead])) for row in rows for lead in [row["lead_id"]]
    ]
    first = ledger.append(session, scoring.tenant_id, entries, now)
    if frame is not None:
        frame = inputs.without(frame, left_out) if left_out else frame
        inputs.save(session, scoring.tenant_id, inputs.Batch(first, first + len(rows) - 1, scoring.model, frame))
    marked = {EXACT: True} if scoring.exact else {}
    values_of = {
        lead: (to_json(replace(values, scale=Scale(settings.scale))) | marked, first + place)
        for place, (lead, values) in enumerate(told_of.items())
        if lead not in hidden
    }
    return apart.plus(_queue(session, scoring, values_of, settings, now))


def _newer(
    session: Connection,
    scoring: Scoring,
    late: Set[int],
    running: Mapping[str, Experiment],
    settings: TenantSettings,
    now: datetime,
) -> Kept:
    """Queue the scores that stand of these leads for whatever records lack them."""
    if not late:
        return Kept()
    holdout = running.get(experiments.HOLDOUT)
    hidden = experiments.held_out(session, holdout, sorted(late)) if holdout else set()
    values_of = {}
    for row in scores.of_leads(session, scoring.tenant_id, late - hidden):
        entry = ledger.newest(session, scoring.tenant_id, "scored", row.lead_id, None)
        if entry is not None:
            values_of[row.lead_id] = (to_json(replace(standing(row), scale=Scale(settings.scale))), entry.seq)
    queued = _queue(session, scoring, values_of, settings, now)
    return replace(queued, records=tuple(one for one in queued.records if one[1] in queued.queued))


def _placed(row: Mapping[str, Any]) -> assigning.Placed:
    return assigning.Placed(row["lead_id"], row["score_tenths"], row["tier"])


def _queue(
    session: Connection,
    scoring: Scoring,
    values_of: Mapping[int, tuple[Mapping[str, Any], int]],
    settings: TenantSettings,
    now: datetime,
) -> Kept:
    """Queue what records of leads lack of the values, which stand in an entry of the ledger."""
    found = records.of_lead(session, scoring.tenant_id, list(values_of))
    held = outbox.expected_values(session, [record.id for record in found])
    lacking = [
        record
        for record in found
        if record.id not in held
        or worth_writing(values_of[record.lead_id][0], held[record.id].values, settings.minimum_step)
    ]
    waiting = [
        {
            "record_id": record.id,
            "tenant_id": scoring.tenant_id,
            "connection_id": record.connection_id,
            "status": OutboxStatus.PENDING,
            "ledger_seq": values_of[record.lead_id][1],
            "due_at": now,
            "attempts": 0,
            "message": None,
            "priority": scoring.priority,
            "values": values_of[record.lead_id][0],
        }
        for record in lacking
    ]
    outbox.put(session, waiting)
    triples = tuple((record.lead_id, record.id, record.connection_id) for record in found)
    under_way = {record_id for record_id, expected in held.items() if expected.waits}
    return Kept(triples, frozenset(record.id for record in lacking) | under_way)


def _score_row(
    scoring: Scoring, row: Mapping[str, Any], by_hand: Mapping[str, Any] | None, now: datetime
) -> dict[str, Any]:
    return {
        "lead_id": row["lead_id"],
        "tenant_id": scoring.tenant_id,
        "run_id": scoring.id,
        "model": scoring.model,
        "score": _points(row),
        "probability": _probability(row).quantize(Decimal("0.00000001")),
        "tier": row["tier"],
        "reasons": row["reasons"],
        "base_value": repr(row["base_value"]),
        "inputs_hash": row["inputs_hash"],
        "as_of": scoring.as_of,
        "scored_at": now,
        "by_hand": by_hand,
    }


def _by_hand(row: Mapping[str, Any], word: Override | None) -> dict[str, Any] | None:
    """What is told instead of the model's score: for the score's row and for the ledger."""
    if word is None:
        return None
    score = _points(row) if word.score is None else word.score
    return {"override": str(word.id), "tier": word.tier, "score": str(score), "reason": word.reason}


def _points(row: Mapping[str, Any]) -> Decimal:
    return Decimal(row["score_tenths"]) / 10


def _probability(row: Mapping[str, Any]) -> Decimal:
    return Decimal(repr(row["probability"]))


def _body(scoring: Scoring, row: Mapping[str, Any], by_hand: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "run": str(scoring.id),
        "requester": scoring.asked.get(row["lead_id"], scoring.requester),
        **({"trigger": dict(scoring.trigger)} if scoring.trigger else {}),
        **({"by_hand": by_hand} if by_hand else {}),
        "model": scoring.model,
        **({"line": scoring.line} if scoring.line is not None else {}),
        "as_of": scoring.as_of.isoformat(),
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


def _values(scoring: Scoring, row: Mapping[str, Any]) -> ScoreValues:
    said = (row["score_tenths"], _probability(row), row["tier"], row["reasons"])
    return made_of(*said, scoring.model, scoring.as_of)
