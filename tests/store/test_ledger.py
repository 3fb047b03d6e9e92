"""The ledger notices every change to its past, and survives an erasure."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, ProgrammingError

from connector.crypto import ChainSeal, Seal, new_key
from connector.errors import CorruptLedger
from connector.store import heads, ledger
from connector.store.bulk import FEW
from connector.store.ledger import Entry, Verification
from connector.store.session import Store, open_store
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_heads, ledger_payloads, tenants
from tests.store.tampering import unguarded
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


def test_many_entries_at_once_are_one_chain(store: Store, chain: UUID) -> None:
    """Past the number of rows that go one by one, too."""
    with store.transaction() as session:
        many = [Entry("scored", n, {"score": str(n)}) for n in range(2 * FEW)]
        assert ledger.append(session, chain, many, NOW) == 6
    assert _verify(store, chain) == Verification(5 + 2 * FEW, None)


@pytest.mark.parametrize("column", ["kind", "lead_id", "commitment", "hash"])
def test_a_changed_entry_is_found(store: Store, chain: UUID, column: str) -> None:
    """Whatever column of an entry is altered, verification names the entry."""
    value = 99 if column == "lead_id" else "forged"
    with store.transaction() as session:
        unguarded(session).execute(sa.update(ledger_table).where(ledger_table.c.seq == 3).values({column: value}))
    assert _verify(store, chain).broken_at == 3


def test_a_changed_body_is_found(store: Store, chain: UUID) -> None:
    """The body is bound by its commitment."""
    with store.transaction() as session:
        unguarded(session).execute(
            sa.update(ledger_payloads).where(ledger_payloads.c.seq == 2).values(body='{"score":"100"}')
        )
    assert _verify(store, chain).broken_at == 2


def test_a_removed_entry_is_found(store: Store, chain: UUID) -> None:
    """In the middle and at the end."""
    with store.transaction() as session:
        unguarded(session).execute(sa.delete(ledger_table).where(ledger_table.c.seq == 5))
    assert _verify(store, chain).broken_at == 5
    with store.transaction() as session:
        unguarded(session).execute(sa.delete(ledger_table).where(ledger_table.c.seq == 2))
    assert _verify(store, chain).broken_at == 2


def test_an_erased_body_leaves_the_chain_whole(store: Store, chain: UUID) -> None:
    """Deleting what an entry said does not break what follows."""
    with store.transaction() as session:
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == 2))
    assert _verify(store, chain) == Verification(5, None)


REFUSED = (IntegrityError, ProgrammingError)
"""How SQLite and PostgreSQL say that the ledger is append-only."""


@pytest.mark.parametrize(
    "statement",
    [
        sa.update(ledger_table).where(ledger_table.c.seq == 2).values(kind="forged"),
        sa.update(ledger_table).where(ledger_table.c.seq == 2).values(lead_id=None),
        sa.delete(ledger_table).where(ledger_table.c.seq == 5),
        sa.update(ledger_payloads).where(ledger_payloads.c.seq == 2).values(body="{}"),
        sa.update(ledger_heads).values(seq=4),
        sa.delete(ledger_heads),
    ],
    ids=["change", "lead", "cut off", "body", "head back", "head away"],
)
def test_the_database_refuses_to_change_the_past(store: Store, chain: UUID, statement: sa.Executable) -> None:
    """Whoever asks: the guards are the tables' own."""
    with pytest.raises(REFUSED, match="append-only"), store.transaction() as session:
        session.execute(statement)
    assert _verify(store, chain) == Verification(5, None)


def test_nothing_is_put_in_the_place_of_an_entry(store: Store, chain: UUID) -> None:
    """SQLite would delete the old row without telling the guard on deletion; PostgreSQL can be emptied."""
    with store.reading() as session:
        row = session.execute(sa.select(ledger_table).where(ledger_table.c.seq == 2)).one()._mapping
    statement: sa.Executable = sa.text("TRUNCATE ledger")
    if store.engine.dialect.name == "sqlite":
        statement = sa.insert(ledger_table).prefix_with("OR REPLACE").values({**row, "kind": "forged"})
    with pytest.raises(REFUSED, match="append-only"), store.transaction() as session:
        session.execute(statement)
    assert _verify(store, chain) == Verification(5, None)


def test_a_deleted_tenant_takes_its_ledger_along(store: Store, chain: UUID) -> None:
    """An uninstallation leaves nothing, the guards notwithstanding."""
    with store.transaction() as session:
        session.execute(sa.delete(tenants).where(tenants.c.id == chain))
        left = [session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in LEDGER]
    assert left == [0, 0, 0]


LEDGER = (ledger_table, ledger_payloads, ledger_heads)


def test_nothing_is_entered_behind_a_head_that_was_set_back(store: Store, chain: UUID) -> None:
    """It would take a place that is taken."""
    with store.transaction() as session:
        fourth = session.execute(sa.select(ledger_table.c.hash).where(ledger_table.c.seq == 4)).scalar_one()
        unguarded(session).execute(sa.update(ledger_heads).values(seq=4, hash=fourth))
    with pytest.raises((CorruptLedger, *REFUSED)), store.transaction() as session:
        ledger.append(session, chain, [Entry("scored", 1, {})], NOW)
    assert _verify(store, chain).broken_at == 5


KEYS = [new_key(), new_key()]


@pytest.fixture
def sealing(store: Store, database_url: str, chain: UUID) -> Iterator[Store]:
    """The same database as a process with a key has it; the head is sealed."""
    opened = open_store(database_url, ChainSeal(KEYS[:1]))
    with opened.transaction() as session:
        assert ledger.verify(session, chain) == Verification(5, None, Seal.MISSING, 0)
        heads.seal(session, chain)
    assert _verify(opened, chain) == Verification(5, None, Seal.HOLDS, 5)
    yield opened
    opened.close()


def _rechained(session: Connection, tenant_id: UUID, kept: int) -> None:
    """What an insider with all rights in the database can do: another history, correct in itself."""
    ledger_heads_of = ledger_heads.c.tenant_id == tenant_id
    unguarded(session).execute(sa.delete(ledger_table).where(ledger_table.c.seq > kept))
    session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq > kept))
    last = session.execute(sa.select(ledger_table.c.hash).where(ledger_table.c.seq == kept)).scalar_one()
    session.execute(sa.update(ledger_heads).where(ledger_heads_of).values(seq=kept, hash=last))


def test_a_chain_that_is_correct_in_itself_is_not_ours_without_the_key(
    sealing: Store, store: Store, chain: UUID
) -> None:
    """Cut off, or computed anew: the seal is that of an entry that is not there."""
    with store.transaction() as session:
        _rechained(session, chain, 3)
    assert _verify(store, chain) == Verification(3, None)
    assert _verify(sealing, chain) == Verification(3, None, Seal.FORGED, 5)
    with store.transaction() as session:
        ledger.append(session, chain, [Entry("scored", n, {"score": "99"}) for n in range(2)], NOW)
    assert _verify(store, chain) == Verification(5, None)
    assert _verify(sealing, chain) == Verification(5, None, Seal.FORGED, 5)


def test_what_goes_on_after_a_forged_head_is_never_sealed(sealing: Store, store: Store, chain: UUID) -> None:
    """Else the product itself would make the forger's history good."""
    with store.transaction() as session:
        _rechained(session, chain, 3)
    with sealing.transaction() as session:
        ledger.append(session, chain, [Entry("scored", 1, {})], NOW)
    assert not _verify(sealing, chain).good
    with store.transaction() as session:
        session.execute(sa.update(ledger_heads).values(seal=None))
    with sealing.transaction() as session:
        ledger.append(session, chain, [Entry("scored", 1, {})], NOW)
        assert not heads.renew(session, chain)
    assert _verify(sealing, chain) == Verification(5, None, Seal.MISSING, 0)


def test_what_was_entered_without_the_key_is_told_apart(sealing: Store, store: Store, chain: UUID) -> None:
    """Up to where the seal stands it is ours."""
    with store.transaction() as session:
        ledger.append(session, chain, [Entry("scored", 1, {"score": "99"})], NOW)
    assert _verify(sealing, chain) == Verification(6, None, Seal.BEHIND, 5)


def test_a_seal_is_of_one_tenant(sealing: Store, store: Store, chain: UUID) -> None:
    """Another's head with its seal proves nothing here."""
    with sealing.transaction() as session:
        other = tenant(session, "Other")
        ledger.append(session, other, [Entry("scored", 1, {})] * 5, NOW)
        assert ledger.verify(session, other) == Verification(5, None, Seal.HOLDS, 5)
        taken = sa.select(ledger_heads.c.seal).where(ledger_heads.c.tenant_id == other).scalar_subquery()
        session.execute(sa.update(ledger_heads).where(ledger_heads.c.tenant_id == chain).values(seal=taken))
    assert _verify(sealing, chain) == Verification(5, None, Seal.FORGED, 5)


def test_an_old_head_with_its_old_seal_is_found_by_what_was_written_down(
    sealing: Store, store: Store, chain: UUID
) -> None:
    """The one thing that a seal can't tell."""
    with sealing.transaction() as session:
        old = session.execute(sa.select(ledger_heads)).one()._mapping
        ledger.append(session, chain, [Entry("scored", 1, {"score": "low"})], NOW)
        written = {head.seq: head.hash for _, head in heads.every(session)}
    with store.transaction() as session:
        unguarded(session).execute(sa.delete(ledger_table).where(ledger_table.c.seq > 5))
        session.execute(sa.update(ledger_heads).values(**old))
    with sealing.reading() as session:
        assert ledger.verify(session, chain) == Verification(5, None, Seal.HOLDS, 5)
        assert ledger.verify(session, chain, written) == Verification(5, None, Seal.HOLDS, 5, unlike=6)


def test_a_seal_moves_to_a_newer_key(sealing: Store, database_url: str, chain: UUID) -> None:
    """Once; afterwards the old key is not needed."""
    for keys, renewed in ((KEYS[::-1], True), (KEYS[::-1], False)):
        both = open_store(database_url, ChainSeal(keys))
        with both.transaction() as session:
            assert heads.renew(session, chain) is renewed
        both.close()
    assert _verify(sealing, chain).seal is Seal.UNKNOWN_KEY
    newer = open_store(database_url, ChainSeal(KEYS[1:]))
    assert _verify(newer, chain) == Verification(5, None, Seal.HOLDS, 5)
    newer.close()


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**63), 2**63) | st.none()))
def test_a_body_has_one_text_whatever_its_order(body: dict[str, object]) -> None:
    """The commitment depends on the content alone."""
    assert ledger.canonical(body) == ledger.canonical(dict(reversed(body.items())))
