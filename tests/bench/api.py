"""How fast the REST API tells stored scores, of one lead and of a hundred, and how fast one is computed anew.

``python -m tests.bench.api [--quick] [--report FILE]``: the product behind gunicorn as the Procfile starts it (one
process), with Valkey for the budgets of keys, on SQLite and on PostgreSQL. Keys, leads and scores are made; nothing
else is at work. Every request authenticates, is counted, reads, and leaves a row for the ledger. The floor is measured
in the same run through the same server, turn about with the rest: one indexed read and the way over loop-back HTTP,
without anything that guards, counts or remembers. One client, one connection that stays open. How evenly the machine
itself works is told beside them: what one and the same sum takes, turn about with the requests.

Computed anew is a lead from its history to score, reasons and inputs, as the real-time lane does it for
``POST /scores/recompute``: outside the web process, with a model that is read already. What the lane reads and stores
around it is in ``tests.bench.realtime``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from uuid import UUID, uuid4

import sqlalchemy as sa

from connector.bootstrap import build
from connector.crypto import new_key
from connector.records import Account
from connector.services.api import keys
from connector.services.api.keys import Scope
from connector.settings import load
from connector.store import connections, tenants
from connector.store.migrate import upgrade
from connector.store.session import Store
from connector.store.tables import leads, records, scores
from connector.store.tenants import TenantSettings
from scoring import bundle as bundles
from scoring.predict import score, score_recorded
from scoring.unthreaded import unthreaded
from tests import servers
from tests.bench.api_app import FLOOR
from tests.bench.rows import Row, told, written
from tests.bench.scoring import TENANT, large, only, trained
from tests.unit.scoring.worlds import AS_OF

CASE = "api"
ONE_MILLISECONDS, HUNDRED_MILLISECONDS, ANEW_MILLISECONDS = 10.0, 100.0, 30.0
ROUNDS, MANY = 5, 100
KEYS = 20
"""A minute's budget of one key is less than what is asked for here. Each more is looked up anew twice a minute: with 50
of them one request in fifty was not warm, and the 99th percentile told of nothing else."""
SUM = 40_000
"""Numbers to add: a millisecond's work."""
REASONS = ("Clicked in 4 e-mails of the last week", "Visited the price list twice", "Has the title Head of Sales")


@dataclass(frozen=True, slots=True)
class Size:
    """Leads that there are, and requests of each kind in a round, and leads that are computed anew in one."""

    leads: int
    singles: int
    hundreds: int
    anew: int


FULL, QUICK = Size(100_000, 1_000, 300, 200), Size(10_000, 200, 60, 40)
TRAINED = 2_000
"""Leads that the model learned from which computes anew."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A running server: its port, secrets of keys, and the leads that there are."""

    port: int
    secrets: Sequence[str]
    leads: Sequence[int]


def filled(store: Store, size: Size) -> tuple[UUID, list[int]]:
    """Make a tenant whose every lead has a record and a score."""
    now, draw = datetime(2026, 3, 1, tzinfo=UTC), random.Random(1)
    with store.transaction() as session:
        tenant = tenants.create(session, "Bench", TenantSettings(), now)
        account = connections.add(session, tenant, "hubspot", Account("1", "Bench", "https://x", "UTC"), now)
        ids = list(range(1, size.leads + 1))
        same = {"tenant_id": tenant}
        people = [same | {"id": one, "key": f"email:p{one}@example.com", "created_at": now} for one in ids]
        theirs = same | {"connection_id": account, "created_at": now, "modified_at": now, "properties": {}}
        session.execute(sa.insert(leads), people)
        session.execute(sa.insert(records), [theirs | {"vendor_id": str(one), "lead_id": one} for one in ids])
        session.execute(sa.insert(scores), [_score(tenant, one, draw, now) for one in ids])
    return tenant, ids


def _score(tenant: UUID, lead: int, draw: random.Random, now: datetime) -> dict[str, object]:
    chance = draw.random()
    return {
        "lead_id": lead,
        "tenant_id": tenant,
        "run_id": uuid4(),
        "model": "model_v20260301",
        "score": Decimal(int(chance * 1000)) / 10,
        "probability": Decimal(int(chance * 10**8)) / 10**8,
        "tier": "Medium",
        "reasons": [{"sentence": text, "contribution": 0.5} for text in REASONS],
        "base_value": "-2.5",
        "inputs_hash": "0" * 64,
        "as_of": now,
        "scored_at": now,
    }


@contextmanager
def serving(folder: Path, database: str, broker: str, size: Size) -> Iterator[Setting]:
    """Run the server over a filled database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        "CONNECTOR_DATA_DIR": str(folder),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "CONNECTOR_SECRET_KEY": "only-for-the-benchmark-" * 2,
        "CONNECTOR_ENCRYPTION_KEYS": new_key(),
        "CONNECTOR_LOG_LEVEL": "WARNING",
    }
    services = build(load(environ))
    upgrade(services.store)
    tenant, ids = filled(services.store, size)
    secrets = [keys.add(services, tenant, "Bench", [Scope.SCORES_READ]).secret for _ in range(KEYS)]
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "8", "--workers", "1"]
    command += ["--keep-alive", "75", "--bind", f"127.0.0.1:{port}", "tests.bench.api_app:create()"]
    server = subprocess.Popen(command, env={**os.environ, **environ}, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield Setting(port, secrets, ids)
    finally:
        server.terminate()
        server.wait()
        services.store.close()


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")


class Asker:
    """One connection that stays open, and keys in turn."""

    def __init__(self, setting: Setting) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", setting.port)
        self.connection.connect()
        # Headers and body are two pieces: the second must not wait until the first is acknowledged.
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.secrets = cycle(setting.secrets)
        self.leads, self.draw = setting.leads, random.Random(2)

    def floor(self) -> float:
        """Ask for what costs least."""
        return self._timed("GET", f"{FLOOR}/{self.draw.choice(self.leads)}")

    def one(self) -> float:
        """Ask for one lead's score."""
        return self._timed("GET", f"/api/v1/leads/{self.draw.choice(self.leads)}/score")

    def many(self) -> float:
        """Ask for a hundred leads' scores."""
        body = json.dumps({"leads": self.draw.sample(self.leads, MANY)})
        return self._timed("POST", "/api/v1/scores/query", body)

    def idle(self) -> float:
        """Ask nobody: do the same sum as ever."""
        begun = time.perf_counter()
        sum(range(SUM))
        return 1000 * (time.perf_counter() - begun)

    def _timed(self, method: str, path: str, body: str | None = None) -> float:
        headers = {"Authorization": f"Bearer {next(self.secrets)}", "Content-Type": "application/json"}
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        taken = time.perf_counter() - begun
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
        return 1000 * taken


def measured(asker: Asker, size: Size) -> dict[str, list[list[float]]]:
    """Milliseconds of every request by kind and round, after a round that warms; kinds turn about."""
    share = size.singles // size.hundreds
    found: dict[str, list[list[float]]] = {"idle": [], "floor": [], "one": [], "many": []}
    for number in range(ROUNDS + 1):
        rounds: dict[str, list[float]] = {name: [] for name in found}
        for turn in range(size.singles if number else max(size.singles // 4, 50)):
            rounds["idle"].append(asker.idle())
            rounds["floor"].append(asker.floor())
            rounds["one"].append(asker.one())
            if turn % share == 0:
                rounds["many"].append(asker.many())
        if number:
            for name, taken in rounds.items():
                found[name].append(taken)
    return found


def recomputed(folder: Path, size: Size) -> list[list[float]]:
    """Milliseconds of every lead that is computed anew by round, in a process such as the Procfile starts."""
    model, _ = trained(folder, TRAINED)
    spawn = multiprocessing.get_context("spawn")
    # Read as polars is loaded: its own threads cost a single lead more than they give it.
    with patch.dict(os.environ, {"POLARS_MAX_THREADS": "1"}), ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(anew_by_round, model, size.anew).result()


def anew_by_round(model: Path, count: int) -> list[list[float]]:
    """The same of ``count`` leads by a trained model, after a round that warms."""
    bundle, whole = bundles.loads(model.read_bytes(), tenant=TENANT), large(TRAINED)
    found = score(bundle, whole, as_of=AS_OF, reasons=False)
    tiers = dict(zip(found["lead_id"], found["tier"], strict=True))
    alone = {lead: only(whole, lead) for lead in random.Random(3).sample(sorted(tiers), count)}

    def anew(lead: int) -> float:
        begun = time.perf_counter()
        unthreaded(
            lambda: score_recorded(bundle, alone[lead], as_of=AS_OF, former={lead: tiers[lead]}, lead_ids=[lead])
        )
        return 1000 * (time.perf_counter() - begun)

    return [[anew(lead) for lead in alone] for _ in range(ROUNDS + 1)][1:]


def lines_anew(rounds: list[list[float]]) -> list[Row]:
    """What computing a lead anew takes, beside what is asked."""
    rows = []
    for which, part, required in (("median", statistics.median, None), ("99th percentile", worst, 1.0)):
        each = [part(taken) for taken in rounds]
        told_as, value = f"one lead computed anew, {which}", statistics.median(each)
        spread = statistics.pstdev(each)
        rows.append(Row(CASE, told_as, "ms", value, ANEW_MILLISECONDS, required, ROUNDS, spread, less_is_better=True))
    return rows


def worst(taken: list[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(taken, n=100, method="inclusive")[98]


def lines(database: str, found: dict[str, list[list[float]]]) -> list[Row]:
    """What was measured on a database: the 99th percentile beside what is asked, the median beside the floor."""

    def of(name: str, part: Callable[[list[float]], float]) -> tuple[float, float]:
        each = [part(taken) for taken in found[name]]
        return statistics.median(each), statistics.pstdev(each)

    (uneven, spread), (usual, _) = of("idle", worst), of("idle", statistics.median)
    told_as = f"{database}: the machine itself, one sum, 99th percentile beside the median"
    rows = [Row(CASE, told_as, "ms", uneven, usual, None, ROUNDS, spread, less_is_better=True)]
    for name, words, limit in (
        ("one", "one lead", ONE_MILLISECONDS),
        ("many", f"{MANY} leads", HUNDRED_MILLISECONDS),
    ):
        p99, spread = of(name, worst)
        told_as = f"{database}: stored scores of {words}, 99th percentile"
        rows.append(Row(CASE, told_as, "ms", p99, limit, 1.0, ROUNDS, spread, less_is_better=True))
        for which, part in (("median", statistics.median), ("99th percentile", worst)):
            (value, spread), (floor, _) = of(name, part), of("floor", part)
            told_as = f"{database}: {words} beside the floor, {which}"
            rows.append(Row(CASE, told_as, "ms", value, floor, None, ROUNDS, spread, less_is_better=True))
    return rows


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """The addresses of an empty database of each kind."""
    with servers.running_postgres() as server, servers.fresh_database(server.url) as address:
        yield {"SQLite": f"sqlite:///{folder / 'bench.db'}", "PostgreSQL": address}


def main() -> int:
    """Measure, print, write. A quick run is too short to hold anything to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    chosen = parser.parse_args()
    size, rows = QUICK if chosen.quick else FULL, []
    with TemporaryDirectory() as name:
        rows += lines_anew(recomputed(Path(name), size))
    with TemporaryDirectory() as name, databases(Path(name)) as known, servers.redis_server(Path(name)) as broker:
        for database, address in known.items():
            with serving(Path(name), address, broker, size) as setting:
                rows += lines(database, measured(Asker(setting), size))
    sys.stdout.write(told(rows))
    if chosen.report:
        written(chosen.report, rows, {"quick": chosen.quick, "leads": size.leads})
    return 0 if chosen.quick or all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
