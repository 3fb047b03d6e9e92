"""What ends at Salesforce without a word: outcomes of opportunities, and persons that are hidden or purged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from connector.records import Census, Conversion, Page
from connector.sandbox.salesforce import changes
from connector.sandbox.salesforce.schema import ObjectDef, Schema
from tests.contract.facts import facts_of, pages_of, read_all, read_on
from tests.contract.salesforce_world import SalesforceWorld

WEEK = 7 * 86_400


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org with a few people, two of them converted, with a won and a lost opportunity."""
    world = SalesforceWorld()
    world.fill(10)
    yield world
    world.stop()


def outcomes(*readings: Mapping[str, list[Page]]) -> dict[str, list[Conversion]]:
    """Return opportunity → its outcomes as the readings left them."""
    found: dict[str, list[Conversion]] = {}
    for item in facts_of(*(dict(reading) for reading in readings)).conversions.values():
        if item.source == "opportunities":
            found.setdefault(item.source_id.partition(":")[0], []).append(item)
    return found


def won(world: SalesforceWorld) -> str:
    """Return the opportunity that was won."""
    return next(key for key, row in world.rows("Opportunity").items() if row.get("IsWon"))


def test_an_opportunity_that_is_open_again_has_no_outcome(org: SalesforceWorld) -> None:
    """Until it is closed again; the others keep theirs."""
    grant, deal = org.install(), won(org)
    before = read_all(org.connect(grant))
    assert len(outcomes(before)) == 2
    org.wait()
    org.change([deal], {"StageName": "Prospecting"})
    org.wait()
    reopened = read_on(org.connect(grant), before)
    (other,) = outcomes(before, reopened)
    assert other != deal
    org.change([deal], {"StageName": "Closed Lost"})
    org.wait()
    closed = read_on(org.connect(grant), reopened)
    (told,) = outcomes(before, reopened, closed)[deal]
    assert told.kind == "deal_lost"
    assert outcomes(before, reopened, closed) == outcomes(read_all(org.connect(grant)))


def test_an_opportunity_that_is_deleted_has_no_outcome(org: SalesforceWorld) -> None:
    """It is found in the recycle bin; taken out of it, it has its outcome again."""
    grant, deal = org.install(), won(org)
    before = read_all(org.connect(grant))
    org.wait()
    with org.sandbox.stage.lock:
        changes.delete(org.hub, deal, org.hub.user())
    org.wait()
    deleted = read_on(org.connect(grant), before)
    assert deal not in outcomes(before, deleted)
    assert deal not in outcomes(read_all(org.connect(grant)))
    with org.sandbox.stage.lock:
        changes.undelete(org.hub, deal, org.hub.user())
    org.wait()
    assert outcomes(before, deleted, read_on(org.connect(grant), deleted)) == outcomes(before)


def test_a_contact_that_lost_its_role_loses_the_outcome(org: SalesforceWorld) -> None:
    """When the opportunity is read again: those who are left are told anew, with what changed."""
    grant, deal = org.install(), won(org)
    contacts = sorted(item for item in org.person_ids() if item.startswith("003"))
    held = {row["ContactId"] for row in org.rows("OpportunityContactRole").values() if row["OpportunityId"] == deal}
    (other,) = set(contacts) - held
    with org.sandbox.stage.lock:
        role = changes.create(
            org.hub, "OpportunityContactRole", {"OpportunityId": deal, "ContactId": other}, org.hub.user()
        )
    org.wait()
    before = read_all(org.connect(grant))
    assert {item.record_id for item in outcomes(before)[deal]} == {*held, other}
    with org.sandbox.stage.lock:
        changes.delete(org.hub, role, org.hub.user())
    org.change([deal], {"Amount": "77.00"})
    org.wait()
    after = read_on(org.connect(grant), before)
    assert {item.record_id for item in outcomes(before, after)[deal]} == held


def test_open_opportunities_cost_no_further_request(org: SalesforceWorld) -> None:
    """One query a scan as before: only closed ones are asked about."""
    grant, deal = org.install(), won(org)
    org.change([deal], {"StageName": "Prospecting"})
    org.wait()
    first = list(pages_of(org.connect(grant), "opportunities"))
    adapter = org.connect(grant)
    list(pages_of(adapter, "opportunities", first[-1].cursor))
    org.change([deal], {"Amount": "5.00"})
    org.wait()
    before = org.requests()
    (page,) = pages_of(adapter, "opportunities", first[-1].cursor)
    assert org.requests() - before == 1
    assert [item.object_id for item in page.retractions] == [deal]


def counted(pages: list[Page]) -> list[Census]:
    """Return the census pages."""
    return [page.census for page in pages if page.census is not None]


def test_a_census_goes_on_where_it_was_interrupted(org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads that were converted are not counted; each page may be read by another worker, days later."""
    monkeypatch.setattr("connector.adapters.salesforce.soql.PAGE", 3)
    grant = org.install()
    (first,) = pages_of(org.connect(grant), "census")
    org.clock.sleep(WEEK + 60)
    began = org.clock.now()
    pages = [org.connect(grant).read_page("census", first.cursor)]
    while not pages[-1].drained:
        org.clock.sleep(3600)
        pages.append(org.connect(grant).read_page("census", pages[-1].cursor))
    found = counted(pages)
    assert len(found) == len(pages) > 3
    ids = [record_id for page in found for record_id in page.present]
    assert sorted(ids) == sorted(org.person_ids())
    assert {page.since for page in found} == {began}
    before = org.requests()
    (again,) = pages_of(org.connect(grant), "census", pages[-1].cursor)
    assert again.census is None
    assert org.requests() == before


def test_nobody_is_missed_who_can_not_be_counted(org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the user lost the right to see contacts, there is no count of that week."""
    grant = org.install()
    (first,) = pages_of(org.connect(grant), "census")
    org.clock.sleep(WEEK + 60)
    known = Schema.object

    def without_contacts(schema: Schema, name: str, **more: bool) -> ObjectDef | None:
        return None if name == "Contact" else known(schema, name, **more)

    monkeypatch.setattr(Schema, "object", without_contacts)
    (page,) = pages_of(org.connect(grant), "census", first.cursor)
    assert (page.census, page.drained) == (None, True)
    monkeypatch.undo()
    org.clock.sleep(WEEK + 60)
    assert counted(list(pages_of(org.connect(grant), "census", page.cursor)))[-1].complete
