"""Counting the contacts once a week: a permanent deletion is told by a webhook or by nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from connector.adapters.mailchimp.calls import PAGE, lists
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.mapping import ARCHIVED
from connector.adapters.mailchimp.seconds import Place, step
from connector.adapters.mailchimp.streams.base import Reader
from connector.adapters.mailchimp.values import Json, UnreadableError, identifier, iso, moment, record_id, rows, whole
from connector.records import Census, Cursor, Page, Stream

PAUSE = timedelta(days=7)
FIELDS = ("members.contact_id", "members.status", "members.last_changed", "total_items")


class CensusReader(Reader):
    """The ids of all contacts that are not archived, audience by audience.

    Cursor: ``{"counted"}`` between counts, with ``started``, ``left`` (audiences) and ``place`` within one. The
    first read counts nobody: everyone has just been read. Who changes while it counts is left to the members' stream.
    """

    stream = Stream("census", "Weekly count of contacts")

    def read(self, cursor: Cursor | None) -> Page:
        """Read a page of ids."""
        now = whole(self.audiences.now())
        state: Json = dict(cursor or {"counted": iso(now)})
        if "started" not in state:
            if now - moment(state["counted"], "the cursor") < PAUSE:
                return Page(state, drained=True)
            left = [audience.list_id for audience in self.audiences.all()]
            state |= {"started": iso(now), "left": left, "place": Place(None, now).as_json()}
        return self._page(state)

    def _page(self, state: Json) -> Page:
        since = moment(state["started"], "the cursor")
        if not state["left"]:
            return Page({"counted": state["started"]}, drained=True, census=Census(since, (), complete=True))
        list_id, *rest = state["left"]
        found, following = step(
            Place.from_json(state["place"]),
            lambda opened, before, offset: self._fetch(list_id, opened, before, offset),
            "last_changed",
            PAGE,
        )
        present = tuple(_present(list_id, found))
        if following is not None:
            state = {**state, "place": following.as_json()}
        elif rest:
            state = {**state, "left": rest, "place": Place(None, since).as_json()}
        else:
            return Page({"counted": state["started"]}, drained=True, census=Census(since, present, complete=True))
        return Page(state, drained=False, census=Census(since, present, complete=False))

    def _fetch(self, list_id: str, since: str | None, before: str, offset: int) -> tuple[Sequence[Json], int]:
        call = lists.get_list_members_info(
            list_id,
            fields=FIELDS,
            count=PAGE,
            offset=offset,
            sort_field="last_changed",
            sort_dir="ASC",
            since_last_changed=since,
            before_last_changed=before,
        )
        answer = self.audiences.session.send("members", call, accept=(NOT_FOUND,))
        total = answer.body.get("total_items")
        return rows(answer.body, "members"), total if isinstance(total, int) else 0


def _present(list_id: str, found: Sequence[Json]) -> list[str]:
    present = []
    for raw in found:
        try:
            if raw.get("status") != ARCHIVED:
                present.append(record_id(list_id, identifier(raw, "contact_id")))
        except UnreadableError:
            # It names nobody; the contact is asked for by the id that we know.
            continue
    return present
