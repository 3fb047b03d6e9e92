"""Answering a query: which records, in which order."""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from connector.sandbox.salesforce.history import PARENTS
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.schema import LONG, TEXTS, FieldDef, ObjectDef, Value, Values
from connector.sandbox.salesforce.soql.conditions import build, lowest
from connector.sandbox.salesforce.soql.paths import Found, Scope
from connector.sandbox.salesforce.soql.tree import (
    Both,
    Comparison,
    Condition,
    Count,
    Everything,
    Ordering,
    Path,
    Query,
    malformed,
    wrong,
)

MOST_WITH_ALL = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query finds. ``counts``: (column, number) of an aggregate query; ``None`` column: ``COUNT()`` alone."""

    scope: Scope
    fields: tuple[Found, ...]
    rows: list[Values]
    counts: tuple[tuple[str | None, int], ...] = ()


def run(hub: Hub, query: Query, *, deleted: bool, tooling: bool = False) -> Answer:
    """Return the records of a query; ``deleted`` ones, and archived ones, only where asked for.

    ``tooling``: the query is of an object of the Tooling API.
    """
    of = hub.schema.object(query.object_name, tooling=tooling)
    if of is None:
        message = (
            f"sObject type '{query.object_name}' is not supported. If you are attempting to use a custom object, be "
            "sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        raise wrong(query.text, query.object_at, "INVALID_TYPE", message)
    scope = Scope(hub, of, query.text)
    counts = [each for each in query.fields if isinstance(each, Count)]
    fields = () if counts else _selected(scope, query)
    if counts and (len(counts) != len(query.fields) or query.order):
        raise malformed(query.text, query.object_at, "Grouped query must use aggregate functions only")
    rows = _rows(scope, query, deleted=deleted)
    return Answer(scope, fields, rows, tuple(_counted(scope, counts, rows)))


def _selected(scope: Scope, query: Query) -> tuple[Found, ...]:
    found: list[Found] = []
    for each in query.fields:
        if isinstance(each, Everything):
            found += _everything(scope, query, each)
        elif isinstance(each, Path):
            found.append(scope.find(each))
    names = [(*(step.relationship for step in each.steps), each.field.name) for each in found]
    if len(set(names)) != len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise malformed(query.text, 0, f"duplicate field selected: {'.'.join(repeated)}")
    return tuple(found)


def _everything(scope: Scope, query: Query, each: Everything) -> list[Found]:
    if each.which != "standard" and (query.limit is None or query.limit > MOST_WITH_ALL):
        raise malformed(query.text, each.at, "The SOQL FIELDS function must have a LIMIT of at most 200")
    fields = scope.hub.schema.visible(scope.of)
    wanted = [field for field in fields if each.which == "all" or field.custom == (each.which == "custom")]
    return [scope.find(Path((field.name,), each.at)) for field in wanted]


def _counted(scope: Scope, counts: list[Count], rows: list[Values]) -> Iterator[tuple[str | None, int]]:
    number = itertools.count()
    for each in counts:
        if each.path is None:
            yield None, len(rows)
            continue
        get = scope.find(each.path).get
        yield each.alias or f"expr{next(number)}", sum(get(row) is not None for row in rows)


def _rows(scope: Scope, query: Query, *, deleted: bool) -> list[Values]:
    test = build(scope, query.where) if query.where else None
    keys = [(_sortable(scope, each), each) for each in query.order]
    candidates = (row for row in _candidates(scope, query.where) if deleted or _present(row))
    hidden = _hidden_history(scope)
    passing = (row for row in candidates if (test is None or test(row)) and row.get("Field") not in hidden)
    end = None if query.limit is None else query.offset + query.limit
    if _in_stamp_order(scope.of, query.order):
        return list(itertools.islice(passing, query.offset, end))
    rows = list(passing)
    for found, ordering in reversed(keys):
        _sort(rows, found, ordering)
    return rows[query.offset : end]


def _present(row: Values) -> bool:
    return not row.get("IsDeleted") and not row.get("IsArchived")


def _hidden_history(scope: Scope) -> set[Value]:
    """Return the fields whose history the user does not see, as the field itself."""
    parent = PARENTS.get(scope.of.name)
    if parent is None:
        return set()
    return {each.partition(".")[2] for each in scope.hub.schema.hidden if each.startswith(f"{parent[0]}.")}


def _candidates(scope: Scope, where: Condition | None) -> Iterator[Values]:
    """Yield records that may pass, in order of their stamps: looked up by an id, or from the least stamp on."""
    now = scope.hub.stage.clock.now_ms()
    table = scope.hub.tables[scope.of.name]
    seen = table.seen(now)
    named = _named(scope, where)
    if named is not None:
        name, ids = named
        known = [ids] if name == "Id" else [table.referring(name, now).get(each, []) for each in ids]
        found = [seen[row_id] for row_id in itertools.chain.from_iterable(known) if row_id in seen]
        yield from sorted(found, key=lambda row: (row.get(scope.of.stamp) or 0, row["Id"]))
        return
    order = table.by_stamp(now)
    low = lowest(where, scope.of.stamp)
    start = bisect_left(order, (low, "")) if low is not None else 0
    for place in range(start, len(order)):
        yield seen[order[place][1]]


def _named(scope: Scope, where: Condition | None) -> tuple[str, set[str]] | None:
    """Return the field of ids, its own before others, and those that a condition allows; None: it names none."""
    if isinstance(where, Both):
        found = [each for part in where.parts if (each := _named(scope, part)) is not None]
        return min(found, key=lambda each: each[0] != "Id", default=None)
    if not isinstance(where, Comparison) or where.operator not in ("=", "in") or len(where.path.names) != 1:
        return None
    field = scope.hub.schema.field(scope.of, where.path.names[0])
    if field is None or field.type not in ("id", "reference"):
        return None
    ids = [normal(each.value) for each in where.literals if isinstance(each.value, str)]
    return (field.name, {each for each in ids if each}) if len(ids) == len(where.literals) else None


def _in_stamp_order(of: ObjectDef, order: tuple[Ordering, ...]) -> bool:
    names = [each.path.names[-1].lower() for each in order if len(each.path.names) == 1 and not each.descending]
    return len(names) == len(order) and names in ([], [of.stamp.lower()], [of.stamp.lower(), "id"])


def _sortable(scope: Scope, ordering: Ordering) -> Found:
    found = scope.find(ordering.path)
    long = found.field.type == "textarea" and found.field.length > LONG
    if long or found.field.type in ("address", "anyType"):
        message = f"field '{found.field.name}' can not be sorted in a query call"
        raise malformed(scope.text, ordering.path.at, message)
    return found


def _sort(rows: list[Values], found: Found, ordering: Ordering) -> None:
    """Sort by one field, keeping the order of equals. Records without a value come first unless asked otherwise."""
    key = _key(found.field, found.get)
    filled = [row for row in rows if found.get(row) is not None]
    empty = [row for row in rows if found.get(row) is None]
    filled.sort(key=key, reverse=ordering.descending)
    rows[:] = [*filled, *empty] if ordering.nulls_last else [*empty, *filled]


def _key(field: FieldDef, get: Callable[[Values], Value]) -> Callable[[Values], str | int | Decimal | bool]:
    def key(row: Values) -> str | int | Decimal | bool:
        value = get(row)
        if isinstance(value, str):
            return value.casefold() if field.type in TEXTS else value
        return value if value is not None else 0

    return key
