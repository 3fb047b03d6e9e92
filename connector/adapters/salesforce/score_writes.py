"""Writing a batch of scores by sObject Collections, with one answer for each record.

One request takes 200 leads and contacts, sorted by object, and answers 200 even where every
row failed; the answers come in the order of the request (REST guide, "Update Records Using
sObject Collections"). The write is idempotent, so that a doubtful one may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.adapters.salesforce.errors import PASSING_CODES, THROTTLED, sentence
from connector.adapters.salesforce.ids import object_of, to_18
from connector.adapters.salesforce.score_values import as_json
from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.values import Json
from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.records import ScoreWrite, WriteOutcome, WriteResult

LARGEST_BATCH = 200
SMALLER = 10
"""Records of a request that repeats rows which were locked: fewer share a parent."""

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

Results = dict[str, WriteResult]


def write(session: Session, writes: Sequence[ScoreWrite], field_names: Mapping[str, str]) -> list[WriteResult]:
    """Write ``writes`` and return a result for each, in their order; of doubles the last one counts.

    Raise ``RetryLater`` only if Salesforce throttles before anything was written.
    """
    if len(writes) > LARGEST_BATCH:
        raise ValueError(f"a batch holds at most {LARGEST_BATCH} records, not {len(writes)}")
    results: Results = {}
    rows: dict[str, Json] = {}
    for item in writes:
        noun = object_of(item.record_id)
        if noun is None:
            message = "This is the id of no lead and no contact."
            results[item.record_id] = WriteResult(item.record_id, WriteOutcome.GONE, message)
            continue
        values = as_json(item.values, field_names)
        rows[item.record_id] = {"attributes": {"type": noun}, "id": to_18(item.record_id), **values}
    batch = sorted(rows, key=lambda record_id: (rows[record_id]["attributes"]["type"], rows[record_id]["id"]))
    locked = _send(session, batch, rows, results)
    for chunk in _cut(locked):
        # Salesforce has itself waited ten seconds for the lock, so nothing is waited for here.
        _send(session, chunk, rows, results)
    return [results[item.record_id] for item in writes]


def _cut(record_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (record_ids[start : start + SMALLER] for start in range(0, len(record_ids), SMALLER))


def _send(session: Session, batch: Sequence[str], rows: Mapping[str, Json], results: Results) -> list[str]:
    """Send some rows and keep their results; return those that were locked."""
    if not batch:
        return []
    body: Json = {"allOrNone": False, "records": [rows[record_id] for record_id in batch]}
    try:
        answers = session.run("write scores", lambda sdk: _answers(sdk, body, len(batch)))
    except RetryLater as error:
        throttled = error.fault is None or error.fault.category == THROTTLED
        if throttled and not any(found.outcome is WriteOutcome.WRITTEN for found in results.values()):
            raise
        results.update({item: WriteResult(item, WriteOutcome.RETRY, str(error)) for item in batch})
        return []
    except Disconnected:
        raise
    except NeedsAdmin as error:
        code = error.fault.category if error.fault else ""
        message = f"{error} {REMEDIES.get(code, '')}".strip()
        results.update({item: WriteResult(item, WriteOutcome.NEEDS_ADMIN, message) for item in batch})
        return []
    locked = []
    for record_id, answer in zip(batch, answers, strict=True):
        code, results[record_id] = _result(record_id, answer)
        if code == LOCKED:
            locked.append(record_id)
    return locked


def _answers(sdk: Any, body: Json, count: int) -> list[Json]:
    """Return one answer for each row; raise ``ValueError`` for anything else."""
    found = sdk.restful("composite/sobjects", method="PATCH", json=body)
    if not isinstance(found, list) or len(found) != count or not all(isinstance(item, dict) for item in found):
        raise ValueError("not the answer of a collection")
    return found


def _result(record_id: str, answer: Json) -> tuple[str, WriteResult]:
    if answer.get("success") is True:
        return "", WriteResult(record_id, WriteOutcome.WRITTEN)
    errors = answer.get("errors") or [{}]
    code = str(errors[0].get("statusCode") or errors[0].get("errorCode") or "")
    words = f"{code or 'Salesforce'}: {sentence(str(errors[0].get('message') or ''))}"
    if code in GONE_CODES:
        return code, WriteResult(record_id, WriteOutcome.GONE, words)
    if code in PASSING_CODES:
        return code, WriteResult(record_id, WriteOutcome.RETRY, words)
    return code, WriteResult(record_id, WriteOutcome.NEEDS_ADMIN, f"{words} {REMEDIES.get(code, '')}".strip())
