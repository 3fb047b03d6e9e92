"""HubSpot's activities and marketing e-mail events → engagement events, by tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.adapters.hubspot.values import (
    Json,
    UnreadableError,
    identifier,
    moment,
    optional_moment,
    properties_of,
    rows,
)
from connector.records import Actor, EngagementEvent, EventKind

Meaning = tuple[EventKind, Actor]

EMAIL_DIRECTIONS: Mapping[str, Meaning] = {
    "EMAIL": (EventKind.EMAIL_SENT, Actor.SELLER),
    "INCOMING_EMAIL": (EventKind.EMAIL_REPLIED, Actor.LEAD),
    # A seller's mail that reached HubSpot by the forwarding address.
    "FORWARDED_EMAIL": (EventKind.EMAIL_SENT, Actor.SELLER),
}

UNSENT = frozenset({"FAILED", "SCHEDULED", "SENDING", "DRAFT"})
"""Statuses of e-mails that never reached the lead."""

CALL_DIRECTIONS: Mapping[str, Meaning] = {
    "OUTBOUND": (EventKind.CALL, Actor.SELLER),
    "INBOUND": (EventKind.CALL, Actor.LEAD),
}

MARKETING: Mapping[str, Meaning | None] = {
    "SENT": (EventKind.EMAIL_SENT, Actor.SELLER),
    "OPEN": (EventKind.EMAIL_OPENED, Actor.LEAD),
    "CLICK": (EventKind.EMAIL_CLICKED, Actor.LEAD),
    "BOUNCE": (EventKind.EMAIL_BOUNCED, Actor.MACHINE),
    "SPAMREPORT": (EventKind.UNSUBSCRIBED, Actor.LEAD),
    "STATUSCHANGE": (EventKind.UNSUBSCRIBED, Actor.LEAD),
    # Steps of one delivery that SENT and BOUNCE already tell.
    "PROCESSED": None,
    "DELIVERED": None,
    "DEFERRED": None,
    "DROPPED": None,
    "UNBOUNCE": None,
    # Printing and forwarding were retired and carry nothing that a click does not.
    "PRINT": None,
    "FORWARD": None,
}


@dataclass(frozen=True, slots=True)
class Activity:
    """How one kind of HubSpot activity is read. ``meaning`` returns None for what did not reach the lead."""

    object: str
    label: str
    properties: tuple[str, ...]
    meaning: Callable[[Mapping[str, str]], Meaning | None]
    at: Callable[[Mapping[str, str]], datetime | None]
    detail: str | None = None


def _when(known: Mapping[str, str]) -> datetime | None:
    return optional_moment(known.get("hs_timestamp") or known.get("hs_createdate"), "hs_timestamp")


def _when_planned(known: Mapping[str, str]) -> datetime | None:
    """Return when a task came to be: ``hs_timestamp`` is when it is due, often in the future."""
    due = optional_moment(known.get("hs_timestamp"), "hs_timestamp")
    made = optional_moment(known.get("hs_createdate"), "hs_createdate")
    return min(due, made) if due and made else due or made


def _email(known: Mapping[str, str]) -> Meaning | None:
    status = known.get("hs_email_status", "")
    if status == "BOUNCED":
        return EventKind.EMAIL_BOUNCED, Actor.MACHINE
    if status in UNSENT:
        return None
    return EMAIL_DIRECTIONS.get(known.get("hs_email_direction", ""), (EventKind.CUSTOM, Actor.MACHINE))


def _call(known: Mapping[str, str]) -> Meaning:
    return CALL_DIRECTIONS.get(known.get("hs_call_direction", ""), (EventKind.CALL, Actor.SELLER))


ACTIVITIES = (
    Activity("emails", "Sales e-mails", ("hs_email_direction", "hs_email_status"), _email, _when),
    Activity("calls", "Calls", ("hs_call_direction", "hs_call_status"), _call, _when, detail="hs_call_status"),
    # Booked by the lead unless the account says otherwise; HubSpot does not tell who proposed it.
    Activity("meetings", "Meetings", (), lambda _: (EventKind.MEETING, Actor.LEAD), _when),
    Activity("notes", "Notes", (), lambda _: (EventKind.NOTE, Actor.SELLER), _when),
    Activity(
        "tasks", "Tasks", ("hs_task_type",), lambda _: (EventKind.TASK, Actor.SELLER), _when_planned, "hs_task_type"
    ),
)


def activity_events(activity: Activity, raw: Json, contact_ids: Sequence[str]) -> list[EngagementEvent]:
    """Return one event for each contact of an activity; raise ``UnreadableError`` if it has no time."""
    known, activity_id = properties_of(raw), identifier(raw)
    meaning = activity.meaning(known)
    if meaning is None:
        return []
    at = activity.at(known)
    if at is None:
        raise UnreadableError("the activity has no time")
    detail = known.get(activity.detail) if activity.detail else None
    kind, actor = meaning
    return [
        EngagementEvent(activity.object, f"{activity_id}:{contact}", kind, at, actor, contact, detail=detail)
        for contact in contact_ids
    ]


def marketing_event(raw: Json) -> EngagementEvent | None:
    """Return what a marketing e-mail event means, None for a mere step of a delivery.

    HubSpot's identity of such an event is (``id``, ``created``). ``filteredEvent`` marks what
    its filters take for a machine's doing. An unknown type is kept as custom, under its own name.
    """
    word = str(raw.get("type", ""))
    meaning = MARKETING.get(word, (EventKind.CUSTOM, Actor.MACHINE))
    if meaning is None or (word == "STATUSCHANGE" and not _unsubscribes(raw)):
        return None
    recipient = raw.get("recipient")
    if not isinstance(recipient, str) or not recipient:
        raise UnreadableError("the event names no recipient")
    kind, actor = meaning
    return EngagementEvent(
        "marketing_emails",
        f"{identifier(raw)}:{raw.get('created')}",
        kind,
        moment(raw.get("created"), "the event's time"),
        Actor.MACHINE if raw.get("filteredEvent") is True else actor,
        email=recipient.strip().lower(),
        detail=word.lower() if kind is EventKind.CUSTOM or word == "SPAMREPORT" else None,
    )


def _unsubscribes(raw: Json) -> bool:
    words = [str(change.get("status", "")) for change in rows(raw, "subscriptions")]
    words.append(str(raw.get("portalSubscriptionStatus", "")))
    return any(word.startswith("UNSUBSCRIBED") for word in words)
