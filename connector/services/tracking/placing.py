"""Whose an event is: the visitor's turn that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.tracking.batch import Tracked
from connector.services.tracking.pseudonyms import pseudonyms
from connector.store import visitors
from connector.store.sites import TrackedSite
from connector.store.visitors import Visitor


@dataclass(frozen=True, slots=True)
class Placed:
    """The visitor's turn of each event, in their order, and the turns of which somebody new said who that is."""

    visitor_ids: tuple[int, ...]
    identified: frozenset[int]


def place(
    services: Services, session: Connection, site: TrackedSite, events: Sequence[Tracked], now: datetime
) -> Placed:
    """Find or make the visitors behind events; an address that an event names is its visitor's from there on.

    Whoever had no address gets it, with all that was done before. Whoever had another is somebody else from now on.
    """
    placing = _Placing(session, site, now)
    marks = [pseudonyms(services, site.tenant_id, event.mailbox) if event.mailbox else () for event in events]
    # An address without a visitor is one of its own: no browser can make up such a name.
    names = [event.visitor or f"~{own[0]}" for event, own in zip(events, marks, strict=True)]
    placing.meet(
        {name: None if event.visitor else own[0] for name, event, own in zip(names, events, marks, strict=True)}
    )
    ids = [placing.turn(name, own) for name, own in zip(names, marks, strict=True)]
    return Placed(tuple(ids), frozenset(placing.identified))


class _Placing:
    """The visitors of one request, as they stand in the store."""

    def __init__(self, session: Connection, site: TrackedSite, now: datetime) -> None:
        self._session, self._site, self._now = session, site, now
        self._held: dict[str, Visitor] = {}
        self.identified: set[int] = set()

    def meet(self, mailbox_of: dict[str, str | None]) -> None:
        """Load visitors by name, after adding those that are new."""
        self._held = visitors.newest(self._session, self._site.id, mailbox_of)
        new = {name: mailbox for name, mailbox in mailbox_of.items() if name not in self._held}
        if new:
            # In one order for everybody: two requests with the same visitors then wait for each other once at most.
            visitors.add(self._session, [self._row(name, 0, mailbox) for name, mailbox in sorted(new.items())])
            self._held |= visitors.newest(self._session, self._site.id, new)
            self.identified |= {self._held[name].id for name, mailbox in new.items() if mailbox}

    def turn(self, name: str, marks: Sequence[str]) -> int:
        """Return the turn that an event belongs to; ``marks`` are those of who it says that the visitor is, if it does.

        A visitor may be held by any of them; what is stored from now on is the first.
        """
        while marks and self._held[name].mailbox not in marks:
            visitor, mailbox = self._held[name], marks[0]
            if visitor.mailbox is None:
                visitors.identify(self._session, visitor.id, mailbox, self._now)
            else:
                visitors.add(self._session, [self._row(name, visitor.turn + 1, mailbox)])
            # Somebody else may have been faster: what counts is what is stored.
            self._held |= visitors.newest(self._session, self._site.id, [name])
            self.identified.add(self._held[name].id)
        return self._held[name].id

    def _row(self, name: str, turn: int, mailbox: str | None) -> dict[str, object]:
        return {
            "tenant_id": self._site.tenant_id,
            "site_id": self._site.id,
            "name": name,
            "turn": turn,
            "mailbox": mailbox,
            "identified_at": self._now if mailbox else None,
            "created_at": self._now,
        }
