"""Single records: describe, create, read, change, delete; what replication endpoints tell."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox import Org
from connector.sandbox.salesforce.ids import DIGITS, normal, with_suffix
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock

KEEP_OWNER = {"Sforce-Auto-Assign": "FALSE"}


def error_of(answer: Any) -> tuple[int, str]:
    """Return (status, errorCode) of a refusal."""
    return answer.status_code, answer.json()[0]["errorCode"]


def test_describe_lists_what_the_user_sees(started: Starter) -> None:
    """A hidden field is absent, and fails a query as one that does not exist."""
    visitor = Visitor(started(org=Org(hidden=("Lead.Phone",)))).install()
    fields = {each["name"]: each for each in visitor.get("/sobjects/Lead/describe").json()["fields"]}
    assert "Phone" not in fields
    assert (fields["Title"]["type"], fields["Title"]["length"], fields["LastName"]["nillable"]) == (
        "string",
        128,
        False,
    )
    assert fields["OwnerId"]["referenceTo"] == ["User", "Group"]
    assert fields["Lead_Score_Tier__c"]["restrictedPicklist"]
    assert [each["value"] for each in fields["Status"]["picklistValues"]][2] == "Closed - Converted"
    assert visitor.refusal("SELECT Phone FROM Lead")[0] == "INVALID_FIELD"
    lead = visitor.lead(LastName="A", Phone="1")
    assert "Phone" not in visitor.get(f"/sobjects/Lead/{lead}").json()
    answer = visitor.send("PATCH", f"/sobjects/Lead/{lead}", {"Phone": "2"})
    assert error_of(answer) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_describe_is_not_sent_twice(visitor: Visitor) -> None:
    """If-Modified-Since is answered 304 until fields change."""
    first = visitor.send("GET", "/sobjects/Lead/describe")
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert visitor.send("GET", "/sobjects/Lead/describe", **since).status_code == 304


def test_objects_are_listed(visitor: Visitor) -> None:
    """The global describe has the objects; an unknown one is answered 404."""
    listed = {each["name"]: each for each in visitor.get("/sobjects").json()["sobjects"]}
    assert listed["Lead"]["keyPrefix"] == "00Q"
    assert {"Contact", "OpportunityHistory", "FieldPermissions", "LeadStatus"} <= set(listed)
    assert visitor.get("/sobjects/Nothing/describe").status_code == 404


def test_a_package_may_be_missing_or_namespaced(started: Starter) -> None:
    """The score fields are there only with the package, under its namespace."""
    without = Visitor(started(org=Org(packaged=False))).install()
    assert without.refusal("SELECT Lead_Score__c FROM Lead")[0] == "INVALID_FIELD"
    spaced = Visitor(started(org=Org(namespace="scoring"))).install()
    assert spaced.query("SELECT scoring__Lead_Score__c FROM Contact") == []


def test_a_record_is_made_read_changed_and_deleted(visitor: Visitor) -> None:
    """201 with the id, 204, 204, then 404; stamps and their author move with each change."""
    made = visitor.send("POST", "/sobjects/Lead", {"LastName": "Meyer", "Company": "Acme"}, **KEEP_OWNER)
    assert (made.status_code, made.json()["success"]) == (201, True)
    lead = made.json()["id"]
    path = f"/sobjects/Lead/{lead[:15]}"
    assert visitor.send("PATCH", path, {"FirstName": "Ann", "Lead_Score__c": 87.2618}, **KEEP_OWNER).status_code == 204
    row = visitor.get(path).json()
    assert (row["Id"], row["Name"], row["Lead_Score__c"]) == (lead, "Ann Meyer", 87.262)
    assert row["LastModifiedById"] == visitor.hub.people.integration
    assert visitor.get(path, fields="Name,Email").json().keys() == {"attributes", "Name", "Email"}
    assert visitor.send("DELETE", path).status_code == 204
    assert error_of(visitor.send("PATCH", path, {"Title": "x"})) == (404, "ENTITY_IS_DELETED")
    assert visitor.query("SELECT Id FROM Lead", f"WHERE Id = '{lead}'") == []
    gone = visitor.query("SELECT IsDeleted FROM Lead", f"WHERE Id = '{lead}'", everything=True)
    assert gone[0]["IsDeleted"] is True


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD"),
        ({"Title": "x" * 129}, "STRING_TOO_LONG"),
        ({"Title": 5}, "JSON_PARSER_ERROR"),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"Lead_Score_Tier__c": "Huge"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Lead_Score__c": 12345}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Lead_Score__c": "many"}, "JSON_PARSER_ERROR"),
        ({"Lead_Score__c": "NaN"}, "JSON_PARSER_ERROR"),
        ({"Lead_Score_Updated_At__c": "yesterday"}, "JSON_PARSER_ERROR"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"HasOptedOutOfEmail": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"OwnerId": "12"}, "MALFORMED_ID"),
        ({"OwnerId": "005gK0000000ZZZ"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_wrong_values_are_refused(visitor: Visitor, body: dict[str, Any], code: str) -> None:
    """Each with the code that Salesforce has for it."""
    lead = visitor.lead(LastName="Meyer")
    assert error_of(visitor.send("PATCH", f"/sobjects/Lead/{lead}", body, **KEEP_OWNER)) == (400, code)


def test_what_is_required_is_named(visitor: Visitor) -> None:
    """A new lead needs a name and a company; unreadable JSON is no record."""
    answer = visitor.send("POST", "/sobjects/Lead", {"FirstName": "Ann"})
    assert answer.json()[0]["fields"] == ["LastName", "Company"]
    url = f"{visitor.origin}/services/data/v68.0/sobjects/Lead"
    assert error_of(visitor.session.post(url, data=b"{not json")) == (400, "JSON_PARSER_ERROR")


def test_ids_that_name_nothing_are_refused(visitor: Visitor) -> None:
    """Of another object, of no object, unknown, or no id at all."""
    lead = visitor.lead(LastName="Meyer")
    for row_id, code in ((lead, "INVALID_CROSS_REFERENCE_KEY"), ("003gK0000000ZZZ", "INVALID_CROSS_REFERENCE_KEY")):
        assert error_of(visitor.send("PATCH", f"/sobjects/Contact/{row_id}", {"Title": "x"}))[1] == code
    assert error_of(visitor.send("PATCH", "/sobjects/Lead/12", {"Title": "x"})) == (400, "MALFORMED_ID")


def test_a_write_without_the_header_reroutes_the_lead(visitor: Visitor) -> None:
    """The assignment rule runs on create and update by default, and not with FALSE."""
    lead = visitor.lead(LastName="Meyer")
    owner = visitor.get(f"/sobjects/Lead/{lead}").json()["OwnerId"]
    visitor.send("PATCH", f"/sobjects/Lead/{lead}", {"Lead_Score__c": 1}, **KEEP_OWNER)
    assert visitor.get(f"/sobjects/Lead/{lead}").json()["OwnerId"] == owner
    visitor.send("PATCH", f"/sobjects/Lead/{lead}", {"Lead_Score__c": 1})
    assert visitor.get(f"/sobjects/Lead/{lead}").json()["OwnerId"] != owner


def test_a_write_of_the_same_values_moves_the_stamps(started: Starter) -> None:
    """So whoever rescores every modified lead never ends."""
    clock = StandingClock()
    visitor = Visitor(started(clock)).install()
    lead = visitor.lead(LastName="Meyer", Title="CTO")
    before = visitor.get(f"/sobjects/Lead/{lead}").json()
    clock.sleep(60)
    visitor.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CTO"}, **KEEP_OWNER)
    after = visitor.get(f"/sobjects/Lead/{lead}").json()
    assert after["SystemModstamp"] > before["SystemModstamp"]
    assert after["CreatedDate"] == before["CreatedDate"]


def test_tracked_fields_have_history_and_others_none(visitor: Visitor) -> None:
    """Old and new value; an owner has a row with names and one with ids; hidden fields hide their history."""
    lead = visitor.lead(LastName="Meyer", Status="Open - Not Contacted")
    visitor.set(lead, Status="Working - Contacted", Phone="123", OwnerId=visitor.hub.people.queue)
    query = "SELECT Field, OldValue, NewValue, DataType FROM LeadHistory"
    rows = visitor.query(query, f"WHERE LeadId = '{lead}' ORDER BY Id")
    told = {(row["Field"], row["OldValue"], row["NewValue"]) for row in rows}
    assert told == {
        ("created", None, None),
        ("Status", "Open - Not Contacted", "Working - Contacted"),
        ("Owner", "Sam Seller", "New leads"),
        ("Owner", visitor.hub.people.seller, visitor.hub.people.queue),
    }
    visitor.admin(f"/accounts/{visitor.hub.org.org_id}/fields", {"hide": ["Lead.Status"]})
    assert "Status" not in {row["Field"] for row in visitor.query(query, f"WHERE LeadId = '{lead}'")}
    visitor.admin(f"/accounts/{visitor.hub.org.org_id}/fields", {"show": ["Lead.Status"]})


def test_replication_endpoints_tell_changes_and_deletions(started: Starter) -> None:
    """Ids of a time, whole minutes; deletions with their dates; not longer ago than is kept."""
    clock = StandingClock()
    visitor = Visitor(started(clock)).install()
    kept, gone = visitor.lead(LastName="Kept"), visitor.lead(LastName="Gone")
    clock.sleep(120)
    visitor.do(gone, "archive")
    clock.sleep(60)
    window = {"start": "2026-02-01T11:59:00+00:00", "end": "2026-02-01T12:03:00+00:00"}
    assert visitor.get("/sobjects/Lead/updated", **window).json()["ids"] == [kept]
    deleted = visitor.get("/sobjects/Lead/deleted", **window).json()
    assert deleted["deletedRecords"] == [{"id": gone, "deletedDate": "2026-02-01T12:02:00.000+0000"}]
    assert deleted["latestDateCovered"] == "2026-02-01T12:03:00.000+0000"
    long_ago = {**window, "start": "2025-11-01T00:00:00+00:00"}
    assert error_of(visitor.get("/sobjects/Lead/updated", **long_ago)) == (400, "INVALID_REPLICATION_DATE")


def test_upsert_by_id_field(visitor: Visitor) -> None:
    """An external id field is needed; updateOnly forbids making."""
    lead = visitor.lead(LastName="Meyer")
    answer = visitor.send("PATCH", f"/sobjects/Lead/Id/{lead}", {"Title": "CEO"}, **KEEP_OWNER)
    assert (answer.status_code, answer.json()["created"]) == (200, False)
    unknown = visitor.send("PATCH", "/sobjects/Lead/Id/00QgK0000000ZZZ?updateOnly=true", {"Title": "CEO"})
    assert unknown.status_code == 404
    assert visitor.send("PATCH", "/sobjects/Lead/Title/CEO", {"Title": "x"}).status_code == 404


@given(st.text(alphabet=DIGITS, min_size=15, max_size=15))
def test_an_id_survives_the_loss_of_its_case(short: str) -> None:
    """The last three characters bring the capitals back."""
    whole = with_suffix(short)
    assert normal(short) == normal(whole) == normal(whole.lower()) == normal(whole.upper()) == whole
