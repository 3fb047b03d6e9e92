"""Disasters for real processes: workers killed, the broker emptied or restarted, the database restarted."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import redis

from connector.demo.stack import BROKER, Stack
from connector.embedded.processes import start
from connector.embedded.valkey import Broker, _write_configuration, find_binary
from connector.services import pipeline
from tests.servers import PostgresServer

WORKERS = ("worker", "worker-2")
DISASTERS = ("kill one", "kill all", "flush", "restart broker", "restart database")


@dataclass
class Chaos:
    """What may happen to a stack. ``told`` is what did, in order."""

    stack: Stack
    database: PostgresServer
    told: list[str]

    def strike(self, disaster: str) -> None:
        """Let a disaster happen now."""
        acts: dict[str, Callable[[], None]] = {
            "kill one": lambda: self._kill(WORKERS[:1]),
            "kill all": lambda: self._kill(WORKERS),
            "flush": self._flush,
            "restart broker": self._restart_broker,
            "restart database": self.database.restart,
        }
        self.told.append(disaster)
        acts[disaster]()

    def _kill(self, names: tuple[str, ...]) -> None:
        for name in names:
            self.stack.children[name].kill()
        for name in names:
            self.stack.start_worker(name)

    def _flush(self) -> None:
        with redis.Redis.from_url(self._broker().url) as client:
            client.flushall()

    def _restart_broker(self) -> None:
        """Kill the server and start one at the same address; what it wrote to its file is there again."""
        broker = self._broker()
        broker.child.kill()
        address = urlsplit(broker.url)
        assert address.port
        assert address.password
        folder = self.stack.folder / BROKER
        configuration = folder / "valkey.conf"
        _write_configuration(configuration, address.port, address.password)
        command = [str(find_binary()), str(configuration)]
        child = start("valkey", command, log_dir=folder, environ=os.environ, cwd=folder)
        self.stack.broker = replace(broker, child=child)

    def _broker(self) -> Broker:
        assert self.stack.broker
        return self.stack.broker


def plan(seed: int) -> list[tuple[str, bool, str]]:
    """Return (stage, midway, disaster): each disaster once, at stages that the seed draws."""
    draw = random.Random(seed)
    stages = pipeline.PLANS[pipeline.FIRST]
    drawn = [(draw.choice(stages), draw.random() < 0.5, disaster) for disaster in DISASTERS]
    return sorted(drawn, key=lambda item: (stages.index(item[0]), item[1]))


def logs(folder: Path) -> str:
    """Return the end of each process's log, for a failure's message."""
    found = sorted((folder / "logs").glob("*.log"))
    return "\n".join(f"--- {path.name}\n{path.read_text('utf-8', errors='replace')[-1500:]}" for path in found)
