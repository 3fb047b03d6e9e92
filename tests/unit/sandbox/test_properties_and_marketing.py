"""Property definitions, pipelines, marketing events, forms and web events of the HubSpot sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hubspot.crm.properties import ApiException

from connector.sandbox import Filling, Portal
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.visitor import Visitor

PROPERTIES = "/crm/properties/2026-03/contacts"


def number(name: str) -> dict[str, Any]:
    """A number property's definition."""
    return {
        "name": name,
        "label": name,
        "type": "number",
        "fieldType": "number",
        "groupName": "contactinformation",
    }


def test_a_property_can_be_made_once_and_written(visitor: Visitor) -> None:
    """201, then 409 with its sub-category; the new property takes values."""
    made = visitor.post(PROPERTIES, number("my_score"))
    assert (made.status_code, made.json()["hubspotDefined"]) == (201, False)
    again = visitor.post(PROPERTIES, number("my_score"))
    assert (again.status_code, again.json()["category"]) == (409, "OBJECT_ALREADY_EXISTS")
    assert again.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    contact = visitor.contact()
    path = f"/crm/objects/2026-03/contacts/{contact}"
    visitor.session.patch(visitor.origin + path, json={"properties": {"my_score": 87.5}})
    assert visitor.get(path, properties="my_score").json()["properties"]["my_score"] == "87.5"


def test_the_client_library_reads_definitions(visitor: Visitor) -> None:
    """Types, options and read-only flags come through HubSpot's own models."""
    api = visitor.sdk().crm.properties.core_api
    by_name = {each.name: each for each in api.get_all("contacts").results}
    assert "customer" in [each.value for each in by_name["lifecyclestage"].options]
    assert by_name["num_associated_deals"].modification_metadata.read_only_value
    with pytest.raises(ApiException) as refused:
        api.get_by_name("contacts", "no_such_thing")
    assert refused.value.status == 404


def test_an_archived_name_is_restored_by_creating_it(visitor: Visitor) -> None:
    """A name in the archive is free again."""
    visitor.post(PROPERTIES, number("once"))
    assert visitor.session.delete(f"{visitor.origin}{PROPERTIES}/once").status_code == 204
    assert visitor.get(f"{PROPERTIES}/once").status_code == 404
    assert visitor.post(PROPERTIES, number("once")).status_code == 201


def test_groups_and_bad_definitions(visitor: Visitor) -> None:
    """A group exists once; a property needs an existing group, a fit type and a plain name."""
    group = {"name": "our_group", "label": "Ours"}
    assert visitor.post(f"{PROPERTIES}/groups", group).status_code == 201
    assert visitor.post(f"{PROPERTIES}/groups", group).status_code == 409
    assert "our_group" in [each["name"] for each in visitor.get(f"{PROPERTIES}/groups").json()["results"]]
    wrong = ({"groupName": "none"}, {"fieldType": "select"}, {"name": "Has Blank"}, {"label": ""})
    assert [visitor.post(PROPERTIES, number("fine") | each).status_code for each in wrong] == [400] * 4


def test_batch_create_reports_what_exists(visitor: Visitor) -> None:
    """A known name among new ones is reported in a 207."""
    visitor.post(PROPERTIES, number("known"))
    answer = visitor.post(f"{PROPERTIES}/batch/create", {"inputs": [number("known"), number("fresh")]})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert [each["name"] for each in answer.json()["results"]] == ["fresh"]


def test_the_quota_of_custom_properties(started: Starter) -> None:
    """Past the tier's quota a property is refused, and the limits endpoint tells why."""
    visitor = Visitor(started(portals=(Portal(custom_property_quota=1),))).install()
    assert visitor.post(PROPERTIES, number("first")).status_code == 201
    assert visitor.post(PROPERTIES, number("second")).status_code == 400
    told = visitor.get("/crm/limits/2026-03/custom-properties").json()
    assert (told["overallUsage"], told["overallLimit"]) == (1, 1)


def test_pipelines_tell_won_from_lost(visitor: Visitor) -> None:
    """Stage metadata carries probability and isClosed as text."""
    pipeline = visitor.sdk().crm.pipelines.pipelines_api.get_all("deals").results[0]
    metadata = {stage.id: stage.metadata for stage in pipeline.stages}
    assert metadata["closedwon"]["probability"] == "1.0"
    assert metadata["closedlost"] == {"probability": "0.0", "isClosed": "true"}
    assert metadata["qualifiedtobuy"]["isClosed"] == "false"


@pytest.fixture(scope="module")
def small() -> Filling:
    """A small generated population."""
    return Filling(contacts=120, now=datetime(2026, 2, 1, tzinfo=UTC))


def test_email_events_are_paged_newest_first(started: Starter, small: Filling) -> None:
    """Every event comes once, newest first, to the end; 1,000 a page at most."""
    visitor = Visitor(started(filling=small)).install()
    path, seen, offset = "/email/public/v1/events", [], ""
    while True:
        page = visitor.get(path, limit=400, **({"offset": offset} if offset else {})).json()
        seen += page["events"]
        if not page["hasMore"]:
            break
        offset = page["offset"]
    assert len(seen) > 800
    assert len({each["id"] for each in seen}) == len(seen)
    times = [each["created"] for each in seen]
    assert times == sorted(times, reverse=True)
    assert visitor.get(path, limit=1001).status_code == 400


def test_email_events_are_filtered(started: Starter, small: Filling) -> None:
    """By time, kind, recipient, and without those that HubSpot holds for a machine's."""
    visitor = Visitor(started(filling=small)).install()

    def events(**asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = visitor.get("/email/public/v1/events", limit=1000, **asked).json()["events"]
        return found

    clicks = events(eventType="CLICK")
    assert all(each["url"].startswith("https://www.example.com/") for each in clicks)
    middle = clicks[len(clicks) // 2]["created"]
    assert {each["created"] >= middle for each in events(startTimestamp=middle)} == {True}
    assert {each["created"] <= middle for each in events(endTimestamp=middle)} == {True}
    recipient = clicks[0]["recipient"]
    assert {each["recipient"] for each in events(recipient=recipient)} == {recipient}
    assert any(each["filteredEvent"] for each in events(eventType="OPEN"))
    assert not any(each["filteredEvent"] for each in events(eventType="OPEN", excludeFilteredEvents="true"))


def test_forms_and_submissions(started: Starter, small: Filling) -> None:
    """Submissions carry address and time, newest first, 50 a page."""
    visitor = Visitor(started(filling=small)).install()
    forms = visitor.get("/marketing/v3/forms", limit=2).json()
    assert len(forms["results"]) == 2
    rest = visitor.get("/marketing/v3/forms", limit=50, after=forms["paging"]["next"]["after"]).json()["results"]
    path = "/form-integrations/v1/submissions/forms"
    submissions = []
    for form in forms["results"] + rest:
        page = visitor.get(f"{path}/{form['id']}", limit=5).json()
        submissions += page["results"]
        while "paging" in page:
            page = visitor.get(f"{path}/{form['id']}", limit=5, after=page["paging"]["next"]["after"]).json()
            submissions += page["results"]
    assert len({each["conversionId"] for each in submissions}) == len(submissions) > 20
    assert submissions[0]["values"][0]["name"] == "email"
    assert visitor.get(f"{path}/{forms['results'][0]['id']}", limit=51).status_code == 400
    assert visitor.get(f"{path}/no-such-form").status_code == 404


def test_web_events_are_for_the_enterprise_tier(started: Starter, small: Filling) -> None:
    """403 below Enterprise; there, one contact's page views with their addresses."""
    asked = {"objectType": "contact"}
    ordinary = Visitor(started(filling=small)).install()
    refused = ordinary.get("/events/event-occurrences/2026-03", **asked, objectId="1")
    assert refused.status_code == 403
    visitor = Visitor(started(filling=small, portals=(Portal(tier="enterprise"),))).install()
    contacts = visitor.get("/crm/objects/2026-03/contacts", limit=100).json()["results"]
    views = [
        each
        for contact in contacts
        for each in visitor.get("/events/v3/events", **asked, objectId=contact["id"]).json()["results"]
    ]
    assert {each["eventType"] for each in views} == {"e_visited_page"}
    assert views[0]["properties"]["hs_url"].startswith("https://www.example.com/")


def test_what_happens_at_run_time_is_served(visitor: Visitor) -> None:
    """Events made through the controls appear where the API shows such events."""
    made = visitor.contact(email="live@example.com")
    for kind in ("form", "email_open", "email_click", "meeting", "call", "email_reply", "note", "deal_lost"):
        assert visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}/events", {"kind": kind}).status_code == 201
    assert visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}/events", {"kind": "sneeze"}).status_code == 400
    events = visitor.get("/email/public/v1/events", recipient="live@example.com").json()["events"]
    assert {each["type"] for each in events} == {"OPEN", "CLICK"}
    linked = visitor.get(
        f"/crm/objects/2026-03/contacts/{made}", associations="meetings,calls,emails,notes,deals"
    ).json()
    assert set(linked["associations"]) == {"meetings", "calls", "emails", "notes", "deals"}


@pytest.mark.parametrize("kind", ["0-5", "tickets", "ticket", "0-18", "postal_mail", "0-136", "goal_targets", "0-19"])
def test_types_that_nobody_fills_have_definitions_and_no_records(visitor: Visitor, kind: str) -> None:
    """A client that asks for every standard type by any of its spellings finds it empty, not unknown."""
    found = visitor.get(f"/crm/properties/2026-03/{kind}").json()["results"]
    assert "hs_object_id" in {each["name"] for each in found}
    assert visitor.get(f"/crm/objects/2026-03/{kind}").json()["results"] == []
