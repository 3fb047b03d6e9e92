"""One-line faults in the product, each of which must turn the oracle red: what is never seen red proves nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from connector.adapters.limits import Governor
from connector.services import pipeline, realtime, scored, sending, sync
from connector.services.champions import serving
from connector.services.experiments import assigning
from connector.store import (
    answers,
    claims,
    connections,
    events,
    inbox,
    intents,
    lanes,
    ledger,
    outbox,
    overrides,
    scores,
    successions,
    tables,
    write_jobs,
)
from connector.store.intents import IntentStatus
from tests.simulator import oracle
from tests.simulator.oracle import Rule
from tests.world import OpenLane

Sabotage = Callable[[], AbstractContextManager[object]]


def _instead(owner: Any, name: str, fault: Any) -> Sabotage:
    return lambda: patch.object(owner, name, fault)


def _all(*faults: Sabotage) -> Sabotage:
    def spoil() -> AbstractContextManager[object]:
        stack = ExitStack()
        for fault in faults:
            stack.enter_context(fault())
        return stack

    return spoil


_draw = assigning.held_out


def _told(*asked: Any) -> set[int]:
    _draw(*asked)
    return set()


def _undivided(ways: Any, _session: Any, _tenant: Any, lead_ids: Any = None) -> Any:
    """Score everybody by the champion, whoever is tried."""
    return {serving.Way(*ways.champion): lead_ids}


def _unfenced(session: Any, intent: Any, until: Any) -> None:
    session.execute(sa.update(tables.intents).where(tables.intents.c.id == intent.id).values(leased_until=until))


def _unfenced_lane(session: Any, piece: Any, values: Any) -> None:
    session.execute(sa.update(tables.lanes).where(tables.lanes.c.id == piece.id).values(values))


def _unfenced_turn(session: Any, piece: Any, until: Any) -> None:
    session.execute(sa.update(tables.lanes).where(tables.lanes.c.id == piece.id).values(leased_until=until))


def _unfenced_finish(session: Any, piece: Any, now: Any, *, more: bool = False) -> bool:
    """End a turn of the lane, whoever holds it now."""
    mine = tables.lanes.c.id == piece.id
    asked = session.execute(sa.select(tables.lanes.c.asked).where(mine)).scalar_one()
    again = bool(more or asked > piece.asked)
    status = IntentStatus.READY if again else IntentStatus.DONE
    session.execute(sa.update(tables.lanes).where(mine).values(status=status, due_at=now, leased_until=None))
    return again


def _events_first(offered: Any) -> Any:
    """Read what people did before the people themselves, as an index that lags behind would have it."""
    return [[stream] for stream in sorted(offered, key=lambda stream: not stream.needs_records)]


def _deaf(session: Any, piece: Any, now: Any, *, more: bool = False) -> bool:
    """Finish without looking whether somebody asked meanwhile."""
    return _finish(session, replace(piece, asked=sys.maxsize), now, more=more)


def _unasked(session: Any, tenant_id: Any, connection_id: Any, kind: Any, now: Any) -> Any:
    """Ask for no delivery."""
    return None if kind is lanes.Kind.DELIVER else _ask(session, tenant_id, connection_id, kind, now)


def _any_version(session: Any, token: Any, parcels: Any, now: Any) -> None:
    values = {"status": "delivered", "delivered": tables.outbox.c.sent, "claim": None, "leased_until": None}
    for item in parcels:
        row = tables.outbox.c.record_id == item.record_id
        session.execute(sa.update(tables.outbox).where(row).values(values))


def _renewed_at_any_time(hold: Any) -> bool:
    """Take a renewal for good that came after the lease ran out."""
    delivery = hold._delivery
    with delivery.services.store.transaction(delivery.tenant_id) as session:
        claims.renew(session, delivery.connection_id, hold.taken.token, delivery.lease())
    hold._renewed = delivery.services.clock.monotonic()
    return True


def _anybodys(_session: Any, _token: Any, parcels: Any) -> set[int]:
    return {item.record_id for item in parcels}


def _unlocked(token: Any, parcel: Any) -> Any:
    return tables.outbox.c.record_id == parcel.record_id


def _under_way(_named: Any) -> Any:
    """Take rows that another delivery holds for rows in doubt."""
    c = tables.outbox.c
    held = sa.and_(c.connection_id == sa.bindparam("account"), c.status.in_(outbox.DOUBTFUL))
    return claims._statements(held, {}, (c.record_id,))


def _headless(session: Any, tenant: Any, entries: Any, now: Any) -> int:
    first = _append(session, tenant, entries, now)
    session.execute(sa.update(tables.ledger_heads).values(hash=ledger.GENESIS))
    return first


def _silent(session: Any, tenant: Any, entries: Any, now: Any) -> int:
    return _append(session, tenant, [item for item in entries if item.kind != "delivered"], now)


def _whatever(session: Any, record_ids: Any) -> Any:
    c = tables.outbox.c
    query = sa.select(c.record_id, c.delivered).where(c.record_id.in_(record_ids))
    rows = session.execute(query).all()
    return {row.record_id: outbox.Expected(row.delivered, waits=False) for row in rows if row.delivered}


def _bodies_dropped(session: Any, tenant: Any, lead_ids: Any) -> None:
    """Let what the ledger says of a lead go with it, whoever its heir is."""
    ledger.forget(session, tenant, sorted(lead_ids))


_append = ledger.append
_finish = lanes.finish
_ask = lanes.ask


@dataclass(frozen=True)
class Saboteur:
    """A fault in the product, and the ``rule`` of the oracle that is there to see it.

    ``weather``: the faults around it in which it shows soonest. ``bared``: another safeguard of the product is taken
    away, which would hide the fault and whose loss alone breaks nothing. ``first``: the seed that is tried first, as
    it once showed the fault; only time depends on it.
    """

    fault: Sabotage
    rule: Rule
    weather: Mapping[str, float] = field(default_factory=dict)
    watched: bool = False
    bared: Sabotage = nullcontext
    first: int = 0

    def spoil(self) -> AbstractContextManager[object]:
        """Put the fault in place, and take away what would hide it."""
        return _all(self.bared, self.fault)()


DEAD = {"crash": 0.02, "unheard write": 0.4, "lost request": 0.0, "refused": 0.0, "broken": 0.0}
UNSENT = {"crash": 0.02, "lost request": 0.12, "lost answer": 0.0, "unheard write": 0.0}
CLEAR = dict.fromkeys(
    (
        "crash",
        "stall",
        "lost request",
        "lost answer",
        "unheard write",
        "half batch",
        "refused",
        "broken",
        "locked",
        "full",
    ),
    0.0,
)
STALLED_BETWEEN_CHUNKS = {**CLEAR, "slow": 0.0, "stall at SCORES_STORED": 0.2}
STALLED_WHEN_SCORED = {**CLEAR, "slow": 0.0, "stall at LANE_SCORED": 0.1}
STALLED_BEFORE_WRITING = {**CLEAR, "slow": 0.0, "stall at WRITE_LEAVES": 0.15}
STALLED_WHEN_WRITTEN = {**CLEAR, "slow": 0.0, "stall at WRITE_ANSWERED": 0.1}
SLOW = {**CLEAR, "slow": 0.1}
SLOW_JOBS = {**CLEAR, "slow job": 0.6, "crash": 0.01, "unheard write": 0.3}
UNTOLD_JOBS = {**SLOW, "half batch": 0.7}

SABOTEURS = {
    "fence not checked": Saboteur(
        _instead(intents, "renew", _unfenced), oracle.the_ledger_is_complete, STALLED_BETWEEN_CHUNKS, first=2
    ),
    "the lane's fence not checked": Saboteur(
        _all(
            _instead(lanes, "renew", _unfenced_turn),
            _instead(lanes, "finish", _unfenced_finish),
            _instead(lanes, "_change", _unfenced_lane),
        ),
        oracle.no_older_score_comes_after_a_newer_one,
        STALLED_WHEN_SCORED,
        bared=_instead(scores, "overtaken", lambda *_: set()),
        first=4,
    ),
    "hints that come meanwhile overlooked": Saboteur(
        _instead(lanes, "finish", _deaf), oracle.nothing_is_stuck, SLOW, first=13
    ),
    "the lane's delivery not asked for": Saboteur(
        _instead(lanes, "ask", _unasked), oracle.the_outbox_is_empty, CLEAR, first=10
    ),
    "older scores kept": Saboteur(
        _instead(scores, "overtaken", lambda *_: set()),
        oracle.no_older_score_comes_after_a_newer_one,
        SLOW,
        first=19,
    ),
    "older values written": Saboteur(
        _all(
            _instead(scores, "overtaken", lambda *_: set()),
            _instead(outbox, "_newer", lambda _new: sa.true()),
        ),
        oracle.the_crm_holds_the_newest_score,
        SLOW,
        first=19,
    ),
    "answers without a claim": Saboteur(
        _all(_instead(claims, "held", _anybodys), _instead(answers, "_mine", _unlocked)),
        oracle.the_ledger_is_complete,
        STALLED_WHEN_WRITTEN,
        bared=_all(_instead(intents, "renew", _unfenced), _instead(lanes, "renew", _unfenced_turn)),
        first=19,
    ),
    "rows under way taken for doubtful": Saboteur(
        _all(_instead(claims, "_doubtful_statements", _under_way), _instead(claims, "any_doubtful", lambda *_: True)),
        oracle.nothing_is_written_twice,
        SLOW,
        first=13,
    ),
    "jobs left behind go on": Saboteur(
        _instead(sending, "_stop_jobs", lambda *_: None), oracle.the_crm_holds_the_newest_score, SLOW_JOBS, first=32
    ),
    "jobs not noted": Saboteur(
        _instead(write_jobs, "begin", lambda *_: None), oracle.the_crm_holds_the_newest_score, SLOW_JOBS, first=32
    ),
    "what a try brought forgotten": Saboteur(
        _instead(answers, "unknown", lambda *_: None), oracle.the_crm_holds_the_newest_score, UNTOLD_JOBS, first=34
    ),
    "old values let go": Saboteur(
        _instead(sending._Hold, "check", lambda _hold: None),
        oracle.the_crm_holds_the_newest_score,
        STALLED_BEFORE_WRITING,
        bared=_instead(answers, "doubt", lambda *_: None),
    ),
    "a lapsed claim renewed": Saboteur(
        _instead(sending._Hold, "_beat", _renewed_at_any_time),
        oracle.the_crm_holds_the_newest_score,
        {**STALLED_BEFORE_WRITING, "stall at WRITE_LEAVES": 0.3, "later record": 0.2},
        bared=_instead(answers, "doubt", lambda *_: None),
        first=8,
    ),
    "doubt not settled": Saboteur(
        _instead(sending, "_settle_doubt", lambda *_: None),
        oracle.the_outbox_is_empty,
        DEAD,
        first=1,
    ),
    "doubt believed": Saboteur(
        _instead(sending, "holds", lambda *_: True),
        oracle.the_crm_holds_the_newest_score,
        UNSENT,
        first=5,
    ),
    "answer to any version": Saboteur(
        _instead(answers, "delivered", _any_version),
        oracle.the_crm_holds_the_newest_score,
        SLOW,
        first=41,
    ),
    "inbox row lost": Saboteur(
        _instead(inbox, "keep", lambda _s, _t, _c, hints, _n: len(hints)), oracle.the_score_follows_from_the_crms
    ),
    "double refresh": Saboteur(
        _instead(connections, "claim_refresh", lambda *_: True),
        oracle.tokens_are_refreshed_once,
        {**CLEAR, "slow": 0.05},
        first=3,
    ),
    "early events forgotten": Saboteur(
        _instead(events, "resolve_subjects", lambda *_: 0),
        oracle.every_event_is_stored_once,
        CLEAR,
        bared=_instead(sync, "_waves", _events_first),
        first=5,
    ),
    "chain broken": Saboteur(_instead(ledger, "append", _headless), oracle.the_chain_verifies, first=3),
    "answers not in the ledger": Saboteur(_instead(ledger, "append", _silent), oracle.the_ledger_is_complete, first=3),
    "bodies dropped on a join": Saboteur(
        _instead(successions, "forget_lost", _bodies_dropped), oracle.what_was_said_stays_readable, CLEAR, first=19
    ),
    "heirs not noted": Saboteur(
        _all(_instead(successions, "note", lambda *_: None), _instead(successions, "forget_lost", lambda *_: None)),
        oracle.what_was_said_stays_readable,
        CLEAR,
        first=19,
    ),
    "the held out are told": Saboteur(
        _instead(assigning, "held_out", _told), oracle.the_crm_holds_the_newest_score, CLEAR, first=6
    ),
    "a person's word forgotten": Saboteur(
        _instead(overrides, "in_force", lambda *_: {}), oracle.a_persons_word_is_told, CLEAR, first=10
    ),
    "a person's word not written": Saboteur(
        _instead(scored, "as_told", lambda values, _: values),
        oracle.the_crm_holds_the_newest_score,
        CLEAR,
        first=10,
    ),
    "a trial overlooked in whole passes": Saboteur(
        _instead(serving.Serving, "parted", _undivided),
        oracle.everybody_is_scored_by_their_arm,
        CLEAR,
        bared=_instead(serving, "strays", lambda *_: set()),
        first=2,
    ),
    "unchanged written": Saboteur(
        _all(
            _instead(scored, "worth_writing", lambda *_: True),
            _instead(sending, "worth_writing", lambda *_: True),
        ),
        oracle.nothing_is_written_without_need,
        watched=True,
        first=6,
    ),
    "no governor": Saboteur(
        _instead(Governor, "lane", lambda *_, **__: OpenLane()), oracle.budgets_are_kept, CLEAR, first=10
    ),
    "no sweep": Saboteur(
        _instead(pipeline, "sweep", lambda *_: 0), oracle.nothing_is_stuck, {"lost message": 0.5}, first=4
    ),
    "no sweep of the lane": Saboteur(
        _instead(realtime, "sweep", lambda *_: 0),
        oracle.nothing_is_stuck,
        {"lost message": 0.5},
        first=1,
    ),
    "next stage too early": Saboteur(
        _instead(intents, "open_count", lambda *_: 0), oracle.the_score_follows_from_the_crms, first=3
    ),
    "compared with what was": Saboteur(
        _instead(outbox, "expected_values", _whatever),
        oracle.the_crm_holds_the_newest_score,
        {**SLOW, "later record": 0.3},
        first=10,
    ),
}
"""Name → what is spoilt. Each was seen red; ``test_saboteurs`` holds that it stays so."""
