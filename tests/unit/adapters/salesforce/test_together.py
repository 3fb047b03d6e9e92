"""Several queries in one request: each answer is that of its own query, and a part that is none is no empty one."""

from __future__ import annotations

from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceError

from connector.adapters.salesforce import together

PAGE: dict[str, Any] = {"totalSize": 0, "done": True, "records": []}


def answer(place: int, body: object = PAGE, status: object = 200) -> dict[str, Any]:
    """Return one part of a composite answer."""
    return {"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": together.reference_of(place)}


def test_answers_are_put_in_the_order_of_their_queries() -> None:
    """Whatever order they came in."""
    told = {"compositeResponse": [answer(1, {"second": 1}), answer(0, {"first": 1})]}
    assert together.answers(told, 2) == [{"first": 1}, {"second": 1}]


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"compositeResponse": None},
        {"compositeResponse": [answer(0), None]},
        {"compositeResponse": [answer(0), "text"]},
        {"compositeResponse": [answer(0)]},
        {"compositeResponse": [answer(0), answer(0)]},
        {"compositeResponse": [answer(0), answer(1, status=None)]},
        {"compositeResponse": [answer(0), answer(1, status="200")]},
        {"compositeResponse": [answer(0), {"referenceId": together.reference_of(1), "httpStatusCode": 200}]},
    ],
)
def test_an_answer_that_is_none_is_asked_for_again(told: object) -> None:
    """Taken for one without rows it would lose a page's histories in silence."""
    with pytest.raises(ValueError, match="composite request"):
        together.answers(told, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_the_refusal_of_one_is_that_of_its_query(status: int) -> None:
    """With Salesforce's code, by which it is classified."""
    refusal = [{"errorCode": "INVALID_FIELD", "message": "No such column"}]
    with pytest.raises(SalesforceError) as refused:
        together.answers({"compositeResponse": [answer(0), answer(1, refusal, status)]}, 2)
    assert (refused.value.status, refused.value.content) == (status, refusal)


def test_a_query_travels_encoded() -> None:
    """A plus in a time is none, and deleted rows have an address of their own."""
    part = together.subrequest("SELECT Id FROM Lead WHERE Name = 'a+b'", "q0", deleted=True)
    assert part["url"].endswith("queryAll?q=SELECT+Id+FROM+Lead+WHERE+Name+%3D+%27a%2Bb%27")
