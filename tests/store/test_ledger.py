"""The ledger notices every change to its past, and survives an erasure."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from connector.store import ledger
from connector.store.ledger import Entry, Verification
from connector.store.session import Store
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_payloads
from tests.store.world import NOW, tenant


@pytest.fixture
def chain(store: Store) -> UUID:
    """A tenant with five entries."""
    with store.transaction() as session:
        tenant_id = tenant(session)
        ledger.append(session, tenant_id, [Entry("scored", n, {"score": str(n)}) for n in range(2)], NOW)
        first = ledger.append(session, tenant_id, [Entry("scored", n, {"score": str(n)}) for n in range(3)], NOW)
        assert first == 3
    return tenant_id


def _verify(store: Store, tenant_id: UUID) -> Verification:
    with store.reading() as session:
        return ledger.verify(session, tenant_id)


def test_an_untouched_chain_verifies(store: Store, chain: UUID) -> None:
    """Appending in several calls makes one chain."""
    assert _verify(store, chain) == Verification(5, None)


@pytest.mark.parametrize("column", ["kind", "lead_id", "commitment", "hash"])
def test_a_changed_entry_is_found(store: Store, chain: UUID, column: str) -> None:
    """Whatever column of an entry is altered, verification names the entry."""
    value = 99 if column == "lead_id" else "forged"
    with store.transaction() as session:
        session.execute(sa.update(ledger_table).where(ledger_table.c.seq == 3).values({column: value}))
    assert _verify(store, chain).broken_at == 3


def test_a_changed_body_is_found(store: Store, chain: UUID) -> None:
    """The body is bound by its commitment."""
    with store.transaction() as session:
        session.execute(sa.update(ledger_payloads).where(ledger_payloads.c.seq == 2).values(body='{"score":"100"}'))
    assert _verify(store, chain).broken_at == 2


def test_a_removed_entry_is_found(store: Store, chain: UUID) -> None:
    """In the middle and at the end."""
    with store.transaction() as session:
        session.execute(sa.delete(ledger_table).where(ledger_table.c.seq == 5))
    assert _verify(store, chain).broken_at == 6 or _verify(store, chain).broken_at == 5
    with store.transaction() as session:
        session.execute(sa.delete(ledger_table).where(ledger_table.c.seq == 2))
    assert _verify(store, chain).broken_at == 2


def test_an_erased_body_leaves_the_chain_whole(store: Store, chain: UUID) -> None:
    """Deleting what an entry said does not break what follows."""
    with store.transaction() as session:
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == 2))
    assert _verify(store, chain) == Verification(5, None)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none()))
def test_a_body_has_one_text_whatever_its_order(body: dict[str, object]) -> None:
    """The commitment depends on the content alone."""
    assert ledger.canonical(body) == ledger.canonical(dict(reversed(body.items())))
