"""Sync: read every stream of a connection to its end, page by page.

Backfill and incremental are this same code with another cursor. A page's records,
history, events and outcomes are stored in one transaction with the cursor, so a crash
repeats at most one page and a repeated page changes nothing. While one page is stored
the next is already on its way.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.errors import MissingPermission
from connector.records import Census, Cursor, Page, Removal, Stream, WebhookHint
from connector.services.job import Job
from connector.services.opening import open_adapter
from connector.services.soundness import sound, sound_fields
from connector.store import census, events, fields, inbox, records, streams

PARALLEL_STREAMS = 4
_HINTS = 100
_HINTED = "records"
"""What single records that were read again are counted under, where they can't be kept."""


def run(job: Job) -> None:
    """Read a connection: what webhooks hinted at, then every stream."""
    adapter = open_adapter(job.services, job.connection_id)
    offered = adapter.streams()
    found = sound_fields(adapter.fields())
    with job.transaction() as session:
        streams.register(session, job.tenant_id, job.connection_id, offered)
        fields.save(session, job.tenant_id, job.connection_id, found)
    _read_hinted(job, adapter)
    for wave in _waves(offered):
        with ThreadPoolExecutor(PARALLEL_STREAMS, thread_name_prefix="stream") as pool:
            readings = [pool.submit(_Reading(job, adapter, stream.name).drain) for stream in wave]
            for reading in readings:
                reading.result()
    # What a census could not account for.
    _read_hinted(job, adapter)


def _waves(offered: Sequence[Stream]) -> Sequence[Sequence[Stream]]:
    """Streams that stand alone first, then those that ask for the records that were read."""
    return [[s for s in offered if not s.needs_records], [s for s in offered if s.needs_records]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One stream being read."""

    job: Job
    adapter: CrmAdapter
    stream: str

    def drain(self) -> None:
        """Read to the end, fetching one page ahead of the store."""
        with ThreadPoolExecutor(1, thread_name_prefix=f"fetch-{self.stream}") as ahead:
            upcoming = ahead.submit(self._fetch, self._cursor())
            drained = False
            while not drained:
                self.job.go_on()
                page = upcoming.result()
                drained = page.drained
                if not drained:
                    upcoming = ahead.submit(self._fetch, page.cursor)
                self._store(page)

    def _cursor(self) -> Cursor | None:
        with self.job.services.store.reading() as session:
            states = streams.of_connection(session, self.job.connection_id)
        return next(state.cursor for state in states if state.name == self.stream)

    def _fetch(self, cursor: Cursor | None) -> Page:
        try:
            return sound(self.adapter.read_page(self.stream, cursor), self.stream)
        except MissingPermission as refused:
            # The token is good and the other streams go on; the page shows what is missing.
            return Page(cursor=cursor or {}, drained=True, unavailable=str(refused))

    def _store(self, page: Page) -> None:
        now = self.job.services.clock.now()
        with self.job.transaction() as session:
            store_page(session, self.job, page)
            if page.census is not None:
                _count(session, self.job, page.census)
            values: dict[str, Any] = {
                "cursor": dict(page.cursor) or None,
                "unavailable": page.unavailable,
                "drained_at": now if page.drained else None,
            }
            if page.expected is not None:
                values["expected"] = page.expected
            # Outcomes that come with records are part of them; a stream of outcomes alone counts those.
            read = len(page.records) + len(page.companies) + len(page.events) or len(page.conversions)
            streams.advance(session, self.job.connection_id, self.stream, values, read)
            _report(session, self.job)


def store_page(session: Connection, job: Job, page: Page) -> None:
    """Store what a page brought, in the order in which its parts refer to each other."""
    tenant, connection = job.tenant_id, job.connection_id
    records.save(session, tenant, connection, page.records, job.services.clock.now())
    records.save_companies(session, tenant, connection, page.companies)
    events.save_changes(session, tenant, connection, page.changes)
    events.save_events(session, tenant, connection, page.events)
    events.retract(session, connection, page.retractions)
    events.save_conversions(session, tenant, connection, page.conversions)
    records.remove(session, connection, page.removals)
    streams.reject(session, tenant, connection, page.rejections)


def _count(session: Connection, job: Job, counted: Census) -> None:
    """Let those be read again that a census misses, or names although nobody knows them."""
    now = job.services.clock.now()
    doubtful = census.confirm(session, job.connection_id, counted.present, now)
    if counted.complete:
        doubtful.update(census.unseen(session, job.connection_id, counted.since))
    hints = [
        WebhookHint(str(job.connection_id), f"census:{counted.since.isoformat()}:{found}", "census", found, now)
        for found in sorted(doubtful)
    ]
    inbox.keep(session, job.tenant_id, job.connection_id, hints, now)


def _report(session: Connection, job: Job) -> None:
    states = streams.of_tenant(session, job.tenant_id)
    expected = [state.expected or state.read for state in states]
    unavailable = sum(1 for state in states if state.unavailable)
    detail = None
    if unavailable:
        kinds = "kind of data is" if unavailable == 1 else "kinds of data are"
        detail = f"{unavailable} {kinds} not offered by this account"
    job.report(session, done=sum(state.read for state in states), expected=sum(expected), detail=detail)


def _read_hinted(job: Job, adapter: CrmAdapter) -> None:
    """Read again the records that webhooks named; the hint itself is never believed."""
    while True:
        with job.services.store.reading() as session:
            hints = inbox.waiting(session, job.connection_id, _HINTS)
        if not hints:
            return
        ids = sorted({subject for _, _, subject in hints if subject})
        page = sound(adapter.read_records(ids), _HINTED) if ids else Page(cursor={}, drained=True)
        forgotten = {subject for _, kind, subject in hints if subject and kind == inbox.ERASED}
        with job.transaction() as session:
            store_page(session, job, replace(page, removals=_erasing(page.removals, forgotten)))
            inbox.handled(session, job.connection_id, [key for key, _, _ in hints], job.services.clock.now())


def _erasing(removals: Sequence[Removal], forgotten: Set[str]) -> tuple[Removal, ...]:
    """Erase those who asked to be forgotten, now that the account has confirmed that they are gone."""
    return tuple(replace(item, erased=item.erased or item.record_id in forgotten) for item in removals)
