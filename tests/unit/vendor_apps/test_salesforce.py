"""The package for Salesforce: whole, in step with what writes the fields, and with what reads its call-outs."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.adapters.salesforce.paths import VERSION
from connector.adapters.salesforce.score_fields import (
    DEFINITIONS,
    DESCRIPTION,
    PERMISSION_LABEL,
    PERMISSION_SET,
    PERSONS,
)
from connector.adapters.salesforce.webhooks import SIGNATURE, TIMESTAMP, parse, signature
from connector.records import Tier
from tests.unit.vendor_apps.package import APP, ROOT, SPACE, XML, plain, source, tree

HOOK = source("classes/LeadScoreHook.cls")
REQUEST = source("classes/LeadScoreRequest.cls")
TESTS = source("classes/LeadScoreHookTest.cls")

KINDS = {
    "cls": "ApexClass",
    "trigger": "ApexTrigger",
    "field": "CustomField",
    "object": "CustomObject",
    "customPermission": "CustomPermission",
    "permissionset": "PermissionSet",
    "flow": "Flow",
    "listView": "ListView",
    "compactLayout": "CompactLayout",
    "labels": "CustomLabels",
    "js": "LightningComponentBundle",
    "namedCredential": "NamedCredential",
    "externalCredential": "ExternalCredential",
    "remoteSite": "RemoteSiteSetting",
}
"""File suffix → metadata type."""


@pytest.mark.parametrize("path", XML, ids=lambda path: path.name)
def test_metadata_is_of_the_type_that_its_name_says(path: Path) -> None:
    """Well-formed, in the namespace of the Metadata API."""
    assert tree(path).tag == SPACE + KINDS[path.name.split(".")[-2].removesuffix("-meta")]


def test_every_source_file_has_its_metadata_and_the_other_way_round() -> None:
    """A class, trigger or component without ``-meta.xml`` is none."""
    sources = {path for folder in ("classes", "triggers") for path in (APP / folder).iterdir()}
    code = {path for path in sources if path not in XML}
    assert sources == code | {path.with_name(f"{path.name}-meta.xml") for path in code}
    bundles = {*(APP / "lwc").iterdir()}
    for bundle in bundles:
        for suffix in ("js", "html", "js-meta.xml"):
            assert (bundle / f"{bundle.name}.{suffix}").is_file()
    rest = {path for path in APP.rglob("*") if path.is_file()} - {*XML} - code
    assert {path for path in rest if not bundles & {*path.parents}} == set()


def test_one_version_of_the_api() -> None:
    """That of the adapter, everywhere."""
    told = {element.text for path in XML for element in tree(path).iter(SPACE + "apiVersion")}
    assert told == {VERSION}
    assert json.loads((ROOT / "sfdx-project.json").read_text("utf-8"))["sourceApiVersion"] == VERSION


@pytest.mark.parametrize("source", PERSONS)
def test_the_fields_are_those_that_the_connector_makes(source: str) -> None:
    """Name, type, size and values; both ways of making them lead to the same field."""
    folder = APP / f"objects/{source}/fields"
    packaged = {path.name.split(".")[0]: plain(tree(path)) for path in folder.iterdir()}
    ours = {"description": DESCRIPTION, "inlineHelpText": DESCRIPTION, "externalId": False}
    assert packaged == {
        f"{name}__c": {**ours, **definition, "fullName": f"{name}__c"} for name, _, definition in DEFINITIONS.values()
    }


@pytest.mark.parametrize(("name", "edits"), [(PERMISSION_SET, True), ("Lead_Scoring_User", False)])
def test_the_permission_sets_open_every_score_field(name: str, edits: bool) -> None:
    """Only the connector's user may change them."""
    found = tree(APP / f"permissionsets/{name}.permissionset-meta.xml")
    rights = [plain(item) for item in found.iter(SPACE + "fieldPermissions")]
    fields = {f"{source}.{field}__c" for source in PERSONS for field, _, _ in DEFINITIONS.values()}
    assert {item["field"] for item in rights} == fields
    assert all(item["readable"] and item["editable"] is edits for item in rights)
    assert len(rights) == len(fields)
    if edits:
        assert plain(found)["label"] == PERMISSION_LABEL
        assert plain(found)["customPermissions"]["name"] in HOOK


def test_the_headers_are_those_that_are_verified() -> None:
    """As ``webhooks.verify`` reads them, in the form that it compares."""
    sent = re.findall(r"setHeader\('(X-[\w-]+)'", REQUEST)
    assert sorted(name.lower() for name in sent) == sorted((SIGNATURE, TIMESTAMP))
    assert "'sha256=' + signature(" in REQUEST
    assert "stamp + '.' + body" in REQUEST
    assert "'hmacSHA256'" in REQUEST


def test_the_signature_of_the_apex_test_is_ours() -> None:
    """The same worked example on both sides."""
    (example,) = re.findall(r"expected = '([0-9a-f]{64})'", TESTS)
    secret, stamp, body = re.findall(r"signature\('(\w+)', '(\d+)', '(\{\})'\)", TESTS)[0]
    assert example == hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    assert signature(secret, stamp, body.encode()) == f"sha256={example}"


def test_the_body_is_one_that_can_be_read() -> None:
    """Built from the keys in the Apex; a value that is not read would be a value that is given away."""
    (envelope,) = re.findall(r"new Map<String, Object>\{ '(\w+)' =>", HOOK)
    (record,) = re.findall(r"new Map<String, String>\{ ('id'.*?) \}", HOOK)
    keys = re.findall(r"'(\w+)' =>", record)
    values = {"id": "00Q000000000001AAA", "event": "updated", "at": "2026-03-02T09:00:00.123Z"}
    assert list(values) == keys
    assert "yyyy-MM-dd\\'T\\'HH:mm:ss.SSS\\'Z\\'" in HOOK
    (hint,) = parse("00D1", json.dumps({envelope: [values]}).encode())
    assert (hint.kind, hint.occurred_at) == ("updated", datetime(2026, 3, 2, 9, 0, 0, 123000, tzinfo=UTC))


def test_there_is_a_trigger_for_each_object() -> None:
    """Created, changed, deleted and restored records."""
    for person in PERSONS:
        code = source(f"triggers/{person}Score.trigger")
        assert f"on {person} (after insert, after update, after delete, after undelete)" in code


def test_the_example_flow_is_off_and_can_be_copied() -> None:
    """Nothing of the customer's starts by installing."""
    flow = plain(tree(APP / "flows/Lead_Score_High_Intent.flow-meta.xml"))
    assert (flow["status"], flow["isTemplate"]) == ("Draft", True)


def test_the_example_flow_runs_when_the_tier_changes_and_at_no_other_save() -> None:
    """After the commit, where ISCHANGED is not offered: the one condition must become true by the update."""
    path = APP / "flows/Lead_Score_High_Intent.flow-meta.xml"
    start = plain(tree(path))["start"]
    assert start["doesRequireRecordChangedToMeetCriteria"] is True
    assert (start["recordTriggerType"], start["triggerType"]) == ("Update", "RecordAfterSave")
    assert start["scheduledPaths"]["pathType"] == "AsyncAfterCommit"
    (condition,) = [plain(found) for found in tree(path).iter(SPACE + "filters")]
    assert condition == {
        "field": "Lead_Score_Tier__c",
        "operator": "EqualTo",
        "value": [{"stringValue": Tier.HIGH_INTENT.value}],
    }
