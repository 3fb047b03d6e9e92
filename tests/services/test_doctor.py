"""What the doctor finds: each fault by its remedy, on either database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from connector.crypto import TokenCipher, new_key
from connector.errors import RetryLater
from connector.services import pipeline
from connector.services.doctor import Finding, Level, Surroundings, examine
from connector.services.pipeline import QUEUES
from connector.store import connections
from connector.store.connections import Health
from connector.store.session import Store
from connector.telemetry.board_redis import BrokerFacts
from tests.world import NOW, World, world


@dataclass
class Server:
    """A Redis server that says what a test wants."""

    told: BrokerFacts = field(
        default_factory=lambda: BrokerFacts("7.2", "noeviction", True, NOW, dict.fromkeys(QUEUES, 0))
    )
    away: bool = False

    def facts(self, queues: tuple[str, ...]) -> BrokerFacts:
        if self.away:
            raise RetryLater("The Redis server of REDIS_URL can't be used: ConnectionError.")
        return self.told


@dataclass
class Patient:
    """A deployment in good health, until a test makes it ill."""

    world: World
    server: Server = field(default_factory=Server)
    consumed: dict[str, list[str]] = field(default_factory=lambda: {"all@host": list(QUEUES)})
    url: str = "https://scores.example.com"
    crms: tuple[str, ...] = ("fakecrm",)

    def findings(self) -> list[Finding]:
        """Let the doctor look; clocks of a database server run on, and a test's own role there is a superuser: both
        are left out."""
        around = Surroundings(self.url, self.crms, 30.0, self.server, lambda: self.consumed)
        told = examine(self.world.services, around)
        return [each for each in told if "s apart" not in each.sentence and "row-level" not in each.sentence]

    def ills(self) -> dict[str, tuple[Level, str]]:
        """Return part → what is not well with it."""
        return {f.part: (f.level, f.sentence) for f in self.findings() if f.level is not Level.FINE}


@pytest.fixture
def patient(store: Store) -> Patient:
    """One account, installed; a sweep was a moment ago."""
    made = Patient(world(store))
    made.world.install()
    made.world.services.board.swept(NOW)
    return made


def test_a_healthy_deployment_has_no_ills(patient: Patient) -> None:
    """Every part is told all the same, so that the reader knows what was looked at."""
    assert patient.ills() == {}
    parts = {found.part for found in patient.findings()}
    assert parts == {"settings", "database", "encryption keys", "work", "redis", "beat"} | {
        f"queue {q}" for q in QUEUES
    }


def plain_http(patient: Patient) -> None:
    patient.url = "http://scores.example.com"


def lost_keys(patient: Patient) -> None:
    patient.world.services = replace(patient.world.services, cipher=TokenCipher([new_key()]))


def old_schema(patient: Patient) -> None:
    with patient.world.services.store.transaction() as session:
        session.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")


def redis_away(patient: Patient) -> None:
    patient.server.away = True


def evicting(patient: Patient) -> None:
    patient.server.told = replace(patient.server.told, eviction="allkeys-lru")


def fast_redis(patient: Patient) -> None:
    patient.server.told = replace(patient.server.told, now=NOW + timedelta(seconds=40))


def no_delivery(patient: Patient) -> None:
    patient.consumed = {"some@host": [queue for queue in QUEUES if queue != "deliver"]}


def no_beat(patient: Patient) -> None:
    patient.world.clock.sleep(91)


@pytest.mark.parametrize(
    ("falls_ill", "part", "remedy"),
    [
        (plain_http, "settings", "Put TLS before the web processes"),
        (lost_keys, "encryption keys", "Add that key to CONNECTOR_ENCRYPTION_KEYS"),
        (old_schema, "database", "Run `python -m connector migrate`"),
        (redis_away, "redis", "Start it, or correct REDIS_URL"),
        (evicting, "redis", "Set it to noeviction"),
        (no_delivery, "queue deliver", "Start worker-deliver"),
        (no_beat, "beat", "Start beat and worker-maintenance"),
    ],
)
def test_a_problem_is_told_with_its_remedy(
    patient: Patient, falls_ill: Callable[[Patient], None], part: str, remedy: str
) -> None:
    """Only the part that is ill is told to be."""
    falls_ill(patient)
    ills = patient.ills()
    assert list(ills) == [part]
    level, sentence = ills[part]
    assert level is Level.PROBLEM
    assert remedy in sentence


def test_clocks_that_differ_are_a_problem(patient: Patient) -> None:
    """Leases are compared between machines."""
    fast_redis(patient)
    around = Surroundings(patient.url, patient.crms, 30.0, patient.server, lambda: patient.consumed)
    skewed = [found for found in examine(patient.world.services, around) if "40 s apart" in found.sentence]
    assert [(found.part, found.level) for found in skewed] == [("redis", Level.PROBLEM)]


def test_work_that_waits_for_a_person_is_a_warning(patient: Patient) -> None:
    """Parked work by its tenants, accounts by what their admins must do, an older key by where it must stay."""
    services, clock = patient.world.services, patient.world.clock
    installed = patient.world.install()
    job = pipeline.claim(services, patient.world.woken[0][1])
    assert job
    pipeline.park(job, "Grant the scope.", Health.NEEDS_ADMIN)
    services.board.swept(clock.now())
    sentences = " ".join(found.sentence for found in patient.findings() if found.level is Level.WARNING)
    assert f"wait for a person: {installed.tenant_id}" in sentences
    assert "1 accounts: needs admin" in sentences
    with services.store.transaction() as session:
        connections.set_health(session, installed.connection_id, Health.DISCONNECTED)
    assert any("must install the app again" in found.sentence for found in patient.findings())


def test_a_lease_of_a_lost_worker_that_no_sweep_took_up_is_told(patient: Patient) -> None:
    """And what is due for long without being taken."""
    services, clock = patient.world.services, patient.world.clock
    assert pipeline.claim(services, patient.world.woken[0][1])
    clock.sleep(61)
    services.board.swept(clock.now())
    assert "left by workers that are gone" in patient.ills()["work"][1]


def test_a_flag_day_is_not_needed_for_a_new_key(patient: Patient) -> None:
    """The older one still opens; the sentence says that it must stay."""
    newer, older = new_key(), new_key()
    services = patient.world.services
    patient.world.services = replace(services, cipher=TokenCipher([older]))
    patient.world.install()
    patient.world.services = replace(services, cipher=TokenCipher([newer, older]))
    level, sentence = patient.ills()["encryption keys"]
    assert level is Level.WARNING
    assert "keep it in CONNECTOR_ENCRYPTION_KEYS, after the newest" in sentence
