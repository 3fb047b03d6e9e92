"""Open connections, faults and the request log of the Mailchimp sandbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from connector.sandbox import MailchimpAccount
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.mailchimp import changes
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor

LIMITED = MailchimpAccount(batch_seconds=0.0)


def summary(visitor: Visitor) -> dict[str, Any]:
    """What the log says in short."""
    told: dict[str, Any] = requests.get(f"{visitor.origin}/_sandbox/requests/summary", timeout=10).json()
    return told


def at_once(visitor: Visitor, count: int) -> list[requests.Response]:
    """Send so many requests at one time, each on a connection of its own."""

    def ping(_: int) -> requests.Response:
        headers = {"Authorization": f"Bearer {visitor.access_token}"}
        return requests.get(f"{visitor.origin}/3.0/ping", headers=headers, timeout=10)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(ping, range(count)))


def test_the_eleventh_open_connection_is_refused(started: Starter) -> None:
    """Ten pass; the others are 429 problem documents with no hint when to come again."""
    visitor = Visitor(started(mailchimp=LIMITED)).install()
    slow = Fault(FaultKind.SLOW, path="/3.0/ping", times=None, seconds=1.5)
    visitor.running.stage.faults.replace_all([slow])
    answers = at_once(visitor, 14)
    statuses = sorted(each.status_code for each in answers)
    assert statuses == [200] * 10 + [429] * 4
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.json()["title"] == "Too Many Requests"
    assert "Retry-After" not in refused.headers
    told = summary(visitor)
    assert (told["rate_limited"], told["max_at_once"] > 10) == (4, True)


def test_as_many_as_may_be_open_are_answered_for_ever(started: Starter) -> None:
    """A connection is free again before its answer is read; the log proves that the limit was held."""
    visitor = Visitor(started(mailchimp=LIMITED, latency_seconds=0.01)).install()
    for _ in range(10):
        assert {each.status_code for each in at_once(visitor, 10)} == {200}
    told = summary(visitor)
    assert told["rate_limited"] == 0
    assert 1 < told["max_at_once"] <= 10
    assert requests.delete(f"{visitor.origin}/_sandbox/requests", timeout=10).status_code == 204
    assert summary(visitor)["max_at_once"] == 0


def test_readers_and_writers_at_one_time_do_not_disturb_each_other(started: Starter) -> None:
    """Ten threads: every call is answered, and every write is there in the end."""
    visitor = Visitor(started()).install()
    with visitor.running.stage.lock:
        for number in range(50):
            changes.add_member(visitor.hub, visitor.hub.main, f"busy{number}@example.com")
    path = f"{visitor.origin}/3.0/lists/{visitor.main}/members"
    headers = {"Authorization": f"Bearer {visitor.access_token}"}

    def work(number: int) -> list[int]:
        one = f"{path}/busy{number % 50}@example.com"
        tags = {"tags": [{"name": f"T{number % 5}", "status": "active"}]}
        return [
            requests.patch(one, json={"merge_fields": {"FNAME": str(number)}}, headers=headers, timeout=10).status_code,
            requests.post(f"{one}/tags", json=tags, headers=headers, timeout=10).status_code,
            requests.get(path, params={"count": 1000}, headers=headers, timeout=10).status_code,
        ]

    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(work, range(100)))
    assert told == [[200, 204, 200]] * 100
    members = visitor.get(f"/lists/{visitor.main}/members", count=1000)["members"]
    assert all(each["merge_fields"]["FNAME"] and each["tags"] for each in members)
    assert summary(visitor)["records_written"] == 100


def test_a_refused_or_dropped_request_frees_its_connection(started: Starter) -> None:
    """Whatever ends it."""
    visitor = Visitor(started(mailchimp=MailchimpAccount(connections=1))).install()
    faults = [
        Fault(FaultKind.DROP, path="/3.0/ping", method="GET"),
        Fault(FaultKind.SERVER_ERROR, path="/3.0/ping", method="GET"),
    ]
    visitor.running.stage.faults.replace_all(faults)
    with pytest.raises(requests.ConnectionError):
        visitor.call("GET", "/ping")
    statuses = [visitor.call("GET", path).status_code for path in ("/ping", "/nowhere", "/ping")]
    assert statuses == [503, 404, 200]


@pytest.mark.parametrize(
    ("fault", "status", "kind", "text"),
    [
        (Fault(FaultKind.RATE_LIMIT), 429, "application/problem+json; charset=utf-8", "Too Many Requests"),
        (Fault(FaultKind.EMPTY_ERROR, status=429), 429, "text/html; charset=utf-8", ""),
        (Fault(FaultKind.EMPTY_ERROR, status=403), 403, "text/html; charset=utf-8", ""),
        (Fault(FaultKind.HTML_ERROR, status=403), 403, "text/html; charset=utf-8", "Access Denied"),
        (Fault(FaultKind.SERVER_ERROR, status=500), 500, "application/problem+json; charset=utf-8", "Internal"),
        (Fault(FaultKind.LOCKED), 403, "application/problem+json; charset=utf-8", "UserDisabled"),
        (Fault(FaultKind.SERVER_ERROR, status=403), 403, "application/problem+json; charset=utf-8", "Forbidden"),
    ],
)
def test_errors_on_order(visitor: Visitor, fault: Fault, status: int, kind: str, text: str) -> None:
    """Each as Mailchimp, or what stands before it, words it; the next request is well."""
    visitor.running.stage.faults.replace_all([fault])
    answer = visitor.call("GET", "/ping")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, kind)
    assert text in answer.text
    assert bool(answer.content) == bool(text)
    assert visitor.call("GET", "/ping").status_code == 200


def test_a_truncated_answer_is_no_json(visitor: Visitor) -> None:
    """Half of it comes."""
    visitor.running.stage.faults.replace_all([Fault(FaultKind.TRUNCATED)])
    with pytest.raises(requests.exceptions.JSONDecodeError):
        visitor.call("GET", "/lists").json()


def test_a_bulk_call_can_stop_half_way(visitor: Visitor) -> None:
    """The first half is written, the answer is a 502."""
    visitor.running.stage.faults.replace_all([Fault(FaultKind.HALF_BATCH)])
    rows = [{"email_address": f"half{number}@example.com", "status": "subscribed"} for number in range(4)]
    assert visitor.call("POST", f"/lists/{visitor.main}", {"members": rows}).status_code == 502
    there = [bool(visitor.hub.main.find(each["email_address"])) for each in rows]
    assert there == [True, True, False, False]


def test_a_slow_answer(visitor: Visitor) -> None:
    """It comes after a client has given up."""
    visitor.running.stage.faults.replace_all([Fault(FaultKind.SLOW, seconds=1.0)])
    with pytest.raises(requests.ReadTimeout):
        visitor.session.get(f"{visitor.origin}/3.0/ping", timeout=0.2)


def test_unknown_paths_and_methods_are_problem_documents(visitor: Visitor) -> None:
    """404 and 405."""
    answers = [visitor.call("GET", "/nowhere"), visitor.call("DELETE", "/ping")]
    assert [(each.status_code, each.json()["status"]) for each in answers] == [(404, 404), (405, 405)]
    assert set(answers[0].json()) == {"type", "title", "status", "detail", "instance"}


@pytest.mark.parametrize("body", ["{", "[]", "NaN", '{"name": NaN}', ""])
def test_a_body_that_is_no_json_object_is_a_400(visitor: Visitor, body: str) -> None:
    """And no crash."""
    answer = visitor.session.post(f"{visitor.origin}/3.0/lists/{visitor.main}/merge-fields", data=body)
    assert answer.status_code == 400


def test_the_log_names_the_account_and_no_token(visitor: Visitor) -> None:
    """Every request is there, unknown callers without an account."""
    requests.delete(f"{visitor.origin}/_sandbox/requests", timeout=10)
    visitor.get("/ping")
    requests.get(f"{visitor.origin}/3.0/ping", timeout=10)
    logged = requests.get(f"{visitor.origin}/_sandbox/requests", timeout=10)
    assert [(each["path"], each["status"], each["account"]) for each in logged.json()] == [
        ("/3.0/ping", 200, visitor.account_id),
        ("/3.0/ping", 401, None),
    ]
    assert visitor.access_token not in logged.text
