"""What may pass from a vendor into the store: times, keys and texts that every database holds.

A reply may hold anything. Zero bytes and halves of characters are in no text of a database, what is indexed
has a limit, amounts have a width, and a time centuries away is somebody's slip. Where only a text is spoilt it
is mended; else the one thing is rejected with its reason, and its neighbours stay.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from connector.records import (
    Account,
    Company,
    Conversion,
    EngagementEvent,
    FieldDefinition,
    Page,
    PropertyChange,
    Record,
    Rejection,
    Removal,
    Retraction,
    WebhookHint,
)

LONGEST_KEY = 500
"""Characters of an id, an e-mail address or a field's name; PostgreSQL indexes 2,700 bytes at most."""

LONGEST_REASON = 300
LARGEST_AMOUNT = 10**15
YEARS = range(1900, 2200)

_SPOILT = re.compile("[\0\ud800-\udfff]")

T = TypeVar("T")


class UnsoundError(ValueError):
    """A thing can't be kept; the message says which part, without its value."""


def sound(page: Page, stream: str) -> Page:
    """Return the page with only what can be kept; the rest are rejections of ``stream``."""
    rejections = [
        replace(item, vendor_id=clean(item.vendor_id)[:LONGEST_KEY], reason=clean(item.reason)[:LONGEST_REASON])
        for item in page.rejections
    ]

    def kept(found: tuple[T, ...], check: Callable[[T], T], name: Callable[[T], str]) -> tuple[T, ...]:
        good = []
        for item in found:
            try:
                good.append(check(item))
            except UnsoundError as reason:
                rejections.append(Rejection(stream, clean(name(item))[:LONGEST_KEY] or "unknown", str(reason)))
        return tuple(good)

    # What a page has most of is looked through as a whole first; one by one only where something is amiss.
    changes = page.changes if _all_changes(page.changes) else kept(page.changes, _change, attrgetter("record_id"))
    events = page.events if _all_events(page.events) else kept(page.events, _event, attrgetter("source_id"))
    census = page.census
    return replace(
        page,
        census=census and replace(census, present=tuple(filter(_is_key, census.present))),
        records=kept(page.records, _record, lambda item: item.record_id),
        companies=kept(page.companies, _company, lambda item: item.company_id),
        changes=changes,
        events=events,
        conversions=kept(page.conversions, _conversion, lambda item: item.source_id),
        retractions=kept(page.retractions, _retraction, lambda item: item.object_id),
        removals=kept(page.removals, _removal, lambda item: item.record_id),
        rejections=tuple(rejections),
    )


def sound_fields(found: Iterable[FieldDefinition]) -> Sequence[FieldDefinition]:
    """Return the definitions whose names can be kept, with clean labels."""
    return [
        replace(item, label=clean(item.label), options=_texts(item.options), excludes=_texts(item.excludes))
        for item in found
        if _is_key(item.name)
    ]


def sound_account(account: Account) -> Account:
    """Return an account whose descriptions can be kept; its id and addresses its adapter has checked."""
    return replace(
        account,
        name=clean(account.name)[:LONGEST_REASON],
        time_zone=clean(account.time_zone)[:LONGEST_REASON],
        currency=account.currency and clean(account.currency)[:LONGEST_REASON],
    )


def sound_hint(hint: WebhookHint) -> WebhookHint:
    """Return a hint that every database holds: an id that is none hints at the account, a key without end is hashed."""
    if _is_key(hint.dedupe_key) and _is_key(hint.kind) and (hint.record_id is None or _is_key(hint.record_id)):
        return hint
    return replace(
        hint,
        kind=clean(hint.kind)[:LONGEST_KEY] or "unnamed",
        record_id=hint.record_id if hint.record_id and _is_key(hint.record_id) else None,
        dedupe_key=hashlib.sha256(hint.dedupe_key.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def clean(text: str) -> str:
    """Return a text with the sign for an unreadable character where no database takes what is there."""
    # Nearly all are plain, which is told without looking at each character.
    if text.isascii() and "\0" not in text:
        return text
    return _SPOILT.sub("\ufffd", text)


def _all_changes(found: Sequence[PropertyChange]) -> bool:
    """Tell whether :func:`_change` would leave each of these as it is."""
    return (
        all(map(_is_key, {item.record_id for item in found}))
        and all(map(_is_key, {item.name for item in found}))
        and {item.at.year for item in found}.issubset(YEARS)
        and _plain(item.value for item in found if item.value)
    )


def _all_events(found: Sequence[EngagementEvent]) -> bool:
    """Tell whether :func:`_event` would leave each of these as it is."""
    ids = [item.source_id for item in found]
    return (
        all(0 < len(text) <= LONGEST_KEY for text in ids)
        and _plain(ids)
        and all(map(_is_key, {item.record_id or item.email or "" for item in found}))
        and {item.at.year for item in found}.issubset(YEARS)
        and _plain(item.detail for item in found if item.detail)
    )


def _plain(texts: Iterable[str]) -> bool:
    """Tell whether :func:`clean` would leave each text as it is: in one look at all of them."""
    joined = "".join(texts)
    return (joined.isascii() and "\0" not in joined) or not _SPOILT.search(joined)


def _record(item: Record) -> Record:
    _key(item.record_id, "the id")
    _optional_key(item.email, "the e-mail address")
    _optional_key(item.company_id, "the company's id")
    for other in (*item.merged_ids, *item.same_as):
        _key(other, "the id of another record")
    for at in (item.created_at, item.modified_at, item.company_since, item.values_since):
        _time(at)
    properties = _texts(item.properties)
    return item if properties is item.properties else replace(item, properties=properties)


def _company(item: Company) -> Company:
    _key(item.company_id, "the id")
    _optional_key(item.domain, "the domain")
    _time(item.modified_at)
    return replace(item, name=_text(item.name), properties=_texts(item.properties))


def _change(item: PropertyChange) -> PropertyChange:
    _key(item.record_id, "the id")
    _key(item.name, "the field's name")
    _time(item.at)
    value = _text(item.value)
    return item if value is item.value else replace(item, value=value)


def _event(item: EngagementEvent) -> EngagementEvent:
    _key(item.source_id, "the id")
    _key(item.record_id or item.email or "", "the person")
    _time(item.at)
    detail = _text(item.detail)
    return item if detail is item.detail else replace(item, detail=detail)


def _conversion(item: Conversion) -> Conversion:
    _key(item.source_id, "the id")
    _key(item.record_id, "the person")
    _key(item.kind, "the kind")
    _optional_key(item.currency, "the currency")
    _time(item.at)
    if item.amount is not None and abs(item.amount) >= LARGEST_AMOUNT:
        raise UnsoundError("the amount is too large")
    return item


def _retraction(item: Retraction) -> Retraction:
    _key(item.object_id, "the id")
    return item


def _removal(item: Removal) -> Removal:
    _key(item.record_id, "the id")
    _optional_key(item.merged_into, "the id of the surviving record")
    _time(item.at)
    return item


@lru_cache(maxsize=1024)
def _is_key(text: str) -> bool:
    """Tell whether a text can be a key. Remembered for a page: its changes name the same people and fields."""
    return 0 < len(text) <= LONGEST_KEY and clean(text) == text


def _key(text: str, what: str) -> None:
    if not _is_key(text):
        raise UnsoundError(f"{what} is missing, too long or unreadable")


def _optional_key(text: str | None, what: str) -> None:
    if text:
        _key(text, what)


def _time(at: datetime | None) -> None:
    if at is not None and at.year not in YEARS:
        raise UnsoundError("its time is centuries away")


def _text(text: str | None) -> str | None:
    return None if text is None else clean(text)


def _texts(found: Mapping[str, str]) -> Mapping[str, str]:
    if _plain(chain(found, found.values())):
        return found
    return {clean(name): clean(value) for name, value in found.items()}
