"""Call-outs of the org: signature and body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.contract import AppCredentials, Delivery
from connector.adapters.salesforce.app import SalesforceApp
from connector.adapters.salesforce.webhooks import MOST, parse, signature, verify
from connector.errors import RejectedInput

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
SECRET = "s" * 32
BODY = orjson.dumps({"records": [{"id": "00Q000000000001", "event": "created", "at": "2026-03-02T09:00:00Z"}]})
HEADERS = {"X-Lead-Score-Timestamp": STAMP, "X-Lead-Score-Signature": signature(SECRET, STAMP, BODY)}
APP = SalesforceApp(AppCredentials("id", "secret", None, None, "https://us.example/callback", ""))


def test_a_signed_call_is_taken() -> None:
    """By any of the connection's secrets, so that they can be changed without a gap."""
    verify(["old", SECRET], HEADERS, BODY, NOW)
    verify([SECRET], {name.lower(): value for name, value in HEADERS.items()}, BODY, NOW + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("headers", "body", "now"),
    [
        ({}, BODY, NOW),
        (HEADERS, BODY + b" ", NOW),
        (HEADERS, BODY, NOW + timedelta(minutes=6)),
        (HEADERS, BODY, NOW - timedelta(minutes=6)),
        ({**HEADERS, "X-Lead-Score-Timestamp": str(int(STAMP) + 1)}, BODY, NOW),
        ({**HEADERS, "X-Lead-Score-Timestamp": "٣٣٣٣٣٣٣٣٣٣"}, BODY, NOW),
        ({**HEADERS, "X-Lead-Score-Signature": "sha256=é\udce9"}, BODY, NOW),
    ],
)
def test_any_other_is_refused(headers: dict[str, str], body: bytes, now: datetime) -> None:
    """No signature, another body, an old one, another time, another script."""
    with pytest.raises(RejectedInput):
        verify([SECRET], headers, body, now)


def test_a_call_to_no_connections_address_is_refused() -> None:
    """The address is what names the org, so a call without one means nothing."""
    delivery = Delivery("POST", "https://us.example/webhooks/salesforce", HEADERS, BODY, secrets=(SECRET,))
    with pytest.raises(RejectedInput, match="address of one connection"):
        APP.verify_webhook(delivery, NOW)
    with pytest.raises(RejectedInput, match="address of one connection"):
        APP.parse_webhook(delivery)


def test_a_hint_names_the_record_in_full_and_stays_the_same() -> None:
    """A repeated call has the same key; another object's record is a reason to read on."""
    (hint,) = parse("00D1", BODY)
    assert (hint.account_id, hint.record_id, hint.kind) == ("00D1", "00Q000000000001EAA", "created")
    assert parse("00D1", BODY)[0].dedupe_key == hint.dedupe_key
    other = orjson.dumps({"records": [{"id": "00T000000000001", "event": "created", "at": "2026-03-02T09:00:00Z"}]})
    assert parse("00D1", other)[0].record_id is None


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists).map(orjson.dumps))
def test_a_hostile_body_is_refused(body: bytes) -> None:
    """Never a crash, whatever was signed."""
    with pytest.raises(RejectedInput):
        parse("00D1", body)


def test_a_flood_of_records_is_refused() -> None:
    """One call names at most what a transaction can have changed."""
    body = orjson.dumps({"records": [{"id": "00Q000000000001", "at": "2026-03-02T09:00:00Z"}] * (MOST + 1)})
    with pytest.raises(RejectedInput):
        parse("00D1", body)
