"""Marketing e-mail events, form submissions and page views of one account, newest last.

Each list is kept in order of (time, id), so that a page is found by bisection and a
paging key stays right while new entries arrive.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True, order=True)
class EmailEvent:
    """One marketing e-mail event. ``filtered``: HubSpot holds it for a machine's."""

    at_ms: int
    event_id: str
    kind: str = field(compare=False)
    recipient: str = field(compare=False)
    campaign_id: int = field(compare=False)
    filtered: bool = field(compare=False, default=False)
    url: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True, order=True)
class Submission:
    """One form submission. ``values``: field name and value."""

    at_ms: int
    conversion_id: str
    values: tuple[tuple[str, str], ...] = field(compare=False)
    page_url: str = field(compare=False)


@dataclass(frozen=True, slots=True, order=True)
class PageView:
    """One visit of a page by a known contact."""

    at_ms: int
    event_id: str
    contact_id: int = field(compare=False)
    url: str = field(compare=False)


Entry = TypeVar("Entry", EmailEvent, Submission, PageView)


class Journal(Generic[Entry]):
    """Entries in order of time."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def load(self, entries: Iterable[Entry]) -> None:
        """Keep many entries at once."""
        self._entries.extend(entries)
        self._entries.sort()

    def add(self, entry: Entry) -> None:
        """Keep one entry, in its place."""
        insort(self._entries, entry)

    def keep_only(self, kept: Iterable[Entry]) -> None:
        """Replace the entries."""
        self._entries = sorted(kept)

    def all(self) -> list[Entry]:
        """Return the entries, oldest first."""
        return self._entries

    def newest_first(self, before: Entry | None = None) -> Iterator[Entry]:
        """Yield entries from the newest on, those before ``before`` only."""
        end = len(self._entries) if before is None else bisect_left(self._entries, before)
        return (self._entries[place] for place in range(end - 1, -1, -1))


@dataclass(frozen=True, slots=True)
class Form:
    """One form of the account."""

    guid: str
    name: str
    created_ms: int


@dataclass(slots=True)
class Marketing:
    """What the account's marketing tools know."""

    email_events: Journal[EmailEvent] = field(default_factory=Journal[EmailEvent])
    forms: dict[str, Form] = field(default_factory=dict)
    submissions: dict[str, Journal[Submission]] = field(default_factory=dict)
    page_views: dict[int, Journal[PageView]] = field(default_factory=dict)

    def add_form(self, form: Form) -> None:
        """Keep a form with no submissions yet."""
        self.forms[form.guid] = form
        self.submissions[form.guid] = Journal()

    def add_page_view(self, view: PageView) -> None:
        """Keep a visit of a page."""
        self.page_views.setdefault(view.contact_id, Journal()).add(view)

    def erase(self, addresses: frozenset[str], contact_id: int) -> None:
        """Remove everything of one person."""
        self.page_views.pop(contact_id, None)
        events = self.email_events
        events.keep_only([each for each in events.all() if each.recipient not in addresses])
        for journal in self.submissions.values():
            journal.keep_only([each for each in journal.all() if submitter(each) not in addresses])


def submitter(submission: Submission) -> str:
    """Return the address that a submission gave, in lower case; empty if none."""
    return next((value.lower() for name, value in submission.values if name == "email"), "")
