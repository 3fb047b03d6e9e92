"""Custom fields by the Tooling API, and the grants without which nobody sees them."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox import Org
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor

SCORE = {"label": "Lead Score", "type": "Number", "precision": 3, "scale": 0, "required": False, "externalId": False}


def make(visitor: Visitor, name: str, metadata: dict[str, Any]) -> tuple[int, str]:
    """Make a field; return (status, errorCode)."""
    answer = visitor.send("POST", "/tooling/sobjects/CustomField", {"FullName": name, "Metadata": metadata})
    return answer.status_code, "" if answer.status_code == 201 else answer.json()[0]["errorCode"]


def post(visitor: Visitor, object_name: str, **values: Any) -> str:
    """Make a record and return its id."""
    answer = visitor.send("POST", f"/sobjects/{object_name}", values)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@pytest.fixture
def bare(started: Starter) -> Visitor:
    """A visitor of an org without our package."""
    return Visitor(started(org=Org(packaged=False))).install()


def test_a_new_field_is_seen_only_by_an_assigned_permission_set(bare: Visitor) -> None:
    """Created, granted, assigned; only then it can be read, and written where editing was granted."""
    assert make(bare, "Lead.Lead_Score__c", SCORE) == (201, "")
    lead = bare.lead(LastName="Meyer")
    assert bare.refusal("SELECT Lead_Score__c FROM Lead")[0] == "INVALID_FIELD"
    granted = post(bare, "PermissionSet", Name="Scores", Label="Scores")
    right = {"SobjectType": "Lead", "Field": "Lead.Lead_Score__c", "PermissionsRead": True, "PermissionsEdit": False}
    permission = post(bare, "FieldPermissions", ParentId=granted, **right)
    assert bare.refusal("SELECT Lead_Score__c FROM Lead")[0] == "INVALID_FIELD"
    post(bare, "PermissionSetAssignment", PermissionSetId=granted, AssigneeId=bare.hub.people.integration)
    assert bare.query("SELECT Lead_Score__c FROM Lead")[0]["Lead_Score__c"] is None
    path, write = f"/sobjects/Lead/{lead}", {"Lead_Score__c": 87}
    assert bare.send("PATCH", path, write).json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert bare.send("PATCH", f"/sobjects/FieldPermissions/{permission}", {"PermissionsEdit": True}).status_code == 204
    assert bare.send("PATCH", path, write).status_code == 204
    assert bare.query("SELECT Lead_Score__c FROM Lead")[0]["Lead_Score__c"] == 87.0
    described = {each["name"]: each for each in bare.get("/sobjects/Lead/describe").json()["fields"]}
    score = described["Lead_Score__c"]
    assert (score["label"], score["type"], score["precision"], score["custom"]) == ("Lead Score", "double", 3, True)
    bare.send("DELETE", f"/sobjects/FieldPermissions/{permission}")
    assert bare.refusal("SELECT Lead_Score__c FROM Lead")[0] == "INVALID_FIELD"


def test_what_is_there_twice_is_refused(bare: Visitor) -> None:
    """A field, a permission set and a grant have their names alone."""
    assert make(bare, "Contact.Lead_Score__c", SCORE) == (201, "")
    assert make(bare, "Contact.Lead_Score__c", SCORE) == (400, "DUPLICATE_DEVELOPER_NAME")
    granted = post(bare, "PermissionSet", Name="Scores", Label="Scores")
    again = bare.send("POST", "/sobjects/PermissionSet", {"Name": "Scores", "Label": "Scores"})
    assert again.json()[0]["errorCode"] == "DUPLICATE_DEVELOPER_NAME"
    right = {"ParentId": granted, "SobjectType": "Contact", "Field": "Contact.Lead_Score__c", "PermissionsRead": True}
    post(bare, "FieldPermissions", **right)
    assert bare.send("POST", "/sobjects/FieldPermissions", right).json()[0]["errorCode"] == "DUPLICATE_VALUE"
    wrong = {**right, "Field": "Contact.Nope__c"}
    assert bare.send("POST", "/sobjects/FieldPermissions", wrong).status_code == 400


def test_fields_can_be_found_by_the_tooling_api(bare: Visitor) -> None:
    """CustomField is queried and described there, and only there."""
    make(bare, "Lead.Lead_Score__c", SCORE)
    query = "SELECT Id, DeveloperName, TableEnumOrId FROM CustomField WHERE DeveloperName LIKE 'Lead_Score%'"
    row = bare.get("/tooling/query", q=query).json()["records"][0]
    assert (row["DeveloperName"], row["TableEnumOrId"], row["Id"][:3]) == ("Lead_Score", "Lead", "00N")
    assert bare.refusal(query)[0] == "INVALID_TYPE"
    assert bare.get("/tooling/sobjects/CustomField/describe").json()["name"] == "CustomField"
    assert bare.send("POST", "/tooling/sobjects/ApexClass", {}).status_code == 404


@pytest.mark.parametrize(
    ("name", "changed", "code"),
    [
        ("Lead.Lead_Score", {}, "INVALID_FULL_NAME"),
        ("Nothing.Lead_Score__c", {}, "INVALID_FULL_NAME"),
        ("Lead.Other__c", {"type": "Magic"}, "INVALID_INPUT"),
        ("Lead.Other__c", {"precision": None}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Other__c", {"precision": 19}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Other__c", {"type": "Text"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Other__c", {"type": "Picklist"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Other__c", {"label": "x" * 41}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_wrong_definitions_are_refused(bare: Visitor, name: str, changed: dict[str, Any], code: str) -> None:
    """Each with the code that tells which part is wrong."""
    assert make(bare, name, {**SCORE, **changed}) == (400, code)


@pytest.mark.parametrize(
    "metadata",
    [
        {"type": "LongTextArea", "length": 4000, "visibleLines": 4},
        {"type": "Text", "length": 100},
        {"type": "DateTime"},
        {"type": "Checkbox", "defaultValue": "false"},
        {
            "type": "Picklist",
            "valueSet": {
                "restricted": True,
                "valueSetDefinition": {"value": [{"fullName": "High"}, {"fullName": "Low"}]},
            },
        },
    ],
)
def test_every_type_that_a_score_needs_can_be_made(bare: Visitor, metadata: dict[str, Any]) -> None:
    """Texts, times, checkboxes and picklists."""
    assert make(bare, "Lead.Other__c", {"label": "Other", **metadata}) == (201, "")


def test_the_user_may_lack_the_right_to_customize(started: Starter) -> None:
    """Then making a field is answered 403."""
    visitor = Visitor(started(org=Org(packaged=False, may_customize=False))).install()
    assert make(visitor, "Lead.Lead_Score__c", SCORE) == (403, "INSUFFICIENT_ACCESS")
