"""One page of the ledger for people, the newest entries first, and what each says in a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services.audit.checking import KIND
from connector.services.context import Services
from connector.store import chain, connections, schedules, successions, trail
from connector.store.chain import Check
from connector.store.connections import CrmConnection
from connector.store.trail import Looked, Span
from connector.store.types import AnyRow

SHOWN = 50
_PIECE = 500
_PIECES = 10
"""Pieces that one page looks through at most; it says so, and where to go on, when they held too little."""
KINDS: Mapping[str, str] = {
    "admin": "What people and the product did",
    "accessed": "What programs and people read",
    "feedback": "Thumbs",
    "scored": "Scores",
    "delivered": "Values sent to CRMs",
    "overwritten": "Values that somebody overwrote",
}
_SAID = ("admin", "accessed", "feedback")
"""Kinds that name who did it."""
_ABOUT_ACCOUNTS = ("admin", "delivered")
_WHO = ("by", "asked_by", "key")
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: every part that is given must hold. ``who`` is part of a name, in whatever case."""

    kind: str | None = None
    who: str | None = None
    lead: int | None = None
    since: date | None = None
    until: date | None = None
    connection: UUID | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """An entry. ``body`` is None once it was erased; ``who`` is None where it names nobody."""

    seq: int
    kind: str
    at: datetime
    lead_id: int | None
    hash: str
    body: Mapping[str, Any] | None

    @property
    def who(self) -> str | None:
        """Who did it, as the ledger names them."""
        named = (str(self.body[name]) for name in _WHO if self.body and self.body.get(name))
        return next(named, None)

    @property
    def what(self) -> str:
        """What it was, in a few words."""
        if self.body is None:
            return "what was said was erased with the person"
        if self.kind == "scored":
            return f"{self.body['score']} ({self.body['tier']}) by {self.body['model']}"
        if self.kind == "delivered":
            return f"record {self.body['record']}: {str(self.body['answer']).replace('_', ' ')}"
        if self.kind == "overwritten":
            return f"record {self.body['record']}: {self.body['outcome']}"
        if self.kind == "feedback":
            return f"thumb {self.body['thumb']} on {self.body['score']}"
        return str(self.body.get("action") or self.body.get("operation") or self.kind)

    @property
    def more(self) -> str:
        """The rest of what it says, as it is kept; nothing of scores, whose lead's page tells more."""
        if self.body is None or self.kind == "scored":
            return ""
        rest = {name: value for name, value in self.body.items() if name not in (*_WHO, "action", "operation")}
        return ", ".join(f"{name.replace('_', ' ')}: {_short(value)}" for name, value in rest.items())


@dataclass(frozen=True, slots=True)
class Trail:
    """One page. ``following``: below which entry the next one begins, None on the last; ``looked``: entries seen.

    ``verifying``: a check is under way, or asked for.
    """

    rows: Sequence[Told]
    following: int | None
    looked: int
    check: Check
    verifying: bool
    newest: int
    accounts: Sequence[CrmConnection]


def read_wanted(form: Mapping[str, str]) -> Wanted:
    """Read the fields of the filter; raises ``RejectedInput`` with the sentence for who filled it in."""
    kind, lead, account = (form.get(name, "").strip() for name in ("kind", "lead", "connection"))
    if kind and kind not in KINDS:
        raise RejectedInput("Choose one of the offered kinds.")
    if lead and not (lead.isascii() and lead.isdigit() and len(lead) < 19):
        raise RejectedInput("The lead is its number, as its page's address tells it.")
    try:
        connection = UUID(account) if account else None
        since, until = (date.fromisoformat(form[name]) if form.get(name) else None for name in ("since", "until"))
    except ValueError:
        raise RejectedInput("A day is written like 2026-03-01, and the account is one of the list.") from None
    who = " ".join(form.get("who", "").split())[:_LONGEST]
    return Wanted(kind or None, who or None, int(lead) if lead else None, since, until, connection)


def trail_page(services: Services, tenant_id: UUID, wanted: Wanted, before: int | None) -> Trail:
    """Return the newest entries that are wanted, below the number ``before``."""
    with services.store.reading(tenant_id) as session:
        looked = _looked(session, tenant_id, wanted)
        among = trail.span(session, tenant_id, looked)
        newest = trail.span(session, tenant_id, Looked()).high - 1
        found: list[Told] = []
        # Where the index alone tells what fits, no entry is read that is not shown.
        size = SHOWN + 1 if wanted.who is None and wanted.connection is None else _PIECE
        seen, high = 0, among.high if before is None else min(before, among.high)
        for _ in range(_PIECES):
            if len(found) > SHOWN or high <= among.low:
                break
            rows, high = trail.piece(session, tenant_id, looked, Span(among.low, high), size)
            seen += len(rows)
            found += [one for one in map(_told, rows) if _fits(one, wanted)]
        check = chain.check_of(session, tenant_id)
        verifying = check.begun_at is not None or _asked(services, session, tenant_id)
        accounts = connections.of_tenant(session, tenant_id)
    shown = found[:SHOWN]
    following = shown[-1].seq if len(found) > SHOWN else high if high > among.low else None
    return Trail(shown, following, seen, check, verifying, newest, accounts)


def entries(services: Services, tenant_id: UUID, wanted: Wanted) -> Iterator[Sequence[Told]]:
    """Yield all entries that are wanted, the newest first, each piece read in a short view of its own."""
    with services.store.reading(tenant_id) as session:
        looked = _looked(session, tenant_id, wanted)
        among = trail.span(session, tenant_id, looked)
    high = among.high
    while high > among.low:
        with services.store.reading(tenant_id) as session:
            rows, high = trail.piece(session, tenant_id, looked, Span(among.low, high), _PIECE)
        yield [one for one in map(_told, rows) if _fits(one, wanted)]


def _looked(session: Connection, tenant_id: UUID, wanted: Wanted) -> Looked:
    """What the store looks by. The parts that only the bodies tell leave out the kinds that can't hold them."""
    kinds = set(KINDS) if wanted.kind is None else {wanted.kind}
    if wanted.who is not None:
        kinds &= set(_SAID)
    if wanted.connection is not None:
        kinds &= set(_ABOUT_ACCOUNTS)
    leads = None
    if wanted.lead is not None:
        leads = (wanted.lead, *(row.lead_id for row in successions.joined(session, tenant_id, wanted.lead)))
    narrowed = None if kinds == set(KINDS) else tuple(sorted(kinds))
    return Looked(narrowed, leads, _midnight(wanted.since), _midnight(wanted.until, timedelta(days=1)))


def _midnight(day: date | None, later: timedelta = timedelta()) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), UTC) + later


def _told(row: AnyRow) -> Told:
    return Told(row.seq, row.kind, row.at, row.lead_id, row.hash, json.loads(row.body) if row.body else None)


def _fits(one: Told, wanted: Wanted) -> bool:
    if wanted.who is not None and wanted.who.casefold() not in (one.who or "").casefold():
        return False
    return wanted.connection is None or (one.body or {}).get("connection") == str(wanted.connection)


def _asked(services: Services, session: Connection, tenant_id: UUID) -> bool:
    now = services.clock.now()
    return any(
        row.kind == KIND and row.due_at is not None and row.due_at <= now
        for row in schedules.of_tenant(session, tenant_id)
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
