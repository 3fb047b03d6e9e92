"""A value of a field that means "not to be profiled": in a pass, in the real-time lane, and of those who have it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from connector.errors import RejectedInput
from connector.records import FieldDefinition, FieldType, Page
from connector.services.privacy import erasing, unprofiled
from connector.services.privacy.objecting import allow_profiling
from connector.store import fields, ledger, objections
from connector.store.session import Store
from tests.services.copies import copied
from tests.services.privacy.people import ANA, BEN, People, people, told
from tests.services.test_realtime import account, push, scored
from tests.world import World

FIELD = "fakecrm.consent"


def asked(store: Store) -> People:
    """Both people, and a field in which their CRM notes what they want."""
    made = people(store)
    with store.transaction() as session:
        found = [FieldDefinition("consent", "Consent", FieldType.CATEGORY)]
        fields.save(session, made.tenant_id, made.account.id, found)
    return made


def tell(made: People, person: str, consent: str) -> None:
    """Let the CRM tell what a person wants now."""
    made.world.clock.sleep(60)
    before = told(person).records[0]
    values = {**before.properties, "consent": consent}
    item = replace(before, modified_at=made.world.clock.now(), properties=values)
    made.read(Page(cursor={}, drained=True, records=(item,)))


def objectors(made: People) -> set[str]:
    """Who may not be profiled."""
    with made.services.store.reading() as session:
        return {who for who in (ANA, BEN) if objections.since(session, made.tenant_id, made.lead_of(who))}


def acts(made: People | World, tenant: UUID) -> list[dict[str, object]]:
    """What the ledger says of objections by the field."""
    with made.services.store.reading() as session:
        found = ledger.span(session, tenant, "admin")
    return [dict(entry.body) | {"lead": entry.lead_id} for entry in found if entry.body and "field" in entry.body]


def test_whoever_is_read_with_the_value_objects_once(store: Store) -> None:
    """As by the page: on the record, our values leave the CRM; said again, and taken away, it changes nothing."""
    made = asked(store)
    assert unprofiled.choose(made.services, made.tenant_id, FIELD, "never") == 0
    tell(made, ANA, "often")
    assert objectors(made) == set()
    for consent in ("never", "never", "often"):
        tell(made, ANA, consent)
        assert objectors(made) == {ANA}
    said = {"action": "objected to profiling", "asked_by": f"the field {FIELD}", "field": FIELD}
    assert acts(made, made.tenant_id) == [said | {"lead": made.lead_of(ANA)}]
    for found in erasing.due(made.services):
        assert erasing.carry_out(made.services, found)
    assert set(made.world.crm.held) == {BEN}


def test_what_the_tenant_took_back_stays_so_until_the_value_comes_anew(store: Store) -> None:
    """The same value read again is no new word."""
    made = asked(store)
    unprofiled.choose(made.services, made.tenant_id, FIELD, "never")
    tell(made, ANA, "never")
    allow_profiling(made.services, made.tenant_id, made.lead_of(ANA), "test")
    tell(made, ANA, "never")
    assert objectors(made) == set()
    tell(made, ANA, "often")
    tell(made, ANA, "never")
    assert objectors(made) == {ANA}


def test_whoever_has_the_value_when_it_is_chosen_objects_with_that(store: Store) -> None:
    """And a value that means it no longer silences nobody."""
    made = asked(store)
    tell(made, BEN, "never")
    assert unprofiled.choose(made.services, made.tenant_id, FIELD, "never") == 1
    assert objectors(made) == {BEN}
    assert unprofiled.choose(made.services, made.tenant_id, FIELD, "") == 0
    tell(made, ANA, "never")
    assert objectors(made) == {BEN}


def test_a_person_who_is_new_comes_with_the_word(store: Store) -> None:
    """Their record has no lead yet when it is stored."""
    made = asked(store)
    unprofiled.choose(made.services, made.tenant_id, FIELD, "never")
    values = {**told(ANA).records[0].properties, "consent": "never"}
    fresh = replace(told(ANA).records[0], record_id="new", email="new@firm.com", properties=values)
    made.read(Page(cursor={}, drained=True, records=(fresh,)))
    with store.reading() as session:
        assert objections.since(session, made.tenant_id, made.lead_of("new"))
    assert len(acts(made, made.tenant_id)) == 1


def test_fields_and_values_that_can_not_mean_it_are_refused(store: Store) -> None:
    made = asked(store)
    for field, value, words in (("fakecrm.email", "x", "offered fields"), (FIELD, "x" * 201, "at most 200")):
        with pytest.raises(RejectedInput, match=words):
            unprofiled.choose(made.services, made.tenant_id, field, value)


def test_the_real_time_lane_hears_it_too(scored_line: World) -> None:
    """The score goes with the turn that reads the value."""
    line, owner = scored_line, account(scored_line)
    person = scored(line)[0]
    unprofiled.choose(line.services, owner.tenant_id, "fakecrm.city", "nowhere")
    for place, page in enumerate(line.crm.pages["people"]):
        found = [
            replace(item, modified_at=line.clock.now(), properties={**item.properties, "city": "nowhere"})
            if item.record_id == person
            else item
            for item in page.records
        ]
        line.crm.pages["people"][place] = replace(page, records=tuple(found))
    push(line, person)
    line.work()
    (act,) = acts(line, owner.tenant_id)
    with line.services.store.reading() as session:
        assert objections.since(session, owner.tenant_id, int(str(act["lead"])))
        newest = ledger.newest(session, owner.tenant_id, "scored", int(str(act["lead"])), None)
    assert newest
    assert newest.at < line.clock.now()


@pytest.fixture
def scored_line(request: pytest.FixtureRequest, store: Store) -> World:
    """An account whose people are scored, a minute later."""
    made = copied(request.getfixturevalue("scored"), store)
    made.clock.sleep(60)
    return made
