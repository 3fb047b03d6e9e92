"""Wired services for tests: a store, a clock that stands still, a CRM in memory, wake-ups that are kept."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from uuid import UUID

from connector.adapters.contract import Capabilities, Lane, Usage
from connector.crypto import SecretKeys, TokenCipher, new_key
from connector.records import (
    Account,
    Actor,
    Conversion,
    EngagementEvent,
    EventKind,
    FieldDefinition,
    FieldType,
    Page,
    PropertyChange,
    Record,
)
from connector.services import install
from connector.services.children import in_place
from connector.services.context import REALTIME, Services
from connector.services.hooks import HookAddresses
from connector.services.install import Installed
from connector.services.warm import Warm
from connector.store.session import Store
from tests.fakecrm import FakeAccount, FakeApp
from workers.outcomes import carry_out
from workers.turns import take_turns

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StillClock:
    """A clock that moves only when told to, or when someone sleeps on it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOW).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class OpenLane:
    """A lane without limits."""

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        pass

    def settle(self, budget: str) -> None:
        pass

    def penalise(self, budget: str, seconds: float) -> None:
        pass

    def told(self, budget: str, usage: Usage | None) -> None:
        pass

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        pass


def open_lane(vendor: str, account_id: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
    """Give a lane without limits."""
    return OpenLane()


KEY, NEWER_KEY = "s" * 32, "n" * 32
"""The deployment's secret key, and one that may take its place."""


@dataclass
class World:
    """Services with everything that a test may want to look at or disturb."""

    services: Services
    clock: StillClock
    crm: FakeAccount
    woken: list[tuple[str, UUID]] = field(default_factory=list)

    def install(self, code: str = "code-1") -> Installed:
        """Go through an installation as one browser would."""
        url = install.begin(self.services, "fakecrm", "browser", None)
        return install.complete(self.services, "fakecrm", "browser", url.partition("state=")[2], code)

    def use_keys(self, *keys: str) -> None:
        """Start anew with these secret keys, newest first, as an operator does."""
        self.services = replace(self.services, hooks=replace(self.services.hooks, keys=SecretKeys(keys)))

    def work(self, limit: int = 50) -> int:
        """Do what was announced, in order, until nothing is; return how many tasks ran."""
        done = 0
        while self.woken and done < limit:
            queue, work_id = self.woken.pop(0)
            if queue == REALTIME:
                take_turns(self.warm, work_id)
            else:
                carry_out(self.services, work_id)
            done += 1
        return done

    @cached_property
    def warm(self) -> Warm:
        """What a worker of the real-time lane remembers."""
        return Warm(self.services)


def world(store: Store, **onboarding: Any) -> World:
    """Wire services around a store and a small CRM account."""
    clock = StillClock()
    crm = small_account()
    woken: list[tuple[str, UUID]] = []
    services = Services(
        store=store,
        clock=clock,
        cipher=TokenCipher([new_key()]),
        apps={"fakecrm": FakeApp({"code-1": crm})},
        lane=open_lane,
        wake=lambda queue, intent_id: woken.append((queue, intent_id)),
        isolated=in_place,
        lease_seconds=30,
        # Most tests want any model: climbing the whole ladder takes the longest.
        onboarding={"delivery": "on", "complexity": "interpretable", **onboarding},
        hooks=HookAddresses("https://scores.example.com", SecretKeys((KEY,))),
        admit=lambda key: 0.0,
    )
    return World(services, clock, crm, woken)


def small_account(people: int = 400, seed: int = 1) -> FakeAccount:
    """An account whose people convert the more, the more they click; about one in six."""
    fields = (
        FieldDefinition("city", "City", FieldType.CATEGORY),
        FieldDefinition("size", "Company size", FieldType.NUMBER),
        FieldDefinition("email", "E-mail", FieldType.TEXT, personal=True),
        FieldDefinition("status", "Lead status", FieldType.CATEGORY, system=True, excludes={"bad": "disqualified"}),
    )
    pages = {name: list(found) for name, found in _pages(people, seed).items()}
    return FakeAccount(Account("101", "Alpha Ltd", "https://fake.example", "UTC"), fields, pages)


@cache
def _pages(people: int, seed: int) -> dict[str, list[Page]]:
    draw = random.Random(seed)
    pages: dict[str, list[Page]] = {"people": [], "clicks": [], "deals": []}
    for start in range(0, people, 50):
        made = [_person(number, draw) for number in range(start, min(start + 50, people))]
        pages["people"].append(
            replace(
                Page(cursor={}, drained=False),
                records=tuple(item[0] for item in made),
                changes=tuple(change for item in made for change in item[1]),
            )
        )
        pages["clicks"].append(Page(cursor={}, drained=False, events=tuple(e for item in made for e in item[2])))
        pages["deals"].append(Page(cursor={}, drained=False, conversions=tuple(c for item in made for c in item[3])))
    return pages


def _person(
    number: int, draw: random.Random
) -> tuple[Record, list[PropertyChange], list[EngagementEvent], list[Conversion]]:
    record_id = str(1000 + number)
    created = NOW - timedelta(days=draw.uniform(20, 500))
    size, clicks = draw.randrange(10, 500), draw.randrange(0, 6)
    city = draw.choice(["Porto", "Faro", "Braga"])
    record = Record(record_id, f"p{number}@firm{number % 60}.com", created, created, {"city": city, "size": str(size)})
    changes = [
        PropertyChange(record_id, "city", city, created),
        PropertyChange(record_id, "size", str(size), created),
    ]
    events = [
        EngagementEvent(
            "clicks",
            f"{record_id}-{n}",
            EventKind.EMAIL_CLICKED,
            created + timedelta(days=n + 1),
            Actor.LEAD,
            record_id,
        )
        for n in range(clicks)
    ]
    chance = 1 / (1 + math.exp(4 - clicks - size / 250))
    won = []
    if draw.random() < chance:
        at = created + timedelta(days=draw.uniform(8, 60))
        if at < NOW:
            won = [Conversion("deals", f"d{record_id}", "deal_won", at, record_id)]
    return record, changes, [e for e in events if e.at < NOW], won
