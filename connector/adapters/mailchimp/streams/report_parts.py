"""The three parts of a campaign's report: how each is asked for, and what its rows tell."""

from __future__ import annotations

from collections.abc import Callable

from connector.adapters.mailchimp.activity import Mailing, activity_events, open_events, unsubscribe_event
from connector.adapters.mailchimp.calls import PAGE, Call, reports
from connector.adapters.mailchimp.values import Json, part
from connector.records import EngagementEvent

ACTIVITY, OPENS, UNSUBSCRIBED = "activity", "opens", "unsubscribed"
PARTS = (ACTIVITY, OPENS, UNSUBSCRIBED)

REPORT_FIELDS = (
    "reports.id reports.type reports.send_time reports.emails_sent reports.unsubscribed reports.bounces "
    "reports.opens.opens_total reports.clicks.clicks_total total_items"
).split()
AUTOMATED = "automation"
"""The type of a report about an e-mail of an automation."""
RECIPIENT = "email_id", "email_address"


def mark(raw: Json) -> list[int]:
    """Return a report's totals: recipients, clicks and bounces, opens, unsubscribed."""
    bounces = sum(_count(value) for value in part(raw, "bounces").values())
    clicks = _count(part(raw, "clicks").get("clicks_total"))
    opens = _count(part(raw, "opens").get("opens_total"))
    return [_count(raw.get("emails_sent")), clicks + bounces, opens, _count(raw.get("unsubscribed"))]


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


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


CALLS: dict[str, Callable[[str, str | None, int], Call]] = {
    ACTIVITY: _activity,
    OPENS: _opens,
    UNSUBSCRIBED: _unsubscribed,
}
KEYS = {ACTIVITY: "emails", OPENS: "members", UNSUBSCRIBED: "unsubscribes"}
EVENTS: dict[str, Callable[[Mailing, bool], Callable[[Json], list[EngagementEvent]]]] = {
    ACTIVITY: lambda mailing, whole_: lambda raw: activity_events(mailing, raw, exposure=whole_),
    OPENS: lambda mailing, _: lambda raw: open_events(mailing, raw),
    UNSUBSCRIBED: lambda mailing, _: lambda raw: [unsubscribe_event(mailing, raw)],
}
