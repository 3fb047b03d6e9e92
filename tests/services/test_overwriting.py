"""What people change in our fields is noticed, by reading and by a sample, and handled as the tenant chose."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.errors import RejectedInput
from connector.records import Record
from connector.services import overwriting, publication, verification
from connector.services.opening import open_adapter
from connector.store import publications
from connector.store.session import Store
from tests.services.delivering import Desk, desk
from tests.world import NOW

NAMES = {"lead_score": "their_score", "lead_score_tier": "their_tier"}


def written(store: Store, **settings: object) -> Desk:
    """An account whose three records hold their scores."""
    at = desk(store, **settings)
    at.queue("10.0", 1, 2, 3)
    at.deliver(1, 2, 3)
    return at


def overwrite(at: Desk, score: str = "99") -> None:
    """Let a person type over the first record's score, and let it be found."""
    at.world.crm.held["1"]["lead_score"] = score
    assert verification.verify_sample(at.world.services, at.connection_id).differing == 1


def test_a_sample_that_is_equal_is_told_with_its_number(store: Store) -> None:
    """On the page, and in the ledger."""
    at = written(store)
    report = verification.verify_sample(at.world.services, at.connection_id)
    assert (report.sampled, report.equal, report.differing, report.gone, report.moved) == (3, 3, 0, 0, 0)
    with store.reading() as session:
        kept = publications.get(session, at.connection_id)
    assert (kept.verified_at, dict(kept.verified or {})["equal"]) == (at.world.clock.now(), 3)
    assert '"action":"verified"' in at.said()[-1]


def test_a_sample_is_no_larger_than_asked_and_names_who_is_gone(store: Store) -> None:
    """A record that the CRM no longer has was overwritten by nobody."""
    at = written(store)
    assert verification.verify_sample(at.world.services, at.connection_id, 2).sampled == 2
    del at.world.crm.held["2"]
    report = verification.verify_sample(at.world.services, at.connection_id)
    assert (report.equal, report.gone, report.differing) == (2, 1, 0)


def test_an_overwritten_value_is_written_again(store: Store) -> None:
    """Where the tenant chose so; the lead's ledger says what happened."""
    at = written(store)
    overwrite(at)
    at.run()
    assert at.held()["1"] == "10.0"
    assert any("to be written again" in body for body in at.said())


def test_an_overwritten_value_is_respected_until_the_tier_changes(store: Store) -> None:
    """New scores of the same tier wait; one of another tier is written."""
    at = written(store, overwritten="respect")
    overwrite(at)
    at.run()
    at.world.clock.sleep(60)
    at.queue("30.0", 1)
    at.run()
    assert (at.held()["1"], at.status()) == ("99", "respected")
    at.queue("80.0", 1, tier="High-Intent")
    at.run()
    assert (at.held()["1"], at.status()) == ("80.0", "delivered")


def test_an_admin_resets_what_was_respected(store: Store) -> None:
    """The newest score is written, and the reset is on the record."""
    at = written(store, overwritten="respect")
    overwrite(at)
    at.run()
    at.world.clock.sleep(60)
    at.queue("30.0", 1)
    with pytest.raises(RejectedInput):
        publication.reset(at.world.services, at.connection_id, at.connection_id)
    assert publication.reset(at.world.services, at.tenant_id, at.connection_id, 1) == 1
    at.world.work()
    assert at.held()["1"] == "30.0"
    assert any("reset overwritten" in body for body in at.said())


def test_what_was_taken_for_overwritten_and_is_not_comes_to_rest_unwritten(store: Store) -> None:
    """The CRM is asked before anything is done."""
    at = written(store)
    overwrite(at)
    at.world.crm.held["1"]["lead_score"] = "10.0"
    at.run()
    assert (at.status(), len(at.world.crm.writes)) == ("delivered", 3)


@pytest.mark.parametrize(
    ("properties", "minutes", "noticed"),
    [
        ({"their_score": "99", "their_tier": "Low"}, 5, True),
        ({"their_score": "10", "their_tier": "Low"}, 5, False),
        ({"their_tier": "Medium", "their_score": "10"}, 5, True),
        ({"their_tier": "Low"}, 5, True),
        ({}, 5, False),
        ({"their_score": "99", "their_tier": "Low"}, -5, False),
    ],
)
def test_reading_notices_what_was_changed_after_our_write(
    store: Store, properties: dict[str, str], minutes: int, *, noticed: bool
) -> None:
    """Also a value that was cleared; neither another spelling of a number nor a page from before the write."""
    at = written(store)
    services = at.world.services
    changed = at.world.clock.now() + timedelta(minutes=minutes)
    other = Record("2", None, NOW, NOW, {"their_score": "10.0", "their_tier": "Low"} if properties else {})
    with store.transaction() as session:
        from connector.store import connections

        connections.save_field_names(session, at.connection_id, NAMES)
    adapter = open_adapter(services, at.connection_id)
    with store.transaction() as session:
        read = [Record("1", None, NOW, changed, properties), other]
        assert overwriting.notice(session, at.connection_id, adapter, read) == int(noticed)
    assert at.status() == ("suspect" if noticed else "delivered")
