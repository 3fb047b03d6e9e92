"""The product in one tuple: what happens after "install", stage by stage.

A run goes through its stages in order. Each stage is one intent for each of its
subjects (a connection, or the tenant); when the last intent of a stage is done, the
next stage's are added in the same transaction. Messages only wake workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.errors import NeedsAdmin, RetryLater
from connector.services import acts, goodbye, identity, regions, scoring_run, snapshot, sync, training, writeback
from connector.services.champions import restoring
from connector.services.context import Services
from connector.services.job import FIRST_TURN_SECONDS, TURN_SECONDS, Job, TurnOverError
from connector.store import connections, intents, models, runs, tenants
from connector.store.connections import Health
from connector.store.runs import Run, RunStatus
from connector.store.session import confine
from scoring.versions import version_for

Ready = list[tuple[str, UUID]]
"""(queue, intent id) pairs to announce once their rows are committed."""


class Scope(StrEnum):
    """What a stage is done once for."""

    CONNECTION = "connection"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the line. ``label`` is what people read."""

    name: str
    label: str
    scope: Scope
    queue: str
    run: Callable[[Job], None]


STAGES = (
    # The score fields exist before anything is learned, so that a refusal shows at once.
    Stage("prepare", "Prepare the score fields", Scope.CONNECTION, "sync", writeback.prepare),
    # Records, their property history, engagement events and outcomes, page by page.
    Stage("sync", "Read contacts and engagement", Scope.CONNECTION, "sync", sync.run),
    # One lead for each person, whatever number of records they have.
    Stage("identity", "Find the person behind each record", Scope.TENANT, "sync", identity.run),
    # Snapshots of the past, features, model, calibration, honest figures. It can't give way half-way: it has workers
    # of its own, behind which nothing else waits.
    Stage("train", "Train and test the model", Scope.TENANT, "training", training.run),
    # Probability, score, tier and reasons for every open lead; ledger and outbox.
    Stage("score", "Score the open leads", Scope.TENANT, "scoring", scoring_run.run),
    # In place of it after a rollback or a withdrawal: the scores of before, out of the ledger. Nobody waits long
    # among the quick looks, and it computes nothing.
    Stage("restore", "Bring the former scores back", Scope.TENANT, "maintenance", restoring.run),
    # Changed values into the CRM, in its largest batches, with an answer for each record.
    Stage("deliver", "Write the scores back", Scope.CONNECTION, "deliver", writeback.deliver),
)
_BY_NAME = {stage.name: stage for stage in STAGES}

QUEUES = ("realtime", "sync", "deliver", "scoring", "training", "maintenance")
"""Every queue that a worker must take from."""

FIRST = "first"
REFRESH = "refresh"
RETRAIN = "retrain"
PUBLISH = "publish"
ROLLBACK = "rollback"
WITHDRAW = restoring.WITHDRAWAL
PLANS: dict[str, tuple[str, ...]] = {
    FIRST: ("prepare", "sync", "identity", "train", "score", "deliver"),
    REFRESH: ("sync", "identity", "score", "deliver"),
    # A field or hook that somebody deleted in the CRM is made again.
    RETRAIN: ("prepare", "sync", "identity", "train", "score", "deliver"),
    # What waited for an admin's word and has it now.
    PUBLISH: ("deliver",),
    ROLLBACK: ("restore", "deliver"),
    # A model that was tried on a share of the leads and is not to stay.
    WITHDRAW: ("restore", "deliver"),
}

_CANDIDATES = 16
"""Intents that a worker tries to get at most, one after the other, before it goes back to its queue."""

READING = tuple(kind for kind, plan in PLANS.items() if "sync" in plan)
"""The kinds of runs that see what changed in the CRMs."""

BUG_ATTEMPTS = 5
"""After this many tries an unexpected error is set aside for a person."""

NOT_OWN = "This work names an account that is not its tenant's."

UNKNOWN_ATTEMPTS = 60
"""Tries, a minute apart and later five, that a stage which this version does not know is given."""


def start(services: Services, session: Connection, tenant_id: UUID, kind: str) -> Ready:
    """Add a run in the caller's transaction; return what to announce after its commit.

    ``as_of``, seed and model version are fixed here. A refresh without a model is a
    first run.
    """
    tenant = tenants.get(session, tenant_id)
    champion = models.champion(session, tenant_id)
    trains = "train" in PLANS[kind]
    if champion is None and not trains:
        kind, trains = FIRST, True
    now = services.clock.now()
    as_of = snapshot.as_of_now(tenant.settings, now)
    taken = [*models.versions(session, tenant_id), *runs.planned_models(session, tenant_id)]
    model = champion.version if champion and not trains else version_for(as_of, taken)
    run = Run(runs.new_id(), tenant_id, kind, RunStatus.WAITING, as_of, tenant.settings.seed, model, now, None, None)
    runs.create(session, run, PLANS[kind])
    return _enter(services, session, run, PLANS[kind][0])


def start_for_account(services: Services, session: Connection, tenant_id: UUID) -> Ready:
    """Let a first run read a new account: the one whose first stage is not over yet, else another."""
    latest = runs.latest(session, tenant_id, READING)
    if latest is not None and latest.kind == FIRST:
        runs.lock(session, latest.id)
        if runs.stages(session, latest.id)[PLANS[FIRST][0]].status in (RunStatus.WAITING, RunStatus.RUNNING):
            return _enter(services, session, latest, PLANS[FIRST][0])
    return start(services, session, tenant_id, FIRST)


def start_unless_waiting(services: Services, session: Connection, tenant_id: UUID) -> Ready:
    """Add a refresh unless one is waiting to begin: it will see whatever made this call."""
    latest = runs.latest(session, tenant_id, READING)
    if latest is not None and latest.status is RunStatus.WAITING:
        return []
    return start(services, session, tenant_id, REFRESH)


def publish(services: Services, session: Connection, tenant_id: UUID) -> Ready:
    """Add a run that writes what waits, unless another is to come that far, or nothing was scored yet."""
    latest = runs.latest(session, tenant_id)
    if models.champion(session, tenant_id) is None or (latest is not None and _to_deliver(session, latest)):
        return []
    return start(services, session, tenant_id, PUBLISH)


def _to_deliver(session: Connection, run: Run) -> bool:
    """Whether a run has its last stage before it; one that is stopped is resumed by its admin."""
    if run.status is RunStatus.STOPPED:
        return True
    last = runs.stages(session, run.id)[STAGES[-1].name]
    return run.status is not RunStatus.DONE and last.status is RunStatus.WAITING


def _enter(services: Services, session: Connection, run: Run, name: str) -> Ready:
    stage = _BY_NAME[name]
    intents.add(session, run.tenant_id, run.id, name, _subjects(session, run, stage), services.clock.now())
    return [(_queue(found), intent_id) for intent_id, found in intents.ready_of_run(session, run.id)]


def _subjects(session: Connection, run: Run, stage: Stage) -> Sequence[str]:
    if stage.scope is Scope.TENANT:
        return [str(run.tenant_id)]
    usable = [item for item in connections.of_tenant(session, run.tenant_id) if item.status is not Health.DISCONNECTED]
    return [str(item.id) for item in usable]


def claim(services: Services, intent_id: UUID) -> Job | None:
    """Take an intent; None when it is not due, done, or another worker's."""
    now = services.clock.now()
    with services.store.transaction() as session:
        intent = intents.claim(session, intent_id, now, now + timedelta(seconds=services.lease_seconds))
        if intent is None:
            return None
        confine(session, intent.tenant_id)
        runs.start_stage(session, intent.run_id, intent.stage, now)
        run = runs.get(session, intent.run_id)
    turn = TURN_SECONDS if intent.gave_way else FIRST_TURN_SECONDS
    reached(Point.INTENT_CLAIMED)
    return Job(services, intent, run, _peers(intent.stage), services.clock.monotonic() + turn)


def claim_next(services: Services, intent_id: UUID) -> Job | None:
    """Take the intent whose tenant's turn it is, of those that wait for the same workers as ``intent_id``.

    A message says that there is work, not whose: the order of messages is that of their sending, and a large
    tenant's may stand before everyone else's. None where nothing is due.
    """
    with services.store.reading() as session:
        stage = intents.stage_of(session, intent_id)
        if stage is None:
            return None
        found = intents.due(session, services.clock.now(), _CANDIDATES, stages=_peers(stage))
    # Another worker may be quicker with the first ones.
    return next((job for job in (claim(services, candidate) for candidate, _ in found) if job), None)


def _peers(stage: str) -> tuple[str, ...]:
    if stage not in _BY_NAME:
        return (stage,)
    return tuple(other.name for other in STAGES if other.queue == _BY_NAME[stage].queue)


def perform(job: Job) -> Ready:
    """Do the stage, then finish it and enter the next one in one transaction; or give way to others half-way."""
    stage = _known(job)
    _require_own(job, stage)
    with job.services.store.reading(job.tenant_id) as session:
        regions.require(job.services, session, job.tenant_id)
    job.go_on()
    try:
        with job.heartbeat(lambda: hand_back(job)):
            stage.run(job)
    except TurnOverError:
        return give_way(job)
    reached(Point.STAGE_DONE)
    with job.transaction() as session:
        runs.lock(session, job.run.id)
        intents.finish(session, job.intent)
        others = intents.open_count(session, job.run.id, job.intent.stage)
        ready = [] if others else _advance(session, job)
    reached(Point.INTENT_FINISHED)
    return ready


def _known(job: Job) -> Stage:
    """Return the stage of a job; raise ``RetryLater`` for one that only another version of the product knows.

    While versions are exchanged that one may be running already, or be on its way. After the patience of
    ``UNKNOWN_ATTEMPTS`` minutes it is a stage that was given up: ``NeedsAdmin``.
    """
    name, kind = job.intent.stage, job.run.kind
    if name in PLANS.get(kind, ()):
        return _BY_NAME[name]
    message = f"This version of the product knows no stage {name} in a {kind} run."
    if job.intent.attempts < UNKNOWN_ATTEMPTS:
        raise RetryLater(message, after_seconds=60.0)
    raise NeedsAdmin(message, remedy="Start a refresh: it reads, scores and writes whatever this run has not.")


def _require_own(job: Job, stage: Stage) -> None:
    """Raise ``NeedsAdmin`` for work that names another tenant's account: nobody but a hand in the database makes it."""
    if stage.scope is Scope.CONNECTION:
        with job.services.store.reading(job.tenant_id) as session:
            if not connections.owned(session, job.tenant_id, job.connection_id):
                raise NeedsAdmin(NOT_OWN, remedy="Nothing was read or written. Tell support.")


def _queue(stage: str) -> str:
    """Return a stage's queue; one that no version here knows is looked at by the least busy workers."""
    return _BY_NAME[stage].queue if stage in _BY_NAME else "maintenance"


def _advance(session: Connection, job: Job) -> Ready:
    now = job.services.clock.now()
    runs.finish_stage(session, job.run.id, job.intent.stage, now)
    plan = PLANS[job.run.kind]
    following = plan[plan.index(job.intent.stage) + 1 :]
    if not following:
        runs.finish(session, job.run.id, now)
        return []
    return _enter(job.services, session, job.run, following[0])


def give_way(job: Job) -> Ready:
    """Put a half-done stage behind everybody who waits; return what to announce."""
    with job.services.store.transaction(job.tenant_id) as session:
        intents.give_way(session, job.intent, job.services.clock.now())
    return [(_BY_NAME[job.intent.stage].queue, job.intent.id)]


def put_back(job: Job, after_seconds: float, message: str) -> None:
    """Give the stage back, to be tried again after a while."""
    with job.services.store.transaction(job.tenant_id) as session:
        due = job.services.clock.now() + timedelta(seconds=after_seconds)
        intents.put_back(session, job.intent, due, message)


def hand_back(job: Job) -> None:
    """Give the stage to another worker at once: this one is being stopped."""
    with job.services.store.transaction(job.tenant_id) as session:
        intents.put_back(session, job.intent, job.services.clock.now(), None)
    job.services.wake(_queue(job.intent.stage), job.intent.id)


def park(job: Job, message: str, health: Health | None) -> None:
    """Set the stage aside until the admin has acted; ``health`` is set on its connection, if it has one."""
    with job.services.store.transaction(job.tenant_id) as session:
        intents.park(session, job.intent, message)
        runs.stop(session, job.run.id, job.intent.stage, message)
        stage = _BY_NAME.get(job.intent.stage)
        of_account = stage is not None and stage.scope is Scope.CONNECTION
        if health is not None and of_account and connections.owned(session, job.tenant_id, job.connection_id):
            if health is Health.DISCONNECTED:
                goodbye.stop(job.services, session, job.connection_id, message)
            else:
                connections.set_health(session, job.connection_id, health, message)


def resume(services: Services, tenant_id: UUID) -> int:
    """Take up a tenant's parked stages again, once the admin has acted; return how many."""
    with services.store.transaction(tenant_id) as session:
        for item in connections.of_tenant(session, tenant_id):
            # Believed until the next stage tells otherwise.
            if item.status is Health.NEEDS_ADMIN:
                connections.set_health(session, item.id, Health.ACTIVE)
        resumed = intents.unpark(session, tenant_id, services.clock.now())
        if resumed:
            acts.record(services, session, tenant_id, "resume", stages=resumed)
        return resumed


def sweep(services: Services, limit: int = 500) -> int:
    """Announce every intent that is due, whatever became of its message; return how many."""
    with services.store.reading() as session:
        due = intents.due(session, services.clock.now(), limit)
    services.wake_all([(_queue(stage), intent_id) for intent_id, stage in due])
    return len(due)
