"""Work that does not go on: parked, abandoned, refused, or of accounts that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connector.services.context import Services
from connector.services.doctor.finding import Finding, Level
from connector.store import gauges
from connector.store.connections import Health
from connector.store.outbox import OutboxStatus

PART = "work"
_NAMED = 5
LATE = timedelta(minutes=10)
"""Work that is due for longer than this has too few workers, or none."""


def look(services: Services) -> Iterator[Finding]:
    """Ask what waits for a person, and what waits for nobody any more."""
    now = services.clock.now()
    with services.store.reading() as session:
        parked = gauges.parked_tenants(session)
        lapsed = gauges.lapsed_leases(session, now - timedelta(seconds=services.lease_seconds))
        late = gauges.late_intents(session, now - LATE)
        undelivered = gauges.undelivered(session)
        accounts = gauges.accounts(session)
    yield _told(
        len(parked),
        "Parked stages of {number} tenants wait for a person: "
        + ", ".join(str(tenant) for tenant in parked[:_NAMED])
        + ". The connection page says what to do; then run `connector resume <tenant>`",
        "No stage is parked",
    )
    yield _told(
        lapsed,
        "{number} stages were left by workers that are gone, and no sweep gave them to others. Look at beat",
        "No stage was left by a worker",
    )
    yield _told(late, "{number} stages are due for over ten minutes. Add workers of their queue", "No work is late")
    dead = sum(item.number for item in undelivered if item.status == OutboxStatus.DEAD)
    yield _told(
        dead,
        "{number} records were refused by their CRM. The connection page has its words; replay them once mended",
        "No record was refused",
    )
    for status, remedy in (
        (Health.DISCONNECTED, "Their admins must install the app again"),
        (Health.NEEDS_ADMIN, "Their connection pages say what their admins must do"),
    ):
        number = sum(count for _, found, count in accounts if found == status)
        words = status.replace("_", " ")
        yield _told(number, f"{{number}} accounts: {words}. {remedy}", f"No account: {words}")


def _told(number: int, bad: str, good: str) -> Finding:
    if number:
        return Finding(Level.WARNING, PART, f"{bad.format(number=number)}.")
    return Finding(Level.FINE, PART, f"{good}.")
