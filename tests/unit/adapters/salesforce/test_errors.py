"""Salesforce's refusals → what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.errors import classify, parse_refusal, sentence
from connector.errors import ConnectorError, Disconnected, MissingPermission, NeedsAdmin, RetryLater


def error_of(status: int, code: str, message: str = "") -> ConnectorError:
    """Return what an error body leads to."""
    return classify(parse_refusal("query", status, [{"message": message, "errorCode": code}]))


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Disconnected),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", RetryLater),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.", RetryLater),
        (403, "API_DISABLED_FOR_ORG", "", NeedsAdmin),
        (403, "INSUFFICIENT_ACCESS", "", MissingPermission),
        (400, "INVALID_TYPE", "sObject type 'X' is not supported.", MissingPermission),
        (400, "INVALID_FIELD", "No such column 'X' on entity 'Lead'.", NeedsAdmin),
        (400, "QUERY_TIMEOUT", "", RetryLater),
        (503, "SERVER_UNAVAILABLE", "", RetryLater),
        (410, "UNSUPPORTED_API_VERSION", "", NeedsAdmin),
    ],
)
def test_each_refusal_says_what_to_do(status: int, code: str, message: str, kind: type[ConnectorError]) -> None:
    """Retry, ask the admin, or stop."""
    assert type(error_of(status, code, message)) is kind


def test_the_two_limits_differ() -> None:
    """A full day is waited for much longer than a full moment, and not asked again at once."""
    day = parse_refusal("q", 403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
    crowd = parse_refusal("q", 403, [{"message": "ConcurrentRequests", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
    assert day.day_is_spent
    assert not day.passing
    assert crowd.passing
    assert day.pause(1) > 60 > crowd.pause(1)


def test_a_bad_token_at_userinfo_is_a_refused_token() -> None:
    """There it is a 403 of plain text."""
    assert parse_refusal("userinfo", 403, "Bad_OAuth_Token").unauthorized


@given(st.integers(0, 599), st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_whatever_the_body_is_it_is_classified(status: int, content: Any) -> None:
    """HTML, nothing, half a document: never a crash, and always one of the tree."""
    assert isinstance(classify(parse_refusal("query", status, content)), ConnectorError)


def test_a_sentence_carries_no_values() -> None:
    """What Salesforce quotes may be the lead's."""
    told = sentence("duplicate value found: jo@example.com on record with 'Jo Müller'\nCorrelation")
    assert told == "duplicate value found: … on record with …"


def test_a_sentence_keeps_the_name_of_a_custom_field() -> None:
    """The admin has to know which one."""
    assert sentence("No such column 'Lead_Score__c' on 'Lead'") == "No such column 'Lead_Score__c' on …"
