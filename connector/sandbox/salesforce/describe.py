"""What the org has, as the connected user sees it: objects and their fields."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.http import http_date, parse_date

from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import reply
from connector.sandbox.salesforce.ids import PREFIXES
from connector.sandbox.salesforce.requests import definition
from connector.sandbox.salesforce.schema import LONG, FieldDef, ObjectDef

SOAP = {"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double"}

blueprint = Blueprint("describe", __name__)


@blueprint.get("/")
def resources() -> Response:
    """Answer the resources of this API version."""
    base = f"/services/data/v{hub().org.api_version}"
    names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs", "tooling")
    return reply({name: f"{base}/{name}" for name in names} | {"identity": _identity()})


def _identity() -> str:
    return f"{request.host_url}id/{hub().org.org_id}/{hub().people.integration}"


@blueprint.get("/sobjects")
def objects() -> Response:
    """Answer the objects."""
    listed = [summary(each) for each in hub().schema.objects.values()]
    return reply({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})


@blueprint.get("/sobjects/<name>")
def basics(name: str) -> Response:
    """Answer an object's summary."""
    return reply({"objectDescribe": summary(definition(name)), "recentItems": []})


@blueprint.get("/sobjects/<name>/describe")
def describe(name: str) -> Response:
    """Answer an object's fields; 304 where nothing changed since ``If-Modified-Since``."""
    of = definition(name)
    with hub().stage.lock:
        changed = hub().schema.changed_at
        since = parse_date(request.headers.get("If-Modified-Since"))
        if since is not None and changed <= since:
            return Response(status=304)
        fields = [described(of, each) for each in hub().schema.visible(of)]
    answer = reply({**summary(of), "fields": fields, "recordTypeInfos": [], "childRelationships": []})
    answer.headers["Last-Modified"] = http_date(changed)
    return answer


def summary(of: ObjectDef) -> dict[str, Any]:
    """Return what is told of an object without its fields."""
    base = f"/services/data/v{hub().org.api_version}/sobjects/{of.name}"
    return {
        "name": of.name,
        "label": of.name,
        "labelPlural": f"{of.name}s",
        "keyPrefix": PREFIXES[of.name],
        "custom": False,
        "createable": of.writable,
        "updateable": of.writable,
        "deletable": of.writable,
        "undeletable": of.has_bin,
        "queryable": True,
        "retrieveable": True,
        "replicateable": of.has_bin,
        "mergeable": "MasterRecordId" in of.fields,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }


def described(of: ObjectDef, each: FieldDef) -> dict[str, Any]:
    """Return what is told of a field."""
    edits = hub().schema.edits(of.name, each.name)
    long = each.type == "textarea" and each.length > LONG
    return {
        "name": each.name,
        "label": each.label,
        "type": each.type,
        "soapType": SOAP.get(each.type, "xsd:string"),
        "length": each.length,
        "byteLength": each.length * 3,
        "precision": each.precision,
        "scale": each.scale,
        "digits": each.precision if each.type == "int" else 0,
        "nillable": not each.required and each.type not in ("boolean", "id"),
        "createable": each.createable and edits,
        "updateable": each.updateable and edits,
        "filterable": each.filterable and not long,
        "sortable": each.type not in ("address", "anyType") and not long,
        "groupable": False,
        "calculated": False,
        "custom": each.custom,
        "externalId": each.external_id,
        "unique": each.external_id,
        "nameField": each.name == "Name",
        "restrictedPicklist": each.restricted,
        "dependentPicklist": False,
        "defaultedOnCreate": each.type == "boolean" or not each.createable,
        "compoundFieldName": _compound(of, each),
        "extraTypeInfo": "plaintextarea" if each.type == "textarea" else None,
        "inlineHelpText": None,
        "picklistValues": [_option(value) for value in each.options],
        "referenceTo": list(each.references),
        "relationshipName": each.relationship or None,
        "polymorphicForeignKey": len(each.references) > 1,
    }


def _compound(of: ObjectDef, each: FieldDef) -> str | None:
    for part in ("Street", "City", "State", "PostalCode", "Country"):
        whole = f"{each.name.removesuffix(part)}Address"
        if each.name.endswith(part) and whole in of.fields:
            return whole
    return "Name" if each.name in ("FirstName", "LastName", "Salutation") else None


def _option(value: str) -> dict[str, Any]:
    return {"value": value, "label": value, "active": True, "defaultValue": False, "validFor": None}
