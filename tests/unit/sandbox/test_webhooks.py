"""Webhooks of the HubSpot sandbox: what is told, how it is signed, what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hubspot.utils.signature import Signature

from connector.sandbox import Webhooks
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.listener import Listener
from tests.unit.sandbox.visitor import Visitor

SUBSCRIPTIONS = (
    "contact.creation",
    "contact.deletion",
    "contact.merge",
    "contact.privacyDeletion",
    "contact.propertyChange:jobtitle",
)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that answers 200."""
    made = Listener()
    yield made
    made.stop()


def test_subscribed_changes_are_told_and_signed(started: Starter, listener: Listener) -> None:
    """Creation and a subscribed property are told with signatures that HubSpot's own helper accepts."""
    visitor = Visitor(started(webhooks=Webhooks(listener.url, SUBSCRIPTIONS)))
    made = visitor.contact(email="told@example.com", jobtitle="Buyer")
    listener.wait(lambda: len(listener.events()) >= 2)
    kinds = {(event["subscriptionType"], event.get("propertyName")) for event in listener.events()}
    assert kinds == {("contact.creation", None), ("contact.propertyChange", "jobtitle")}
    assert {(event["objectId"], event["portalId"]) for event in listener.events()} == {(int(made), 4711001)}
    for headers, body in listener.requests:
        assert Signature.is_valid(
            signature=headers["X-HubSpot-Signature-v3"],
            client_secret="sandbox-secret",
            request_body=body.decode(),
            http_uri=listener.url,
            http_method="POST",
            signature_version="v3",
            timestamp=headers["X-HubSpot-Request-Timestamp"],
        )
        assert Signature.is_valid(
            signature=headers["X-HubSpot-Signature"],
            client_secret="sandbox-secret",
            request_body=body.decode(),
            signature_version="v1",
        )


def test_merge_erasure_and_deletion_are_told(started: Starter, listener: Listener) -> None:
    """A merge names both ids and the survivor; an erasure is told as privacyDeletion and as deletion."""
    visitor = Visitor(started(webhooks=Webhooks(listener.url, SUBSCRIPTIONS)))
    winner, loser = visitor.contacts(2, "merge")
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{loser}/merge", {"into": winner})
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{winner}/gdpr-delete")
    listener.wait(lambda: any(event["subscriptionType"] == "contact.deletion" for event in listener.events()))
    by_kind = {event["subscriptionType"]: event for event in listener.events()}
    merged = by_kind["contact.merge"]
    assert (merged["primaryObjectId"], merged["mergedObjectIds"], merged["newObjectId"]) == (
        int(winner),
        [int(loser)],
        int(winner),
    )
    assert by_kind["contact.privacyDeletion"]["objectId"] == int(winner)


def test_refused_deliveries_are_repeated_with_their_number(started: Starter) -> None:
    """Anything but a 2xx is tried again, with attemptNumber counting up."""
    listener = Listener(refusals=2)
    try:
        visitor = Visitor(started(webhooks=Webhooks(listener.url, ("contact.creation",), retry_factor=0.0005)))
        visitor.contact()
        listener.wait(lambda: len(listener.requests) >= 3)
        assert [event["attemptNumber"] for event in listener.events()] == [0, 1, 2]
        assert len({event["eventId"] for event in listener.events()}) == 1
    finally:
        listener.stop()


def test_nothing_is_told_without_a_subscription_or_while_filling(started: Starter, listener: Listener) -> None:
    """Other properties are silent; the address can be set while the sandbox runs."""
    visitor = Visitor(started())
    visitor.contact(jobtitle="Buyer")
    visitor.admin("/app", {"webhook_url": listener.url, "subscriptions": ["contact.propertyChange:country"]})
    made = visitor.contact(jobtitle="Buyer")
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}", {"properties": {"country": "Spain"}})
    listener.wait(lambda: bool(listener.requests))
    assert [event["propertyName"] for event in listener.events()] == ["country"]
    assert visitor.get("/_sandbox/webhooks").status_code == 200
