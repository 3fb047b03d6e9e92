"""A client library that was not written for the sandbox works with it: simple-salesforce 1.12."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from simple_salesforce import SalesforceExpiredSession, SalesforceMalformedRequest, SalesforceResourceNotFound

from connector.sandbox import Org
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor


def test_queries_pages_and_usage(visitor: Visitor) -> None:
    """query, query_all_iter and the usage header."""
    visitor.leads(3, "S")
    sdk = visitor.sdk()
    found = sdk.query("SELECT Id, Owner.Name FROM Lead WHERE LastName LIKE 'S000%' ORDER BY LastName")
    assert (found["totalSize"], found["records"][0]["Owner"]["Name"]) == (3, "Sam Seller")
    assert len(list(sdk.query_all_iter("SELECT Id FROM Lead", include_deleted=True))) >= 3
    assert sdk.api_usage["api-usage"].total == 100_000


def test_records_by_type(visitor: Visitor) -> None:
    """describe, create, get, update, upsert, deleted, delete; errors become the library's own."""
    sdk = visitor.sdk()
    made = sdk.Lead.create({"LastName": "Meyer", "Company": "Acme"})
    assert sdk.Lead.update(made["id"], {"Title": "CTO"}) == 204
    assert sdk.Lead.get(made["id"])["Title"] == "CTO"
    assert sdk.Lead.upsert(f"Id/{made['id']}", {"Title": "CEO"}) == 200
    assert any(each["name"] == "Lead_Score__c" for each in sdk.Lead.describe()["fields"])
    assert sdk.Lead.delete(made["id"]) == 204
    now = datetime.now(UTC)
    gone = sdk.Lead.deleted(now - timedelta(hours=1), now + timedelta(minutes=2))
    assert made["id"] in {each["id"] for each in gone["deletedRecords"]}
    with pytest.raises(SalesforceMalformedRequest):
        sdk.query("SELECT Nope FROM Lead")
    with pytest.raises(SalesforceResourceNotFound):
        sdk.Lead.get("00QgK0000000ZZZ")


def test_collections_and_limits_by_rest(visitor: Visitor) -> None:
    """What the library has no name for goes through restful."""
    sdk, lead = visitor.sdk(), visitor.lead(LastName="Meyer")
    record = {"attributes": {"type": "Lead"}, "id": lead, "Lead_Score__c": 42}
    assert sdk.restful("composite/sobjects", method="PATCH", json={"records": [record]})[0]["success"]
    assert sdk.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sdk.toolingexecute("query/?q=SELECT+Id+FROM+CustomField")["records"] == []


def test_bulk_query_and_update(started: Starter) -> None:
    """The library waits for the job and reads its pages."""
    visitor = Visitor(started(org=Org(job_seconds=0.05))).install()
    leads = visitor.leads(5, "B")
    sdk = visitor.sdk()
    pages = list(sdk.bulk2.Lead.query("SELECT Id, LastName FROM Lead", max_records=2, wait=0.01))
    rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
    assert {row["Id"] for row in rows} == set(leads)
    told = sdk.bulk2.Lead.update(records=[{"Id": each, "Title": "CEO"} for each in leads], wait=0.01)
    assert (told[0]["numberRecordsProcessed"], told[0]["numberRecordsFailed"]) == (5, 0)
    assert "CEO" in sdk.bulk2.Lead.get_successful_records(told[0]["job_id"])
    assert visitor.get(f"/sobjects/Lead/{leads[0]}").json()["Title"] == "CEO"


def test_an_expired_session_is_told(started: Starter) -> None:
    """As the library's own error."""
    visitor = Visitor(started()).install()
    sdk = visitor.sdk()
    visitor.hub.grants.expire_sessions()
    with pytest.raises(SalesforceExpiredSession):
        sdk.query("SELECT Id FROM Lead")
