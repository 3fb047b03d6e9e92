"""What the streams and the writes share: the account's audiences, their fields and the tag."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.adapters.contract import Access
from connector.adapters.mailchimp.calls import PAGE, Call, lists
from connector.adapters.mailchimp.score_fields import DEFAULT_NAMES, SCORE, TAG
from connector.adapters.mailchimp.session import Session
from connector.adapters.mailchimp.values import Json, UnreadableError, identifier, moment, part

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Audience:
    """One audience: its id and how many contacts it has in all states (None: not told)."""

    list_id: str
    contacts: int | None


@dataclass(frozen=True, slots=True)
class Tag:
    """A static segment, which is what people know as a tag."""

    created_at: datetime
    segment_id: str


class Audiences:
    """One Mailchimp account. Definitions are asked for once and kept as long as this object lives."""

    def __init__(self, session: Session, access: Access) -> None:
        """Make no request."""
        self.session = session
        self.access = access
        self.customers: dict[tuple[str, str], str | None] = {}
        """(audience, hash of an address) → record of who ordered, None for nobody, as far as it was seen."""
        self._kept: dict[tuple[str, str], object] = {}
        self._lock = threading.RLock()

    def now(self) -> datetime:
        """Return the current time."""
        return self.access.now()

    @property
    def names(self) -> Mapping[str, str]:
        """Return our field name → name in this account."""
        return self.access.field_names or DEFAULT_NAMES

    @property
    def score_tag(self) -> str | None:
        """Return the merge tag that holds the score; None where there was no room for it."""
        return self.names.get(SCORE)

    @property
    def tag_name(self) -> str:
        """Return the name of the tag."""
        return self.names[TAG]

    def all(self) -> Sequence[Audience]:
        """Return the account's audiences in the order of their ids."""
        return self._once("audiences", "", self._audiences)

    def merge_fields(self, list_id: str) -> Sequence[Json]:
        """Return the merge fields of an audience."""
        return self._once("merge fields", list_id, lambda: self._merge_fields(list_id))

    def tag(self, list_id: str) -> Tag | None:
        """Return the tag in an audience, None where it is not made (any more)."""
        return self._once("tag", list_id, lambda: self._tag(list_id))

    def has_score_field(self, list_id: str) -> bool:
        """Tell whether the score's field is in an audience: it may have been removed, or found no room."""
        return any(field.get("tag") == self.score_tag for field in self.merge_fields(list_id))

    def forget(self, list_id: str) -> None:
        """Ask again for the definitions of an audience when they are next needed."""
        with self._lock:
            for kind in ("merge fields", "tag"):
                self._kept.pop((kind, list_id), None)

    def _once(self, kind: str, of: str, ask: Callable[[], T]) -> T:
        with self._lock:
            if (kind, of) not in self._kept:
                self._kept[kind, of] = ask()
            found: T = self._kept[kind, of]  # type: ignore[assignment] # kept under its own kind
            return found

    def _audiences(self) -> Sequence[Audience]:
        fields = "lists.id", "lists.stats.total_contacts", "total_items"
        found = self.pages(
            "audiences",
            "lists",
            lambda offset: lists.get_all_lists(fields=fields, count=PAGE, offset=offset, include_total_contacts=True),
        )
        read = [_audience(raw) for raw in found]
        return sorted((each for each in read if each is not None), key=lambda each: each.list_id)

    def _merge_fields(self, list_id: str) -> Sequence[Json]:
        unwanted = ("merge_fields._links", "_links")
        return self.pages(
            "merge fields",
            "merge_fields",
            lambda offset: lists.get_list_merge_fields(list_id, exclude_fields=unwanted, count=PAGE, offset=offset),
        )

    def _tag(self, list_id: str) -> Tag | None:
        fields = "segments.id", "segments.name", "segments.type", "segments.created_at", "total_items"
        found = self.pages(
            "tags",
            "segments",
            lambda offset: lists.list_segments(list_id, type="static", fields=fields, count=PAGE, offset=offset),
        )
        # People take names that differ in case for the same tag, and so does Mailchimp.
        for raw in found:
            if str(raw.get("name")).lower() == self.tag_name.lower():
                return Tag(_created(raw, self.now()), str(raw.get("id")))
        return None

    def pages(self, operation: str, key: str, call: Callable[[int], Call]) -> list[Json]:
        """Return all rows of a short list that is read by offset."""
        found: list[Json] = []
        while True:
            read = self.session.send(operation, call(len(found))).listed(key)
            found.extend(read)
            if len(read) < PAGE:
                return found


def _audience(raw: Json) -> Audience | None:
    try:
        list_id = identifier(raw, "id")
    except UnreadableError:
        return None
    contacts = part(raw, "stats").get("total_contacts")
    return Audience(list_id, contacts if isinstance(contacts, int) else None)


def _created(raw: Json, now: datetime) -> datetime:
    try:
        return moment(raw.get("created_at"), "the tag's creation")
    except UnreadableError:
        # Taken for new, so that it starts no flow.
        return now
