"""Composite: several queries in one request."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.unit.sandbox.salesforce.visitor import BASE, Visitor

LEADS = "SELECT+Id+FROM+Lead"


def asked(reference: str = "Lead", query: str = LEADS, **changed: str) -> dict[str, str]:
    """One subrequest."""
    return {"method": "GET", "url": f"{BASE}/query?q={query}", "referenceId": reference, **changed}


def send(visitor: Visitor, *subrequests: dict[str, str], **more: Any) -> requests.Response:
    """Send them in one request."""
    return visitor.send("POST", "/composite", {"compositeRequest": list(subrequests), **more})


def test_each_query_is_answered_and_the_request_counts_once(visitor: Visitor) -> None:
    """In the order of the request, as a single query would be."""
    leads, used = set(visitor.leads(2, "C")), visitor.hub.usage.used
    answer = send(visitor, asked(), asked("users", "SELECT+Id+FROM+User"))
    assert visitor.hub.usage.used == used + 1
    first, second = answer.json()["compositeResponse"]
    assert (first["httpStatusCode"], first["referenceId"], second["referenceId"]) == (200, "Lead", "users")
    assert leads <= {each["Id"] for each in first["body"]["records"]}
    assert first["body"] == visitor.get("/query", q="SELECT Id FROM Lead").json()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (asked("bad", "SELECT+Nothing+FROM+Lead"), "INVALID_FIELD"),
        (asked("bad", "SELECT+Id+FROM+Nothing"), "INVALID_TYPE"),
        (asked("bad", url=f"{BASE}/query"), "MALFORMED_QUERY"),
        (asked("a-b"), "INVALID_FIELD"),
        (asked("bad", method="DELETE"), "NOT_SUPPORTED"),
        (asked("bad", url=f"{BASE}/limits"), "NOT_SUPPORTED"),
    ],
)
def test_a_refused_part_does_not_touch_its_neighbours(visitor: Visitor, bad: dict[str, str], code: str) -> None:
    """Unless they are tied together."""
    answer = send(visitor, bad, asked())
    refused, good = answer.json()["compositeResponse"]
    assert (answer.status_code, good["httpStatusCode"]) == (200, 200)
    assert (refused["httpStatusCode"], refused["body"][0]["errorCode"]) == (400, code)
    _, halted = send(visitor, bad, asked(), allOrNone=True).json()["compositeResponse"]
    assert (halted["httpStatusCode"], halted["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")


@pytest.mark.parametrize("more", [[asked()] * 6, [asked(url=f"{BASE}/limits")] * 26])
def test_too_many_parts_are_refused_as_a_whole(visitor: Visitor, more: list[dict[str, str]]) -> None:
    """Twenty-five, and five queries among them."""
    answer = send(visitor, *more)
    assert answer.status_code == 400
    (refused,) = answer.json()["compositeResponse"]
    assert refused["body"][0]["errorCode"] == "LIMIT_EXCEEDED"
    assert send(visitor, *[asked()] * 5, *[asked(url=f"{BASE}/limits")] * 20).status_code == 200


@pytest.mark.parametrize("body", [{}, {"compositeRequest": {}}, {"compositeRequest": ["x"]}, [], "x"])
def test_nonsense_is_refused(visitor: Visitor, body: Any) -> None:
    """As JSON that is none."""
    answer = visitor.send("POST", "/composite", body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
