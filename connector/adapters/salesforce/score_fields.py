"""The fields on Lead and Contact that hold a score: what they are, and making them without harm.

A packaged field carries the package's namespace (``ns__Lead_Score__c``); in an org without
the package the fields are made by the Tooling API. A field made so is visible to nobody,
not even its maker, until a permission set says otherwise (Object Reference,
"FieldPermissions"); so one of ours is made, with our user in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.adapters.salesforce import soql
from connector.adapters.salesforce.errors import PERMISSION_CODES, sentence
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.values import Json
from connector.errors import MissingPermission, NeedsAdmin
from connector.records import Scale, Tier

PERSONS = ("Lead", "Contact")
PERMISSION_SET = "Lead_Scoring_Integration"
PERMISSION_LABEL = "Lead Scoring Integration"
DESCRIPTION = "Written by the lead-scoring connector."

PREFIXES = ("", "Connector_", "Connector2_", "Connector3_")
"""Tried in turn where a name is taken by a field that is not ours."""

TIERS: Json = {
    "valueSet": {
        "restricted": True,
        "valueSetDefinition": {
            "sorted": False,
            "value": [{"fullName": tier.value, "label": tier.value, "default": False} for tier in Tier],
        },
    }
}

DEFINITIONS: Mapping[str, tuple[str, str, Json]] = {
    "lead_score": ("Lead_Score", "double", {"label": "Lead Score", "type": "Number", "precision": 6, "scale": 3}),
    "lead_score_probability": (
        "Lead_Score_Probability",
        "double",
        {"label": "Lead Score Probability", "type": "Number", "precision": 5, "scale": 4},
    ),
    "lead_score_tier": ("Lead_Score_Tier", "picklist", {"label": "Lead Score Tier", "type": "Picklist", **TIERS}),
    "lead_score_reasons": (
        "Lead_Score_Reasons",
        "textarea",
        {"label": "Lead Score Reasons", "type": "LongTextArea", "length": 2000, "visibleLines": 5},
    ),
    "lead_score_model": ("Lead_Score_Model", "string", {"label": "Lead Score Model", "type": "Text", "length": 80}),
    "lead_score_updated_at": (
        "Lead_Score_Updated_At",
        "datetime",
        {"label": "Lead Score Updated At", "type": "DateTime"},
    ),
}
"""Our name → (API name without ``__c``, describe's type, what the Tooling API needs to make it).

The score has room for 100.0 and for 0.723: a tenant may change the scale, and only its admin the field's decimals.
"""

_DOUBLES = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE", "DUPLICATES_DETECTED"})

Described = Mapping[str, Mapping[str, Json]]


def ensure(org: Org) -> Mapping[str, str]:
    """Find or make the score fields on both objects; return our name → name in this org. Idempotent.

    A field of the same name and another type belongs to somebody else: it is left alone and a prefixed
    name taken. One that is hidden from us shows its type only when we were given access to it.
    """
    for _ in PREFIXES:
        described = {source: org.fields(source) for source in PERSONS}
        chosen = {ours: _choose(ours, described) for ours in DEFINITIONS}
        missing = [
            (source, ours) for source in PERSONS for ours, name in chosen.items() if name not in described[source]
        ]
        if not missing:
            return chosen
        for source, ours in missing:
            _make(org, source, ours, chosen[ours])
        _let_ourselves_see(org, [f"{source}.{chosen[ours]}" for source, ours in missing])
        for source in PERSONS:
            org.forget(source)
    raise NeedsAdmin(
        "The score fields were made in this Salesforce org, but the connected user does not see them.",
        remedy=f"Assign the permission set {PERMISSION_LABEL} to the user.",
    )


def unfit_for(org: Org, scale: Scale) -> NeedsAdmin | None:
    """Return what the org's admin has to do before the score's field keeps every digit of a scale; None: nothing.

    Fields made by former versions keep one decimal, which is right for a score up to 100 alone.
    """
    if scale is not Scale.UNIT:
        return None
    name, wanted = org.field_names.get("lead_score", ""), int(DEFINITIONS["lead_score"][2]["scale"])
    short = [
        source
        for source in PERSONS
        if name in (fields := org.fields(source)) and int(fields[name].get("scale") or 0) < wanted
    ]
    if not short:
        return None
    return NeedsAdmin(
        f"The field {name} on {' and '.join(short)} keeps fewer than {wanted} decimals: "
        "Salesforce would round a score of 72.3, which is 0.723 on the scale from 0 to 1.",
        remedy=f"In Salesforce's Setup, Object Manager, let the field have {wanted} decimal places and a length of "
        f"{wanted}, or install the newest version of the package; or write scores from 0 to 100.",
    )


def _choose(ours: str, described: Described) -> str:
    """Return the packaged field's name, if the org has one, else the first that is ours or free on both objects."""
    plain, kind, _ = DEFINITIONS[ours]
    packaged = re.compile(rf"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*__{plain}__c")
    for name, raw in described["Lead"].items():
        if packaged.fullmatch(name) and raw.get("type") == kind and name in described["Contact"]:
            return name
    for name in (f"{prefix}{plain}__c" for prefix in PREFIXES):
        if all(described[source].get(name, {"type": kind}).get("type") == kind for source in PERSONS):
            return name
    raise NeedsAdmin(
        f"All names for the field {plain}__c are taken in this Salesforce org.",
        remedy=f"Remove or rename the field {PREFIXES[-1]}{plain}__c on Lead and Contact.",
    )


def _make(org: Org, source: str, ours: str, name: str) -> None:
    metadata = {**DEFINITIONS[ours][2], "description": DESCRIPTION, "inlineHelpText": DESCRIPTION}
    body = {"FullName": f"{source}.{name}", "Metadata": metadata}
    _create(org, "tooling/sobjects/CustomField", body, "make the field")


def _let_ourselves_see(org: Org, fields: Sequence[str]) -> None:
    """Give our user read and edit access to ``fields`` by the permission set, made where it is missing."""
    where = [f"Name = {soql.text(PERMISSION_SET)}"]
    found = org.session.query(soql.select(("Id",), "PermissionSet", where, "LIMIT 1"))
    body = {"Name": PERMISSION_SET, "Label": PERMISSION_LABEL}
    set_id = str(found[0]["Id"]) if found else _create(org, "sobjects/PermissionSet", body, "make the permission set")
    granted = org.session.query(
        soql.select(("Field",), "FieldPermissions", [f"ParentId = {soql.text(set_id)}"], "LIMIT 2000")
    )
    for field in [field for field in fields if field not in {str(row["Field"]) for row in granted}]:
        rights = {"PermissionsRead": True, "PermissionsEdit": True}
        grant = {"ParentId": set_id, "SobjectType": field.split(".")[0], "Field": field, **rights}
        _create(org, "sobjects/FieldPermissions", grant, "give access to the field")
    assignment = {"PermissionSetId": set_id, "AssigneeId": org.user_id}
    conditions = [f"{name} = {soql.text(value)}" for name, value in assignment.items()]
    if not org.session.query(soql.select(("Id",), "PermissionSetAssignment", conditions, "LIMIT 1")):
        _create(org, "sobjects/PermissionSetAssignment", assignment, "assign the permission set")


def _create(org: Org, path: str, body: Json, what: str) -> str:
    """Create one thing and return its id; a double of another worker or of an earlier try is as good."""
    try:
        answer: Any = org.session.send("POST", path, body, what)
    except NeedsAdmin as refused:
        code = refused.fault.category if refused.fault else ""
        if code in _DOUBLES:
            return ""
        if isinstance(refused, MissingPermission) or code in PERMISSION_CODES:
            raise NeedsAdmin(
                f"The connected Salesforce user may not {what}.",
                remedy="Install the package with the score fields, or give the user Customize Application "
                "and Manage Permission Sets until the fields are made.",
                fault=refused.fault,
            ) from None
        raise
    if isinstance(answer, dict) and answer.get("success") is False:
        raise NeedsAdmin(
            f"Salesforce does not let the connector {what}: {sentence(str(answer.get('errors') or ''))}",
            remedy="Check the org's limit of custom fields.",
        )
    return str((answer or {}).get("id") or "")
