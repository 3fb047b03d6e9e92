"""Mailchimp's members and orders → records and conversions. Pure: JSON in, dataclasses out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from connector.adapters.mailchimp.fields import AT_CREATION, STATUS, TAGS
from connector.adapters.mailchimp.values import (
    Json,
    address,
    identifier,
    moment,
    money,
    optional_moment,
    part,
    record_id,
    rows,
    text,
)
from connector.adapters.pieces import Pieces
from connector.records import (
    Conversion,
    PropertyChange,
    Record,
    Removal,
)

ARCHIVED = "archived"
ORDERS = "orders"
"""The source of conversions that are orders."""

MEMBER_FIELDS = (
    "contact_id email_address status merge_fields stats.avg_open_rate stats.avg_click_rate stats.ecommerce_data "
    "member_rating vip last_changed timestamp_signup timestamp_opt source language location.country_code "
    "tags tags_count unsubscribe_reason"
).split()
"""What is read of a member: no IP address, no position, no links."""

AS_OF_NOW = frozenset({"country", TAGS})
"""They may change without ``last_changed``: known from when they were seen."""
NEVER_DATED = frozenset(
    "member_rating avg_open_rate avg_click_rate number_of_orders total_revenue unsubscribe_reason".split()
)
"""Counted up to now, or the outcome itself: no model may learn from them, so that no change of them is kept."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a member takes besides the member.

    ``own`` are the names of what the connector writes, ``personal`` the merge tags that name a person;
    of the latter no changes are kept. ``now`` is the time of the reading.
    """

    list_id: str
    own: Collection[str]
    personal: Collection[str]
    now: datetime


def add_member(pieces: Pieces, raw: Json, reading: Reading) -> None:
    """Add a member; an archived one is a removal. Raises ``UnreadableError``."""
    found_id = record_id(reading.list_id, identifier(raw, "contact_id"))
    changed = moment(raw.get("last_changed"), "last_changed")
    if raw.get("status") == ARCHIVED:
        pieces.removals.append(Removal(found_id, changed))
        return
    values = dict(_values(raw, reading))
    filled = {name: value for name, value in values.items() if value is not None}
    created = min(_created(raw), changed)
    pieces.records.append(Record(found_id, address(raw.get("email_address")), created, changed, filled))
    pieces.changes.extend(
        PropertyChange(found_id, name, value, _known(name, created, changed, reading.now), name not in AT_CREATION)
        for name, value in values.items()
        if name not in NEVER_DATED
        and name not in reading.personal
        # What is empty in a member that never changed was never filled.
        and (value is not None or changed > created)
    )


def _known(name: str, created: datetime, changed: datetime, now: datetime) -> datetime:
    """Return since when a value was surely there: Mailchimp keeps no history, but says when a profile last changed."""
    if name in AT_CREATION:
        return created
    return now if name in AS_OF_NOW else changed


def _created(raw: Json) -> datetime:
    stamps = (raw.get("timestamp_signup"), raw.get("timestamp_opt"))
    told = [at for at in (optional_moment(stamp, "the sign-up time") for stamp in stamps) if at is not None]
    return min(told) if told else moment(raw.get("last_changed"), "last_changed")


def _values(raw: Json, reading: Reading) -> Iterator[tuple[str, str | None]]:
    stats = part(raw, "stats")
    bought = part(stats, "ecommerce_data")
    yield STATUS, text(raw.get(STATUS))
    for name in ("source", "language", "vip", "member_rating", "unsubscribe_reason"):
        yield name, text(raw.get(name))
    yield "country", text(part(raw, "location").get("country_code"))
    for name in ("avg_open_rate", "avg_click_rate"):
        yield name, text(stats.get(name))
    for name in ("number_of_orders", "total_revenue"):
        yield name, text(bought.get(name))
    # People and Mailchimp take tags that differ in case for the same one.
    own = {name.lower() for name in reading.own}
    tags = {str(each.get("name")) for each in rows(raw, "tags")}
    yield TAGS, text(sorted(tag for tag in tags if tag.lower() not in own))
    for name, value in part(raw, "merge_fields").items():
        if name not in reading.own:
            yield name, text(value)


def order_conversion(raw: Json, person: str) -> Conversion:
    """Return the conversion of an order by the record ``person``; raise ``UnreadableError``."""
    amount = money(raw.get("order_total"))
    return Conversion(
        ORDERS,
        order_key(raw),
        "order",
        optional_moment(raw.get("processed_at_foreign"), "the order's time"),
        person,
        amount,
        text(raw.get("currency_code")) if amount is not None else None,
    )


def order_key(raw: Json) -> str:
    """Return what names an order in the account: shops number theirs on their own."""
    return f"{identifier(raw, 'store_id')}:{identifier(raw, 'id')}"
