"""The call-out of a Flow or of Apex in the org: a signed word that records changed.

The body is ``{"records": [{"id", "event", "at"}]}``. The text that is signed is
``<timestamp>.<raw body>``; the headers are ``X-Lead-Score-Timestamp`` (epoch seconds) and
``X-Lead-Score-Signature: sha256=<hex of HMAC-SHA256>``. The address holds a secret of the
connection, which the caller has checked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import orjson

from connector.adapters.salesforce.ids import object_of, to_18
from connector.adapters.salesforce.values import UnreadableError, iso, moment
from connector.errors import RejectedInput
from connector.records import WebhookHint

SIGNATURE = "x-lead-score-signature"
TIMESTAMP = "x-lead-score-timestamp"
FRESH = 300
"""Seconds between the org's clock and ours, either way."""

MOST = 2000
"""Records of one delivery; a trigger runs for 200 at a time."""


def verify(secrets: Iterable[str], headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Raise ``RejectedInput`` unless one of ``secrets`` signed exactly this body within the last five minutes."""
    lower = {name.lower(): value for name, value in headers.items()}
    stamp, given = lower.get(TIMESTAMP, ""), lower.get(SIGNATURE, "")
    if not given:
        raise RejectedInput("The request carries no X-Lead-Score-Signature header.")
    if not re.fullmatch(r"[0-9]{10}", stamp):
        raise RejectedInput("The header X-Lead-Score-Timestamp is not a time in seconds.")
    if abs(now.astimezone(UTC).timestamp() - int(stamp)) > FRESH:
        raise RejectedInput("The request was signed more than five minutes away from now.")
    signed = [signature(secret, stamp, body).encode() for secret in secrets]
    if not any(hmac.compare_digest(expected, given.encode("utf-8", "surrogateescape")) for expected in signed):
        raise RejectedInput("The signature does not belong to this request.")


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the header's value for ``body`` signed at ``stamp``."""
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


def parse(account_id: str, body: bytes) -> list[WebhookHint]:
    """Return a hint for each record named in a delivery; raise ``RejectedInput`` if it can't be read."""
    try:
        found = orjson.loads(body)
        records = found.get("records") if isinstance(found, dict) else None
        if not isinstance(records, list) or len(records) > MOST:
            raise UnreadableError("it holds no list of records")
        return [_hint(account_id, record) for record in records]
    except (orjson.JSONDecodeError, UnreadableError) as reason:
        raise RejectedInput(f"The webhook body can't be read: {reason}.") from None


def _hint(account_id: str, record: object) -> WebhookHint:
    if not isinstance(record, dict):
        raise UnreadableError("a record is not an object")
    record_id = to_18(record.get("id"))
    event = str(record.get("event") or "changed")[:40]
    at = moment(record.get("at"), "the time of a record's event")
    key = f"{account_id}:{record_id}:{event}:{iso(at)}"
    # Another object's change (a task, an opportunity) is a reason to read the streams on.
    return WebhookHint(account_id, key, event, record_id if object_of(record_id) else None, at)
