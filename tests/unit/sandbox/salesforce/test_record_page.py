"""A Lead's page in the Salesforce sandbox, where Salesforce forwards to from a record's id."""

from __future__ import annotations

import requests

from connector.sandbox import RunningSandbox
from tests.unit.sandbox.salesforce.visitor import BASE, Visitor


def page(visitor: Visitor, row_id: str) -> requests.Response:
    """Open a record as a person does, without any session of the API."""
    return requests.get(f"{visitor.origin}/{row_id}", timeout=10)


def lead(visitor: Visitor, **values: str) -> str:
    """Make a Lead; return its id."""
    body = {"LastName": "Castro", "Company": "Firm", **values}
    made = visitor.session.post(f"{visitor.origin}{BASE}/sobjects/Lead", json=body)
    return str(made.json()["id"])


def test_it_shows_the_fields_that_have_a_value(roomy: RunningSandbox, visitor: Visitor) -> None:
    """By either length of the id; neither logged nor counted as a request of the app."""
    made = lead(visitor, Title="<b>CTO</b>")
    before = len(roomy.stage.log.entries())
    for row_id in (made, made[:15]):
        shown = page(visitor, row_id)
        assert shown.status_code == 200
        assert "<h1>Castro</h1>" in shown.text
        assert "&lt;b&gt;CTO&lt;/b&gt;" in shown.text
    assert len(roomy.stage.log.entries()) == before


def test_what_is_no_lead_or_contact_has_no_page(visitor: Visitor) -> None:
    """Nor has one in the recycle bin."""
    made = lead(visitor)
    visitor.session.delete(f"{visitor.origin}{BASE}/sobjects/Lead/{made}")
    for row_id in (made, "001gK0000000001", "00QgK0000099999", "nonsense"):
        assert page(visitor, row_id).status_code == 404
