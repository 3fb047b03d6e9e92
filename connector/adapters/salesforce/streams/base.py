"""Reading a kind of Salesforce object: everything once, then what changed.

Pages go by (SystemModstamp, Id), so that a bulk edit of any size on one instant is passed
through and a new worker goes on anywhere. A first read of many rows is a Bulk job instead.
Rows become visible some time after their stamp (a transaction is stamped when it begins):
each scan opens a while before the start of the last one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import ClassVar

from connector.adapters.pieces import Pieces
from connector.adapters.salesforce import bulk, soql
from connector.adapters.salesforce.history import Reading
from connector.adapters.salesforce.ids import known_id, to_18
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.polls import pauses
from connector.adapters.salesforce.values import Json, UnreadableError, iso, moment
from connector.errors import RetryLater
from connector.records import Cursor, Page, Stream

OVERLAP = timedelta(minutes=5)
"""How late after its stamp a row may become visible."""

JOB_PAGE = 2_500
"""Rows of a job's results that are read at a time: what belongs to them is five queries of ids, one request."""

PATIENCE = 30
"""Places in the pace of polls that a worker waits for a job: a minute."""
POLL_AGAIN = 60.0
"""Seconds until a job that is not ready is asked about again."""


class StreamReader(ABC):
    """One stream of an org, whatever its pages hold."""

    stream: Stream

    @abstractmethod
    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``; None or empty is the beginning."""


class Reader(StreamReader):
    """The rows of one object.

    Its cursor is ``{"started", "last": [stamp, id]}`` within a first read by pages, ``{"started", "job",
    "locator"}`` within one by a Bulk job, ``{"since", "started", "last"}`` within a later scan and
    ``{"since"}`` between scans; times are ISO 8601.
    """

    source: str
    deleted: ClassVar[bool] = False
    """Whether rows in the recycle bin and archived ones are read too."""

    one_each: ClassVar[bool] = True
    """Whether each row becomes one thing that is counted, so that the number of rows tells how many to expect."""

    counted: ClassVar[bool] = True
    """Whether a first read may be so large that it is counted, and read by a Bulk job."""

    bulk_from: ClassVar[int] = 10_000
    """Rows from which a first read is a Bulk job: five pages, what a job costs in requests itself."""

    def __init__(self, org: Org) -> None:
        """Make no request."""
        self.org = org

    @abstractmethod
    def wanted(self) -> Sequence[str]:
        """Return the fields that are read, of those that the user may see."""

    @abstractmethod
    def add(self, pieces: Pieces, rows: Sequence[Json], reading: Reading) -> None:
        """Add what was read."""

    def conditions(self) -> list[str]:
        """Return what rows must meet to be read at all."""
        return []

    def news_conditions(self) -> list[str]:
        """Return what rows must meet to be read by a later scan."""
        return self.conditions()

    def later(self, rows: list[Json], state: Json) -> list[Json]:
        """Return those of a later scan's rows that are news."""
        return rows

    def opened(self, state: Json) -> Json:
        """Return the cursor with which a scan begins; ``state`` carries its start already."""
        return state

    def closed(self, state: Json) -> Json:
        """Return the cursor between scans; ``state`` is the last one within."""
        return {"since": iso(moment(state["started"], "the cursor") - OVERLAP)}

    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``; None or empty is the beginning."""
        state: Json = dict(cursor or {})
        if "since" not in state:
            self.org.session.make_way()
        return self.org.selecting(self.source, lambda: self._read(state))

    def each(self, pieces: Pieces, rows: Sequence[Json], add: Callable[[Json], None]) -> None:
        """Let ``add`` read each row; one that can't be read is counted, its neighbours stay."""
        for row in rows:
            try:
                to_18(row.get("Id"))
                add(row)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, row.get("Id"), reason)

    def names(self) -> list[str]:
        """Return the fields of the query, those that paging needs among them."""
        return list(dict.fromkeys(("Id", "SystemModstamp", *self.wanted())))

    def _read(self, state: Json) -> Page:
        if "job" in state:
            return self._job_page(state)
        expected = None
        if "started" not in state:
            self.org.fields(self.source)
            state = self.opened({**state, "started": iso(self.org.session.now())})
            if "since" not in state and self.counted:
                rows = self.org.session.count(soql.count(self.source, self.conditions()), deleted=self.deleted)
                expected = rows if self.one_each else None
                if rows >= self.bulk_from:
                    return self._begin_job(state, expected)
        return self._rest_page(state, expected)

    def _rows(self, conditions: Sequence[str], size: int) -> list[Json]:
        """Return a page; where the names make too long an address, ids are read first and the rows by a body."""
        tail = f"ORDER BY SystemModstamp, Id LIMIT {size}"
        query = soql.select(self.names(), self.source, conditions, tail)
        if soql.fits(query):
            return self.org.session.query(query, deleted=self.deleted)
        short = soql.select(("Id", "SystemModstamp"), self.source, conditions, tail)
        places = self.org.session.query(short, deleted=self.deleted)
        found = self.org.retrieve(self.source, [str(row.get("Id")) for row in places], self.names())
        full = {known_id(row.get("Id")): row for row in found}
        return [{**full.get(known_id(row.get("Id")), {}), **row} for row in places]

    def _rest_page(self, state: Json, expected: int | None) -> Page:
        conditions = self.news_conditions() if "since" in state else self.conditions()
        with self.org.session.sized(self.source, soql.PAGE) as size:
            rows = self._rows([*conditions, *self._place(state)], size)
        pieces = Pieces()
        fresh = self.later(rows, state) if "since" in state else rows
        if fresh:
            self.add(pieces, fresh, self._reading(state))
        if len(rows) < size:
            return pieces.page(self.closed(state), drained=True, expected=expected)
        return pieces.page({**state, "last": self._behind(rows)}, drained=False, expected=expected)

    def _behind(self, rows: Sequence[Json]) -> list[str]:
        """Return the place behind a page: that of its last row that has one."""
        for row in reversed(rows):
            try:
                return [iso(moment(row.get("SystemModstamp"), "a row's stamp")), to_18(row.get("Id"))]
            except UnreadableError:
                continue
        raise RetryLater(f"No row of a page of {self.stream.label.lower()} can be read.", after_seconds=POLL_AGAIN)

    def _place(self, state: Json) -> list[str]:
        if "last" in state:
            stamp, record_id = state["last"]
            return [soql.after(moment(stamp, "the cursor"), record_id)]
        return [f"SystemModstamp > {state['since']}"] if "since" in state else []

    def _reading(self, state: Json) -> Reading:
        return Reading(self.org.now(), first="since" not in state)

    def _begin_job(self, state: Json, expected: int | None) -> Page:
        query = soql.select(self.names(), self.source, self.conditions())
        job = bulk.start(self.org.session, query, deleted=self.deleted)
        return Page({**state, "job": job}, drained=False, expected=expected)

    def _job_page(self, state: Json) -> Page:
        """Read a page of a job's results; where the job is lost, begin again by pages."""
        session, job = self.org.session, state["job"]
        try:
            if "locator" not in state:
                self._await(job)
            with session.sized(f"{self.source} results", JOB_PAGE) as size:
                part = bulk.part(session, job, state.get("locator"), size)
        except bulk.JobGoneError:
            return Page({"started": iso(session.now())}, drained=False)
        pieces = Pieces()
        self.add(pieces, part.rows, self._reading(state))
        if part.locator is not None:
            return pieces.page({**state, "locator": part.locator}, drained=False)
        bulk.finish(session, job)
        return pieces.page(self.closed(state), drained=True)

    def _await(self, job: str) -> None:
        for turns in pauses(PATIENCE):
            if bulk.ready(self.org.session, job, turns):
                return
        raise RetryLater(f"Salesforce is still preparing the {self.stream.label.lower()}.", after_seconds=POLL_AGAIN)
