"""The Procfile's lines as real processes on PostgreSQL and Redis, against a sandbox CRM."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import tomlkit
from click.testing import CliRunner

from connector.bootstrap import build
from connector.cli import cli
from connector.crypto import new_key
from connector.demo.browser import Browser
from connector.demo.sandboxes import SandboxCrm, command
from connector.embedded.processes import free_port, start
from connector.services.context import Services
from connector.settings import load
from tests.e2e.hosts import ROOT, Host, hosts
from tests.e2e.line import LEASE_SECONDS, PATIENCE_SECONDS, options, simplest_model

CRM = "hubspot"
TOKEN = "only-for-prometheus-" * 2
WORKERS = ("sync", "deliver", "scoring", "training", "maintenance")


def lines() -> dict[str, str]:
    """Return process → command line of the Procfile."""
    return dict(re.findall(r"^([\w-]+): (.+)$", (ROOT / "Procfile").read_text("utf-8"), re.MULTILINE))


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something; fail with its name."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)


@dataclass
class Deployment:
    """Web and beats on this machine, workers on hosts of their own."""

    front: Host
    hosts: list[Host]
    environ: Mapping[str, str]
    services: Services
    crm: SandboxCrm

    @property
    def web(self) -> str:
        """The address of the pages."""
        return self.environ["CONNECTOR_PUBLIC_URL"]

    def start_workers(self, host: Host, *queues: str) -> None:
        """Start the workers of some queues on a host."""
        for queue in queues:
            host.run(f"worker-{queue}", lines()[f"worker-{queue}"], self.environ)

    def install(self) -> None:
        """Install the app as a person would; a first run begins."""
        Browser().install(self.web, CRM, self.web)
        simplest_model(self.services.store)

    def release(self) -> tuple[int, str]:
        """Do what comes before a deployment; return its status and what it said."""
        ended = subprocess.run(
            ["sh", "-c", f"exec {lines()['release']}"],
            env=dict(self.environ),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def command(self, *words: str) -> tuple[int, str]:
        """Carry out a command of the product; return its status and what it said."""
        ended = CliRunner().invoke(cli, words, env=dict(self.environ))
        return ended.exit_code, ended.output

    def metrics(self) -> str:
        """Scrape a web process."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.get(f"{self.web}/metrics", headers=headers, timeout=30).text


def _environment(crm: SandboxCrm, folder: Path, database_url: str, redis_url: str, web: str) -> dict[str, str]:
    told = crm.population()
    tenant = {name: value for name, value in told["tenant"].items() if value not in ("", {}, None)}
    (folder / "onboarding.toml").write_text(
        tomlkit.dumps({"tenant": {**tenant, "as_of": told["as_of"], "delivery": "on"}}), "utf-8"
    )
    return {
        **os.environ,
        **crm.settings(),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PORT": web.rpartition(":")[2],
        "CONNECTOR_PUBLIC_URL": web,
        "CONNECTOR_SECRET_KEY": "only-for-tests-" * 4,
        "CONNECTOR_ENCRYPTION_KEYS": new_key(),
        "CONNECTOR_ONBOARDING_FILE": str(folder / "onboarding.toml"),
        "CONNECTOR_LEASE_SECONDS": str(LEASE_SECONDS),
        "CONNECTOR_SWEEP_SECONDS": "2",
        "CONNECTOR_LOG_FORMAT": "json",
        "CONNECTOR_METRICS_TOKEN": TOKEN,
        "OMP_NUM_THREADS": "1",
    }


@contextmanager
def deployed(folder: Path, database_url: str, redis_url: str, names: list[str]) -> Iterator[Deployment]:
    """Start a sandbox, migrate, and start web and two beats; the workers are the test's to start."""
    web = f"http://127.0.0.1:{free_port()}"
    port_file = folder / "crm.port"
    line = command(CRM, options(contacts=400), web, port_file)
    sandbox = start("crm", line, log_dir=folder, environ=os.environ, cwd=ROOT)
    try:
        until(port_file.exists, "the start of the sandbox")
        crm = SandboxCrm(CRM, f"http://127.0.0.1:{port_file.read_text('ascii')}")
        environ = _environment(crm, folder, database_url, redis_url, web)
        reaching = [int(urlsplit(address).port or 0) for address in (redis_url, crm.origin)]
        services = build(load(environ))
        with hosts(folder, names, reaching) as made:
            (folder / "front").mkdir()
            front = Host("front", folder / "front", None)
            deployment = Deployment(front, made, environ, services, crm)
            try:
                assert deployment.release() == (0, "")
                for name in ("web", "beat"):
                    front.run(name, lines()[name], environ)
                front.run("beat-again", lines()["beat"], environ)
                yield deployment
            except BaseException as error:
                error.add_note("\n".join(f"== {host.name}\n{host.logs()[-6000:]}" for host in (front, *made)))
                raise
            finally:
                for child in front.children.values():
                    child.stop()
                services.store.close()
    finally:
        sandbox.stop()
