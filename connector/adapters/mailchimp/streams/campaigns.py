"""What recipients did with the campaigns that were sent to them.

Mailchimp pushes none of it and has no feed of it: each campaign is asked. At first every campaign is
read whole. Later the totals of the reports of the last thirty days, a thousand in one call, tell
which campaigns have anything new, and only those are asked, for what came since the last scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from connector.adapters.mailchimp.activity import Mailing, activity_events, open_events, unsubscribe_event
from connector.adapters.mailchimp.calls import PAGE, Call, campaigns, reports
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.seconds import Place, step
from connector.adapters.mailchimp.streams.base import Reader
from connector.adapters.mailchimp.values import Json, UnreadableError, identifier, iso, moment, part, rows, whole
from connector.adapters.pieces import Pieces
from connector.records import Cursor, EngagementEvent, Page, Stream

FOLLOWED = timedelta(days=30)
"""How long after its sending a campaign is asked for news."""
OVERLAP = timedelta(hours=1)
"""How late a happening may still turn up in a report."""
LISTED = 100
"""Campaigns that are listed at a time; they stand in the cursor until they are read."""

ACTIVITY, OPENS, UNSUBSCRIBED = "activity", "opens", "unsubscribed"
PARTS = (ACTIVITY, OPENS, UNSUBSCRIBED)

REPORT_FIELDS = (
    "reports.id reports.send_time reports.emails_sent reports.unsubscribed reports.bounces reports.opens.opens_total "
    "reports.clicks.clicks_total total_items"
).split()
RECIPIENT = "email_id", "email_address"


class CampaignReader(Reader):
    """Sent, opened, clicked, bounced, unsubscribed, by recipient's address.

    Cursor: ``{"started", "queue", "offset", "marks", "place"}`` within a scan; ``queue`` are jobs
    (campaign, when it was sent, since when news are wanted or None for all, parts), the first of them being at
    ``offset``; ``place`` is where the list of campaigns is read on in a first scan. ``{"since", "marks"}``
    between scans: campaign → its totals at the last one.
    """

    stream = Stream("campaigns", "Campaign activity")

    def read(self, cursor: Cursor | None) -> Page:
        """Read a page of campaigns or of one campaign's report."""
        state: Json = dict(cursor or {})
        if "queue" not in state:
            state = self._news(state) if "since" in state else self._beginning()
        if state["queue"]:
            return self._report(state)
        if state["place"] is not None:
            return self._list(state)
        return self._next(Pieces(), state)

    def _beginning(self) -> Json:
        now = whole(self.audiences.now())
        place = Place(None, now).as_json()
        return {"started": iso(now), "queue": [], "offset": 0, "marks": {}, "place": place}

    def _list(self, state: Json) -> Page:
        pieces = Pieces()
        found, following = step(Place.from_json(state["place"]), self._campaigns, "send_time", LISTED)
        queue = []
        for raw in found:
            try:
                sent = moment(raw.get("send_time"), "the time of sending")
                queue.append([identifier(raw, "id"), iso(sent), None, list(PARTS)])
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw.get("id"), reason)
        place = None if following is None else following.as_json()
        return self._next(pieces, {**state, "queue": queue, "offset": 0, "place": place})

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
        body = self.audiences.session.send("campaigns", call).body
        total = body.get("total_items")
        return rows(body, "campaigns"), total if isinstance(total, int) else 0

    def _news(self, state: Json) -> Json:
        """Begin a later scan: see which of the followed campaigns have other totals than at the last one."""
        now = whole(self.audiences.now())
        since = moment(state["since"], "the cursor") - OVERLAP
        opened = iso(now - FOLLOWED)
        found = self.audiences.pages(
            "reports",
            "reports",
            lambda offset: reports.get_all_campaign_reports(
                fields=REPORT_FIELDS, count=PAGE, offset=offset, since_send_time=opened
            ),
        )
        marks, queue = {}, []
        for raw in found:
            try:
                campaign_id, sent = identifier(raw, "id"), moment(raw.get("send_time"), "the time of sending")
            except UnreadableError:
                continue
            if sent < now - FOLLOWED:
                continue
            marks[campaign_id] = mark(raw)
            job = _job(campaign_id, sent, since, (state["marks"].get(campaign_id), marks[campaign_id]))
            queue.extend([job] if job[3] else [])
        return {"started": iso(now), "queue": queue, "offset": 0, "marks": marks, "place": None}

    def _report(self, state: Json) -> Page:
        campaign_id, sent, since, parts = state["queue"][0]
        mailing = Mailing(campaign_id, moment(sent, "the cursor"))
        pieces = Pieces()
        found = self._rows(campaign_id, parts[0], since, state["offset"])
        self._add(pieces, found, _EVENTS[parts[0]](mailing, since is None), since)
        if len(found) == PAGE:
            return self._next(pieces, {**state, "offset": state["offset"] + PAGE})
        rest = [[campaign_id, sent, since, parts[1:]]] if parts[1:] else []
        return self._next(pieces, {**state, "offset": 0, "queue": [*rest, *state["queue"][1:]]})

    def _rows(self, campaign_id: str, wanted: str, since: str | None, offset: int) -> Sequence[Json]:
        call, key = _CALLS[wanted](campaign_id, since, offset), _KEYS[wanted]
        # A campaign that was deleted meanwhile has no report any more.
        return rows(self.audiences.session.send(wanted, call, accept=(NOT_FOUND,)).body, key)

    def _add(
        self, pieces: Pieces, found: Iterable[Json], read: Callable[[Json], list[EngagementEvent]], since: str | None
    ) -> None:
        opened = None if since is None else moment(since, "the cursor")
        for raw in found:
            try:
                pieces.events.extend(event for event in read(raw) if opened is None or event.at >= opened)
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw.get("email_id"), reason)

    @staticmethod
    def _next(pieces: Pieces, state: Json) -> Page:
        if state["queue"] or state["place"] is not None:
            return pieces.page(state, drained=False)
        return pieces.page({"since": state["started"], "marks": state["marks"]}, drained=True)


def mark(raw: Json) -> list[int]:
    """Return a report's totals: recipients, clicks and bounces, opens, unsubscribed."""
    bounces = sum(_count(value) for value in part(raw, "bounces").values())
    clicks = _count(part(raw, "clicks").get("clicks_total"))
    opens = _count(part(raw, "opens").get("opens_total"))
    return [_count(raw.get("emails_sent")), clicks + bounces, opens, _count(raw.get("unsubscribed"))]


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _job(campaign_id: str, sent: datetime, since: datetime, marks: tuple[list[int] | None, list[int]]) -> list[object]:
    """Return what is to be asked of a campaign: all of it while it is still being sent."""
    before, now = marks
    if sent >= since or (before is not None and before[0] != now[0]):
        new = before != now
        return [campaign_id, iso(sent), None, list(PARTS) if new else []]
    # Without totals of the last scan nothing tells what is new.
    changed = [name for place, name in enumerate(PARTS, start=1) if before is None or before[place] != now[place]]
    return [campaign_id, iso(sent), iso(since), changed]


def _activity(campaign_id: str, since: str | None, offset: int) -> Call:
    fields = [*(f"emails.{name}" for name in RECIPIENT), "emails.activity", "total_items"]
    found: Call = reports.get_email_activity_for_campaign(
        campaign_id, fields=fields, count=PAGE, offset=offset, since=since
    )
    return found


def _opens(campaign_id: str, since: str | None, offset: int) -> Call:
    fields = [*(f"members.{name}" for name in RECIPIENT), "members.opens", "total_items"]
    found: Call = reports.get_campaign_open_details(campaign_id, fields=fields, count=PAGE, offset=offset, since=since)
    return found


def _unsubscribed(campaign_id: str, _: str | None, offset: int) -> Call:
    fields = [*(f"unsubscribes.{name}" for name in (*RECIPIENT, "timestamp", "reason")), "total_items"]
    found: Call = reports.get_unsubscribed_list_for_campaign(campaign_id, fields=fields, count=PAGE, offset=offset)
    return found


_CALLS: dict[str, Callable[[str, str | None, int], Call]] = {
    ACTIVITY: _activity,
    OPENS: _opens,
    UNSUBSCRIBED: _unsubscribed,
}
_KEYS = {ACTIVITY: "emails", OPENS: "members", UNSUBSCRIBED: "unsubscribes"}
_EVENTS: dict[str, Callable[[Mailing, bool], Callable[[Json], list[EngagementEvent]]]] = {
    ACTIVITY: lambda mailing, whole_: lambda raw: activity_events(mailing, raw, exposure=whole_),
    OPENS: lambda mailing, _: lambda raw: open_events(mailing, raw),
    UNSUBSCRIBED: lambda mailing, _: lambda raw: [unsubscribe_event(mailing, raw)],
}
