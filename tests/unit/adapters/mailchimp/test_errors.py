"""Mailchimp's refusals → what the caller does next."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp.errors import Refusal, classify, sentence_of
from connector.adapters.mailchimp.transport import Answer, read
from connector.errors import ConnectorError, Disconnected, MissingPermission, NeedsAdmin, RetryLater

PROBLEM = {"Content-Type": "application/problem+json; charset=utf-8"}
HTML = {"Content-Type": "text/html"}


def refused(status: int, body: object = None, headers: dict[str, str] = PROBLEM) -> ConnectorError:
    """Return the error for an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    found = read("members", status, headers, content)
    assert isinstance(found, Refusal)
    return classify(found)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (429, RetryLater),
        (500, RetryLater),
        (502, RetryLater),
        (503, RetryLater),
        (504, RetryLater),
        (401, Disconnected),
        (400, NeedsAdmin),
        (404, NeedsAdmin),
        (405, NeedsAdmin),
        (422, NeedsAdmin),
        (302, NeedsAdmin),
    ],
)
def test_each_status_has_its_next_step(status: int, expected: type[ConnectorError]) -> None:
    """The table of the vendor's errors page."""
    assert type(refused(status, {"title": "Some title", "detail": "A sentence."})) is expected


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"title": "Forbidden", "detail": "You may not."}, PROBLEM, MissingPermission),
        ({"title": "UserDisabled", "detail": "This account has been disabled."}, PROBLEM, NeedsAdmin),
        (None, PROBLEM, RetryLater),
        (None, HTML, RetryLater),
        (b"<html><h1>Access Denied</h1></html>", HTML, RetryLater),
        (b" <HTML>Access Denied", {}, RetryLater),
    ],
)
def test_a_403_has_four_meanings(body: object, headers: dict[str, str], expected: type[ConnectorError]) -> None:
    """Role, disabled account, too many connections, firewall: only the first two last, none disconnects."""
    assert type(refused(403, body, headers)) is expected


def test_an_empty_403_is_tried_again_and_a_page_is_not() -> None:
    """Backing off helps against too many connections, not against a blocked address."""
    throttle, blocked = read("x", 403, HTML, b""), read("x", 403, HTML, b"<html>Access Denied</html>")
    assert isinstance(throttle, Refusal)
    assert isinstance(blocked, Refusal)
    assert throttle.passing
    assert not blocked.passing
    assert "firewall" in str(classify(blocked))


def test_a_call_that_took_too_long_is_not_tried_at_once() -> None:
    """It may still be running over there, and hold its connection for two minutes."""
    late = Refusal("members", 0, late=True)
    assert not late.passing
    error = classify(late)
    assert isinstance(error, RetryLater)
    assert error.after_seconds >= 120


def test_pauses_double_up_to_a_minute() -> None:
    """Nothing in an answer says how long to wait."""
    assert [Refusal.pause(attempt) for attempt in (1, 2, 3, 6, 9)] == [2, 4, 8, 60, 60]


def test_support_gets_the_instance_and_nobody_an_address() -> None:
    """Details carry e-mail addresses; the instance is what Mailchimp's support asks for."""
    body = {"title": "Member Exists", "detail": "ann@example.com is already a list member.", "instance": "abc-123"}
    told = str(refused(400, body))
    assert "abc-123" in told
    assert "ann@example.com" not in told
    assert "already a list member" in told


def test_field_errors_are_named() -> None:
    """The admin reads which field was refused."""
    body = {"detail": "See errors.", "errors": [{"field": "merge_fields.AGE", "message": "This should be a number."}]}
    assert sentence_of(body) == "merge_fields.AGE: This should be a number."


@pytest.mark.parametrize("content", [b"<html>", b"[1]", b'{"a": NaN}', b'{"a"', b"[" * 100_000, b"\xff\xfe"])
def test_a_2xx_that_cant_be_read_is_no_answer(content: bytes) -> None:
    """It is tried again, and what it was about is not called done."""
    found = read("members", 200, {}, content)
    assert isinstance(found, Refusal)
    assert found.passing


def test_an_empty_2xx_is_an_answer() -> None:
    """Tags are changed with a 204; any other answer has something to say."""
    assert read("tags", 204, {}, b"") == Answer(204, {}, "tags")
    assert isinstance(read("tags", 200, {}, b""), Refusal)


@given(st.integers(300, 599), st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
def test_any_refusal_is_classified(status: int, body: bytes | str) -> None:
    """Whatever a gateway answers, the caller gets one of the error tree."""
    content = body.encode() if isinstance(body, str) else body
    found = read("members", status, {}, content)
    assert isinstance(found, Refusal)
    assert isinstance(classify(found), ConnectorError)
