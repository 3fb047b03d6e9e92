"""A CRM account as its vendor keeps it: people, what they did, our values, tokens, limits, and a log."""

from __future__ import annotations

import copy
import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from tests.simulator.jobs import HANDED_IN, MADE, Queue
from tests.simulator.kernel import Kernel
from tests.simulator.storm import Storm

PAGE = 5
LONG_AGO = -40 * 86_400.0


@dataclass(frozen=True, slots=True)
class Vendor:
    """What one vendor is like. ``lag``: seconds until its index shows a change, at most."""

    name: str
    write_batch: int
    budget: int
    lag: float
    rotates: bool
    token_seconds: tuple[float, float] | None
    hooks: str
    """``app``: to one address with the account's id; ``account``: to an address of the connection; empty: none."""
    look_seconds: float | None = None
    jobs: str = ""
    """How it takes many values at once, if not in one request."""


VENDORS = (
    Vendor("ash", 5, 6, 8.0, rotates=False, token_seconds=(160.0, 400.0), hooks="app"),
    Vendor("birch", 8, 8, 0.0, rotates=True, token_seconds=(160.0, 400.0), hooks="", look_seconds=60.0, jobs=MADE),
    Vendor("cedar", 4, 5, 4.0, rotates=False, token_seconds=None, hooks="account", jobs=HANDED_IN),
    Vendor("dogwood", 6, 6, 3.0, rotates=False, token_seconds=None, hooks=""),
)
BUDGET_SECONDS = 10.0
CLAIM_SECONDS = 20.0
"""Who stands still for so long with new tokens may find that another worker refreshed again: harmless where refresh
tokens don't rotate, and left out of the storm where they do."""


class Refused(Exception):
    """The CRM says no: ``status`` as in HTTP, ``after`` seconds of Retry-After."""

    def __init__(self, status: int, after: float = 1.0) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.after = after


@dataclass
class Person:
    """A record. ``visible`` is when the index shows its newest state, ``history`` the cities with their times."""

    record_id: str
    email: str
    created: float
    modified: float
    visible: float
    history: list[tuple[float, str]]
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """Something that a person did."""

    visit_id: str
    record_id: str
    at: float
    visible: float


@dataclass(frozen=True, slots=True)
class Written:
    """A value that arrived. ``changed``: the record did not hold it before."""

    at: float
    record_id: str
    changed: bool


def silent(_record: str, _certain: bool) -> None:
    """Tell nobody."""


@dataclass
class Account:
    """One account. ``tell`` is called with (record id, certainly) after a change that people made.

    ``fewest``: of so many records on, values go by a job where the vendor has them; fewer are there sooner.
    """

    vendor: Vendor
    kernel: Kernel
    storm: Storm
    draw: random.Random
    token_seconds: float | None
    fewest: int
    people: dict[str, Person] = field(default_factory=dict)
    visits: list[Visit] = field(default_factory=list)
    held: dict[str, Mapping[str, str]] = field(default_factory=dict)
    writes: list[Written] = field(default_factory=list)
    requests: int = 0
    window: deque[float] = field(default_factory=deque)
    overruns: list[float] = field(default_factory=list)
    access: dict[str, float] = field(default_factory=dict)
    generation: int = 0
    refreshes: list[float] = field(default_factory=list)
    unheard: set[float] = field(default_factory=set)
    revoked: bool = False
    hook_url: str = ""
    touched: float = LONG_AGO
    tell: Callable[[str, bool], None] = silent

    def __post_init__(self) -> None:
        """Begin with an empty queue."""
        self.queue = Queue(self.kernel, self.storm, self.vendor.jobs, self._write)

    def copied(self, kernel: Kernel, storm: Storm) -> Account:
        """Return the account as it stands in another world, where it tells nobody yet."""
        mine = {item.name: getattr(self, item.name) for item in fields(self)}
        apart = ("vendor", "kernel", "storm", "tell")
        state = copy.deepcopy({name: value for name, value in mine.items() if name not in apart})
        return Account(vendor=self.vendor, kernel=kernel, storm=storm, **state)

    # -- what people do -------------------------------------------------------------------------------------------

    def add(self, email: str, city: str, at: float | None = None) -> str:
        """Make a record."""
        at = self.kernel.now if at is None else at
        record_id = f"{self.vendor.name[0]}{len(self.people) + 1}"
        self.people[record_id] = Person(record_id, email, at, at, self._shown(at), [(at, city)])
        self._changed(record_id)
        return record_id

    def edit(self, record_id: str, city: str, *, unlisted: bool = False) -> None:
        """Set a city; ``unlisted``: the index loses the row, and a webhook tells of it without fail."""
        person = self.people[record_id]
        person.history.append((self.kernel.now, city))
        self._touch(person)
        if unlisted:
            person.visible = math.inf
        self._changed(record_id, certain=unlisted)

    def rename(self, record_id: str, email: str) -> None:
        """Give a record another address: from now on it is another person's."""
        person = self.people[record_id]
        person.email = email
        self._touch(person)
        self._changed(record_id)

    def visit(self, record_id: str, at: float | None = None) -> None:
        """Let a person do something, which shows at once, be the person in the index already or not."""
        at = self.kernel.now if at is None else at
        self.visits.append(Visit(f"{self.vendor.name}-{len(self.visits) + 1}", record_id, at, at))
        self._changed(record_id)

    def remove(self, record_id: str) -> None:
        """Delete a record with what its person did."""
        person = self.people[record_id]
        person.removed = True
        self._touch(person)
        self.held.pop(record_id, None)
        self._changed(record_id)

    def living(self) -> list[Person]:
        """Return the records that are there."""
        return [person for person in self.people.values() if not person.removed]

    def _touch(self, person: Person) -> None:
        # No two changes of a record fall on one instant, as no clock that vendors use lets them.
        person.modified = max(self.kernel.now, person.modified + 1e-3)
        person.visible = self._shown(person.modified)

    def _shown(self, at: float) -> float:
        return at + self.draw.uniform(0.0, self.vendor.lag)

    def _changed(self, record_id: str, *, certain: bool = False) -> None:
        self.touched = self.kernel.now
        self.tell(record_id, certain)

    # -- what the API does ------------------------------------------------------------------------------------------

    def admit(self, token: str) -> None:
        """Let a request in, or refuse it: the grant, the token, the budget."""
        self.requests += 1
        now = self.kernel.now
        if self.revoked:
            raise Refused(403)
        if self.access.get(token, -math.inf) <= now:
            raise Refused(401)
        if self.storm.strikes("refused"):
            raise Refused(429, self.storm.draw.uniform(1.0, 15.0))
        while self.window and self.window[0] <= now - BUDGET_SECONDS:
            self.window.popleft()
        if len(self.window) >= self.vendor.budget:
            self.overruns.append(now)
            raise Refused(429, BUDGET_SECONDS)
        self.window.append(now)
        if self.storm.strikes("broken"):
            raise Refused(503)

    def issue(self) -> tuple[str, str, float | None]:
        """Return (access token, refresh token, when the first expires)."""
        number = len(self.access) + 1
        token = f"access:{self.vendor.name}:{number}"
        expires = self.kernel.now + self.token_seconds if self.token_seconds else math.inf
        self.access[token] = expires
        return token, f"refresh:{self.vendor.name}:{self.generation}", expires if self.token_seconds else None

    def refresh(self, refresh_token: str) -> tuple[str, str, float | None]:
        """Trade a refresh token in; a spent one ends the grant where they rotate."""
        if self.storm.strikes("broken"):
            raise Refused(503)
        if self.revoked or refresh_token != f"refresh:{self.vendor.name}:{self.generation}":
            self.revoked = True
            raise Refused(403)
        self.refreshes.append(self.kernel.now)
        self.unheard.add(self.kernel.now)
        if self.vendor.rotates:
            self.generation += 1
        return self.issue()

    def kept(self) -> None:
        """Note that the tokens of the last refresh reached their store while the right to refresh was still held."""
        self.unheard -= {at for at in self.refreshes[-1:] if self.kernel.now - at < CLAIM_SECONDS}

    def list_people(self, since: float, after: tuple[float, str]) -> list[Person]:
        """Return a page of what changed after ``since``, in order, behind ``after``; removed ones are told, too."""
        found = [
            person
            for person in self.people.values()
            if person.visible <= self.kernel.now
            and person.modified > since
            and (person.modified, person.record_id) > after
        ]
        return self._told(sorted(found, key=lambda person: (person.modified, person.record_id))[:PAGE])

    def named(self, record_ids: Sequence[str]) -> list[Person]:
        """Return single records."""
        return self._told([self.people[record_id] for record_id in record_ids])

    @staticmethod
    def _told(people: Sequence[Person]) -> list[Person]:
        """Return them as they are now: what changes while the answer is on its way is not in it."""
        return [replace(person, history=list(person.history)) for person in people]

    def list_visits(self, since: float, after: tuple[float, str]) -> list[Visit]:
        """Return a page of what people did after ``since``, in order, behind ``after``."""
        found = [
            visit
            for visit in self.visits
            if visit.visible <= self.kernel.now
            and visit.at > since
            and (visit.at, visit.visit_id) > after
            and not self.people[visit.record_id].removed
        ]
        return sorted(found, key=lambda visit: (visit.at, visit.visit_id))[:PAGE]

    def write(self, values: Sequence[tuple[str, Mapping[str, str]]]) -> list[str]:
        """Store our values; return for each record what became of it. May do half of them and fail."""
        half = self.storm.strikes("half batch")
        answers = []
        for record_id, texts in values[: len(values) // 2] if half else values:
            answers.append(self._write(record_id, texts))
        if half:
            raise Refused(503)
        return answers

    def _write(self, record_id: str, texts: Mapping[str, str]) -> str:
        if self.people[record_id].removed:
            return "gone"
        if self.storm.strikes("later record"):
            return "later"
        self._hold(record_id, texts)
        return "written"

    def _hold(self, record_id: str, texts: Mapping[str, str]) -> None:
        self.writes.append(Written(self.kernel.now, record_id, self.held.get(record_id) != texts))
        self.held[record_id] = texts
        person = self.people[record_id]
        if person.visible < math.inf:
            # A write of ours changes the record, as in life: it is listed again, but nobody is told.
            self._touch(person)
