"""One audience: its members by every name the API gives them, its columns and its tags."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from connector.sandbox.mailchimp.notices import Hook
from connector.sandbox.mailchimp.records import Member, MergeField, Segment, subscriber_hash

BUILT_IN = (
    ("FNAME", "First Name", "text"),
    ("LNAME", "Last Name", "text"),
    ("ADDRESS", "Address", "address"),
    ("PHONE", "Phone Number", "phone"),
)


def stable_id(length: int, *parts: object) -> str:
    """Return hexadecimal digits that depend on ``parts`` alone, so that two runs agree."""
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()[:length]


@dataclass(slots=True)
class Audience:
    """A list, as the API calls it. ``forgotten``: hashes of addresses deleted for good."""

    list_id: str
    web_id: int
    name: str
    created_ms: int
    merge_fields: dict[int, MergeField] = field(default_factory=dict)
    segments: dict[int, Segment] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    hooks: dict[str, Hook] = field(default_factory=dict)
    _by_hash: dict[str, Member] = field(default_factory=dict)
    _by_contact: dict[str, Member] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(100_001))

    def __post_init__(self) -> None:
        """Begin with the columns that every audience has."""
        for merge_id, (tag, name, type_) in enumerate(BUILT_IN, start=1):
            self.merge_fields[merge_id] = MergeField(merge_id, tag, name, type_, display_order=merge_id + 1)

    def members(self) -> list[Member]:
        """Return the members in order of their coming, archived ones included."""
        return list(self._by_contact.values())

    def find(self, key: str) -> Member | None:
        """Return the member with this hash, address or contact id."""
        found = self._by_hash.get(key.lower()) or self._by_contact.get(key)
        return found or self._by_hash.get(subscriber_hash(key))

    def new_member(self, email: str, status: str, at_ms: int, *, case_kept: bool = False) -> Member:
        """Add a member and return it; the address must be free. Without one, the hash is of the contact id.

        ``case_kept``: the hash is of the address as it was typed, as in very old audiences.
        """
        number = next(self._numbers)
        contact_id = stable_id(32, self.list_id, number)
        member = Member(self.list_id, contact_id, number, email, status, at_ms, at_ms)
        if case_kept or not email:
            member.hash_of = email or contact_id
        self._by_hash[member.hash] = member
        self._by_contact[contact_id] = member
        return member

    def move(self, member: Member, email: str) -> None:
        """Give a member another address, which must be free."""
        del self._by_hash[member.hash]
        member.email, member.hash_of = email, ""
        self._by_hash[member.hash] = member

    def remove(self, member: Member) -> None:
        """Remove a member for good."""
        del self._by_hash[member.hash]
        del self._by_contact[member.contact_id]

    def column(self, tag: str) -> MergeField | None:
        """Return the merge field with this tag."""
        return next((each for each in self.merge_fields.values() if each.tag == tag.upper()), None)

    def next_merge_id(self) -> int:
        """Return the number of the next merge field."""
        return max(self.merge_fields, default=0) + 1

    def tag(self, name: str) -> Segment | None:
        """Return the tag of this name; case does not count."""
        wanted = name.strip().lower()
        return next((each for each in self.segments.values() if each.name.lower() == wanted), None)

    def new_segment(self, name: str, at_ms: int) -> Segment:
        """Add a static segment and return it."""
        segment = Segment(next(self._numbers), name.strip(), at_ms, at_ms)
        self.segments[segment.segment_id] = segment
        return segment

    def tagged(self, segment_id: int) -> list[Member]:
        """Return who is in a static segment, whatever their status."""
        return [each for each in self._by_contact.values() if segment_id in each.tags]
