"""Write-back: score fields made ready, then the outbox emptied into the CRM.

After a crash nobody knows whether a row that was being sent has arrived. Such rows are
read back first, and written again only where the CRM does not hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.records import Scale
from connector.services import hook_secrets, listening, one_scale
from connector.services.allowance import Allowance, allowance
from connector.services.holding import holds
from connector.services.job import Job
from connector.services.opening import app_of, open_adapter, read_connection
from connector.services.sending import Sending, cut, send_due
from connector.services.work import Work
from connector.store import connections, outbox, tenants
from connector.store.outbox import OutboxStatus

__all__ = ["deliver", "deliver_records", "holds", "prepare"]

LONGEST_GLANCE = 5.0
"""Seconds after which rows that another delivery holds are looked at again: it may have ended long before its lease."""

NAMED_AT_ONCE = 5_000
"""Records that one statement names: no database takes more than some ten thousand values."""

REPORTED_EVERY_SECONDS = 2.0


def prepare(job: Job) -> None:
    """Create or find the score fields, remember their names, and let the account push its changes."""
    adapter = open_adapter(job.services, job.connection_id)
    names = adapter.ensure_score_fields()
    with job.transaction() as session:
        connections.save_field_names(session, job.connection_id, names)
        ready = sum(len(item.field_names) for item in connections.of_tenant(session, job.tenant_id))
        job.report(session, done=ready, expected=ready)
        scale = Scale(tenants.get(session, job.tenant_id).settings.scale)
    unfit = open_adapter(job.services, job.connection_id).unfit_for(scale)
    if unfit is not None:
        raise unfit
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
    """Write everything that is due and allowed; may stop half-way to let others work.

    Raises ``RetryLater`` when rows wait for a later try. What waits for an admin or for the next night holds no run up.
    """
    one_scale.follow(job)
    adapter = open_adapter(job.services, job.connection_id)
    vendor = read_connection(job.services, job.connection_id).vendor
    batch = app_of(job.services, vendor).capabilities.write_batch
    sending = Sending(
        services=job.services,
        tenant_id=job.tenant_id,
        connection_id=job.connection_id,
        vendor=vendor,
        adapter=adapter,
        batch=batch,
        transaction=job.transaction,
        report=_now_and_then(job),
        turn_is_over=job.turn_is_over,
    )
    send_due(sending)
    with job.transaction() as session:
        _report(session, job)
        allowed = _allowed(sending, session)
    if allowed.closed:
        # Asked only now, for the page on which the first publication is approved.
        listening.listen_once(job.services, job.tenant_id, job.connection_id, adapter)
    _raise_if_waiting(sending)


def deliver_records(work: Work, vendor: str, adapter: CrmAdapter, record_ids: Sequence[int]) -> int:
    """Write what waits for these records of a connection now, beside any other delivery; return how many hold theirs.

    ``vendor`` is the connection's, of which ``adapter`` was opened. Raises ``RetryLater`` where one of them is to be
    tried again later or is held by another delivery at this moment.
    """
    batch = app_of(work.services, vendor).capabilities.write_batch
    whole = Sending(work.services, work.tenant_id, work.connection_id, vendor, adapter, batch, work.transaction)
    parts = [replace(whole, record_ids=part) for part in cut(record_ids, NAMED_AT_ONCE)]
    for part in parts:
        send_due(part)
    for part in parts:
        _raise_if_waiting(part)
    with work.services.store.reading(work.tenant_id) as session:
        return sum(outbox.count_delivered(session, work.connection_id, part.record_ids or ()) for part in parts)


def _now_and_then(job: Job) -> Callable[[Connection], None]:
    """Tell how far the delivery is, but not with every batch: each time all that waits is counted."""
    clock, due = job.services.clock, float("-inf")

    def report(session: Connection) -> None:
        nonlocal due
        if clock.monotonic() >= due:
            due = clock.monotonic() + REPORTED_EVERY_SECONDS
            _report(session, job)

    return report


def _allowed(sending: Sending, session: Connection) -> Allowance:
    return allowance(session, sending.tenant_id, sending.connection_id, sending.now())


def _report(session: Connection, job: Job) -> None:
    counts = outbox.counts_of_tenant(session, job.tenant_id)
    dead = counts.get(OutboxStatus.DEAD, 0)
    said = [f"{dead} records were refused by the CRM."] if dead else []
    if counts.get(OutboxStatus.PENDING, 0):
        said.append(allowance(session, job.tenant_id, job.connection_id, job.services.clock.now()).held)
    done = sum(counts.get(status, 0) for status in (OutboxStatus.DELIVERED, OutboxStatus.RESPECTED))
    job.report(session, done=done, expected=sum(counts.values()), detail=" ".join(filter(None, said)) or None)


def _raise_if_waiting(sending: Sending) -> None:
    """Raise ``RetryLater`` while rows that may be written wait for their time, or are under way elsewhere."""
    with sending.services.store.reading(sending.tenant_id) as session:
        due = _next_due(sending, session)
        doubt = outbox.next_doubt(session, sending.connection_id, sending.record_ids)
    if due is not None:
        # Nearly always nothing waits: then nobody has to wait for a writing transaction.
        with sending.services.store.transaction(sending.tenant_id) as session:
            allowed = _allowed(sending, session)
            due = None if allowed.closed else _next_due(sending, session, written_before=allowed.written_before)
    now = sending.now()
    waits = [max((due - now).total_seconds(), 0.1)] if due is not None else []
    if doubt is not None:
        waits.append(min(max((doubt - now).total_seconds(), 0.1), LONGEST_GLANCE))
    if waits:
        raise RetryLater("Some records are to be written again later.", after_seconds=min(waits))


def _next_due(sending: Sending, session: Connection, *, written_before: bool = False) -> datetime | None:
    record_ids = sending.record_ids
    return outbox.next_due(session, sending.connection_id, written_before=written_before, record_ids=record_ids)
