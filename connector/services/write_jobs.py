"""Jobs that a CRM works on while nobody waits: noted before they may write, stopped where their claim was lost.

A worker that dies after it started a job, or gives it up, leaves it behind in the CRM's queue, where it may stand for
minutes. Its rows are asked about, and written again by the next worker: without this the job could then bring its old
values on top.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from connector.adapters.contract import CrmAdapter
from connector.crashpoints import Point, reached
from connector.services import fencing
from connector.services.context import Services
from connector.store import write_jobs
from connector.store.connections import CrmConnection

log = logging.getLogger("connector.sending")


def begun(services: Services, connection: CrmConnection, job_id: str) -> None:
    """Note a job of the claim in force, committed. Without a claim, as where fields are emptied, none is noted."""
    errand = fencing.errand()
    if errand is None:
        return
    with services.store.transaction(connection.tenant_id) as session:
        write_jobs.begin(session, (connection.tenant_id, connection.id), job_id, errand.token, services.clock.now())
    errand.jobs.add(job_id)
    reached(Point.JOB_NOTED)


def named(services: Services, connection: CrmConnection, former: str, job_id: str) -> None:
    """Note by which id the CRM knows a job that was noted as ``former`` before it was handed in."""
    errand = fencing.errand()
    if errand is None:
        return
    with services.store.transaction(connection.tenant_id) as session:
        write_jobs.rename(session, connection.id, former, job_id)
    errand.jobs.discard(former)
    errand.jobs.add(job_id)


def over(services: Services, connection: CrmConnection, job_id: str) -> None:
    """Forget a job that can write nothing any more."""
    with services.store.transaction(connection.tenant_id) as session:
        write_jobs.end(session, connection.id, job_id)
    errand = fencing.errand()
    if errand is not None:
        errand.jobs.discard(job_id)


def stop_those_left_behind(services: Services, whose: tuple[UUID, UUID], adapter: CrmAdapter, now: datetime) -> None:
    """Stop the jobs of claims that are lost; raise what the CRM raised where one may go on. ``whose``: see ``begin``.

    To be done while rows are held, before anything is asked of the CRM or written to it: what is lost later belongs to
    rows that others hold.
    """
    if not adapter.writes_in_jobs:
        return
    tenant_id, connection_id = whose
    with services.store.reading(tenant_id) as session:
        left = write_jobs.left_behind(session, connection_id, now)
    for job_id in left:
        adapter.stop_job(job_id)
        with services.store.transaction(tenant_id) as session:
            write_jobs.end(session, connection_id, job_id)
        log.info("a job that nobody waited for was stopped in connection %s", connection_id)
