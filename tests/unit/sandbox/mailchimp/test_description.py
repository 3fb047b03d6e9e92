"""The Mailchimp sandbox against Mailchimp's published description of its API.

Collected where ``CONNECTOR_SPECS`` names the folder of descriptions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox import Filling, RunningSandbox, start
from connector.sandbox.mailchimp import changes, mailings
from connector.sandbox.mailchimp.app import create_app
from connector.sandbox.mailchimp.records import MemberEvent
from tests.unit.sandbox.mailchimp.conftest import QUICK
from tests.unit.sandbox.mailchimp.visitor import Visitor

FILE = "mailchimp/mailchimp-marketing-3.0.85.wso2-flattened.openapi.json"
NEWER = {"webhooks.signing_enabled", "signing_enabled"}
"""Signed webhooks came after version 3.0.85 of the description."""
READS = (
    "/",
    "/ping",
    "/lists?include_total_contacts=true",
    "/lists/{list}",
    "/lists/{list}/members?count=1000",
    "/lists/{list}/members/{member}",
    "/lists/{list}/members/{member}/tags",
    "/lists/{list}/members/{member}/activity",
    "/lists/{list}/members/{member}/activity-feed",
    "/lists/{list}/members/{member}/events",
    "/lists/{list}/members/{member}/notes",
    "/lists/{list}/merge-fields",
    "/lists/{list}/merge-fields/1",
    "/lists/{list}/segments",
    "/lists/{list}/segments/{segment}",
    "/lists/{list}/segments/{segment}/members",
    "/lists/{list}/tag-search?name=H",
    "/lists/{list}/webhooks",
    "/campaigns?count=1000",
    "/campaigns/{campaign}",
    "/reports",
    "/reports/{campaign}",
    "/reports/{campaign}/email-activity",
    "/reports/{campaign}/email-activity/{reader}",
    "/reports/{campaign}/open-details",
    "/reports/{campaign}/click-details",
    "/reports/{campaign}/click-details/{link}",
    "/reports/{campaign}/click-details/{link}/members",
    "/reports/{campaign}/sent-to",
    "/reports/{campaign}/unsubscribed",
    "/ecommerce/orders?count=1000",
    "/ecommerce/stores",
    "/ecommerce/stores/{store}",
    "/ecommerce/stores/{store}/orders",
    "/ecommerce/stores/{store}/orders/{order}",
    "/ecommerce/stores/{store}/customers",
    "/automations",
    "/automations/{workflow}/emails",
    "/batches",
    "/batches/{batch}",
)


@cache
def description() -> dict[str, Any]:
    """The description."""
    described: dict[str, Any] = json.loads((Path(os.environ["CONNECTOR_SPECS"]) / FILE).read_text())
    return described


def shape(path: str) -> str:
    """A path with its parameters nameless: the description spells them differently."""
    return re.sub(r"[{<][^}>]*[}>]", "{}", path).rstrip("/") or "/"


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """(method, shape of the path) → operation."""
    return {
        (method.upper(), shape(path)): operation
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }


@pytest.fixture(scope="module")
def filled() -> Iterator[Visitor]:
    """An installed visitor of a filled sandbox."""
    running: RunningSandbox = start(replace(QUICK, filling=Filling(contacts=150)))
    visitor = Visitor(running).install()
    yield visitor
    running.stop()


def places(visitor: Visitor) -> dict[str, str]:
    """Names of things that are there, for the paths."""
    hub = visitor.hub
    campaign = next(
        each for each in hub.campaigns.values() if any(a.url for r in each.receipts.values() for a in r.acts)
    )
    reader = next(each for each in campaign.receipts.values() if any(done.url for done in each.acts)).member
    with visitor.running.stage.lock:
        mailings.receive(mailings.automate(hub, hub.main, "Welcome"), reader)
        changes.tag(hub, reader, "High-Intent")
        changes.record_event(hub, reader, MemberEvent("high_intent", {"score": "90"}, hub.now_ms(), syncing=False))
    path = f"/lists/{visitor.main}/members/{reader.hash}"
    assert visitor.call("POST", f"{path}/notes", {"note": "Called."}).status_code == 200
    job = {"operations": [{"method": "GET", "path": "/ping"}]}
    return {
        "list": visitor.main,
        "member": reader.hash,
        "reader": reader.hash,
        "segment": str(next(iter(hub.main.segments))),
        "workflow": next(iter(hub.automations)),
        "campaign": campaign.campaign_id,
        "link": visitor.get(f"/reports/{campaign.campaign_id}/click-details")["urls_clicked"][0]["id"],
        "store": next(iter(hub.stores)),
        "order": next(iter(next(iter(hub.stores.values())).orders)),
        "batch": visitor.call("POST", "/batches", job).json()["id"],
    }


def test_every_path_and_method_is_described(filled: Visitor) -> None:
    """The sandbox claims nothing that Mailchimp does not have."""
    claimed = {
        (method, shape(rule.rule.removeprefix("/3.0")))
        for rule in create_app(filled.hub).url_map.iter_rules()
        if rule.rule.startswith("/3.0")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert claimed
    assert claimed <= set(operations())


def test_every_claimed_read_is_looked_at(filled: Visitor) -> None:
    """The list above is complete, but for single webhooks, which need a listener."""
    claimed = {
        shape(rule.rule.removeprefix("/3.0"))
        for rule in create_app(filled.hub).url_map.iter_rules()
        if rule.rule.startswith("/3.0") and "GET" in (rule.methods or set())
    }
    looked_at = {shape(each.partition("?")[0].replace("merge-fields/1", "merge-fields/{}")) for each in READS}
    assert claimed - looked_at == {"/lists/{}/webhooks/{}"}


def test_every_answer_has_described_properties_only(filled: Visitor) -> None:
    """Names and kinds of values, all the way down."""
    names = places(filled)
    found = []
    for read in READS:
        path = read.partition("?")[0].replace("merge-fields/1", "merge-fields/{}")
        schema = operations()["GET", shape(path)]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = filled.call("GET", read.format(**names).replace("{}", "1"))
        assert answer.status_code == 200, read
        found += [f"{read}: {each}" for each in strangers(answer.json(), schema, "")]
    assert found == []


KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def strangers(value: Any, schema: dict[str, Any], place: str) -> Iterator[str]:
    """Yield where a value has what its schema does not."""
    described = resolved(schema)
    kind = described.get("type", "object" if "properties" in described else "")
    if value is not None and kind and (not isinstance(value, KINDS[kind]) or (kind != "boolean" and value is True)):
        yield f"{place} is {type(value).__name__}, not {kind}"
    elif "enum" in described and value not in described["enum"]:
        yield f"{place} has a value that is not described: {value}"
    elif isinstance(value, list) and "items" in described:
        for each in value:
            yield from strangers(each, described["items"], place)
    elif isinstance(value, dict) and described.get("properties"):
        for name, each in value.items():
            inner = f"{place}.{name}".lstrip(".")
            if name in described["properties"]:
                yield from strangers(each, described["properties"][name], inner)
            elif inner not in NEWER:
                yield f"{inner} is not described"


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed and its parts joined."""
    while "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        parts = [resolved(each) for each in schema["allOf"]]
        joined = {name: each for part in parts for name, each in part.get("properties", {}).items()}
        return {"type": "object", "properties": joined}
    return schema
