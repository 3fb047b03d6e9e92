"""A score that comes too late is not kept; whoever lacks the newer one gets that."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from connector.records import Tier
from connector.services import scored
from connector.services.feedback import overriding
from connector.services.feedback.overriding import Wish
from connector.services.feedback.reasons import BY_HAND
from connector.services.scored import Kept, Scoring
from connector.store.session import Store
from connector.store.tables import ledger, outbox, records, scores
from connector.store.tables import tenants as tenants_table
from tests.services.copies import copied
from tests.world import World


@pytest.fixture
def line(scored: World, store: Store) -> World:
    """A tenant whose first run is done, in either database."""
    return copied(scored, store)


def kept_late(line: World, lead: int) -> Kept:
    """Keep a score of a lead as of an hour before the one that stands."""
    with line.services.store.transaction() as session:
        tenant = session.execute(sa.select(tenants_table.c.id)).scalar_one()
        as_of = session.execute(sa.select(scores.c.as_of).where(scores.c.lead_id == lead)).scalar_one()
        late = Scoring(tenant, uuid4(), "m", as_of - timedelta(hours=1), "test")
        return scored.keep(session, late, [{"lead_id": lead}], None, line.clock.now())


def someone(line: World) -> tuple[UUID, int, int]:
    """The tenant, a scored lead and its record."""
    query = sa.select(scores.c.tenant_id, scores.c.lead_id, records.c.id)
    with line.services.store.reading() as session:
        row = session.execute(query.join(records, records.c.lead_id == scores.c.lead_id).limit(1)).one()
    return row[0], row[1], row[2]


def test_a_record_that_joined_since_gets_the_newer_score(line: World) -> None:
    """It was not there when that was made. Nothing is entered anew, and who holds it already gets nothing."""
    _, lead, record = someone(line)
    assert kept_late(line, lead).queued == frozenset()
    with line.services.store.transaction() as session:
        before = session.execute(sa.select(outbox).where(outbox.c.record_id == record)).one()
        session.execute(sa.delete(outbox).where(outbox.c.record_id == record))
        entries = session.execute(sa.select(sa.func.count()).select_from(ledger)).scalar_one()
    found = kept_late(line, lead)
    assert found.overtaken == {lead}
    assert found.queued == {record}
    assert [one[1] for one in found.records] == [record]
    with line.services.store.reading() as session:
        after = session.execute(sa.select(outbox).where(outbox.c.record_id == record)).one()
        assert session.execute(sa.select(sa.func.count()).select_from(ledger)).scalar_one() == entries
    assert (after.ledger_seq, after.values, after.status) == (before.ledger_seq, before.values, "pending")


def test_a_persons_word_is_what_such_a_record_gets(line: World) -> None:
    """As everybody else was told it."""
    tenant, lead, record = someone(line)
    overriding.set_by_hand(line.services, tenant, lead, Wish(Tier.LOW, Decimal("1.5"), "strategic", ""))
    with line.services.store.transaction() as session:
        session.execute(sa.delete(outbox).where(outbox.c.record_id == record))
    assert kept_late(line, lead).queued == {record}
    with line.services.store.reading() as session:
        told = session.execute(sa.select(outbox.c["values"]).where(outbox.c.record_id == record)).scalar_one()
    assert (told["score"], told["tier"], told["reasons"]) == ("1.5", "Low", [BY_HAND["strategic"]])
