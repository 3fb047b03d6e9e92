"""The members of every audience, in the order in which they last changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connector.adapters.mailchimp.calls import PAGE, lists
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.fields import personal
from connector.adapters.mailchimp.mapping import MEMBER_FIELDS, Reading, add_member
from connector.adapters.mailchimp.seconds import Place, step
from connector.adapters.mailchimp.streams.base import Reader
from connector.adapters.mailchimp.values import Json, UnreadableError, iso, moment, subscriber_hash, whole
from connector.adapters.pieces import Pieces
from connector.records import Cursor, Page, Stream

OVERLAP = timedelta(minutes=5)
"""How late a change may still turn up behind the end of a window."""


class MemberReader(Reader):
    """The audiences one after another, each from the last scan's end to now.

    Cursor: ``{"until", "left", "place"}`` within a scan, where ``left`` are the audiences to be read, the
    first of them being at ``place``; ``{"since"}`` between scans. A first scan and those after it are the same.
    """

    stream = Stream("members", "Contacts", needs_records=False)

    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``."""
        state: Json = dict(cursor or {})
        expected = None
        if "left" not in state:
            found = self.audiences.all()
            since = state.get("since")
            if since is None:
                expected = sum(audience.contacts or 0 for audience in found)
                found = [audience for audience in found if audience.contacts != 0]
            state = self._begun(since, [audience.list_id for audience in found])
        if not state["left"]:
            return Page({"since": state["until"]}, drained=True, expected=expected)
        return self._page(state, expected)

    def _begun(self, since: str | None, left: list[str]) -> Json:
        until = whole(self.audiences.now())
        opened = None if since is None else moment(since, "the cursor") - OVERLAP
        place = Place(opened, until).as_json()
        return {"until": iso(until), "left": left, "start": place, "place": place}

    def _page(self, state: Json, expected: int | None) -> Page:
        list_id, *rest = state["left"]
        pieces = Pieces()
        with self.audiences.session.sized("members", PAGE) as size:
            found, following = step(
                Place.from_json(state["place"]),
                lambda since, before, offset: self._fetch(list_id, size, since, before, offset),
                "last_changed",
                size,
            )
        self.add(pieces, list_id, found)
        if following is not None:
            return pieces.page({**state, "place": following.as_json()}, drained=False, expected=expected)
        if rest:
            return pieces.page({**state, "left": rest, "place": state["start"]}, drained=False, expected=expected)
        return pieces.page({"since": state["until"]}, drained=True, expected=expected)

    def add(self, pieces: Pieces, list_id: str, found: Sequence[Json]) -> None:
        """Add the members of one audience."""
        if not found:
            return
        hidden = personal(self.audiences.merge_fields(list_id))
        reading = Reading(list_id, frozenset(self.audiences.names.values()), hidden, self.audiences.now())
        for raw in found:
            try:
                add_member(pieces, raw, reading)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw.get("contact_id"), reason)
        self._note_customers(list_id, pieces)

    def _note_customers(self, list_id: str, pieces: Pieces) -> None:
        """Keep whose orders the orders' reader will meet, so that it need not ask for each."""
        for record in pieces.records:
            if record.email and record.properties.get("number_of_orders", "0") != "0":
                self.audiences.customers[list_id, subscriber_hash(record.email)] = record.record_id

    def _fetch(
        self, list_id: str, size: int, since: str | None, before: str, offset: int
    ) -> tuple[Sequence[Json], int]:
        call = lists.get_list_members_info(
            list_id,
            fields=[*(f"members.{name}" for name in MEMBER_FIELDS), "total_items"],
            count=size,
            offset=offset,
            sort_field="last_changed",
            sort_dir="ASC",
            since_last_changed=since,
            before_last_changed=before,
        )
        answer = self.audiences.session.send("members", call, accept=(NOT_FOUND,))
        # An audience that was removed while it was read has no members any more.
        total = answer.body.get("total_items")
        return answer.listed("members"), total if isinstance(total, int) else 0
