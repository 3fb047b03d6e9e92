"""Salesforce's tasks, calendar events, e-mails and campaign members → engagement events, by tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from connector.adapters.salesforce.ids import object_of, to_18
from connector.adapters.salesforce.values import Row, UnreadableError, moment, optional_moment, text, truth
from connector.records import Actor, EngagementEvent, EventKind

Meaning = tuple[EventKind, Actor]

TASK = ("Id", "WhoId", "TaskSubtype", "CallType", "IsClosed", "CompletedDateTime", "CreatedDate")
CALENDAR = ("Id", "WhoId", "StartDateTime", "ActivityDateTime", "ActivityDate", "EventSubtype", "CreatedDate")
EMAIL = (
    "Id",
    "ActivityId",
    "Incoming",
    "MessageDate",
    "CreatedDate",
    "FirstOpenedDate",
    "IsOpened",
    "IsBounced",
    "Status",
)
MEMBER = ("Id", "LeadId", "ContactId", "HasResponded", "FirstRespondedDate", "CreatedDate", "Status")

MAIL_TASKS = frozenset({"Email", "ListEmail"})

SUBTYPES: dict[str, Meaning] = {
    "Email": (EventKind.EMAIL_SENT, Actor.SELLER),
    "ListEmail": (EventKind.EMAIL_SENT, Actor.SELLER),
    "Call": (EventKind.CALL, Actor.SELLER),
}
"""Task's ``TaskSubtype`` once it is done; all others, and calls that are only planned, are tasks."""

DRAFT = "5"
"""EmailMessage's ``Status`` of what was not sent."""


def task_event(row: Row) -> EngagementEvent | None:
    """Return what a task means, None where it is about no lead or contact.

    ``ActivityDate`` is when it is due, often in the future: a task counts from when it was made, a
    call or an e-mail from when it was done.
    """
    who = _who(row)
    if who is None:
        return None
    made = moment(row.get("CreatedDate"), "the task's creation date")
    subtype = text(row.get("TaskSubtype")) or "Task"
    kind, actor = EventKind.TASK, Actor.SELLER
    at = made
    if subtype in SUBTYPES and truth(row.get("IsClosed")):
        kind, actor = SUBTYPES[subtype]
        at = optional_moment(row.get("CompletedDateTime"), "the task's completion") or made
        if kind is EventKind.CALL and text(row.get("CallType")) == "Inbound":
            actor = Actor.LEAD
    return EngagementEvent("tasks", to_18(row.get("Id")), kind, at, actor, who, detail=subtype.lower())


def calendar_event(row: Row) -> EngagementEvent | None:
    """Return a meeting, None where it is with no lead or contact. A whole day's has a date only."""
    who = _who(row)
    if who is None:
        return None
    begins = row.get("StartDateTime") or row.get("ActivityDateTime") or row.get("ActivityDate")
    at = moment(begins, "the event's time")
    # Booked by the lead unless the org says otherwise; Salesforce does not tell who proposed it.
    return EngagementEvent("calendar", to_18(row.get("Id")), EventKind.MEETING, at, Actor.LEAD, who)


def email_events(row: Row, persons: Sequence[str]) -> Iterator[EngagementEvent]:
    """Yield what one e-mail means for each of its persons: sent or answered, opened, bounced.

    An e-mail of one person keeps its identity when a merge or a conversion gives it to another record.
    """
    email_id = to_18(row.get("Id"))
    if text(row.get("Status")) == DRAFT:
        return
    happened = list(_mail(row))
    for person in persons:
        mark = f":{person}" if len(persons) > 1 else ""
        for kind, actor, at in happened:
            yield EngagementEvent("emails", f"{email_id}:{kind}{mark}", kind, at, actor, person)


def _mail(row: Row) -> Iterator[tuple[EventKind, Actor, datetime]]:
    made = moment(row.get("CreatedDate"), "the e-mail's creation date")
    sent = optional_moment(row.get("MessageDate"), "the e-mail's date") or made
    if truth(row.get("Incoming")):
        # The date of an inbound e-mail is the sender's clock; it can't have come after it was stored.
        yield EventKind.EMAIL_REPLIED, Actor.LEAD, min(sent, made)
        return
    yield EventKind.EMAIL_SENT, Actor.SELLER, sent
    opened = optional_moment(row.get("FirstOpenedDate"), "the e-mail's first opening")
    if opened is not None:
        yield EventKind.EMAIL_OPENED, Actor.LEAD, opened
    if truth(row.get("IsBounced")):
        yield EventKind.EMAIL_BOUNCED, Actor.MACHINE, sent


def response_event(row: Row) -> EngagementEvent | None:
    """Return a campaign member's response, None where there is none.

    ``FirstRespondedDate`` has no time; nobody responds before being a member.
    """
    if not truth(row.get("HasResponded")):
        return None
    person = text(row.get("ContactId")) or text(row.get("LeadId"))
    if person is None:
        raise UnreadableError("the campaign member is neither lead nor contact")
    made = moment(row.get("CreatedDate"), "the membership's date")
    day = optional_moment(row.get("FirstRespondedDate"), "the response's date")
    at = made if day is None else max(day, made)
    member = to_18(row.get("Id"))
    return EngagementEvent("campaign_members", member, EventKind.CAMPAIGN_RESPONSE, at, Actor.LEAD, to_18(person))


def _who(row: Row) -> str | None:
    who = text(row.get("WhoId"))
    return to_18(who) if who is not None and object_of(who) is not None else None
