"""Mailchimp's own client library against the sandbox: a client that was not written for it."""

from __future__ import annotations

import json

import pytest
import requests
from mailchimp_marketing.api_client import ApiClientError

from connector.sandbox import Filling
from connector.sandbox.faults import Fault, FaultKind
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor


def test_the_life_of_a_member(visitor: Visitor) -> None:
    """Added, tagged, scored, listed, archived."""
    sdk, audience = visitor.sdk(), visitor.main
    assert sdk.ping.get()["health_status"] == "Everything's Chimpy!"
    made = sdk.lists.add_list_member(audience, {"email_address": "sdk@example.com", "status": "subscribed"})
    field = {"name": "Lead Score", "tag": "LEADSCORE", "type": "number", "public": False}
    assert sdk.lists.add_list_merge_field(audience, field)["tag"] == "LEADSCORE"
    scored = sdk.lists.update_list_member(
        audience, made["id"], {"merge_fields": {"LEADSCORE": 91}}, skip_merge_validation=True
    )
    assert scored["merge_fields"]["LEADSCORE"] == 91
    tags = {"tags": [{"name": "High-Intent", "status": "active"}], "is_syncing": False}
    answer = sdk.lists.update_list_member_tags(audience, made["id"], tags)
    assert (isinstance(answer, requests.Response), answer.status_code) == (True, 204)
    found = sdk.lists.tag_search(audience, name="High")["tags"]
    assert [each["name"] for each in found] == ["High-Intent"]
    page = sdk.lists.get_list_members_info(
        audience, count=1000, sort_field="last_changed", sort_dir="ASC", fields=["members.id", "total_items"]
    )
    assert made["id"] in {each["id"] for each in page["members"]}
    sdk.lists.delete_list_member(audience, made["id"])
    assert sdk.lists.get_list_member(audience, made["id"])["status"] == "archived"


def test_errors_as_the_library_shows_them(visitor: Visitor) -> None:
    """A problem document is raised as text; an empty 429 is returned and not raised."""
    sdk = visitor.sdk()
    with pytest.raises(ApiClientError) as raised:
        sdk.lists.get_list("nowhere")
    assert raised.value.status_code == 404
    assert json.loads(raised.value.text)["title"] == "Resource Not Found"
    visitor.running.stage.faults.replace_all([Fault(FaultKind.EMPTY_ERROR, status=429)])
    answer = sdk.ping.get()
    assert (isinstance(answer, requests.Response), answer.status_code) == (True, 429)


def test_bulk_segments_batches_and_webhooks(visitor: Visitor) -> None:
    """The calls of a score writer."""
    sdk, audience = visitor.sdk(), visitor.main
    rows = [{"email_address": f"sdk{n}@example.com", "status": "subscribed"} for n in range(3)]
    assert sdk.lists.batch_list_members(audience, {"members": rows})["total_created"] == 3
    segment = sdk.lists.create_segment(audience, {"name": "Hot", "static_segment": []})
    body = {"members_to_add": [each["email_address"] for each in rows]}
    assert sdk.lists.batch_segment_members(body, audience, segment["id"])["total_added"] == 3
    operation = {"method": "GET", "path": f"/lists/{audience}/members", "params": {"count": "2"}}
    job = sdk.batches.start({"operations": [operation]})
    assert sdk.batches.status(job["id"])["status"] == "finished"
    assert sdk.lists.get_list_webhooks(audience)["total_items"] == 0
    sdk.lists.create_list_member_event(audience, "sdk0@example.com", {"name": "high_intent"})
    sdk.customerJourneys.trigger(7, 12, {"email_address": "sdk0@example.com"})
    assert [each.by for each in visitor.hub.flow_starts[-2:]] == ["event", "journey"]


def test_reports_and_orders_of_a_population(started: Starter) -> None:
    """What a generated account tells."""
    visitor = Visitor(started(filling=Filling(contacts=120))).install()
    sdk = visitor.sdk()
    campaigns = sdk.campaigns.list(status="sent", count=1000, sort_field="send_time", sort_dir="ASC")["campaigns"]
    times = [each["send_time"] for each in campaigns]
    assert times == sorted(times)
    activity = sdk.reports.get_email_activity_for_campaign(campaigns[0]["id"], count=1000)
    assert activity["total_items"] == campaigns[0]["emails_sent"] > 0
    assert "members" in sdk.reports.get_campaign_open_details(campaigns[0]["id"])
    assert sdk.ecommerce.orders(count=1000)["total_items"] > 0
