"""Several batch jobs kept going, so that Mailchimp always has one to work on.

A colleague's import may stand before them in the queue; so jobs of which none ends for too long are taken
back, and their calls are made again later. They must bear that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.adapters.mailchimp import batches, unnamed
from connector.adapters.mailchimp.archive import BrokenArchiveError, Result
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.batches import HandedIn, State
from connector.adapters.mailchimp.calls import Call
from connector.adapters.mailchimp.errors import VENDOR
from connector.adapters.mailchimp.pace import Pace
from connector.errors import ConnectorError, RetryLater, VendorFault

AHEAD = 4
"""Jobs handed in and not yet fetched. An account may have 500; these keep the queue filled and leave it to others."""
PATIENCE = timedelta(minutes=10)
"""How long it may take until one of our jobs ends."""
DOWNLOADS = 3
"""Tries to fetch the results; their address is good for minutes, and a fresh one comes with each status."""


@dataclass(frozen=True, slots=True)
class _Job:
    handed_in: HandedIn
    at: datetime
    keys: frozenset[str]
    writes: bool


class Jobs:
    """The jobs of one write or reading, in the order of their hand-in. Not to be shared by threads."""

    def __init__(self, audiences: Audiences) -> None:
        """Hand nothing in yet."""
        self._session = audiences.session
        self._access = audiences.access
        self._queue: deque[_Job] = deque()
        self._pace = Pace()
        self._moved_at = self._access.now()

    @property
    def room(self) -> bool:
        """Whether another job may be handed in now."""
        return len(self._queue) < AHEAD

    @property
    def empty(self) -> bool:
        """Whether no results are to come."""
        return not self._queue

    def hand_in(self, calls: Mapping[str, Call], *, repeat: bool = True) -> None:
        """Hand in up to 500 calls as one job; raise ``RetryLater`` where Mailchimp does not take it.

        ``repeat`` False: a hand-in whose answer got lost is not made again.
        """
        writes = any(call.writes for call in calls.values())
        name = unnamed.name(self._access.now(), len(calls)) if writes else ""
        if writes:
            self._access.job_begun(name)
        handed_in = batches.hand_in(self._session, calls, repeat=repeat)
        if writes:
            self._access.job_named(name, handed_in.job_id)
        now = self._access.now()
        self._pace.handed_in(handed_in.submitted_at, now)
        if self.empty:
            self._moved_at = now
        self._queue.append(_Job(handed_in, now, frozenset(calls), writes))

    def next_results(self) -> dict[str, Result]:
        """Wait for the oldest job's end and return its results by the keys of its calls.

        A key that is missing has no known result. Raises ``RetryLater`` where no job comes to its end: then all
        are taken back.
        """
        job = self._queue[0]
        state = self._finished(job)
        self._queue.popleft()
        found: dict[str, Result] = {}
        for attempt in range(DOWNLOADS):
            try:
                if attempt:
                    state = batches.look(self._session, job.handed_in.job_id)
                if state is not None and state.url is not None:
                    batches.download(self._session, state.url, found)
                break
            except BrokenArchiveError:
                continue
            except ConnectorError:
                # What is known of some calls is not thrown away for the rest of them.
                if found:
                    break
                raise
        return {key: result for key, result in found.items() if key in job.keys}

    def _finished(self, job: _Job) -> State | None:
        """Wait until a job is finished and return its state, None where Mailchimp forgot it."""
        looked_at = None
        while True:
            self._wait_until(self._pace.due(job.at, looked_at))
            state = batches.look(self._session, job.handed_in.job_id)
            looked_at = self._access.now()
            if state is None or state.finished:
                completed = None if state is None else state.completed_at
                self._pace.done(job.handed_in.submitted_at, completed, looked_at)
                self._moved_at = looked_at
                self._over(job)
                return state
            self._pace.in_vain()
            if looked_at - self._moved_at >= PATIENCE:
                self._take_back()

    def _wait_until(self, due: datetime) -> None:
        self._access.sleep(max((due - self._access.now()).total_seconds(), 0.0))

    def _take_back(self) -> None:
        # The last one first, so that none of them begins meanwhile.
        while self._queue:
            job = self._queue.pop()
            batches.take_back(self._session, job.handed_in.job_id)
            self._over(job)
        raise RetryLater(
            "Mailchimp's batch jobs stand in a queue; ours were taken back.",
            after_seconds=PATIENCE.total_seconds(),
            fault=VendorFault(VENDOR, "batch status", 200),
        )

    def _over(self, job: _Job) -> None:
        if job.writes:
            self._access.job_over(job.handed_in.job_id)
