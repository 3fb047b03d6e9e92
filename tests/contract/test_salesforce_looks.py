"""The quick look at an org: one request, and our own writes are no news."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.salesforce_world import SalesforceWorld


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


def test_a_new_lead_is_seen(org: SalesforceWorld) -> None:
    """The reason for the look."""
    grant, mark = org.install(), org.clock.now()
    org.clock.sleep(5)
    org.add_person("new@firm.example.com")
    org.wait()
    assert org.connect(grant).changed_since(mark)
