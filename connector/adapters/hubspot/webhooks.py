"""HubSpot's webhooks: the v3 signature and the events.

The rules are those of
https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation.
The SDK's helper is not used: it decodes no escapes, takes times in the future and falls
back to the unstamped older signatures.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from connector.adapters.hubspot.values import UnreadableError, identifier, milliseconds, moment
from connector.errors import RejectedInput
from connector.records import WebhookHint

SIGNATURE = "x-hubspot-signature-v3"
TIMESTAMP = "x-hubspot-request-timestamp"
FRESH = 300_000
"""Milliseconds between HubSpot's clock and ours, either way."""

ESCAPES = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
"""The only escapes that HubSpot undoes in the address before signing it."""

_ESCAPE = re.compile("|".join(ESCAPES), re.IGNORECASE)


def verify(secret: str, method: str, url: str, headers: Mapping[str, str], body: bytes, *, now: datetime) -> None:
    """Raise ``RejectedInput`` unless HubSpot signed exactly this request within the last five minutes.

    ``url`` is the public address that HubSpot called, ``body`` the raw bytes as received.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    given, stamp = lower.get(SIGNATURE, ""), lower.get(TIMESTAMP, "")
    if not given:
        raise RejectedInput("The request carries no X-HubSpot-Signature-v3 header.")
    if not (stamp.isascii() and re.fullmatch(r"\d{13}", stamp)):
        raise RejectedInput("The header X-HubSpot-Request-Timestamp is not a time in milliseconds.")
    if abs(milliseconds(now) - int(stamp)) > FRESH:
        raise RejectedInput("The request was signed more than five minutes away from now.")
    expected = signature(secret, method, url, body, stamp)
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape")):
        raise RejectedInput("The signature does not belong to this request.")


def signature(secret: str, method: str, url: str, body: bytes, stamp: str) -> str:
    """Return base64 of HMAC-SHA256 over method, address, body and timestamp, without separators."""
    address = _ESCAPE.sub(lambda match: ESCAPES[match.group().upper()], url)
    signed = f"{method.upper()}{address}".encode() + body + stamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def parse(body: bytes) -> list[WebhookHint]:
    """Return a hint for each person named in a delivery; raise ``RejectedInput`` if it is no list of events."""
    try:
        events = orjson.loads(body)
        if not isinstance(events, list):
            raise UnreadableError("the body is not a list")
        return [hint for event in events for hint in _hints(event)]
    except (orjson.JSONDecodeError, UnreadableError) as reason:
        raise RejectedInput(f"The webhook body can't be read: {reason}.") from None


def _hints(event: object) -> Iterator[WebhookHint]:
    if not isinstance(event, dict):
        raise UnreadableError("an event is not an object")
    kind = str(event.get("subscriptionType", ""))
    account_id = identifier(event, "portalId")
    at = moment(event.get("occurredAt"), "occurredAt")
    erased = kind.endswith(".privacyDeletion")
    for record_id in _persons(kind, event):
        yield WebhookHint(account_id, _dedupe_key(event, record_id), kind, record_id, at, erased)


def _dedupe_key(event: Mapping[str, Any], record_id: str | None) -> str:
    """Join what tells deliveries apart: ``eventId`` alone is documented not to be unique."""
    names = ("portalId", "subscriptionType", "objectId", "eventId", "occurredAt", "propertyName")
    return ":".join([*(str(event.get(name, "")) for name in names), record_id or ""])


def _persons(kind: str, event: Mapping[str, Any]) -> list[str | None]:
    """Return the contacts to read again; None where the event only tells that something of the account changed."""
    noun, _, verb = kind.partition(".")
    if noun != "contact" and event.get("objectTypeId") != "0-1":
        return [None]
    if verb == "merge":
        lost = event.get("mergedObjectIds")
        named = [event.get("newObjectId"), event.get("primaryObjectId"), *(lost if isinstance(lost, list) else [lost])]
    elif verb == "associationChange":
        towards = str(event.get("associationType", "")).endswith("_TO_CONTACT")
        named = [event.get("toObjectId" if towards else "fromObjectId")]
    else:
        named = [event.get("objectId")]
    found = [str(item) for item in named if isinstance(item, str | int) and not isinstance(item, bool)]
    return list(dict.fromkeys(found)) or [None]
