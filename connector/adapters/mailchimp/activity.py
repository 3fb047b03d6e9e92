"""Rows of campaign reports → engagement events. Pure: JSON in, dataclasses out.

A row names its recipient by address and hash. Reports give their happenings no id, so that one is
made of the campaign, the recipient, what happened and when.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.adapters.mailchimp.values import Json, UnreadableError, address, identifier, iso, moment, rows, text
from connector.records import Actor, EngagementEvent, EventKind

SOURCE = "campaigns"

SOON = timedelta(seconds=10)
"""A click this soon after sending is a security scanner's, not a person's."""
BURST, BURST_LINKS = timedelta(seconds=5), 3
"""So many different links within so long: a scanner follows every link of a mail."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """A campaign, as far as its events need it."""

    campaign_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class _Click:
    at: datetime
    url: str


def activity_events(mailing: Mailing, raw: Json, *, exposure: bool) -> list[EngagementEvent]:
    """Return clicks and bounces of one recipient and, with ``exposure``, that the mail was sent.

    Opens come from :func:`open_events`, which tells those of machines. Raises ``UnreadableError``.
    """
    recipient = _Recipient(mailing, raw)
    found = []
    if exposure:
        found.append(recipient.event("sent", EventKind.EMAIL_SENT, mailing.sent_at, Actor.SELLER))
    done = rows(raw, "activity")
    clicks = [
        _Click(moment(each.get("timestamp"), "the click's time"), text(each.get("url")) or "")
        for each in done
        if each.get("action") == "click"
    ]
    machines = set(_by_machine(mailing, clicks))
    for click in clicks:
        actor = Actor.MACHINE if click in machines else Actor.LEAD
        found.append(recipient.event("click", EventKind.EMAIL_CLICKED, click.at, actor, click.url))
    for each in done:
        if each.get("action") == "bounce":
            at = moment(each.get("timestamp"), "the bounce's time")
            kind = text(each.get("type"))
            found.append(recipient.event("bounce", EventKind.EMAIL_BOUNCED, at, Actor.MACHINE, kind))
    return found


def open_events(mailing: Mailing, raw: Json) -> list[EngagementEvent]:
    """Return the opens of one recipient; those by a mail service's proxy are the machine's."""
    recipient = _Recipient(mailing, raw)
    return [
        recipient.event(
            "open",
            EventKind.EMAIL_OPENED,
            moment(each.get("timestamp"), "the open's time"),
            Actor.MACHINE if each.get("is_proxy_open") is True else Actor.LEAD,
        )
        for each in rows(raw, "opens")
    ]


def unsubscribe_event(mailing: Mailing, raw: Json) -> EngagementEvent:
    """Return that a recipient opted out by this campaign. The reason is kept: it is one of a few."""
    at = moment(raw.get("timestamp"), "the time of opting out")
    return _Recipient(mailing, raw).event(
        "unsubscribe", EventKind.UNSUBSCRIBED, at, Actor.LEAD, text(raw.get("reason"))
    )


class _Recipient:
    """Makes the events of one recipient of one campaign, telling equal ones of one second apart by counting."""

    def __init__(self, mailing: Mailing, raw: Json) -> None:
        email = address(raw.get("email_address"))
        if email is None:
            raise UnreadableError("the row names no address")
        self._email = email
        self._key = f"{mailing.campaign_id}:{identifier(raw, 'email_id')}"
        self._seen: Counter[str] = Counter()

    def event(
        self, what: str, kind: EventKind, at: datetime, actor: Actor, detail: str | None = None
    ) -> EngagementEvent:
        key = f"{self._key}:{what}"
        if what != "sent":
            key += f":{iso(at)}"
        if what == "click":
            key += f":{hashlib.sha256((detail or '').encode()).hexdigest()[:12]}"
        self._seen[key] += 1
        number = self._seen[key]
        source_id = key if number == 1 else f"{key}:{number}"
        return EngagementEvent(SOURCE, source_id, kind, at, actor, email=self._email, detail=_detail(kind, detail))


def _detail(kind: EventKind, detail: str | None) -> str | None:
    if kind is EventKind.EMAIL_CLICKED:
        # Queries carry what names a person.
        return (detail or "").partition("?")[0].partition("#")[0] or None
    return detail


def _by_machine(mailing: Mailing, clicks: Sequence[_Click]) -> Iterator[_Click]:
    for click in clicks:
        near = {other.url for other in clicks if abs(other.at - click.at) <= BURST}
        if click.at - mailing.sent_at <= SOON or len(near) >= BURST_LINKS:
            yield click
