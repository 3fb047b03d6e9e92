"""What is in the recycle bin: contacts, and deals whose outcomes hold no longer.

The listing of archived objects takes no time filter and the search never shows them, so
each scan goes through the whole bin (90 days) and reports what is new in it. Contacts that
were erased for good are not in it; those are learned from webhooks, from the census and from reading them.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import ClassVar

from connector.adapters.hubspot.streams.base import LIST_LIMIT, OVERLAP, Reader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of, identifier, milliseconds, moment
from connector.adapters.pieces import Pieces
from connector.records import Cursor, Page, Removal, Retraction, Stream


class ArchivedReader(Reader):
    """One object's bin. Cursor: ``{"since", "started", "after"}``, ``{"since"}`` between scans."""

    noun: str
    pause: ClassVar[timedelta] = timedelta()
    """How long after a scan the next one is not worth its requests."""

    @abstractmethod
    def gone(self, pieces: Pieces, object_id: str, at: datetime) -> None:
        """Add that an object was deleted."""

    def read(self, cursor: Cursor | None) -> Page:
        """Read one page of the bin."""
        state: Json = dict(cursor or {})
        if "started" not in state and not self._due(state):
            return Page(state, drained=True)
        started = state.get("started") or self.now()
        query = {"limit": LIST_LIMIT, "after": state.get("after"), "archived": "true"}
        answer = self.portal.session.get("objects", query, object=self.noun)
        pieces = Pieces()
        for raw in answer.results:
            self._add(pieces, raw, state.get("since"))
        if answer.after is None:
            return pieces.page({"since": started}, drained=True)
        return pieces.page({**state, "started": started, "after": answer.after}, drained=False)

    def _due(self, state: Json) -> bool:
        return "since" not in state or self.now() - state["since"] >= self.pause // timedelta(milliseconds=1)

    def _add(self, pieces: Pieces, raw: Json, since: int | None) -> None:
        try:
            at = moment(raw.get("archivedAt") or raw.get("updatedAt"), "the deletion date")
            if since is None or milliseconds(at + OVERLAP) >= since:
                self.gone(pieces, identifier(raw), at)
        except UnreadableError as reason:
            pieces.reject(self.stream.name, id_of(raw), reason)


class ArchivedContactReader(ArchivedReader):
    """Deleted contacts are removals."""

    stream = Stream("archived", "Deleted contacts")
    noun = "contacts"

    def gone(self, pieces: Pieces, object_id: str, at: datetime) -> None:
        """Add a removal."""
        pieces.removals.append(Removal(object_id, at))


class ArchivedDealReader(ArchivedReader):
    """Deleted deals take their outcomes with them."""

    stream = Stream("archived_deals", "Deleted deals")
    noun = "deals"
    pause = timedelta(hours=1)

    def gone(self, pieces: Pieces, object_id: str, at: datetime) -> None:
        """Add a retraction."""
        pieces.retractions.append(Retraction(self.noun, object_id))
