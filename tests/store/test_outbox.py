"""Rows of the outbox: the newest score wins, whoever comes last, and one delivery holds a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import answers, claims, outbox
from connector.store.claims import Claim, Wanted
from connector.store.outbox import OutboxStatus
from connector.store.session import Store
from connector.store.tables import outbox as table
from tests.store.world import NOW, with_records

UNTIL = NOW + timedelta(seconds=30)
LATER = NOW + timedelta(seconds=31)
ANY = Wanted(100)


def values(score: str, as_of: datetime = NOW, tier: str = "Low") -> dict[str, Any]:
    """Make outbox values."""
    return {
        "score": score,
        "probability": "0.5",
        "tier": tier,
        "reasons": [],
        "model": "m",
        "updated_at": as_of.isoformat(),
    }


def row(ids: tuple[UUID, UUID], seq: int, what: Mapping[str, Any], record_id: int = 1, **more: Any) -> dict[str, Any]:
    """Make a row as a scoring run queues it."""
    tenant_id, connection_id = ids
    made = {
        "record_id": record_id,
        "tenant_id": tenant_id,
        "connection_id": connection_id,
        "status": OutboxStatus.PENDING,
        "ledger_seq": seq,
        "due_at": NOW,
        "attempts": 0,
        "message": None,
        "values": dict(what),
    }
    return {**made, **more}


def stored(connection: Connection, record_id: int = 1) -> sa.Row[Any]:
    """Return a row."""
    return connection.execute(sa.select(table).where(table.c.record_id == record_id)).one()


def take(connection: Connection, ids: tuple[UUID, UUID], now: datetime = NOW, wanted: Wanted = ANY) -> Claim:
    """Claim what is due."""
    return claims.claim(connection, ids[1], wanted, now, now + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("seq", "as_of", "wins"),
    [
        (2, NOW + timedelta(minutes=1), True),
        (2, NOW, True),
        (2, NOW - timedelta(minutes=1), False),
        (1, NOW, False),
    ],
)
def test_an_older_score_never_replaces_a_newer_one(store: Store, seq: int, as_of: datetime, *, wins: bool) -> None:
    """Newer is what was scored as of later, whenever it was stored; of one instant the later entry."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        outbox.put(connection, [row(ids, seq, values("20.0", as_of))])
        assert stored(connection).values["score"] == ("20.0" if wins else "10.0")


def test_rows_are_taken_by_one_delivery_and_real_time_goes_first(store: Store) -> None:
    """What one has taken another does not see."""
    with store.transaction() as connection:
        ids = with_records(connection)
        rows = [row(ids, number, values("10.0"), number, priority=int(number == 3)) for number in (1, 2, 3)]
        outbox.put(connection, rows)
        first = take(connection, ids, wanted=Wanted(2))
        second = take(connection, ids, wanted=Wanted(2))
    assert [item.record_id for item in first.parcels] == [3, 1]
    assert [item.record_id for item in second.parcels] == [2]


def test_newer_values_wait_until_the_answer_for_the_older_ones_is_there(store: Store) -> None:
    """A record never has two writes under way: the CRM might carry out the older one last."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        mine = take(connection, ids)
        outbox.put(connection, [row(ids, 2, values("20.0"))])
        assert not take(connection, ids).parcels
        answers.delivered(connection, mine.token, mine.parcels, NOW)
        assert stored(connection).delivered["score"] == "10.0"
        assert [item.values["score"] for item in take(connection, ids).parcels] == ["20.0"]


def test_only_the_holder_of_the_claim_records_an_answer(store: Store) -> None:
    """Who lost it while waiting for the CRM changes nothing."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        lost = take(connection, ids)
        claims.claim_doubtful(connection, ids[1], ANY, LATER, LATER + timedelta(seconds=30))
        assert claims.held(connection, lost.token, lost.parcels) == set()
        answers.delivered(connection, lost.token, lost.parcels, LATER)
        answers.bury(connection, lost.token, lost.parcels[0], "no", LATER)
        answers.drop(connection, lost.token, lost.parcels[0])
        assert stored(connection).status == OutboxStatus.SENDING
        assert stored(connection).delivered is None


def test_a_row_is_in_doubt_only_once_its_lease_ran_out_or_was_given_up(store: Store) -> None:
    """A live delivery is not asked about; a renewed lease holds."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, number, values("10.0"), number) for number in (1, 2)])
        mine = take(connection, ids)
        claims.renew(connection, ids[1], mine.token, LATER)
        assert not claims.claim_doubtful(connection, ids[1], ANY, LATER, LATER).parcels
        claims.release(connection, mine.token, mine.parcels[:1])
        doubtful = claims.claim_doubtful(connection, ids[1], ANY, NOW, UNTIL)
    assert [item.record_id for item in doubtful.parcels] == [1]


def test_a_late_answer_puts_in_doubt_what_was_written_since(store: Store) -> None:
    """Nobody knows which of the two writes the CRM carried out last."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        lost = take(connection, ids)
        found = claims.claim_doubtful(connection, ids[1], ANY, LATER, LATER + timedelta(seconds=30))
        answers.again(connection, found.token, found.parcels[0], LATER, None)
        outbox.put(connection, [row(ids, 2, values("20.0"))])
        newer = take(connection, ids, LATER)
        answers.delivered(connection, newer.token, newer.parcels, LATER)
        answers.doubt(connection, lost.parcels)
        asked = claims.claim_doubtful(connection, ids[1], ANY, LATER, LATER + timedelta(seconds=30))
    assert [item.values["score"] for item in asked.parcels] == ["20.0"]


def test_a_dead_letter_keeps_the_newest_values_and_its_history(store: Store) -> None:
    """It is tried again by itself after a day, and by an admin at once."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        for number, at in ((1, NOW), (2, NOW + timedelta(days=2))):
            mine = take(connection, ids, at)
            answers.bury(connection, mine.token, mine.parcels[0], f"refused {number}", at)
            outbox.put(connection, [row(ids, 2 * number, values("20.0"), due_at=at + timedelta(hours=23))])
            assert not take(connection, ids, at + timedelta(days=1)).parcels
            outbox.put(connection, [row(ids, 2 * number + 1, values("30.0"), due_at=at + timedelta(hours=25))])
        letters = outbox.dead_letters(connection, ids[1], 5)
        assert not letters
        mine = take(connection, ids, NOW + timedelta(days=9))
        answers.bury(connection, mine.token, mine.parcels[0], "refused 3", NOW + timedelta(days=9))
        letter = outbox.dead_letters(connection, ids[1], 5)[0]
        assert (letter.message, letter.failures) == ("refused 3", 3)
        assert (letter.failing_since, letter.failed_at) == (NOW, NOW + timedelta(days=9))
        assert outbox.replay_dead(connection, ids[1], NOW + timedelta(days=9)) == 1
        assert take(connection, ids, NOW + timedelta(days=9)).parcels


def test_a_pause_after_a_failure_is_not_cut_short_by_a_new_value(store: Store) -> None:
    """The CRM said no to the record, not to its value."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        mine = take(connection, ids)
        answers.again(connection, mine.token, mine.parcels[0], LATER, "busy")
        outbox.put(connection, [row(ids, 2, values("20.0"))])
        assert not take(connection, ids).parcels
        assert [(item.values["score"], item.attempts) for item in take(connection, ids, LATER).parcels] == [("20.0", 1)]


def test_an_overwritten_value_is_left_alone_until_the_tier_changes(store: Store) -> None:
    """A new score of the same tier waits in the row."""
    with store.transaction() as connection:
        ids = with_records(connection)
        outbox.put(connection, [row(ids, 1, values("10.0"))])
        mine = take(connection, ids)
        answers.overwritten(connection, mine.token, mine.parcels[0], NOW, respected=True)
        outbox.put(connection, [row(ids, 2, values("20.0"))])
        assert stored(connection).status == OutboxStatus.RESPECTED
        outbox.put(connection, [row(ids, 3, values("80.0", tier="High-Intent"))])
        assert [item.values["score"] for item in take(connection, ids).parcels] == ["80.0"]
        assert stored(connection).overwritten_at is None
