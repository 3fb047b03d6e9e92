"""Writing a batch of scores, with one answer for each record.

By record id, never by e-mail: an upsert by e-mail brings deleted and erased people back.
Every input carries an ``objectWriteTraceId``, so that HubSpot answers 207 and names the
bad ones; where it refuses the whole batch all the same, the batch is halved until the bad
record stands alone. The write is idempotent, so that a doubtful one may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.adapters.hubspot.errors import MIGRATING, PASSING, THROTTLED, sentence_of
from connector.adapters.hubspot.score_fields import DEFINITIONS
from connector.adapters.hubspot.score_values import rendered
from connector.adapters.hubspot.session import Answer, Session
from connector.adapters.hubspot.values import Json, part, rows
from connector.errors import RetryLater
from connector.records import ScoreWrite, WriteOutcome, WriteResult

LARGEST_BATCH = 100
_BAD_REQUEST, _NOT_FOUND = 400, 404
_REFUSED = (_BAD_REQUEST, _NOT_FOUND, 409)

OUTCOMES: Mapping[str, WriteOutcome] = {
    "OBJECT_NOT_FOUND": WriteOutcome.GONE,
    "RATE_LIMITS": WriteOutcome.RETRY,
    "RATE_LIMIT": WriteOutcome.RETRY,
    # Another write held the record at that moment.
    "CONFLICT": WriteOutcome.RETRY,
}
"""HubSpot's category → what becomes of the record; all others need the account's admin."""

Results = dict[str, WriteResult]


def write(session: Session, writes: Sequence[ScoreWrite], field_names: Mapping[str, str]) -> list[WriteResult]:
    """Write ``writes`` and return a result for each, in their order; of doubles the last one counts.

    Raise ``RetryLater`` only if HubSpot throttles before anything was written.
    """
    if len(writes) > LARGEST_BATCH:
        raise ValueError(f"a batch holds at most {LARGEST_BATCH} records, not {len(writes)}")
    inputs = [_input(write, field_names) for write in {write.record_id: write for write in writes}.values()]
    results: Results = {}
    _write(session, inputs, results)
    return [results[write.record_id] for write in writes]


def clear(session: Session, record_ids: Sequence[str], field_names: Mapping[str, str]) -> list[WriteResult]:
    """Empty our fields in these records and return a result for each, in their order."""
    if len(record_ids) > LARGEST_BATCH:
        raise ValueError(f"a batch holds at most {LARGEST_BATCH} records, not {len(record_ids)}")
    # An empty text is what clears a property.
    empty = dict.fromkeys((name for ours, name in field_names.items() if ours in DEFINITIONS), "")
    results: Results = {}
    inputs = [{"id": item, "properties": empty, "objectWriteTraceId": item} for item in dict.fromkeys(record_ids)]
    _write(session, inputs, results)
    return [results[item] for item in record_ids]


def _input(write: ScoreWrite, field_names: Mapping[str, str]) -> Json:
    properties = {field_names[ours]: value for ours, value in rendered(write.values).items() if ours in field_names}
    return {"id": write.record_id, "properties": properties, "objectWriteTraceId": write.record_id}


def _write(session: Session, inputs: Sequence[Json], results: Results) -> None:
    if not inputs:
        return
    try:
        answer = session.post("update", {"inputs": list(inputs)}, accept=_REFUSED, object="contacts")
    except RetryLater as error:
        if not results and (error.fault is None or error.fault.status in (THROTTLED, MIGRATING)):
            raise
        results.update(_untold(inputs, str(error)))
        return
    if answer.status not in _REFUSED:
        results.update(_sorted(inputs, answer))
    elif len(inputs) == 1:
        gone = answer.status == _NOT_FOUND or answer.body.get("category") == "OBJECT_NOT_FOUND"
        outcome = (
            WriteOutcome.GONE if gone else OUTCOMES.get(str(answer.body.get("category")), WriteOutcome.NEEDS_ADMIN)
        )
        results.update(_all(inputs, outcome, sentence_of(answer.body)))
    else:
        middle = len(inputs) // 2
        _write(session, inputs[:middle], results)
        _write(session, inputs[middle:], results)


def _all(inputs: Sequence[Json], outcome: WriteOutcome, message: str, *, unknown: bool = False) -> Results:
    return {item["id"]: WriteResult(item["id"], outcome, message, unknown=unknown) for item in inputs}


def _untold(inputs: Sequence[Json], message: str) -> Results:
    return _all(inputs, WriteOutcome.RETRY, message, unknown=True)


def _sorted(inputs: Sequence[Json], answer: Answer) -> Results:
    """Return what a 200 or 207 says of each record; one that it does not mention is tried again."""
    results = _untold(inputs, "HubSpot did not mention this record in its answer.")
    for found in rows(answer.body, "results"):
        record_id = str(found.get("objectWriteTraceId") or found.get("id"))
        if record_id in results:
            results[record_id] = WriteResult(record_id, WriteOutcome.WRITTEN)
    for error in rows(answer.body, "errors"):
        for record_id in _named(error):
            if record_id in results:
                results[record_id] = WriteResult(record_id, _outcome(error), sentence_of(error))
    return results


def _named(error: Json) -> Iterator[str]:
    context = part(error, "context")
    for key in ("objectWriteTraceId", "ids", "id"):
        found = context.get(key) or ()
        yield from map(str, found if isinstance(found, list) else [found])


def _outcome(error: Json) -> WriteOutcome:
    status = error.get("status")
    if isinstance(status, int) and status in PASSING:
        return WriteOutcome.RETRY
    return OUTCOMES.get(str(error.get("category")), WriteOutcome.NEEDS_ADMIN)
