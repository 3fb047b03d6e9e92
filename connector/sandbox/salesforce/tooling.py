"""The Tooling API, as far as custom fields need it.

Sources: Metadata API guide, CustomField; object reference, FieldPermissions: a new field is seen by
nobody, its maker included, until a permission set grants it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.salesforce import permissions
from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.describe import described, summary
from connector.sandbox.salesforce.errors import ApiError, failure, not_found, reply
from connector.sandbox.salesforce.query import answer_of, first_page
from connector.sandbox.salesforce.requests import json_body
from connector.sandbox.salesforce.schema import FieldDef, ObjectDef, Value, parsed

FULL_NAME = re.compile(r"(?P<object>\w+)\.(?P<name>[A-Za-z]\w{0,39})__c")
METADATA = re.compile(r"\bMetadata\b")
MOST_DIGITS = 18

blueprint = Blueprint("tooling", __name__, url_prefix="/tooling")


def _number(metadata: Mapping[str, Any]) -> str:
    precision, scale = metadata.get("precision"), metadata.get("scale")
    if not isinstance(precision, int) or not isinstance(scale, int):
        raise _refused("Must specify 'precision' and 'scale' for a CustomField of a number's type")
    if not 0 <= scale <= precision <= MOST_DIGITS or precision == 0:
        raise _refused("Precision must be between 1 and 18 and no less than scale")
    return f"({precision},{scale})"


def _length(metadata: Mapping[str, Any]) -> str:
    length = metadata.get("length")
    if not isinstance(length, int) or length < 1:
        raise _refused("Must specify 'length' for a CustomField of a text's type")
    return f"({length})"


def _picklist(metadata: Mapping[str, Any]) -> str:
    try:
        given = metadata["valueSet"]
        values = [str(each["fullName"]) for each in given["valueSetDefinition"]["value"]]
        restricted = bool(given.get("restricted"))
    except (KeyError, TypeError, AttributeError):
        raise _refused("A picklist needs a valueSet with its values") from None
    if not values or any(not each or "|" in each for each in values):
        raise _refused("Each value of a picklist needs a name")
    return f"{' restricted' if restricted else ''} = {'|'.join(values)}"


def _nothing(_: Mapping[str, Any]) -> str:
    return ""


TYPES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "Number": ("double", _number),
    "Percent": ("percent", _number),
    "Currency": ("currency", _number),
    "Text": ("string", _length),
    "LongTextArea": ("textarea", _length),
    "TextArea": ("textarea(255)", _nothing),
    "Picklist": ("picklist", _picklist),
    "Checkbox": ("boolean", _nothing),
    "Date": ("date", _nothing),
    "DateTime": ("datetime", _nothing),
    "Email": ("email(80)", _nothing),
    "Phone": ("phone(40)", _nothing),
    "Url": ("url(255)", _nothing),
}
"""Type of a custom field → type in describe, and what reads the rest."""


def _refused(message: str, code: str = "FIELD_INTEGRITY_EXCEPTION") -> ApiError:
    return failure(400, code, message, [])


@blueprint.get("/query")
def query() -> Response:
    """Answer a query over the objects of the Tooling API; one that wants metadata must be for a single row."""
    text = request.args.get("q")
    with hub().stage.lock:
        answer = answer_of(text or "", deleted=False, tooling=True) if METADATA.search(text or "") else None
    if answer is not None and len(answer.rows) > 1:
        message = (
            "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more "
            f"than one row for retrieval. Result size: {len(answer.rows)}"
        )
        raise failure(400, "MALFORMED_QUERY", message)
    return first_page(text, deleted=False, tooling=True)


@blueprint.get("/sobjects/<name>/describe")
def describe(name: str) -> Response:
    """Answer the fields of an object of the Tooling API."""
    of = _object(name)
    return reply({**summary(of), "fields": [described(of, each) for each in of.fields.values()]})


def _object(name: str) -> ObjectDef:
    of = hub().schema.object(name, tooling=True)
    if of is None:
        raise not_found()
    return of


@blueprint.post("/sobjects/<name>")
def create(name: str) -> Response:
    """Make a custom field."""
    _object(name)
    body = json_body()
    metadata = body.get("Metadata")
    if not isinstance(metadata, dict):
        raise _refused("Metadata is missing", "REQUIRED_FIELD_MISSING")
    with hub().stage.lock:
        if not hub().org.may_customize:
            raise failure(403, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
        of, field = _wanted(str(body.get("FullName", "")), metadata)
        of.add(field)
        row_id = _kept(of, field)
        hub().granted_fields.add(f"{of.name}.{field.name}")
        permissions.refresh(hub())
    return reply({"id": row_id, "success": True, "errors": [], "warnings": [], "infos": []}, 201)


def _wanted(full_name: str, metadata: Mapping[str, Any]) -> tuple[ObjectDef, FieldDef]:
    found = FULL_NAME.fullmatch(full_name)
    of = hub().schema.object(found["object"]) if found else None
    if found is None or of is None:
        raise _refused(f"Invalid fullName: {full_name[:80]}", "INVALID_FULL_NAME")
    if f"{found['name']}__c".lower() in of.keys:
        message = f"There is already a field named {found['name']} on {of.name}."
        raise _refused(message, "DUPLICATE_DEVELOPER_NAME")
    label = metadata.get("label")
    if not isinstance(label, str) or not label or len(label) > 40:
        raise _refused("A label of at most 40 characters is required", "REQUIRED_FIELD_MISSING")
    kind, read = TYPES.get(str(metadata.get("type")), ("", _nothing))
    if not kind:
        raise _refused(f"Unknown type: {str(metadata.get('type'))[:40]}", "INVALID_INPUT")
    return of, parsed(f"{found['name']}__c {kind}{read(metadata)}", custom=True, label=label)


def _kept(of: ObjectDef, field: FieldDef) -> str:
    row_id, now = hub().new_id("CustomField"), hub().now_ms()
    author = hub().client().user_id
    values: dict[str, Value] = {
        "Id": row_id,
        "DeveloperName": field.name.removesuffix("__c"),
        "TableEnumOrId": of.name,
        "NamespacePrefix": None,
        "FullName": f"{of.name}.{field.name}",
        "CreatedDate": now,
        "CreatedById": author,
        "LastModifiedDate": now,
        "LastModifiedById": author,
        "SystemModstamp": now,
    }
    hub().tables["CustomField"].put(row_id, values, hub().stage.clock.now_ms())
    return row_id
