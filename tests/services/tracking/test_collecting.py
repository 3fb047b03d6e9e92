"""What visitors do becomes the person's engagement: once each, at its own time, known since it could be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from connector.records import Actor, EventKind
from connector.services.tracking import sites
from connector.services.tracking.batch import Refusal
from connector.store import runs, tracked
from connector.store.tables import tracked_events, visitors
from tests.services.tracking.visits import ANA, BEN, Visits, another, identify, page
from tests.world import NOW

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MAIL = "ana@firm.com"


def test_a_repeated_request_changes_nothing(made: Visits) -> None:
    """A retry carries the same event ids; a neighbour that was lost before is taken."""
    made.send(page(1), page(2, "/docs"))
    made.world.clock.sleep(90)
    assert made.send(page(1, "/other"), page(2, "/docs"), page(3)).accepted == 3
    assert [(row.event_id, row.detail) for row in made.stored()] == [
        ("event-0001", "/pricing"),
        ("event-0002", "/docs"),
        ("event-0003", "/pricing"),
    ]
    assert made.stored()[0].received_at == NOW


def test_what_an_unknown_visitor_does_is_nobodys(made: Visits) -> None:
    """It is kept, and no frame and no run hears of it."""
    made.read(1, MAIL)
    made.send(page(1))
    assert made.told() == []
    assert made.world.woken == []


def test_who_says_who_they_are_brings_all_they_did(made: Visits) -> None:
    """Each visit with its own time, known since the address was told; what follows is known when it arrives."""
    made.read(1, "Ana@Firm.com")
    made.send(page(1, "/a", at=(NOW - 2 * DAY).isoformat()))
    made.world.clock.sleep(3600)
    told_at = made.world.clock.now()
    made.send(identify(2, "ANA@firm.com "), page(3, "/b"))
    made.world.clock.sleep(3600)
    made.send(page(4, "/c"))
    later = told_at + timedelta(hours=1)
    assert made.told() == [
        ("Ana@Firm.com", "/a", NOW - 2 * DAY, told_at),
        ("Ana@Firm.com", "/b", told_at, told_at),
        ("Ana@Firm.com", "/c", later, later),
    ]
    assert made.world.woken


def test_an_address_waits_for_its_record_as_a_hash(made: Visits) -> None:
    """Nothing in the tables holds the address; when the CRM has it, the visits are there."""
    made.send(page(1, "/a"), identify(2, "ana.b+shop@googlemail.com"))
    with made.world.services.store.reading() as session:
        for table in (visitors, tracked_events):
            rows = session.execute(sa.select(table).where(table.c.tenant_id == made.tenant_id)).all()
            assert rows
            assert not any("gmail" in str(row) or "ana.b" in str(row) for row in rows)
    assert made.told() == []
    assert made.world.woken == []
    made.read(1, "anab@gmail.com")
    assert made.told() == [("anab@gmail.com", "/a", NOW, NOW)]


def test_a_form_with_an_address_says_who_it_is(made: Visits) -> None:
    """The submit itself is engagement, too."""
    made.read(1, MAIL)
    made.send(page(1, "/a"), {"id": "event-0002", "type": "form", "name": "contact", "email": MAIL})
    assert [(who, what) for who, what, *_ in made.told()] == [(MAIL, "/a"), (MAIL, "contact")]
    assert made.stored()[1].kind == EventKind.FORM_SUBMITTED


def test_two_people_at_one_browser_are_two(made: Visits) -> None:
    """From another address on it is somebody else; the first one's visits stay theirs, and coming back is fine."""
    made.read(1, MAIL)
    made.read(2, "ben@firm.com")
    made.send(page(1, "/a"), identify(2, MAIL), page(3, "/b"), identify(4, "ben@firm.com"), page(5, "/c"))
    made.send(page(6, "/d"), identify(7, MAIL), page(8, "/e"))
    assert [(who, what) for who, what, *_ in made.told()] == [
        (MAIL, "/a"),
        (MAIL, "/b"),
        ("ben@firm.com", "/c"),
        ("ben@firm.com", "/d"),
        (MAIL, "/e"),
    ]


def test_two_browsers_of_one_person_are_one(made: Visits) -> None:
    """And visitors without an address are told apart."""
    made.read(1, MAIL)
    made.send(page(1, "/a"), identify(2, MAIL))
    made.send(page(3, "/b"), identify(4, MAIL), visitor=BEN)
    made.send(page(5, "/c"), visitor="visitor-of-nobody")
    assert [what for _, what, *_ in made.told()] == ["/a", "/b"]


def test_several_records_of_a_person_count_an_event_once(made: Visits) -> None:
    """One mailbox, one lead, however many CRMs have it."""
    made.read(1, MAIL)
    made.read(2, "ANA@firm.com")
    made.send(identify(1, MAIL), page(2))
    assert len(made.told()) == 1


def test_a_server_names_the_person_alone(made: Visits) -> None:
    """No visitor is needed; with both, the visitor is identified."""
    made.read(1, MAIL)
    made.send(page(1, "/a"))
    made.send_from_server({"id": "order-000001", "type": "event", "name": "Trial", "email": MAIL})
    assert [what for _, what, *_ in made.told()] == ["Trial"]
    made.send_from_server({"id": "order-000002", "type": "event", "name": "Used", "email": MAIL, "visitor": ANA})
    assert [what for _, what, *_ in made.told()] == ["/a", "Trial", "Used"]


def test_machines_are_kept_apart(made: Visits) -> None:
    """By their name or by their word; they wake nobody."""
    made.read(1, MAIL)
    made.send(identify(1, MAIL))
    made.world.woken.clear()
    made.world.work()
    made.send(page(2), agent="Googlebot/2.1")
    made.send(page(3), machine=True)
    assert {row.actor for row in made.stored()} == {Actor.MACHINE}
    assert made.world.woken == []
    made.send(page(4))
    assert made.stored()[-1].actor == Actor.LEAD


def test_refusals_are_counted_by_reason_and_day(made: Visits) -> None:
    """The admin sees what is wrong, never what was sent."""
    receipt = made.send(page(1), {"id": "event-0002", "type": "page", "path": "x"}, page(3) | {"id": "x"})
    assert receipt.accepted == 1
    assert [item.reason for item in receipt.refused] == [Refusal.PATH, Refusal.ID]
    made.world.clock.sleep(86_400)
    made.send(page(4) | {"id": "y"})
    with made.world.services.store.reading() as session:
        assert tracked.refused_since(session, made.site.id, "2026-03-01") == [(Refusal.ID, 2), (Refusal.PATH, 1)]
        assert tracked.refused_since(session, made.site.id, "2026-03-02") == [(Refusal.ID, 1)]
        assert tracked.counts(session, made.site.id, NOW - 12 * 60 * MINUTE, 2) == {(0, "lead"): 1}


def test_a_visit_of_the_known_starts_one_run(made: Visits) -> None:
    """However many visits come before it begins; a retry starts none."""
    made.read(1, MAIL)
    made.send(identify(1, MAIL), page(2))
    first = list(made.world.woken)
    made.send(page(3))
    assert len(first) == 1
    assert made.world.woken == first


def test_tenants_do_not_share_visitors(made: Visits) -> None:
    """The same browser, the same event ids, the same address: two tenants, two people, two hashes."""
    other = another(made.world, "Beta")
    for tenant in (made, other):
        tenant.send(page(1, f"/{tenant.site.name[0]}"), identify(2, MAIL))
    made.read(1, MAIL)
    assert [what for _, what, *_ in made.told()] == ["/A"]
    assert other.told() == []
    assert [row.detail for row in other.stored()] == ["/B"]
    assert made.visitors()[0][1] != other.visitors()[0][1]


def test_sites_of_a_tenant_share_people_but_not_browsers(made: Visits) -> None:
    """A visitor's name is one site's; the address joins both."""
    second = sites.add(made.world.services, made.tenant_id, "Shop", ["https://shop.example.com"]).site
    shop = replace(made, site=second)
    made.read(1, MAIL)
    made.send(page(1, "/a"), identify(2, MAIL))
    shop.send(page(1, "/shop"))
    assert [what for _, what, *_ in made.told()] == ["/a"]
    shop.send(identify(2, MAIL))
    assert [what for _, what, *_ in made.told()] == ["/a", "/shop"]


def test_a_late_repetition_says_nothing_again(made: Visits) -> None:
    """Who somebody was then is not who they are now."""
    made.read(1, MAIL)
    made.read(2, "ben@firm.com")
    first = [identify(1, MAIL), page(2, "/a", email=MAIL)]
    made.send(*first)
    made.send(identify(3, "ben@firm.com"))
    made.world.woken.clear()
    made.send(*first)
    assert made.world.woken == []
    made.send(page(4, "/b"))
    assert [(who, what) for who, what, *_ in made.told()] == [(MAIL, "/a"), ("ben@firm.com", "/b")]


def test_saying_once_more_who_one_is_wakes_nobody(made: Visits) -> None:
    """Many sites say so on each page."""
    made.read(1, MAIL)
    made.send(identify(1, MAIL))
    made.world.woken.clear()
    _finish_runs(made)
    made.send(identify(2, MAIL))
    assert made.world.woken == []


def _finish_runs(made: Visits) -> None:
    with made.world.services.store.transaction() as session:
        latest = runs.latest(session, made.tenant_id)
        assert latest
        runs.finish(session, latest.id, NOW)


def test_a_download_is_engagement_of_its_own(made: Visits) -> None:
    """By the file's name, in plain letters; one that names a person is refused."""
    made.read(1, MAIL)
    files = ("Price%20list.pdf", "For%20ana%40firm.com.pdf", "%ff")
    told = [{"id": f"event-001{place}", "type": "download", "name": name} for place, name in enumerate(files)]
    assert [(item.index, item.reason) for item in made.send(identify(2, MAIL), *told).refused] == [
        (2, Refusal.ADDRESS_IN_NAME)
    ]
    first = made.stored()[0]
    assert (first.kind, first.detail) == (EventKind.DOWNLOAD, "Price list.pdf")
    assert made.told()[0][:2] == (MAIL, "Price list.pdf")
