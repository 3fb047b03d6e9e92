"""Records as JSON: typed values, ``attributes``, nested related records."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import NUMBERS, FieldDef, Value, Values
from connector.sandbox.salesforce.soql.paths import Found, Scope, own

METADATA = "Metadata"
"""The field of the Tooling API whose value is an object; it is kept as its JSON."""

ADDRESS_PARTS = ("City", "Country", "PostalCode", "State", "Street")


def attributes(hub: Hub, object_name: str, row_id: Value) -> dict[str, str]:
    """Return what every record carries: its object and its address."""
    return {
        "type": object_name,
        "url": f"/services/data/v{hub.org.api_version}/sobjects/{object_name}/{row_id}",
    }


def shown(field: FieldDef, values: Values) -> Any:
    """Return a field's value as JSON has it."""
    if field.type == "address":
        return _address(field.name.removesuffix("Address"), values)
    return plain(field, values.get(field.name))


def plain(field: FieldDef, value: Value) -> Any:
    """Return a value as JSON has it."""
    if field.name == METADATA and isinstance(value, str):
        return json.loads(value)
    if field.type == "datetime" and isinstance(value, int):
        return times.rest(value)
    if isinstance(value, Decimal) or (field.type in NUMBERS and field.type != "int" and value is not None):
        return float(value)
    return value


def _address(prefix: str, values: Values) -> dict[str, Any] | None:
    parts = {part: values.get(f"{prefix}{part}") for part in ADDRESS_PARTS}
    if not any(parts.values()):
        return None
    named = {part[0].lower() + part[1:]: value for part, value in parts.items()}
    return {**named, "geocodeAccuracy": None, "latitude": None, "longitude": None}


def record(hub: Hub, object_name: str, values: Values, fields: Iterable[FieldDef]) -> dict[str, Any]:
    """Return one record with the fields that were asked for."""
    told = {each.name: shown(each, values) for each in fields}
    return {"attributes": attributes(hub, object_name, values["Id"]), **told}


def selected(scope: Scope, fields: Iterable[Found], values: Values) -> dict[str, Any]:
    """Return one record of a query's answer, related records nested in it."""
    told: dict[str, Any] = {"attributes": attributes(scope.hub, scope.of.name, values["Id"])}
    for each in fields:
        _place(scope, each, values, told)
    return told


def _place(scope: Scope, found: Found, values: Values, told: dict[str, Any]) -> None:
    row, several, object_name = values, False, scope.of.name
    for step in found.steps:
        related = scope.related(step, row)
        if related is None:
            told.setdefault(step.relationship, None)
            return
        object_name, row = related
        several = len(step.references) > 1
        told = told.setdefault(step.relationship, {"attributes": attributes(scope.hub, object_name, row["Id"])})
    if several:
        told[found.field.name] = plain(found.field, own((object_name, row), found.field.name, several=True))
    else:
        told[found.field.name] = shown(found.field, row)
