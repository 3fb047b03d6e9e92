"""The sandbox's Salesforce as data: one org with its records, and who may reach them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from connector.sandbox.config import Org
from connector.sandbox.salesforce.cursors import Cursors
from connector.sandbox.salesforce.grants import Grants
from connector.sandbox.salesforce.ids import PREFIXES, new_id
from connector.sandbox.salesforce.jobs import Jobs
from connector.sandbox.salesforce.records import Table
from connector.sandbox.salesforce.schema import Schema, Values
from connector.sandbox.salesforce.usage import Usage
from connector.sandbox.state import Stage

FIRST_NUMBER = 1001
"""Records are numbered from here, in order of creation, each kind of id by itself."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes something.

    ``client``: by the API, which answers when the change is committed. ``assigns``: leads go through the
    assignment rule. ``lag_ms``: from the stamps to the commit of everything that this author does.
    """

    user_id: str
    client: bool = False
    assigns: bool = False
    lag_ms: int = 0


@dataclass(frozen=True, slots=True)
class People:
    """The users of the org, and a queue."""

    admin: str
    integration: str
    seller: str
    second_seller: str
    queue: str


@dataclass(slots=True)
class Hub:
    """Everything that the endpoints share. The caller of what changes it holds the stage's lock.

    ``granted_fields``: those, as ``Lead.Name``, that are seen only by a permission set.
    """

    stage: Stage
    org: Org
    schema: Schema
    tables: dict[str, Table]
    grants: Grants
    usage: Usage
    people: People
    instance_url: str = ""
    cursors: Cursors = field(default_factory=Cursors)
    jobs: Jobs = field(default_factory=Jobs)
    granted_fields: set[str] = field(default_factory=set)
    truth: dict[str, float] = field(default_factory=dict)
    as_of: datetime | None = None
    tenant: dict[str, object] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    _assigned: Iterator[str] | None = None
    _random: Random = field(default_factory=lambda: Random(1))

    def now_ms(self) -> int:
        """Return the sandbox's time in epoch milliseconds, of a whole second as the org stamps."""
        return self.stage.clock.now_ms() // 1000 * 1000

    def user(self) -> Author:
        """Return the person who works in the org, in a transaction that takes its own time to commit."""
        lag_ms = self.stage.config.index_lag_seconds * 1000 * self._random.random()
        return Author(self.people.seller, lag_ms=int(lag_ms))

    def client(self, *, assigns: bool = False) -> Author:
        """Return the connected app, which works as the integration user."""
        return Author(self.people.integration, client=True, assigns=assigns)

    def new_id(self, object_name: str) -> str:
        """Return the id of an object's next record."""
        prefix = PREFIXES[object_name]
        self.made[prefix] += 1
        return new_id(object_name, FIRST_NUMBER - 1 + self.made[prefix])

    def visible_ms(self, author: Author) -> int:
        """Return when queries see what an author does now."""
        return self.stage.clock.now_ms() + author.lag_ms

    def seen(self, object_name: str, row_id: str) -> Values | None:
        """Return a record as queries see it now."""
        return self.tables[object_name].seen(self.stage.clock.now_ms()).get(row_id)

    def next_assigned(self) -> str:
        """Return the owner whom the lead assignment rule names next."""
        if self._assigned is None:
            self._assigned = itertools.cycle((self.people.queue, self.people.second_seller))
        return next(self._assigned)


def build_hub(stage: Stage) -> Hub:
    """Return an org without any record."""
    org = stage.config.org
    schema = Schema(stage.clock.now().replace(microsecond=0), org.hidden)
    if org.packaged:
        schema.install_scores(org.namespace)
    numbers = Counter({PREFIXES["User"]: 4, PREFIXES["Group"]: 1})
    users = [new_id("User", FIRST_NUMBER + place) for place in range(4)]
    return Hub(
        stage=stage,
        org=org,
        schema=schema,
        tables={name: Table(each) for name, each in {**schema.objects, **schema.tooling}.items()},
        grants=Grants(stage.config.app, stage.config.oauth, stage.clock),
        usage=Usage(org.daily_requests, stage.clock),
        people=People(users[0], users[1], users[2], users[3], new_id("Group", FIRST_NUMBER)),
        instance_url=org.instance_url,
        made=numbers,
    )
