"""Salesforce's rows → records."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.activities import calendar_event, email_events, response_event, task_event
from connector.adapters.salesforce.fields import company_fields, person_fields
from connector.adapters.salesforce.history import Reading, versions
from connector.adapters.salesforce.mapping import (
    company,
    lead_converted,
    person,
    person_changes,
    stages,
)
from connector.adapters.salesforce.opportunities import conversions, stage_times
from connector.adapters.salesforce.streams.deleted import removal
from connector.adapters.salesforce.values import UnreadableError, flat, moment, text
from connector.records import Actor, EventKind, FieldRole, PropertyChange

T0 = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
LEAD = "00Q000000000001EAA"
CONTACT = "003000000000001AAA"
OPPORTUNITY = "006000000000001AAA"
TYPES = {
    "Id": "id",
    "Title": "string",
    "Status": "picklist",
    "AnnualRevenue": "currency",
    "HasOptedOutOfEmail": "boolean",
    "EmailBouncedDate": "datetime",
    "Company": "string",
    "Lead_Score__c": "double",
}
OWN = frozenset({"Lead_Score__c"})
FIRST, LATER = Reading(NOW, first=True), Reading(NOW, first=False)


def at(days: int) -> str:
    """Return day ``days`` as REST writes it."""
    return (T0 + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def lead(**values: Any) -> dict[str, Any]:
    """Return a lead's row."""
    known = {"Id": LEAD[:15], "CreatedDate": at(0), "SystemModstamp": at(20), "Title": "CEO", "Status": "Working"}
    return {**known, **values}


def past(*changes: tuple[str, int, str | None, str | None]) -> dict[str, Any]:
    """Return history from (field, day, old, new)."""
    rows = [
        {"Field": name, "CreatedDate": at(day), "OldValue": old, "NewValue": new} for name, day, old, new in changes
    ]
    return versions(rows, TYPES)


def changed(known: dict[str, Any], reading: Reading = FIRST, **values: Any) -> set[PropertyChange]:
    """Return what a lead's fields held when."""
    return set(person_changes(person(lead(**values), TYPES, OWN), known, reading))


def test_a_tracked_field_has_its_first_value_since_creation() -> None:
    """The first old value was there from the beginning; each new one from its time on."""
    known = past(("Title", 9, "Head", "CEO"), ("Title", 3, "Clerk", "Head"))
    titles = {(item.value, item.at, item.observed) for item in changed(known) if item.name == "Title"}
    assert titles == {
        ("Clerk", T0, False),
        ("Head", T0 + timedelta(days=3), False),
        ("CEO", T0 + timedelta(days=9), False),
    }


def test_history_gives_the_same_at_a_first_and_at_a_later_reading() -> None:
    """What is dated by the org does not depend on when it is read."""
    known = past(("Title", 9, None, "CEO"))
    dated = [{item for item in changed(known, reading) if item.name == "Title"} for reading in (FIRST, LATER)]
    assert dated[0] == dated[1] == {PropertyChange(LEAD, "Title", "CEO", T0 + timedelta(days=9))}


def test_a_value_without_history_is_known_since_it_was_read() -> None:
    """Only at the first reading of an org it is assumed to be as old as the record."""
    assert PropertyChange(LEAD, "Title", "CEO", T0) in changed({}, FIRST)
    assert PropertyChange(LEAD, "Title", "CEO", NOW, observed=True) in changed({}, LATER)
    assert PropertyChange(LEAD, "Title", "CEO", T0) in changed({}, LATER, SystemModstamp=at(0))


def test_a_value_that_its_history_does_not_explain_is_observed() -> None:
    """Tracking was switched off meanwhile: what is read now was known now."""
    known = past(("Title", 3, "Clerk", "Head"))
    assert PropertyChange(LEAD, "Title", "CEO", NOW, observed=True) in changed(known)


def test_json_and_csv_give_the_same_record() -> None:
    """A backfill by Bulk and a later read by REST agree on every value."""
    answer = json.loads(
        '{"attributes":{"type":"Lead"},"Id":"00Q000000000001","CreatedDate":"2026-01-01T00:00:00.000+0000",'
        '"AnnualRevenue":120000.00,"HasOptedOutOfEmail":false,"Title":null,"Email":"A@B.example"}',
        parse_float=Decimal,
    )
    cells = {
        "Id": LEAD,
        "CreatedDate": "2026-01-01T00:00:00.000Z",
        "AnnualRevenue": "1.2E5",
        "HasOptedOutOfEmail": "false",
        "Title": None,
        "Email": "A@B.example",
    }
    assert person(flat(answer), TYPES, OWN) == person(cells, TYPES, OWN)
    assert person(cells, TYPES, OWN).values == {"AnnualRevenue": "120000", "HasOptedOutOfEmail": "false"}


def test_our_own_fields_are_no_values() -> None:
    """A written score is not read back as knowledge about the lead."""
    assert "Lead_Score__c" not in person(lead(Lead_Score__c="87"), TYPES, OWN).values


def test_a_bounced_address_excludes() -> None:
    """That there is a date is what counts; the rule is on a field of ours beside it."""
    found = person(lead(EmailBouncedDate=at(3)), TYPES, OWN)
    assert found.values["EmailBounced"] == "true"
    defined = {
        item.name: item for item in person_fields({"EmailBouncedDate": {"name": "EmailBouncedDate"}}, {}, OWN, set())
    }
    assert defined["EmailBounced"].excludes == {"true": "bounced"}


def test_statuses_are_stages_dated_by_history() -> None:
    """Each status counts from when it was entered; without history nobody knows when."""
    found = person(lead(), TYPES, OWN)
    told = {(item.kind, item.at) for item in stages(found, past(("Status", 4, "Open", "Working")))}
    assert told == {("stage:Open", T0), ("stage:Working", T0 + timedelta(days=4))}
    assert [(item.kind, item.at) for item in stages(found, {})] == [("stage:Working", None)]


def test_a_conversion_takes_its_time_from_the_history() -> None:
    """ConvertedDate has no time; the contact is the survivor and the lead ends."""
    row = lead(ConvertedContactId=CONTACT[:15], ConvertedDate="2026-01-21")
    known = past(("leadConverted", 20, None, None))
    conversion, end = lead_converted(row, person(row, TYPES, OWN), known)
    assert (conversion.kind, conversion.at, conversion.record_id) == (
        "lead_converted",
        T0 + timedelta(days=20),
        CONTACT,
    )
    assert (end.record_id, end.at, end.merged_into) == (LEAD, conversion.at, CONTACT)


def test_a_conversion_without_history_is_dated_within_its_day() -> None:
    """The last change of that day is the conversion; a later change leaves the day."""
    row = lead(ConvertedContactId=CONTACT, ConvertedDate="2026-01-21")
    same, _ = lead_converted(row, person(row, TYPES, OWN), {})
    assert same.at == T0 + timedelta(days=20)
    row = lead(ConvertedContactId=CONTACT, ConvertedDate="2026-01-10")
    earlier, _ = lead_converted(row, person(row, TYPES, OWN), {})
    assert earlier.at == T0 + timedelta(days=9)


def test_an_accounts_domain_comes_from_what_was_typed() -> None:
    """With or without scheme, path and www."""
    for website in ("https://www.acme.example/about", "acme.example", "HTTP://ACME.example:80"):
        row = {"Id": "001000000000001", "Name": "Acme", "Website": website, "SystemModstamp": at(1)}
        assert company(row, {"Website": "url", "Name": "string"}).domain == "acme.example"
    assert (
        company({"Id": "001000000000001", "Website": "http://[", "SystemModstamp": at(1)}, {"Website": "url"}).domain
        is None
    )


def closed(**values: Any) -> dict[str, Any]:
    """Return an opportunity's row."""
    known = {"Id": OPPORTUNITY, "StageName": "Closed Won", "IsClosed": True, "IsWon": True, "SystemModstamp": at(30)}
    return {**known, "Amount": Decimal("1200.50"), "CloseDate": "2026-12-31", **values}


def test_a_closed_opportunity_counts_for_each_contact_since_its_stage() -> None:
    """Money is exact, and the time is when the present stage was entered, whatever the close date says."""
    history = [
        {"OpportunityId": OPPORTUNITY[:15], "StageName": stage, "CreatedDate": at(day)}
        for day, stage in ((9, "Closed Won"), (2, "Closed Won"), (5, "Proposal"), (12, "Closed Won"))
    ]
    found = list(conversions(closed(CurrencyIsoCode="EUR"), [CONTACT], stage_times(history)))
    assert [(item.kind, item.at, item.amount, item.currency) for item in found] == [
        ("deal_won", T0 + timedelta(days=9), Decimal("1200.50"), "EUR")
    ]


def test_without_stage_history_a_future_close_date_is_not_believed() -> None:
    """It closed when it last changed at the latest."""
    (found,) = conversions(closed(IsWon="false"), [CONTACT], {})
    assert (found.kind, found.at) == ("deal_lost", T0 + timedelta(days=30))
    (found,) = conversions(closed(CloseDate="2026-01-05"), [CONTACT], {})
    assert found.at == T0 + timedelta(days=4)


def test_broken_history_is_passed_over() -> None:
    """A row without time or record spoils neither the others nor the page."""
    broken = [{"OpportunityId": None, "CreatedDate": at(1)}, {"OpportunityId": OPPORTUNITY, "CreatedDate": None}]
    good = {"OpportunityId": OPPORTUNITY, "StageName": "Closed Won", "CreatedDate": at(9)}
    (found,) = conversions(closed(), [CONTACT], stage_times([*broken, good]))
    assert found.at == T0 + timedelta(days=9)
    rows = [{"Field": "Title", "CreatedDate": "soon", "NewValue": "X"}, {"Field": None}, {}]
    assert versions(rows, TYPES) == {}


def test_an_open_opportunity_is_no_outcome() -> None:
    """Not even with a stage that sounds like one."""
    assert list(conversions(closed(IsClosed=False), [CONTACT], {})) == []


@pytest.mark.parametrize(
    ("row", "kind", "actor", "day"),
    [
        ({"TaskSubtype": "Call", "IsClosed": True, "CompletedDateTime": at(5)}, EventKind.CALL, Actor.SELLER, 5),
        ({"TaskSubtype": "Call", "IsClosed": True, "CallType": "Inbound"}, EventKind.CALL, Actor.LEAD, 1),
        ({"TaskSubtype": "Call", "IsClosed": False}, EventKind.TASK, Actor.SELLER, 1),
        ({"TaskSubtype": "Email", "IsClosed": "true"}, EventKind.EMAIL_SENT, Actor.SELLER, 1),
        ({"TaskSubtype": "Cadence", "IsClosed": True, "CompletedDateTime": at(5)}, EventKind.TASK, Actor.SELLER, 1),
        ({"TaskSubtype": None, "ActivityDate": "2100-01-01"}, EventKind.TASK, Actor.SELLER, 1),
    ],
)
def test_a_task_means_what_was_done(row: dict[str, Any], kind: EventKind, actor: Actor, day: int) -> None:
    """A call that is only planned is a task; when it is due says nothing."""
    found = task_event({"Id": "00T000000000001", "WhoId": LEAD, "CreatedDate": at(1), **row})
    assert found is not None
    assert (found.kind, found.actor, found.at, found.record_id) == (kind, actor, T0 + timedelta(days=day), LEAD)


def test_an_activity_about_nobody_is_none() -> None:
    """A task of an opportunity alone names no person."""
    assert task_event({"Id": "00T000000000001", "WhoId": None, "CreatedDate": at(1)}) is None
    assert calendar_event({"Id": "00U000000000001", "WhoId": "005000000000001", "StartDateTime": at(1)}) is None


def test_an_email_is_sent_opened_and_bounced() -> None:
    """One e-mail of one person keeps its identity whoever the person becomes."""
    row = {"Id": "02s000000000001", "CreatedDate": at(1), "MessageDate": at(1), "FirstOpenedDate": at(2)}
    found = list(email_events({**row, "Incoming": False, "IsBounced": False}, [LEAD]))
    assert [(item.kind, item.actor) for item in found] == [
        (EventKind.EMAIL_SENT, Actor.SELLER),
        (EventKind.EMAIL_OPENED, Actor.LEAD),
    ]
    moved = list(email_events({**row, "Incoming": False}, [CONTACT]))
    assert [item.source_id for item in moved] == [item.source_id for item in found]
    assert len({item.source_id for item in email_events(row, [LEAD, CONTACT])}) == 4


def test_an_answer_is_not_later_than_its_arrival() -> None:
    """The date of an inbound e-mail is the sender's clock."""
    row = {"Id": "02s000000000001", "Incoming": "true", "CreatedDate": at(1), "MessageDate": "2100-01-01T00:00:00Z"}
    (found,) = email_events(row, [LEAD])
    assert (found.kind, found.at) == (EventKind.EMAIL_REPLIED, T0 + timedelta(days=1))


def test_a_response_is_not_earlier_than_the_membership() -> None:
    """Its date has no time; the contact is the person after a conversion."""
    row = {"Id": "00v000000000001", "LeadId": LEAD, "ContactId": CONTACT, "CreatedDate": at(1), "HasResponded": True}
    found = response_event({**row, "FirstRespondedDate": "2026-01-01"})
    assert found is not None
    assert (found.at, found.record_id) == (T0 + timedelta(days=1), CONTACT)
    assert response_event({**row, "HasResponded": False}) is None


def test_the_loser_of_a_merge_names_the_winner() -> None:
    """In 18 characters, whatever the row holds."""
    end = removal({"Id": LEAD[:15], "MasterRecordId": "00Q000000000002", "SystemModstamp": at(3)})
    assert (end.record_id, end.merged_into) == (LEAD, "00Q000000000002EAA")


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just("1900-01-01T00:00:00.000+0000")


@given(st.dictionaries(st.sampled_from(["Id", "CreatedDate", "SystemModstamp", "Email", "AccountId", *TYPES]), VALUES))
def test_a_hostile_row_is_read_or_rejected(row: dict[str, Any]) -> None:
    """Nulls, other types, broken ids and dates: a record or a reason, never a crash."""
    try:
        found = person(row, TYPES, OWN)
    except UnreadableError:
        return
    assert len(found.record_id) == 18
    assert all(isinstance(value, str) for value in found.values.values())
    assert found.created.tzinfo is not None


@given(
    st.dictionaries(st.sampled_from(["Id", "WhoId", "CreatedDate", "StartDateTime", "TaskSubtype", "IsClosed"]), VALUES)
)
def test_a_hostile_activity_is_read_or_rejected(row: dict[str, Any]) -> None:
    """The same for activities."""
    for read in (task_event, calendar_event):
        try:
            found = read(row)
        except UnreadableError:
            continue
        assert found is None or found.at.tzinfo is not None


@pytest.mark.parametrize("year", [1900, 2100])
def test_far_dates_are_dates(year: int) -> None:
    """A birthday or a typing error is no reason to stop."""
    assert moment(f"{year}-01-01", "it").year == year
    assert text(f"{year}-01-01T00:00:00.000+0000", "datetime") == f"{year}-01-01T00:00:00.000Z"


def test_fields_are_marked_by_what_they_mean() -> None:
    """Outcome and ownership are system, addresses personal, our own are own, excluded statuses named."""
    statuses = [{"value": value, "label": value} for value in ("Open", "Unqualified", "Closed - Not Converted")]
    lead_described = {
        "Status": {"name": "Status", "type": "picklist", "picklistValues": statuses},
        "OwnerId": {"name": "OwnerId", "type": "reference"},
        "Email": {"name": "Email", "type": "email"},
        "Title": {"name": "Title", "label": "Job", "type": "string"},
        "LeadSource": {"name": "LeadSource", "type": "picklist"},
        "Lead_Score__c": {"name": "Lead_Score__c", "type": "double"},
        "HasOptedOutOfEmail": {"name": "HasOptedOutOfEmail", "type": "boolean"},
    }
    found = {item.name: item for item in person_fields(lead_described, {}, OWN, set())}
    assert found["Status"].system
    assert set(found["Status"].excludes) == {"Unqualified", "Closed - Not Converted"}
    assert found["OwnerId"].system
    assert found["Email"].personal
    assert found["Title"].role is FieldRole.JOB_TITLE
    assert found["LeadSource"].role is FieldRole.SOURCE
    assert found["Lead_Score__c"].own
    assert found["HasOptedOutOfEmail"].excludes == {"true": "opted out"}
    (industry,) = company_fields({"Industry": {"name": "Industry", "type": "picklist"}})
    assert (industry.name, industry.company) == ("company.Industry", True)
