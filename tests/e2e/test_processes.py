"""The processes of the Procfile on several hosts: one host is lost in the middle, the rest is stopped at the end."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from celery import Celery

from connector.store import connections
from connector.store.runs import RunStatus
from connector.store.tables import intents, records
from tests import servers
from tests.e2e.hosts import Host
from tests.e2e.line import held_by_crm, progress
from tests.e2e.procfile import CRM, WORKERS, Deployment, deployed, until


def left_by_an_older_version(deployment: Deployment) -> None:
    """Queue what no worker here knows: an unknown task, too many arguments, no intent's id at all."""
    sender = Celery(broker=deployment.environ["REDIS_URL"])
    sender.send_task("connector.rescore_everything", args=[1], queue="sync")
    sender.send_task("connector.work", args=["no-id"], queue="sync")
    sender.send_task("connector.work", args=["no-id", "v1"], kwargs={"lane": "fast"}, queue="deliver")
    sender.send_task("connector.sweep", kwargs={"region": "eu"}, queue="maintenance")
    sender.close()


def at_work(host: Host, stage: str) -> bool:
    """Whether a host has begun a stage."""
    return f'"message": "stage {stage} of run' in host.logs()


def ready(deployment: Deployment) -> bool:
    """Whether the web answers that everything is there."""
    try:
        return requests.get(f"{deployment.web}/readyz", timeout=30).ok
    except requests.ConnectionError:
        return False


def secrets(deployment: Deployment) -> list[str]:
    """What no log may hold: every address of a person, and the tokens of the account."""
    services = deployment.services
    with services.store.reading() as session:
        found = [str(address) for address in session.execute(sa.select(records.c.email)).scalars() if address]
        for sealed in connections.sealed(session):
            owner = {"tenant_id": str(sealed.tenant_id), "connection_id": str(sealed.connection_id)}
            found.append(services.cipher.decrypt(sealed.text, **owner))
    assert len(found) > 300
    return found


@pytest.mark.timeout(400)
def test_a_lost_host_costs_no_score(postgres_url: str, tmp_path: Path) -> None:
    """Web, two beats, and workers on two hosts: one is lost while it reads, the other, just come, ends the run."""
    with (
        servers.fresh_database(postgres_url) as database,
        servers.redis_server(tmp_path / "redis") as redis_url,
        deployed(tmp_path, database, redis_url, ["one", "two"]) as deployment,
    ):
        left_by_an_older_version(deployment)
        lost, kept = deployment.hosts
        deployment.start_workers(lost, "sync", "realtime")
        until(lambda: ready(deployment), "readiness")
        deployment.install()
        until(lambda: at_work(lost, "sync"), "reading")
        deployment.start_workers(kept, *WORKERS)
        lost.lose()
        until(lambda: progress(deployment.services)[0].status is RunStatus.DONE, "the end of the run")
        assert at_work(kept, "deliver")
        written, _ = held_by_crm(deployment.services)
        assert written > 100
        assert deployment.crm.requests_seen().rate_limited == 0
        _told(deployment, kept, lost, written)
        for child in kept.children.values():
            child.check()
            child.stop()
            assert child.process.returncode == 0, child.name


def _told(deployment: Deployment, kept: Host, lost: Host, written: int) -> None:
    """Check what operators see: metrics of all processes, the doctor's words, logs without anybody's data."""
    until(lambda: f'connector_scores_written_total{{vendor="{CRM}"}} {written}.0' in deployment.metrics(), "counting")
    metrics = deployment.metrics()
    assert re.search(rf'connector_vendor_answers_total{{status="2xx",vendor="{CRM}"}} [1-9]', metrics)
    for role in ("web", "sync", "deliver", "scoring", "training", "maintenance"):
        assert f'process="{role}@' in metrics
    if kept.namespace:
        assert f'process="sync@{kept.name}/' in metrics
    status, said = deployment.command("doctor")
    assert "problem" not in said or "worker-realtime" in said, said
    assert status == ("problem" in said), said
    assert "beat: The last sweep was" in said
    tenant = progress(deployment.services)[0].tenant_id
    assert deployment.command("ledger", "verify", str(tenant))[1].endswith("chain unbroken, head sealed\n")
    told = "\n".join(host.logs() for host in (deployment.front, kept, lost))
    assert not [secret for secret in secrets(deployment) if secret in told]
    lines = [json.loads(line) for line in kept.logs().splitlines() if line.startswith("{")]
    assert any(line.get("tenant") == str(tenant) and line.get("stage") == "deliver" for line in lines)
    for task in ("connector.rescore_everything", "connector.work", "connector.sweep"):
        assert task in told
    with deployment.services.store.reading() as session:
        assert not session.execute(sa.select(intents.c.id).where(intents.c.status != "done")).all()
