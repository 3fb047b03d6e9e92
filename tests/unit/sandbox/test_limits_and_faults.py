"""Rate limits, faults and the request log of the HubSpot sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connector.sandbox import Limits, Portal
from connector.sandbox.faults import Fault, FaultKind
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.standing_clock import StandingClock
from tests.unit.sandbox.visitor import Visitor

CONTACTS = "/crm/objects/2026-03/contacts"


def test_the_111th_request_in_ten_seconds_is_refused(started: Starter) -> None:
    """110 pass, the next is a 429 with the policy's name and no Retry-After; ten seconds later it goes on."""
    clock = StandingClock()
    visitor = Visitor(started(clock, limits=Limits())).install()
    answers = [visitor.get("/account-info/2026-03/details") for _ in range(111)]
    assert [each.status_code for each in answers] == [200] * 110 + [429]
    assert answers[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert answers[-1].json()["errorType"] == "RATE_LIMIT"
    assert "Retry-After" not in answers[-1].headers
    assert answers[0].headers["X-HubSpot-RateLimit-Remaining"] == "109"
    assert answers[0].headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert visitor.refresh(visitor.tokens["refresh_token"]).status_code == 200
    clock.sleep(10)
    assert visitor.get("/account-info/2026-03/details").status_code == 200


def test_the_window_slides(started: Starter) -> None:
    """A window is any ten seconds, not a fixed one."""
    clock = StandingClock()
    visitor = Visitor(started(clock, limits=Limits(burst=2))).install()
    statuses = []
    for wait in (0, 6, 3, 2):
        clock.sleep(wait)
        statuses.append(visitor.get("/account-info/2026-03/details").status_code)
    assert statuses == [200, 200, 429, 200]


def test_search_has_a_limit_of_its_own_and_no_headers(started: Starter) -> None:
    """Five searches a second, not counted against the burst and told by no header."""
    clock = StandingClock()
    visitor = Visitor(started(clock, limits=Limits(burst=1))).install()
    answers = [visitor.search() for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert answers[-1].json()["policyName"] == "SECONDLY"
    assert not [name for name in answers[0].headers if "ratelimit" in name.lower()]
    clock.sleep(1)
    assert visitor.search().status_code == 200


@pytest.mark.parametrize(("tier", "most"), [("free", 100), ("professional", 150)])
def test_associations_have_a_burst_by_tier(started: Starter, tier: str, most: int) -> None:
    """The associations API allows 100 or 150 in ten seconds."""
    visitor = Visitor(started(StandingClock(), limits=Limits(), portals=(Portal(tier=tier),))).install()
    path = "/crm/associations/2026-03/contacts/deals/batch/read"
    statuses = [visitor.post(path, {"inputs": []}).status_code for _ in range(most + 1)]
    assert statuses == [200] * most + [429]


def test_the_log_tells_what_was_asked(started: Starter, tmp_path: Path) -> None:
    """Requests, refusals and the fullest window are in memory and in the file."""
    file = tmp_path / "requests.jsonl"
    visitor = Visitor(started(StandingClock(), limits=Limits(burst=3), request_log=file)).install()
    for _ in range(4):
        visitor.get(CONTACTS)
    visitor.search()
    logged = visitor.get("/_sandbox/requests").json()
    last = logged[-1]
    assert (last["path"], last["limit_bucket"], last["account"]) == (f"{CONTACTS}/search", "search", 4711001)
    summary = visitor.get("/_sandbox/requests/summary").json()
    assert (summary["rate_limited"], summary["max_in_10_seconds"], summary["max_search_in_1_second"]) == (1, 4, 1)
    assert {"method": "GET", "path": CONTACTS, "status": 200, "count": 3} in summary["by_path"]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines == logged


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "rate_limit"}, 429),
        ({"kind": "server_error", "status": 500}, 500),
        ({"kind": "html_error", "status": 502}, 502),
        ({"kind": "locked"}, 423),
    ],
)
def test_a_fault_strikes_once_and_only_where_it_aims(visitor: Visitor, fault: dict[str, object], status: int) -> None:
    """A fault set at run time hits the next request to its path, and then is over."""
    assert visitor.admin("/faults", {"faults": [{**fault, "path": "/contacts"}]}).json() == {"faults": 1}
    assert visitor.get("/account-info/2026-03/details").status_code == 200
    struck = visitor.get(CONTACTS)
    assert struck.status_code == status
    assert struck.headers["Content-Type"].startswith(
        "text/html" if fault["kind"] == "html_error" else "application/json"
    )
    assert visitor.get(CONTACTS).status_code == 200


def test_a_dropped_connection_gives_no_answer(visitor: Visitor) -> None:
    """The client sees the connection end; the next request works."""
    visitor.admin("/faults", {"faults": [{"kind": "drop", "path": "/contacts"}]})
    with pytest.raises(requests.ConnectionError):
        visitor.get(CONTACTS)
    assert visitor.get(CONTACTS).status_code == 200


def test_a_truncated_answer_is_no_json(visitor: Visitor) -> None:
    """A 200 whose body ends half-way."""
    visitor.admin("/faults", {"faults": [{"kind": "truncated", "path": "/contacts"}]})
    with pytest.raises(requests.exceptions.JSONDecodeError):
        visitor.get(CONTACTS).json()


def test_a_half_written_batch_keeps_its_first_half(visitor: Visitor) -> None:
    """The answer is a 502, yet half of the batch was written."""
    ids = visitor.contacts(4, "half")
    visitor.admin("/faults", {"faults": [{"kind": "half_batch", "path": "/batch/update"}]})
    inputs = [{"id": each, "properties": {"jobtitle": "CFO"}, "objectWriteTraceId": each} for each in ids]
    assert visitor.post(f"{CONTACTS}/batch/update", {"inputs": inputs}).status_code == 502
    titles = [visitor.get(f"{CONTACTS}/{each}", properties="jobtitle").json()["properties"]["jobtitle"] for each in ids]
    assert titles == ["CFO", "CFO", None, None]


def test_slow_answers_and_skewed_clocks(started: Starter) -> None:
    """A slow answer takes its seconds; after a skew, records are dated by the wrong clock."""
    clock = StandingClock()
    slow, skew = Fault(FaultKind.SLOW, seconds=7.0), Fault(FaultKind.CLOCK_SKEW, seconds=-3600.0)
    visitor = Visitor(started(clock, faults=(slow, skew)))
    visitor.consent()
    assert clock.monotonic() == 7.0
    visitor.install()
    made = visitor.contact()
    shown = visitor.get(f"{CONTACTS}/{made}").json()
    assert shown["createdAt"] == "2026-02-01T11:00:07.000Z"


def test_a_fault_must_be_able_to_strike(visitor: Visitor) -> None:
    """Faults that make no sense are refused with the reason."""
    refused = visitor.admin("/faults", {"faults": [{"kind": "drop", "probability": 0}]})
    assert refused.status_code == 400
    assert "probability" in refused.json()["message"]


def test_keep_alive_serves_many_requests_on_one_connection(visitor: Visitor) -> None:
    """The session's one connection is reused."""
    visitor.get(CONTACTS)
    pool = visitor.session.get_adapter(visitor.origin).poolmanager.connection_from_url(visitor.origin)  # type: ignore[attr-defined]  # an HTTPAdapter has one
    before = pool.num_connections
    for _ in range(5):
        visitor.get(CONTACTS)
    assert pool.num_connections == before


def test_a_body_in_chunks_is_read_whole(visitor: Visitor) -> None:
    """Clients that stream send no length; the next request on the connection is not disturbed."""

    def body() -> Iterator[bytes]:
        yield b'{"properties": {"email": '
        yield b'"chunked@example.com"}}'

    with requests.Session() as session:
        session.headers.update({"Authorization": f"Bearer {visitor.tokens['access_token']}"})
        address = visitor.origin + CONTACTS
        made = session.post(address, data=body(), headers={"Content-Type": "application/json"}, timeout=10)
        assert made.status_code == 201
        assert made.json()["properties"]["email"] == "chunked@example.com"
        assert session.get(f"{address}/{made.json()['id']}", timeout=10).ok
