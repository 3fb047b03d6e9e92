"""From a client's values to those that a record keeps, refusing what the org would refuse."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.errors import RecordError
from connector.sandbox.salesforce.hub import Author, Hub
from connector.sandbox.salesforce.ids import PREFIXES, normal
from connector.sandbox.salesforce.schema import NUMBERS, FieldDef, ObjectDef, Value

EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@,;<>().]+")
SHOWN = 80
"""How much of a refused value an error repeats."""


def read_values(
    hub: Hub, of: ObjectDef, body: Mapping[str, Any], author: Author, *, creating: bool
) -> dict[str, Value]:
    """Return a record's new values; raise :class:`RecordError` for the first that is wrong."""
    read: dict[str, Value] = {}
    for key, given in body.items():
        if key.lower() in ("attributes", "id"):
            continue
        field = of.keys.get(key.lower())
        if field is None:
            raise RecordError("INVALID_FIELD", f"No such column '{key}' on sobject of type {of.name}")
        if author.client:
            _check_right(hub, of, field, creating)
        read[field.name] = typed(hub, field, given)
    return read


def _check_right(hub: Hub, of: ObjectDef, field: FieldDef, creating: bool) -> None:
    allowed = field.createable if creating else field.updateable
    if allowed and hub.schema.edits(of.name, field.name):
        return
    message = (
        f"Unable to create/update fields: {field.name}. Please check the security settings of this field and verify "
        "that it is read/write for your profile or permission set."
    )
    raise RecordError("INVALID_FIELD_FOR_INSERT_UPDATE", message, [field.name])


def check_required(of: ObjectDef, values: Mapping[str, Value]) -> None:
    """Raise where a required field has no value."""
    missing = [each.name for each in of.fields.values() if each.required and values.get(each.name) is None]
    if missing:
        names = f"[{', '.join(missing)}]"
        raise RecordError("REQUIRED_FIELD_MISSING", f"Required fields are missing: {names}", missing)


def typed(hub: Hub, field: FieldDef, given: Any) -> Value:
    """Return one value as it is kept; empty text clears."""
    if given is None or given == "":
        if field.type == "boolean":
            raise RecordError("INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: ")
        return None
    if field.type == "reference":
        return _reference(hub, field, given)
    reader = NUMBER if field.type in NUMBERS else READERS.get(field.type, _text)
    return reader(field, given)


def _text(field: FieldDef, given: Any) -> Value:
    if not isinstance(given, str):
        raise _unreadable("string", given)
    value = given.strip()
    if field.length and len(value) > field.length:
        message = f"{field.label}: data value too large: {value[:SHOWN]} (max length={field.length})"
        raise RecordError("STRING_TOO_LONG", message, [field.name])
    if field.type == "email" and value and not EMAIL.fullmatch(value):
        message = f"{field.label}: invalid email address: {value[:SHOWN]}"
        raise RecordError("INVALID_EMAIL_ADDRESS", message, [field.name])
    if field.restricted and value not in field.options:
        message = f"{field.label}: bad value for restricted picklist field: {value[:SHOWN]}"
        raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return value or None


def _boolean(_: FieldDef, given: Any) -> Value:
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.lower() in ("true", "false", "1", "0"):
        return given.lower() in ("true", "1")
    raise _unreadable("boolean", given)


def _number(field: FieldDef, given: Any) -> Value:
    if isinstance(given, bool) or not isinstance(given, (str, int, float, Decimal)):
        raise _unreadable("double", given)
    try:
        value = Decimal(str(given).strip())
        rounded = round(value, field.scale)
    except (InvalidOperation, OverflowError, ValueError):
        raise _unreadable("double", given) from None
    if not value.is_finite():
        raise _unreadable("double", given)
    if abs(rounded) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {str(given)[:SHOWN]}"
        raise RecordError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    return int(rounded) if field.type == "int" else rounded


def _moment(_: FieldDef, given: Any) -> Value:
    read = times.moment(given) if isinstance(given, str) else None
    if read is None:
        raise _unreadable("datetime", given)
    return read


def _day(_: FieldDef, given: Any) -> Value:
    # A time is cut to its day, as the API does.
    read = times.day(given[:10]) if isinstance(given, str) else None
    if read is None:
        raise _unreadable("date", given)
    return read


def _any(_: FieldDef, given: Any) -> Value:
    return given if isinstance(given, (str, bool, int, Decimal)) else str(given)


NUMBER: Callable[[FieldDef, Any], Value] = _number
READERS: Mapping[str, Callable[[FieldDef, Any], Value]] = {
    "boolean": _boolean,
    "datetime": _moment,
    "date": _day,
    "anyType": _any,
}
"""Type → how a client's value is read; all others are text."""


def _reference(hub: Hub, field: FieldDef, given: Any) -> Value:
    row_id = normal(given) if isinstance(given, str) else None
    if row_id is None:
        raise RecordError("MALFORMED_ID", f"{field.label} ID: id value of incorrect type: {given!s:.80}", [field.name])
    for name in field.references:
        if row_id.startswith(PREFIXES[name]):
            row = hub.tables[name].rows.get(row_id)
            if row is None or row.get("IsDeleted"):
                raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
            return row_id
    message = f"{field.label}: id value of incorrect type: {row_id}"
    raise RecordError("FIELD_INTEGRITY_EXCEPTION", message, [field.name])


def _unreadable(kind: str, given: Any) -> RecordError:
    form = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
    token = form.get(type(given), "START_OBJECT")
    return RecordError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {token} value {str(given)[:SHOWN]} or request may be missing a "
        "required field",
    )
