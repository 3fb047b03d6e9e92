"""The processes of a demo: sandboxes, broker, web, worker and beat, as children of this one."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests
import tomlkit

from connector.bootstrap import build
from connector.clock import SystemClock
from connector.crypto import new_key
from connector.demo.options import DemoOptions
from connector.demo.sandboxes import SandboxCrm, chosen_crms, command
from connector.embedded.processes import Child, ProcessDied, free_port, start
from connector.embedded.valkey import Broker, start_broker
from connector.errors import ConnectorError
from connector.services import maintenance
from connector.services.children import in_place
from connector.services.context import Services
from connector.services.pipeline import QUEUES
from connector.settings import load
from connector.store.tenants import Delivery

ROOT = Path(__file__).resolve().parents[2]
SWEEP_SECONDS = 5
_READY_SECONDS = 120.0
_STEP_SECONDS = 0.1
_TIMEOUT_SECONDS = 30
_WRONG_INPUT = 2
"""The sandbox's exit status for input that it can't use; its log says what is wrong, in full."""
BROKER = "broker"


class NotReady(ConnectorError):
    """A process of the demo did not answer in time."""


@dataclass(slots=True)
class Stack:
    """What runs. ``environ`` is the product's own environment, the same for each of its processes.

    ``settings`` are further variables of it. ``delivery``: whether somebody approves what is written first.
    """

    options: DemoOptions
    folder: Path
    database_url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.APPROVE
    clock: SystemClock = field(default_factory=SystemClock)
    children: dict[str, Child] = field(default_factory=dict)
    broker: Broker | None = None
    environ: dict[str, str] = field(default_factory=dict)
    sandboxes: dict[str, SandboxCrm] = field(default_factory=dict)
    web: str = ""

    def _start_sandboxes(self) -> dict[str, SandboxCrm]:
        """Start the sandbox CRMs side by side, filled as the options ask; return them by name."""
        files = {vendor: self.folder / f"{vendor}.port" for vendor in chosen_crms(self.options)}
        for vendor, file in files.items():
            file.unlink(missing_ok=True)
            line = command(vendor, self.options, self.web, file)
            self.children[vendor] = start(vendor, line, log_dir=self.folder / "logs", environ=os.environ, cwd=ROOT)
        return {vendor: self._answering(vendor, file) for vendor, file in files.items()}

    def _answering(self, vendor: str, port_file: Path) -> SandboxCrm:
        try:
            self._until(port_file.exists, f"The {vendor} sandbox did not start within {_READY_SECONDS:.0f} s.")
        except ProcessDied:
            sandbox = self.children[vendor]
            if sandbox.process.returncode != _WRONG_INPUT:
                raise
            raise NotReady(sandbox.log.read_text("utf-8").strip()) from None
        return SandboxCrm(vendor, f"http://127.0.0.1:{port_file.read_text('ascii')}")

    def _write_onboarding(self) -> None:
        """Tell the product what an admin would: the goal, and the instant at which an old export ends."""
        told = next(iter(self.sandboxes.values())).population()
        tenant = {name: value for name, value in told["tenant"].items() if value not in ("", {}, None)}
        if self.options.data or self.options.now:
            tenant["as_of"] = told["as_of"]
        tenant["delivery"] = self.delivery.value
        (self.folder / "onboarding.toml").write_text(tomlkit.dumps({"tenant": tenant}), "utf-8")

    def start(self) -> Services:
        """Start everything but the worker, in the order in which it is needed; return services of this process."""
        fresh = not self.options.keep
        # First of all: whoever has the broker has the folder, and another demo's data are not to be removed.
        self.broker = start_broker(self.folder / BROKER, self.clock, fresh=fresh)
        if fresh:
            self._forget()
        self.web = f"http://127.0.0.1:{free_port()}"
        self.sandboxes = self._start_sandboxes()
        self._write_onboarding()
        self.environ = self._environment(self.broker.url)
        # This process does nothing else while it computes: a child would take longer to begin than it has to do.
        services = replace(build(load(self.environ)), isolated=in_place)
        maintenance.migrate(services)
        self._start_product()
        return services

    def _forget(self) -> None:
        """Remove what the last demo left in the folder, and nothing else that someone may keep there."""
        shutil.rmtree(self.folder / "logs", ignore_errors=True)
        for pattern in ("connector.db*", "beat-schedule*", "*.port", "onboarding.toml", "secrets.json"):
            for left in self.folder.glob(pattern):
                left.unlink()

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

    def start_worker(self, name: str = "worker") -> None:
        """Start a worker process: a pool of threads over all queues. SQLite wants one, PostgreSQL takes more."""
        self._child(
            name,
            ["celery", "--quiet", "-A", "workers.app", "worker", "--hostname", f"{name}@%h", "--concurrency", "8"]
            + ["--queues", ",".join(QUEUES), "--without-gossip", "--without-mingle"],
        )

    def _start_product(self) -> None:
        port = self.web.rpartition(":")[2]
        self._child(
            "web",
            ["gunicorn", "--worker-class", "gthread", "--threads", "8", "--bind", f"127.0.0.1:{port}"]
            + ["--log-level", "warning", "connector.app:create_app()"],
        )
        schedule = str(self.folder / "beat-schedule")
        self._child("beat", ["celery", "--quiet", "-A", "workers.app", "beat", "--schedule", schedule])
        ready = f"{self.web}/readyz"
        self._until(lambda: self._answers(ready), f"The web app did not answer within {_READY_SECONDS:.0f} s.")

    def _child(self, name: str, module_command: list[str]) -> None:
        module, *rest = module_command
        command = [sys.executable, "-m", module, *rest]
        self.children[name] = start(name, command, log_dir=self.folder / "logs", environ=self.environ, cwd=ROOT)

    def _answers(self, url: str) -> bool:
        try:
            return requests.get(url, timeout=_TIMEOUT_SECONDS).ok
        except requests.ConnectionError:
            return False

    def _until(self, ready: Callable[[], bool], complaint: str) -> None:
        deadline = self.clock.monotonic() + _READY_SECONDS
        while not ready():
            self.alive()
            if self.clock.monotonic() > deadline:
                raise NotReady(f"{complaint} The logs are in {self.folder / 'logs'}.")
            self.clock.sleep(_STEP_SECONDS)

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
            **{name: value for crm in self.sandboxes.values() for name, value in crm.settings().items()},
            "OMP_NUM_THREADS": "1",
            **kept,
            **self.settings,
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
