"""The quick look at an org: one request, and our own writes are no news."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.adapters.salesforce.glance import LOOKED_AT
from connector.sandbox.salesforce import changes
from connector.sandbox.salesforce.composite import MOST_QUERIES
from tests.contract.salesforce_world import SalesforceWorld

LOUD = 3
"""Requests of a look that finds something: who we are, and whether it was us."""


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org with a few leads."""
    world = SalesforceWorld()
    world.fill(3)
    yield world
    world.stop()


def test_a_quiet_org_costs_one_request(org: SalesforceWorld) -> None:
    """The usual answer, each minute."""
    adapter, before = org.connect(org.install()), org.requests()
    assert not adapter.changed_since(org.clock.now())
    assert org.requests() == before + 1


def test_a_sellers_change_is_seen_and_ours_is_not(org: SalesforceWorld) -> None:
    """Also where both came; a change before the mark is old."""
    grant, lead = org.install(), org.leads()[0]
    mark = org.clock.now()
    org.clock.sleep(5)
    org.change(org.leads(), {"Title": "Head"}, by_us=True)
    org.wait()
    assert not org.connect(grant).changed_since(mark)
    org.change([lead], {"Title": "Buyer"})
    org.wait()
    assert org.connect(grant).changed_since(mark)
    org.clock.sleep(5)
    assert not org.connect(grant).changed_since(org.clock.now())


@pytest.mark.parametrize("kind", ["new lead", "form", "task", "meeting", "email_reply"])
def test_what_a_person_does_is_seen(org: SalesforceWorld, kind: str) -> None:
    """Also where the lead itself stays as it was."""
    grant, lead, mark = org.install(), org.leads()[0], org.clock.now()
    org.clock.sleep(5)
    if kind == "new lead":
        org.add_person("new@firm.example.com")
    else:
        org.happen(lead, kind)
    org.wait()
    before = org.requests()
    assert org.connect(grant).changed_since(mark)
    assert org.requests() - before == LOUD


def test_what_our_writes_set_off_in_the_org_is_no_news(org: SalesforceWorld) -> None:
    """A flow that makes a task of a score runs as our user: it would be read and scored for ever."""
    grant, lead, mark = org.install(), org.leads()[0], org.clock.now()
    org.clock.sleep(5)
    ours = replace(org.hub.user(), user_id=org.hub.people.integration)
    with org.sandbox.stage.lock:
        changes.create(org.hub, "Task", {"WhoId": lead, "Subject": "Call", "Status": "Not Started"}, ours)
    org.wait()
    assert not org.connect(grant).changed_since(mark)


def test_a_hidden_object_does_not_blind_the_look(org: SalesforceWorld) -> None:
    """What is refused tells nothing; the others do."""
    grant, mark = org.install(), org.clock.now()
    for source in ("Task", "Event", "CampaignMember"):
        del org.hub.schema.objects[source]
    org.clock.sleep(5)
    org.wait()
    assert not org.connect(grant).changed_since(mark)
    org.change(org.leads(), {"Title": "Head"})
    org.wait()
    assert org.connect(grant).changed_since(mark)


def test_a_look_counts_once_for_the_org(org: SalesforceWorld) -> None:
    """Five queries in one request are one request of the day."""
    adapter, used = org.connect(org.install()), org.hub.usage.used
    adapter.changed_since(org.clock.now())
    assert org.hub.usage.used == used + 1
    assert len(LOOKED_AT) == MOST_QUERIES
