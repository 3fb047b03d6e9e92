"""The simulator's oracle over real processes: PostgreSQL, Valkey, web and two workers, and every disaster once."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.engine import Connection

from connector.services import maintenance, pipeline
from connector.services.context import Services
from connector.store import connections, ledger, outbox
from connector.store.runs import Run, RunStatus
from tests import servers
from tests.e2e.chaos import WORKERS, Chaos, logs, plan
from tests.e2e.line import held_by_crm, options, running, until_done, until_stage
from tests.simulator import oracle

STORMS = int(os.environ.get("STORMS", "1"))
PEOPLE = 300
RULES: tuple[Any, ...] = (
    oracle.nothing_is_stuck,
    oracle.the_outbox_is_empty,
    oracle.the_chain_verifies,
    oracle.the_ledger_is_complete,
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(STORMS))
def test_every_disaster_once_changes_nothing(seed: int, tmp_path: Path) -> None:
    """The CRM ends with the newest scores, each written once; the ledger tells it all; nobody was refused."""
    with (
        servers.running_postgres(durable=True) as server,
        servers.fresh_database(server.url) as database,
        running(tmp_path, options(contacts=PEOPLE), database_url=database) as (stack, services),
    ):
        chaos = Chaos(stack, server, [])
        stack.start_worker(WORKERS[1])
        try:
            for stage, midway, disaster in plan(seed):
                until_stage(services, stage, midway=midway)
                chaos.strike(disaster)
            run = until_done(stack, services)
            written = _agree(services, run)
            maintenance.start_run(services, run.tenant_id, pipeline.REFRESH)
            assert until_done(stack, services).status is RunStatus.DONE
        except BaseException as error:
            error.add_note(f"after {chaos.told} of {plan(seed)}\n{logs(tmp_path)}")
            raise
        assert _agree(services, run) == written
        seen = stack.sandboxes["hubspot"].requests_seen()
        assert seen.rate_limited == 0
        assert seen.records_written == written


def _agree(services: Services, run: Run) -> int:
    """Ask the oracle; return how many records of the CRM hold what the ledger says last."""
    count, _ = held_by_crm(services)
    with services.store.reading() as session:
        world = SimpleNamespace(tenant_id=run.tenant_id)
        assert [sentence for rule in RULES for sentence in rule(world, session)] == []
        assert _delivered(session, run.tenant_id) == _newest(session, run.tenant_id)
    assert count > 0
    return count


def _delivered(session: Connection, tenant_id: UUID) -> list[str]:
    (connection,) = connections.of_tenant(session, tenant_id)
    return sorted(values["score"] for values in outbox.delivered_of(session, connection.id).values())


def _newest(session: Connection, tenant_id: UUID) -> list[str]:
    newest = {entry.lead_id: entry.body for entry in ledger.span(session, tenant_id, "scored")}
    return sorted(body["score"] for body in newest.values() if body)
