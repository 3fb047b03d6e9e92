"""The conformance suite runs over every vendor of the registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connector.adapters.registry import REGISTRY
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import MailchimpWorld
from tests.contract.salesforce_world import SalesforceWorld
from tests.contract.world import VendorWorld

PEOPLE = 230
"""Persons of a filled account: more than any page holds."""

WORLDS: dict[str, Callable[[], VendorWorld]] = {
    "hubspot": HubSpotWorld,
    "mailchimp": MailchimpWorld,
    "salesforce": SalesforceWorld,
}


@pytest.fixture(params=sorted(REGISTRY))
def world(request: pytest.FixtureRequest) -> Iterator[VendorWorld]:
    """A running stand-in with an empty account; a vendor without one fails the suite."""
    made = WORLDS[request.param]()
    yield made
    made.stop()


@pytest.fixture
def filled(world: VendorWorld) -> VendorWorld:
    """A stand-in whose account has people with a past."""
    world.fill(PEOPLE)
    return world
