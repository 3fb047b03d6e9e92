"""WHERE: from conditions to a test of one record, and to the stamps that can pass it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from connector.sandbox.salesforce.errors import ApiError
from connector.sandbox.salesforce.ids import normal
from connector.sandbox.salesforce.schema import LONG, NUMBERS, TEXTS, FieldDef, Value, Values
from connector.sandbox.salesforce.soql.paths import Found, Getter, Scope
from connector.sandbox.salesforce.soql.tree import Both, Comparison, Condition, Either, Literal, Opposite, Span, wrong

Test = Callable[[Values], bool]
Plain = str | int | Decimal | bool | None
NEED = {
    "string": "string and should be enclosed in quotes",
    "boolean": "boolean and should not be enclosed in quotes",
    "number": "double and should not be enclosed in quotes",
    "datetime": "dateTime and should not be enclosed in quotes",
    "date": "date and should not be enclosed in quotes",
}
KINDS = {"boolean": "boolean", "datetime": "datetime", "date": "date"} | dict.fromkeys(NUMBERS, "number")
"""Field type → kind of literal; all others take strings."""

ORDERS: Mapping[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def build(scope: Scope, condition: Condition) -> Test:
    """Return the test; raise 400 for a field or value that cannot be compared."""
    if isinstance(condition, Both):
        every = [build(scope, part) for part in condition.parts]
        return lambda values: all(test(values) for test in every)
    if isinstance(condition, Either):
        some = [build(scope, part) for part in condition.parts]
        return lambda values: any(test(values) for test in some)
    if isinstance(condition, Opposite):
        part = build(scope, condition.part)
        return lambda values: not part(values)
    return _comparison(scope, condition)


def _comparison(scope: Scope, condition: Comparison) -> Test:
    found = scope.find(condition.path)
    if not found.field.filterable or (found.field.type == "textarea" and found.field.length > LONG):
        raise _refused(scope, condition, f"field '{found.field.name}' can not be filtered in a query call")
    for literal in condition.literals:
        _check_kind(scope, condition, found.field, literal)
    get = _folded(found)
    if condition.operator in ("in", "not in"):
        wanted = {_plain(scope, condition, found.field, literal) for literal in condition.literals}
        inside = condition.operator == "in"
        return lambda values: (get(values) in wanted) == inside
    literal = condition.literals[0]
    if condition.operator == "like":
        return _like(scope, condition, found.field, get)
    if isinstance(literal.value, Span):
        return _within(found.field, literal.value, condition.operator, get)
    value = _plain(scope, condition, found.field, literal)
    if condition.operator in ("=", "!="):
        same = condition.operator == "="
        return lambda values: (get(values) == value) == same
    if found.field.type == "boolean" or value is None:
        raise _refused(scope, condition, f"invalid operator on field '{found.field.name}'")
    return _ordered(get, value, ORDERS[condition.operator])


def _ordered(get: Getter, value: Plain, fits: Callable[[int], bool]) -> Test:
    def test(values: Values) -> bool:
        own = get(values)
        return own is not None and fits(compare(own, value))

    return test


def compare(left: Value, right: Value) -> int:
    """Return -1, 0 or 1, as the left of two values of one type is less, equal or greater."""
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    if isinstance(left, str) or isinstance(right, str) or left is None or right is None:
        return 0
    return (left > right) - (left < right)


def _folded(found: Found) -> Getter:
    """Return the getter of a value as it is compared: text without case, empty text as none."""
    get = found.get
    if found.field.type not in TEXTS:
        return get

    def fold(values: Values) -> Value:
        value = get(values)
        return value.casefold() if isinstance(value, str) else value

    return fold


def _plain(scope: Scope, condition: Comparison, field: FieldDef, literal: Literal) -> Plain:
    value = literal.value
    if isinstance(value, Span):
        raise _refused(scope, condition, f"a range of days cannot stand in a list for field '{field.name}'")
    if field.type in ("id", "reference") and isinstance(value, str):
        known = normal(value)
        if known is None:
            raise wrong(scope.text, literal.at, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value[:40]}")
        return known
    if isinstance(value, str) and field.type in TEXTS:
        return value.casefold() or None
    return value


def _like(scope: Scope, condition: Comparison, field: FieldDef, get: Getter) -> Test:
    pattern = condition.literals[0].value
    if field.type not in TEXTS or not isinstance(pattern, str):
        raise _refused(scope, condition, f"invalid operator on field '{field.name}'")
    pieces = re.findall(r"\\.|.", pattern.casefold(), re.DOTALL)
    wild = {"%": ".*", "_": "."}
    fits = re.compile(
        "".join(wild.get(each) or re.escape(each.removeprefix("\\") or each) for each in pieces), re.DOTALL
    )

    def test(values: Values) -> bool:
        value = get(values)
        return isinstance(value, str) and fits.fullmatch(value) is not None

    return test


def _within(field: FieldDef, days: Span, operator: str, get: Getter) -> Test:
    """Compare with whole days: equal is within, less is before their beginning, greater from their end on."""
    first, end = (days.first, days.end) if field.type == "date" else (days.first_ms, days.end_ms)

    def after_first(value: Value) -> bool:
        return compare(value, first) >= 0

    def after_end(value: Value) -> bool:
        return compare(value, end) >= 0

    tests: dict[str, Callable[[Value], bool]] = {
        "=": lambda value: after_first(value) and not after_end(value),
        "!=": lambda value: not after_first(value) or after_end(value),
        "<": lambda value: not after_first(value),
        "<=": lambda value: not after_end(value),
        ">": after_end,
        ">=": after_first,
    }
    fits = tests[operator]

    def test(values: Values) -> bool:
        value = get(values)
        return fits(value) if value is not None else operator == "!="

    return test


def _check_kind(scope: Scope, condition: Comparison, field: FieldDef, literal: Literal) -> None:
    need = KINDS.get(field.type, "string")
    if literal.kind in ("null", need) or (literal.kind == "span" and need in ("datetime", "date")):
        return
    message = f"value of filter criterion for field '{field.name}' must be of type {NEED[need]}"
    raise wrong(scope.text, condition.path.at, "INVALID_FIELD", message)


def _refused(scope: Scope, condition: Comparison, message: str) -> ApiError:
    return wrong(scope.text, condition.path.at, "INVALID_FIELD", message)


def lowest(condition: Condition | None, stamp: str) -> int | None:
    """Return the least ``stamp`` that can pass, in milliseconds; None: any."""
    if isinstance(condition, Both):
        bounds = [bound for part in condition.parts if (bound := lowest(part, stamp)) is not None]
        return max(bounds, default=None)
    if isinstance(condition, Either):
        parts = [lowest(part, stamp) for part in condition.parts]
        known = [bound for bound in parts if bound is not None]
        return min(known) if len(known) == len(parts) else None
    if not isinstance(condition, Comparison) or condition.operator not in ("=", ">", ">="):
        return None
    names, value = condition.path.names, condition.literals[0].value
    if len(names) != 1 or names[0].lower() != stamp.lower():
        return None
    if isinstance(value, Span):
        return value.first_ms
    return value if isinstance(value, int) and not isinstance(value, bool) else None
