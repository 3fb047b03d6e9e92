"""Look at every pitfall and keep what was found, so that pages and alerts only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.services import acts
from connector.services.context import Services
from connector.services.lane_speed import lane_speed
from connector.services.pitfalls.checks import PITFALLS, Finding, Known, Level, Pitfall
from connector.store import models, pitfalls
from connector.store.pitfalls import Kept

KIND = "pitfalls"
"""Among what is done by the clock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A pitfall, and how a tenant stands to it ``since`` then; None of all before the first look."""

    pitfall: Pitfall
    level: Level
    since: datetime | None = None
    looked_at: datetime | None = None
    finding: Finding | None = None


def look_for(services: Services, tenant_id: UUID) -> None:
    """Look at all pitfalls because a person asked for it, which is on the record."""
    with services.store.transaction(tenant_id) as session:
        acts.record(services, session, tenant_id, "had the pitfalls looked at")
    look(services, tenant_id)


def look(services: Services, tenant_id: UUID) -> None:
    """Look at all pitfalls; one whose state is the same keeps the time since when it is."""
    now = services.clock.now()
    known = _known(services, tenant_id)
    with services.store.transaction(tenant_id) as session:
        before = pitfalls.of_tenant(session, tenant_id)
        found = {}
        for pitfall in PITFALLS:
            finding, former = pitfall.look(known), before.get(pitfall.key)
            since = former.since if former and former.state == finding.level else now
            seen = {"number": finding.number, "sentence": finding.sentence}
            found[pitfall.key] = Kept(finding.level, since, now, seen)
        pitfalls.save(session, tenant_id, found)


def _known(services: Services, tenant_id: UUID) -> Known:
    with services.store.reading(tenant_id) as session:
        trained = models.reports(session, tenant_id, 2)
        scores = models.champion_report(session, tenant_id)
    newest, before = (trained[place].report if len(trained) > place else None for place in range(2))
    return Known(scores, newest, trained[0].version if trained else "", before, lane_speed(services, tenant_id))


def standing(services: Services, tenant_id: UUID) -> Sequence[Standing]:
    """Return all pitfalls as the last look found them, those that are fine as well."""
    with services.store.reading(tenant_id) as session:
        held = pitfalls.of_tenant(session, tenant_id)
    return [_standing(pitfall, held.get(pitfall.key)) for pitfall in PITFALLS]


def _standing(pitfall: Pitfall, kept: Kept | None) -> Standing:
    if kept is None:
        return Standing(pitfall, Level.UNKNOWN)
    level = Level(kept.state)
    finding = Finding(level, str(kept.seen["number"]), str(kept.seen["sentence"]))
    return Standing(pitfall, level, kept.since, kept.looked_at, finding)
