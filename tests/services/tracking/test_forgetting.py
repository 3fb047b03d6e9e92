"""Who is erased, moves away or never appears takes their visits along."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from connector.records import PropertyChange, Record
from connector.services import identity
from connector.services.privacy import erasing
from connector.services.tracking import retention
from connector.store import events, records
from connector.store.session import Store
from connector.store.tables import tombstones
from tests.services.tracking.visits import ANA, BEN, Visits, another, identify, page, visits
from tests.world import KEY, NEWER_KEY, NOW

DAY = timedelta(days=1)
MAIL = "ana@firm.com"


def test_erasing_a_person_reaches_all_their_visits(made: Visits) -> None:
    """Those that joined, a second browser's, and what is sent once more; others' stay, and a new visit is new."""
    other = another(made.world, "Beta")
    made.read(1, MAIL)
    made.read(2, "ben@firm.com")
    for tenant in (made, other):
        tenant.send(page(1, "/a"), identify(2, MAIL))
    made.send_from_server({"id": "order-000001", "type": "event", "name": "Trial", "email": "ANA@firm.com"})
    made.send(page(3, "/b"), identify(4, "ben@firm.com"), visitor=BEN)
    made.world.clock.sleep(60)
    made.erase("1")
    assert [row.detail for row in made.stored()] == ["/b"]
    assert len(other.stored()) == 1
    late = {"id": "order-000001", "type": "event", "name": "Trial", "email": MAIL, "at": NOW.isoformat()}
    made.send_from_server(late)
    assert [row.detail for row in made.stored()] == ["/b"]
    made.world.clock.sleep(60)
    made.send_from_server(late | {"id": "order-000002", "at": made.world.clock.now().isoformat()})
    assert [row.detail for row in made.stored()] == ["/b", "Trial"]
    with made.world.services.store.reading() as session:
        assert not any("firm" in str(row) for row in session.execute(sa.select(tombstones)))


def test_erasing_reaches_visits_under_a_former_address(made: Visits) -> None:
    """What the history of the address field tells was the person's, too."""
    made.read(1, MAIL)
    made.send(page(1), identify(2, MAIL))
    with made.world.services.store.transaction() as session:
        moved = Record("1", "ana@new.com", NOW, NOW, {"mail": "ana@new.com"})
        records.save(session, made.tenant_id, made.crm_id, [moved], NOW)
        dated = [PropertyChange("1", "mail", MAIL, NOW - DAY), PropertyChange("1", "mail", "ana@new.com", NOW)]
        events.save_changes(session, made.tenant_id, made.crm_id, dated)
    made.identify()
    assert made.told() == []
    made.erase("1")
    assert made.stored() == []


def test_a_changed_address_takes_the_visits_away(made: Visits) -> None:
    """They are the mailbox's, not the record's: they wait again, as a hash."""
    made.read(1, MAIL)
    made.send(page(1), identify(2, MAIL))
    assert len(made.told()) == 1
    made.read(1, "somebody@else.org")
    assert made.told() == []
    assert [person for *_, person in made.visitors()] == [None]
    made.read(2, MAIL)
    assert len(made.told()) == 1


def test_what_nobody_did_goes_after_90_days(store: Store) -> None:
    """An address that waits goes with everything, an unknown visitor keeps what is newer, the CRM's people all."""
    made = visits(store)
    made.read(1, MAIL)
    made.send(page(1, "/known"), identify(2, MAIL))
    made.send(page(3, "/waits"), identify(4, "ben@firm.com"), visitor=BEN)
    made.send(page(5, "/old"), visitor="visitor-unknown")
    made.send(page(6, "/gone"), visitor="visitor-gone")
    made.world.clock.at = NOW + made.world.services.keeping.visits
    made.send(page(7, "/fresh"), visitor="visitor-unknown")
    made.send(page(8, "/waits/still"), visitor=BEN)
    assert retention.purge(made.world.services, made.tenant_id) == 0
    made.world.clock.sleep(1)
    assert retention.purge(made.world.services, made.tenant_id) == 6
    assert [row.detail for row in made.stored()] == ["/known", "/fresh"]
    assert [name for name, *_ in made.visitors()] == [ANA, "visitor-unknown"]
    assert retention.purge(made.world.services, made.tenant_id) == 0


def test_visits_under_an_older_key_are_found_and_barred(store: Store) -> None:
    """Who waits joins when the record appears, says again who they are and stays one; erasing reaches all of it."""
    made = visits(store)
    made.send(page(1, "/a"), identify(2, MAIL))
    made.world.use_keys(NEWER_KEY, KEY)
    made.send(page(3, "/b"), identify(4, MAIL))
    assert len(made.visitors()) == 1
    made.read(1, MAIL)
    assert [what for _, what, *_ in made.told()] == ["/a", "/b"]
    made.read(1, "ana@new.com")
    assert made.told() == []
    made.send_from_server({"id": "order-000001", "type": "event", "name": "Trial", "email": MAIL})
    made.read(2, MAIL)
    assert [what for _, what, *_ in made.told()] == ["/a", "/b", "Trial"]
    made.world.clock.sleep(60)
    made.erase("2")
    assert made.visitors() == []


def test_a_late_visit_is_refused_under_a_newer_key(store: Store) -> None:
    """Its person was erased before the rotation."""
    made = visits(store)
    made.read(1, MAIL)
    made.world.clock.sleep(60)
    made.erase("1")
    made.world.use_keys(NEWER_KEY, KEY)
    late = {"id": "order-000001", "type": "event", "name": "Trial", "email": MAIL, "at": NOW.isoformat()}
    made.send_from_server(late)
    assert made.stored() == []


def test_erasing_reaches_who_waits_under_an_older_key(store: Store) -> None:
    """No record was ever joined to the visits."""
    made = visits(store)
    made.send(page(1, "/a"), identify(2, MAIL))
    made.world.use_keys(NEWER_KEY, KEY)
    erasing.ask_for_email(made.world.services, made.tenant_id, MAIL, "test")
    assert made.visitors() == []


def test_a_visit_joins_at_once_whom_a_newer_key_knows(store: Store) -> None:
    """The record is there before somebody says again who they are."""
    made = visits(store)
    made.send(page(1, "/a"), identify(2, MAIL))
    with made.world.services.store.transaction() as session:
        records.save(session, made.tenant_id, made.crm_id, [Record("1", MAIL, NOW, NOW, {"mail": MAIL})], NOW)
        identity.identify(session, made.tenant_id, 100, NOW)
    made.world.use_keys(NEWER_KEY, KEY)
    made.send(page(3, "/b"), identify(4, MAIL))
    assert [what for _, what, *_ in made.told()] == ["/a", "/b"]
