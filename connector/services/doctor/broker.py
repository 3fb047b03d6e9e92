"""The Redis server, and who listens to it: workers for every queue, a beat that announces sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from connector.errors import RetryLater
from connector.services import pipeline
from connector.services.context import Services
from connector.services.doctor.finding import Finding, Level, Surroundings, skewed
from connector.telemetry.board_redis import BrokerFacts

PART = "redis"
NEVER_EVICTS = "noeviction"
CROWDED = 1_000
"""Wake-ups that wait in a queue while its workers are at work: more than a worker takes in minutes."""

_SWEEPS_MISSED = 3


def look(services: Services, around: Surroundings) -> Iterator[Finding]:
    """Ask the server about itself, then the workers, then the board."""
    try:
        facts = around.broker.facts(pipeline.QUEUES)
        # At once: asking the workers takes longer than clocks may be apart.
        server = list(_server(facts, services.clock.now()))
        swept = services.board.read(services.clock.now()).swept_at
        consumed = around.consumed()
    except RetryLater as error:
        yield Finding(Level.PROBLEM, PART, f"{error} Start it, or correct REDIS_URL. Until then nobody is woken.")
        return
    yield from server
    for queue in pipeline.QUEUES:
        takers = sorted(worker for worker, queues in consumed.items() if queue in queues)
        yield _queue(queue, takers, facts.waiting[queue])
    age = None if swept is None else services.clock.now() - swept
    yield _beat(age, around.sweep_seconds)


def _server(facts: BrokerFacts, now: datetime) -> Iterator[Finding]:
    yield Finding(Level.FINE, PART, f"Version {facts.version}.")
    yield skewed(PART, facts.now, now)
    if facts.eviction == NEVER_EVICTS:
        yield Finding(Level.FINE, PART, "It evicts nothing.")
    else:
        sentence = f"maxmemory-policy is {facts.eviction}: rate windows may vanish, and CRMs would refuse us."
        yield Finding(Level.PROBLEM, PART, f"{sentence} Set it to {NEVER_EVICTS}.")
    if facts.persistent:
        yield Finding(Level.FINE, PART, "It keeps its data over a restart.")
    else:
        sentence = (
            "It forgets everything at a restart: wake-ups wait for the next sweep then, and rate windows restart."
        )
        yield Finding(Level.WARNING, PART, f"{sentence} Switch on appendonly.")


def _queue(queue: str, takers: list[str], waiting: int) -> Finding:
    part = f"queue {queue}"
    if not takers:
        return Finding(Level.PROBLEM, part, f"No worker takes from it. Start worker-{queue} of the Procfile.")
    if waiting > CROWDED:
        return Finding(Level.WARNING, part, f"{waiting} wake-ups wait for {', '.join(takers)}. Start more of them.")
    return Finding(Level.FINE, part, f"{', '.join(takers)} take from it; {waiting} wake-ups wait.")


def _beat(age: timedelta | None, sweep_seconds: float) -> Finding:
    if age is not None and age <= timedelta(seconds=sweep_seconds * _SWEEPS_MISSED):
        return Finding(Level.FINE, "beat", f"The last sweep was {age.total_seconds():.0f} s ago.")
    last = "There was no sweep yet" if age is None else f"The last sweep was {age.total_seconds():.0f} s ago"
    sentence = f"{last}; one is due every {sweep_seconds:.0f} s. Start beat and worker-maintenance of the Procfile."
    return Finding(Level.PROBLEM, "beat", sentence)
