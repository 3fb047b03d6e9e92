"""What the streams share: one account's session and what it says of its own fields and stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from connector.adapters.contract import Access
from connector.adapters.hubspot.fields import readable
from connector.adapters.hubspot.mapping import stage_outcomes
from connector.adapters.hubspot.score_fields import DEFAULT_NAMES
from connector.adapters.hubspot.session import Answer, Session, following
from connector.adapters.hubspot.values import Json, identifiers, part, rows
from connector.errors import MissingPermission

ASSOCIATIONS_BATCH = 1000
READ_BATCH = 100
HISTORY_BATCH = 50

MULTI_STATUS = 207

UNREADABLE = ""
"""Where a link leads that can't be read: to nobody, so that what hangs on it is rejected and not overlooked."""


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
        return self.look_up(noun, ids, properties, history)[0]

    def look_up(
        self, noun: str, ids: Sequence[str], properties: Sequence[str], history: Sequence[str]
    ) -> tuple[list[Json], set[str]]:
        """Return the objects among ``ids`` that still are, and the ids that HubSpot says are not."""
        size = HISTORY_BATCH if history else READ_BATCH
        found: list[Json] = []
        missing: set[str] = set()
        for start in range(0, len(ids), size):
            asked = ids[start : start + size]
            inputs = [{"id": item} for item in asked]
            body = {"inputs": inputs, "properties": list(properties), "propertiesWithHistory": list(history)}
            answer = self.session.post("read", body, object=noun)
            found.extend(answer.results)
            missing |= _missing(answer, set(asked).difference(identifiers(answer.results)))
        return found, missing

    def read_listed(
        self, noun: str, listed: Sequence[Json], properties: Sequence[str], history: Sequence[str]
    ) -> list[Json]:
        """Return listed objects with more of them; one without an id comes as it is, for its reader to reject."""
        ids = identifiers(listed)
        nameless = [raw for raw in listed if not identifiers([raw])]
        return [*self.read_batch(noun, ids, properties, history), *nameless]

    def contacts_of(self, noun: str, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return object id → ids of its contacts. An object without any is reported as an error of a 207: no list."""
        linked: dict[str, list[str]] = {item: [] for item in ids}
        asked: list[Json] = [{"id": item} for item in ids]
        while asked:
            body = {"inputs": asked[:ASSOCIATIONS_BATCH]}
            answer = self.session.post("associations", body, object=noun, to="contacts")
            asked = asked[ASSOCIATIONS_BATCH:]
            nameless = False
            for found in answer.results:
                source = next(iter(identifiers([part(found, "from")])), None)
                nameless = nameless or source is None
                if source is not None:
                    linked.setdefault(source, []).extend(_linked(found, "to", "toObjectId"))
                    after = following("associations", found)
                    asked.extend([{"id": source, "after": after}] if after else [])
            if nameless:
                # Whose contacts they are is not known: of all that seem to have none.
                linked = {source: contacts or [UNREADABLE] for source, contacts in linked.items()}
        return {source: list(dict.fromkeys(found)) for source, found in linked.items()}

    def inline_contacts(self, noun: str, found: Sequence[Json]) -> Mapping[str, Sequence[str]]:
        """Return object id → ids of its contacts from ``associations=contacts``; cut-off lists are asked for again."""
        linked, cut = {}, []
        for raw in found:
            source = str(raw.get("id"))
            linked[source] = list(dict.fromkeys(_inline(raw)))
            if part(part(raw, "associations"), "contacts").get("paging"):
                cut.append(source)
        return {**linked, **(self.contacts_of(noun, cut) if cut else {})}


def _missing(answer: Answer, absent: set[str]) -> set[str]:
    """Return those of the absent that a 207 calls missing: all of them where it names nobody in particular."""
    told = [part(error, "context").get("ids") for error in rows(answer.body, "errors")]
    named = {item for ids in told if isinstance(ids, list) for item in ids if isinstance(item, str)}
    if named:
        return absent & named
    return absent if answer.status == MULTI_STATUS else set()


def _inline(raw: Json) -> list[str]:
    """Return the contacts that came with an object; one that has none lacks the key."""
    kinds = raw.get("associations", {})
    if not isinstance(kinds, dict):
        return [UNREADABLE]
    contacts = kinds.get("contacts", {"results": []})
    return _linked(contacts, "results", "id") if isinstance(contacts, dict) else [UNREADABLE]


def _linked(raw: Json, key: str, name: str) -> list[str]:
    """Return the ids that links lead to."""
    if not isinstance(raw.get(key), list):
        return [UNREADABLE]
    return [next(iter(identifiers([link], name)), UNREADABLE) for link in rows(raw, key)]
