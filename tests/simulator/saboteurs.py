"""One-line faults in the product, each of which must turn the oracle red: what is never seen red proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from connector.adapters.limits import Governor
from connector.services import pipeline, scoring_run, writeback
from connector.store import connections, events, inbox, intents, ledger, outbox, tables
from tests.world import OpenLane

Sabotage = Callable[[], AbstractContextManager[object]]


def _instead(owner: Any, name: str, fault: Any) -> Sabotage:
    return lambda: patch.object(owner, name, fault)


def _unfenced(session: Any, intent: Any, until: Any) -> None:
    session.execute(sa.update(tables.intents).where(tables.intents.c.id == intent.id).values(leased_until=until))


def _any_version(session: Any, parcels: Any, now: Any) -> None:
    for item in parcels:
        row = tables.outbox.c.record_id == item.record_id
        session.execute(sa.update(tables.outbox).where(row).values(status="delivered", delivered=dict(item.values)))


def _headless(session: Any, tenant: Any, entries: Any, now: Any) -> int:
    first = _append(session, tenant, entries, now)
    session.execute(sa.update(tables.ledger_heads).values(hash=ledger.GENESIS))
    return first


def _silent(session: Any, tenant: Any, entries: Any, now: Any) -> int:
    return _append(session, tenant, [item for item in entries if item.kind != "delivered"], now)


def _whatever(session: Any, record_ids: Any) -> Any:
    c = tables.outbox.c
    query = sa.select(c.record_id, c.delivered).where(c.record_id.in_(record_ids))
    return {row.record_id: row.delivered for row in session.execute(query) if row.delivered}


_append = ledger.append


@dataclass(frozen=True)
class Saboteur:
    """A fault in the product. ``weather``: the faults around it in which it shows soonest."""

    fault: Sabotage
    weather: Mapping[str, float] = field(default_factory=dict)
    watched: bool = False


DEAD = {"crash": 0.02, "unheard write": 0.4, "lost request": 0.0, "refused": 0.0, "broken": 0.0}
UNSENT = {"crash": 0.02, "lost request": 0.12, "lost answer": 0.0, "unheard write": 0.0}
CLEAR = {
    "crash": 0.0,
    "lost request": 0.0,
    "lost answer": 0.0,
    "refused": 0.0,
    "broken": 0.0,
    "locked": 0.0,
    "full": 0.0,
}
STALLED = {**CLEAR, "stall": 0.04, "slow": 0.0}

SABOTEURS = {
    "fence not checked": Saboteur(_instead(intents, "renew", _unfenced), STALLED),
    "doubt not settled": Saboteur(_instead(writeback, "_settle_doubt", lambda *_: None), DEAD),
    "doubt believed": Saboteur(_instead(writeback, "holds", lambda *_: True), UNSENT),
    "answer to any version": Saboteur(_instead(outbox, "delivered", _any_version), {**CLEAR, "slow": 0.1}),
    "inbox row lost": Saboteur(_instead(inbox, "keep", lambda _s, _t, _c, hints, _n: len(hints))),
    "double refresh": Saboteur(_instead(connections, "claim_refresh", lambda *_: True), {**CLEAR, "slow": 0.05}),
    "early events forgotten": Saboteur(_instead(events, "resolve_subjects", lambda *_: 0)),
    "chain broken": Saboteur(_instead(ledger, "append", _headless)),
    "answers not in the ledger": Saboteur(_instead(ledger, "append", _silent)),
    "unchanged written": Saboteur(_instead(scoring_run, "worth_writing", lambda *_: True), watched=True),
    "no governor": Saboteur(_instead(Governor, "lane", lambda *_, **__: OpenLane()), CLEAR),
    "no sweep": Saboteur(_instead(pipeline, "sweep", lambda *_: 0), {"lost message": 0.5}),
    "next stage too early": Saboteur(_instead(intents, "open_count", lambda *_: 0)),
    "leases not respected": Saboteur(
        _instead(intents, "_busy_elsewhere", lambda *_: sa.false()), {**CLEAR, "slow": 0.1}
    ),
    "compared with what was": Saboteur(
        _instead(outbox, "held", _whatever), {**CLEAR, "slow": 0.1, "later record": 0.3}
    ),
}
"""Name → what is spoilt. Each was seen red; ``test_saboteurs`` holds that it stays so."""
