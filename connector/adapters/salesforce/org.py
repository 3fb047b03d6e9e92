"""What the streams share: one org's session and what it says of itself and its objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import TypeVar

from connector.adapters.contract import Access
from connector.adapters.salesforce import soql
from connector.adapters.salesforce.errors import INVALID_FIELD, NOT_FOUND
from connector.adapters.salesforce.ids import known_id, to_18
from connector.adapters.salesforce.paths import USERINFO
from connector.adapters.salesforce.score_values import DEFAULT_NAMES
from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.values import Json, UnreadableError, flat
from connector.errors import MissingPermission, NeedsAdmin, RejectedInput, RetryLater
from connector.records import Account

UNREADABLE_TYPES = frozenset({"address", "location", "base64", "encryptedstring", "complexvalue"})
"""Field types that Bulk does not take, or that hold secrets or files."""

ORGANISATION = ("Id", "Name", "TimeZoneSidKey", "DefaultCurrencyIsoCode", "CurrencyIsoCode")

NEWEST_HISTORY = "ORDER BY CreatedDate DESC LIMIT 2000"
"""One page of the newest history entries."""

RETRIEVE = 2000
"""Ids of one retrieval by sObject Collections."""

T = TypeVar("T")


class Org:
    """One Salesforce org. Definitions are asked for once, and again after a field vanished."""

    def __init__(self, session: Session, access: Access) -> None:
        """Make no request."""
        self.session = session
        self._access = access
        self._described: dict[str, Mapping[str, Json]] = {}
        self._lock = Lock()

    def now(self) -> datetime:
        """Return the current time."""
        return self._access.now()

    @property
    def field_names(self) -> Mapping[str, str]:
        """Return our field name → name in this org."""
        return self._access.field_names or DEFAULT_NAMES

    @cached_property
    def user_id(self) -> str:
        """Return the user that our writes run as, in 18 characters."""
        return self.session.lean("userinfo", "GET", USERINFO, lambda answer: to_18(answer.json().get("user_id")))

    @property
    def own(self) -> AbstractSet[str]:
        """Return the names of the fields that the connector writes."""
        return frozenset(self.field_names.values())

    def account(self) -> Account:
        """Ask Salesforce which org this is; raise ``RejectedInput`` if it names none."""
        known = self.fields("Organization")
        names = [name for name in ORGANISATION if name in known]
        rows = self.session.query(soql.select(names, "Organization", tail="LIMIT 1"))
        try:
            row = rows[0]
            org_id = to_18(row.get("Id"))
        except (IndexError, UnreadableError):
            raise RejectedInput("Salesforce did not say which org this is. Start the installation again.") from None
        currency = row.get("DefaultCurrencyIsoCode") or row.get("CurrencyIsoCode")
        return Account(
            org_id,
            str(row.get("Name") or f"Salesforce org {org_id}"),
            self.session.origin,
            str(row.get("TimeZoneSidKey") or "UTC"),
            None if currency is None else str(currency),
            self.session.origin,
        )

    def fields(self, source: str) -> Mapping[str, Json]:
        """Return an object's readable fields by name: those hidden from the user are simply absent.

        Raise ``MissingPermission`` where the object itself is hidden.
        """
        with self._lock:
            if source not in self._described:
                self._described[source] = self._describe(source)
            return self._described[source]

    def tracked(self, source: str) -> AbstractSet[str]:
        """Return the fields of an object whose history the org keeps, as far as its newest entries show them.

        Describe does not tell, and a field that none of these is about has hardly a history.
        """
        try:
            self.fields(f"{source}History")
            rows = self.session.query(soql.select(["Field"], f"{source}History", tail=NEWEST_HISTORY))
        except MissingPermission:
            return frozenset()
        return {str(row.get("Field")) for row in rows}

    def having(self, source: str, names: Sequence[str]) -> list[str]:
        """Return those of ``names`` that the object has and the user may read."""
        known = self.fields(source)
        return [name for name in names if name in known]

    def sees(self, source: str, *names: str) -> bool:
        """Tell whether the user may read all of ``names`` of an object."""
        try:
            return set(names) <= self.fields(source).keys()
        except MissingPermission:
            return False

    def forget(self, source: str) -> None:
        """Ask for an object's fields again at the next need."""
        with self._lock:
            self._described.pop(source, None)

    def selecting(self, source: str, ask: Callable[[], T]) -> T:
        """Return ``ask()``; where a field vanished since describe, once more with the fields of now."""
        try:
            return ask()
        except NeedsAdmin as refused:
            if refused.fault is None or refused.fault.category != INVALID_FIELD:
                raise
            self.forget(source)
            return ask()

    def lookup(
        self, names: Sequence[str], source: str, by: str, ids: Sequence[str], *, deleted: bool = False
    ) -> list[Json]:
        """Return the rows of ``source`` whose field ``by`` is one of ``ids``; none where the object is hidden."""
        try:
            kept = self.having(source, names)
            asked = [soql.select(kept, source, [soql.any_of(by, chunk)]) for chunk in soql.chunks(_good(ids), soql.IDS)]
            return self.session.queries(asked, deleted=deleted)
        except MissingPermission:
            return []

    def retrieve(self, source: str, ids: Sequence[str], names: Sequence[str]) -> list[Json]:
        """Return the records among ``ids`` that still are, by a body, which no length limits."""
        found: list[Json] = []
        for chunk in soql.chunks(_good(ids), RETRIEVE):
            answer = self.session.send(
                "POST", f"composite/sobjects/{source}", {"ids": chunk, "fields": list(names)}, "retrieve"
            )
            if not isinstance(answer, list) or len(answer) != len(chunk):
                raise RetryLater("Salesforce answered other records than it was asked for.", after_seconds=60.0)
            # Null is one that is not there. One that is there and broken keeps its place: it is not gone.
            rows = zip(chunk, map(flat, answer), answer, strict=True)
            found.extend({**row, "Id": known_id(row.get("Id")) or asked} for asked, row, raw in rows if raw is not None)
        return found

    def _describe(self, source: str) -> Mapping[str, Json]:
        try:
            found = self.session.describe(source)
        except NeedsAdmin as refused:
            if refused.fault is not None and refused.fault.status == NOT_FOUND:
                raise MissingPermission(
                    f"The connected Salesforce user can't see the object {source}.",
                    remedy="Give the user access to it by a permission set.",
                    fault=refused.fault,
                ) from None
            raise
        readable = [raw for raw in found if str(raw.get("type")) not in UNREADABLE_TYPES]
        return {str(raw["name"]): raw for raw in readable if soql.is_name(str(raw["name"]))}


def _good(ids: Sequence[str]) -> list[str]:
    """Return the ids that are ids: Salesforce refuses a whole query for one that is not."""
    return [found for found in map(known_id, ids) if found]
