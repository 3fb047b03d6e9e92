"""Bulk API 2.0 jobs as data, and how their state follows the clock.

Source: Bulk API 2.0 guide. A job that is never closed stays open for ever.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.faults import Fault
from connector.sandbox.salesforce import times

DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
WAITING_SHARE = 0.25
"""The part of a job's time that it waits before it is in progress."""


@dataclass(slots=True)
class Job:
    """One job. ``closed_at``: the monotonic second from which it is worked on; ``seconds``: how long that takes.

    ``results`` holds header and rows of a query, or of an ingest's outcomes by their name. ``fault`` is what goes
    wrong with the records of an ingest.
    """

    job_id: str
    kind: str
    object_name: str
    operation: str
    created_ms: int
    created_by: str
    version: int
    seconds: float
    delimiter: str = "COMMA"
    ending: str = "LF"
    external_id: str = ""
    closed_at: float | None = None
    ended: str = ""
    error: str = ""
    upload: bytes = b""
    uploads: int = 0
    fault: Fault | None = None
    assigns: bool = False
    settled: bool = False
    results: dict[str, list[list[str]]] = field(default_factory=dict)

    def state(self, now: float) -> str:
        """Return the state at a monotonic second."""
        if self.ended:
            return self.ended
        if self.closed_at is None:
            return "Open"
        passed = now - self.closed_at
        if passed < self.seconds * WAITING_SHARE:
            return "UploadComplete"
        return "InProgress" if passed < self.seconds else "JobComplete"

    def told(self, now: float) -> dict[str, Any]:
        """Return what the API tells of the job."""
        done = self.state(now) in ("JobComplete", "Failed")
        counted = {name: max(len(rows) - 1, 0) for name, rows in self.results.items()} if done else {}
        told: dict[str, Any] = {
            "id": self.job_id,
            "operation": self.operation,
            "object": self.object_name,
            "createdById": self.created_by,
            "createdDate": times.rest(self.created_ms),
            "systemModstamp": times.rest(self.created_ms),
            "state": self.state(now),
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "jobType": "V2Query" if self.kind == "query" else "V2Ingest",
            "lineEnding": self.ending,
            "columnDelimiter": self.delimiter,
            "retries": 0,
            "totalProcessingTime": round(self.seconds * 1000) if done else 0,
        }
        if self.kind == "query":
            return told | {"numberRecordsProcessed": counted.get("query", 0)}
        failed = counted.get("failedResults", 0)
        told |= {"numberRecordsProcessed": counted.get("successfulResults", 0) + failed, "numberRecordsFailed": failed}
        if self.external_id:
            told["externalIdFieldName"] = self.external_id
        if self.error:
            told["errorMessage"] = self.error
        address = f"services/data/v{self.version}.0/jobs/ingest/{self.job_id}/batches"
        return told | {"contentUrl": address}

    def csv(self, rows: Iterable[Sequence[str]]) -> bytes:
        """Return rows as the job writes them: every cell in quotes, UTF-8."""
        out = io.StringIO(newline="")
        form = csv.writer(
            out, delimiter=DELIMITERS[self.delimiter], lineterminator=ENDINGS[self.ending], quoting=csv.QUOTE_ALL
        )
        form.writerows(rows)
        return out.getvalue().encode()

    def uploaded(self) -> tuple[list[str], list[list[str]]]:
        """Return header and rows of what was uploaded; raise ``ValueError`` where it can't be read."""
        text = self.upload.decode("utf-8-sig")
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITERS[self.delimiter], strict=True))
        except csv.Error as error:
            raise ValueError(str(error)) from error
        if not rows:
            raise ValueError("The upload is empty.")
        header, *filled = rows
        return header, [row for row in filled if row]


class Jobs:
    """The org's jobs, in order of creation. The caller holds the lock."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def keep(self, job: Job) -> None:
        """Keep a new job."""
        self._jobs[job.job_id] = job

    def find(self, kind: str, job_id: str) -> Job | None:
        """Return a job of a kind by its id."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.kind == kind else None

    def forget(self, job: Job) -> None:
        """Forget a job with its results."""
        del self._jobs[job.job_id]

    def all(self, kind: str) -> list[Job]:
        """Return the jobs of a kind."""
        return [job for job in self._jobs.values() if job.kind == kind]


def cells(header: Sequence[str], row: Sequence[str]) -> Mapping[str, str]:
    """Return a row by its column's names."""
    return dict(zip(header, row, strict=True))
