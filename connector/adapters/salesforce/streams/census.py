"""Counting leads and contacts once a week: finds those that were deleted for good, or hidden by a sharing rule."""

from __future__ import annotations

from datetime import timedelta

from connector.adapters.salesforce import soql
from connector.adapters.salesforce.ids import CONTACT, LEAD, OBJECTS, known_id
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.streams.base import StreamReader
from connector.adapters.salesforce.streams.persons import ContactReader, LeadReader, PersonReader
from connector.adapters.salesforce.values import Json, iso, moment
from connector.records import Census, Cursor, Page, Stream

PAUSE = timedelta(days=7)


class CensusReader(StreamReader):
    """The ids of all open leads, then of all contacts, by keyset.

    Cursor: ``{"counted"}`` between counts, with ``since``, ``source`` and ``last`` within one. The first read
    counts nobody: everyone has just been read.
    """

    stream = Stream("census", "Weekly count of leads and contacts")

    def __init__(self, org: Org) -> None:
        """Make no request."""
        self.org = org
        self._persons: tuple[PersonReader, ...] = (LeadReader(org), ContactReader(org))

    def read(self, cursor: Cursor | None) -> Page:
        """Read a page of ids."""
        now = self.org.now()
        state: Json = dict(cursor or {"counted": iso(now)})
        if "since" not in state:
            if now - moment(state["counted"], "the cursor") < PAUSE:
                return Page(state, drained=True)
            if not all(self.org.sees(source, "Id") for source in OBJECTS.values()):
                # Whoever can't be counted is not missing.
                return Page({"counted": iso(now)}, drained=True)
            state = {**state, "since": iso(now), "source": OBJECTS[LEAD]}
        return self._count(state)

    def _count(self, state: Json) -> Page:
        source, since = state["source"], moment(state["since"], "the cursor")
        reader = next(item for item in self._persons if item.source == source)
        behind = [f"Id > {soql.text(state['last'])}"] if "last" in state else []
        query = soql.select(("Id",), source, [*reader.conditions(), *behind], f"ORDER BY Id LIMIT {soql.PAGE}")
        rows = self.org.session.query(query)
        ids = tuple(filter(None, (known_id(row.get("Id")) for row in rows)))
        if ids and len(rows) >= soql.PAGE:
            return Page({**state, "last": ids[-1]}, drained=False, census=Census(since, ids, complete=False))
        if source == OBJECTS[LEAD]:
            following = {"counted": state["counted"], "since": state["since"], "source": OBJECTS[CONTACT]}
            return Page(following, drained=False, census=Census(since, ids, complete=False))
        return Page({"counted": state["since"]}, drained=True, census=Census(since, ids, complete=True))
