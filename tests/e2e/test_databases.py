"""The whole line on the embedded default, and on PostgreSQL with a Redis server of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import servers
from tests.e2e.line import held_by_crm, options, running, until_done

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_the_demo_command_reports_what_it_did(tmp_path: Path) -> None:
    """One command, exit status 0, and a report in which every written score was read back equal."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "connector", "demo", "--once", "--contacts", "1200", "--report", str(report)]
    ended = subprocess.run(
        [*command, "--folder", str(tmp_path / "demo")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    figures = json.loads(report.read_text("utf-8"))
    crm = figures["crms"]["hubspot"]
    assert crm["records_read"] >= 1200
    assert crm["events_read"] > 1200
    assert crm["rate_limited"] == 0
    assert crm["scores_verified"] == crm["scores_written"] > 300
    assert [stage["name"] for stage in figures["stages"]][-1] == "deliver"
    assert figures["model"]["version"].startswith("model_v")


@pytest.mark.timeout(300)
def test_the_line_runs_on_postgresql_with_redis(postgres_url: str | None, tmp_path: Path) -> None:
    """The same code; only the addresses differ."""
    if postgres_url is None:
        pytest.skip("no PostgreSQL server; see the end of the run")
    with (
        servers.fresh_database(postgres_url) as database,
        running(tmp_path, options(), database_url=database) as (stack, services),
    ):
        until_done(stack, services)
        count, _ = held_by_crm(services)
        assert count > 300
        assert stack.sandboxes["hubspot"].requests_seen().rate_limited == 0
