"""Counting the contacts once a week: finds those that left, or came, without a trace in the search index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connector.adapters.hubspot.streams.base import LIST_LIMIT, Reader
from connector.adapters.hubspot.values import Json, identifiers
from connector.records import Census, Cursor, Page, Stream

PAUSE = timedelta(days=7)


class CensusReader(Reader):
    """The ids of all contacts. Cursor: ``{"counted"}`` between counts, with ``started`` and ``after`` within one.

    Times are epoch milliseconds. The first read counts nobody: the backfill has just read everyone.
    """

    stream = Stream("census", "Weekly count of contacts")

    def read(self, cursor: Cursor | None) -> Page:
        """Read a page of ids."""
        state: Json = dict(cursor or {"counted": self.now()})
        if "started" not in state and self.now() - state["counted"] < PAUSE // timedelta(milliseconds=1):
            return Page(state, drained=True)
        started = state.get("started") or self.now()
        query = {"limit": LIST_LIMIT, "after": state.get("after")}
        answer = self.portal.session.get("objects", query, object="contacts")
        since = datetime.fromtimestamp(started / 1000, UTC)
        complete = answer.after is None
        # A row without an id names nobody; its contact is asked for by the id that we know.
        census = Census(since, tuple(identifiers(answer.results)), complete)
        following = {"counted": started} if complete else {**state, "started": started, "after": answer.after}
        return Page(following, drained=complete, census=census)
