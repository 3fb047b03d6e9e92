"""The stage of a rollback or a withdrawal: every lead gets back the score that it had before another model scored it.

Scores come from the ledger, word for word, as new entries with the reason of their coming. Leads that had none are
scored anew by the model that scores again; so is everybody at night.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import again, companies
from connector.services.champions import serving
from connector.services.entries import enter_again
from connector.services.job import Job
from connector.services.scored import Scoring
from connector.store import experiments, former, ledger, models, outbox, scores
from connector.store.ledger import Kept

_CHUNK = 500
WITHDRAWAL = "withdraw"
"""The kind of run that ends a trial of models (services/pipeline)."""


def run(job: Job) -> None:
    """Restore what the champion of before had said. A resumed run skips what it has restored.

    Does nothing where another model scores by now: its own run is on its way.
    """
    services, tenant_id = job.services, job.tenant_id
    with services.store.reading(tenant_id) as session:
        wanted = _wanted(session, job)
        if wanted is None:
            return
        touched = _touched(session, tenant_id, wanted)
        done = scores.of_run(session, tenant_id, job.run.id)
    expected, left = len(touched | done), sorted(touched - done)
    trigger = {wanted.why: job.run.model, "before": wanted.before}
    maker = (tenant_id, job.run.id, job.run.model, job.run.as_of)
    like = Scoring(*maker, wanted.why, trigger, outbox.REALTIME, exact=True)
    count = expected - len(left)
    for start in range(0, len(left), _CHUNK):
        leads = left[start : start + _CHUNK]
        job.go_on()
        with job.transaction() as session:
            ledger.lock(session, tenant_id)
            entries = _former(session, tenant_id, leads, wanted)
            enter_again(session, like, entries, services.clock.now())
            unknown = set(leads) - {entry.lead_id for entry in entries if entry.body is not None}
            ready = again.score_anew(services, session, tenant_id, unknown)
            count += len(leads)
            job.report(session, done=count, expected=expected)
        services.wake_all(ready)
    with job.transaction() as session:
        ways = serving.required(session, tenant_id)
        companies.refresh(session, tenant_id, ways, job.run.as_of, services.clock.now())


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be undone: all scores from the entry ``before`` on, or those of the model ``by`` alone.

    ``trials``: model → the entry that let it score a share of the leads before it scored everybody.
    """

    why: str
    before: int
    by: str | None = None
    trials: Mapping[str, int] = field(default_factory=dict)


def _wanted(session: Connection, job: Job) -> _Wanted | None:
    if job.run.kind == WITHDRAWAL:
        ended = experiments.concluded(session, job.tenant_id, experiments.WITHDRAWN)
        if not ended or ended[0].begun_seq is None:
            return None
        return _Wanted("withdrawal", ended[0].begun_seq, by=ended[0].challenger)
    champion = models.standing(session, job.tenant_id)
    if champion is None or champion.version != job.run.model or champion.restored_before is None:
        return None
    trials = {
        one.challenger: one.begun_seq
        for one in experiments.concluded(session, job.tenant_id, experiments.PROMOTED)
        if one.champion == champion.version and one.challenger and one.begun_seq is not None
    }
    return _Wanted("rollback", champion.restored_before, trials=trials)


def _touched(session: Connection, tenant_id: UUID, wanted: _Wanted) -> set[int]:
    if wanted.by is not None:
        return scores.by_model(session, tenant_id, wanted.by)
    return set(former.scored_since(session, tenant_id, wanted.before))


def _former(session: Connection, tenant_id: UUID, leads: Sequence[int], wanted: _Wanted) -> Sequence[Kept]:
    """The newest scores of before. What the model that is rolled back gave while it was tried is none of them."""
    found = former.before(session, tenant_id, leads, wanted.before)
    for version, begun in wanted.trials.items():
        mine = {entry.lead_id for entry in found if entry.body is not None and entry.body["model"] == version}
        rest = [entry for entry in found if entry.lead_id not in mine]
        found = [*rest, *former.before(session, tenant_id, [lead for lead in mine if lead is not None], begun)]
    return found
