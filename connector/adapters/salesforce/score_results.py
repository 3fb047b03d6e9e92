"""Salesforce's word on one record's write → what became of it, by tables.

The same codes come from sObject Collections (``statusCode``) and from Bulk jobs (the beginning of ``sf__Error``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector.adapters.salesforce.errors import PASSING_CODES, sentence
from connector.records import WriteOutcome, WriteResult

LOCKED = "UNABLE_TO_LOCK_ROW"
GONE_CODES = frozenset(
    {
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "MALFORMED_ID",
        "NOT_FOUND",
    }
)

OWN_CODE = frozenset({"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER", "LIMIT_EXCEEDED"})
"""What the org's triggers and flows end in: one record's error, or one limit, fails all that were saved together."""

REMEDIES: Mapping[str, str] = {
    "INVALID_FIELD": "The score field is missing or hidden: open the connection page and let the fields be made.",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Give the connected user edit access to the score fields.",
    "INSUFFICIENT_FIELD_ACCESS": "Give the connected user edit access to the score fields.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Give the connected user edit access to the record.",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule of the org refuses the record; exempt the connected user.",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger of the org failed on the record.",
    "CANNOT_EXECUTE_FLOW_TRIGGER": "A flow of the org failed on the record.",
}
"""Salesforce's code → what the admin can do; others get its own words alone."""

_LIMITS = re.compile(r"time limit exceeded|LimitException|Too many ", re.IGNORECASE)


def written(record_id: str) -> WriteResult:
    """Return the result of a record that Salesforce has."""
    return WriteResult(record_id, WriteOutcome.WRITTEN)


def refused(record_id: str, code: str, message: str) -> WriteResult:
    """Return the result of a record that Salesforce refused with ``code`` in the words of ``message``."""
    words = f"{code or 'Salesforce'}: {sentence(message)}"
    if code in GONE_CODES:
        return WriteResult(record_id, WriteOutcome.GONE, words)
    if code in PASSING_CODES:
        return WriteResult(record_id, WriteOutcome.RETRY, words)
    return WriteResult(record_id, WriteOutcome.NEEDS_ADMIN, f"{words} {REMEDIES.get(code, '')}".strip())


def limit(message: str) -> bool:
    """Tell whether the org's own code passed a limit, which it may keep with fewer records at a time."""
    return _LIMITS.search(message) is not None


def together(code: str, message: str) -> bool:
    """Tell whether a record was refused for what it was saved with, so that in a smaller request it may pass."""
    return code in OWN_CODE or limit(message)
