"""One delivery at work: rows taken under a claim, sent in batches, each answer kept with its ledger entry.

Two of them may work on one account. Neither touches a row that the other holds, and an answer that comes after the
claim was lost is not believed: the CRM is asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmAdapter
from connector.crashpoints import Point, reached
from connector.errors import ConnectorError, LostLease, Stopping
from connector.records import ScoreWrite, WriteOutcome, WriteResult
from connector.services import fencing, overwriting, write_jobs
from connector.services.allowance import allowance
from connector.services.context import Services
from connector.services.heartbeat import heartbeat
from connector.services.holding import holds
from connector.services.hurrying import hurry
from connector.services.job import TurnOverError
from connector.services.values import from_json, worth_writing
from connector.store import answers, claims, leads, ledger, outbox, publications, tenants
from connector.store import write_jobs as jobs_noted
from connector.store.claims import Claim, Parcel, Wanted
from connector.store.session import UNAVAILABLE
from connector.telemetry.series import WRITTEN

log = logging.getLogger("connector.sending")

T = TypeVar("T")

PARALLEL_WRITES = 4
TAKEN_AT_ONCE = 10_000
"""Rows that are on their way at one time, and so in doubt after a crash; but never less than one batch.

No database takes more than some ten thousand values in one list.
"""

RECORDED_AT_ONCE = 2_000
"""Records of one transaction, so that no other worker waits long for the database."""

OLDEST_SENT = 0.5
"""The part of a lease after which nothing leaves that was not renewed. The rest is for the request's way to the CRM:
whoever takes the rows over asks there what arrived. A heartbeat renews at a third; where one fails, what would leave
before the next is given up and asked about."""

SCORE = "lead_score"
"""Our name of the score's field (``connector.adapters.contract``)."""

MAX_ATTEMPTS = 30
LONGEST_PAUSE = timedelta(minutes=15)
"""Thirty tries with such pauses take more than five hours: an outage of the CRM sets no record aside."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One delivery of an account's rows. ``transaction`` opens a writing one that only its owner can commit.

    ``report`` tells in such a transaction how far it is. ``turn_is_over`` says whether to let others work before it
    goes on (``TurnOverError``). ``record_ids`` None: of any record.
    """

    services: Services
    tenant_id: UUID
    connection_id: UUID
    vendor: str
    adapter: CrmAdapter
    batch: int
    transaction: Callable[[], AbstractContextManager[Connection]]
    report: Callable[[Connection], None] = lambda _session: None
    turn_is_over: Callable[[], bool] = lambda: False
    record_ids: Sequence[int] | None = None

    def now(self) -> datetime:
        """Return the current time."""
        return self.services.clock.now()

    def lease(self) -> datetime:
        """Return until when a claim holds that is made or renewed now."""
        return self.now() + timedelta(seconds=self.services.lease_seconds)

    def let_others(self) -> None:
        """Stop where no row is held, if others wait and this had its turn."""
        if self.turn_is_over():
            raise TurnOverError


def send_due(delivery: Sending) -> None:
    """Settle what a lost worker left in doubt, then write everything that is due and allowed."""
    _settle_doubt(delivery)
    most = max(delivery.batch, min(delivery.batch * PARALLEL_WRITES, TAKEN_AT_ONCE))
    with ThreadPoolExecutor(PARALLEL_WRITES, thread_name_prefix="write") as pool:
        while True:
            begun = delivery.services.clock.monotonic()
            taken = _take(delivery, most)
            if taken is None:
                return
            hold = _Hold(delivery, taken, begun)
            with hold.kept():
                _stop_jobs(delivery, hold)
                _send(delivery, pool, hold)
            if not _any_due(delivery):
                return
            delivery.let_others()


def _any_due(delivery: Sending) -> bool:
    """Whether something is due, allowed or not: most often nothing is, and nobody has to wait for a transaction."""
    with delivery.services.store.reading(delivery.tenant_id) as session:
        due = outbox.next_due(session, delivery.connection_id, written_before=False, record_ids=delivery.record_ids)
    return due is not None and due <= delivery.now()


def _take(delivery: Sending, most: int) -> Claim | None:
    """Claim due rows; None: there are none, or none may be written. What the CRM holds anyway is put to rest."""
    # Before anything is claimed: afterwards the next worker would have to ask the CRM.
    if delivery.services.stopping():
        raise Stopping("This worker is being stopped; another one goes on.")
    with delivery.transaction() as session:
        now = delivery.now()
        allowed = allowance(session, delivery.tenant_id, delivery.connection_id, now)
        if allowed.closed:
            return None
        limit = most if allowed.most is None else min(most, allowed.most)
        wanted = Wanted(limit, allowed.written_before, delivery.record_ids)
        taken = claims.claim(session, delivery.connection_id, wanted, now, delivery.lease())
        if not taken.parcels:
            return None
        step = tenants.get(session, delivery.tenant_id).settings.minimum_step
        same = [item for item in taken.parcels if not worth_writing(item.values, item.delivered, step)]
        if same:
            answers.unchanged(session, taken.token, same)
        resting = {item.record_id for item in same}
        parcels = [item for item in taken.parcels if item.record_id not in resting]
        publications.count(session, delivery.connection_id, allowed.night, len(parcels))
    reached(Point.PARCELS_TAKEN)
    return Claim(taken.token, parcels)


class _Hold:
    """A claim in this process's hands. ``begun`` is the clock's ``monotonic`` before it was taken.

    Once its lease ran out it is lost for good: a renewal that comes later may find rows that others hold by now.
    """

    def __init__(self, delivery: Sending, taken: Claim, begun: float) -> None:
        self.taken = taken
        self._delivery = delivery
        self._renewed = begun

    def kept(self) -> AbstractContextManager[None]:
        """Renew the lease in the background while the CRM is waited for."""
        return heartbeat("claim", self._delivery.services.lease_seconds / 3, self._beat)

    def _beat(self) -> bool:
        delivery, begun = self._delivery, self._delivery.services.clock.monotonic()
        try:
            with delivery.services.store.transaction(delivery.tenant_id) as session:
                claims.renew(session, delivery.connection_id, self.taken.token, delivery.lease())
        except UNAVAILABLE:
            # The lease outlives two beats that fail.
            log.warning("a claim of connection %s was not renewed: the database is away", delivery.connection_id)
            return True
        if delivery.services.clock.monotonic() - self._renewed > delivery.services.lease_seconds:
            return False
        self._renewed = begun
        return True

    def give_up(self, parcels: Sequence[Parcel], jobs: Collection[str] = ()) -> None:
        """Leave rows in doubt, and jobs to whoever holds rows of the account next."""
        delivery = self._delivery
        with delivery.transaction() as session:
            claims.release(session, self.taken.token, parcels)
            jobs_noted.give_up(session, delivery.connection_id, jobs)

    def check(self) -> None:
        """Raise ``LostLease`` where this process stood still: another one may be writing newer values by now."""
        services = self._delivery.services
        if services.clock.monotonic() - self._renewed > services.lease_seconds * OLDEST_SENT:
            raise LostLease("Values were taken too long ago to be sent; the CRM is asked about them first.")


def _send(delivery: Sending, pool: ThreadPoolExecutor, hold: _Hold) -> None:
    """Write batches at one time and keep every answer that came; raise the first error of those that got none."""
    failed: Exception | None = None
    taken = hold.taken
    batches = cut(taken.parcels, delivery.batch)
    # A single batch, as of a lead that comes alone, needs no thread of its own.
    answered: list[Callable[[], Mapping[str, WriteResult]]]
    if len(batches) == 1:
        answered = [partial(_write, hold, delivery.adapter, batches[0])]
    else:
        answered = [pool.submit(_write, hold, delivery.adapter, sent).result for sent in batches]
    for sent, answer in zip(batches, answered, strict=True):
        try:
            results = answer()
        except ConnectorError as error:
            failed = failed or error
            continue
        for part in cut(sent, RECORDED_AT_ONCE):
            _record(delivery, taken.token, part, results)
    if failed is not None:
        raise failed


def cut(things: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return things in lists of at most ``size``."""
    return [things[start : start + size] for start in range(0, len(things), size)]


def _write(hold: _Hold, adapter: CrmAdapter, parcels: Sequence[Parcel]) -> Mapping[str, WriteResult]:
    writes = [ScoreWrite(item.vendor_id, from_json(item.values), item.marks or {}) for item in parcels]
    errand = fencing.Errand(hold.taken.token)
    try:
        with fencing.fenced(hold.check, errand):
            results = adapter.write_scores(writes)
    except ConnectorError:
        hold.give_up(parcels, errand.jobs)
        raise
    if errand.jobs:
        # Its answers are known as far as it came; what it does from now on is not.
        hold.give_up((), errand.jobs)
    reached(Point.WRITE_ANSWERED)
    return {result.record_id: result for result in results}


def _record(delivery: Sending, token: UUID, sent: Sequence[Parcel], results: Mapping[str, WriteResult]) -> None:
    """Keep the CRM's answer for each record, with its ledger entry, in one transaction.

    Also where the work was given to another worker meanwhile: the claim alone tells whose answers count, and of those
    that don't it must be known that something arrived late.
    """
    now = delivery.now()
    with delivery.services.store.transaction(delivery.tenant_id) as session:
        # First of all, as scoring does: who holds rows and waits for the chain could wait for one who waits for rows.
        ledger.lock(session, delivery.tenant_id)
        held = claims.held(session, token, sent)
        mine = [item for item in sent if item.record_id in held]
        arrived = [item for item in mine if results[item.vendor_id].outcome is WriteOutcome.WRITTEN]
        answers.delivered(session, token, arrived, now)
        for item in arrived:
            _remark(session, item, results[item.vendor_id])
        for item in mine:
            _settle_failure(session, delivery, token, item, results[item.vendor_id])
        entries = [_entry(delivery, item, *_answer(results[item.vendor_id])) for item in mine]
        late = [
            item
            for item in sent
            if item.record_id not in held and results[item.vendor_id].outcome is WriteOutcome.WRITTEN
        ]
        # Of who was erased meanwhile nothing is written down any more.
        known = leads.existing(session, delivery.tenant_id, [item.lead_id for item in late if item.lead_id])
        late = [item for item in late if item.lead_id in known]
        answers.doubt(session, late)
        # Whoever wrote to them last may have ended, and nobody else would look.
        asked = _look_at(session, delivery, late)
        entries += [_entry(delivery, item, "written, told too late to be believed") for item in late]
        if entries:
            ledger.append(session, delivery.tenant_id, entries, now)
        publications.refund(session, delivery.connection_id, len(mine) - len(arrived))
        delivery.report(session)
    reached(Point.WRITE_RECORDED)
    delivery.services.wake_all(asked)
    _count(delivery, len(arrived))


def _look_at(session: Connection, delivery: Sending, late: Sequence[Parcel]) -> list[tuple[str, UUID]]:
    found = [(item.lead_id, item.record_id, delivery.connection_id) for item in late if item.lead_id is not None]
    return hurry(session, delivery.tenant_id, found, delivery.now())


def _remark(session: Connection, parcel: Parcel, result: WriteResult) -> None:
    if result.message or (result.marks is not None and dict(result.marks) != (parcel.marks or {})):
        answers.remark(session, parcel, result.message, result.marks)


def _answer(result: WriteResult) -> tuple[str, str]:
    """Return the outcome, and what was left undone of a record that was written."""
    return result.outcome, result.message if result.outcome is WriteOutcome.WRITTEN else ""


def _entry(delivery: Sending, parcel: Parcel, outcome: str, left_undone: str = "") -> ledger.Entry:
    body = {
        "connection": str(delivery.connection_id),
        "record": parcel.vendor_id,
        "scored": parcel.ledger_seq,
        "answer": str(outcome),
        "written": delivery.adapter.rendered(from_json(parcel.values)).get(SCORE, ""),
    } | ({"left_undone": left_undone} if left_undone else {})
    return ledger.Entry("delivered", parcel.lead_id, body)


def _settle_failure(session: Connection, delivery: Sending, token: UUID, parcel: Parcel, result: WriteResult) -> None:
    now = delivery.now()
    if result.unknown:
        answers.unknown(session, token, parcel)
    if result.outcome is WriteOutcome.GONE:
        answers.drop(session, token, parcel)
    elif result.outcome is WriteOutcome.NEEDS_ADMIN or (
        result.outcome is WriteOutcome.RETRY and parcel.attempts + 1 >= MAX_ATTEMPTS
    ):
        answers.bury(session, token, parcel, result.message, now)
    elif result.outcome is WriteOutcome.RETRY:
        due = now + min(timedelta(seconds=2 ** (parcel.attempts + 1)), LONGEST_PAUSE)
        answers.again(session, token, parcel, due, result.message)


def _settle_doubt(delivery: Sending) -> None:
    """Ask the CRM about rows that a lost worker was sending, and about values that somebody seems to have changed."""
    wanted = Wanted(min(delivery.batch, RECORDED_AT_ONCE), record_ids=delivery.record_ids)
    while True:
        # Nearly always there is none: then nobody has to wait for a writing transaction.
        with delivery.services.store.reading(delivery.tenant_id) as session:
            if not claims.any_doubtful(session, delivery.connection_id, wanted, delivery.now()):
                return
        delivery.let_others()
        begun = delivery.services.clock.monotonic()
        with delivery.transaction() as session:
            taken = claims.claim_doubtful(session, delivery.connection_id, wanted, delivery.now(), delivery.lease())
        if not taken.parcels:
            return
        reached(Point.DOUBT_TAKEN)
        held = _asked(delivery, _Hold(delivery, taken, begun))
        reached(Point.DOUBT_ASKED)
        _settle(delivery, taken, held)


def _asked(delivery: Sending, hold: _Hold) -> Mapping[str, Mapping[str, str]]:
    """Return what the CRM holds; where it does not answer the rows are given up, for the next try to take."""
    with hold.kept():
        _stop_jobs(delivery, hold)
        try:
            return delivery.adapter.read_scores([item.vendor_id for item in hold.taken.parcels])
        except ConnectorError:
            hold.give_up(hold.taken.parcels)
            raise


def _stop_jobs(delivery: Sending, hold: _Hold) -> None:
    """Let nothing that an earlier claim began arrive after this one; where that can't be had its rows are given up."""
    whose = (delivery.tenant_id, delivery.connection_id)
    try:
        write_jobs.stop_those_left_behind(delivery.services, whose, delivery.adapter, delivery.now())
    except ConnectorError:
        hold.give_up(hold.taken.parcels)
        raise


def _settle(delivery: Sending, taken: Claim, held: Mapping[str, Mapping[str, str]]) -> None:
    now = delivery.now()
    with delivery.transaction() as session:
        ledger.lock(session, delivery.tenant_id)
        still = claims.held(session, taken.token, taken.parcels)
        mine = [item for item in taken.parcels if item.record_id in still]
        arrived = [item for item in mine if holds(delivery.adapter, item.values, held.get(item.vendor_id, {}))]
        answers.delivered(session, taken.token, arrived, now)
        there = {item.record_id for item in arrived}
        changed = [item for item in mine if item.suspect and item.record_id not in there and item.vendor_id in held]
        entries = [_entry(delivery, item, "written, found by reading back") for item in arrived if not item.suspect]
        entries += overwriting.settle(session, delivery.tenant_id, taken.token, changed, now)
        settled = there | {item.record_id for item in changed}
        lost = [item for item in mine if item.record_id not in settled]
        for item in lost:
            told = held.get(item.vendor_id)
            if told is None or item.delivered is None or not holds(delivery.adapter, item.delivered, told):
                answers.unknown(session, taken.token, item)
            answers.again(session, taken.token, item, now, None)
        if entries:
            ledger.append(session, delivery.tenant_id, entries, now)
        publications.refund(session, delivery.connection_id, len(lost))
    reached(Point.DOUBT_SETTLED)
    _count(delivery, len(arrived))


def _count(delivery: Sending, arrived: int) -> None:
    delivery.services.counts.add(WRITTEN, delivery.vendor, amount=arrived)
