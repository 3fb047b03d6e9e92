"""What is done once for each person or batch looks rows up: it never goes over all that an account has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Actor, Conversion, EngagementEvent, EventKind
from connector.store import events, outbox
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.store.world import NOW, with_records


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """SQLite, which has no statistics: what it plans does not depend on what is there."""
    opened = sqlite_store(tmp_path / "plans.db")
    yield opened
    opened.close()


@contextmanager
def plans(session: Connection) -> Iterator[list[str]]:
    """Collect what SQLite says of how it will do each statement."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not statement.startswith(("SELECT", "UPDATE", "DELETE")):
            return
        one = parameters[0] if many else parameters
        raw = session.connection.driver_connection
        assert raw
        found.extend(step for (*_, step) in raw.execute(f"EXPLAIN QUERY PLAN {statement}", one))

    sa.event.listen(session, "before_cursor_execute", note)
    yield found
    sa.event.remove(session, "before_cursor_execute", note)


def test_what_waits_for_its_record_is_found_by_whom_it_is_about(store: Store) -> None:
    """A first run finds most of an account's outcomes and events waiting."""
    with store.transaction() as session:
        tenant, crm = with_records(session, 1)
        late = EngagementEvent("calls", "c1", EventKind.CALL, NOW, Actor.SELLER, record_id="7")
        events.save_events(session, tenant, crm, [late])
        won = Conversion("deals", "d1", "deal_won", NOW, "7")
        events.save_conversions(session, tenant, crm, [won])
        session.execute(sa.text("UPDATE records SET vendor_id = '7'"))
        with plans(session) as found:
            assert events.resolve_subjects(session, crm) == 2
    updates = [step for step in found if "unresolved" in step]
    assert {step.split()[1] for step in updates} == {"events", "conversions"}
    assert not [step for step in found if step.startswith("SCAN") or step.endswith("(connection_id=?)")]


def test_what_a_delivery_has_done_is_counted_by_an_index(store: Store) -> None:
    """The values themselves are large, and others' are in the same table."""
    with store.transaction() as session:
        tenant, _ = with_records(session, 1)
        with plans(session) as found:
            outbox.counts_of_tenant(session, tenant)
    assert [step for step in found if step.startswith("SEARCH outbox USING COVERING INDEX")]
    assert not [step for step in found if step.startswith("SCAN outbox")]
