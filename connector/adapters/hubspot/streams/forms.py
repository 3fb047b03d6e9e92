"""Form submissions, form by form; the e-mail address that was typed in names the person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from connector.adapters.hubspot.streams.base import LIST_LIMIT, Reader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of, identifier, milliseconds, moment, rows
from connector.adapters.pieces import Pieces
from connector.records import Actor, Cursor, EngagementEvent, EventKind, Page, Stream

LIMIT = 50
OVERLAP = timedelta(hours=1) // timedelta(milliseconds=1)


class FormReader(Reader):
    """The forms, then each one's submissions, newest first, back to the last scan.

    Cursor: ``{"started", "since", "forms": [[id, name], …], "listing", "after"}``, where ``listing``
    is the position in the list of forms and ``after`` the one in the first form's submissions;
    ``{"since"}`` between scans.
    """

    stream = Stream("forms", "Form submissions", needs_records=False)

    def read(self, cursor: Cursor | None) -> Page:
        """Read a page of forms or of submissions."""
        state: Json = dict(cursor or {})
        state.setdefault("started", self.now())
        if "forms" not in state or state.get("listing") is not None:
            return self._forms(state)
        return self._submissions(state)

    def _forms(self, state: Json) -> Page:
        query = {"limit": LIST_LIMIT, "after": state.get("listing")}
        answer = self.portal.session.get("forms", query)
        pieces, named = Pieces(), []
        for form in answer.results:
            try:
                named.append([identifier(form), str(form.get("name") or "")])
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(form), reason)
        state = {**state, "forms": [*state.get("forms", ()), *named], "listing": answer.after}
        return self._next(pieces, state)

    def _submissions(self, state: Json) -> Page:
        form_id, name = state["forms"][0]
        query = {"limit": LIMIT, "after": state.get("after")}
        answer = self.portal.session.get("submissions", query, form=form_id)
        pieces = Pieces()
        reached = self._add(pieces, form_id, name, answer.results, state.get("since"))
        after = None if reached else answer.after
        forms = state["forms"] if after is not None else state["forms"][1:]
        return self._next(pieces, {**state, "forms": forms, "after": after})

    def _add(self, pieces: Pieces, form_id: str, name: str, found: Iterable[Json], since: int | None) -> bool:
        """Add the submissions; return whether the last scan's were reached: a single old one may have a wrong time."""
        old = 0
        for raw in found:
            try:
                event = submission_event(form_id, name, raw)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, f"{form_id}:{raw.get('submittedAt')}", reason)
                continue
            if since is not None and milliseconds(event.at) < since - OVERLAP:
                old += 1
            else:
                pieces.events.append(event)
        return old > 1 or (old == 1 and not pieces.events)

    @staticmethod
    def _next(pieces: Pieces, state: Json) -> Page:
        if state["forms"] or state["listing"] is not None:
            return pieces.page(state, drained=False)
        return pieces.page({"since": state["started"]}, drained=True)


def submission_event(form_id: str, name: str, raw: Json) -> EngagementEvent:
    """Return the event of one submission; raise ``UnreadableError`` if it has no time or no address.

    HubSpot gives submissions no id, so one is made of form, time and a hash of the address.
    """
    at = moment(raw.get("submittedAt"), "the submission's time")
    typed = {str(item.get("name")): item.get("value") for item in rows(raw, "values")}
    email = str(typed.get("email") or "").strip().lower()
    if not email:
        raise UnreadableError("the submission has no e-mail address")
    mark = hashlib.sha256(email.encode()).hexdigest()[:16]
    source_id = str(raw.get("conversionId") or f"{form_id}:{milliseconds(at)}:{mark}")
    return EngagementEvent(
        "forms", source_id, EventKind.FORM_SUBMITTED, at, Actor.LEAD, email=email, detail=name or None
    )
