"""What the REST API keeps and asks for, on either database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import sqlalchemy as sa

from connector.records import Conversion, WebhookHint
from connector.store import (
    api_answers,
    api_keys,
    api_uses,
    events,
    inbox,
    lead_search,
    leads,
    recomputations,
    references,
    score_export,
    scores,
    told_conversions,
)
from connector.store.api_answers import Kept, Place, Terms
from connector.store.api_keys import ApiKey
from connector.store.lead_search import Wanted
from connector.store.leads import NewLead
from connector.store.session import Store
from connector.store.tables import records
from tests.store.world import NOW, tenant, with_records

DAY = timedelta(days=1)


def key(tenant: UUID) -> ApiKey:
    """A key without anything special."""
    prefix = f"lsk_{uuid4().hex[:12]}"
    return ApiKey(uuid4(), tenant, "x", prefix, "h", None, None, ("scores:read",), NOW, NOW, None, None, None)


def people(store: Store) -> tuple[UUID, UUID, list[int]]:
    """Three leads of one record each; the first two have scores."""
    with store.transaction() as session:
        tenant, connection = with_records(session)
        found = leads.save(session, tenant, [NewLead(f"email:p{n}@example.com", NOW, "x.com", None) for n in (1, 2, 3)])
        ids = list(found.values())
        for number, lead in enumerate(ids, 1):
            mine = sa.and_(records.c.connection_id == connection, records.c.vendor_id == str(number))
            values = {"lead_id": lead, "person_key": f"email:p{number}@example.com"}
            session.execute(sa.update(records).where(mine).values(values))
        rows = [
            {
                "lead_id": lead,
                "tenant_id": tenant,
                "run_id": uuid4(),
                "model": "m",
                "score": Decimal(score),
                "probability": Decimal("0.5"),
                "tier": "Medium",
                "reasons": [],
                "base_value": "0.0",
                "inputs_hash": "0",
                "as_of": NOW,
                "scored_at": NOW,
            }
            for lead, score in zip(ids, ("40.5", "90.0"), strict=False)
        ]
        scores.save(session, rows)
    return tenant, connection, ids


def test_keys_are_kept_and_found_by_their_prefix(store: Store) -> None:
    """Rotated, used, revoked: what is read back is what was written."""
    with store.transaction() as session:
        tenant, _ = with_records(session)
        made = key(tenant)
        api_keys.add(session, made)
        api_keys.save_secret(session, made, "new", NOW + DAY, NOW + 2 * DAY)
        api_keys.note_use(session, tenant, made.id, NOW + DAY)
        api_keys.revoke(session, made, NOW + 3 * DAY)
        found = api_keys.by_prefix(session, made.prefix)
        assert found
        assert (found.secret_hash, found.former_hash, found.former_until) == ("new", "h", NOW + 2 * DAY)
        assert (found.last_used_at, found.revoked_at, found.scopes) == (NOW + DAY, NOW + 3 * DAY, ("scores:read",))
        assert api_keys.find(session, tenant, made.id) == found
        assert api_keys.find(session, uuid4(), made.id) is None


def test_a_place_is_taken_once_and_an_answer_read_back(store: Store) -> None:
    """Over its time it is free again; whoever lost it keeps nothing."""
    terms = Terms(NOW, NOW + timedelta(minutes=1), NOW - DAY)
    later = Terms(NOW + timedelta(minutes=2), NOW + timedelta(minutes=3), NOW - DAY)
    with store.transaction() as session:
        tenant, _ = with_records(session)
        owner = key(tenant)
        api_keys.add(session, owner)
        first, second = (Place(tenant, owner.id, "a", uuid4()) for _ in range(2))
        assert api_answers.take(session, first, "h", terms) is None
        assert api_answers.take(session, second, "h", terms) == Kept("h", None, {}, b"")
        assert api_answers.take(session, second, "other", later) == Kept("h", None, {}, b"")
        assert api_answers.take(session, second, "h", later) is None
        api_answers.keep(session, first, 200, {}, b"lost")
        api_answers.release(session, first)
        api_answers.keep(session, second, 202, {"Location": "/x"}, b"\x00kept")
        assert api_answers.take(session, first, "h", later) == Kept("h", 202, {"Location": "/x"}, b"\x00kept")
        assert not api_answers.any_before(session, NOW)
        assert api_answers.any_before(session, NOW + DAY)
        tomorrow = Terms(NOW + 2 * DAY, NOW + 3 * DAY, NOW + DAY)
        assert api_answers.take(session, first, "other", tomorrow) is None
        api_answers.prune(session, NOW + 3 * DAY)
        assert not api_answers.any_before(session, NOW + 9 * DAY)


def test_uses_wait_in_their_order_by_tenant(store: Store) -> None:
    """What was taken is gone, the other tenant's stay."""
    with store.transaction() as session:
        (one, _), (two, _) = with_records(session), _another(session)
        for tenant, lead in ((one, 1), (two, None), (one, None)):
            api_uses.add(session, tenant, NOW, lead, {"operation": "x", "leads": [1, 2]})
        assert set(api_uses.tenants(session, 10)) == {one, two}
        assert api_uses.tenants(session, 1) == [one]
        rows = api_uses.waiting(session, one, 10)
        assert [(row.lead_id, row.body["leads"]) for row in rows] == [(1, [1, 2]), (None, [1, 2])]
        api_uses.remove(session, one, [row.id for row in rows])
        assert api_uses.tenants(session, 10) == [two]


def _another(session: sa.engine.Connection) -> tuple[UUID, None]:
    return tenant(session, "Beta"), None


def test_leads_are_found_and_paged(store: Store) -> None:
    """By score alone, by company with those who have none, by person; from behind a place on."""
    tenant, _, (low, high, none) = people(store)
    with store.reading() as session:

        def ids(wanted: Wanted, after: lead_search.Place | None = None, limit: int = 9) -> list[int]:
            return [row.id for row in lead_search.page(session, tenant, wanted, after, limit)]

        assert ids(Wanted()) == [high, low]
        assert ids(Wanted(), (Decimal("90.0"), high)) == [low]
        assert ids(Wanted(least=Decimal("40.5"), most=Decimal("89.9"), scored_since=NOW)) == [low]
        assert ids(Wanted(scored_since=NOW + DAY)) == []
        assert ids(Wanted(company="x.com")) == [high, low, none]
        assert ids(Wanted(company="x.com"), (Decimal("40.5"), low)) == [none]
        assert ids(Wanted(company="x.com"), (Decimal(-1), none)) == []
        assert ids(Wanted(person_key="email:p3@example.com")) == [none]
        assert lead_search.page(session, uuid4(), Wanted(company="x.com"), None, 9) == []
        found = lead_search.one(session, tenant, none)
        assert found
        assert (found.score, found.company_key) == (None, "x.com")
        named = references.by_vendor_ids(session, tenant, ["1", "3", "nobody"])
        assert [(row.vendor, row.account_id, row.vendor_id, row.lead_id) for row in named] == [
            ("somecrm", "101", "1", low),
            ("somecrm", "101", "3", none),
        ]
        assert references.by_vendor_ids(session, uuid4(), ["1"]) == []
        assert [row.lead_id for row in references.of_leads(session, tenant, [low, none])] == [low, none]
        assert [row.lead_id for row in score_export.piece(session, tenant, "Medium", low, 5)] == [high]
        assert [row.vendor_id for row in score_export.names(session, tenant, low, high)] == ["1", "2"]
        assert score_export.piece(session, tenant, "Low", 0, 5) == []


def test_who_waits_for_a_new_score_is_seen_from_the_hints(store: Store) -> None:
    """Those that came later, and those that were handled, don't count."""
    tenant, connection, (one, two, three) = people(store)
    made = uuid4()
    wanted = recomputations.Wanted(made, NOW, {one: str(made), two: None, three: None})
    with store.transaction() as session:
        for vendor_id, at in (("1", NOW), ("2", NOW), ("3", NOW + DAY)):
            inbox.keep(session, tenant, connection, [WebhookHint("101", f"k{vendor_id}", "tracked", vendor_id, at)], at)
        inbox.handled(session, connection, ["k2"], NOW)
        recomputations.add(session, tenant, wanted)
        found = recomputations.find(session, tenant, made)
        assert found
        assert found == wanted
        assert set(scores.scored_by(session, tenant, found.former)) == {one, two}
        assert recomputations.find(session, uuid4(), made) is None
        assert recomputations.waiting(session, tenant, found.former, NOW) == {one}
        assert recomputations.any_before(session, NOW + DAY)
        recomputations.prune(session, NOW + DAY)
        assert recomputations.find(session, tenant, made) is None


def test_outcomes_that_programs_told_are_apart_from_the_crms(store: Store) -> None:
    """Listed in pages and taken back by their id, and no CRM's."""
    tenant, connection, (one, two, _) = people(store)
    with store.transaction() as session:
        told = [
            Conversion(told_conversions.SOURCE, "a", "order", NOW, "1", Decimal("12345678901.2345"), "EUR"),
            Conversion(told_conversions.SOURCE, "b", "deal_won", NOW, "2"),
            Conversion("deals", "a", "deal_won", NOW, "2"),
        ]
        events.save_conversions(session, tenant, connection, told)
        first = told_conversions.page(session, tenant, None, 1)
        assert [(row.source_id, row.lead_id, row.amount) for row in first] == [("a", one, Decimal("12345678901.2345"))]
        rest = told_conversions.page(session, tenant, first[0].id, 5)
        assert [(row.source_id, row.lead_id) for row in rest] == [("b", two)]
        places = told_conversions.places(session, tenant, ["a", "c"])
        assert {name: place[0] for name, place in places.items()} == {"a": connection}
        assert told_conversions.remove(session, uuid4(), "a") == 0
        assert told_conversions.remove(session, tenant, "a") == 1
        assert events.count(session, connection) == 0
        assert told_conversions.page(session, tenant, None, 5)[0].source_id == "b"
