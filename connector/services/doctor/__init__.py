"""What ``connector doctor`` finds: each part looked at once, each finding with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from connector.services.context import Services
from connector.services.doctor import broker, database, keys, origin, work
from connector.services.doctor.finding import Finding, Level, Surroundings

__all__ = ["Finding", "Level", "Surroundings", "examine"]


def examine(services: Services, around: Surroundings) -> Iterator[Finding]:
    """Yield what was found, part by part; a part that can't be looked at is a problem, not an error."""
    yield from origin.look(around)
    reached = yield from database.look(services)
    if reached:
        yield from keys.look(services)
        yield from work.look(services)
    yield from broker.look(services, around)
