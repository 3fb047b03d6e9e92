"""Mailchimp's merge fields and what else it knows of a member → field definitions, by tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from connector.adapters.mailchimp.values import Json, part
from connector.records import FieldDefinition, FieldRole, FieldType

TYPES = {
    "text": FieldType.TEXT,
    "number": FieldType.NUMBER,
    "address": FieldType.TEXT,
    "phone": FieldType.TEXT,
    "date": FieldType.DATE,
    "url": FieldType.TEXT,
    "imageurl": FieldType.TEXT,
    "radio": FieldType.CATEGORY,
    "dropdown": FieldType.CATEGORY,
    "birthday": FieldType.TEXT,
    "zip": FieldType.TEXT,
}
"""Mailchimp's type of a merge field → ours; an unknown one is read as text."""

PERSONAL_TYPES = frozenset({"address", "phone", "birthday", "zip", "imageurl"})
PERSONAL = re.compile(r"FNAME|LNAME|(FIRST|LAST|FULL)?_?NAME|E?MAIL|PHONE|MOBILE|ADDRESS|STREET|ZIP|CITY|BIRTHDAY")
"""Merge tags that name a person, whatever their type."""

ROLES = {
    "FNAME": FieldRole.FIRST_NAME,
    "LNAME": FieldRole.LAST_NAME,
    "COMPANY": FieldRole.COMPANY_NAME,
    "JOBTITLE": FieldRole.JOB_TITLE,
    "TITLE": FieldRole.JOB_TITLE,
}

STATUS = "status"
TAGS = "tags"
STATUSES = {
    "subscribed": "Subscribed",
    "unsubscribed": "Unsubscribed",
    "cleaned": "Cleaned",
    "pending": "Pending",
    "transactional": "Non-subscribed",
    "archived": "Archived",
}
EXCLUDES = {"unsubscribed": "opted out", "cleaned": "bounced", "pending": "not confirmed"}

AT_CREATION = frozenset({"source"})
"""What never changes after the sign-up."""

BASE = (
    FieldDefinition("email_address", "Email address", FieldType.TEXT, personal=True),
    FieldDefinition(
        STATUS,
        "Status",
        FieldType.CATEGORY,
        STATUSES,
        system=True,
        role=FieldRole.OPTED_OUT,
        excludes=EXCLUDES,
    ),
    FieldDefinition("source", "Signup source", FieldType.CATEGORY, role=FieldRole.SOURCE),
    FieldDefinition("language", "Language", FieldType.CATEGORY),
    FieldDefinition("country", "Country by location", FieldType.CATEGORY),
    FieldDefinition("vip", "VIP", FieldType.BOOLEAN),
    FieldDefinition(TAGS, "Tags", FieldType.MULTI),
    # Counted up to now, so that a past value can't be told from what came of the lead.
    FieldDefinition("member_rating", "Contact rating", FieldType.NUMBER, system=True),
    FieldDefinition("avg_open_rate", "Open rate", FieldType.NUMBER, system=True),
    FieldDefinition("avg_click_rate", "Click rate", FieldType.NUMBER, system=True),
    FieldDefinition("number_of_orders", "Number of orders", FieldType.NUMBER, system=True),
    FieldDefinition("total_revenue", "Total revenue", FieldType.NUMBER, system=True),
    FieldDefinition("unsubscribe_reason", "Reason for unsubscribing", FieldType.TEXT, system=True),
)
"""What every member has beside the merge fields; merge tags are in capitals, so that none is called the same."""


def definitions(audiences: Iterable[Iterable[Json]], own: Mapping[str, str]) -> list[FieldDefinition]:
    """Return the definitions of all fields.

    ``audiences`` are the merge fields of each audience; ``own`` maps the names of the fields that we write
    to what people read. A tag that several audiences have is one field: of different types it is text,
    and choices are put together.
    """
    merged: dict[str, FieldDefinition] = {}
    for raw in (each for audience in audiences for each in audience):
        name = raw.get("tag")
        if isinstance(name, str) and name and name not in own:
            found = _definition(name, raw)
            merged[name] = _joined(merged[name], found) if name in merged else found
    ours = [FieldDefinition(name, label, _OWN_TYPES[label], own=True) for name, label in own.items()]
    # A profile says when it changed last, not what changed: dated by that, a value missing from the past would tell
    # who was to be active later.
    return [replace(item, history=item.name in AT_CREATION) for item in (*BASE, *merged.values(), *ours)]


SCORE_LABEL, TAG_LABEL = "Lead score", "High-Intent tag"
_OWN_TYPES = {SCORE_LABEL: FieldType.NUMBER, TAG_LABEL: FieldType.TEXT}


def personal(audience: Iterable[Json]) -> frozenset[str]:
    """Return the merge tags of an audience that hold personal data."""
    return frozenset(str(raw.get("tag")) for raw in audience if _personal(str(raw.get("tag")), raw))


def _definition(name: str, raw: Json) -> FieldDefinition:
    choices = part(raw, "options").get("choices")
    options = [str(each) for each in choices] if isinstance(choices, list) else []
    return FieldDefinition(
        name,
        str(raw.get("name") or name),
        TYPES.get(str(raw.get("type")), FieldType.TEXT),
        {each: each for each in options},
        personal=_personal(name, raw),
        role=ROLES.get(name),
    )


def _personal(name: str, raw: Json) -> bool:
    return str(raw.get("type")) in PERSONAL_TYPES or PERSONAL.fullmatch(name) is not None


def _joined(one: FieldDefinition, other: FieldDefinition) -> FieldDefinition:
    return FieldDefinition(
        one.name,
        one.label,
        one.type if one.type is other.type else FieldType.TEXT,
        {**one.options, **other.options},
        personal=one.personal or other.personal,
        role=one.role,
    )
