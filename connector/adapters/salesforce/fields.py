"""Salesforce's field definitions → ours, by tables.

Lead and Contact are both persons: a field of the same name means the same in both
(``Title``, ``LeadSource``), and is defined once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from connector.adapters.salesforce.values import Json
from connector.records import FieldDefinition, FieldRole, FieldType

COMPANY_PREFIX = "company."

TYPES = {
    "int": FieldType.NUMBER,
    "long": FieldType.NUMBER,
    "double": FieldType.NUMBER,
    "currency": FieldType.NUMBER,
    "percent": FieldType.NUMBER,
    "date": FieldType.DATE,
    "datetime": FieldType.DATE,
    "boolean": FieldType.BOOLEAN,
    "picklist": FieldType.CATEGORY,
    "combobox": FieldType.CATEGORY,
    "multipicklist": FieldType.MULTI,
}
"""Describe's ``type`` → ours; all others are read as text."""

CHANGE_MARKS = frozenset(
    {
        "SystemModstamp",
        "LastModifiedDate",
        "LastModifiedById",
        "LastActivityDate",
        "LastViewedDate",
        "LastReferencedDate",
        "IsUnreadByOwner",
        "Id",
        "IsDeleted",
        "MasterRecordId",
        "CreatedDate",
    }
)
"""Fields that only say which record it is and that something happened; our own write moves some of them."""

SYSTEM = re.compile(
    "|".join(
        (
            # the outcome and the way there
            r"Status|Rating|IsConverted|Converted.*|IsPriorityRecord|StageName|ForecastCategory.*|IsWon|IsClosed",
            # ownership: who works a lead is decided by how well it goes
            r"OwnerId|CreatedById|RecordTypeId",
            # what sellers did, which they do more of as a deal nears
            r"First(Call|Email)DateTime|LastCU(Request|Update)Date|ActivityMetric.*|LastActivity.*|LastTransferDate",
            # Salesforce's own scores: peers to compare with, not inputs
            r"ScoreIntelligenceId|.*EinsteinScore.*",
            # the record itself
            r"IndividualId|Jigsaw.*|DandbCompanyId|CleanStatus",
            r"ReportsToId|AccountId|ParentId|IsPersonAccount|PhotoUrl|CurrencyIsoCode",
        )
    )
)

PERSONAL = re.compile(
    r"Name|FirstName|LastName|MiddleName|Suffix|Salutation|Email|.*Phone|Fax|(Mailing|Other)?(Street|City|PostalCode)"
    r"|(Mailing|Other)?(Latitude|Longitude|GeocodeAccuracy)|Birthdate|AssistantName|Description|PhotoUrl"
    r"|IndividualId|ReportsToId|AccountId"
)
COMPANY_PERSONAL = re.compile(
    r"Name|Website|.*Phone|Fax|(Billing|Shipping)(Street|City|PostalCode|Latitude|Longitude|GeocodeAccuracy)"
    r"|Person(Email|.*Phone|Birthdate|Mailing.*|Other.*|Assistant.*|ContactId)|FirstName|LastName|Description"
    r"|ParentId|AccountNumber|Site|PhotoUrl"
)

ROLES = {
    "FirstName": FieldRole.FIRST_NAME,
    "LastName": FieldRole.LAST_NAME,
    "Title": FieldRole.JOB_TITLE,
    "Company": FieldRole.COMPANY_NAME,
    "Status": FieldRole.LEAD_STATUS,
    "HasOptedOutOfEmail": FieldRole.OPTED_OUT,
    "LeadSource": FieldRole.SOURCE,
    "OwnerId": FieldRole.OWNER,
}

OPTED_OUT = "HasOptedOutOfEmail"
STATUS = "Status"
BOUNCED_AT = "EmailBouncedDate"
BOUNCED = "EmailBounced"
"""A field of ours beside ``EmailBouncedDate``: a date can't be a rule, that there is one can."""

_DISQUALIFIED = re.compile(
    r"(un|dis)[\s_-]?qualified|junk|spam|invalid|closed[\s_-]*not[\s_-]*converted", re.IGNORECASE
)
"""Status values that close a lead, as orgs name them; the values themselves are the org's own."""


def person_fields(
    lead: Mapping[str, Json], contact: Mapping[str, Json], own: AbstractSet[str], tracked: AbstractSet[str]
) -> list[FieldDefinition]:
    """Return the fields of both persons.

    ``own`` are the names of the score fields, ``tracked`` of those whose history the org keeps.
    """
    both = {**contact, **lead}
    defined = [_person(raw, own, tracked) for name, raw in both.items() if name not in CHANGE_MARKS]
    if BOUNCED_AT in both:
        excludes = {"true": "bounced"}
        role = FieldRole.BOUNCED
        defined.append(FieldDefinition(BOUNCED, "E-mail bounced", FieldType.BOOLEAN, role=role, excludes=excludes))
    return defined


def company_fields(account: Mapping[str, Json]) -> list[FieldDefinition]:
    """Return the fields of accounts, named ``company.…``."""
    return [
        FieldDefinition(
            COMPANY_PREFIX + name,
            str(raw.get("label") or name),
            TYPES.get(str(raw.get("type")), FieldType.TEXT),
            options(raw),
            system=SYSTEM.fullmatch(name) is not None,
            personal=COMPANY_PERSONAL.fullmatch(name) is not None,
            company=True,
        )
        for name, raw in account.items()
        if name not in CHANGE_MARKS
    ]


def personal(name: str) -> bool:
    """Tell whether a person's field names or locates somebody."""
    return PERSONAL.fullmatch(name) is not None


def options(raw: Json) -> Mapping[str, str]:
    """Return a picklist's value → label, also of values that were deactivated: old rows still hold them."""
    listed = raw.get("picklistValues")
    stated = (
        [item for item in listed if isinstance(item, dict) and item.get("value")] if isinstance(listed, list) else []
    )
    return {str(item["value"]): str(item.get("label") or item["value"]) for item in stated}


def _person(raw: Json, own: AbstractSet[str], tracked: AbstractSet[str]) -> FieldDefinition:
    name = str(raw["name"])
    return FieldDefinition(
        name,
        str(raw.get("label") or name),
        TYPES.get(str(raw.get("type")), FieldType.TEXT),
        options(raw),
        system=SYSTEM.fullmatch(name) is not None,
        own=name in own,
        personal=personal(name),
        role=ROLES.get(name),
        excludes=_excludes(name, raw),
        history=name in tracked,
    )


def _excludes(name: str, raw: Json) -> Mapping[str, str]:
    if name == OPTED_OUT:
        return {"true": "opted out"}
    if name == STATUS:
        return {value: "disqualified" for value in options(raw) if _DISQUALIFIED.search(value)}
    return {}
