"""What the daily drift watch compares with, found, and raised alarms for."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import (
    drift_alarms,
    drift_findings,
    drift_references,
    leads,
    ledger,
    ledger_payloads,
)
from connector.store.types import AnyRow

ARRIVALS = "arrivals"
"""The subject of a day's row that is about no measure."""


@dataclass(frozen=True, slots=True)
class NewAlarm:
    """An alarm to open: one sentence of what happened, one of what to do."""

    subject: str
    measure: str
    label: str
    sentence: str
    action: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm that was opened; ``accepted_at``: somebody said that it is meant to be so."""

    id: int
    subject: str
    measure: str
    label: str
    sentence: str
    action: str
    model: str
    opened_at: datetime
    accepted_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToldChance:
    """What was told of a lead first within a span of time."""

    lead_id: int
    as_of: datetime
    chance: float


def reference(connection: Connection, tenant_id: UUID, model: str) -> Mapping[str, Any] | None:
    """Return what arrivals are compared with, where it was learned for this model; empty: too few had come."""
    c = drift_references.c
    found: Mapping[str, Any] | None = connection.execute(
        sa.select(c.reference).where(c.tenant_id == tenant_id, c.model == model)
    ).scalar()
    return found


def keep_reference(
    connection: Connection, tenant_id: UUID, model: str, learned: Mapping[str, Any], now: datetime
) -> None:
    """Store it in place of the one of a former model."""
    row = {"tenant_id": tenant_id, "model": model, "learned_at": now, "reference": learned}
    upsert(connection, drift_references, [row], key=("tenant_id",), update=("model", "learned_at", "reference"))


def keep_findings(connection: Connection, tenant_id: UUID, day: datetime, found: Mapping[str, Any]) -> None:
    """Store a day's findings by subject, in place of those of an earlier look on that day."""
    c = drift_findings.c
    connection.execute(sa.delete(drift_findings).where(c.tenant_id == tenant_id, c.day == day))
    rows = [{"tenant_id": tenant_id, "day": day, "subject": name, "told": told} for name, told in found.items()]
    connection.execute(sa.insert(drift_findings), rows)


def forget_findings(connection: Connection, tenant_id: UUID, before: datetime) -> None:
    """Delete those of days ``before``."""
    c = drift_findings.c
    connection.execute(sa.delete(drift_findings).where(c.tenant_id == tenant_id, c.day < before))


def latest(connection: Connection, tenant_id: UUID) -> tuple[datetime, Mapping[str, Any]] | None:
    """Return the newest day that was looked at, and what was found by subject."""
    c = drift_findings.c
    day = connection.execute(
        sa.select(c.day).where(c.tenant_id == tenant_id).order_by(c.day.desc()).limit(1)
    ).scalar_one_or_none()
    if day is None:
        return None
    rows = connection.execute(sa.select(c.subject, c.told).where(c.tenant_id == tenant_id, c.day == day))
    return day, {row.subject: row.told for row in rows}


def course(connection: Connection, tenant_id: UUID, subjects: Collection[str], since: datetime) -> Sequence[AnyRow]:
    """Return (day, subject, told) of some subjects since a day, the oldest first."""
    c = drift_findings.c
    query = sa.select(c.day, c.subject, c.told).where(c.tenant_id == tenant_id, c.subject.in_(subjects), c.day >= since)
    return connection.execute(query.order_by(c.day, c.subject)).all()


def open_alarms(connection: Connection, tenant_id: UUID) -> list[Alarm]:
    """Return the alarms that are open, accepted ones as well, the newest first."""
    return _alarms(connection, tenant_id, drift_alarms.c.closed_at.is_(None), drift_alarms.c.opened_at, 1_000)


def closed_alarms(connection: Connection, tenant_id: UUID, limit: int) -> list[Alarm]:
    """Return the alarms that closed last."""
    return _alarms(connection, tenant_id, drift_alarms.c.closed_at.is_not(None), drift_alarms.c.closed_at, limit)


def _alarms(
    connection: Connection, tenant_id: UUID, which: sa.ColumnElement[bool], order: sa.ColumnElement[Any], limit: int
) -> list[Alarm]:
    c = drift_alarms.c
    columns = [c[name] for name in Alarm.__dataclass_fields__]
    query = sa.select(*columns).where(c.tenant_id == tenant_id, which).order_by(order.desc(), c.id.desc())
    return [Alarm(**row._mapping) for row in connection.execute(query.limit(limit))]


def open_new(connection: Connection, tenant_id: UUID, model: str, alarms: Sequence[NewAlarm], now: datetime) -> None:
    """Add alarms."""
    rows = [
        {
            "tenant_id": tenant_id,
            "subject": one.subject,
            "measure": one.measure,
            "label": one.label,
            "sentence": one.sentence,
            "action": one.action,
            "model": model,
            "opened_at": now,
        }
        for one in alarms
    ]
    if rows:
        connection.execute(sa.insert(drift_alarms), rows)


def close(connection: Connection, tenant_id: UUID, subjects: Collection[str], now: datetime) -> None:
    """Close the open alarms of these subjects."""
    c = drift_alarms.c
    where = sa.and_(c.tenant_id == tenant_id, c.subject.in_(subjects), c.closed_at.is_(None))
    connection.execute(sa.update(drift_alarms).where(where).values(closed_at=now))


def accept(connection: Connection, tenant_id: UUID, alarm_id: int, now: datetime) -> str | None:
    """Note that an open alarm is meant to be so; return its label, None where there is none to accept."""
    c = drift_alarms.c
    where = sa.and_(c.tenant_id == tenant_id, c.id == alarm_id, c.closed_at.is_(None), c.accepted_at.is_(None))
    label = connection.execute(sa.select(c.label).where(where)).scalar_one_or_none()
    if label is not None:
        connection.execute(sa.update(drift_alarms).where(where).values(accepted_at=now))
    return label


def came(connection: Connection, tenant_id: UUID, since: datetime, until: datetime) -> int:
    """Return how many leads came in a span of time."""
    return connection.execute(sa.select(sa.func.count()).where(*_within(tenant_id, since, until))).scalar_one()


def arrived(connection: Connection, tenant_id: UUID, since: datetime, until: datetime, most: int) -> list[int]:
    """Return leads that came in a span of time: all, or every second, third … of them: at most ``most``."""
    step = max(1, -(-came(connection, tenant_id, since, until) // most))
    # The remainder of an id says nothing about anybody.
    query = sa.select(leads.c.id).where(*_within(tenant_id, since, until), leads.c.id % step == 0)
    return list(connection.execute(query.order_by(leads.c.id).limit(most)).scalars())


def _within(tenant_id: UUID, since: datetime, until: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    c = leads.c
    return c.tenant_id == tenant_id, c.created_at >= since, c.created_at <= until


def told_chances(
    connection: Connection, tenant_id: UUID, since: datetime, until: datetime, most: int
) -> list[ToldChance]:
    """Return each lead's first chance that was told in a span of time, of ``most`` leads; erased ones are gone."""
    c, body = ledger.c, ledger_payloads.c
    within = sa.and_(c.tenant_id == tenant_id, c.kind == "scored", c.at >= since, c.at < until, c.lead_id.is_not(None))
    first = sa.select(sa.func.min(c.seq).label("seq")).where(within).group_by(c.lead_id).limit(most).subquery()
    query = (
        sa.select(c.lead_id, body.body)
        .select_from(ledger.join(first, first.c.seq == c.seq))
        .join(ledger_payloads, sa.and_(body.tenant_id == c.tenant_id, body.seq == c.seq))
        .where(c.tenant_id == tenant_id)
        .order_by(c.seq)
    )
    told = [(row.lead_id, json.loads(row.body)) for row in connection.execute(query)]
    return [
        ToldChance(lead_id, datetime.fromisoformat(entry["as_of"]), float(entry["probability"]))
        for lead_id, entry in told
    ]
