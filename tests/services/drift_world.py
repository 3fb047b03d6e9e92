"""A tenant to whom sixteen people a day come, and to whom other people come from some day on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

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
from connector.services import pipeline
from connector.store import connections
from tests.fakecrm import FakeAccount
from tests.services.copies import scored_world
from tests.world import NOW, World

A_DAY, DAYS = 16, 40
FIELDS = (
    FieldDefinition("city", "City", FieldType.CATEGORY),
    FieldDefinition("size", "Company size", FieldType.NUMBER),
    FieldDefinition("email", "E-mail", FieldType.TEXT, personal=True),
)


def people(
    first: datetime, days: int, *, with_city: bool = True, number: int = 10_000, seed: int = 3
) -> dict[str, Page]:
    """Pages of those who come in some days; the larger their company, the likelier they buy within forty days."""
    draw = random.Random(seed)
    records, changes, acts, won = [], [], [], []
    for place in range(days * A_DAY):
        record_id, at = str(number + place), first + timedelta(days=place / A_DAY)
        values = {"size": str(draw.randrange(10, 500))}
        values |= {"city": draw.choice(["Porto", "Faro", "Braga"])} if with_city else {}
        records.append(Record(record_id, f"p{record_id}@firm{record_id}.example.com", at, at, values))
        changes += [PropertyChange(record_id, name, value, at) for name, value in values.items()]
        acts.append(
            EngagementEvent(
                "clicks", record_id, EventKind.EMAIL_CLICKED, at + timedelta(minutes=5), Actor.LEAD, record_id
            )
        )
        if draw.random() < int(values["size"]) / 500:
            then = at + timedelta(days=draw.uniform(1, 40))
            won.append(Conversion("deals", f"d{record_id}", "deal_won", then, record_id))
    page = Page(cursor={}, drained=False)
    return {
        "people": replace(page, records=tuple(records), changes=tuple(changes)),
        "clicks": replace(page, events=tuple(acts)),
        "deals": replace(page, conversions=tuple(won)),
    }


@contextmanager
def watched_world(folder: Path) -> Iterator[World]:
    """The world after its first training, whose horizon is a week."""
    account = FakeAccount(
        Account("101", "Alpha Ltd", "https://fake.example", "UTC"),
        FIELDS,
        {name: [page] for name, page in people(NOW - timedelta(days=DAYS), DAYS).items()},
    )
    with scored_world(folder, account, complexity="interpretable", horizon_days=7) as made:
        yield made


def come(line: World, days: int, *, with_city: bool = True) -> UUID:
    """Let some days pass in which people come, and read and score them; returns the tenant."""
    number = 20_000 + len(line.crm.pages["people"]) * 10_000
    for name, page in people(line.clock.now(), days, with_city=with_city, number=number, seed=number).items():
        line.crm.pages[name].append(page)
    line.clock.at += timedelta(days=days)
    tenant_id = tenant_of(line)
    with line.services.store.transaction(tenant_id) as session:
        ready = pipeline.start(line.services, session, tenant_id, pipeline.REFRESH)
    line.services.wake_all(ready)
    line.work()
    return tenant_id


def tenant_of(line: World) -> UUID:
    """The world's one tenant."""
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    return found.tenant_id
