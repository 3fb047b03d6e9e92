"""HubSpot's refusals → what the caller does next."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.hubspot.errors import classify, parse_refusal, sentence_of
from connector.errors import ConnectorError, Disconnected, MissingPermission, NeedsAdmin, RetryLater


def refusal(status: int, body: object = None, **headers: str) -> ConnectorError:
    """Return the error for an answer."""
    return classify(parse_refusal("objects", status, orjson.dumps(body), headers))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0, RetryLater),
        (423, RetryLater),
        (429, RetryLater),
        (477, RetryLater),
        (500, RetryLater),
        (524, RetryLater),
        (401, Disconnected),
        (403, MissingPermission),
        (400, NeedsAdmin),
        (404, NeedsAdmin),
        (414, NeedsAdmin),
    ],
)
def test_each_status_has_its_next_step(status: int, expected: type[ConnectorError]) -> None:
    """The published retry matrix."""
    assert type(refusal(status, {"message": "no"})) is expected


def test_a_403_that_is_not_hubspots_own_passes() -> None:
    """A firewall's page says nothing of a permission: nothing is given up for it."""
    assert type(classify(parse_refusal("objects", 403, b"<html>Forbidden</html>", {}))) is RetryLater


@pytest.mark.parametrize("told", ["²", "-5", "9" * 400, "Wed, 21 Oct 2026 07:28:00 GMT", "1e9"])
def test_a_nonsense_wait_is_no_wait_for_ever(told: str) -> None:
    """Work is put off for a day at most."""
    found = refusal(429, None, **{"Retry-After": told})
    assert isinstance(found, RetryLater)
    assert 0 < found.after_seconds <= 86_400


def test_a_day_limit_and_a_migration_are_parked_for_long() -> None:
    """They last hours, not seconds; a told wait is kept."""
    daily, moving = refusal(429, {"policyName": "DAILY"}), refusal(477, None, **{"Retry-After": "7200"})
    assert isinstance(daily, RetryLater)
    assert isinstance(moving, RetryLater)
    assert daily.after_seconds == 3600
    assert moving.after_seconds == 7200


def test_a_missing_scope_is_named() -> None:
    """The admin learns which permission to give."""
    body = {"category": "MISSING_SCOPES", "errors": [{"context": {"requiredGranularScopes": ["forms"]}}]}
    assert "the permission forms is missing" in str(refusal(403, body))


def test_the_correlation_id_is_kept_for_support() -> None:
    """It is what HubSpot's support asks for."""
    assert "abc-1" in str(refusal(400, {"message": "no", "correlationId": "abc-1"}))


def test_refused_values_never_reach_a_message() -> None:
    """HubSpot repeats what was sent; only the property's and the error's names are kept."""
    causes = [
        {
            "isValid": False,
            "message": "jane@secret.example is wrong",
            "error": "INVALID_OPTION",
            "name": "lead_score_tier",
        }
    ]
    sentence = sentence_of({"message": "Property values were not valid: " + orjson.dumps(causes).decode()})
    assert "…" in sentence_of({"message": "Email address jane@secret.example is invalid"})
    assert "secret" not in sentence_of({"message": "Email address jane@secret.example is invalid"})
    assert sentence == "Property values were not valid: lead_score_tier (INVALID_OPTION)."


@given(
    st.integers(0, 599),
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: st.dictionaries(
            st.sampled_from(["message", "errors", "category", "context", "correlationId", "requiredGranularScopes"]),
            inner | st.lists(inner, max_size=2),
        ),
        max_leaves=6,
    ).map(lambda body: str(body).replace("'", '"').encode()),
)
def test_no_answer_crashes_the_reading_of_an_error(status: int, body: bytes) -> None:
    """HTML, broken and odd JSON all end in the error tree."""
    assert isinstance(classify(parse_refusal("objects", status, body, {})), ConnectorError)
