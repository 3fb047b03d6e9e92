"""Batch jobs of the Mailchimp sandbox: states over time, results, refusals."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Any

import pytest
import requests

from connector.sandbox import MailchimpAccount
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock

TIMED = MailchimpAccount(batch_seconds=10.0)


def patch(visitor: Visitor, email: str, name: str) -> dict[str, Any]:
    """An operation that gives a member a first name."""
    path = f"/lists/{visitor.main}/members/{email}"
    return {
        "method": "PATCH",
        "path": path,
        "operation_id": email,
        "body": json.dumps({"merge_fields": {"FNAME": name}}),
    }


def hand_in(visitor: Visitor, *operations: dict[str, Any]) -> dict[str, Any]:
    """Hand in a job."""
    answer = visitor.call("POST", "/batches", {"operations": list(operations)})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def unpack(url: str) -> list[dict[str, Any]]:
    """Fetch and read results; empty files are there and say nothing."""
    packed = requests.get(url, timeout=10)
    assert packed.status_code == 200
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed.content))) as tar:
        contents = [tar.extractfile(each) for each in tar.getmembers() if each.isfile()]
        texts = [each.read() for each in contents if each]
    assert b"" in texts
    return [entry for text in texts if text for entry in json.loads(text)]


def test_a_job_passes_through_its_states(started: Starter) -> None:
    """Over the clock; each operation is run by the API's own handler, failures among them."""
    clock = StandingClock()
    visitor = Visitor(started(clock, mailchimp=TIMED)).install()
    visitor.add("job@example.com")
    job = hand_in(visitor, patch(visitor, "job@example.com", "Job"), patch(visitor, "gone@example.com", "x"))
    assert (job["status"], job["total_operations"], job["response_body_url"]) == ("pending", 2, "")
    states = []
    for _ in range(10):
        clock.sleep(1.1)
        states.append(visitor.get(f"/batches/{job['id']}")["status"])
    assert list(dict.fromkeys(states)) == ["preprocessing", "started", "finalizing", "finished"]
    job = visitor.get(f"/batches/{job['id']}")
    assert (job["finished_operations"], job["errored_operations"]) == (2, 1)
    told = {each["operation_id"]: each for each in unpack(job["response_body_url"])}
    assert told["job@example.com"]["status_code"] == 200
    assert json.loads(told["job@example.com"]["response"])["merge_fields"]["FNAME"] == "Job"
    assert told["gone@example.com"]["status_code"] == 404
    assert json.loads(told["gone@example.com"]["response"])["title"] == "Resource Not Found"
    assert visitor.get(f"/lists/{visitor.main}/members/job@example.com")["merge_fields"]["FNAME"] == "Job"


def test_jobs_queue(started: Starter) -> None:
    """One runs at a time: the second begins when the first has ended."""
    clock = StandingClock()
    visitor = Visitor(started(clock, mailchimp=TIMED)).install()
    first, second = (hand_in(visitor, {"method": "GET", "path": "/ping"}) for _ in range(2))
    clock.sleep(10)
    assert visitor.get(f"/batches/{first['id']}")["status"] == "finished"
    assert visitor.get(f"/batches/{second['id']}")["status"] == "pending"
    clock.sleep(10)
    assert visitor.get(f"/batches/{second['id']}")["status"] == "finished"


def test_the_address_of_results_is_short_lived_and_takes_no_token(started: Starter) -> None:
    """Asked again, the job gives a new one; after seven days it is gone."""
    clock = StandingClock()
    visitor = Visitor(started(clock)).install()
    job = hand_in(visitor, {"method": "GET", "path": "/ping", "operation_id": "p"})
    url = visitor.get(f"/batches/{job['id']}")["response_body_url"]
    assert visitor.session.get(url).status_code == 400
    clock.sleep(601)
    assert requests.get(url, timeout=10).status_code == 403
    assert len(unpack(visitor.get(f"/batches/{job['id']}")["response_body_url"])) == 1
    clock.sleep(7 * 86_400)
    assert visitor.call("GET", f"/batches/{job['id']}").status_code == 404


def test_a_paged_read_is_read_to_its_end(started: Starter) -> None:
    """Each page counts as an operation; one with an offset of its own is one page."""
    visitor = Visitor(started()).install()
    for number in range(5):
        visitor.add(f"paged{number}@example.com")
    path = f"/lists/{visitor.main}/members"
    whole = {
        "method": "GET",
        "path": path,
        "params": {"count": 2, "fields": "members.id,total_items"},
        "operation_id": "w",
    }
    page = {"method": "GET", "path": path, "params": {"count": "2", "offset": "4"}, "operation_id": "p"}
    job = visitor.get(f"/batches/{hand_in(visitor, whole, page)['id']}")
    assert (job["total_operations"], job["finished_operations"]) == (4, 4)
    told = unpack(job["response_body_url"])
    assert sorted(each["operation_id"] for each in told) == ["p", "w", "w", "w"]
    ids = {one["id"] for each in told for one in json.loads(each["response"])["members"]}
    assert len(ids) == 5


def test_results_are_spread_over_files_in_no_order(started: Starter) -> None:
    """Nothing may be read off their place."""
    visitor = Visitor(started()).install()
    operations = [{"method": "GET", "path": "/ping", "operation_id": str(number)} for number in range(500)]
    job = visitor.get(f"/batches/{hand_in(visitor, *operations)['id']}")
    told = [each["operation_id"] for each in unpack(job["response_body_url"])]
    assert sorted(told, key=int) == [str(number) for number in range(500)]
    assert told != sorted(told, key=int)


@pytest.mark.parametrize(
    "operations",
    [
        [],
        None,
        [{"method": "FETCH", "path": "/ping"}],
        [{"method": "GET"}],
        [{"method": "PATCH", "path": "/lists/x", "body": {"not": "text"}}],
        [{"method": "POST", "path": "/batches", "body": "{}"}],
        [{"method": "GET", "path": "/ping"}] * 501,
    ],
)
def test_a_bad_job_is_refused_whole(visitor: Visitor, operations: Any) -> None:
    """A body is JSON as text, and there are 500 operations at most."""
    assert visitor.call("POST", "/batches", {"operations": operations}).status_code == 400


def test_500_jobs_may_wait(started: Starter) -> None:
    """The next is a 429."""
    visitor = Visitor(started(StandingClock(), mailchimp=TIMED)).install()
    job = {"operations": [{"method": "GET", "path": "/ping"}]}
    assert {visitor.call("POST", "/batches", job).status_code for _ in range(500)} == {200}
    answer = visitor.call("POST", "/batches", job)
    assert (answer.status_code, answer.json()["title"]) == (429, "Too Many Requests")


def test_a_stopped_job_is_gone_and_does_nothing(started: Starter) -> None:
    """What had not begun is not done."""
    clock = StandingClock()
    visitor = Visitor(started(clock, mailchimp=TIMED)).install()
    visitor.add("stopped@example.com")
    job = hand_in(visitor, patch(visitor, "stopped@example.com", "Never"))
    assert visitor.call("DELETE", f"/batches/{job['id']}").status_code == 204
    clock.sleep(60)
    assert visitor.call("GET", f"/batches/{job['id']}").status_code == 404
    assert visitor.get(f"/lists/{visitor.main}/members/stopped@example.com")["merge_fields"]["FNAME"] == ""


def test_operations_take_no_connection_and_leave_no_line_in_the_log(started: Starter) -> None:
    """The limit is for what comes over the wire; what was written is counted."""
    visitor = Visitor(started(mailchimp=MailchimpAccount(batch_seconds=0.0, connections=1))).install()
    visitor.add("counted@example.com")
    job = hand_in(visitor, *[patch(visitor, "counted@example.com", str(number)) for number in range(20)])
    assert visitor.get(f"/batches/{job['id']}")["errored_operations"] == 0
    summary = visitor.session.get(f"{visitor.origin}/_sandbox/requests/summary").json()
    assert (summary["max_at_once"], summary["rate_limited"], summary["records_written"]) == (1, 0, 20)
    assert not [each for each in summary["by_path"] if each["method"] == "PATCH"]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/lists?count=1", {"fields": "lists.id,total_items"}, 200),
        ("lists", {"count": "many"}, 400),
        ("/lists", {"count": 0}, 200),
        ("/nowhere/\u00e9/%2F", {}, 404),
        ("http://example.com/3.0/lists", {}, 404),
        ("", {}, 200),
    ],
)
def test_odd_operations_are_answered_one_by_one(
    visitor: Visitor, path: str, params: dict[str, Any], status: int
) -> None:
    """Nothing that an operation says ends the job."""
    job = hand_in(visitor, {"method": "GET", "path": path, "params": params, "operation_id": "odd"})
    told = unpack(visitor.get(f"/batches/{job['id']}")["response_body_url"])
    assert {each["status_code"] for each in told} == {status}


def test_the_controls_tell_when_jobs_run(started: Starter) -> None:
    """One after another, however closely they were handed in."""
    visitor = Visitor(started(StandingClock(), mailchimp=TIMED)).install()
    for _ in range(3):
        hand_in(visitor, patch(visitor, "nobody@example.com", "x"))
    spans = requests.get(f"{visitor.origin}/_sandbox/jobs", timeout=10).json()
    assert [(each["ends"] - each["begins"], each["operations"]) for each in spans] == [(10.0, 1)] * 3
    assert spans[1]["begins"] == spans[0]["ends"]
    assert spans[2]["begins"] == spans[1]["ends"]
