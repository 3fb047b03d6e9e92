"""Whoever comes late with something older changes nothing: scores, records, work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from connector.errors import LostLease
from connector.records import Removal
from connector.store import lanes, leads, records, scores
from connector.store.lanes import Kind
from connector.store.leads import NewLead
from connector.store.session import Store
from connector.store.tables import records as record_table
from connector.store.tables import scores as score_table
from tests.store.world import NOW, record, with_records

HOUR = timedelta(hours=1)


@pytest.fixture
def owner(store: Store) -> tuple[UUID, UUID]:
    """A tenant and its account, with three records."""
    with store.transaction() as session:
        return with_records(session)


def score(tenant_id: UUID, lead_id: int, as_of: datetime, points: int) -> Mapping[str, Any]:
    """A score row."""
    return {
        "lead_id": lead_id,
        "tenant_id": tenant_id,
        "run_id": uuid4(),
        "model": "m",
        "score": points,
        "probability": 0,
        "tier": "Low",
        "reasons": [],
        "base_value": "0",
        "inputs_hash": "",
        "as_of": as_of,
        "scored_at": NOW,
    }


@pytest.mark.parametrize("many", [1, 120])
def test_an_older_score_overwrites_no_newer_one(store: Store, owner: tuple[UUID, UUID], many: int) -> None:
    """Neither one by one nor in bulk; one of the same instant does."""
    tenant_id = owner[0]
    with store.transaction() as session:
        found = leads.save(session, tenant_id, [NewLead(str(n), NOW, None, None) for n in range(many)])
        ids = sorted(found.values())
        scores.save(session, [score(tenant_id, ids[0], NOW + HOUR, 50)])
        assert scores.overtaken(session, ids, NOW) == {ids[0]}
        scores.save(session, [score(tenant_id, lead, NOW, 10) for lead in ids])
        kept = {row.lead_id: int(row.score) for row in session.execute(sa.select(score_table))}
        assert kept == dict.fromkeys(ids, 10) | {ids[0]: 50}
        scores.save(session, [score(tenant_id, ids[0], NOW + HOUR, 60)])
        assert session.execute(sa.select(score_table.c.score).where(score_table.c.lead_id == ids[0])).scalar() == 60


def test_a_record_that_was_read_before_undoes_nothing(store: Store, owner: tuple[UUID, UUID]) -> None:
    """The later change stays, and who left after the question stays away; a question asked later brings them back."""
    tenant_id, crm = owner
    newer = replace(record(1, "new@example.com"), modified_at=NOW + HOUR)
    with store.transaction() as session:
        records.save(session, tenant_id, crm, [newer], NOW + HOUR)
        records.remove(session, crm, [Removal("2", NOW + HOUR)])
        records.save(session, tenant_id, crm, [record(1), record(2)], NOW)
        query = sa.select(record_table.c.email, record_table.c.removed_at).order_by(record_table.c.vendor_id).limit(2)
        assert list(session.execute(query)) == [("new@example.com", None), ("p2@example.com", NOW + HOUR)]
        records.save(session, tenant_id, crm, [record(2)], NOW + 2 * HOUR)
        assert list(session.execute(query))[1].removed_at is None


def test_whoever_finishes_sees_who_asked_meanwhile(store: Store, owner: tuple[UUID, UUID]) -> None:
    """Nobody is woken for work that is being done, and nothing that was asked for is forgotten."""
    with store.transaction() as session:
        piece_id = lanes.ask(session, *owner, Kind.READ, NOW)
        assert piece_id
        assert lanes.ask(session, *owner, Kind.READ, NOW) is None
        first = lanes.claim(session, piece_id, NOW, NOW + HOUR)
        assert first
        assert lanes.claim(session, piece_id, NOW, NOW + HOUR) is None
        assert lanes.ask(session, *owner, Kind.READ, NOW) is None
        assert lanes.finish(session, first, NOW)
        second = lanes.claim(session, piece_id, NOW, NOW + HOUR)
        assert second
        assert not lanes.finish(session, second, NOW)
        assert lanes.due(session, NOW + HOUR, 10) == []


def test_a_worker_that_lost_its_lease_can_end_nothing(store: Store, owner: tuple[UUID, UUID]) -> None:
    """The next one has another fence."""
    late = NOW + 2 * HOUR
    with store.transaction() as session:
        piece_id = lanes.ask(session, *owner, Kind.DELIVER, NOW)
        assert piece_id
        lost = lanes.claim(session, piece_id, NOW, NOW + HOUR)
        assert lanes.due(session, late, 10) == [piece_id]
        assert lanes.claim(session, piece_id, late, late + HOUR)
        assert lost
        for act in (
            lambda: lanes.renew(session, lost, late),
            lambda: lanes.finish(session, lost, late),
            lambda: lanes.put_back(session, lost, late, ""),
        ):
            with pytest.raises(LostLease):
                act()
