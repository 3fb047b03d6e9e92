"""Write-back: score fields made ready, then the outbox emptied into the CRM.

After a crash nobody knows whether a row that was being sent has arrived. Such rows are
read back first, and written again only where the CRM does not hold them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.errors import ConnectorError, Disconnected, NeedsAdmin, RetryLater
from connector.records import ScoreWrite, WriteOutcome, WriteResult
from connector.services import hook_secrets
from connector.services.job import Job
from connector.services.opening import app_of, open_adapter, read_connection
from connector.services.scoring_run import from_json
from connector.store import connections, ledger, outbox
from connector.store.outbox import OutboxStatus, Parcel
from connector.telemetry.series import WRITTEN

PARALLEL_WRITES = 4
TAKEN_AT_ONCE = 10_000
"""Rows that are on their way at one time, and so in doubt after a crash; but never less than one batch.

No database takes more than some ten thousand values in one list.
"""

RECORDED_AT_ONCE = 2_000
"""Records of one transaction, so that no other worker waits long for the database."""

MAX_ATTEMPTS = 30
LONGEST_PAUSE = timedelta(minutes=15)
"""Thirty tries with such pauses take more than five hours: an outage of the CRM sets no record aside."""


def prepare(job: Job) -> None:
    """Create or find the score fields, remember their names, and let the account push its changes."""
    adapter = open_adapter(job.services, job.connection_id)
    names = adapter.ensure_score_fields()
    with job.transaction() as session:
        connections.save_field_names(session, job.connection_id, names)
        ready = sum(len(item.field_names) for item in connections.of_tenant(session, job.tenant_id))
        job.report(session, done=ready, expected=ready)
    notice = _subscribed(job, adapter)
    with job.transaction() as session:
        connections.set_notice(session, job.connection_id, notice)


def _subscribed(job: Job, adapter: CrmAdapter) -> str | None:
    """Let the account push its changes; return the sentence for its admin where it does not."""
    try:
        hook_secrets.subscribe(job.services, job.connection_id, adapter)
    except Disconnected:
        raise
    except NeedsAdmin as refused:
        # Nobody needs to wait for that: what is not pushed is read by the clock.
        return f"Changes are not pushed, only read from time to time: {refused}"
    return None


def deliver(job: Job) -> None:
    """Write everything that is due; raises ``RetryLater`` when rows wait for a later try."""
    adapter = open_adapter(job.services, job.connection_id)
    vendor = read_connection(job.services, job.connection_id).vendor
    batch = app_of(job.services, vendor).capabilities.write_batch
    _settle_doubt(job, adapter, min(batch, RECORDED_AT_ONCE))
    with ThreadPoolExecutor(PARALLEL_WRITES, thread_name_prefix="write") as pool:
        while parcels := _take(job, max(batch, min(batch * PARALLEL_WRITES, TAKEN_AT_ONCE))):
            _send(job, adapter, pool, _cut(parcels, batch))
    _raise_if_waiting(job)


def _send(job: Job, adapter: CrmAdapter, pool: ThreadPoolExecutor, batches: Sequence[Sequence[Parcel]]) -> None:
    """Write batches at one time and keep every answer that came; raise the first error of those that got none."""
    failed: Exception | None = None
    for sent, writing in [(sent, pool.submit(_write, adapter, sent)) for sent in batches]:
        try:
            results = writing.result()
        except ConnectorError as error:
            failed = failed or error
            continue
        for part in _cut(sent, RECORDED_AT_ONCE):
            _record(job, part, results)
    if failed is not None:
        raise failed


def _cut(parcels: Sequence[Parcel], size: int) -> list[Sequence[Parcel]]:
    return [parcels[start : start + size] for start in range(0, len(parcels), size)]


def _take(job: Job, limit: int) -> Sequence[Parcel]:
    # Before anything is marked as being sent: afterwards the next worker would have to ask the CRM.
    job.go_on()
    with job.transaction() as session:
        return outbox.take(session, job.connection_id, job.services.clock.now(), limit)


def _write(adapter: CrmAdapter, parcels: Sequence[Parcel]) -> Mapping[str, WriteResult]:
    writes = [ScoreWrite(item.vendor_id, from_json(item.values), item.marks or {}) for item in parcels]
    results = adapter.write_scores(writes)
    return {result.record_id: result for result in results}


def _record(job: Job, sent: Sequence[Parcel], results: Mapping[str, WriteResult]) -> None:
    """Keep the CRM's answer for each record, with its ledger entry, in one transaction."""
    with job.transaction() as session:
        arrived = [item for item in sent if results[item.vendor_id].outcome is WriteOutcome.WRITTEN]
        outbox.delivered(session, arrived, job.services.clock.now())
        for item in arrived:
            _remark(session, item, results[item.vendor_id])
        for item in sent:
            _settle_failure(session, job, item, results[item.vendor_id])
        entries = [_entry(job, item, *_answer(results[item.vendor_id])) for item in sent]
        ledger.append(session, job.tenant_id, entries, job.services.clock.now())
        _report(session, job)
    _count(job, len(arrived))


def _remark(session: Connection, parcel: Parcel, result: WriteResult) -> None:
    if result.message or (result.marks is not None and dict(result.marks) != (parcel.marks or {})):
        outbox.remark(session, parcel, result.message, result.marks)


def _answer(result: WriteResult) -> tuple[str, str]:
    """Return the outcome, and what was left undone of a record that was written."""
    return result.outcome, result.message if result.outcome is WriteOutcome.WRITTEN else ""


def _entry(job: Job, parcel: Parcel, outcome: str, left_undone: str = "") -> ledger.Entry:
    body = {
        "connection": str(job.connection_id),
        "record": parcel.vendor_id,
        "scored": parcel.ledger_seq,
        "answer": str(outcome),
    } | ({"left_undone": left_undone} if left_undone else {})
    return ledger.Entry("delivered", parcel.lead_id, body)


def _settle_failure(session: Connection, job: Job, parcel: Parcel, result: WriteResult) -> None:
    if result.outcome is WriteOutcome.GONE:
        outbox.drop(session, parcel)
    elif result.outcome is WriteOutcome.NEEDS_ADMIN or (
        result.outcome is WriteOutcome.RETRY and parcel.attempts + 1 >= MAX_ATTEMPTS
    ):
        outbox.bury(session, parcel, result.message)
    elif result.outcome is WriteOutcome.RETRY:
        due = job.services.clock.now() + min(timedelta(seconds=2 ** (parcel.attempts + 1)), LONGEST_PAUSE)
        outbox.again(session, parcel, due, result.message)


def _settle_doubt(job: Job, adapter: CrmAdapter, batch: int) -> None:
    """Ask the CRM about rows that a lost worker was sending."""
    while True:
        now = job.services.clock.now()
        with job.services.store.reading() as session:
            doubtful = outbox.in_doubt(session, job.connection_id, now, batch)
        if not doubtful:
            return
        held = adapter.read_scores([item.vendor_id for item in doubtful])
        with job.transaction() as session:
            arrived = [item for item in doubtful if holds(adapter, item.values, held.get(item.vendor_id, {}))]
            outbox.delivered(session, arrived, now)
            entries = [_entry(job, item, "written, found by reading back") for item in arrived]
            ledger.append(session, job.tenant_id, entries, now)
            settled = {item.record_id for item in arrived}
            for item in doubtful:
                if item.record_id not in settled:
                    outbox.again(session, item, now, None)
        _count(job, len(arrived))


def holds(adapter: CrmAdapter, values: Mapping[str, Any], held: Mapping[str, str]) -> bool:
    """Whether a record that holds ``held`` (our field name → text) has these outbox values.

    No text and an empty one are the same: that is how CRMs store it.
    """
    expected = adapter.rendered(from_json(values))
    return {name: text for name, text in expected.items() if text} == {
        name: text for name, text in held.items() if text
    }


def _report(session: Connection, job: Job) -> None:
    counts = outbox.counts_of_tenant(session, job.tenant_id)
    dead = counts.get(OutboxStatus.DEAD, 0)
    detail = f"{dead} records were refused by the CRM" if dead else None
    total = sum(counts.values())
    job.report(session, done=counts.get(OutboxStatus.DELIVERED, 0), expected=total, detail=detail)


def _count(job: Job, arrived: int) -> None:
    vendor = read_connection(job.services, job.connection_id).vendor
    job.services.counts.add(WRITTEN, vendor, amount=arrived)


def _raise_if_waiting(job: Job) -> None:
    with job.services.store.reading() as session:
        due = outbox.next_due(session, job.connection_id)
    if due is not None:
        wait = max((due - job.services.clock.now()).total_seconds(), 0.1)
        raise RetryLater("Some records are to be written again later.", after_seconds=wait)
