"""Classic automations that choose their contacts by our merge field or our tag.

Source: the API's description of ``GET /automations``. The newer automation flows ("customer journeys") can be read by
no app: the admin goes through them by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import PAGE, automations, lists
from connector.adapters.mailchimp.values import Json, part, rows
from connector.records import Listener

SENDING = "sending"
_FIELDS = (
    "automations.id",
    "automations.status",
    "automations.settings.title",
    "automations.recipients",
    "total_items",
)
_SEGMENTS = ("segments.id", "segments.name", "segments.options", "total_items")


def listeners(audiences: Audiences, names: AbstractSet[str], ui: str) -> Sequence[Listener]:
    """Return the classic automations whose segment names one of our fields or tags, directly or by a saved segment."""
    found = audiences.pages(
        "automations",
        "automations",
        lambda offset: automations.list(fields=_FIELDS, count=PAGE, offset=offset),
    )
    by_list = {
        list_id: _segments(audiences, list_id, names)
        for list_id in sorted({str(part(raw, "recipients").get("list_id")) for raw in found})
        if any(audience.list_id == list_id for audience in audiences.all())
    }
    heard = ((raw, _heard(raw, names, by_list)) for raw in found)
    return [_listener(raw, told, ui) for raw, told in heard if told]


def _listener(raw: Json, heard: Sequence[str], ui: str) -> Listener:
    title = str(part(raw, "settings").get("title") or raw.get("id"))
    return Listener(title, "classic automation", raw.get("status") == SENDING, tuple(heard), f"{ui}/automations")


def _segments(audiences: Audiences, list_id: str, names: AbstractSet[str]) -> dict[int, Sequence[str]]:
    """Return segment id → what of ours it goes by: our tag is a segment itself, others have conditions on our field."""
    found = audiences.pages(
        "segments",
        "segments",
        lambda offset: lists.list_segments(list_id, fields=_SEGMENTS, count=PAGE, offset=offset),
    )
    lower = {name.lower(): name for name in names}
    told: dict[int, Sequence[str]] = {}
    for raw in found:
        number, name = raw.get("id"), str(raw.get("name")).lower()
        heard = [lower[name]] if name in lower else _named(part(raw, "options"), names, {})
        if isinstance(number, int) and heard:
            told[number] = heard
    return told


def _heard(raw: Json, names: AbstractSet[str], by_list: dict[str, dict[int, Sequence[str]]]) -> Sequence[str]:
    recipients = part(raw, "recipients")
    return _named(part(recipients, "segment_opts"), names, by_list.get(str(recipients.get("list_id")), {}))


def _named(options: Json, names: AbstractSet[str], segments: dict[int, Sequence[str]]) -> Sequence[str]:
    """Return which of our names conditions go by: a merge field by its tag, a segment by its number."""
    values: list[Any] = [options.get("saved_segment_id")]
    for condition in rows(options, "conditions"):
        values += [condition.get("field"), condition.get("value")]
    found = {value for value in values if isinstance(value, str)} & names
    for value in values:
        number = int(value) if isinstance(value, int | str) and str(value).isdigit() else None
        found |= set(segments.get(number, ())) if number is not None else set()
    return sorted(found)
