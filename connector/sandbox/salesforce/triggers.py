"""The org's own Apex code at a write, as far as a fault tells it to fail.

A trigger is given the records of a save in chunks of at most 200. An error that it does not catch, or a
governor limit that it passes, fails every record of the chunk (Apex guide, "Bulk DML Exception Handling").
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.salesforce.errors import RecordError

CHUNK = 200
CODE = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
TOO_MANY = "ScoreTrigger: System.LimitException: Apex CPU time limit exceeded"
BROKEN = (
    "ScoreTrigger: execution of BeforeUpdate caused by: System.NullPointerException: "
    "Attempt to de-reference a null object Trigger.ScoreTrigger: line 4, column 1"
)


def refusal(fault: Fault | None, ids: Sequence[str]) -> RecordError | None:
    """Return how the trigger ends on a chunk of records of one object; None: well."""
    if fault is None or fault.kind is not FaultKind.TRIGGER:
        return None
    if fault.record:
        return RecordError(CODE, BROKEN) if fault.record in ids else None
    return RecordError(CODE, TOO_MANY) if len(ids) > fault.rows else None


def refusals(fault: Fault | None, ids: Sequence[str]) -> list[RecordError | None]:
    """Return how the trigger ends on each record of one object, chunk by chunk."""
    found: list[RecordError | None] = []
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        found += [refusal(fault, chunk)] * len(chunk)
    return found
