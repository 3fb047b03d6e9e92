"""What must be true once the storm is over and the work is done: each violation is a sentence."""

from __future__ import annotations

import hmac
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Scale
from connector.services.feedback.reasons import BY_HAND
from connector.services.tokens import MARGIN
from connector.store import ledger, successions, tenants
from connector.store.connections import CrmConnection, Health, of_tenant
from connector.store.experiments import HOLDOUT, MODELS
from connector.store.intents import IntentStatus
from connector.store.models import CHALLENGER, CHAMPION
from connector.store.outbox import OutboxStatus
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import (
    events,
    experiment_leads,
    experiments,
    inbox,
    intents,
    lanes,
    leads,
    models,
    outbox,
    overrides,
    records,
    runs,
)
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_payloads as bodies
from tests.simulator import quick
from tests.simulator.clocks import LARGEST_OFFSET
from tests.simulator.crm import BUDGET_SECONDS, Account, Person
from tests.simulator.network import TIMEOUT
from tests.simulator.vendor import FAILED_WRITE

if TYPE_CHECKING:
    from tests.simulator.world import World

Rule = Callable[["World", Connection], Iterator[str]]

BRING_DOUBT = (
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
    FAILED_WRITE,
)
"""Faults after which nobody knows what became of a write, so that it may be done again."""

REQUESTS_OF_A_READING = 25
"""More than one reading of an account that did not change needs, and less than a second one."""


@dataclass(frozen=True)
class Mark:
    """What the accounts had seen when nothing was left to do."""

    writes: Mapping[str, int]
    requests: Mapping[str, int]

    @classmethod
    def of(cls, accounts: Mapping[str, Account]) -> Mark:
        """Take the counts of now."""
        return cls(
            {name: len(account.writes) for name, account in accounts.items()},
            {name: account.requests for name, account in accounts.items()},
        )


def idle(store: Store) -> bool:
    """Whether no work is due or under way."""
    open_ = (IntentStatus.READY, IntentStatus.LEASED)
    query = sa.union_all(
        sa.select(intents.c.id).where(intents.c.status.in_(open_)),
        sa.select(lanes.c.id).where(lanes.c.status.in_(open_)),
    )
    with store.reading() as session:
        return session.execute(query.limit(1)).first() is None


def check(world: World, rules: Sequence[Rule]) -> list[str]:
    """Return every violation of the rules."""
    if world.tenant_id is None:
        return ["the app was never installed"]
    with world.store().reading() as session:
        return [f"{rule.__name__}: {sentence}" for rule in rules for sentence in rule(world, session)]


def _connections(world: World, session: Connection) -> list[tuple[CrmConnection, Account]]:
    assert world.tenant_id
    return [(item, world.accounts[item.vendor]) for item in of_tenant(session, world.tenant_id)]


def nobody_is_disconnected(world: World, session: Connection) -> Iterator[str]:
    """Every account is connected and usable."""
    found = _connections(world, session)
    if len(found) != len(world.accounts):
        yield f"{len(found)} of {len(world.accounts)} accounts are connected"
    for connection, account in found:
        if account.revoked or connection.status is not Health.ACTIVE:
            yield f"{connection.vendor} is {connection.status}, its grant {'ended' if account.revoked else 'good'}"


def nothing_is_stuck(world: World, session: Connection) -> Iterator[str]:
    """Every intent, every run and the real-time lane's work is done, every webhook handled."""
    for row in session.execute(sa.select(intents.c.stage, intents.c.status, intents.c.message)):
        if row.status != IntentStatus.DONE:
            yield f"stage {row.stage} is {row.status}: {row.message}"
    for row in session.execute(sa.select(lanes.c.kind, lanes.c.status, lanes.c.message)):
        if row.status != IntentStatus.DONE:
            yield f"the lane's {row.kind} is {row.status}: {row.message}"
    for status in session.execute(sa.select(runs.c.status)).scalars():
        if status != RunStatus.DONE:
            yield f"a run is {status}"
    waiting = session.execute(sa.select(sa.func.count()).where(inbox.c.handled_at.is_(None))).scalar_one()
    if waiting:
        yield f"{waiting} webhooks were not handled"


def every_person_is_known(world: World, session: Connection) -> Iterator[str]:
    """The store's open records are the CRM's, with their addresses."""
    for connection, account in _connections(world, session):
        c = records.c
        query = sa.select(c.vendor_id, c.email).where(c.connection_id == connection.id, c.removed_at.is_(None))
        stored = {row.vendor_id: row.email for row in session.execute(query)}
        there = {person.record_id: person.email for person in account.living()}
        yield from (f"{name} is missing" for name in sorted(there.keys() - stored.keys()))
        yield from (f"{name} left the CRM and is still open" for name in sorted(stored.keys() - there.keys()))
        both = sorted(there.keys() & stored.keys())
        yield from (f"{name} has an old address" for name in both if stored[name] != there[name])


def every_event_is_stored_once(world: World, session: Connection) -> Iterator[str]:
    """What living people did in the CRM is in the store, and nothing else is."""
    for connection, account in _connections(world, session):
        query = sa.select(events.c.source_id, records.c.vendor_id).select_from(
            events.outerjoin(records, records.c.id == events.c.record_id)
        )
        stored = Counter(tuple(row) for row in session.execute(query.where(events.c.connection_id == connection.id)))
        for visit in account.visits:
            times = stored.pop((visit.visit_id, visit.record_id), 0)
            if account.people[visit.record_id].removed:
                # Who went before the index showed them was never known, and might be restored.
                stored.pop((visit.visit_id, None), None)
            if times != 1 and not (times == 0 and account.people[visit.record_id].removed):
                yield f"visit {visit.visit_id} of {visit.record_id} is stored {times} times"
        yield from (f"visit {name} is nobody's or another's" for name in stored)


def the_outbox_is_empty(world: World, session: Connection) -> Iterator[str]:
    """No value waits, none is in doubt, none was given up."""
    counted = session.execute(sa.select(outbox.c.status, sa.func.count()).group_by(outbox.c.status))
    yield from (f"{count} rows are {status}" for status, count in counted if status != OutboxStatus.DELIVERED)


def no_job_is_left(world: World, session: Connection) -> Iterator[str]:
    """No CRM has a job in its queue that would still bring something."""
    for name, account in world.accounts.items():
        yield from (f"{name} still works on {job.job_id}" for job in account.queue.unfinished() if job.values)


def the_chain_verifies(world: World, session: Connection) -> Iterator[str]:
    """The ledger's hashes hold from its first entry to its last."""
    assert world.tenant_id
    broken = ledger.verify(session, world.tenant_id).broken_at
    if broken is not None:
        yield f"the chain breaks at entry {broken}"


def the_crm_holds_the_newest_score(world: World, session: Connection) -> Iterator[str]:
    """Each record of each CRM shows the newest scored entry of its lead; of who is held out it shows nothing."""
    newest, hidden = _newest_scores(world, session), _held_out(world, session)
    assert world.tenant_id
    scale = tenants.get(session, world.tenant_id).settings.scale
    for connection, account in _connections(world, session):
        for person, lead in _leads(session, connection.id, account):
            held, wanted = account.held.get(person.record_id), newest.get(lead)
            if lead in hidden:
                if held is not None:
                    yield f"{person.record_id} shows {_shown(held)}, although lead {lead} is held out"
                continue
            if held is None or wanted is None or _shown(held) != _meant(wanted[1], scale):
                meant = wanted and (wanted[0], _meant(wanted[1], scale))
                yield f"{person.record_id} shows {held and _shown(held)}, not {meant}"


def everybody_is_scored_by_their_arm(world: World, session: Connection) -> Iterator[str]:
    """Where a model is tried its companies' people have its score, and everybody else has the champion's."""
    assert world.tenant_id
    t, newest = experiments.c, _newest_scores(world, session)
    trial = session.execute(sa.select(t.key, t.share).where(t.kind == MODELS, t.ended_at.is_(None))).one_or_none()
    tried = session.execute(sa.select(models.c.version).where(models.c.status == CHALLENGER)).scalar()
    champion = session.execute(sa.select(models.c.version).where(models.c.status == CHAMPION)).scalar_one()
    companies = {row.id: row.company_key for row in session.execute(sa.select(leads.c.id, leads.c.company_key))}
    for connection, account in _connections(world, session):
        for _, lead in _leads(session, connection.id, account):
            company = companies.get(lead)
            unit = hmac.new(trial.key.encode(), (company or f"lead:{lead}").encode(), "sha256") if trial else None
            drawn = unit is not None and int(unit.hexdigest()[:16], 16) / 16**16 < float(trial.share if trial else 0)
            wanted, entry = tried if drawn else champion, newest.get(lead)
            if entry is None or entry[1]["model"] != wanted:
                yield f"lead {lead} of {company} is scored by {entry and entry[1]['model']}, not by {wanted}"


def the_score_follows_from_the_crms(world: World, session: Connection) -> Iterator[str]:
    """The newest score is what the accounts, all together, tell of the person."""
    truth = _truth(world)
    newest = _newest_scores(world, session)
    for connection, account in _connections(world, session):
        for person, lead in _leads(session, connection.id, account):
            visits, homes = truth[person.email]
            wanted = (str(Decimal(quick.tenths(visits, homes)) / 10), quick.sentence(visits, homes))
            entry = newest.get(lead)
            if entry is None or (entry[1]["score"], entry[1]["reasons"][0]["sentence"]) != wanted:
                said = entry and (entry[0], entry[1]["score"], entry[1]["reasons"])
                yield f"{person.record_id} should score {wanted}, not {said}"


def a_persons_word_is_told(world: World, session: Connection) -> Iterator[str]:
    """The newest entry of a lead says what a person set it to, as long as that holds, and nothing else set by hand."""
    holds: dict[int, str] = {}
    query = sa.select(overrides.c.id, records.c.lead_id).join(records, records.c.id == overrides.c.record_id)
    query = query.where(overrides.c.ended_at.is_(None)).order_by(overrides.c.made_at, overrides.c.id)
    for row in session.execute(query):
        holds[row.lead_id] = str(row.id)
    newest = _newest_scores(world, session)
    for connection, account in _connections(world, session):
        for person, lead in _leads(session, connection.id, account):
            told = newest[lead][1].get("by_hand", {}).get("override") if lead in newest else None
            if told != holds.get(lead):
                yield f"{person.record_id} is told by the word {told}, not by {holds.get(lead)}"


def the_ledger_is_complete(world: World, session: Connection) -> Iterator[str]:
    """A run or turn scores a lead once, and what a record holds has an entry that tells the CRM's answer."""
    entries = _entries(world, session, "scored")
    # Where a trial of a model begins or ends half-way a run scores some leads by both, one after the other.
    last: dict[int, tuple[str, str]] = {}
    for seq, lead, body in entries:
        if "override" in body.get("trigger", ()):
            # A person's word has a score of before said again.
            continue
        by = (body["run"], body["model"])
        if last.get(lead) == by:
            yield f"run {by[0][:8]} scored lead {lead} by {by[1]} twice, again in entry {seq}"
        last[lead] = by
    as_of = {seq: (body["as_of"], body["model"]) for seq, _, body in entries}
    answered: dict[tuple[str, str, tuple[str, str]], Counter[int]] = defaultdict(Counter)
    doubted: set[tuple[str, str]] = set()
    for _, _, body in _entries(world, session, "delivered"):
        record = (body["connection"], body["record"])
        answered[(*record, as_of[body["scored"]])][body["scored"]] += "written" in body["answer"]
        if "too late" in body["answer"]:
            doubted.add(record)
    c = outbox.c
    held = sa.select(c.connection_id, records.c.vendor_id, c.delivered).join(records, records.c.id == c.record_id)
    for row in session.execute(held.where(c.status == OutboxStatus.DELIVERED)):
        record = (str(row.connection_id), row.vendor_id)
        by_entry = answered[(*record, (row.delivered["updated_at"], row.delivered["model"]))].values()
        times = max(by_entry, default=0)
        # Where an answer came too late, the CRM was asked again, and that is told as well.
        if times < 1 or (times > 1 and record not in doubted):
            yield f"{times} entries tell that {row.vendor_id} got the score as of {row.delivered['updated_at']}"


def what_was_said_stays_readable(world: World, session: Connection) -> Iterator[str]:
    """Every score and delivery that was ever entered says what it said, and an erasure would find whom it is about.

    Nobody asks to be forgotten in a storm.
    """
    assert world.tenant_id
    same = sa.and_(ledger_table.c.tenant_id == bodies.c.tenant_id, ledger_table.c.seq == bodies.c.seq)
    query = sa.select(ledger_table.c.seq, ledger_table.c.kind, ledger_table.c.lead_id, bodies.c.body)
    told = ledger_table.c.kind.in_(("scored", "delivered"))
    query = query.select_from(ledger_table.outerjoin(bodies, same)).where(told)
    rows = session.execute(query.where(ledger_table.c.tenant_id == world.tenant_id).order_by(ledger_table.c.seq)).all()
    yield from (f"entry {row.seq} ({row.kind}) of lead {row.lead_id} says nothing" for row in rows if row.body is None)
    leads = {row.lead_id for row in rows}
    known = set(session.execute(sa.select(records.c.lead_id).distinct()).scalars())
    known |= successions.findable(session, world.tenant_id, leads)
    yield from (f"lead {lead} ended, and nobody is its heir" for lead in sorted(leads - known))


def no_older_score_comes_after_a_newer_one(world: World, session: Connection) -> Iterator[str]:
    """Of each lead the ledger's entries follow each other in time: an older score leaves nothing behind."""
    newest: dict[int, str] = {}
    for seq, lead, body in _entries(world, session, "scored"):
        if datetime.fromisoformat(body["as_of"]) < datetime.fromisoformat(newest.get(lead, body["as_of"])):
            yield f"entry {seq} scores lead {lead} as of {body['as_of']}, after {newest[lead]}"
        newest[lead] = body["as_of"]


def nothing_is_written_twice(world: World, session: Connection) -> Iterator[str]:
    """Where no fault brought a write in doubt, no record was given what it held."""
    if any(world.storm.struck[kind] for kind in BRING_DOUBT):
        return
    for name, account in world.accounts.items():
        twice = [item for item in account.writes[world.written_before[name] :] if not item.changed]
        yield from (f"{item.record_id} was given at {item.at:.1f} what it held, in {name}" for item in twice)


def nothing_is_written_without_need(world: World, session: Connection) -> Iterator[str]:
    """When nothing changes any more nothing is written, and a reading costs what a reading costs."""
    if world.mark is None:
        return
    for name, account in world.accounts.items():
        written = len(account.writes) - world.mark.writes[name]
        asked = account.requests - world.mark.requests[name]
        if written:
            yield f"{name} was written {written} times although nothing had changed"
        if asked > REQUESTS_OF_A_READING:
            yield f"{name} was asked {asked} times although nothing had changed"


def budgets_are_kept(world: World, session: Connection) -> Iterator[str]:
    """No CRM had to refuse a request because of ours, unless the windows were lost with the broker."""
    forgiven = (world.flushed_at, world.flushed_at + BUDGET_SECONDS + TIMEOUT)
    for name, account in world.accounts.items():
        ours = [at for at in account.overruns if not forgiven[0] <= at <= forgiven[1]]
        if ours:
            yield f"{name} refused {len(ours)} requests, the first at {ours[0]:.1f}"


def tokens_are_refreshed_once(world: World, session: Connection) -> Iterator[str]:
    """Between two refreshes lies the life of a token, but for one whose answer did not arrive."""
    for name, account in world.accounts.items():
        if account.token_seconds is None:
            continue
        least = account.token_seconds - MARGIN.total_seconds() - 2 * LARGEST_OFFSET
        pairs = zip(account.refreshes, account.refreshes[1:], strict=False)
        early = [later for former, later in pairs if later - former < least and former not in account.unheard]
        if early:
            yield f"{name}'s tokens were refreshed {len(early)} times too often, first at {early[0]:.1f}"


AT_ONCE = (
    nobody_is_disconnected,
    nothing_is_stuck,
    the_outbox_is_empty,
    the_chain_verifies,
    the_crm_holds_the_newest_score,
    the_ledger_is_complete,
    what_was_said_stays_readable,
    no_older_score_comes_after_a_newer_one,
    nothing_is_written_twice,
    nothing_is_written_without_need,
    budgets_are_kept,
    tokens_are_refreshed_once,
    no_job_is_left,
)
"""What holds as soon as no work is left."""

BY_THE_CLOCK = (
    every_person_is_known,
    every_event_is_stored_once,
    the_score_follows_from_the_crms,
    a_persons_word_is_told,
    everybody_is_scored_by_their_arm,
)
"""What no webhook told is found by the next reading by the clock: this holds after that."""


def _leads(session: Connection, connection_id: UUID, account: Account) -> list[tuple[Person, int]]:
    query = sa.select(records.c.vendor_id, records.c.lead_id).where(records.c.connection_id == connection_id)
    lead = {row.vendor_id: row.lead_id for row in session.execute(query)}
    return [(person, lead[person.record_id]) for person in account.living() if person.record_id in lead]


def _newest_scores(world: World, session: Connection) -> dict[int, tuple[int, Any]]:
    """Lead → (entry, what was scored as of the latest instant), by whomever: a run, or a turn of the lane."""
    entries = _entries(world, session, "scored")
    entries.sort(key=lambda entry: (datetime.fromisoformat(entry[2]["as_of"]), entry[0]))
    return {lead: (seq, body) for seq, lead, body in entries}


def _held_out(world: World, session: Connection) -> set[int]:
    """Who was drawn to be held out, but for those who got a record that another person's score was written to."""
    c = experiment_leads.c
    held_back = sa.select(experiments.c.id).where(experiments.c.kind == HOLDOUT)
    drawn = set(session.execute(sa.select(c.lead_id).where(~c.treated, c.experiment_id.in_(held_back))).scalars())
    if not drawn:
        return drawn
    scored = {seq: lead for seq, lead, _ in _entries(world, session, "scored")}
    query = sa.select(records.c.connection_id, records.c.vendor_id, records.c.lead_id)
    of_record = {
        (str(row.connection_id), row.vendor_id): row.lead_id
        for row in session.execute(query.where(records.c.lead_id.in_(drawn)))
    }
    for _, _, body in _entries(world, session, "delivered"):
        lead = of_record.get((body["connection"], body["record"]))
        if scored.get(body["scored"]) != lead:
            drawn.discard(lead or 0)
    return drawn


def _entries(world: World, session: Connection, kind: str) -> list[tuple[int, int, Any]]:
    same = sa.and_(ledger_table.c.tenant_id == bodies.c.tenant_id, ledger_table.c.seq == bodies.c.seq)
    query = sa.select(ledger_table.c.seq, ledger_table.c.lead_id, bodies.c.body).join(bodies, same)
    query = query.where(ledger_table.c.tenant_id == world.tenant_id, ledger_table.c.kind == kind)
    found = session.execute(query.order_by(ledger_table.c.seq))
    return [(row.seq, row.lead_id, json.loads(row.body)) for row in found]


def _shown(held: Mapping[str, str]) -> tuple[str, ...]:
    return held["lead_score"], held["lead_score_tier"], held["lead_score_reasons"]


def _meant(body: Mapping[str, Any], scale: str) -> tuple[str, ...]:
    """What a CRM is to show by an entry, on a scale: a person's word where it holds one, else the model's."""
    word = body.get("by_hand")
    score = Decimal((word or body)["score"])
    number = str(score if scale == Scale.HUNDRED else score / 100)
    if word:
        return number, word["tier"], BY_HAND[word["reason"]]
    return number, body["tier"], " · ".join(item["sentence"] for item in body["reasons"])


def _truth(world: World) -> dict[str, tuple[int, int]]:
    """E-mail address → visits and records at home, over all accounts."""
    found: dict[str, tuple[int, int]] = {}
    for account in world.accounts.values():
        visits = Counter(visit.record_id for visit in account.visits)
        for person in account.living():
            done, homes = found.get(person.email, (0, 0))
            at_home = person.history[-1][1] == quick.HOME
            found[person.email] = (done + visits[person.record_id], homes + at_home)
    return found
