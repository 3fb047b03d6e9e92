"""Contacts in the recycle bin.

The listing of archived objects takes no time filter and the search never shows them, so
each scan goes through the whole bin (90 days) and reports what is new in it. Contacts that
were erased for good are not in it; those are learned from webhooks and from reading them.
"""

from __future__ import annotations

from connector.adapters.hubspot.session import Json
from connector.adapters.hubspot.streams.base import LIST_LIMIT, OVERLAP, Reader
from connector.adapters.hubspot.values import UnreadableError, id_of, identifier, milliseconds, moment
from connector.adapters.pieces import Pieces
from connector.records import Cursor, Page, Removal, Stream


class ArchivedReader(Reader):
    """Removals. Cursor: ``{"since", "started", "after"}``, ``{"since"}`` between scans."""

    stream = Stream("archived", "Deleted contacts")

    def read(self, cursor: Cursor | None) -> Page:
        """Read one page of the bin."""
        state: Json = dict(cursor or {})
        started = state.get("started") or self.now()
        query = {"limit": LIST_LIMIT, "after": state.get("after"), "archived": "true"}
        answer = self.portal.session.get("objects", query, object="contacts")
        pieces = Pieces()
        for raw in answer.results:
            self._add(pieces, raw, state.get("since"))
        if answer.after is None:
            return pieces.page({"since": started}, drained=True)
        return pieces.page({**state, "started": started, "after": answer.after}, drained=False)

    def _add(self, pieces: Pieces, raw: Json, since: int | None) -> None:
        try:
            at = moment(raw.get("archivedAt") or raw.get("updatedAt"), "the deletion date")
            if since is None or milliseconds(at + OVERLAP) >= since:
                pieces.removals.append(Removal(identifier(raw), at))
        except UnreadableError as reason:
            pieces.reject(self.stream.name, id_of(raw), reason)
