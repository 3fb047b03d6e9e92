"""What a request of a site is read as: events, and what could not be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.records import EventKind


class Refusal(StrEnum):
    """Why an event was not taken, in the words that the sender and the admin read."""

    NO_OBJECT = "An event must be a JSON object."
    TYPE = "type must be page, event, form or identify."
    ID = "id must be 8 to 64 letters, digits, _ or -, made once for each event."
    VISITOR = "visitor must be 8 to 64 letters, digits, _ or -."
    TIME = "at and sent_at must be milliseconds since 1970 or ISO 8601 with a zone."
    FUTURE = "at lies more than five minutes ahead."
    OLD = "at lies more than 30 days back."
    PATH = "path must begin with / and have at most 500 characters."
    NAME = "name must have 1 to 100 printable characters."
    ADDRESS_IN_NAME = "name must not hold an e-mail address."
    EMAIL = "email is not an e-mail address."
    NOBODY = "An event needs a visitor or an email."
    FORGOTTEN = "The person asked to be forgotten after this happened."


@dataclass(frozen=True, slots=True)
class Tracked:
    """One event. ``kind`` is None where it only tells who the visitor is."""

    event_id: str
    visitor: str | None
    mailbox: str | None = field(repr=False)
    kind: EventKind | None
    at: datetime
    detail: str | None
    arrival: Mapping[str, str]
    machine: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was not taken, by its place in the batch."""

    index: int
    reason: Refusal


@dataclass(frozen=True, slots=True)
class Batch:
    """What a request brought."""

    events: tuple[Tracked, ...]
    refused: tuple[Refused, ...]
