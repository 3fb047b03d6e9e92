"""What tenants cost for whom nothing is due: a sweep's processor time and statements, the process's memory, CRM calls.

A sweep is measured in a process of its own that did nothing else, on a database that was filled before: what another
one filled it with is not in its memory.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from uuid import uuid4

import sqlalchemy as sa

from connector.records import Account
from connector.services import pipeline, schedules, sweeping
from connector.services.schedules import LOOKED_FOR
from connector.store.connections import Health
from connector.store.migrate import upgrade
from connector.store.runs import RunStatus
from connector.store.schedules import Next
from connector.store.schedules import enter as enter_rows
from connector.store.session import open_store
from connector.store.tables import connections, runs
from connector.store.tables import tenants as tenants_table
from connector.store.tenants import TenantSettings
from tests.bench.rows import Row
from tests.fakecrm import FakeApp
from tests.world import World, small_account, world

CASE = "idle"
SIZES, QUICK_SIZES = (10, 1_000, 10_000), (10, 1_000)
SWEEPS = 25
KIBIBYTES = 1024
LEAST_FLAT = 0.8
"""The cost with few tenants, as a share of that with many, that counts as the same."""
SWEEPS_A_DAY = 288
PEOPLE = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one sweep: processor milliseconds (median and spread) and statements; and the process's peak of memory."""

    milliseconds: float
    spread: float
    statements: float
    mebibytes: float


@contextmanager
def at(place: Path) -> Iterator[World]:
    """Services on a database at ``place``, of a CRM whose accounts push."""
    store = open_store(f"sqlite:///{place}")
    upgrade(store)
    line = world(store)
    app = line.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    app.capabilities = replace(FakeApp.capabilities, look_seconds=None)
    try:
        yield line
    finally:
        store.close()


def fill(line: World, count: int) -> None:
    """Add tenants with one account and one run behind them, for whom all is due tomorrow."""
    now = line.clock.now()
    ids = [uuid4() for _ in range(count)]
    settings = asdict(TenantSettings())
    told = {"vendor": "fakecrm", "account_name": "T", "ui_url": "https://fake.example", "time_zone": "UTC"}
    account = {**told, "status": Health.ACTIVE, "scopes": [], "field_names": {}, "installed_at": now}
    grant = {"refresh_token": "sealed", "tokens_saved_at": now}
    run = {"kind": pipeline.FIRST, "status": RunStatus.DONE, "as_of": now, "seed": 1, "model": "model_v1"}
    ended = {"created_at": now, "finished_at": now}
    with line.services.store.transaction() as session:
        rows = [{"id": one, "name": "T", "settings": settings, "created_at": now} for one in ids]
        session.execute(sa.insert(tenants_table), rows)
        accounts = [{**account, **grant, "id": uuid4(), "tenant_id": one, "account_id": str(one)} for one in ids]
        session.execute(sa.insert(connections), accounts)
        session.execute(sa.insert(runs), [{**run, **ended, "id": uuid4(), "tenant_id": one} for one in ids])
        tomorrow = Next(now + timedelta(days=1), timedelta(days=1))
        for kind in schedules.KINDS:
            enter_rows(session, kind, dict.fromkeys(ids, tomorrow))


def sweep(place: Path) -> Cost:
    """Sweep again and again where nothing is due; must be this process's only work."""
    with at(place) as line:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        # What is looked through once an hour is not part of every sweep, nor is what the first ones compile.
        for _ in range(3):
            sweeping.sweep(line.services)
        sa.event.listen(line.services.store.engine, "before_cursor_execute", note)
        found = []
        for _ in range(SWEEPS):
            begun = time.process_time()
            sweeping.sweep(line.services)
            found.append(1000 * (time.process_time() - begun))
    return Cost(statistics.median(found), statistics.pstdev(found), len(statements) / SWEEPS, peak())


def peak() -> float:
    """The process's peak of memory in MiB; what ``getrusage`` tells begins with that of whoever started it."""
    told = Path("/proc/self/status").read_text()
    return int(told[told.index("VmHWM:") :].split()[1]) / KIBIBYTES


def hourly(place: Path) -> float:
    """Milliseconds of the one sweep in an hour that looks all tenants through."""
    with at(place) as line:
        sweeping.sweep(line.services)
        found = []
        for _ in range(5):
            line.clock.at += LOOKED_FOR
            begun = time.process_time()
            sweeping.sweep(line.services)
            found.append(1000 * (time.process_time() - begun))
    return statistics.median(found)


def apart(place: Path) -> Cost:
    """Do :func:`sweep` in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.engine", "--sweep", str(place)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return Cost(**json.loads(told))


def day(count: int) -> Counter[str]:
    """Live through a day of idle tenants; return what their CRM was asked, by operation."""
    with TemporaryDirectory() as folder, at(Path(folder) / "day.db") as line, unlearned():
        app = line.services.apps["fakecrm"]
        assert isinstance(app, FakeApp)
        for number in range(count):
            crm = small_account(PEOPLE)
            crm.account = Account(str(number), "Idle Ltd", "https://fake.example", "UTC")
            app.accounts = {**app.accounts, f"idle-{number}": crm}
            line.install(f"idle-{number}")
        line.work(100 * count)
        asked: Counter[str] = Counter()
        for crm in app.accounts.values():
            crm.trouble = lambda operation: asked.update([operation])
        for _ in range(SWEEPS_A_DAY):
            for item in sweeping.sweep(line.services).scheduled:
                schedules.carry_out(line.services, *item)
            line.work(100 * count)
            line.clock.at += timedelta(days=1) / SWEEPS_A_DAY
    return asked


@contextmanager
def unlearned() -> Iterator[None]:
    """Leave out the stages that ask the CRM nothing."""
    without = {name: replace(pipeline._BY_NAME[name], run=lambda _job: None) for name in ("identity", "train", "score")}
    plans = {pipeline.FIRST: pipeline.PLANS[pipeline.REFRESH]}
    with patch.dict(pipeline._BY_NAME, without), patch.dict(pipeline.PLANS, plans):
        yield


def measure(quick: bool) -> list[Row]:
    """Return the rows: each size beside the smallest one."""
    sizes = QUICK_SIZES if quick else SIZES
    found: dict[int, Cost] = {}
    with TemporaryDirectory() as folder:
        for size in sizes:
            place = Path(folder) / f"{size}.db"
            with at(place) as line:
                fill(line, size)
            found[size] = apart(place)
        looked = hourly(place)
    rows = [row for size in sizes for row in compared(size, found[size], found[sizes[0]])]
    rows.append(Row(CASE, f"{sizes[-1]:,} idle tenants: the one sweep an hour that looks at all", "ms", looked, looked))
    return [*rows, *calls(5 if quick else 20)]


def compared(size: int, cost: Cost, least: Cost) -> Iterator[Row]:
    """Yield what a sweep costs beside what it costs with the fewest tenants."""
    named = f"{size:,} idle tenants: "
    figures = (
        ("processor time of a sweep", "ms", cost.milliseconds, least.milliseconds, SWEEPS, cost.spread),
        ("statements of a sweep", "statements", cost.statements, least.statements, 1, 0.0),
        ("memory of who sweeps", "MiB", cost.mebibytes, least.mebibytes, 1, 0.0),
    )
    for words, unit, reached, limit, times, spread in figures:
        yield Row(CASE, named + words, unit, reached, limit, LEAST_FLAT, times, spread, less_is_better=True)


def calls(count: int) -> Iterator[Row]:
    """Yield how often the CRM is asked in a day, beside one reading of each account."""
    asked = day(count)
    # Its fields, and one page of each stream.
    least = count * (1 + len(small_account(PEOPLE).pages))
    named = f"{count} idle accounts that push: calls in a day"
    yield Row(CASE, named, "calls", asked.total(), least, 1.0, less_is_better=True)
