"""Reading: everything once, resumable anywhere, and every change after it, for every vendor."""

from __future__ import annotations

import json
from collections import Counter

from connector.records import Census, FieldRole, Page
from tests.contract.facts import Facts, facts_of, pages_of, read_all, read_on
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import MailchimpWorld
from tests.contract.world import VendorWorld


def test_a_backfill_reads_everyone_exactly_once(filled: VendorWorld) -> None:
    """No person is left out and none comes twice."""
    reading = read_all(filled.connect())
    seen = Counter(record.record_id for pages in reading.values() for page in pages for record in page.records)
    assert seen.keys() == filled.person_ids()
    assert set(seen.values()) == {1}


def test_who_has_a_person_is_told_where_the_crm_has_owners(filled: VendorWorld) -> None:
    """One field of persons says so; its values are the CRM's own ids, of whoever has an owner."""
    (record_id,) = sorted(filled.person_ids())[:1]
    if isinstance(filled, HubSpotWorld):
        filled.change([record_id], {"hubspot_owner_id": "77"})
        filled.wait()
    adapter = filled.connect()
    named = [item.name for item in adapter.fields() if item.role is FieldRole.OWNER]
    if isinstance(filled, MailchimpWorld):
        assert named == []
        return
    (name,) = named
    told = facts_of(read_all(adapter)).records[record_id].properties[name]
    assert told == "77" if isinstance(filled, HubSpotWorld) else told.startswith("005")


def test_events_and_outcomes_are_unique_and_name_a_person(filled: VendorWorld) -> None:
    """Each is told once, and belongs to somebody of the account."""
    reading = read_all(filled.connect())
    told = [item for pages in reading.values() for page in pages for item in (*page.events, *page.conversions)]
    keys = Counter((item.source, item.source_id) for item in told)
    assert keys
    assert set(keys.values()) == {1}
    facts = facts_of(reading)
    emails = {record.email for record in facts.records.values()}
    assert {item.record_id for item in facts.conversions.values()} <= facts.records.keys()
    assert all(event.record_id in facts.records or event.email in emails for event in facts.events.values())


def test_streams_that_need_no_records_come_first(filled: VendorWorld) -> None:
    """Persons are there before what names them."""
    needs = [stream.needs_records for stream in filled.connect().streams()]
    assert needs == sorted(needs)
    assert not needs[0]


def test_the_first_page_tells_how_many_to_expect(filled: VendorWorld) -> None:
    """Progress can be shown from the first page on."""
    adapter = filled.connect()
    firsts = [adapter.read_page(stream.name, None) for stream in adapter.streams() if not stream.needs_records]
    assert sum(page.expected or 0 for page in firsts if page.records) == len(filled.person_ids())


def test_reading_resumes_from_every_checkpoint(filled: VendorWorld) -> None:
    """Whichever page was the last before a crash, the end is the same as of an undisturbed read."""
    grant = filled.install()
    for name, pages in read_all(filled.connect(grant)).items():
        whole = Facts().learn(pages).standing()
        for done in range(1, len(pages)):
            cursor = json.loads(json.dumps(dict(pages[done - 1].cursor)))
            rest = list(pages_of(filled.connect(grant), name, cursor))
            assert Facts().learn([*pages[:done], *rest]).standing() == whole, f"{name} from page {done}"


def test_fields_are_defined_and_fit_the_values(filled: VendorWorld) -> None:
    """Every value of a record belongs to a field that was named, with person and company fields apart."""
    adapter = filled.connect()
    named = {item.name: item for item in adapter.fields()}
    facts = facts_of(read_all(adapter))
    assert {name for record in facts.records.values() for name in record.properties} <= named.keys()
    assert {name for company in facts.companies.values() for name in company.properties} <= named.keys()
    assert all(named[name].company for company in facts.companies.values() for name in company.properties)
    assert named[filled.title_field()].role is not None


def test_what_changed_is_read_on_and_leaves_the_same_as_a_full_read(filled: VendorWorld) -> None:
    """Created, updated, deleted and merged persons: incremental and full reading agree."""
    grant = filled.install()
    before = read_all(filled.connect(grant))
    ids = sorted(filled.person_ids())
    filled.wait()
    made = filled.add_person("new.person@example.com")
    filled.rename_title(ids[:3], "Chief Test Officer")
    filled.delete_person(ids[4])
    survivor = filled.merge(ids[5], ids[6])
    filled.wait()
    after = read_on(filled.connect(grant), before)
    learned, facts = facts_of(after), facts_of(before, after)
    assert made in learned.records
    assert learned.records[ids[0]].properties[filled.title_field()] == "Chief Test Officer"
    assert ids[4] in learned.removed
    whole = facts_of(read_all(filled.connect(grant)))
    assert facts.standing(without=[survivor]) == whole.standing(without=[survivor])
    if survivor is not None:
        assert learned.merged == {ids[6]: survivor}
        assert ids[6] in learned.records[survivor].merged_ids
        assert whole.happened_to(survivor) == facts.happened_to(survivor) != set()


def test_a_late_index_loses_nothing(filled: VendorWorld) -> None:
    """A change that the index did not show at one sync is found by the next."""
    grant = filled.install()
    reading = [read_all(filled.connect(grant))]
    made = []
    for number in range(6):
        filled.clock.sleep(25)
        made.append(filled.add_person(f"late{number}@example.com"))
        reading.append(read_on(filled.connect(grant), reading[-1]))
    filled.wait()
    reading.append(read_on(filled.connect(grant), reading[-1]))
    assert set(made) <= facts_of(*reading[1:]).records.keys()


def test_more_equal_timestamps_than_a_page_holds_are_all_read(filled: VendorWorld) -> None:
    """A bulk edit stamps everyone with one instant; paging neither loops nor loses."""
    grant = filled.install()
    before = read_all(filled.connect(grant))
    filled.wait()
    ids = filled.person_ids()
    filled.rename_title(sorted(ids), "Reorganised")
    filled.wait()
    after = read_on(filled.connect(grant), before)
    titles = {key: record.properties.get(filled.title_field()) for key, record in facts_of(after).records.items()}
    assert titles == dict.fromkeys(ids, "Reorganised")


def test_reading_on_without_changes_brings_nothing_new(filled: VendorWorld) -> None:
    """An idle account costs little and changes nothing."""
    grant = filled.install()
    before = read_all(filled.connect(grant))
    filled.wait()
    after = read_on(filled.connect(grant), before)
    assert facts_of(before, after).standing() == facts_of(before).standing()
    assert not facts_of(after).records


def test_single_persons_are_read_again_and_missing_ones_removed(filled: VendorWorld) -> None:
    """What a webhook hints at is looked up by id; who is gone is a removal."""
    adapter = filled.connect()
    known = sorted(filled.person_ids())[:3]
    filled.delete_person(known[2])
    page: Page = adapter.read_records([*known, "999999999"])
    assert {record.record_id for record in page.records} == set(known[:2])
    assert {removal.record_id for removal in page.removals} == {known[2], "999999999"}
    assert page.changes


def test_a_person_that_a_merge_took_over_points_to_the_survivor(filled: VendorWorld) -> None:
    """Reading the lost id gives the survivor and says so."""
    ids = sorted(filled.person_ids())
    survivor = filled.merge(ids[0], ids[1])
    if survivor is None:
        return
    page = filled.connect().read_records([ids[1]])
    assert [(item.record_id, item.merged_into) for item in page.removals] == [(ids[1], survivor)]
    assert [record.record_id for record in page.records] == [survivor]


def test_a_person_who_vanished_without_a_trace_is_found_by_the_next_census(filled: VendorWorld) -> None:
    """Once a week everyone is counted: who is missing is asked for by id, and is gone."""
    grant = filled.install()
    before = read_all(filled.connect(grant))
    assert not counted(before)
    person = sorted(filled.person_ids())[0]
    if not filled.vanish(person):
        return
    filled.wait()
    after = read_on(filled.connect(grant), before)
    assert not counted(after)
    filled.clock.sleep(8 * 86_400)
    census = counted(read_on(filled.connect(grant), after))
    present = {record_id for page in census for record_id in page.present}
    assert [page.complete for page in census] == [False] * (len(census) - 1) + [True]
    assert present == filled.person_ids()
    assert {page.since for page in census} == {census[0].since}
    gone = filled.connect(grant).read_records([person])
    assert [item.record_id for item in gone.removals] == [person]


def counted(reading: dict[str, list[Page]]) -> list[Census]:
    """Return the pages of a census in a reading."""
    return [page.census for pages in reading.values() for page in pages if page.census is not None]
