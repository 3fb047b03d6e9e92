"""Salesforce's own collection of requests: what the sandbox claims to offer is there, at the published address.

Collected where ``CONNECTOR_SPECS`` names the folder of descriptions.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.sandbox.salesforce import changes
from tests.unit.sandbox.salesforce.visitor import CLIENT, REDIRECT, Visitor

FOLDER = Path(os.environ["CONNECTOR_SPECS"]) / "salesforce" / "postman"
FILES = sorted(str(each.relative_to(FOLDER).with_suffix("")) for each in FOLDER.glob("*/*.json"))
NOT_OFFERED = {
    "auth/authentication_configuration_endpoint",
    "auth/openid_connect_dynamic_client_registration_endpoint",
    "auth/salesforce_keys",
    "auth/soap_login",
    "composite/batch",
    "composite/composite_graph",
    "composite/sobject_tree",
    "rest/custom_invocable_actions",
    "rest/platform_event_schema_by_event_name",
}
WITHOUT_OBJECT = {"composite/sobject_collections_delete", "composite/sobject_collections_update"}
"""The collection puts an object into their path; the guide has none."""


def address(name: str, url: str, visitor: Visitor) -> str:
    """Return a published address with its blanks filled in."""
    with visitor.hub.stage.lock:
        account = changes.create(visitor.hub, "Account", {"Name": "Acme"}, visitor.hub.user())
    if name in WITHOUT_OBJECT:
        url = url.replace("/<SOBJECT_API_NAME>", "")
    kind = "ingest" if name.startswith("bulk") else "query"
    blanks = {
        "{{url}}": visitor.origin,
        "{{site}}": "",
        "{{_endpoint}}": visitor.origin,
        "{{version}}": "68.0",
        "{{clientId}}": CLIENT["client_id"],
        "{{redirectUrl}}": REDIRECT,
        "{{_orgId}}": visitor.hub.org.org_id,
        "{{_userId}}": visitor.hub.people.integration,
        "{{_jobId}}": job(visitor, kind) if "{{_jobId}}" in url else "",
        "<SOBJECT_API_NAME>": "CustomField" if name.startswith("tooling") else "Account",
        "<RECORD_ID>": account,
        "<FIELD_NAME>": "Id",
        "<FIELD_VALUE>": account,
    }
    for blank, value in blanks.items():
        url = url.replace(blank, value)
    return url


def job(visitor: Visitor, kind: str) -> str:
    """Return the id of a job."""
    asked = {"operation": "query", "query": "SELECT Id FROM Account"}
    body = asked if kind == "query" else {"object": "Account", "operation": "update"}
    return str(visitor.send("POST", f"/jobs/{kind}", body).json()["id"])


def sent(described: dict[str, Any], url: str, visitor: Visitor) -> requests.Response:
    """Send a published request."""
    headers = {each["key"]: each["value"] for each in described["headerData"] if each["key"] == "Content-Type"}
    form = {each["key"]: each["value"] for each in described["data"] or ()}
    form = {key: value.replace("{{_accessToken}}", visitor.tokens["access_token"]) for key, value in form.items()}
    data = form or (described.get("rawModeData") or "").encode()
    return visitor.session.request(described["method"], url, data=data, headers=headers, allow_redirects=False)


@pytest.mark.parametrize("name", [each for each in FILES if each not in NOT_OFFERED and each != "index"])
def test_a_published_request_finds_its_endpoint(visitor: Visitor, name: str) -> None:
    """It is answered as something that exists, if only to refuse what the blanks were filled with."""
    described = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    answer = sent(described, address(name, described["url"], visitor), visitor)
    assert answer.status_code not in (404, 405)
    assert answer.status_code < 500
