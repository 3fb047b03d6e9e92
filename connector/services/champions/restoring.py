"""The stage of a rollback: every lead gets back the score that it had before the other model was published.

Scores come from the ledger, word for word, as new entries with the reason of their coming. Leads that had none are
scored anew by the model that scores again; so is everybody at night.
"""

from __future__ import annotations

from connector.services import again, companies, scored
from connector.services.entries import groups
from connector.services.job import Job
from connector.services.scored import Scoring
from connector.store import former, ledger, models, outbox, scores, tenants

_CHUNK = 500


def run(job: Job) -> None:
    """Restore what the champion of before had said. A resumed run skips what it has restored.

    Does nothing where another model scores by now: its own run is on its way.
    """
    services, tenant_id = job.services, job.tenant_id
    with services.store.reading(tenant_id) as session:
        champion = models.standing(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        if champion is None or champion.version != job.run.model or champion.restored_before is None:
            return
        before = champion.restored_before
        touched = former.scored_since(session, tenant_id, before)
        done = scores.of_run(session, tenant_id, job.run.id)
    expected, left = len(touched), [lead for lead in touched if lead not in done]
    trigger = {"rollback": job.run.model, "before": before}
    count = expected - len(left)
    for start in range(0, len(left), _CHUNK):
        leads = left[start : start + _CHUNK]
        job.go_on()
        with job.transaction() as session:
            ledger.lock(session, tenant_id)
            entries = former.before(session, tenant_id, leads, before)
            for model, rows, frame in groups(session, tenant_id, entries):
                scoring = Scoring(
                    tenant_id, job.run.id, model, job.run.as_of, "rollback", trigger, outbox.REALTIME, exact=True
                )
                scored.keep(session, scoring, rows, frame, settings, services.clock.now())
            unknown = set(leads) - {entry.lead_id for entry in entries if entry.body is not None}
            ready = again.score_anew(services, session, tenant_id, unknown)
            count += len(leads)
            job.report(session, done=count, expected=expected)
        services.wake_all(ready)
    with job.transaction() as session:
        companies.refresh(session, tenant_id, job.run.model, job.run.as_of, services.clock.now())
