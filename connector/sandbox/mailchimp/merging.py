"""Values of merge fields: what is taken, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.problems import Problem, invalid
from connector.sandbox.mailchimp.records import Member, MergeField

EXACT = 2**53
"""Up to here a whole number is written without a fraction."""
BLANK = "This value should not be blank."


def checked(audience: Audience, given: object, present: Mapping[str, Any], *, skip_required: bool) -> dict[str, Any]:
    """Return the values that a member has once ``given`` is written over ``present``; raise 400.

    Tags that the audience does not have are passed over. ``skip_required`` lets required fields be empty.
    """
    if not isinstance(given, Mapping):
        raise invalid("merge_fields", "Schema describes object, another type found instead")
    values = dict(present)
    for tag, value in given.items():
        field = audience.column(str(tag))
        if field is None:
            continue
        values.pop(field.tag, None)
        if value not in ("", None, {}):
            values[field.tag] = _read(field, value)
    missing = [each.tag for each in audience.merge_fields.values() if each.required and each.tag not in values]
    if missing and not skip_required:
        raise _bad_merge(missing[0], BLANK)
    return values


def shown(audience: Audience, member: Member) -> dict[str, Any]:
    """Return a member's values by tag; an empty one is ``""``, whatever the field's type."""
    return {each.tag: member.merge.get(each.tag, "") for each in audience.merge_fields.values()}


def _bad_merge(tag: str, message: str) -> Problem:
    detail = "Your merge fields were invalid."
    return Problem(400, "Invalid Resource", detail, [{"field": tag, "message": message}])


def _read(field: MergeField, value: Any) -> Any:
    if field.type == "number":
        return _number(field, value)
    if field.type == "address":
        if not isinstance(value, dict):
            raise _bad_merge(field.tag, "Please enter a complete address")
        return value
    if isinstance(value, dict | list | bool):
        raise _bad_merge(field.tag, "Data did not match any of the schemas described in anyOf.")
    text = str(value)
    if field.type == "date":
        return _date(field, text)
    if field.type in ("dropdown", "radio") and text not in field.choices:
        raise _bad_merge(field.tag, f"Value must be one of: {', '.join(field.choices)}")
    return text


def _number(field: MergeField, value: Any) -> int | float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or isinstance(value, bool):
        raise _bad_merge(field.tag, "This value should be a number.")
    return int(number) if number.is_integer() and abs(number) <= EXACT else number


def _date(field: MergeField, text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise _bad_merge(field.tag, "Please enter the date as YYYY-MM-DD.") from None
