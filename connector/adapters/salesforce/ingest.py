"""Scores by a Bulk API 2.0 ingest job: made, filled once, closed, watched, its outcomes joined by id, deleted.

A job that is complete may have failed rows, and its outcomes come in no order that the upload had (Bulk API 2.0
guide). Its rows are read from the outcomes alone: one that is in neither is not taken for written.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from connector.adapters.salesforce.bulk_csv import Upload, rows
from connector.adapters.salesforce.ids import known_id
from connector.adapters.salesforce.paths import INGEST_JOBS
from connector.adapters.salesforce.polls import pauses
from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.values import Json
from connector.errors import ConnectorError, Disconnected, LostLease, NeedsAdmin, RetryLater

LARGEST = 10_000
"""Rows of one job: what Salesforce cuts a larger one into. It works on such parts at the same time, where they
lock each other's parents; there is no serial mode."""

ENDED = frozenset({"JobComplete", "Failed", "Aborted"})

PATIENCE = 300
"""Places in the pace of polls until a job is taken back: ten minutes."""

STOPPING = 20
"""The same until it is given up to see a job stopped: half a minute."""

_BROKEN_OFF = "InvalidBatch"
_NO_FIELD = "Field name not found"


@dataclass(slots=True)
class Outcomes:
    """What a job did: ids that it wrote, id → (code, message) of those refused.

    ``broken``: (code, message) where it could not read the upload at all. All other rows it has left undone.
    """

    written: set[str] = field(default_factory=set)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    broken: tuple[str, str] | None = None


def begin(session: Session, source: str, upload: Upload) -> str | None:
    """Make a job and start it; return its id, None where Salesforce does not let us, and nothing was written."""
    body = {
        "object": source,
        "operation": "update",
        "contentType": "CSV",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }
    try:
        job = _named(session.send("POST", "jobs/ingest", body, "bulk ingest"))
    except Disconnected:
        raise
    except NeedsAdmin:
        return None
    session.job_begun(job)
    try:
        path, csv = f"{INGEST_JOBS}/{job}/batches", {"Content-Type": "text/csv"}
        session.lean("bulk upload", "PUT", path, lambda _: None, data=upload.content, headers=csv)
        session.send("PATCH", f"jobs/ingest/{job}", {"state": "UploadComplete"}, "bulk close", writes=True)
    except Disconnected:
        raise
    except (LostLease, RetryLater):
        _abandon(session, job)
        raise
    except NeedsAdmin:
        # Among others where the answer to an upload was lost: sent a second time, it spoils the job.
        _abandon(session, job)
        return None
    return job


def outcomes(session: Session, job: str) -> Outcomes:
    """Wait for a job's end and return what it did; one that stands in the queue for too long is taken back."""
    told = _ended(session, job)
    if told.get("state") in ENDED:
        session.job_over(job)
    found = Outcomes()
    if told.get("numberRecordsProcessed") != 0:
        found.written = {_id_of(row) for row in _read(session, job, "successfulResults")}
    if told.get("numberRecordsFailed") != 0:
        found.refused = {_id_of(row): _reason(row) for row in _read(session, job, "failedResults")}
    message = str(told.get("errorMessage") or "")
    if told.get("state") == "Failed" and message.startswith(_BROKEN_OFF):
        found.broken = ("INVALID_FIELD" if _NO_FIELD in message else _BROKEN_OFF, message)
    _delete(session, job)
    return found


def _named(made: object) -> str:
    if isinstance(made, dict) and made.get("id"):
        return str(made["id"])
    raise RetryLater("Salesforce did not name the job that it was to make.", after_seconds=5.0)


def _ended(session: Session, job: str) -> Json:
    told = _polled(session, job, PATIENCE)
    if told is None:
        # Where Salesforce does not answer, whoever asks for its outcomes next will see.
        with suppress(RetryLater):
            _aborted(session, job)
        told = session.poll("bulk ingest", f"jobs/ingest/{job}")
    return told


def _polled(session: Session, job: str, patience: int) -> Json | None:
    """Ask about a job until it has ended; None where it has not at the end of our patience."""
    for turns in pauses(patience):
        told = session.poll("bulk ingest", f"jobs/ingest/{job}", turns=turns)
        if str(told.get("state")) in ENDED:
            return told
    return None


def _read(session: Session, job: str, outcome: str) -> list[Json]:
    path, accept = f"{INGEST_JOBS}/{job}/{outcome}", {"Accept": "text/csv"}
    return session.lean("bulk outcome", "GET", path, lambda answer: list(rows(answer.content)), headers=accept)


def _id_of(row: Json) -> str:
    """Return the record's id: our own column, else Salesforce's, which is empty where it found no record."""
    return known_id(row.get("Id") or row.get("sf__Id"))


def _reason(row: Json) -> tuple[str, str]:
    """Return code and message of ``CODE:message:fields``."""
    code, _, rest = str(row.get("sf__Error") or "").partition(":")
    return code, rest.rpartition(":")[0] or rest


def stop(session: Session, job: str) -> None:
    """See to it that a job writes nothing from now on; raise ``RetryLater`` where Salesforce goes on with it."""
    try:
        ended = _aborted(session, job) or _polled(session, job, STOPPING) is not None
    except Disconnected:
        raise
    except NeedsAdmin:
        # Salesforce knows no such job any more.
        ended = True
    if not ended:
        raise RetryLater("Salesforce still works on a job that was to be stopped.", after_seconds=30.0)
    _delete(session, job)


def _abandon(session: Session, job: str) -> None:
    """Take a job back that must not run, and forget it."""
    try:
        stop(session, job)
        session.job_over(job)
    except ConnectorError:
        # It is still noted: whoever writes to this account next stops it.
        return


def _aborted(session: Session, job: str) -> bool:
    """Have a job aborted; tell whether it has ended by that, and not before."""
    try:
        told = session.send("PATCH", f"jobs/ingest/{job}", {"state": "Aborted"}, "bulk abort")
    except Disconnected:
        raise
    except NeedsAdmin:
        return False
    return isinstance(told, dict) and told.get("state") in ENDED


def _delete(session: Session, job: str) -> None:
    try:
        session.lean("bulk delete", "DELETE", f"{INGEST_JOBS}/{job}", lambda _: None)
    except ConnectorError:
        # What became of its rows is known; Salesforce forgets it after a week.
        return
