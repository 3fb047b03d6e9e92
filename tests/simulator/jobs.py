"""Jobs of an account: values that its CRM takes now and writes by itself, in its own time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.simulator.kernel import Kernel
from tests.simulator.storm import Storm

Values = Sequence[tuple[str, Mapping[str, str]]]

MADE = "made"
"""A job is made and named first, and gets its values by another request; several are worked on at one time."""
HANDED_IN = "handed in"
"""A job comes with its values and is named in the answer alone; they are worked on one after another."""

UNTOLD = "untold"
"""What became of a record of which a job says nothing."""


@dataclass
class Job:
    """``answers``: record → what became of it. ``over``: it writes nothing any more, done or stopped."""

    job_id: str
    submitted: float
    values: Values = ()
    answers: dict[str, str] = field(default_factory=dict)
    ends: float = 0.0
    over: bool = False


class Queue:
    """What an account works on. ``write`` stores one record's values and returns what became of it."""

    def __init__(self, kernel: Kernel, storm: Storm, kind: str, write: Callable[[str, Mapping[str, str]], str]) -> None:
        self._kernel = kernel
        self._storm = storm
        self._kind = kind
        self._write = write
        self._jobs: dict[str, Job] = {}

    def make(self) -> str:
        """Return the name of a job that has nothing to do yet."""
        job = Job(f"j{len(self._jobs) + 1}", self._kernel.now)
        self._jobs[job.job_id] = job
        return job.job_id

    def start(self, job_id: str, values: Values) -> None:
        """Give a job its values, unless it was stopped; half of them are written some time before the others."""
        job = self._jobs[job_id]
        if job.over or job.values:
            return
        job.values = values
        slow = self._storm.strikes("slow job")
        waits = self._storm.draw.uniform(10.0, 120.0) if slow else 0.5
        if self._kind == HANDED_IN:
            waits += max([each.ends - self._kernel.now for each in self._jobs.values() if not each.over] + [0.0])
        takes = self._storm.draw.uniform(1.0, 20.0) if slow else 0.5
        job.ends = self._kernel.now + waits + takes
        half = len(values) // 2
        self._kernel.at(waits, lambda: self._work(job, values[:half]))
        self._kernel.at(waits + takes, lambda: self._finish(job, values[half:]))

    def hand_in(self, values: Values) -> str:
        """Take a job with its values; return its name."""
        job_id = self.make()
        self.start(job_id, values)
        return job_id

    def state(self, job_id: str) -> Job:
        """Return how far a job is."""
        return self._jobs[job_id]

    def stop(self, job_id: str) -> None:
        """Let a job write nothing from now on; what it has done stays done."""
        self._jobs[job_id].over = True

    def unfinished(self) -> list[Job]:
        """Return the jobs that may still write."""
        return [job for job in self._jobs.values() if not job.over]

    def _work(self, job: Job, values: Values) -> None:
        if not job.over:
            job.answers |= {record_id: self._write(record_id, texts) for record_id, texts in values}

    def _finish(self, job: Job, values: Values) -> None:
        told = dict(job.answers)
        self._work(job, values)
        if self._storm.strikes("half batch"):
            # It says nothing of what it did last.
            job.answers = told
        job.over = True
