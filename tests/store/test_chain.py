"""A chain recomputed in pieces comes to what it comes to as a whole, whatever was done to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import chain, ledger, trail
from connector.store.chain import Check, Place
from connector.store.ledger import Entry, Verification
from connector.store.session import Store
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_heads, ledger_payloads
from connector.store.trail import Looked, Span
from tests.store.tampering import unguarded
from tests.store.world import NOW, tenant

ENTRIES = 7


@pytest.fixture
def owner(store: Store) -> UUID:
    """A tenant with seven entries, one an hour."""
    with store.transaction() as session:
        tenant_id = tenant(session)
        for n in range(ENTRIES):
            kind = "admin" if n % 3 == 0 else "scored"
            ledger.append(session, tenant_id, [Entry(kind, n or None, {"n": n})], NOW + timedelta(hours=n))
    return tenant_id


def _in_pieces(session: Connection, tenant_id: UUID, limit: int) -> Verification:
    place: Place | Verification = Place()
    while isinstance(place, Place):
        place = chain.advance(session, tenant_id, place, limit)
    return place


def _changed(column: str, value: object) -> Callable[[Connection], object]:
    change = sa.update(ledger_table).where(ledger_table.c.seq == 5).values({column: value})
    return lambda session: unguarded(session).execute(change)


def _deleted(seq: int) -> Callable[[Connection], object]:
    return lambda session: unguarded(session).execute(sa.delete(ledger_table).where(ledger_table.c.seq == seq))


TAMPERED: dict[str, Callable[[Connection], object]] = {
    "nothing": lambda session: None,
    "lead": _changed("lead_id", 99),
    "hash": _changed("hash", "forged"),
    "in the middle": _deleted(3),
    "at the end": _deleted(ENTRIES),
    "head set back": lambda session: unguarded(session).execute(sa.update(ledger_heads).values(seq=4)),
    "head and its hash set back": lambda session: unguarded(session).execute(
        sa.update(ledger_heads).values(
            seq=4, hash=sa.select(ledger_table.c.hash).where(ledger_table.c.seq == 4).scalar_subquery()
        )
    ),
    "body": lambda session: unguarded(session).execute(sa.update(ledger_payloads).values(body='{"n":8}')),
    "erased": lambda session: session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == 2)),
}


def test_pieces_find_what_the_whole_finds(store: Store, owner: UUID) -> None:
    """The same verdict, and broken in the same place, for pieces that end anywhere."""
    for done, tamper in TAMPERED.items():
        # What is done in it is thrown away.
        with store.reading() as session:
            tamper(session)
            whole = ledger.verify(session, owner)
            for limit in (1, 3, 100):
                found = _in_pieces(session, owner, limit)
                assert (found.good, found.broken_at) == (whole.good, whole.broken_at), (done, limit)
        assert whole.good == (done in ("nothing", "erased")), done


def test_entries_that_come_between_two_pieces_belong_to_it(store: Store, owner: UUID) -> None:
    """A check that is under way goes on over what was added."""
    with store.transaction() as session:
        place = chain.advance(session, owner, Place(), 3)
        ledger.append(session, owner, [Entry("admin", None, {})], NOW)
        assert isinstance(place, Place)
        assert chain.advance(session, owner, place, 100) == Verification(ENTRIES + 1, None)


def test_what_was_found_is_kept(store: Store, owner: UUID) -> None:
    """The newest check takes the place of the one before; a tenant that was never looked at has none."""
    with store.transaction() as session:
        assert chain.check_of(session, owner) == Check()
        for kept in (Check(NOW, Place(3, "a")), Check(ended_at=NOW, found=Verification(7, 4))):
            chain.save(session, owner, kept)
            assert chain.check_of(session, owner) == kept


def test_a_time_is_found_by_halving(store: Store, owner: UUID) -> None:
    """No entry of the time is missed, and all that is far from it is left out."""
    for hours in range(-1, ENTRIES + 2):
        at = NOW + timedelta(hours=hours)
        with store.reading() as session:
            early = trail.span(session, owner, Looked(until=at))
            late = trail.span(session, owner, Looked(since=at))
        later = ENTRIES - min(max(hours, 0), ENTRIES)
        assert (early.low, late.high) == (1, ENTRIES + 1)
        assert late.high - late.low == later
        # One whose own time it is stands within the slack.
        assert early.high - early.low == ENTRIES - later + (0 <= hours < ENTRIES)


def test_pieces_give_each_entry_once(store: Store, owner: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest first, by kind and lead, whatever a piece holds; an erased body is None."""
    monkeypatch.setattr(trail, "WINDOW", 2)
    with store.transaction() as session:
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == 2))
    wanted = {
        Looked(): [7, 6, 5, 4, 3, 2, 1],
        Looked(kinds=("admin",)): [7, 4, 1],
        Looked(kinds=("scored",)): [6, 5, 3, 2],
        Looked(leads=(3, 5)): [6, 4],
        Looked(since=NOW + timedelta(hours=2), until=NOW + timedelta(hours=4)): [4, 3],
    }
    for looked, expected in wanted.items():
        found, erased = [], []
        with store.reading() as session:
            among = trail.span(session, owner, looked)
            high = among.high
            while high > among.low:
                rows, high = trail.piece(session, owner, looked, Span(among.low, high), 2)
                found += [row.seq for row in rows]
                erased += [row.seq for row in rows if row.body is None]
        assert found == expected
        assert set(erased) <= {2}
