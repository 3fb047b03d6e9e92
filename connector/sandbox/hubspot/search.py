"""Search: filters over the index, which lags behind the records; 10,000 results and no more.

Caps as documented: 200 a page, 10,000 results a query, bodies of 3,000 characters,
5 groups, 6 filters each, 18 in all, exactly one sort.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.hubspot.access import account, hub
from connector.sandbox.hubspot.errors import invalid, reply
from connector.sandbox.hubspot.paths import object_type
from connector.sandbox.hubspot.records import Indexed, ObjectTable
from connector.sandbox.hubspot.rendering import rendered_hit
from connector.sandbox.hubspot.requests import json_body, readable
from connector.sandbox.hubspot.validation import time_ms

PAGE = 200
MOST = 10_000
BODY = 3_000
GROUPS, FILTERS, FILTERS_IN_ALL = 5, 6, 18

blueprint = Blueprint("search", __name__)
Predicate = Callable[[Indexed], bool]
Comparable = float | str


@blueprint.post("/<kind>/search")
def search(kind: str) -> Response:
    """Answer one page of what the index knows."""
    table = readable(kind)
    if len(request.get_data()) > BODY:
        raise invalid(f"The query is longer than {BODY} characters.")
    body = json_body()
    start, limit = _window(body)
    with hub().stage.lock:
        hits = _sorted(table, _matching(table, body), body)
        names = tuple(body.get("properties") or ())
        shown = [rendered_hit(account(), table, seen, names) for seen in hits[start : start + limit]]
    page: dict[str, Any] = {"total": len(hits), "results": shown}
    if start + limit < len(hits):
        page["paging"] = {"next": {"after": str(start + limit), "link": ""}}
    return reply(page)


def _window(body: Mapping[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", 10), str(body.get("after") or "0")
    if not isinstance(limit, int) or not 1 <= limit <= PAGE:
        raise invalid(f"limit must lie between 1 and {PAGE}.")
    if not after.isdigit():
        raise invalid("after must be a whole number.")
    if int(after) + limit > MOST:
        raise invalid(f"Paging past {MOST} results is not possible; narrow the search.")
    return int(after), limit


def _matching(table: ObjectTable, body: Mapping[str, Any]) -> list[Indexed]:
    groups = _groups(body)
    ids, index = table.indexed(hub().now_ms())
    if not groups:
        return [index[each] for each in ids]
    compiled = [[_predicate(table, each) for each in group] for group in groups]
    first = min(_first_id(group) for group in groups)
    candidates = (index[each] for each in ids[bisect_right(ids, first) :])
    return [seen for seen in candidates if _passes(seen, compiled)]


def _passes(seen: Indexed, groups: Iterable[list[Predicate]]) -> bool:
    return any(all(test(seen) for test in group) for group in groups)


def _groups(body: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    groups = [list(group.get("filters") or ()) for group in body.get("filterGroups") or ()]
    if len(groups) > GROUPS or any(len(group) > FILTERS for group in groups):
        raise invalid(f"A search takes up to {GROUPS} groups of up to {FILTERS} filters.")
    if sum(len(group) for group in groups) > FILTERS_IN_ALL:
        raise invalid(f"A search takes up to {FILTERS_IN_ALL} filters in all.")
    return groups


def _first_id(group: list[dict[str, Any]]) -> int:
    """Return the id that every match of a group lies above: keyset paging need not scan from the start."""
    bounds = [
        int(each["value"])
        for each in group
        if each.get("propertyName") == "hs_object_id" and each.get("operator") == "GT" and str(each["value"]).isdigit()
    ]
    return max(bounds, default=-1)


def _reader(table: ObjectTable, name: str) -> Callable[[Indexed], Comparable | None]:
    """Return how to read a property as something that compares: times and numbers as numbers."""
    if name in ("lastmodifieddate", "hs_lastmodifieddate"):
        return lambda seen: seen.updated_ms
    if name in ("createdate", "hs_createdate"):
        return lambda seen: seen.created_ms
    if name == "hs_object_id":
        return lambda seen: seen.object_id
    kind = account().catalogues[table.object_type].live[name]["type"]
    return lambda seen: _comparable(seen.properties.get(name), kind)


def _comparable(text: str | None, kind: str) -> Comparable | None:
    if text is None:
        return None
    if kind in ("date", "datetime"):
        return time_ms(text)
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            return None
    return text.lower() if kind == "string" else text


def _predicate(table: ObjectTable, given: Mapping[str, Any]) -> Predicate:
    name, operator = str(given.get("propertyName", "")), str(given.get("operator", ""))
    if name.startswith("associations."):
        return _association_predicate(table, name, given)
    known = account().catalogues[table.object_type].live.get(name)
    if known is None:
        raise invalid(f"There was a problem with the request: property {name} does not exist.")
    test = OPERATORS.get(operator)
    if test is None:
        raise invalid(f"There was a problem with the request: operator {operator} is not known.")
    read, operands = _reader(table, name), _operands(known["type"], given)
    return lambda seen: test(read(seen), operands)


def _operands(kind: str, given: Mapping[str, Any]) -> list[Any]:
    if str(given["operator"]).endswith("HAS_PROPERTY"):
        return []
    raw = given.get("values")
    if raw is None:
        raw = [given[key] for key in ("value", "highValue") if key in given]
    if not raw:
        raise invalid("A filter needs a value.")
    if kind == "string" and given["operator"] in ("IN", "NOT_IN"):
        # HubSpot's rule: these compare with the lowercase form, so an uppercase value never matches.
        return [str(value) for value in raw]
    operands = [_comparable(str(value), kind) for value in raw]
    if None in operands:
        raise invalid(f"There was a problem with the request: a value is not of type {kind}.")
    return operands


def _association_predicate(table: ObjectTable, name: str, given: Mapping[str, Any]) -> Predicate:
    kind = object_type(name.partition(".")[2])
    wanted = str(given.get("value", ""))
    if kind is None or not account().links.knows(table.object_type, kind) or not wanted.isdigit():
        raise invalid(f"There was a problem with the request: {name} cannot be searched by.")
    linked = {target for target, _ in account().links.targets(kind, int(wanted), table.object_type)}
    return lambda seen: seen.object_id in linked


def _tokens(value: Any, operand: Any) -> bool:
    wanted = str(operand).lower().strip("*")
    return wanted in str(value).lower().replace("@", " ").split() or (str(operand) != wanted and wanted in str(value))


OPERATORS: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "EQ": lambda value, operands: value is not None and value == operands[0],
    "NEQ": lambda value, operands: value is None or value != operands[0],
    "LT": lambda value, operands: value is not None and value < operands[0],
    "LTE": lambda value, operands: value is not None and value <= operands[0],
    "GT": lambda value, operands: value is not None and value > operands[0],
    "GTE": lambda value, operands: value is not None and value >= operands[0],
    "BETWEEN": lambda value, operands: value is not None and operands[0] <= value <= operands[-1],
    "IN": lambda value, operands: value in operands,
    "NOT_IN": lambda value, operands: value not in operands,
    "HAS_PROPERTY": lambda value, _: value is not None,
    "NOT_HAS_PROPERTY": lambda value, _: value is None,
    "CONTAINS_TOKEN": lambda value, operands: value is not None and _tokens(value, operands[0]),
    "NOT_CONTAINS_TOKEN": lambda value, operands: value is None or not _tokens(value, operands[0]),
}


def _sorted(table: ObjectTable, hits: list[Indexed], body: Mapping[str, Any]) -> list[Indexed]:
    sorts = body.get("sorts") or []
    if len(sorts) > 1:
        raise invalid("Only one sort is supported.")
    if not sorts:
        return hits
    sort = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
    name = str(sort.get("propertyName", ""))
    descending = sort.get("direction") == "DESCENDING"
    if name == "hs_object_id":
        return hits[::-1] if descending else hits
    if name not in account().catalogues[table.object_type].live:
        raise invalid(f"There was a problem with the request: cannot sort by {name}.")
    read = _reader(table, name)
    filled = sorted(
        (seen for seen in hits if read(seen) is not None), key=lambda seen: (read(seen),), reverse=descending
    )
    return filled + [seen for seen in hits if read(seen) is None]
