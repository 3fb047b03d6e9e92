"""A population's words in those of the org."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from connector.sandbox.population.model import FieldSpec
from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.schema import FieldDef, Value, parsed

NAMES = {
    "first_name": "FirstName",
    "last_name": "LastName",
    "job_title": "Title",
    "company_name": "Company",
    "country": "Country",
    "industry": "Industry",
    "employees": "NumberOfEmployees",
    "source": "LeadSource",
    "stage": "Rating",
    "lead_status": "Status",
    "opted_out": "HasOptedOutOfEmail",
    "bounced": "EmailBouncedDate",
}
VALUES = {
    "source": {
        "REFERRALS": "Referral",
        "ORGANIC_SEARCH": "Organic Search",
        "DIRECT_TRAFFIC": "Direct",
        "PAID_SEARCH": "Paid Search",
        "EMAIL_MARKETING": "Email",
        "OFFLINE": "Event",
        "SOCIAL_MEDIA": "Social",
        "PAID_SOCIAL": "Paid Social",
    },
    "industry": {
        "COMPUTER_SOFTWARE": "Technology",
        "MACHINERY": "Machinery",
        "LOGISTICS_AND_SUPPLY_CHAIN": "Transportation",
        "FINANCIAL_SERVICES": "Finance",
        "HOSPITAL_HEALTH_CARE": "Healthcare",
        "CONSTRUCTION": "Construction",
        "RETAIL": "Retail",
        "EDUCATION_MANAGEMENT": "Education",
    },
    "stage": {"lead": "Cold", "mql": "Warm", "sql": "Hot", "opportunity": "Hot", "customer": "Hot"},
    "lead_status": {
        "new": "Open - Not Contacted",
        "attempted": "Working - Contacted",
        "connected": "Working - Contacted",
        "open_deal": "Working - Contacted",
        "unqualified": "Closed - Not Converted",
    },
}
KINDS = {
    "number": "double(18,4)",
    "date": "date",
    "datetime": "datetime",
    # A checkbox knows no "not asked".
    "bool": "picklist = Yes|No",
    "string": "string(255)",
}
WIDTHS = {"FirstName": 40, "LastName": 80, "Title": 128, "Company": 255, "Country": 80}


def custom_name(name: str) -> str:
    """Return the API name of a custom field."""
    words = re.sub(r"\W+", "_", name).strip("_").split("_")
    return "_".join(word.capitalize() for word in words if word)[:40] + "__c"


def custom_field(spec: FieldSpec) -> FieldDef:
    """Return a population's custom field as the org has it."""
    kind = KINDS.get(spec.type, "")
    if not kind:
        kind = f"{'multipicklist' if spec.multi else 'picklist'} = {'|'.join(spec.options)}"
    return parsed(f"{custom_name(spec.name)} {kind}", custom=True, label=spec.label)


def custom_value(spec: FieldSpec, text: str) -> Value:
    """Return a custom field's value; None: it has none, or one that the field can't hold."""
    if text == "":
        return None
    if spec.type == "bool":
        return "Yes" if text == "true" else "No"
    if spec.type == "number":
        return Decimal(text)
    if spec.type == "date":
        return times.day(text[:10])
    if spec.type == "datetime":
        return times.moment(text)
    return text


def standard_value(name: str, text: str, at_ms: int) -> Value:
    """Return a standard field's value that was taken at a time."""
    if name == "bounced":
        return at_ms // 1000 * 1000 if text == "true" else None
    if name == "opted_out":
        return text == "true"
    if text == "":
        return None
    if name == "employees":
        return int(Decimal(text))
    value = VALUES.get(name, {}).get(text, text)
    return value[: WIDTHS.get(NAMES[name], 255)]


def told_tenant(tenant: Mapping[str, object]) -> dict[str, object]:
    """Return what a mapping says of the tenant, with the org's names of the fields that it names."""
    told = dict(tenant)
    knowledge = told.get("knowledge")
    if isinstance(knowledge, Mapping):
        told["knowledge"] = {_name(str(name)): known for name, known in knowledge.items()}
    attributes = told.get("attributes")
    if isinstance(attributes, tuple | list):
        told["attributes"] = [_name(str(name)) for name in attributes]
    if told.get("order_field"):
        told["order_field"] = _name(str(told["order_field"]))
    kind, _, rest = str(told.get("goal", "")).partition(":")
    name, equals, value = rest.partition("=")
    if kind == "property" and equals:
        told["goal"] = f"property:{_name(name)}={value}"
    return told


def _name(name: str) -> str:
    return NAMES.get(name) or custom_name(name)
