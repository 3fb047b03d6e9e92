"""sObject Collections: results record by record."""

from __future__ import annotations

from typing import Any

import requests

from connector.sandbox.faults import Fault, FaultKind
from tests.unit.sandbox.salesforce.visitor import Visitor

KEEP_OWNER = {"Sforce-Auto-Assign": "FALSE"}


def patch(visitor: Visitor, rows: list[dict[str, Any]], *, all_or_none: bool = False) -> requests.Response:
    """Write leads in one request."""
    records = [{"attributes": {"type": "Lead"}, **row} for row in rows]
    body = {"allOrNone": all_or_none, "records": records}
    return visitor.send("PATCH", "/composite/sobjects", body, **KEEP_OWNER)


def codes(answer: requests.Response) -> list[str]:
    """Return each record's statusCode; empty: it was written."""
    assert answer.status_code == 200
    return [each["errors"][0]["statusCode"] if each["errors"] else "" for each in answer.json()]


def test_two_hundred_records_are_one_request(visitor: Visitor) -> None:
    """Results come in the order of the request; 201 records are refused."""
    leads = visitor.leads(201, "C")
    before = len(visitor.hub.stage.log.entries())
    answer = patch(visitor, [{"id": each, "Lead_Score__c": 5} for each in leads[:200]])
    assert [each["id"] for each in answer.json()] == leads[:200]
    assert len(visitor.hub.stage.log.entries()) == before + 1
    refused = patch(visitor, [{"id": each, "Lead_Score__c": 6} for each in leads])
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


def test_a_bad_record_does_not_touch_its_neighbours(visitor: Visitor) -> None:
    """Each is told what is wrong with it, under statusCode, in an answer of status 200."""
    good, deleted, converted, long, hidden = visitor.leads(5, "N")
    visitor.do(deleted, "archive")
    visitor.do(converted, "convert")
    rows = [
        {"id": good, "Title": "CEO"},
        {"id": deleted, "Title": "CEO"},
        {"id": converted, "Title": "CEO"},
        {"id": long, "Title": "x" * 200},
        {"id": hidden, "IsConverted": True},
        {"id": "00QgK0000000ZZZ", "Title": "CEO"},
        {"id": "12", "Title": "CEO"},
        {"Title": "CEO"},
    ]
    answer = patch(visitor, rows)
    assert codes(answer) == [
        "",
        "ENTITY_IS_DELETED",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "STRING_TOO_LONG",
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
    ]
    assert answer.json()[3]["errors"][0]["fields"] == ["Title"]
    assert visitor.get(f"/sobjects/Lead/{good}").json()["Title"] == "CEO"


def test_an_unknown_field_fails_the_request(visitor: Visitor) -> None:
    """What can't be read at all writes nothing."""
    one, two = visitor.leads(2, "U")
    answer = patch(visitor, [{"id": one, "Title": "CEO"}, {"id": two, "Nope__c": 1}])
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert visitor.get(f"/sobjects/Lead/{one}").json()["Title"] is None


def test_all_or_none_rolls_back(visitor: Visitor) -> None:
    """One wrong record keeps all from being written."""
    one, two = visitor.leads(2, "R")
    answer = patch(visitor, [{"id": one, "Title": "CEO"}, {"id": two, "Title": "x" * 200}], all_or_none=True)
    assert codes(answer) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "STRING_TOO_LONG"]
    assert visitor.get(f"/sobjects/Lead/{one}").json()["Title"] is None


def test_locked_records_are_told_one_by_one(visitor: Visitor) -> None:
    """On the ordered fault every other record is locked, and free at the next try."""
    leads = visitor.leads(3, "K")
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.LOCKED, path="/composite/sobjects")])
    rows = [{"id": each, "Title": "CEO"} for each in leads]
    assert codes(patch(visitor, rows)) == ["UNABLE_TO_LOCK_ROW", "", "UNABLE_TO_LOCK_ROW"]
    assert codes(patch(visitor, rows)) == ["", "", ""]


def test_a_half_written_batch_is_an_error_that_wrote(visitor: Visitor) -> None:
    """Its first half stays."""
    leads = visitor.leads(4, "H")
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.HALF_BATCH, path="/composite/sobjects")])
    assert patch(visitor, [{"id": each, "Title": "CFO"} for each in leads]).status_code == 503
    titles = [visitor.get(f"/sobjects/Lead/{each}").json()["Title"] for each in leads]
    assert titles == ["CFO", "CFO", None, None]


def test_more_than_ten_chunks_of_types_are_refused(visitor: Visitor) -> None:
    """Records of a type belong together."""
    records = [{"attributes": {"type": ("Lead", "Contact")[place % 2]}, "id": "12"} for place in range(11)]
    refused = visitor.send("PATCH", "/composite/sobjects", {"records": records})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


def test_records_are_made_read_and_deleted_together(visitor: Visitor) -> None:
    """Reading answers null for what is not there, in the order of the ids."""
    person = {"attributes": {"type": "Contact"}, "LastName": "Meyer"}
    made = visitor.send("POST", "/composite/sobjects", {"records": [person, {**person, "LastName": ""}]})
    assert codes(made) == ["", "REQUIRED_FIELD_MISSING"]
    contact = made.json()[0]["id"]
    body = {"ids": [contact, "003gK0000000ZZZ"], "fields": ["Name"]}
    read = visitor.send("POST", "/composite/sobjects/Contact", body).json()
    assert (read[0]["Name"], read[1]) == ("Meyer", None)
    assert visitor.get("/composite/sobjects/Contact", ids=contact, fields="Id,Name").json()[0]["Id"] == contact
    assert visitor.send("POST", "/composite/sobjects/Contact", {"ids": [], "fields": ["Nope"]}).status_code == 400
    gone = visitor.send("DELETE", f"/composite/sobjects?ids={contact},003gK0000000ZZZ&allOrNone=false")
    assert codes(gone) == ["", "INVALID_CROSS_REFERENCE_KEY"]
    assert visitor.query("SELECT Id FROM Contact", f"WHERE Id = '{contact}'") == []


def test_records_are_upserted_together(visitor: Visitor) -> None:
    """What is found by its id is changed; what names none is made."""
    lead = visitor.leads(1, "P")[0]
    known = {"attributes": {"type": "Lead"}, "Id": lead, "Title": "CEO"}
    new = {"attributes": {"type": "Lead"}, "LastName": "New", "Company": "Acme"}
    answer = visitor.send("PATCH", "/composite/sobjects/Lead/Id", {"records": [known, new]}, **KEEP_OWNER).json()
    assert [each["created"] for each in answer] == [False, True]


def test_the_orgs_own_code_fails_all_that_it_is_given_together(visitor: Visitor) -> None:
    """On more records than it can take, and on one that it fails on; what is refused for itself is told so."""
    one, two, three = visitor.leads(3, "T")
    rows = [{"id": one, "Title": "CEO"}, {"id": two, "Title": "CEO"}, {"id": three, "Title": "x" * 200}]
    failed = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.TRIGGER, rows=2)])
    answer = patch(visitor, rows)
    assert codes(answer) == [failed, failed, "STRING_TOO_LONG"]
    assert "Apex CPU time limit exceeded" in answer.json()[0]["errors"][0]["message"]
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.TRIGGER, record=two, times=2)])
    assert codes(patch(visitor, rows[:2])) == [failed, failed]
    assert codes(patch(visitor, rows[:1])) == [""]
