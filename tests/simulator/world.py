"""One seed from its first moment to the oracle's word."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from uuid import UUID

from connector.crashpoints import Point
from connector.errors import RejectedInput
from connector.services.context import Services
from connector.store import experiments
from connector.store.experiments import Experiment
from tests.simulator import oracle, seams
from tests.simulator.broker import Broker, FlushedGovernor
from tests.simulator.clocks import LARGEST_OFFSET, HostClock
from tests.simulator.crm import BUDGET_SECONDS, VENDORS, Account
from tests.simulator.database import Database, StormyStore
from tests.simulator.kernel import Kernel, Process
from tests.simulator.life import Courier, Life, settle
from tests.simulator.network import Network
from tests.simulator.processes import Processes
from tests.simulator.storm import Boundary, Storm
from tests.simulator.vendor import SimulatedApp, Wire

STORM_SECONDS = 90.0
BUSY_SECONDS = 45.0
ACTIONS = (1, 2, 3, 4)
PATIENCE_SECONDS = 1_500.0
ENTERING_SWEEPS = 8
RESTS = 4
LAYOUTS = 6
"""Sets of accounts with people that seeds begin with; each is made once and copied."""
FRESH_SHARE = 0.04
"""Seeds whose installation and first run go through the storm as well."""
OUTAGE_SHARE = 0.15
"""Seeds in which the database is away for a while."""
EXPERIMENT_SHARE = 0.25
"""Seeds in which newcomers are held out by chance."""
BY_HAND_SHARE = 0.25
"""Seeds in which people set scores by hand, and release them."""
TRIAL_SHARE = 0.3
"""Seeds in which a person lets another model score half of the companies, and perhaps takes it back or lets it stay."""
CHALLENGER = "model_v20990101"
WATCHED_SHARE = 0.12
"""Seeds that are watched for another round, in which nothing may be written."""


@dataclass
class Outcome:
    """What became of a seed. ``broken`` are sentences of the oracle; empty: nothing was violated."""

    seed: int
    broken: list[str]
    trace: list[tuple[float, str, str]]
    seen: Counter[Point]
    struck: Counter[str]


@cache
def database() -> Database:
    """Return the database of this process; each seed resets it."""
    return Database()


class World:
    """Everything that a seed needs, wired together."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.kernel = Kernel(seed)
        self.storm = Storm(seed)
        self.boundary = Boundary(self.kernel, self.storm)
        self.broker = Broker(self.kernel, self.storm)
        self.governor = FlushedGovernor(HostClock(self.kernel, Process("redis")))
        self.flushed_at = float("-inf")
        network = Network(self.kernel, self.storm, self.boundary, seed)
        self.wire = Wire(self.kernel, network, self.boundary)
        self.accounts: Mapping[str, Account] = {}
        self.processes = Processes(self.kernel, self.storm, self.boundary, self.broker, self.services)
        self.courier = Courier(self.kernel, self.storm, self.processes)
        self.tenant_id: UUID | None = None
        self.installing: set[str] = set()
        self.mark: oracle.Mark | None = None
        self.written_before: Mapping[str, int] = {}

    def services(self, process: Process) -> Services:
        """Wire the services of a process."""
        store = StormyStore(database().engine, self.boundary)
        apps = {name: SimulatedApp(account, self.wire) for name, account in self.accounts.items()}
        return seams.services(process, self.kernel, store, apps, self.governor, self.broker)

    def flush(self) -> None:
        """Lose what Redis held: messages and windows."""
        self.broker.flush()
        self.governor.flush()
        self.flushed_at = self.kernel.now

    def open(self, accounts: Mapping[str, Account]) -> None:
        """Take accounts into this world and start the processes."""
        self.accounts = {name: account.copied(self.kernel, self.storm) for name, account in accounts.items()}
        self.written_before = {name: len(account.writes) for name, account in self.accounts.items()}
        for account in self.accounts.values():
            self.courier.attach(account)
        self.processes.start()

    def begin(self, beginning: Beginning) -> None:
        """Start where ``beginning`` ended; without a tenant, the admin installs the app now."""
        database().reset(beginning.contents)
        self.kernel.now = beginning.now
        self.tenant_id = beginning.tenant_id
        self.open(beginning.accounts)

    def weather(self, draw: random.Random, actions: int | None) -> None:
        """Let the storm rage while people go about their work."""
        connected = self.tenant_id is not None
        if connected and random.Random(f"experiment {self.seed}").random() < EXPERIMENT_SHARE:
            self.hold_out()
        if connected and random.Random(f"by hand {self.seed}").random() < BY_HAND_SHARE:
            self.say_by_hand()
        if connected:
            self._plan_trial()
        self.storm.raging = True
        if not connected:
            self.install()
        Life(self.accounts, self.kernel, self.seed).plan(
            actions or draw.choice(ACTIONS), BUSY_SECONDS, connected=connected
        )
        for _ in range(draw.choice((0, 0, 1))):
            self.kernel.at(draw.uniform(0, STORM_SECONDS), self.flush)
        for _ in range(draw.choice((0, 1, 2))):
            self.kernel.at(draw.uniform(0, STORM_SECONDS), self.processes.jump)
        if draw.random() < OUTAGE_SHARE:
            self.kernel.at(draw.uniform(0, STORM_SECONDS), lambda: self._outage(draw.uniform(5, 60)))
        self.kernel.run(STORM_SECONDS)
        self.storm.raging = self.storm.outage = False
        self.kernel.say("the storm is over", "world")

    def hold_out(self) -> None:
        """Let whoever is new from now on be held out by chance."""
        assert self.tenant_id
        half = Experiment(
            id=UUID(int=self.seed),
            tenant_id=self.tenant_id,
            share=Decimal("0.5"),
            key=str(self.seed),
            goal="deal_won",
            horizon_days=30,
            planned_leads=1_000,
            plan={},
            # Of those whom the CRM has known for long only who was never written to counts as new.
            begun_at=datetime(2000, 1, 1, tzinfo=UTC),
            closed_at=None,
            ended_at=None,
            looks=(),
        )
        with self.store().transaction(self.tenant_id) as session:
            experiments.begin(session, half)

    def say_by_hand(self) -> None:
        """Let people set scores of whoever is there then, and release some."""
        draw = random.Random(f"words {self.seed}")
        for _ in range(draw.choice((1, 2, 3, 4, 5))):
            tenths = draw.randrange(1001) if draw.random() < 0.6 else None
            place = draw.random()
            self.kernel.at(draw.uniform(0, BUSY_SECONDS), partial(self._say, place, tenths))

    def _say(self, place: float, tenths: int | None) -> None:
        """Press a button of one lead's page: set it to ``tenths``, or (None) release it."""
        web = self.processes.running("web")
        if web is None or self.tenant_id is None:
            return
        services, tenant_id = web.services, self.tenant_id

        def press() -> None:
            try:
                if tenths is None:
                    said = seams.release(services, tenant_id, place)
                else:
                    said = seams.say_by_hand(services, tenant_id, place, tenths)
            except Exception as error:  # noqa: BLE001 - an error page, and the person leaves it at that
                said = f"a word fails with {type(error).__name__}"
            self.kernel.say(said)

        self.kernel.spawn(web.process, "by hand", press)

    def _plan_trial(self) -> None:
        """Let a person begin a trial of a model while the storm rages, in some seeds, and end it in some of these."""
        draw = random.Random(f"trial {self.seed}")
        if draw.random() >= TRIAL_SHARE:
            return
        seams.wait_for_a_word(self.services(Process("admin")), self._tenant(), CHALLENGER)
        begins = draw.uniform(0, BUSY_SECONDS)
        self.kernel.at(begins, lambda: self._word(seams.begin_trial, "begins a trial"))
        for act, chance in ((seams.withdraw_trial, 0.5), (seams.promote_trial, 0.3)):
            if draw.random() < chance:
                self.kernel.at(
                    begins + draw.uniform(1, BUSY_SECONDS), lambda act=act: self._word(act, "ends the trial")
                )

    def _tenant(self) -> UUID:
        assert self.tenant_id
        return self.tenant_id

    def _word(self, act: Callable[[Services, UUID], None], what: str) -> None:
        """Let a person press a button until the page says that it is done, or can't be."""
        web = self.processes.running("web")
        pressed: list[bool] = []

        def click() -> None:
            try:
                act(web.services, self._tenant())
            except RejectedInput as refused:
                self.kernel.say(f"{what}: {refused}")
            except Exception as error:  # noqa: BLE001 - the admin sees an error page and tries again
                self.kernel.say(f"{what}: fails with {type(error).__name__}")
                return
            pressed.append(True)

        if web is not None:
            self.kernel.spawn(web.process, what, click)
        self.kernel.at(15.0, lambda: None if pressed else self._word(act, what))

    def _outage(self, seconds: float) -> None:
        """Take the database away for a while."""
        self.kernel.say(f"nobody can write for {seconds:.0f} s", "database")
        self.storm.outage = True
        self.kernel.at(seconds, self._over)

    def _over(self) -> None:
        self.storm.outage = False

    def verdict(self, *, watched: bool) -> list[str]:
        """Let the sweep find what is left, and ask the oracle.

        What no webhook told is found by the clock, so some of what it sees wrong may be right after one more reading.
        ``watched``: after that, let nothing happen for another round, and see that nothing is done.
        """
        self.until_quiet(PATIENCE_SECONDS)
        broken = oracle.check(self, oracle.AT_ONCE)
        if broken or not (watched or oracle.check(self, oracle.BY_THE_CLOCK)):
            return broken
        self._by_the_clock()
        if watched:
            self.mark = oracle.Mark.of(self.accounts)
            self.kernel.say("from here on nothing may be written", "world")
            self._by_the_clock()
        return oracle.check(self, (*oracle.AT_ONCE, *oracle.BY_THE_CLOCK))

    def _by_the_clock(self) -> None:
        assert self.tenant_id
        # Where a sweep died as it looked for new tenants, another one looks a minute later.
        for _ in range(ENTERING_SWEEPS):
            if seams.is_entered(self.services(Process("admin")), self.tenant_id):
                break
            self.kernel.run(seams.SWEEP_SECONDS)
        for _ in range(RESTS):
            # Nothing is left to do: sweeps would find nothing but this wait's end.
            self.processes.beating = False
            # What ended a while ago by one process's clock has to have rested by every other one's.
            self.kernel.run(seams.REFRESH_SECONDS + 2 * LARGEST_OFFSET)
            self.processes.beating = True
            # Whoever had stood still may have been told of something only now, so that all was read since.
            if seams.has_rested(self.services(Process("admin")), self.tenant_id):
                break
            self.until_quiet(PATIENCE_SECONDS)
        seams.read_everything(self.services(Process("admin")), self.tenant_id)
        self.kernel.run(2 * seams.SWEEP_SECONDS)
        self.until_quiet(PATIENCE_SECONDS)

    def install(self) -> None:
        """Let an admin install the app in every account, trying again until it works."""
        self.installing = set(self.accounts)
        for name in self.accounts:
            self._install(name)

    def _install(self, name: str) -> None:
        web = self.processes.running("web")
        first = name == next(iter(self.accounts))
        if web is None or (not first and self.tenant_id is None):
            self.kernel.at(5.0, lambda: self._install(name))
            return

        def click() -> None:
            try:
                self.tenant_id = seams.installed(web.services, name, self.tenant_id)
            except Exception as error:  # noqa: BLE001 - the admin sees an error page and tries again
                self.kernel.say(f"the installation of {name} fails with {type(error).__name__}")
                return
            self.installing.discard(name)

        self.kernel.spawn(web.process, f"install {name}", click)
        self.kernel.at(40.0, lambda: self._install(name) if name in self.installing else None)

    def until_quiet(self, seconds: float) -> bool:
        """Let the work go on until there is none; tell whether that came in time."""
        end = self.kernel.now + seconds
        while self.kernel.now < end:
            self.kernel.run(10.0)
            if not self.broker.messages and not self.installing and oracle.idle(self.store()):
                return True
        return False

    def store(self) -> StormyStore:
        """Return the store as the world's own eyes see it."""
        return StormyStore(database().engine, self.boundary)


@dataclass(frozen=True)
class Beginning:
    """What a world begins with. ``tenant_id`` None: nothing is installed yet."""

    contents: bytes
    accounts: Mapping[str, Account]
    tenant_id: UUID | None
    now: float


def fresh(layout: int) -> Beginning:
    """Return the accounts of a layout with their people, and an empty store."""
    draw = random.Random(f"layout {layout}")
    kernel, storm = Kernel(layout), Storm(layout)
    made: dict[str, Account] = {}
    for vendor in draw.sample(VENDORS, k=draw.choice((2, 2, 2, 3))):
        life = draw.uniform(*vendor.token_seconds) if vendor.token_seconds else None
        chance = random.Random(f"{layout} {vendor.name}")
        made[vendor.name] = Account(vendor, kernel, storm, chance, life, fewest=chance.choice((1, 1, 2, 3)))
    settle(made, draw)
    return Beginning(database().empty, made, None, 0.0)


@cache
def delivered(layout: int) -> Beginning:
    """Do the first run of a layout in fair weather, once: what most seeds begin with."""
    world = World(layout)
    # Chance of its own: drawn as of a seed's number, ids of the beginning would be made again in that seed.
    with seams.simulated(world.kernel, world.boundary, f"layout {layout}"):
        world.begin(fresh(layout))
        world.install()
        assert world.until_quiet(PATIENCE_SECONDS), world.kernel.trace
        # The vendors' windows are empty by then, as the new world's are.
        world.kernel.run(2 * BUDGET_SECONDS)
        world.kernel.close()
    return Beginning(database().contents(), world.accounts, world.tenant_id, world.kernel.now)


def run(
    seed: int,
    sabotage: Callable[[], AbstractContextManager[object]] = nullcontext,
    *,
    weather: Mapping[str, float] | None = None,
    actions: int | None = None,
    watched: bool = False,
) -> Outcome:
    """Live through a seed and ask the oracle; ``sabotage`` spoils the product meanwhile.

    ``weather``: kinds of faults with the chances that they have in any case. ``actions``: how much people do,
    instead of a number that is drawn. ``watched``: see in any case that
    nothing goes on when nothing changes; else some seeds are watched.
    """
    draw = random.Random(f"seed {seed}")
    layout = draw.randrange(LAYOUTS)
    beginning = fresh(layout) if draw.random() < FRESH_SHARE else delivered(layout)
    world = World(seed)
    world.storm.chances |= weather or {}
    with seams.simulated(world.kernel, world.boundary, seed), sabotage():
        world.begin(beginning)
        world.weather(draw, actions)
        broken = world.verdict(watched=watched or draw.random() < WATCHED_SHARE)
        world.kernel.close()
    return Outcome(seed, broken, world.kernel.trace, world.boundary.seen, world.storm.struck)
