"""Writing scores: a few by sObject Collections, many of one object by a Bulk job, with one answer for each record.

A write is idempotent, so that a doubtful one may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from threading import Lock

from connector.adapters.salesforce import ingest
from connector.adapters.salesforce.bulk_csv import uploads
from connector.adapters.salesforce.collections import Collections, Refused, put_off
from connector.adapters.salesforce.ids import object_of, to_18
from connector.adapters.salesforce.score_results import LOCKED, limit, refused, together, written
from connector.adapters.salesforce.score_rows import ScoreRow, Tally
from connector.adapters.salesforce.score_values import DEFAULT_NAMES
from connector.adapters.salesforce.session import Session
from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.records import ScoreValues, ScoreWrite, WriteOutcome, WriteResult

LARGEST_BATCH = ingest.LARGEST

BULK_FROM = 2_000
"""Rows of one object above which they are a job: ten Collections, about what a job costs in requests itself."""

NO_PERSON = "This is the id of no lead and no contact."


class ScoreWriter:
    """Writes the scores of one connection, one batch at a time: two jobs on one object lock each other's records."""

    def __init__(self, session: Session) -> None:
        """Make no request."""
        self._session = session
        self._collections = Collections(session)
        self._turn = Lock()

    def write(self, writes: Sequence[ScoreWrite], field_names: Mapping[str, str]) -> list[WriteResult]:
        """Write ``writes`` and return a result for each, in their order; of doubles the last one counts.

        Raise ``RetryLater`` only if Salesforce throttles before anything is known to be written.
        """
        return self._all({item.record_id: item.values for item in writes}, [w.record_id for w in writes], field_names)

    def clear(self, record_ids: Sequence[str], field_names: Mapping[str, str]) -> list[WriteResult]:
        """Empty our fields in these records, in the way of :meth:`write`."""
        return self._all(dict.fromkeys(record_ids), record_ids, field_names)

    def _all(
        self, values: Mapping[str, ScoreValues | None], wanted: Sequence[str], field_names: Mapping[str, str]
    ) -> list[WriteResult]:
        if len(wanted) > LARGEST_BATCH:
            raise ValueError(f"a batch holds at most {LARGEST_BATCH} records, not {len(wanted)}")
        tally = Tally()
        rows = {row.known_id: row for row in map(_row, values, values.values()) if row is not None}
        names = {ours: name for ours, name in field_names.items() if ours in DEFAULT_NAMES}
        with self._turn:
            self._write(sorted(rows.values(), key=lambda row: (row.source, row.known_id)), names, tally)
        if tally.throttled is not None and not tally.wrote():
            raise tally.throttled
        return [_result(item, rows, tally) for item in wanted]

    def _write(self, rows: Sequence[ScoreRow], names: Mapping[str, str], tally: Tally) -> None:
        """Start the jobs, write what is few while they run, then what they have left undone."""
        few: list[ScoreRow] = []
        jobs: list[tuple[str, Sequence[ScoreRow]]] = []
        for source, found in groupby(rows, lambda row: row.source):
            group = list(found)
            if len(group) <= BULK_FROM or self._collections.burdened:
                few += group
                continue
            for job, sent in self._begin(source, group, names, tally):
                if job is None:
                    few += sent
                else:
                    jobs.append((job, sent))
        self._collections.write(few, names, tally)
        for job, sent in jobs:
            undone, failed = self._end(job, sent, tally)
            self._collections.write(undone, names, tally)
            self._collections.write_by_fewer(failed, names, tally)

    def _begin(
        self, source: str, rows: Sequence[ScoreRow], names: Mapping[str, str], tally: Tally
    ) -> Iterator[tuple[str | None, Sequence[ScoreRow]]]:
        """Yield job and rows; None for rows that can't be a job."""
        by_id = {row.known_id: row for row in rows}
        for upload in uploads(["Id", *names.values()], (row.as_cells(names) for row in rows)):
            sent = [by_id[known_id] for known_id in upload.ids]
            try:
                yield ingest.begin(self._session, source, upload), sent
            except RetryLater as error:
                put_off(sent, tally, error)

    def _end(self, job: str, sent: Sequence[ScoreRow], tally: Tally) -> tuple[Sequence[ScoreRow], Refused]:
        """Keep the results of a job; return the rows that it left undone, and those that failed together."""
        undone, failed = [], Refused()
        try:
            found = ingest.outcomes(self._session, job)
        except RetryLater as error:
            put_off(sent, tally, error)
            return [], failed
        except Disconnected:
            raise
        except NeedsAdmin:
            # Somebody deleted the job.
            return sent, failed
        for row in sent:
            code, message = found.refused.get(row.known_id) or found.broken or ("", "")
            if row.known_id in found.written:
                tally.keep(written(row.record_id))
            elif together(code, message):
                failed.together.append(row)
                failed.limited = failed.limited or limit(message)
            elif code in ("", LOCKED):
                undone.append(row)
            else:
                tally.keep(refused(row.record_id, code, message))
        return undone, failed


def _row(record_id: str, values: ScoreValues | None) -> ScoreRow | None:
    source = object_of(record_id)
    return None if source is None else ScoreRow(record_id, to_18(record_id), source, values)


def _result(record_id: str, rows: Mapping[str, ScoreRow], tally: Tally) -> WriteResult:
    if object_of(record_id) is None:
        return WriteResult(record_id, WriteOutcome.GONE, NO_PERSON)
    found = tally.results[rows[to_18(record_id)].record_id]
    return replace(found, record_id=record_id)
