"""What the streams share: one account's session and what it says of its own fields and stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from connector.adapters.contract import Access
from connector.adapters.hubspot.fields import readable
from connector.adapters.hubspot.mapping import stage_outcomes
from connector.adapters.hubspot.score_fields import DEFAULT_NAMES
from connector.adapters.hubspot.session import Json, Session
from connector.errors import MissingPermission

ASSOCIATIONS_BATCH = 1000
READ_BATCH = 100
HISTORY_BATCH = 50


class Portal:
    """One HubSpot account. Definitions are asked for once and kept as long as this object lives."""

    def __init__(self, session: Session, access: Access) -> None:
        """Make no request."""
        self.session = session
        self._access = access

    def now(self) -> datetime:
        """Return the current time."""
        return self._access.now()

    @property
    def own(self) -> frozenset[str]:
        """Return the names that the score fields have in this account."""
        return frozenset((self._access.field_names or DEFAULT_NAMES).values())

    @property
    def field_names(self) -> Mapping[str, str]:
        """Return our field name → name in this account."""
        return self._access.field_names or DEFAULT_NAMES

    @cached_property
    def contact_properties(self) -> Mapping[str, Json]:
        """Return the account's readable contact properties by name."""
        return self._properties("contacts")

    @cached_property
    def calculated(self) -> frozenset[str]:
        """Return the contact properties that HubSpot calculates (counters, "recent …" dates).

        They are cumulative and have no reliable history: read as known since the contact's
        creation, they would show a model what happened later.
        """
        return frozenset(name for name, raw in self.contact_properties.items() if raw.get("calculated"))

    @cached_property
    def company_properties(self) -> Mapping[str, Json]:
        """Return the account's readable company properties by name; none where companies are not granted."""
        try:
            return self._properties("companies")
        except MissingPermission:
            return {}

    @cached_property
    def stage_outcomes(self) -> Mapping[str, str]:
        """Return deal stage → outcome; empty where pipelines are not granted (a deal's own flags then tell)."""
        try:
            return stage_outcomes(self.session.get("pipelines", object="deals").results)
        except MissingPermission:
            return {}

    def _properties(self, noun: str) -> Mapping[str, Json]:
        found = self.session.get("properties", object=noun).results
        return {raw["name"]: raw for raw in found if readable(raw)}

    def read_batch(
        self, noun: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str]
    ) -> list[Json]:
        """Return the objects among ``ids`` that still are; HubSpot wants both lists of names, if empty."""
        size = HISTORY_BATCH if history else READ_BATCH
        found: list[Json] = []
        for start in range(0, len(ids), size):
            inputs = [{"id": item} for item in ids[start : start + size]]
            body = {"inputs": inputs, "properties": list(properties), "propertiesWithHistory": list(history)}
            found.extend(self.session.post("read", body, object=noun).results)
        return found

    def contacts_of(self, noun: str, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return object id → ids of its contacts. An object without any is reported as an error of a 207: no list."""
        linked: dict[str, list[str]] = {item: [] for item in ids}
        asked: list[Json] = [{"id": item} for item in ids]
        while asked:
            body = {"inputs": asked[:ASSOCIATIONS_BATCH]}
            answer = self.session.post("associations", body, object=noun, to="contacts")
            asked = asked[ASSOCIATIONS_BATCH:]
            for found in answer.results:
                source = str((found.get("from") or {}).get("id"))
                linked.setdefault(source, []).extend(str(to["toObjectId"]) for to in found.get("to") or ())
                following = (found.get("paging") or {}).get("next") or {}
                if following.get("after"):
                    asked.append({"id": source, "after": following["after"]})
        return {source: list(dict.fromkeys(found)) for source, found in linked.items()}

    def inline_contacts(self, noun: str, found: Sequence[Json]) -> Mapping[str, Sequence[str]]:
        """Return object id → ids of its contacts from ``associations=contacts``; cut-off lists are asked for again."""
        linked, cut = {}, []
        for raw in found:
            contacts = (raw.get("associations") or {}).get("contacts") or {}
            source = str(raw.get("id"))
            linked[source] = list(dict.fromkeys(str(to["id"]) for to in contacts.get("results") or ()))
            if contacts.get("paging"):
                cut.append(source)
        return {**linked, **(self.contacts_of(noun, cut) if cut else {})}
