"""Record ids: 15 case-sensitive characters, and 3 more that make them safe where case is lost.

Source: Salesforce's object reference, "ID Field Type". Each of the last 3 characters tells which
letters of a group of 5 are capitals.
"""

from __future__ import annotations

import re
import string

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
"""In ASCII order, so that ids made later sort later."""

SUFFIX = string.ascii_uppercase + "012345"
FORM = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5a-z]{3})?")
POD = "gK0"

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "OpportunityHistory": "008",
    "ContactHistory": "017",
    "LeadHistory": "017",
    "OpportunityFieldHistory": "017",
    "Organization": "00D",
    "Group": "00G",
    "OpportunityContactRole": "00K",
    "CustomField": "00N",
    "Lead": "00Q",
    "Task": "00T",
    "Event": "00U",
    "CampaignMember": "00v",
    "LeadStatus": "01J",
    "OpportunityStage": "01K",
    "FieldPermissions": "01k",
    "EmailMessage": "02s",
    "EmailMessageRelation": "0CZ",
    "PermissionSet": "0PS",
    "PermissionSetAssignment": "0Pa",
    "FlowDefinition": "300",
    "Flow": "301",
    "FlowDefinitionView": "3dd",
    "Campaign": "701",
    "Job": "750",
}
"""Object → how its ids begin."""


def new_id(object_name: str, number: int) -> str:
    """Return the 18 characters of an object's record number ``number``."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = DIGITS[rest] + digits
    return with_suffix(PREFIXES[object_name] + POD + digits.rjust(9, "0"))


def with_suffix(short: str) -> str:
    """Return the 18 characters of a 15-character id."""
    return short + "".join(_suffix(short[start : start + 5]) for start in (0, 5, 10))


def _suffix(group: str) -> str:
    return SUFFIX[sum(letter.isupper() << place for place, letter in enumerate(group))]


def normal(text: str) -> str | None:
    """Return an id of 15 or 18 characters in 18 and in its own case; None: it is none."""
    if not FORM.fullmatch(text):
        return None
    if len(text) == 15:
        return with_suffix(text)
    return _own_case(text[:15], text[15:].upper())


def _own_case(short: str, suffix: str) -> str | None:
    if any(letter not in SUFFIX for letter in suffix):
        return None
    capitals = sum(SUFFIX.index(letter) << 5 * place for place, letter in enumerate(suffix))
    letters = (each.upper() if capitals >> place & 1 else each.lower() for place, each in enumerate(short))
    return "".join(letters) + suffix
