"""The client's side of jobs, as the adapters of Salesforce and Mailchimp have it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TypeVar

from connector.adapters.contract import Access
from connector.errors import ConnectorError, RetryLater
from tests.simulator.jobs import MADE, UNTOLD, Job, Queue, Values
from tests.simulator.kernel import Kernel

T = TypeVar("T")
Call = Callable[[str, Callable[[], object]], object]

PACE_SECONDS = 3.0
POLLS = 15
UNNAMED = "unnamed"
APART = 60.0
"""How far two clocks may be apart, with the request's way."""


class ByJob:
    """Writes to one account by jobs. ``call`` makes a request."""

    def __init__(self, kernel: Kernel, queue: Queue, kind: str, access: Access, call: Call) -> None:
        self._kernel = kernel
        self._queue = queue
        self._kind = kind
        self._access = access
        self._call = call
        self._numbers = count()

    def write(self, values: Values) -> list[str]:
        """Return for each record what became of it; what a job says nothing of is to be tried again."""
        job_id = self._made(values) if self._kind == MADE else self._handed_in(values)
        for _ in range(POLLS):
            self._access.sleep(PACE_SECONDS)
            job = self._told(job_id)
            if job.over:
                self._access.job_over(job_id)
                return [job.answers.get(record_id, UNTOLD) for record_id, _ in values]
        self._abandon(job_id)
        raise RetryLater("The jobs stand in a queue.", after_seconds=PACE_SECONDS)

    def _made(self, values: Values) -> str:
        job_id = str(self._call("job to make", self._queue.make))
        self._access.job_begun(job_id)
        try:
            self._call("job write", lambda: self._queue.start(job_id, values))
        except RetryLater:
            self._abandon(job_id)
            raise
        return job_id

    def _handed_in(self, values: Values) -> str:
        name = f"{UNNAMED} {self._kernel.now} {len(values)} {self._kernel.current.name} {next(self._numbers)}"
        self._access.job_begun(name)
        job_id = str(self._call("job write", lambda: self._queue.hand_in(values)))
        self._access.job_named(name, job_id)
        return job_id

    def _told(self, job_id: str) -> Job:
        job = self._call("job", lambda: self._queue.state(job_id))
        assert isinstance(job, Job)
        return job

    def _abandon(self, job_id: str) -> None:
        try:
            self.stop(job_id)
            self._access.job_over(job_id)
        except ConnectorError:
            return

    def stop(self, job_id: str) -> None:
        """Stop a job; wait for those that may be one whose name was never told."""
        if not job_id.startswith(UNNAMED):
            self._call("job to stop", lambda: self._queue.stop(job_id))
            return
        _, at, size, *_ = job_id.split(" ")
        found = self._call("jobs", self._queue.unfinished)
        assert isinstance(found, list)
        if any(len(job.values) == int(size) and abs(job.submitted - float(at)) < APART for job in found):
            raise RetryLater("A job may still be worked on.", after_seconds=PACE_SECONDS)
