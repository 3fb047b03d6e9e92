"""Search of the HubSpot sandbox: caps, filters, and an index that lags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector.sandbox import Filling
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.standing_clock import StandingClock
from tests.unit.sandbox.visitor import Visitor


def having(name: str, operator: str, **value: Any) -> dict[str, Any]:
    """A search by one filter."""
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": operator, **value}]}]}


def found(visitor: Visitor, **body: Any) -> list[str]:
    """The ids that a search finds."""
    return [each["id"] for each in visitor.search(**{"limit": 200, **body}).json()["results"]]


def test_the_index_lags_behind(started: Starter) -> None:
    """A new record is invisible, and a changed one shows its old value, until the lag is over."""
    clock = StandingClock()
    visitor = Visitor(started(clock, index_lag_seconds=2.0)).install()
    made = visitor.contact(email="late@example.com", jobtitle="Buyer")
    old = having("jobtitle", "EQ", value="Buyer")
    assert found(visitor, **old) == []
    clock.sleep(2)
    assert found(visitor, **old) == [made]
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}", {"properties": {"jobtitle": "Director"}})
    assert found(visitor, **old) == [made]
    clock.sleep(2)
    assert found(visitor, **old) == []
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}/archive")
    assert found(visitor, **having("jobtitle", "EQ", value="Director")) == [made]
    clock.sleep(2)
    assert found(visitor, **having("jobtitle", "EQ", value="Director")) == []


def test_keyset_paging_by_id_reaches_every_record(started: Starter) -> None:
    """GT on the id, sorted by it, walks past the cap on results, with equal timestamps or not."""
    now = datetime(2026, 2, 1, tzinfo=UTC)
    visitor = Visitor(started(filling=Filling(contacts=450, now=now))).install()
    seen: list[str] = []
    while True:
        last = seen[-1] if seen else "0"
        body = having("hs_object_id", "GT", value=last)
        page = found(visitor, **body, sorts=[{"propertyName": "hs_object_id", "direction": "ASCENDING"}])
        seen += page
        if len(page) < 200:
            break
    assert len(seen) == len(set(seen)) == 450


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"limit": 200}, 200),
        ({"limit": 201}, 400),
        ({"limit": 200, "after": "9800"}, 200),
        ({"limit": 200, "after": "9801"}, 400),
        ({"after": "abc"}, 400),
        ({"query": "x" * 3000}, 400),
        ({"sorts": ["email", "createdate"]}, 400),
        ({"filterGroups": [{"filters": []}] * 6}, 400),
        (having("email", "RESEMBLES", value="x"), 400),
        (having("no_such_thing", "EQ", value="x"), 400),
        (having("createdate", "GTE", value="yesterday"), 400),
    ],
)
def test_caps_and_bad_queries(visitor: Visitor, body: dict[str, Any], status: int) -> None:
    """200 a page, 10,000 results, 3,000 characters, five groups, one sort, known words only."""
    assert visitor.search(**body).status_code == status


def test_too_many_filters(visitor: Visitor) -> None:
    """Six filters a group and eighteen in all."""
    each = {"propertyName": "email", "operator": "HAS_PROPERTY"}
    assert visitor.search(filterGroups=[{"filters": [each] * 7}]).status_code == 400
    assert visitor.search(filterGroups=[{"filters": [each] * 6}] * 4).status_code == 400
    assert visitor.search(filterGroups=[{"filters": [each] * 6}] * 3).status_code == 200


@pytest.mark.parametrize(
    ("operator", "value", "numbers"),
    [
        ("EQ", {"value": "20"}, {20}),
        ("NEQ", {"value": "20"}, {10, 30, None}),
        ("LT", {"value": "20"}, {10}),
        ("LTE", {"value": "20"}, {10, 20}),
        ("GT", {"value": "9"}, {10, 20, 30}),
        ("GTE", {"value": "20"}, {20, 30}),
        ("BETWEEN", {"value": "15", "highValue": "30"}, {20, 30}),
        ("IN", {"values": ["10", "30"]}, {10, 30}),
        ("NOT_IN", {"values": ["10", "30"]}, {20, None}),
        ("HAS_PROPERTY", {}, {10, 20, 30}),
        ("NOT_HAS_PROPERTY", {}, {None}),
    ],
)
def test_operators(started: Starter, operator: str, value: dict[str, Any], numbers: set[int | None]) -> None:
    """Every operator compares numbers as numbers."""
    visitor = Visitor(started()).install()
    ids = {visitor.contact(numemployees=str(number)): number for number in (10, 20, 30)}
    ids[visitor.contact()] = None  # type: ignore[assignment]  # the one without a number
    assert {ids[each] for each in found(visitor, **having("numemployees", operator, **value))} == numbers


def test_words_and_lowercase_rule(visitor: Visitor) -> None:
    """CONTAINS_TOKEN finds words; IN on text only matches lowercase values."""
    made = visitor.contact(jobtitle="Head of Zeppelins")
    assert found(visitor, **having("jobtitle", "CONTAINS_TOKEN", value="zeppelins")) == [made]
    assert found(visitor, **having("jobtitle", "IN", values=["head of zeppelins"])) == [made]
    assert found(visitor, **having("jobtitle", "IN", values=["Head of Zeppelins"])) == []


def test_search_by_associated_record(visitor: Visitor) -> None:
    """The pseudo-property associations.contact finds a contact's deals."""
    made = visitor.contact()
    visitor.admin(f"/accounts/{visitor.portal_id}/contacts/{made}/events", {"kind": "deal_won"})
    deals = visitor.post("/crm/objects/2026-03/deals/search", having("associations.contact", "EQ", value=made)).json()
    assert [each["properties"]["dealstage"] for each in deals["results"]] == ["closedwon"]
