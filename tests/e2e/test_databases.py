"""The whole line on the embedded default, and on PostgreSQL with a Redis server of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE, STDOUT

import pytest
import sqlalchemy as sa

from connector.adapters.registry import REGISTRY
from connector.services.setup.steps import Step, setup_of
from connector.store.session import open_store
from connector.store.tables import connections, leads, outbox, records
from tests import servers
from tests.e2e.line import held_by_crm, options, running, simplest_model, until_done

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_the_demo_command_reports_what_it_did(tmp_path: Path) -> None:
    """One command, three CRMs, exit status 0; every written score was read back equal, and a person has one score."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "connector", "demo", "--once", "--contacts", "300", "--report", str(report)]
    command += ["--folder", str(tmp_path / "demo")]
    with subprocess.Popen(command, cwd=ROOT, stdout=PIPE, stderr=STDOUT, text=True) as demo:
        without_a_search(demo, tmp_path / "demo")
        said, _ = demo.communicate()
    assert demo.returncode == 0, said
    figures = json.loads(report.read_text("utf-8"))
    assert set(figures["crms"]) == set(REGISTRY)
    assert figures["crms"]["hubspot"]["records_read"] >= 300
    for crm in figures["crms"].values():
        assert crm["events_read"] > 150
        assert crm["rate_limited"] == 0
        assert crm["scores_verified"] == crm["scores_written"] > 35
    assert [stage["name"] for stage in figures["stages"]][-1] == "deliver"
    assert figures["stages"][-1]["done"] == sum(crm["scores_written"] for crm in figures["crms"].values())
    assert steps_done(tmp_path / "demo" / "connector.db") == list(Step)
    assert figures["model"]["version"].startswith("model_v")
    held = values_by_lead(tmp_path / "demo" / "connector.db")
    assert sum(len(scores) == 3 for scores in held.values()) > 12
    assert all(len(set(scores.values())) == 1 for scores in held.values())


def steps_done(database: Path) -> list[Step]:
    """Return the steps of setting up that the tenant has behind it."""
    store = open_store(f"sqlite:///{database}")
    with store.reading() as session:
        tenant_id = session.execute(sa.select(connections.c.tenant_id).limit(1)).scalar_one()
        found = setup_of(session, tenant_id)
    store.close()
    return [one.step for one in found.steps if one.done]


def without_a_search(demo: subprocess.Popen[str], folder: Path) -> None:
    """Let the demo's tenant have the simplest model once its accounts are there, which is when a worker starts."""
    while not (folder / "logs" / "worker.log").exists():
        if demo.poll() is not None:
            return
        time.sleep(0.1)
    store = open_store(f"sqlite:///{folder / 'connector.db'}")
    simplest_model(store)
    store.close()


def values_by_lead(database: Path) -> dict[int, dict[str, str]]:
    """Return lead → CRM → the score that its records hold there, after a check that each person is one lead."""
    store = open_store(f"sqlite:///{database}")
    query = (
        sa.select(records.c.lead_id, connections.c.vendor, outbox.c.delivered)
        .join(records, records.c.id == outbox.c.record_id)
        .join(connections, connections.c.id == outbox.c.connection_id)
    )
    held: dict[int, dict[str, str]] = {}
    with store.reading() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(leads)).scalar_one() == 300
        for row in session.execute(query):
            held.setdefault(row.lead_id, {})[row.vendor] = row.delivered["score"]
    store.close()
    return held


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_the_line_runs_on_postgresql_with_redis(postgres_url: str | None, tmp_path: Path) -> None:
    """The same code; only the addresses differ. In the suite test_processes and test_chaos run on them."""
    if postgres_url is None:
        pytest.skip("no PostgreSQL server; see the end of the run")
    with (
        servers.fresh_database(postgres_url) as database,
        running(tmp_path, options(), database_url=database) as (stack, services),
    ):
        until_done(stack, services)
        count, _ = held_by_crm(services)
        assert count > 150
        assert stack.sandboxes["hubspot"].requests_seen().rate_limited == 0
