"""The contact properties that hold a score: what they are, and making them without harm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.adapters.hubspot.errors import VENDOR, sentence_of
from connector.adapters.hubspot.paths import path
from connector.adapters.hubspot.session import Answer, Session
from connector.adapters.hubspot.values import Json
from connector.errors import NeedsAdmin, VendorFault
from connector.records import Tier

GROUP = "lead_scoring"
GROUP_LABEL = "Lead scoring"
_BAD_REQUEST, _NOT_FOUND, _CONFLICT = 400, 404, 409

PREFIXES = ("", "connector_", "connector2_", "connector3_")
"""Tried in turn where a name is taken by a property that is not ours."""

NUMBER: Json = {"type": "number", "fieldType": "number", "numberDisplayHint": "unformatted"}
TEXT: Json = {"type": "string", "fieldType": "text"}

DEFINITIONS: Mapping[str, Json] = {
    "lead_score": {"label": "Lead score", **NUMBER},
    "lead_score_probability": {"label": "Lead score: chance to convert", **NUMBER},
    "lead_score_tier": {
        "label": "Lead score: tier",
        "type": "enumeration",
        "fieldType": "select",
        "options": [
            {"label": tier.value, "value": tier.value, "displayOrder": order, "hidden": False}
            for order, tier in enumerate(Tier)
        ],
    },
    "lead_score_reasons": {"label": "Lead score: reasons", "type": "string", "fieldType": "textarea"},
    "lead_score_model": {"label": "Lead score: model version", **TEXT},
    "lead_score_updated_at": {"label": "Lead score: updated at", "type": "datetime", "fieldType": "date"},
}
"""Our name → what HubSpot needs to make the property."""

DEFAULT_NAMES: Mapping[str, str] = {name: name for name in DEFINITIONS}


def ensure(session: Session, existing: Mapping[str, Json]) -> Mapping[str, str]:
    """Find or make the score properties and return our name → name in the account.

    A property of the same name that has another type or sits in another group belongs to
    somebody else: it is left alone and a prefixed name taken. ``existing`` maps the names
    of the account's contact properties to their definitions.
    """
    chosen = {ours: _choose(ours, existing) for ours in DEFINITIONS}
    missing = [ours for ours, name in chosen.items() if name not in existing]
    if missing:
        _make_group(session)
    return {ours: _make(session, ours, name) if ours in missing else name for ours, name in chosen.items()}


def remove(session: Session, names: Mapping[str, str], existing: Mapping[str, Json]) -> None:
    """Archive those of our properties that are there; HubSpot drops them for good after 90 days.

    Raises ``NeedsAdmin`` where something in the account uses one: then nothing more is removed.
    """
    for ours, name in names.items():
        if ours not in DEFINITIONS or name not in existing or not _is_ours(ours, existing[name]):
            continue
        where = path("property", object="contacts", name=name)
        answer = session.send("DELETE", "property", where, accept=(_BAD_REQUEST, _NOT_FOUND))
        if answer.status == _BAD_REQUEST:
            raise NeedsAdmin(
                f"HubSpot does not let the property {name} be removed: {sentence_of(answer.body)}",
                remedy="Remove it in HubSpot once nothing uses it any more.",
                fault=VendorFault(VENDOR, "property", answer.status),
            )


def _candidates(ours: str) -> Iterator[str]:
    return (prefix + ours for prefix in PREFIXES)


def _choose(ours: str, existing: Mapping[str, Json]) -> str:
    for name in _candidates(ours):
        if name not in existing or _is_ours(ours, existing[name]):
            return name
    raise NeedsAdmin(
        f"All names for the property {ours} are taken in this HubSpot account.",
        remedy=f"Remove or rename the property {PREFIXES[-1]}{ours}.",
    )


def _is_ours(ours: str, found: Json) -> bool:
    return found.get("groupName") == GROUP and found.get("type") == DEFINITIONS[ours]["type"]


def _make_group(session: Session) -> None:
    body = {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1}
    answer = session.post("groups", body, accept=(_BAD_REQUEST, _CONFLICT), object="contacts")
    _require(answer, "groups", allowed=(_CONFLICT,))


def _make(session: Session, ours: str, name: str) -> str:
    body = {"name": name, "groupName": GROUP, "formField": False, "hidden": False, **DEFINITIONS[ours]}
    answer = session.post("properties", body, accept=(_BAD_REQUEST, _CONFLICT), object="contacts")
    if answer.status == _CONFLICT:
        # Another worker was faster, or an earlier try of ours arrived although its answer did not.
        found = session.get("property", object="contacts", name=name).body
        if not _is_ours(ours, found):
            return _make(session, ours, _choose(ours, {name: found}))
        return name
    _require(answer, "properties")
    return name


def _require(answer: Answer, operation: str, allowed: tuple[int, ...] = ()) -> None:
    if answer.status >= _BAD_REQUEST and answer.status not in allowed:
        raise NeedsAdmin(
            f"HubSpot does not let the score properties be made: {sentence_of(answer.body)}",
            remedy="Check the account's limit of custom properties and its property rules.",
            fault=VendorFault(VENDOR, operation, answer.status),
        )
