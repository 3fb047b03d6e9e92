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
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.crashpoints import Point, reached
from connector.errors import MissingPermission
from connector.records import Census, Cursor, Page, Stream, WebhookHint
from connector.services import overwriting
from connector.services.job import Job, TurnOverError
from connector.services.opening import open_adapter
from connector.services.privacy import unprofiled
from connector.services.privacy.barring import forgotten_ids, without_forgotten
from connector.services.privacy.erasing import ask_for_removed
from connector.services.soundness import sound, sound_fields
from connector.services.work import Work
from connector.store import census, connections, events, fields, inbox, lanes, records, runs, streams, tombstones
from connector.store.lanes import Kind

PARALLEL_STREAMS = 4
LEFT_TO_LANE = timedelta(seconds=60)
_HINTS = 100
HINTED = "records"
"""What single records that were read again are counted under, where they can't be kept."""


def run(job: Job) -> None:
    """Read a connection: what webhooks hinted at, then every stream; may stop half-way to let others work."""
    adapter = open_adapter(job.services, job.connection_id)
    offered = adapter.streams()
    found = sound_fields(adapter.fields())
    with job.transaction() as session:
        streams.register(session, job.tenant_id, job.connection_id, offered)
        fields.save(session, job.tenant_id, job.connection_id, found)
    _read_hinted(job, adapter)
    drained = _drained(job)
    for wave in _waves([stream for stream in offered if stream.name not in drained]):
        with ThreadPoolExecutor(PARALLEL_STREAMS, thread_name_prefix="stream") as pool:
            readings = [pool.submit(_Reading(job, adapter, stream.name).drain) for stream in wave]
            ended = [reading.result() for reading in readings]
        if not all(ended):
            raise TurnOverError
    # What a census could not account for.
    _read_hinted(job, adapter)


def _drained(job: Job) -> Set[str]:
    """Return the streams that an earlier turn of this stage has read to their end."""
    with job.services.store.reading(job.tenant_id) as session:
        begun = runs.stages(session, job.run.id)[job.intent.stage].started_at
        states = streams.of_connection(session, job.connection_id)
    return {item.name for item in states if begun and item.drained_at and item.drained_at > begun}


def _waves(offered: Sequence[Stream]) -> Sequence[Sequence[Stream]]:
    """Streams that stand alone first, then those that ask for the records that were read."""
    return [[s for s in offered if not s.needs_records], [s for s in offered if s.needs_records]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One stream being read."""

    job: Job
    adapter: CrmAdapter
    stream: str

    def drain(self) -> bool:
        """Read to the end, fetching one page ahead of the store; False where others wait and it stopped before."""
        with ThreadPoolExecutor(1, thread_name_prefix=f"fetch-{self.stream}") as ahead:
            upcoming = ahead.submit(self._fetch, self._cursor())
            while True:
                self.job.go_on()
                asked_at, page = upcoming.result()
                stopping = page.drained or self.job.turn_is_over()
                if not stopping:
                    upcoming = ahead.submit(self._fetch, page.cursor)
                self._store(page, asked_at)
                if stopping:
                    return page.drained

    def _cursor(self) -> Cursor | None:
        with self.job.services.store.reading(self.job.tenant_id) as session:
            states = streams.of_connection(session, self.job.connection_id)
        return next(state.cursor for state in states if state.name == self.stream)

    def _fetch(self, cursor: Cursor | None) -> tuple[datetime, Page]:
        """Return the next page, and when it was asked for."""
        asked_at = self.job.services.clock.now()
        try:
            return asked_at, sound(self.adapter.read_page(self.stream, cursor), self.stream)
        except MissingPermission as refused:
            # The token is good and the other streams go on; the page shows what is missing.
            return asked_at, Page(cursor=cursor or {}, drained=True, unavailable=str(refused))

    def _store(self, page: Page, asked_at: datetime) -> None:
        now = self.job.services.clock.now()
        reached(Point.PAGE_FETCHED)
        with self.job.transaction() as session:
            store_page(session, self.job, page, asked_at)
            overwriting.notice(session, self.job.connection_id, self.adapter, page.records)
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
            reached(Point.PAGE_WRITTEN)
        reached(Point.PAGE_STORED)


def store_page(session: Connection, work: Work, page: Page, asked_at: datetime) -> None:
    """Store what a page brought, in the order in which its parts refer to each other.

    ``asked_at`` is when the CRM was asked. Another worker may have read some of
    the same people since: what it stored stays, and whoever is to be forgotten does not come back.
    """
    tenant, connection = work.tenant_id, work.connection_id
    tombstones.hold(session, tenant, alone=any(item.erased for item in page.removals))
    page = without_forgotten(work.services, session, tenant, connection, page)
    with unprofiled.heard(work.services, session, tenant, connection, page.records):
        records.save(session, tenant, connection, page.records, asked_at)
    records.save_companies(session, tenant, connection, page.companies)
    events.save_changes(session, tenant, connection, page.changes)
    events.save_events(session, tenant, connection, page.events)
    events.retract(session, connection, page.retractions)
    events.save_conversions(session, tenant, connection, page.conversions)
    ask_for_removed(work.services, session, tenant, connection, page.removals)
    records.remove(session, connection, page.removals)
    streams.reject(session, tenant, connection, page.rejections)


def _count(session: Connection, job: Job, counted: Census) -> None:
    """Let those be read again that a census misses, or names although nobody knows them."""
    now = job.services.clock.now()
    doubtful = census.confirm(session, job.connection_id, counted.present, now)
    if counted.complete:
        doubtful.update(census.unseen(session, job.connection_id, counted.since))
    doubtful -= forgotten_ids(job.services, session, connections.get(session, job.connection_id), doubtful)
    hints = [
        WebhookHint(str(job.connection_id), f"census:{counted.since.isoformat()}:{found}", inbox.CENSUS, found, now)
        for found in sorted(doubtful)
    ]
    inbox.keep(session, job.tenant_id, job.connection_id, hints, now)


def _report(session: Connection, job: Job) -> None:
    states = streams.of_tenant(session, job.tenant_id)
    # A vendor's count may be wrong, or counts what we may not read: what was read to its end is as large as that.
    expected = [state.read if state.drained_at else max(state.expected or 0, state.read) for state in states]
    unsized = [state for state in states if not state.drained_at and (state.expected or 0) <= state.read]
    unavailable = sum(1 for state in states if state.unavailable)
    detail = None
    if unavailable:
        kinds = "kind of data is" if unavailable == 1 else "kinds of data are"
        detail = f"{unavailable} {kinds} not offered by this account"
    done = sum(state.read for state in states)
    job.report(session, done=done, expected=sum(expected), unsized=len(unsized), detail=detail)


def _read_hinted(job: Job, adapter: CrmAdapter) -> None:
    """Read again the records that webhooks named; the hint itself is never believed.

    Where the real-time lane has work, fresh hints are its own; what it could not do in time is done here, and so is
    what it was not asked for, or gave up.
    """
    while True:
        with job.services.store.reading(job.tenant_id) as session:
            left = lanes.is_open(session, job.connection_id, Kind.READ, Kind.READ_BESIDE)
            before = job.services.clock.now() - LEFT_TO_LANE if left else None
            hints = inbox.waiting(session, job.connection_id, _HINTS, before)
        if not hints:
            return
        ids = sorted({subject for _, _, subject in hints if subject})
        asked_at = job.services.clock.now()
        page = sound(adapter.read_records(ids), HINTED) if ids else Page(cursor={}, drained=True)
        reached(Point.HINTED_FETCHED)
        forgotten = {subject for _, kind, subject in hints if subject and kind == inbox.ERASED}
        with job.transaction() as session:
            store_page(session, job, erasing(page, forgotten), asked_at)
            inbox.handled(session, job.connection_id, [key for key, _, _ in hints], job.services.clock.now())
        reached(Point.HINTED_STORED)


def erasing(page: Page, forgotten: Set[str]) -> Page:
    """Erase those who asked to be forgotten, now that the account has confirmed that they are gone."""
    removals = (replace(item, erased=item.erased or item.record_id in forgotten) for item in page.removals)
    return replace(page, removals=tuple(removals))
