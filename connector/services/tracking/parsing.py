"""Events as sites send them → events as they are kept. One that can't be used leaves its neighbours alone.

Times are milliseconds since 1970 or ISO 8601 with a zone; none: now. A batch may tell when it was sent by the same
clock (``sent_at``): what that clock is off by is taken from every time. Then an event may be at most five minutes ahead
(it counts as of now) and at most 30 days old.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import orjson

from connector.errors import RejectedInput
from connector.records import EventKind
from connector.services.addresses import mailbox_of
from connector.services.tracking import texts
from connector.services.tracking.batch import Batch, Refusal, Refused, Tracked

AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=30)
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FURTHEST = 253_402_300_799_000
"""The last millisecond that a time can name."""


class _Unusable(Exception):
    def __init__(self, reason: Refusal) -> None:
        self.reason = reason


def parse(body: bytes, received: datetime, most: int) -> Batch:
    """Read a request of at most ``most`` events; raises ``RejectedInput`` where it is no batch at all."""
    try:
        batch = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RejectedInput("The body is not JSON.") from None
    told = batch.get("events") if isinstance(batch, dict) else None
    if not isinstance(told, list):
        raise RejectedInput('The body must be an object with a list "events".')
    if len(told) > most:
        raise RejectedInput(f"At most {most} events are taken at once.")
    taken, refused = [], []
    for index, event in enumerate(told):
        try:
            taken.append(_event(batch, event, received))
        except _Unusable as why:
            refused.append(Refused(index, why.reason))
    return Batch(tuple(taken), tuple(refused))


def _event(batch: Mapping[str, object], event: object, received: datetime) -> Tracked:
    if not isinstance(event, dict):
        raise _Unusable(Refusal.NO_OBJECT)
    event_id = _matching(event.get("id"), Refusal.ID)
    kind, detail = _what(event)
    visitor = _visitor(event.get("visitor", batch.get("visitor")))
    mailbox = _mailbox(event)
    if visitor is None and mailbox is None:
        raise _Unusable(Refusal.NOBODY)
    return Tracked(
        event_id=event_id,
        visitor=visitor,
        mailbox=mailbox,
        kind=kind,
        at=_at(event.get("at"), batch.get("sent_at"), received),
        detail=detail,
        arrival=texts.arrival(event) if kind is EventKind.PAGE_VIEW else {},
        machine=event.get("machine", batch.get("machine")) is True,
    )


def _what(event: Mapping[str, object]) -> tuple[EventKind | None, str | None]:
    match event.get("type"):
        case "page":
            path = texts.page_path(event.get("path"))
            if path is None:
                raise _Unusable(Refusal.PATH)
            return EventKind.PAGE_VIEW, path
        case "event":
            return EventKind.CUSTOM, _name(event)
        case "form":
            return EventKind.FORM_SUBMITTED, _name(event)
        case "download":
            # The script tells it as it stands in the address.
            name = event.get("name")
            return EventKind.DOWNLOAD, _name({"name": unquote(name) if isinstance(name, str) else name})
        case "identify":
            return None, None
        case _:
            raise _Unusable(Refusal.TYPE)


def _name(event: Mapping[str, object]) -> str:
    name = texts.event_name(event.get("name"))
    if name is None:
        raise _Unusable(Refusal.NAME)
    if texts.holds_address(name):
        raise _Unusable(Refusal.ADDRESS_IN_NAME)
    return name


def _matching(value: object, reason: Refusal) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise _Unusable(reason)
    return value


def _visitor(value: object) -> str | None:
    return None if value is None else _matching(value, Refusal.VISITOR)


def _mailbox(event: Mapping[str, object]) -> str | None:
    """The mailbox that an event names. What a visitor typed into a form need not be one."""
    value = event.get("email")
    if value is None and event.get("type") != "identify":
        return None
    mailbox = mailbox_of(value) if isinstance(value, str) and len(value) <= texts.LONGEST_PATH else None
    if mailbox is None and event.get("type") != "form":
        raise _Unusable(Refusal.EMAIL)
    return mailbox


def _at(value: object, sent: object, received: datetime) -> datetime:
    if value is None:
        return received
    at = _time(value)
    try:
        at += received - _time(sent) if sent is not None else timedelta()
    except OverflowError:
        raise _Unusable(Refusal.TIME) from None
    if at > received + AHEAD:
        raise _Unusable(Refusal.FUTURE)
    if at < received - OLDEST:
        raise _Unusable(Refusal.OLD)
    return min(at, received)


def _time(value: object) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _FURTHEST:
        return _EPOCH + timedelta(milliseconds=value)
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is not None and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Unusable(Refusal.TIME)
