"""The processes of a demo: sandbox, broker, web, worker and beat, as children of this one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from connector.bootstrap import build
from connector.clock import SystemClock
from connector.crypto import new_key
from connector.demo.options import DemoOptions
from connector.embedded.processes import Child, free_port, start
from connector.embedded.valkey import Broker, start_broker
from connector.errors import ConnectorError
from connector.services import maintenance
from connector.services.context import Services
from connector.settings import load

ROOT = Path(__file__).resolve().parents[2]
SWEEP_SECONDS = 5
_READY_SECONDS = 120.0
_STEP_SECONDS = 0.1


class NotReady(ConnectorError):
    """A process of the demo did not answer in time."""


@dataclass(slots=True)
class Stack:
    """What runs. ``environ`` is the product's own environment, the same for each of its processes."""

    options: DemoOptions
    folder: Path
    database_url: str | None = None
    clock: SystemClock = field(default_factory=SystemClock)
    children: dict[str, Child] = field(default_factory=dict)
    broker: Broker | None = None
    environ: dict[str, str] = field(default_factory=dict)
    sandbox: str = ""
    web: str = ""

    def start(self) -> Services:
        """Start everything in the order in which it is needed; return services of this process."""
        if not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.web = f"http://127.0.0.1:{free_port()}"
        self.sandbox = self._start_sandbox()
        self.broker = start_broker(self.folder / "broker", self.clock)
        self.environ = self._environment(self.broker.url)
        services = build(load(self.environ))
        maintenance.migrate(services)
        self._start_product()
        return services

    def alive(self) -> None:
        """Raise if any process has died."""
        for child in self.children.values():
            child.check()

    def stop(self) -> None:
        """End everything, the newest first."""
        for child in reversed(list(self.children.values())):
            child.stop()
        if self.broker is not None:
            self.broker.stop()

    def start_worker(self) -> None:
        """Start the one worker process: a pool of threads over all queues."""
        queues = "realtime,sync,deliver,training,maintenance"
        self._child(
            "worker",
            ["celery", "--quiet", "-A", "workers.app", "worker", "--pool", "threads", "--concurrency", "8"]
            + ["--queues", queues, "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
        )

    def _start_product(self) -> None:
        port = self.web.rpartition(":")[2]
        self._child(
            "web",
            ["gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
            + ["--log-level", "warning", "connector.app:create_app()"],
        )
        self.start_worker()
        schedule = str(self.folder / "beat-schedule")
        self._child(
            "beat", ["celery", "--quiet", "-A", "workers.app", "beat", "--schedule", schedule, "--loglevel", "WARNING"]
        )
        self.wait(f"{self.web}/readyz")

    def _child(self, name: str, module_command: list[str]) -> None:
        module, *rest = module_command
        command = [sys.executable, "-m", module, *rest]
        self.children[name] = start(name, command, log_dir=self.folder / "logs", environ=self.environ, cwd=ROOT)

    def wait(self, url: str, ready: Callable[[requests.Response], bool] = lambda answer: answer.ok) -> None:
        """Wait until ``url`` answers."""
        deadline = self.clock.monotonic() + _READY_SECONDS
        while self.clock.monotonic() < deadline:
            self.alive()
            try:
                if ready(requests.get(url, timeout=5)):
                    return
            except requests.ConnectionError:
                pass
            self.clock.sleep(_STEP_SECONDS)
        raise NotReady(f"{url} did not answer within {_READY_SECONDS:.0f} s. The logs are in {self.folder / 'logs'}.")

    def _environment(self, redis_url: str) -> dict[str, str]:
        kept = self._secrets()
        return {
            **os.environ,
            "CONNECTOR_DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url or f"sqlite:///{(self.folder / 'connector.db').resolve()}",
            "REDIS_URL": redis_url,
            "CONNECTOR_PUBLIC_URL": self.web,
            "CONNECTOR_SWEEP_SECONDS": str(SWEEP_SECONDS),
            "CONNECTOR_ONBOARDING_FILE": str(self.folder / "onboarding.toml"),
            "OMP_NUM_THREADS": "1",
            **kept,
        }

    def _secrets(self) -> dict[str, str]:
        """Return the secrets of this data folder; made once, readable by its owner only."""
        path = self.folder / "secrets.json"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(
                json.dumps(
                    {
                        "CONNECTOR_SECRET_KEY": secrets.token_urlsafe(48),
                        "CONNECTOR_ENCRYPTION_KEYS": new_key(),
                    }
                ),
                "utf-8",
            )
        found: dict[str, str] = json.loads(path.read_text("utf-8"))
        return found
