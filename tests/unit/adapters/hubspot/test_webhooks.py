"""HubSpot's webhook signature and events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.adapters.contract import CardAsk
from connector.adapters.hubspot.cards import asked
from connector.adapters.hubspot.webhooks import parse, signature, verify
from connector.errors import RejectedInput

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URL = "https://www.example.com/webhook_uri"
BODY = b"{'example_field':'example_value'}"
STAMP = "1693657560000"
SIGNED = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
AT = datetime.fromtimestamp(1693657560, UTC)
HEADERS = {"X-HubSpot-Signature-v3": SIGNED, "X-HubSpot-Request-Timestamp": STAMP}


def test_the_published_vector_is_accepted() -> None:
    """HubSpot's own example verifies, whatever the case of the header names."""
    verify(SECRET, "POST", URL, HEADERS, BODY, now=AT)
    verify(SECRET, "POST", URL, {name.lower(): value for name, value in HEADERS.items()}, BODY, now=AT)


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (b"", "zTfXjo07jfzGouo4wvyAj3qEMUTVJ0PPYPACrluQtQI="),
        (b"{}", "bRPTUf7UOx1OqVAME6JSNfst9KxQYF5nRIUwG/KcQhQ="),
        (b'{"a":1,"b":2}', "aaknaCGCYJ4yqzuf1UKGqAWUfdcilJtm5nc/ZCudR9k="),
    ],
)
def test_requests_of_cards_are_signed_as_hubspots_own_proxy_signs_them(body: bytes, signed: str) -> None:
    """The vectors of the proxy for development in @hubspot/ui-extensions-dev-server 2.1.2."""
    secret = "12345678-aaaa-bbbb-cccc-ddddeeeeffff"
    assert signature(secret, "GET", "https://hubspot.com/?appId=1&portalId=2&userId=3", body, "1111111111") == signed


@pytest.mark.parametrize(
    "query",
    [
        "",
        "userId=7",
        "portalId=1",
        "portalId=&userId=7",
        "portalId=1&userId=x",
        "portalId=1&userId=7&portalId=1",
        "portalId=1&userId=7&PORTALID=2",
        "PortalId=1&userId=7",
        "portalId=1&userId=7&userId=8",
        "portalId=%31%00&userId=7",
        "portalId=1234567890123456789&userId=7",
    ],
)
def test_a_card_that_does_not_name_one_portal_and_one_user_is_refused(query: str) -> None:
    """Nothing that a reader of addresses might take for another's."""
    with pytest.raises(RejectedInput, match="exactly one"):
        asked(f"https://scores.example.com/cards/hubspot/records/1?{query}")


def test_a_card_asks_for_the_portal_and_user_that_hubspot_adds() -> None:
    url = "https://scores.example.com/cards/hubspot/records/1?x=2&userId=7&portalId=4711&userEmail=a%40b.c&appId=9"
    assert asked(url) == CardAsk("4711", "7")


@pytest.mark.parametrize("away", [timedelta(minutes=4, seconds=59), -timedelta(minutes=4, seconds=59)])
def test_five_minutes_either_way_are_taken(away: timedelta) -> None:
    """Clocks may differ a little."""
    verify(SECRET, "POST", URL, HEADERS, BODY, now=AT + away)


@pytest.mark.parametrize("away", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_old_and_future_signatures_are_refused(away: timedelta) -> None:
    """A delivery can be replayed neither later nor earlier."""
    with pytest.raises(RejectedInput, match="five minutes"):
        verify(SECRET, "POST", URL, HEADERS, BODY, now=AT + away)


@pytest.mark.parametrize(
    "stamp", ["", "169365756000", "16936575600000", "169365756000x", " 693657560000", "１６９３６５７５６００００"]
)
def test_a_timestamp_that_is_not_thirteen_digits_is_refused(stamp: str) -> None:
    """Missing, shorter, longer and odd timestamps."""
    with pytest.raises(RejectedInput, match="Timestamp"):
        verify(SECRET, "POST", URL, {**HEADERS, "X-HubSpot-Request-Timestamp": stamp}, BODY, now=AT)


def test_older_signature_versions_are_not_taken() -> None:
    """Versions 1 and 2 carry no timestamp, so version 3 is required."""
    with pytest.raises(RejectedInput, match="v3"):
        verify(SECRET, "POST", URL, {"X-HubSpot-Signature": SIGNED, "X-HubSpot-Request-Timestamp": STAMP}, BODY, now=AT)


@pytest.mark.parametrize(
    ("method", "url", "body", "secret"),
    [
        ("PUT", URL, BODY, SECRET),
        ("POST", URL + "/", BODY, SECRET),
        ("POST", URL, BODY + b" ", SECRET),
        ("POST", URL, BODY, SECRET[:-1]),
    ],
)
def test_any_other_request_is_refused(method: str, url: str, body: bytes, secret: str) -> None:
    """The signature covers method, address, body and secret."""
    with pytest.raises(RejectedInput, match="does not belong"):
        verify(secret, method, url, HEADERS, body, now=AT)


def test_only_the_listed_escapes_are_undone() -> None:
    """``%3A`` and its like are decoded before signing, ``%20`` and ``%26`` are not."""
    encoded = "https://x.example/a%3Ab%2fc?q=%40%20%26"
    decoded = "https://x.example/a:b/c?q=@%20%26"
    assert signature(SECRET, "POST", encoded, b"", STAMP) == signature(SECRET, "POST", decoded, b"", STAMP)
    assert signature(SECRET, "POST", encoded, b"", STAMP) != signature(SECRET, "POST", decoded[:-3] + "&", b"", STAMP)


@given(st.text(max_size=60))
def test_no_signature_text_crashes_the_check(given_signature: str) -> None:
    """Whatever the header says, the answer is a refusal."""
    with pytest.raises(RejectedInput):
        verify(SECRET, "POST", URL, {**HEADERS, "X-HubSpot-Signature-v3": given_signature}, BODY, now=AT)


EVENT = {
    "eventId": 7,
    "portalId": 42,
    "occurredAt": 1693657560000,
    "subscriptionType": "contact.propertyChange",
    "objectId": 101,
    "propertyName": "jobtitle",
    "attemptNumber": 0,
}


def test_an_event_becomes_a_hint_to_read_that_contact() -> None:
    """Account, person and time are kept; the value is not believed."""
    (hint,) = parse(orjson.dumps([EVENT]))
    assert (hint.account_id, hint.record_id, hint.occurred_at, hint.erased) == ("42", "101", AT, False)


def test_a_retry_has_the_same_key_and_another_property_has_not() -> None:
    """``eventId`` alone is not unique, and attempts do not count."""
    events = [EVENT, {**EVENT, "attemptNumber": 3}, {**EVENT, "propertyName": "country"}]
    first, again, other = (hint.dedupe_key for hint in parse(orjson.dumps(events)))
    assert first == again != other


def test_a_privacy_deletion_is_an_erasure() -> None:
    """The person asked to be forgotten."""
    (hint,) = parse(orjson.dumps([{**EVENT, "subscriptionType": "contact.privacyDeletion"}]))
    assert hint.erased


def test_a_merge_names_survivor_and_lost() -> None:
    """All ids of a merge are to be read again."""
    merge = {"primaryObjectId": 1, "mergedObjectIds": [1, 2], "newObjectId": 3}
    hints = parse(orjson.dumps([{**EVENT, "subscriptionType": "contact.merge", **merge}]))
    assert [hint.record_id for hint in hints] == ["3", "1", "2"]
    assert len({hint.dedupe_key for hint in hints}) == 3


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("mergedObjectIds", "primaryObjectId", "newObjectId", "objectId", "toObjectId", "fromObjectId", "objectTypeId")


@given(
    st.sampled_from(["contact.merge", "contact.associationChange", "contact.deletion", "object.merge"]),
    st.dictionaries(st.sampled_from(NAMES), ANYTHING, min_size=1, max_size=4),
)
@example("contact.merge", {"mergedObjectIds": 1e308})
def test_an_event_of_any_shape_is_read_or_refused(kind: str, bent: dict[str, Any]) -> None:
    """Whatever stands where an id or a list of ids should."""
    try:
        hints = parse(orjson.dumps([{**EVENT, "subscriptionType": kind, **bent}]))
    except RejectedInput:
        return
    assert hints


def test_a_deal_is_a_hint_without_a_person() -> None:
    """What changed elsewhere in the account is found by the next sync."""
    (hint,) = parse(orjson.dumps([{**EVENT, "subscriptionType": "deal.propertyChange"}]))
    assert hint.record_id is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[1]", b'[{"portalId": 1}]', b"\xff"])
def test_a_body_that_is_no_list_of_events_is_refused(body: bytes) -> None:
    """The sender learns that it can't be read."""
    with pytest.raises(RejectedInput, match="can't be read"):
        parse(body)
