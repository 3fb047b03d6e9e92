"""The daily allowance, misbehaviour on order, and the sandbox's own controls."""

from __future__ import annotations

import pytest
import requests

from connector.sandbox import Org
from connector.sandbox.faults import Fault, FaultKind
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock


def test_each_reply_tells_what_was_used(started: Starter) -> None:
    """Requests of the last 24 hours, those of other integrations too."""
    visitor = Visitor(started(org=Org(daily_requests=15_000))).install()
    assert visitor.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=1/15000"
    visitor.admin(f"/accounts/{visitor.hub.org.org_id}/usage", {"requests": 1000})
    answer = visitor.get("/limits")
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1002/15000"
    assert answer.json()["DailyApiRequests"] == {"Max": 15_000, "Remaining": 13_998}
    refused = visitor.get("/query", q="nonsense")
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=1003/15000"


def test_beyond_the_allowance_requests_are_refused_until_a_day_passed(started: Starter) -> None:
    """403 REQUEST_LIMIT_EXCEEDED with the message of the daily limit; OAuth does not count."""
    clock = StandingClock()
    visitor = Visitor(started(clock, org=Org(daily_requests=2))).install()
    assert [visitor.get("/limits").status_code for _ in range(3)] == [200, 200, 403]
    refused = visitor.get("/limits")
    assert refused.json() == [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    clock.sleep(86_400)
    visitor.take(visitor.refresh(visitor.tokens["refresh_token"]).json())
    assert visitor.get("/limits").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault(FaultKind.RATE_LIMIT), 403),
        (Fault(FaultKind.SERVER_ERROR, status=503), 503),
        (Fault(FaultKind.HTML_ERROR, status=502), 502),
        (Fault(FaultKind.SLOW, seconds=0.01), 200),
    ],
)
def test_a_fault_strikes_once_and_is_over(visitor: Visitor, fault: Fault, status: int) -> None:
    """Each kind in the form that Salesforce gives it."""
    visitor.hub.stage.faults.replace_all([fault])
    struck = visitor.get("/limits")
    assert struck.status_code == status
    assert visitor.get("/limits").status_code == 200
    if fault.kind is FaultKind.RATE_LIMIT:
        assert struck.json()[0]["message"].startswith("ConcurrentRequests")
    if fault.kind is FaultKind.HTML_ERROR:
        assert struck.text.startswith("<html>")


def test_answers_may_be_cut(visitor: Visitor) -> None:
    """In the middle of the body, or before it."""
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.TRUNCATED), Fault(FaultKind.DROP)])
    with pytest.raises(requests.JSONDecodeError):
        visitor.get("/limits").json()
    with pytest.raises(requests.ConnectionError):
        visitor.get("/limits")


def test_a_single_record_may_be_locked(visitor: Visitor) -> None:
    """UNABLE_TO_LOCK_ROW, and nothing was written."""
    lead = visitor.lead(LastName="Meyer")
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.LOCKED)])
    refused = visitor.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CEO"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    assert visitor.get(f"/sobjects/Lead/{lead}").json()["Title"] is None


def test_faults_and_log_are_controlled_over_http(visitor: Visitor) -> None:
    """At the same addresses as in every sandbox."""
    assert visitor.admin("/faults", {"faults": [{"kind": "server_error", "status": 500}]}).json() == {"faults": 1}
    visitor.session.delete(f"{visitor.origin}/_sandbox/requests")
    assert visitor.get("/limits").status_code == 500
    summary = visitor.session.get(f"{visitor.origin}/_sandbox/requests/summary").json()
    assert summary["by_status"] == {"500": 1}
    entry = visitor.session.get(f"{visitor.origin}/_sandbox/requests").json()[0]
    assert (entry["account"], entry["limit_bucket"]) == (visitor.hub.org.org_id, "daily")


def test_tokens_are_expired_and_revoked_over_http(started: Starter) -> None:
    """Expired sessions can be refreshed; an uninstalled app has nothing left; another org is not known."""
    visitor = Visitor(started()).install()
    org = visitor.hub.org.org_id
    assert visitor.admin(f"/accounts/{org}/tokens/expire").json() == {"expired": 1}
    assert visitor.get("/limits").status_code == 401
    visitor.take(visitor.refresh(visitor.tokens["refresh_token"]).json() | {"refresh_token": "kept"})
    visitor.admin(f"/accounts/{org}/tokens/revoke")
    assert visitor.get("/limits").status_code == 200
    visitor.admin(f"/accounts/{org[:15]}/uninstall")
    assert visitor.get("/limits").status_code == 401
    assert not visitor.hub.grants.installed()
    assert visitor.admin("/accounts/00DgK0000000001/uninstall").status_code == 404


def test_records_are_counted(visitor: Visitor) -> None:
    """Without those in the bin."""
    before = visitor.get("/limits/recordCount", sObjects="Lead").json()["sObjects"][0]["count"]
    visitor.do(visitor.lead(LastName="Gone"), "archive")
    visitor.lead(LastName="Here")
    told = visitor.get("/limits/recordCount", sObjects="Lead,Nothing").json()["sObjects"]
    assert told == [{"name": "Lead", "count": before + 1}]


def test_a_person_is_shown_as_it_is(visitor: Visitor) -> None:
    """The controls see what the connected user may not."""
    lead = visitor.lead(LastName="Meyer")
    url = f"{visitor.origin}/_sandbox/accounts/{visitor.hub.org.org_id}/contacts/{lead}"
    assert visitor.session.get(url).json()["properties"]["LastName"] == "Meyer"
    assert visitor.session.get(url[:-18] + "12").status_code == 400
    assert visitor.session.get(f"{visitor.origin}/_sandbox/health").json()["status"] == "ok"
