"""Whatever is sent is answered or refused; nothing breaks the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connector.sandbox import RunningSandbox
from tests.unit.sandbox.salesforce.visitor import Visitor

NAMES = st.sampled_from(
    "attributes type id Id ids fields records allOrNone LastName Company Title OwnerId Email AnnualRevenue Status "
    "NumberOfEmployees EmailBouncedDate IsConverted Lead_Score__c object operation query state FullName Metadata label "
    "precision scale length valueSet externalIdFieldName".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
CALM = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def anyone(roomy: RunningSandbox) -> Visitor:
    return Visitor(roomy).install()


@pytest.fixture(scope="module")
def lead(anyone: Visitor) -> str:
    return anyone.lead(LastName="Meyer")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/sobjects/Lead"),
        ("PATCH", "/sobjects/Lead/{lead}"),
        ("PATCH", "/sobjects/Lead/Id/{lead}"),
        ("POST", "/composite/sobjects"),
        ("PATCH", "/composite/sobjects"),
        ("PATCH", "/composite/sobjects/Lead/Id"),
        ("POST", "/composite/sobjects/Lead"),
        ("POST", "/jobs/query"),
        ("POST", "/jobs/ingest"),
        ("POST", "/tooling/sobjects/CustomField"),
        ("POST", "/sobjects/FieldPermissions"),
    ],
)
@CALM
@given(body=st.dictionaries(NAMES, JSON, max_size=6))
@example({"records": [{"attributes": {"type": ["Lead"]}}]})
@example({"records": [{"attributes": {"type": "Lead"}, "id": {"a": 1}, "Title": []}]})
@example({"OwnerId": ["x"], "AnnualRevenue": 1e300, "LastName": "x", "Company": "y"})
@example({"FullName": "Lead.A__c", "Metadata": {"label": "A", "type": "Picklist", "valueSet": [1]}})
@example({"FullName": "Lead.A__c", "Metadata": {"label": "A", "type": ["Text"], "length": True}})
@example({"columnDelimiter": [], "object": "Lead", "operation": "insert"})
def test_odd_bodies_are_answered(anyone: Visitor, lead: str, method: str, path: str, body: dict[str, Any]) -> None:
    """With a refusal in the API's form."""
    assert anyone.send(method, path.format(lead=lead), body).status_code < 500


@pytest.mark.parametrize("path", ["/sobjects/Lead", "/composite/sobjects", "/jobs/ingest", "/jobs/query"])
@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b"[" * 5000])
def test_what_is_no_object_is_refused(anyone: Visitor, path: str, data: bytes) -> None:
    """Empty bodies, arrays, broken text."""
    url = f"{anyone.origin}/services/data/v68.0{path}"
    assert 400 <= anyone.session.post(url, data=data).status_code < 500


@CALM
@given(value=st.text(max_size=40) | st.integers().map(str) | st.floats().map(str))
@example("1900-01-01T00:00:00Z")
@example("2100-12-31T23:59:59.999+14:00")
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
@example("1e400")
def test_odd_values_are_kept_or_refused(anyone: Visitor, lead: str, value: str) -> None:
    """What was taken can be read again."""
    for name in ("Title", "Email", "AnnualRevenue", "EmailBouncedDate", "NumberOfEmployees", "HasOptedOutOfEmail"):
        assert anyone.send("PATCH", f"/sobjects/Lead/{lead}", {name: value}).status_code in (204, 400)
    assert anyone.get(f"/sobjects/Lead/{lead}").status_code == 200


@CALM
@given(data=st.binary(max_size=200) | st.text(alphabet='Id,Title"\n\r\0#N/A', max_size=80).map(str.encode))
def test_odd_uploads_end_their_job(anyone: Visitor, data: bytes) -> None:
    """Complete or failed, and the sandbox lives."""
    job = anyone.send("POST", "/jobs/ingest", {"object": "Lead", "operation": "update"}).json()
    url = f"{anyone.origin}/{job['contentUrl']}"
    assert anyone.session.put(url, data=data, headers={"Content-Type": "text/csv"}).status_code == 201
    path = f"/jobs/ingest/{job['id']}"
    assert anyone.send("PATCH", path, {"state": "UploadComplete"}).status_code == 200
    for each in anyone.hub.jobs.all("ingest"):
        each.closed_at = float("-inf")
    assert anyone.get(path).json()["state"] in ("JobComplete", "Failed")
    assert anyone.get(f"{path}/failedResults").status_code == 200
