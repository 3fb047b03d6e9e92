"""Marketing e-mail events: sent, opened, clicked, bounced, unsubscribed, by recipient address.

They exist only in the v1 feed of the whole account, newest first
(https://developers.hubspot.com/docs/api-reference/legacy/email-analytics-v1/guide).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connector.adapters.hubspot.activities import marketing_event
from connector.adapters.hubspot.streams.base import Reader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of
from connector.adapters.pieces import Pieces
from connector.records import Cursor, Page, Stream

LIMIT = 1000
OVERLAP = timedelta(hours=1) // timedelta(milliseconds=1)


class MarketingEmailReader(Reader):
    """The feed between two instants. Cursor: ``{"since", "until", "offset"}``, ``{"since"}`` between scans."""

    stream = Stream("marketing_emails", "Marketing e-mails", needs_records=False)

    def read(self, cursor: Cursor | None) -> Page:
        """Read up to 1,000 events; the fixed end keeps the pages in place while new events arrive."""
        state: Json = dict(cursor or {})
        until = state.get("until") or self.now()
        since = state.get("since")
        query = {
            "limit": LIMIT,
            "offset": state.get("offset"),
            "startTimestamp": None if since is None else since - OVERLAP,
            "endTimestamp": until,
        }
        answer = self.portal.session.get("email_events", query)
        pieces, body = self._events(answer.listed("events")), answer.body
        if not body.get("hasMore") or not body.get("offset"):
            return pieces.page({"since": until}, drained=True)
        return pieces.page({"since": since, "until": until, "offset": body["offset"]}, drained=False)

    def _events(self, found: Sequence[Json]) -> Pieces:
        pieces = Pieces()
        for raw in found:
            try:
                event = marketing_event(raw)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(raw), reason)
                continue
            if event is not None:
                pieces.events.append(event)
        return pieces
