"""The page Drift: whether those who come still look like those whom the model learned from, in words first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store import drifting, models, tenants
from connector.store.drifting import ARRIVALS, Alarm
from scoring.words import in_percent

Json = Mapping[str, Any]

SHOWN, LINES, CLOSED = 10, 2, 10
SPAN = timedelta(days=60)
"""The line over time reaches so far back."""
FAR = 0.10
"""As in scoring/monitoring/judging.py."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moved:
    """One of what is watched: its index, or of a share what it was in training and is now."""

    label: str
    index: float
    before: float | None
    now: float | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Foretold:
    """A figure that is expected of the newcomers, beside what was expected of those of before."""

    label: str
    now: float | None
    before: float | None


@dataclass(frozen=True, slots=True)
class Matured:
    """What became of the newest scores whose time is over; ``sentence`` says how it compares with what was told."""

    first: datetime
    last: datetime
    leads: int
    conversions: int
    horizon_days: int
    sentence: str


@dataclass(frozen=True, slots=True)
class DriftReport:
    """All that the page shows. ``state``: alarm, calm or waiting. ``course``: what the picture is drawn of."""

    state: str
    sentence: str
    looked_at: datetime | None
    alarms: tuple[Alarm, ...]
    accepted: tuple[Alarm, ...]
    closed: tuple[Alarm, ...]
    judged: int
    since: datetime | None
    seasonal: bool
    learned_from: int
    moved: tuple[Moved, ...]
    foretold: tuple[Foretold, ...]
    matured: Matured | None
    course: Json
    retrain_on_drift: bool


def drift_report(services: Services, tenant_id: UUID) -> DriftReport:
    """Return the newest look and the alarms of a tenant."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        has_model = models.champion_name(session, tenant_id) is not None
        found = drifting.latest(session, tenant_id)
        every = drifting.open_alarms(session, tenant_id)
        closed = drifting.closed_alarms(session, tenant_id, CLOSED)
        told = found[1] if found else {}
        ranked = sorted((name for name in told if name != ARRIVALS), key=lambda name: -float(told[name]["index"]))
        course = _course(session, tenant_id, ranked[:LINES], found[0]) if found else {"lines": [], "far": FAR}
    summary: Json = told.get(ARRIVALS) or {}
    loud = tuple(alarm for alarm in every if alarm.accepted_at is None)
    state, sentence = _state(summary, loud, has_model=has_model, looked=found is not None)
    return DriftReport(
        state=state,
        sentence=sentence,
        looked_at=_time(summary.get("at")),
        alarms=loud,
        accepted=tuple(alarm for alarm in every if alarm.accepted_at is not None),
        closed=tuple(closed),
        judged=int(summary.get("judged") or 0),
        since=_time(summary.get("since")),
        seasonal=bool(summary.get("seasonal")),
        learned_from=int(summary.get("learned_from") or 0),
        moved=tuple(_moved(told[name]) for name in ranked[:SHOWN]),
        foretold=_foretold(summary),
        matured=_matured(summary.get("cohort"), settings.horizon_days),
        course=course,
        retrain_on_drift=settings.retrain_on_drift,
    )


def _state(summary: Json, loud: Sequence[Alarm], *, has_model: bool, looked: bool) -> tuple[str, str]:
    if loud:
        number = "One thing has" if len(loud) == 1 else f"{len(loud)} things have"
        return "alarm", f"{number} changed since the model was trained."
    if not has_model:
        return "waiting", "There is no model yet, so there is nothing to compare newcomers with."
    if not looked:
        return "waiting", "Nobody has looked yet: newcomers are compared every night."
    if not summary.get("learned_from"):
        return "waiting", "Too few people had come before the training to compare anyone with: it takes 200."
    if not summary.get("judged"):
        return "waiting", "Too few people have come lately to judge by: it takes 150 within four months."
    return "calm", "Those who come look like those whom the model learned from."


def _moved(told: Json) -> Moved:
    before, now = told["share"] or (None, None)
    return Moved(str(told["label"]), float(told["index"]), before, now, bool(told["certain"]))


def _foretold(summary: Json) -> tuple[Foretold, ...]:
    now, before = summary.get("expected"), summary.get("usual") or {}
    if not now:
        return ()
    names = {"auc": "Ranking quality (AUC)", "precision": "Conversions in High-Intent", "rate": "Conversions among all"}
    return tuple(Foretold(label, now.get(name), before.get(name)) for name, label in names.items())


def _matured(cohort: Json | None, horizon_days: int) -> Matured | None:
    if not cohort:
        return None
    drift = cohort.get("drift")
    if drift is None:
        sentence = "They can't be judged by: it takes 30 conversions, and chances that differ."
    elif drift["reasons"]:
        sentence = f"Of these {' and '.join(drift['reasons'])}."
    else:
        rate, stated = in_percent(drift["rate"], 1), in_percent(drift["stated"], 1)
        sentence = f"{rate} converted where {stated} were foretold: the chances came true."
    first, last = _time(cohort["first"]), _time(cohort["last"])
    if first is None or last is None:
        return None
    return Matured(first, last, int(cohort["leads"]), int(cohort["conversions"]), horizon_days, sentence)


def _course(session: Connection, tenant_id: UUID, subjects: Sequence[str], day: datetime) -> Json:
    lines: dict[str, dict[str, Any]] = {}
    for row in drifting.course(session, tenant_id, subjects, day - SPAN):
        line = lines.setdefault(row.subject, {"label": row.told["label"], "points": []})
        line["points"].append([(row.day - _EPOCH).days, max(float(row.told["index"]), 0.0)])
    return {"lines": [lines[name] for name in subjects if name in lines], "far": FAR}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
