"""What recipients did with the campaigns that were sent to them.

Mailchimp pushes none of it and has no feed of it: each campaign is asked. At first every campaign is
read whole. Later the totals of the reports of the last thirty days, a thousand in one call, tell
which campaigns have anything new, and only those are asked, for what came since the last scan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.adapters.mailchimp.activity import Mailing
from connector.adapters.mailchimp.calls import PAGE, Call, campaigns, reports
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.seconds import Place, step
from connector.adapters.mailchimp.session import AT_ONCE
from connector.adapters.mailchimp.streams.base import Reader
from connector.adapters.mailchimp.streams.report_parts import AUTOMATED, CALLS, EVENTS, KEYS, PARTS, REPORT_FIELDS, mark
from connector.adapters.mailchimp.values import (
    SECOND,
    Json,
    UnreadableError,
    identifier,
    iso,
    moment,
    whole,
)
from connector.adapters.pieces import Pieces
from connector.records import Cursor, Page, Stream

MOST_PAGES = 1_000
"""Pages of one campaign that are asked for ahead; a million recipients. What lies behind follows one by one."""
FOLLOWED = timedelta(days=30)
"""How long after its sending a campaign is asked for news."""
OVERLAP = timedelta(hours=1)
"""How late a happening may still turn up in a report."""
LISTED = 400
"""Campaigns that are listed at a time; they stand in the cursor until they are read."""
ASKED = 24
"""Answers of one page: enough that the connections seldom wait for the last of them."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One answer that is to be had: a part of a campaign's report from ``offset`` on.

    ``since`` is from when on news are wanted, None: everything. All is text or a number, as it stands in a cursor.
    """

    campaign_id: str
    sent: str
    since: str | None
    part: str
    offset: int = 0

    def as_json(self) -> list[object]:
        """Return it as a part of a cursor."""
        return [self.campaign_id, self.sent, self.since, self.part, self.offset]

    def further(self) -> Ask:
        """Return what is to be asked where this answer was full."""
        return Ask(self.campaign_id, self.sent, self.since, self.part, self.offset + PAGE)


class CampaignReader(Reader):
    """Sent, opened, clicked, bounced, unsubscribed, by recipient's address.

    Cursor: ``{"started", "queue", "marks", "place"}`` within a scan; ``queue`` holds :class:`Ask`; ``place``
    is where the list of campaigns is read on in a first scan. ``{"since", "marks"}`` between scans:
    campaign → its totals at the last one.
    """

    # Recipients are named by their addresses, which may be known before the members.
    stream = Stream("campaigns", "Campaign activity", needs_records=False)

    def read(self, cursor: Cursor | None) -> Page:
        """Read some reports, or the next campaigns whose reports are to be read."""
        state: Json = dict(cursor or {})
        pieces = Pieces()
        if "queue" not in state:
            state = self.news(state, pieces) if "since" in state else self.beginning(pieces)
        if state["queue"]:
            return self._reports(state, pieces)
        if state["place"] is not None:
            return self._list(state)
        return self._next(pieces, state)

    def beginning(self, pieces: Pieces) -> Json:
        """Begin a first scan."""
        now = whole(self.audiences.now())
        return {"started": iso(now), "queue": [], "marks": {}, "place": Place(None, now).as_json()}

    def _list(self, state: Json) -> Page:
        pieces = Pieces()
        found, following = step(Place.from_json(state["place"]), self._campaigns, "send_time", LISTED)
        sent = {}
        for raw in found:
            try:
                sent[identifier(raw, "id")] = moment(raw.get("send_time"), "the time of sending")
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw.get("id"), reason)
        queue = [ask.as_json() for ask in self._whole(sent)]
        place = None if following is None else following.as_json()
        return self._next(pieces, {**state, "queue": queue, "place": place})

    def _whole(self, sent: Mapping[str, datetime]) -> list[Ask]:
        """Return all that is to be asked of campaigns: one call tells which parts have anything, and how much."""
        if not sent:
            return []
        first, last = min(sent.values()), max(sent.values())
        found = self._totals(Pieces(), iso(first - SECOND), iso(last + SECOND))
        asks = []
        for campaign_id, at in sent.items():
            totals = found.get(campaign_id, (None, [1] * (len(PARTS) + 1)))[1]
            recipients, *happened = totals
            for place, name in enumerate(PARTS):
                # Who got a campaign stands in the first part, whether they did anything or not.
                pages = min(max(1, -(-recipients // PAGE)), MOST_PAGES) if place == 0 else 1
                if place == 0 or happened[place]:
                    asks += [Ask(campaign_id, iso(at), None, name, page * PAGE) for page in range(pages)]
        return asks

    def _campaigns(self, since: str | None, before: str, offset: int) -> tuple[Sequence[Json], int]:
        call = campaigns.list(
            fields=("campaigns.id", "campaigns.send_time", "total_items"),
            status="sent",
            count=LISTED,
            offset=offset,
            sort_field="send_time",
            sort_dir="ASC",
            since_send_time=since,
            before_send_time=before,
        )
        answer = self.audiences.session.send("campaigns", call)
        total = answer.body.get("total_items")
        return answer.listed("campaigns"), total if isinstance(total, int) else 0

    def _totals(self, pieces: Pieces, since: str, before: str | None = None) -> dict[str, tuple[datetime, list[int]]]:
        """Return campaign → when it was sent and its totals, of those sent between two times."""

        def call(offset: int) -> Call:
            found: Call = reports.get_all_campaign_reports(
                fields=REPORT_FIELDS, count=PAGE, offset=offset, since_send_time=since, before_send_time=before
            )
            return found

        found = {}
        for raw in self.audiences.pages("reports", "reports", call):
            if raw.get("type") == AUTOMATED:
                continue
            try:
                found[identifier(raw, "id")] = moment(raw.get("send_time"), "the time of sending"), mark(raw)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw.get("id"), reason)
        return found

    def news(self, state: Json, pieces: Pieces) -> Json:
        """Begin a later scan: see which of the followed campaigns have other totals than at the last one."""
        now = whole(self.audiences.now())
        since = moment(state["since"], "the cursor") - OVERLAP
        marks, queue = {}, []
        for campaign_id, (sent, totals) in self._totals(pieces, iso(now - FOLLOWED)).items():
            if sent >= now - FOLLOWED:
                marks[campaign_id] = totals
                queue += _changed(campaign_id, sent, since, (state["marks"].get(campaign_id), totals))
        return {"started": iso(now), "queue": [ask.as_json() for ask in queue], "marks": marks, "place": None}

    def _reports(self, state: Json, pieces: Pieces) -> Page:
        """Have several answers at one time, as many as the account lets us have connections."""
        asks = [Ask(*item) for item in state["queue"][:ASKED]]
        further = []
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reports") as pool:
            for ask, (found, full) in zip(asks, pool.map(self._answer, asks), strict=True):
                pieces.events += found.events
                pieces.rejections += found.rejections
                if full and ask.further().as_json() not in state["queue"]:
                    further.append(ask.further().as_json())
        return self._next(pieces, {**state, "queue": [*further, *state["queue"][ASKED:]]})

    def exposing(self, ask: Ask) -> bool:
        """Tell whether an answer says of everybody in it that the mail was sent to them."""
        return ask.since is None

    def _answer(self, ask: Ask) -> tuple[Pieces, bool]:
        """Return what an answer tells, and whether there is more of it."""
        call = CALLS[ask.part](ask.campaign_id, ask.since, ask.offset)
        # A campaign that was deleted meanwhile has no report any more.
        answer = self.audiences.session.send(ask.part, call, accept=(NOT_FOUND,))
        found, total = answer.listed(KEYS[ask.part]), answer.body.get("total_items")
        pieces = Pieces()
        read = EVENTS[ask.part](Mailing(ask.campaign_id, moment(ask.sent, "the cursor")), self.exposing(ask))
        opened = None if ask.since is None else moment(ask.since, "the cursor")
        for raw in found:
            try:
                pieces.events.extend(event for event in read(raw) if opened is None or event.at >= opened)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw.get("email_id"), reason)
        last = isinstance(total, int) and ask.offset + len(found) >= total
        return pieces, len(found) == PAGE and not last

    @staticmethod
    def _next(pieces: Pieces, state: Json) -> Page:
        if state["queue"] or state["place"] is not None:
            return pieces.page(state, drained=False)
        return pieces.page({"since": state["started"], "marks": state["marks"]}, drained=True)


def _changed(campaign_id: str, sent: datetime, since: datetime, marks: tuple[list[int] | None, list[int]]) -> list[Ask]:
    """Return what is to be asked of a campaign again: all of it while it is still being sent."""
    before, now = marks
    if sent >= since or (before is not None and before[0] != now[0]):
        return [Ask(campaign_id, iso(sent), None, name) for name in PARTS] if before != now else []
    # Without totals of the last scan nothing tells what is new.
    news = [name for place, name in enumerate(PARTS, start=1) if before is None or before[place] != now[place]]
    return [Ask(campaign_id, iso(sent), iso(since), name) for name in news]
