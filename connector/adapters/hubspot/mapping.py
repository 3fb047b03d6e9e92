"""HubSpot's contacts, companies and deals → records. Pure: JSON in, dataclasses out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from connector.adapters.hubspot.values import (
    Json,
    UnreadableError,
    first_moment,
    id_of,
    identifier,
    milliseconds,
    moment,
    money,
    optional_moment,
    part,
    properties_of,
    rows,
    text,
)
from connector.adapters.pieces import Pieces
from connector.records import (
    Company,
    Conversion,
    PropertyChange,
    Record,
    Removal,
)

CHANGE_MARKS = frozenset({"lastmodifieddate", "hs_lastmodifieddate", "hs_updated_by_user_id"})
"""Properties that only say that something changed; our own write moves them too."""

COMPANY_PREFIX = "company."


_AT = attrgetter("at")


class Version(NamedTuple):
    """A property's value from a moment on."""

    value: str | None
    at: datetime


def history_of(raw: Mapping[str, Any], name: str) -> list[Version]:
    """Return a property's known versions, newest first; raise ``UnreadableError`` if one has no time."""
    return _versions(part(raw, "propertiesWithHistory").get(name), name)


def _versions(listed: object, name: str) -> list[Version]:
    if not listed or not isinstance(listed, list):
        # Most properties of most contacts.
        return []
    what = f"the history of {name}"
    read = []
    for version in listed:
        stated = version if isinstance(version, dict) else {}
        value = stated.get("value")
        # Nearly all are texts already.
        told = value or None if type(value) is str else text(value)
        read.append(Version(told, moment(stated.get("timestamp"), what)))
    if len(read) > 1:
        read.sort(key=_AT, reverse=True)
    return read


def add_contact(
    pieces: Pieces, stream: str, raw: Json, own: AbstractSet[str], observed: Mapping[str, datetime] | None = None
) -> None:
    """Add a contact with its history and stages; ``own`` are the fields that the connector writes.

    ``observed`` maps the fields whose history is not to be believed to the time of this reading:
    what they hold was known then, and nothing says since when.
    """
    observed = observed or {}
    record_id = identifier(raw)
    histories = {}
    for name, listed in part(raw, "propertiesWithHistory").items():
        if listed and name not in own and name not in CHANGE_MARKS:
            try:
                histories[name] = _versions(listed, name)
            except UnreadableError as reason:
                pieces.reject(stream, id_of(raw), reason)
    record = _record(raw, record_id, histories, own)
    pieces.records.append(record)
    pieces.removals.extend(_merged(record))
    changes = pieces.changes
    for name, versions in histories.items():
        if name in observed:
            changes += [PropertyChange(record_id, name, found.value, observed[name], True) for found in versions[:1]]
        else:
            changes += [PropertyChange(record_id, name, value, at) for value, at in versions]
    pieces.conversions.extend(_stages(record, histories.get("lifecyclestage", ())))


def _record(raw: Json, record_id: str, histories: Mapping[str, Sequence[Version]], own: AbstractSet[str]) -> Record:
    stated = properties_of(raw)
    latest = {name: versions[0].value for name, versions in histories.items() if versions}
    known = {name: value for name, value in latest.items() if value is not None} | stated
    created = first_moment("creation date", raw.get("createdAt"), known.get("createdate"))
    modified = first_moment("modification date", stated.get("lastmodifieddate"), raw.get("updatedAt"), created)
    email = known.get("email")
    return Record(
        record_id,
        email.strip().lower() if email else None,
        created,
        modified,
        {name: value for name, value in known.items() if name not in own and name not in CHANGE_MARKS},
        company_id=known.get("associatedcompanyid"),
        merged_ids=tuple(_split(known.get("hs_merged_object_ids"))),
    )


def _split(joined: str | None) -> Iterator[str]:
    return (part.strip() for part in (joined or "").split(";") if part.strip())


def _merged(record: Record) -> Iterator[Removal]:
    """Yield the ids that now resolve to ``record``, dated by ``hs_calculated_merged_vids`` (``id:epoch ms;…``)."""
    times = dict(part.partition(":")[::2] for part in _split(record.properties.get("hs_calculated_merged_vids")))
    for lost in record.merged_ids:
        stamp = times.get(lost, "")
        at = moment(stamp, "the merge date") if stamp.isdecimal() else record.modified_at
        yield Removal(lost, at, merged_into=record.record_id)


def _stages(record: Record, versions: Sequence[Version]) -> Iterator[Conversion]:
    for value, at in versions:
        if value is not None:
            source_id = f"{record.record_id}:{value}:{milliseconds(at)}"
            yield Conversion("lifecyclestage", source_id, f"stage:{value}", at, record.record_id)
    current = record.properties.get("lifecyclestage")
    if current is not None and not versions:
        yield Conversion("lifecyclestage", f"{record.record_id}:{current}", f"stage:{current}", None, record.record_id)


def only_ours(raw: Json, own: AbstractSet[str], since: datetime) -> bool:
    """Tell whether all that changed since ``since`` are fields that the connector wrote itself."""
    ours = False
    for name in part(raw, "propertiesWithHistory"):
        if name in CHANGE_MARKS:
            continue
        try:
            changed = any(version.at >= since for version in history_of(raw, name))
        except UnreadableError:
            return False
        if changed and name not in own:
            return False
        ours = ours or changed
    return ours


def company(raw: Json) -> Company:
    """Return a company; its properties are named ``company.…``, as its field definitions are."""
    known = properties_of(raw)
    stamps = known.get("hs_lastmodifieddate"), raw.get("updatedAt"), raw.get("createdAt")
    return Company(
        identifier(raw),
        known.get("name"),
        known.get("domain"),
        {COMPANY_PREFIX + name: value for name, value in known.items() if name not in CHANGE_MARKS},
        first_moment("modification date", *stamps),
    )


def deal_conversions(raw: Json, contact_ids: Sequence[str], outcomes: Mapping[str, str]) -> list[Conversion]:
    """Return the outcome of a closed deal for each of its contacts.

    ``outcomes`` maps a stage's id to ``deal_won`` or ``deal_lost``; open stages are not in it.
    A deal counts from when it last entered the outcome that it has now.
    """
    deal_id, known, history = identifier(raw), properties_of(raw), history_of(raw, "dealstage")
    stage = known.get("dealstage") or (history[0].value if history else None)
    kind = outcomes.get(stage or "") or _flagged(known)
    if kind is None:
        return []
    at = optional_moment(known.get("closedate"), "the close date")
    for value, entered in history:
        if outcomes.get(value or "") != kind and value != stage:
            break
        at = entered
    home = money(known.get("amount_in_home_currency"))
    amount = money(known.get("amount"))
    currency = known.get("deal_currency_code") if amount is not None else None
    return [
        Conversion("deals", f"{deal_id}:{contact}", kind, at, contact, home if amount is None else amount, currency)
        for contact in contact_ids
    ]


def _flagged(known: Mapping[str, str]) -> str | None:
    if known.get("hs_is_closed_won") == "true":
        return "deal_won"
    return "deal_lost" if known.get("hs_is_closed") == "true" else None


def stage_outcomes(pipelines: Sequence[Json]) -> dict[str, str]:
    """Return stage id → ``deal_won`` or ``deal_lost`` for the closed stages of all pipelines.

    A stage means what its metadata say, never what it is called: admins rename and add stages.
    """
    outcomes = {}
    for pipeline in pipelines:
        for stage in rows(pipeline, "stages"):
            metadata = part(stage, "metadata")
            closed = str(metadata.get("isClosed", "")).lower() == "true"
            chance = money(metadata.get("probability"))
            if closed or chance in (0, 1):
                outcomes[str(stage.get("id"))] = "deal_won" if chance == 1 else "deal_lost"
    return outcomes
