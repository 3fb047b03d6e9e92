"""Bulk API 2.0: jobs whose state follows the clock, results as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import requests

from connector.sandbox.faults import Fault, FaultKind
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def visitor(started: Starter, clock: StandingClock) -> Visitor:
    """A visitor of an org of its own, whose clock stands still."""
    return Visitor(started(clock)).install()


def rows_of(answer: requests.Response) -> list[dict[str, str]]:
    """Return CSV rows by column."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline="")))


def state(visitor: Visitor, path: str) -> str:
    """Return a job's state."""
    return str(visitor.get(path).json()["state"])


def ingest(visitor: Visitor, operation: str, data: str, **more: Any) -> str:
    """Create, fill and close an ingest job of leads; return its path."""
    body = {"object": "Lead", "operation": operation, "contentType": "CSV", "lineEnding": "LF", **more}
    job = visitor.send("POST", "/jobs/ingest", body).json()
    assert job["state"] == "Open"
    url = f"{visitor.origin}/{job['contentUrl']}"
    headers = {"Content-Type": "text/csv"}
    assert visitor.session.put(url, data=data.encode(), headers=headers).status_code == 201
    path = f"/jobs/ingest/{job['id']}"
    assert visitor.send("PATCH", path, {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    return path


def test_a_query_job_runs_over_the_clock(visitor: Visitor, clock: StandingClock) -> None:
    """UploadComplete, InProgress, JobComplete; results before that are refused."""
    visitor.lead(LastName="Müller", Title='say "hi",\nplease', NumberOfEmployees=5, AnnualRevenue=7)
    query = "SELECT LastName, Title, Owner.Name, NumberOfEmployees, AnnualRevenue, IsConverted, CreatedDate FROM Lead"
    job = visitor.send("POST", "/jobs/query", {"operation": "query", "query": query}).json()
    path = f"/jobs/query/{job['id']}"
    assert (job["state"], job["object"], job["apiVersion"]) == ("UploadComplete", "Lead", 68.0)
    assert visitor.get(f"{path}/results").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    clock.sleep(2)
    assert state(visitor, path) == "InProgress"
    clock.sleep(2)
    assert state(visitor, path) == "JobComplete"
    answer = visitor.get(f"{path}/results")
    assert (answer.headers["Sforce-Locator"], answer.headers["Sforce-NumberOfRecords"]) == ("null", "1")
    assert rows_of(answer) == [
        {
            "LastName": "Müller",
            "Title": 'say "hi",\nplease',
            "Owner.Name": "Sam Seller",
            "NumberOfEmployees": "5",
            "AnnualRevenue": "7.0",
            "IsConverted": "false",
            "CreatedDate": "2026-02-01T12:00:00.000Z",
        }
    ]
    other = f"{visitor.origin}/services/data/v67.0{path}/results"
    assert visitor.session.get(other).status_code == 409
    assert visitor.send("DELETE", path).status_code == 204
    assert visitor.get(path).status_code == 404


def test_query_results_come_in_pages_that_can_be_read_again(visitor: Visitor, clock: StandingClock) -> None:
    """Each page begins with the header; the last says null."""
    visitor.leads(5, "P")
    job = visitor.send("POST", "/jobs/query", {"operation": "query", "query": "SELECT LastName FROM Lead"}).json()
    clock.sleep(5)
    path, locator, pages = f"/jobs/query/{job['id']}/results", "", []
    while locator != "null":
        asked = {"maxRecords": 2} | ({"locator": locator} if locator else {})
        answer = visitor.get(path, **asked)
        assert rows_of(answer) == rows_of(visitor.get(path, **asked))
        pages.append([row["LastName"] for row in rows_of(answer)])
        locator = answer.headers["Sforce-Locator"]
    assert pages == [["P0000", "P0001"], ["P0002", "P0003"], ["P0004"]]
    assert visitor.get(path, locator="nonsense").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(Id) FROM Lead",
        "SELECT Address FROM Lead",
        "SELECT Id FROM Lead OFFSET 5",
        "SELECT Nope FROM Lead",
        "SELECT",
    ],
)
def test_what_bulk_does_not_do_is_refused_at_once(visitor: Visitor, query: str) -> None:
    """Aggregates, compound fields, offsets and wrong queries."""
    assert visitor.send("POST", "/jobs/query", {"operation": "query", "query": query}).status_code == 400


def test_query_all_has_deleted_records_and_a_job_can_be_aborted(visitor: Visitor, clock: StandingClock) -> None:
    """An aborted job has no results; all jobs are listed."""
    visitor.do(visitor.lead(LastName="Gone"), "archive")
    asked = {"operation": "queryAll", "query": "SELECT Id, IsDeleted FROM Lead"}
    job, aborted = (visitor.send("POST", "/jobs/query", asked).json()["id"] for _ in range(2))
    path = f"/jobs/query/{aborted}"
    assert visitor.send("PATCH", path, {"state": "Aborted"}).json()["state"] == "Aborted"
    clock.sleep(5)
    assert rows_of(visitor.get(f"/jobs/query/{job}/results"))[0]["IsDeleted"] == "true"
    assert visitor.get(f"{path}/results").status_code == 400
    assert len(visitor.get("/jobs/query").json()["records"]) == 2


def test_update_leaves_blank_cells_and_clears_with_the_mark(visitor: Visitor, clock: StandingClock) -> None:
    """A complete job may hold failed rows; outcomes are found by id, not by place."""
    one, two, gone = (visitor.lead(LastName=name, Title="CEO", Phone="1") for name in ("One", "Two", "Gone"))
    visitor.do(gone, "archive")
    data = f"Id,Title,Phone,Lead_Score__c\n{one},,#N/A,77.5\n{two[:15]},CFO,,x\n{gone},CFO,,5\n{two},CFO,,6\n"
    path = ingest(visitor, "update", data)
    clock.sleep(1)
    assert visitor.get(f"{path}/successfulResults").status_code == 400
    clock.sleep(4)
    told = visitor.get(path).json()
    assert (told["state"], told["numberRecordsProcessed"], told["numberRecordsFailed"]) == ("JobComplete", 4, 2)
    done = {row["sf__Id"]: row for row in rows_of(visitor.get(f"{path}/successfulResults"))}
    assert set(done) == {one, two}
    assert (done[one]["sf__Created"], done[one]["Lead_Score__c"]) == ("false", "77.5")
    failed = rows_of(visitor.get(f"{path}/failedResults"))
    assert [row["sf__Error"].partition(":")[0] for row in failed] == ["ENTITY_IS_DELETED", "JSON_PARSER_ERROR"]
    assert rows_of(visitor.get(f"{path}/unprocessedrecords")) == []
    row = visitor.get(f"/sobjects/Lead/{one}").json()
    assert (row["Title"], row["Phone"], row["Lead_Score__c"]) == ("CEO", None, 77.5)
    assert row["OwnerId"] == visitor.hub.people.seller


def test_insert_upsert_and_delete(visitor: Visitor, clock: StandingClock) -> None:
    """New rows tell that they were made."""
    path = ingest(visitor, "insert", "LastName,Company\nNew,Acme\n,Acme\n")
    clock.sleep(5)
    made = rows_of(visitor.get(f"{path}/successfulResults"))
    assert made[0]["sf__Created"] == "true"
    assert "REQUIRED_FIELD_MISSING" in rows_of(visitor.get(f"{path}/failedResults"))[0]["sf__Error"]
    lead = made[0]["sf__Id"]
    path = ingest(visitor, "upsert", f"Id,LastName,Company\n{lead},Changed,Acme\n", externalIdFieldName="Id")
    clock.sleep(5)
    assert rows_of(visitor.get(f"{path}/successfulResults"))[0]["sf__Created"] == "false"
    assert visitor.get(f"/sobjects/Lead/{lead}").json()["LastName"] == "Changed"
    ingest(visitor, "delete", f"Id\n{lead}\n")
    clock.sleep(5)
    assert visitor.query("SELECT Id FROM Lead") == []


def test_an_unknown_column_fails_the_job(visitor: Visitor, clock: StandingClock) -> None:
    """Nothing is written and every row is unprocessed."""
    lead = visitor.lead(LastName="One")
    path = ingest(visitor, "update", f"Id,Nope\n{lead},1\n")
    clock.sleep(5)
    told = visitor.get(path).json()
    assert (told["state"], told["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Nope")
    assert rows_of(visitor.get(f"{path}/unprocessedrecords")) == [{"Id": lead, "Nope": "1"}]


def test_locked_rows_fail_by_themselves(visitor: Visitor, clock: StandingClock) -> None:
    """The ordered fault locks every other row of a job."""
    leads = visitor.leads(4, "L")
    visitor.hub.stage.faults.replace_all([Fault(FaultKind.LOCKED, path="/jobs/ingest/", method="PATCH")])
    path = ingest(visitor, "update", "Id,Title\n" + "".join(f"{each},CEO\n" for each in leads))
    clock.sleep(5)
    failed = rows_of(visitor.get(f"{path}/failedResults"))
    assert {row["Id"] for row in failed} == {leads[0], leads[2]}
    assert all(row["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:") for row in failed)


def test_the_orgs_own_code_fails_the_chunk_that_it_fails_in(visitor: Visitor, clock: StandingClock) -> None:
    """All of 200 rows, whichever of them is to blame; those of the next chunk are written."""
    leads = visitor.leads(203, "T")
    visitor.hub.stage.faults.replace_all(
        [Fault(FaultKind.TRIGGER, path="/jobs/ingest/", method="PATCH", record=leads[7])]
    )
    path = ingest(visitor, "update", "Id,Title\n" + "".join(f"{each},CEO\n" for each in leads))
    clock.sleep(5)
    failed = rows_of(visitor.get(f"{path}/failedResults"))
    assert {row["Id"] for row in failed} == set(leads[:200])
    assert {row["sf__Error"].partition(":")[0] for row in failed} == {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
    assert len(rows_of(visitor.get(f"{path}/successfulResults"))) == 3


def test_records_sent_twice_spoil_a_job(visitor: Visitor) -> None:
    """It can't be closed any more; taken back, it has done nothing."""
    lead = visitor.lead(LastName="One")
    job = visitor.send("POST", "/jobs/ingest", {"object": "Lead", "operation": "update"}).json()
    url, headers = f"{visitor.origin}/{job['contentUrl']}", {"Content-Type": "text/csv"}
    for _ in range(2):
        assert visitor.session.put(url, data=f"Id,Title\n{lead},CEO\n", headers=headers).status_code == 201
    path = f"/jobs/ingest/{job['id']}"
    refused = visitor.send("PATCH", path, {"state": "UploadComplete"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALIDJOB")
    assert visitor.send("PATCH", path, {"state": "Aborted"}).json()["state"] == "Aborted"
    assert rows_of(visitor.get(f"{path}/unprocessedrecords")) == [{"Id": lead, "Title": "CEO"}]


def test_a_job_that_is_never_closed_stays_open(visitor: Visitor, clock: StandingClock) -> None:
    """Closing needs an upload; wrong jobs are refused."""
    body = {"object": "Lead", "operation": "update"}
    job = visitor.send("POST", "/jobs/ingest", body).json()["id"]
    assert visitor.send("PATCH", f"/jobs/ingest/{job}", {"state": "UploadComplete"}).status_code == 400
    clock.sleep(1000)
    assert state(visitor, f"/jobs/ingest/{job}") == "Open"
    assert visitor.send("PATCH", f"/jobs/ingest/{job}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert visitor.send("POST", "/jobs/ingest", {**body, "object": "LeadHistory"}).status_code == 400
    assert visitor.send("POST", "/jobs/ingest", {**body, "operation": "upsert"}).status_code == 400
    assert len(visitor.get("/jobs/ingest").json()["records"]) == 1
