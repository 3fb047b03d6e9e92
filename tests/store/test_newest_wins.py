"""Whoever comes late with something older changes nothing: scores, values on their way, records, work."""

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
from connector.store import lanes, leads, outbox, records, scores
from connector.store.lanes import Kind
from connector.store.leads import NewLead
from connector.store.outbox import OutboxStatus
from connector.store.session import Store
from connector.store.tables import outbox as outbox_table
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


def row(owner: tuple[UUID, UUID], record_id: int, seq: int) -> Mapping[str, Any]:
    """Values of an entry of the ledger on their way."""
    return {
        "record_id": record_id,
        "tenant_id": owner[0],
        "connection_id": owner[1],
        "status": OutboxStatus.PENDING,
        "ledger_seq": seq,
        "due_at": NOW,
        "attempts": 0,
        "message": None,
        "values": {"score": str(seq)},
    }


def standing(store: Store) -> list[tuple[str, int]]:
    """Status and entry of the rows that wait."""
    with store.reading() as session:
        query = sa.select(outbox_table.c.status, outbox_table.c.ledger_seq).order_by(outbox_table.c.record_id)
        return [(status, seq) for status, seq in session.execute(query)]


def test_values_of_an_older_entry_replace_no_newer_ones(store: Store, owner: tuple[UUID, UUID]) -> None:
    """The ledger's order decides, not who comes last."""
    with store.transaction() as session:
        one, *_ = records.ids_by_vendor_id(session, owner[1], ["1"]).values()
        outbox.put(session, [row(owner, one, 7)])
        outbox.put(session, [row(owner, one, 5)])
    assert standing(store) == [("pending", 7)]


def test_each_row_is_sent_by_one_delivery_and_newer_values_wait_for_its_end(
    store: Store, owner: tuple[UUID, UUID]
) -> None:
    """The lane takes its records ahead of all others; a bulk delivery beside it finds the rest."""
    with store.transaction() as session:
        ids = sorted(records.ids_by_vendor_id(session, owner[1], ["1", "2", "3"]).values())
        outbox.put(session, [row(owner, record_id, 1) for record_id in ids])
        urgent = outbox.take_records(session, owner[1], [ids[2]], NOW, NOW + HOUR)
        bulk = outbox.take(session, owner[1], NOW, 10)
        outbox.put(session, [row(owner, ids[2], 2)])
        assert outbox.take(session, owner[1], NOW, 10) == []
        assert [item.record_id for item in outbox.in_doubt(session, owner[1], NOW, 10)] == ids[:2]
        assert [item.record_id for item in outbox.in_doubt(session, owner[1], NOW, 10, urgent=True)] == ids[2:]
        outbox.delivered(session, [*urgent, *bulk], NOW)
        outbox.overtaken(session, [*urgent, *bulk], NOW)
    assert [item.record_id for item in urgent] == ids[2:]
    assert [item.record_id for item in bulk] == ids[:2]
    assert standing(store) == [("delivered", 1), ("delivered", 1), ("pending", 2)]


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
