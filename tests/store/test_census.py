"""A census finds records that left without a trace; retracted outcomes are gone."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from connector.records import Conversion, Removal, Retraction
from connector.store import census, events, records
from connector.store.session import Store
from connector.store.tables import conversions
from tests.store.world import NOW, record, with_records

LATER = NOW + timedelta(days=7)


def test_those_whom_nobody_named_since_are_unseen(store: Store) -> None:
    """Named ones are not, and neither are those that were read while it counted."""
    with store.transaction() as session:
        tenant, crm = with_records(session, 4)
        assert census.confirm(session, crm, ["1", "2"], LATER) == set()
        records.save(session, tenant, crm, [record(3)], LATER)
        assert census.unseen(session, crm, LATER) == ["4"]


def test_a_census_names_those_who_are_not_known_or_were_removed(store: Store) -> None:
    """They are there after all and have to be read."""
    with store.transaction() as session:
        _, crm = with_records(session, 2)
        records.remove(session, crm, [Removal("2", NOW)])
        assert census.confirm(session, crm, ["1", "2", "9"], LATER) == {"2", "9"}
        assert census.unseen(session, crm, LATER) == []


def test_a_retracted_object_loses_its_outcomes_and_no_other_does(store: Store) -> None:
    """By 1% neither 1 nor 10 is meant, and by X not x."""
    told = [
        Conversion("deals", source_id, "deal_won", NOW, "1") for source_id in ("1", "1:a", "1%:b", "10:a", "x:a", "X:a")
    ]
    with store.transaction() as session:
        tenant, crm = with_records(session)
        events.save_conversions(session, tenant, crm, [*told, Conversion("orders", "1", "order", NOW, "1")])
        events.retract(session, crm, [Retraction("deals", "1%"), Retraction("deals", "X")])
        assert _left(session) == {
            ("deals", "1"),
            ("deals", "1:a"),
            ("deals", "10:a"),
            ("deals", "x:a"),
            ("orders", "1"),
        }
        events.retract(session, crm, [Retraction("deals", "1")])
        assert _left(session) == {("deals", "10:a"), ("deals", "x:a"), ("orders", "1")}


def _left(session: sa.Connection) -> set[tuple[str, str]]:
    return {(row.source, row.source_id) for row in session.execute(sa.select(conversions))}
