"""Automations that our writes would set off are named, as far as each CRM lets an app read them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.adapters.contract import CrmAdapter
from connector.errors import MissingPermission
from connector.records import Listener
from connector.sandbox.hubspot.workflows import workflow
from connector.sandbox.mailchimp.records import Automation
from connector.sandbox.salesforce.flows import add_flow
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import MailchimpWorld
from tests.contract.salesforce_world import SalesforceWorld

CHANGED = {
    "type": "EVENT_BASED",
    "eventFilterBranches": [
        {
            "eventTypeId": "4-655002",
            "filters": [{"property": "hs_name", "operation": {"operator": "IS_EQUAL_TO", "value": "lead_score_tier"}}],
        }
    ],
}
BY_LIST = {
    "type": "LIST_BASED",
    "listFilterBranch": {"filterBranches": [{"filters": [{"property": "lead_score", "filterType": "PROPERTY"}]}]},
}
OTHER = {"type": "LIST_BASED", "listFilterBranch": {"filters": [{"property": "city", "filterType": "PROPERTY"}]}}


def heard(adapter: CrmAdapter) -> dict[str, Listener]:
    """Ask for those that listen to the score fields as they are called in the account."""
    names = adapter.ensure_score_fields()
    return {item.name: item for item in adapter.listeners(list(names.values()))}


@pytest.fixture
def portal() -> Iterator[HubSpotWorld]:
    """A portal with a few workflows."""
    world = HubSpotWorld()
    world.account.workflows = [
        workflow(1, "Call them", CHANGED),
        workflow(2, "Old nurture", BY_LIST, enabled=False),
        workflow(3, "By city", OTHER),
        workflow(4, "Deal desk", BY_LIST, of="0-3"),
    ]
    yield world
    world.stop()


def test_hubspots_workflows_are_found_by_what_they_start_by(portal: HubSpotWorld) -> None:
    """A property's change or a filter, however deep; those of other objects are none of ours."""
    found = heard(portal.connect())
    assert set(found) == {"Call them", "Old nurture"}
    assert (found["Call them"].active, found["Call them"].listens_to) == (True, ("lead_score_tier",))
    assert not found["Old nurture"].active
    assert str(found["Call them"].url).endswith("/platform/flow/1/edit")


def test_hubspots_workflows_are_read_page_by_page(portal: HubSpotWorld) -> None:
    """None is lost behind the first hundred."""
    portal.account.workflows += [workflow(number, f"W{number}", OTHER) for number in range(10, 210)]
    portal.account.workflows.append(workflow(999, "The last", CHANGED))
    assert "The last" in heard(portal.connect())


def test_a_portal_that_did_not_grant_it_says_so() -> None:
    """The scope is optional: the admin then looks for themselves."""
    world = HubSpotWorld(unavailable=("automation",))
    try:
        with pytest.raises(MissingPermission, match="automation"):
            world.connect().listeners(["lead_score"])
    finally:
        world.stop()


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org with a few flows."""
    world = SalesforceWorld()
    lead = {"object": "Lead", "recordTriggerType": "CreateAndUpdate"}
    tier = [{"field": "Lead_Score_Tier__c", "operator": "IsChanged"}]
    status = [{"field": "Status", "operator": "EqualTo"}]
    add_flow(world.hub, "Call them", {**lead, "filters": tier})
    add_flow(world.hub, "By formula", {**lead, "filterFormula": "{!$Record.Lead_Score__c} > 80"}, active=False)
    add_flow(world.hub, "Each save", lead)
    add_flow(world.hub, "While open", {**lead, "filters": status})
    add_flow(world.hub, "Once open", {**lead, "filters": status, "doesRequireRecordChangedToMeetCriteria": True})
    add_flow(world.hub, "New ones", {**lead, "recordTriggerType": "Create"})
    add_flow(world.hub, "Accounts", {**lead, "object": "Account"})
    add_flow(world.hub, "Screen", {})
    add_flow(world.hub, "Packaged", None)
    yield world
    world.stop()


def test_salesforces_flows_are_found_by_what_they_run_at(org: SalesforceWorld) -> None:
    """By our fields, by a formula, and those that run at every change; one of a package can't be looked into."""
    found = heard(org.connect())
    assert {name: item.listens_to for name, item in found.items()} == {
        "Call them": ("Lead_Score_Tier__c",),
        "By formula": ("Lead_Score__c",),
        "Each save": ("every change of a Lead whatever changed",),
        "While open": ("every change of a Lead that meets its conditions",),
        "Packaged": ("its conditions can't be read: it belongs to a package",),
    }
    assert (found["Call them"].active, found["By formula"].active) == (True, False)
    assert "flowId=301" in str(found["Call them"].url)


def test_an_org_that_hides_its_flows_says_so(org: SalesforceWorld) -> None:
    """A user who may not view the setup sees no such object."""
    adapter = org.connect()
    adapter.ensure_score_fields()
    del org.hub.schema.objects["FlowDefinitionView"]
    with pytest.raises(MissingPermission):
        adapter.listeners(["Lead_Score__c"])


@pytest.fixture
def account() -> Iterator[MailchimpWorld]:
    """A Mailchimp account with classic automations."""
    world = MailchimpWorld()
    yield world
    world.stop()


def test_mailchimps_classic_automations_are_found_by_their_segment(account: MailchimpWorld) -> None:
    """By the merge field or by the tag's number; newer flows are on the admin's list."""
    adapter = account.connect()
    names = adapter.ensure_score_fields()
    tag = next(
        number
        for number, each in account.main.segments.items()
        if each.name.lower() == names["lead_score_tier"].lower()
    )

    def automate(title: str, status: str, **options: object) -> None:
        made = Automation(title, account.main.list_id, title, account.hub.now_ms(), status=status, segment=options)
        account.hub.automations[title] = made

    by_field = [{"condition_type": "TextMerge", "field": names["lead_score"], "op": "greater", "value": "80"}]
    by_tag = [{"condition_type": "StaticSegment", "field": "static_segment", "op": "static_is", "value": tag}]
    automate("By score", "sending", conditions=by_field)
    automate("By tag", "paused", conditions=by_tag)
    automate("Saved", "sending", saved_segment_id=tag)
    automate("Welcome", "sending", conditions=[{"field": "FNAME", "op": "is", "value": "Ann"}])
    found = {item.name: item for item in account.connect().listeners(list(names.values()))}
    assert {name: (item.active, item.listens_to) for name, item in found.items()} == {
        "By score": (True, (names["lead_score"],)),
        "By tag": (False, (names["lead_score_tier"],)),
        "Saved": (True, (names["lead_score_tier"],)),
    }
