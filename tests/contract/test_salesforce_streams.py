"""What only Salesforce has: conversion, merges, hidden fields, Bulk jobs, roles, locks, ids of two lengths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.streams import activities, persons
from connector.errors import RetryLater
from connector.records import EventKind, ScoreValues, ScoreWrite, Tier, WriteOutcome
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.salesforce import changes
from connector.sandbox.salesforce.schema import ObjectDef, Schema
from tests.contract.facts import Facts, facts_of, pages_of, read_all, read_on
from tests.contract.salesforce_world import ORG, SalesforceWorld


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org with a few people, two of them converted."""
    world = SalesforceWorld()
    world.fill(10)
    yield world
    world.stop()


def score_of(world: SalesforceWorld, record_id: str, score: int = 80) -> ScoreWrite:
    """Return a write of now."""
    values = ScoreValues(
        Decimal(score), Decimal("0.8"), Tier.HIGH_INTENT, ("Because.",), "model_v20260302", world.clock.now()
    )
    return ScoreWrite(record_id, values)


def test_a_conversion_ends_the_lead_and_is_the_contacts(org: SalesforceWorld) -> None:
    """Dated to the second by the history, with the lead's past; nobody becomes younger by it."""
    grant = org.install()
    before = read_all(org.connect(grant))
    lead = org.leads()[0]
    came = facts_of(before).records[lead].created_at
    org.clock.sleep(86_400)
    converted_at = org.clock.now().replace(microsecond=0)
    contact = org.convert(lead).contact_id
    after = read_on(org.connect(grant), before)
    learned = facts_of(after)
    assert learned.merged == {lead: contact}
    (told,) = [item for item in learned.conversions.values() if item.kind == "lead_converted"]
    assert (told.record_id, told.at) == (contact, converted_at)
    person = learned.records[contact]
    assert person.created_at == came
    assert lead in person.merged_ids
    assert lead not in learned.records
    titles = [item for item in learned.changes if item.record_id == contact and item.name == "Title"]
    assert min(item.at for item in titles) == came


def test_activities_keep_their_times_when_a_lead_is_converted(org: SalesforceWorld) -> None:
    """Moved to the contact they are the same events, none twice."""
    grant = org.install()
    before = read_all(org.connect(grant))
    lead = org.leads()[5]
    had = facts_of(before).happened_to(lead)
    assert had
    org.clock.sleep(86_400)
    contact = org.convert(lead).contact_id
    facts = facts_of(before, read_on(org.connect(grant), before))
    assert facts.happened_to(contact) == had
    assert len([event for event in facts.events.values() if event.record_id in (lead, contact)]) == len(had)


def test_a_lead_converted_before_the_installation_is_known_since_it_came(org: SalesforceWorld) -> None:
    """Else a model would learn that who converts is never older than an instant."""
    facts = facts_of(read_all(org.connect()))
    conversions = [item for item in facts.conversions.values() if item.kind == "lead_converted"]
    assert len(conversions) == 2
    for item in conversions:
        assert item.at is not None
        assert facts.records[item.record_id].created_at < item.at
        statuses = {told.kind for told in facts.conversions.values() if told.record_id == item.record_id}
        assert {"stage:Open - Not Contacted", "stage:Closed - Converted"} <= statuses


def test_only_fields_with_a_history_are_dated(org: SalesforceWorld) -> None:
    """What the org does not track is assumed, not known, to be as old as the lead."""
    defined = {item.name: item for item in org.connect().fields()}
    assert defined["Status"].history
    assert not defined["Industry"].history


def test_a_contact_has_its_account_only_since_the_conversion(org: SalesforceWorld) -> None:
    """What is known of the account must not be taken for known while the person was a lead."""
    facts = facts_of(read_all(org.connect()))
    for item in facts.conversions.values():
        if item.kind == "lead_converted":
            record = facts.records[item.record_id]
            assert record.company_id
            assert record.company_since is not None
            assert item.at is not None
            assert record.created_at < record.company_since <= item.at + timedelta(minutes=1)
            assert record.values_since == record.company_since


def test_a_conversion_without_tracked_history_has_its_day() -> None:
    """The time is then the last change of that day."""
    world = SalesforceWorld(replace(ORG, tracked=()))
    world.fill(5)
    facts = facts_of(read_all(world.connect()))
    (told,) = [item for item in facts.conversions.values() if item.kind == "lead_converted"]
    assert told.at is not None
    row = next(row for row in world.rows("Lead").values() if row.get("IsConverted"))
    assert told.at.date().isoformat() == row["ConvertedDate"]
    world.stop()


def test_won_and_lost_are_those_of_the_contacts_with_a_role(org: SalesforceWorld) -> None:
    """Each contact of the opportunity, once, with exact money."""
    contact, other = sorted(item for item in org.person_ids() if item.startswith("003"))
    deal = next(iter(org.rows("Opportunity")))
    org.change([deal], {"Amount": "99999999.99"})
    role = {"OpportunityId": deal, "ContactId": other}
    with org.sandbox.stage.lock:
        held = {row["ContactId"] for row in org.rows("OpportunityContactRole").values() if row["OpportunityId"] == deal}
        if other in held:
            role["ContactId"] = contact
        changes.create(org.hub, "OpportunityContactRole", role, org.hub.user())
    org.wait()
    facts = facts_of(read_all(org.connect()))
    found = [
        item
        for item in facts.conversions.values()
        if item.source == "opportunities" and item.source_id.startswith(deal)
    ]
    assert {item.record_id for item in found} == {contact, other}
    assert {item.amount for item in found} == {Decimal("99999999.99")}
    assert {item.kind for item in found} <= {"deal_won", "deal_lost"}
    kinds = {item.kind for item in facts.conversions.values()}
    assert {"deal_won", "deal_lost", "lead_converted"} <= kinds


def test_an_email_is_not_counted_again_as_its_task(org: SalesforceWorld) -> None:
    """Each EmailMessage has a task; a logged e-mail without one counts as a task."""
    lead = org.leads()[0]
    with org.sandbox.stage.lock:
        org.happen(lead, "email_sent")
        org.happen(lead, "email_open")
        logged = {"WhoId": lead, "TaskSubtype": "Email", "Status": "Completed", "Priority": "Normal", "Subject": "Mail"}
        task = changes.create(org.hub, "Task", logged, org.hub.user())
    org.wait()
    told = [event for event in facts_of(read_all(org.connect())).events.values() if event.record_id == lead]
    mails = [(event.kind, event.source) for event in told if event.source in ("emails", "tasks")]
    assert mails.count((EventKind.EMAIL_SENT, "emails")) == len(
        [row for row in org.rows("EmailMessageRelation").values() if row["RelationId"] == lead]
    ) - sum(kind is EventKind.EMAIL_REPLIED for kind, _ in mails)
    assert [event.source_id for event in told if event.source == "tasks" and event.kind is EventKind.EMAIL_SENT] == [
        task
    ]
    assert EventKind.EMAIL_OPENED in {kind for kind, _ in mails}


@pytest.mark.parametrize("hidden", ["Lead.Title", "Contact.MasterRecordId", "Task.CallType", "Opportunity.Amount"])
def test_a_hidden_field_is_left_out_and_the_rest_is_read(hidden: str) -> None:
    """Salesforce refuses a whole query for one field that the user may not see; it is not asked for."""
    world = SalesforceWorld(replace(ORG, hidden=(hidden,)))
    world.fill(6)
    facts = facts_of(read_all(world.connect()))
    assert facts.records.keys() == world.person_ids()
    if hidden == "Lead.Title":
        assert not any("Title" in record.properties for key, record in facts.records.items() if key.startswith("00Q"))
    world.stop()


def test_a_field_that_is_hidden_while_reading_is_noticed(org: SalesforceWorld) -> None:
    """The same adapter goes on with the fields of now."""
    adapter = org.connect()
    before = read_all(adapter)
    org.hub.schema.hidden |= {"Lead.Title", "Contact.Title"}
    org.change(org.leads()[:1], {"Email": "new@example.com"})
    org.wait()
    learned = facts_of(read_on(adapter, before))
    assert learned.records[org.leads()[0]].email == "new@example.com"
    assert "Title" not in learned.records[org.leads()[0]].properties


def test_tracked_history_dates_values_whenever_they_are_read(org: SalesforceWorld) -> None:
    """A first read after two changes knows what a sync between them knew."""
    lead = org.leads()[0]
    created = facts_of(read_all(org.connect())).records[lead].created_at
    times = []
    for title in ("Head of Buying", "Chief Buyer"):
        org.clock.sleep(3600)
        times.append(org.clock.now().replace(microsecond=0))
        org.rename_title([lead], title)
    org.wait()
    facts = facts_of(read_all(org.connect()))
    titles = sorted((item.at, item.value) for item in facts.changes if (item.record_id, item.name) == (lead, "Title"))
    assert titles == [(created, "Buyer"), (times[0], "Head of Buying"), (times[1], "Chief Buyer")]


def test_ids_of_15_characters_mean_the_same_record(org: SalesforceWorld) -> None:
    """What comes from a formula or an old export is looked up and answered in 18."""
    lead = org.leads()[0]
    page = org.connect().read_records([lead[:15], lead])
    assert [record.record_id for record in page.records] == [lead]
    assert not page.removals


def test_single_leads_bring_their_contact_after_a_conversion(org: SalesforceWorld) -> None:
    """A call-out about a lead that was converted meanwhile."""
    lead = org.leads()[0]
    contact = org.convert(lead).contact_id
    page = org.connect().read_records([lead])
    assert [record.record_id for record in page.records] == [contact]
    assert [(item.record_id, item.merged_into) for item in page.removals] == [(lead, contact)]
    assert "lead_converted" in {item.kind for item in page.conversions}


def test_leads_that_were_merged_and_deleted_leave(org: SalesforceWorld) -> None:
    """The loser names the winner, with what happened to it."""
    grant = org.install()
    before = read_all(org.connect(grant))
    winner, loser, deleted = org.leads()[:3]
    org.merge(winner, loser)
    org.delete_person(deleted)
    after = read_on(org.connect(grant), before)
    learned = facts_of(after)
    assert learned.merged == {loser: winner}
    assert {loser, deleted} <= learned.removed
    assert loser in learned.records[winner].merged_ids


def test_a_persons_edit_behind_our_write_is_found_within_a_day(org: SalesforceWorld) -> None:
    """A score that is written right after hides the edit from the next sync, not for ever."""
    grant = org.install()
    names = org.connect(grant).ensure_score_fields()
    before = read_all(org.connect(grant, names))
    org.wait()
    lead = org.leads()[0]
    org.change([lead], {"Email": "hidden.edit@example.com"})
    org.connect(grant, names).write_scores([score_of(org, lead)])
    org.wait()
    soon = read_on(org.connect(grant, names), before)
    assert lead not in facts_of(soon).records
    org.clock.sleep(timedelta(days=1).total_seconds())
    later = read_on(org.connect(grant, names), soon)
    assert facts_of(later).records[lead].email == "hidden.edit@example.com"
    org.clock.sleep(600)
    assert not facts_of(read_on(org.connect(grant, names), later)).records


def test_what_our_user_changes_by_hand_is_read(org: SalesforceWorld) -> None:
    """An admin who connected with an account of his own is not overlooked: only a fresh score hides a row."""
    grant = org.install()
    names = org.connect(grant).ensure_score_fields()
    before = read_all(org.connect(grant, names))
    org.wait()
    lead = org.leads()[0]
    org.connect(grant, names).write_scores([score_of(org, lead)])
    org.clock.sleep(2 * 3600)
    org.change([lead], {"Title": "Typed by us"}, by_us=True)
    org.wait()
    learned = facts_of(read_on(org.connect(grant, names), before))
    assert learned.records[lead].properties["Title"] == "Typed by us"


def test_a_score_write_moves_no_lead_to_another_owner(org: SalesforceWorld) -> None:
    """The org's assignment rule runs on updates unless it is told not to."""
    grant = org.install()
    names = org.connect(grant).ensure_score_fields()
    owners = {lead: org.rows("Lead")[lead]["OwnerId"] for lead in org.leads()}
    results = org.connect(grant, names).write_scores([score_of(org, lead) for lead in owners])
    assert {result.outcome for result in results} == {WriteOutcome.WRITTEN}
    assert {lead: org.rows("Lead")[lead]["OwnerId"] for lead in owners} == owners


def test_locked_rows_are_written_at_the_second_try(org: SalesforceWorld) -> None:
    """Only they are sent again, in a smaller request."""
    grant = org.install()
    names = org.connect(grant).ensure_score_fields()
    adapter = org.connect(grant, names)
    ids = sorted(org.person_ids())
    org.strike(Fault(FaultKind.LOCKED, path=org.write_path(), times=1))
    before = org.requests()
    results = adapter.write_scores([score_of(org, item) for item in ids])
    assert {result.outcome for result in results} == {WriteOutcome.WRITTEN}
    assert org.requests() - before == 2


def test_rows_that_stay_locked_come_back_later(org: SalesforceWorld) -> None:
    """Their neighbours are written."""
    grant = org.install()
    names = org.connect(grant).ensure_score_fields()
    adapter = org.connect(grant, names)
    org.strike(Fault(FaultKind.LOCKED, path=org.write_path(), times=50))
    outcomes = [result.outcome for result in adapter.write_scores([score_of(org, item) for item in org.leads()])]
    assert {WriteOutcome.RETRY, WriteOutcome.WRITTEN} == set(outcomes)


def test_a_converted_lead_is_gone_for_a_write(org: SalesforceWorld) -> None:
    """It is read-only; the contact takes the next score."""
    grant = org.install()
    names = org.connect(grant).ensure_score_fields()
    lead = org.leads()[0]
    contact = org.convert(lead).contact_id
    adapter = org.connect(grant, names)
    results = adapter.write_scores([score_of(org, lead), score_of(org, contact), score_of(org, "001000000000001")])
    assert [result.outcome for result in results] == [WriteOutcome.GONE, WriteOutcome.WRITTEN, WriteOutcome.GONE]


def test_score_fields_are_found_under_a_packages_namespace() -> None:
    """The package's names carry its namespace; nothing is made beside them."""
    world = SalesforceWorld(replace(ORG, packaged=True, namespace="acme"))
    world.fill(5)
    grant = world.install()
    names = world.connect(grant).ensure_score_fields()
    assert names["lead_score"] == "acme__Lead_Score__c"
    lead = world.leads()[0]
    adapter = world.connect(grant, names)
    write = score_of(world, lead)
    assert adapter.write_scores([write])[0].outcome is WriteOutcome.WRITTEN
    assert adapter.read_scores([lead]) == {lead: adapter.rendered(write.values)}
    world.stop()


def test_score_fields_are_made_where_there_is_no_package() -> None:
    """Visible to our user by a permission set; making them again makes nothing."""
    world = SalesforceWorld(ORG)
    world.fill(5)
    grant = world.install()
    names = world.connect(grant).ensure_score_fields()
    assert names["lead_score"] == "Lead_Score__c"
    before = world.paths()
    assert world.connect(grant, names).ensure_score_fields() == names
    assert not [path for path in world.paths()[len(before) :] if "tooling" in path or "PermissionSet" in path]
    (lead, *_) = world.leads()
    write = score_of(world, lead)
    adapter = world.connect(grant, names)
    assert adapter.write_scores([write])[0].outcome is WriteOutcome.WRITTEN
    assert adapter.read_scores([lead]) == {lead: adapter.rendered(write.values)}
    world.stop()


def test_a_large_first_read_is_a_bulk_job_that_another_worker_ends(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Job and position are in the cursor: each page may be read by a new adapter, and all is there once."""
    grant = org.install()
    paged = Facts().learn(pages_of(org.connect(grant), "leads"))
    monkeypatch.setattr(persons.LeadReader, "bulk_from", 1)
    monkeypatch.setattr("connector.adapters.salesforce.streams.base.JOB_PAGE", 3)
    pages = [org.connect(grant).read_page("leads", None)]
    assert pages[0].expected == len(org.leads())
    assert not pages[0].records
    while not pages[-1].drained:
        cursor = json.loads(json.dumps(dict(pages[-1].cursor)))
        pages.append(org.connect(grant).read_page("leads", cursor))
    assert len(pages) == 1 + -(-len(org.leads()) // 3)
    assert len([path for path in org.paths() if path.endswith("/jobs/query")]) == 1
    assert Facts().learn(pages).standing() == paged.standing()
    org.change(org.leads()[:1], {"Title": "Later"})
    org.wait()
    assert Facts().learn(pages_of(org.connect(grant), "leads", pages[-1].cursor)).records.keys() == {org.leads()[0]}


def test_what_belongs_to_many_is_asked_for_together(org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five queries of ids are one request of the org's day, and bring the same."""
    grant = org.install()
    alone = Facts().learn(pages_of(org.connect(grant), "leads"))
    monkeypatch.setattr("connector.adapters.salesforce.soql.IDS", 2)
    begun = len(org.paths())
    together = Facts().learn(pages_of(org.connect(grant), "leads"))
    assert together.standing() == alone.standing()
    chunks = -(-len(org.leads()) // 2)
    assert chunks > 2
    assert [path.endswith("/composite") for path in org.paths()[begun:]].count(True) == -(-chunks // 5)


def test_a_job_that_is_lost_is_replaced_by_pages(org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleted by somebody or too old: the read begins again another way and misses nobody."""
    grant = org.install()
    monkeypatch.setattr(persons.LeadReader, "bulk_from", 1)
    first = org.connect(grant).read_page("leads", None)
    lost = {**first.cursor, "job": "750000000000000AAA"}
    facts = Facts().learn(pages_of(org.connect(grant), "leads", lost))
    assert facts.records.keys() == set(org.leads())


def test_a_job_that_takes_long_is_asked_about_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question is a request of the org's day: a few, then later again."""
    world = SalesforceWorld(replace(ORG, job_seconds=3600.0))
    world.fill(3)
    monkeypatch.setattr(persons.LeadReader, "bulk_from", 1)
    adapter = world.connect()
    first = adapter.read_page("leads", None)
    before = world.requests()
    with pytest.raises(RetryLater) as refused:
        adapter.read_page("leads", first.cursor)
    assert world.requests() - before <= 10
    assert refused.value.after_seconds >= 30
    world.stop()


def test_hostile_values_are_read_as_they_are(org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quotes, newlines, every script, nulls and a long text, the same by pages and by a job."""
    lead = org.leads()[0]
    values = {
        "Title": 'Müller\'s "boss", \\ 株式会社',
        "Description": 'one\ntwo, "three"\n' + "x" * 30_000,
        "FirstName": "=cmd()",
        "Industry": "Something nobody listed",
        "EmailBouncedDate": "1900-01-01T00:00:00.000+0000",
        "Rating": None,
    }
    org.change([lead], values)
    org.wait()
    grant = org.install()
    paged = Facts().learn(pages_of(org.connect(grant), "leads")).records[lead]
    assert paged.properties["Title"] == values["Title"]
    assert paged.properties["Description"] == values["Description"]
    assert paged.properties["EmailBounced"] == "true"
    monkeypatch.setattr(persons.LeadReader, "bulk_from", 1)
    assert Facts().learn(pages_of(org.connect(grant), "leads")).records[lead] == paged


def test_a_broken_row_is_counted_and_its_neighbours_are_read(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task without a date is a rejection, not the end of the stream."""
    broken = next(iter(org.rows("Task")))

    def half_read(row: dict[str, object]) -> object:
        return read({**row, "CreatedDate": "soon"} if row["Id"] == broken else row)

    read = activities.task_event
    monkeypatch.setattr(activities, "task_event", half_read)
    monkeypatch.setattr(activities.TaskReader, "_counted_as_mail", lambda self, ids: frozenset())
    (page,) = pages_of(org.connect(), "tasks")
    assert [(item.stream, item.vendor_id) for item in page.rejections] == [("tasks", broken)]
    assert len(page.events) == len(org.rows("Task")) - 1


@pytest.mark.parametrize(
    "broken", [{"CreatedDate": None}, {"Id": "00Q?"}, {"SystemModstamp": "soon"}, {"AccountId": 7}]
)
def test_hostile_rows_are_counted_and_their_neighbours_are_read(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch, broken: dict[str, object]
) -> None:
    """Nulls, broken ids and dates in the first row of every answer."""
    plain = Session.query

    def query(session: Session, text: str, *, deleted: bool = False) -> list[dict[str, object]]:
        rows = plain(session, text, deleted=deleted)
        return [{**rows[0], **broken}, *rows[1:]] if rows and "FROM Organization" not in text else rows

    monkeypatch.setattr(Session, "query", query)
    adapter = org.connect()
    pages = {stream.name: list(pages_of(adapter, stream.name)) for stream in adapter.streams()}
    for name, whole in (("leads", set(org.leads())), ("contacts", org.person_ids() - set(org.leads()))):
        records = [record.record_id for page in pages[name] for record in page.records]
        rejected = [item for page in pages[name] for item in page.rejections]
        assert set(records) <= whole
        assert len(records) + len(rejected) == len(whole)
        assert len(rejected) <= 1


def test_a_hidden_object_is_named_and_the_others_are_read(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An org without campaigns for us has no campaign responses, and says so."""
    known = Schema.object

    def without_members(schema: Schema, name: str, **more: bool) -> ObjectDef | None:
        return None if name == "CampaignMember" else known(schema, name, **more)

    monkeypatch.setattr(Schema, "object", without_members)
    adapter = org.connect()
    page = adapter.read_page("campaign_members", None)
    assert page.drained
    assert page.unavailable is not None
    assert "Campaign" in page.unavailable
    assert adapter.read_page("leads", None).records


def test_more_fields_than_an_address_holds_are_all_read(org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are asked for by address, the rows by body."""
    monkeypatch.setattr("connector.adapters.salesforce.soql.LONGEST_URL", 600)
    monkeypatch.setattr("connector.adapters.salesforce.soql.IDS", 5)
    facts = Facts().learn(pages_of(org.connect(), "leads"))
    assert facts.records.keys() == set(org.leads())
    assert all(record.properties["Title"] == "Buyer" for record in facts.records.values())
