"""The scale of the written number, followed by every value of an account before it is delivered."""

from __future__ import annotations

from connector.records import Scale
from connector.services.job import Job
from connector.store import ledger, publications, scales, tenants

_AT_ONCE = 2_000
"""Rows of one transaction, so that no other worker waits long for the database."""


def follow(job: Job) -> None:
    """Let all values of the job's account be written on its tenant's scale. May be repeated."""
    with job.services.store.reading(job.tenant_id) as session:
        wanted = Scale(tenants.get(session, job.tenant_id).settings.scale)
        meant = publications.get(session, job.connection_id).scale or Scale.HUNDRED
    after = 0
    while meant != wanted:
        job.go_on()
        with job.transaction() as session:
            # Whoever chooses holds it too: a scale that was chosen meanwhile is followed by the delivery after this.
            ledger.lock(session, job.tenant_id)
            if tenants.get(session, job.tenant_id).settings.scale != wanted:
                return
            rows = scales.page(session, job.connection_id, after, _AT_ONCE)
            scales.put_on(session, rows, wanted, job.services.clock.now())
            if rows:
                after = rows[-1].record_id
                continue
            publications.lock(session, job.tenant_id, job.connection_id)
            publications.save(session, job.connection_id, scale=str(wanted))
            meant = wanted
