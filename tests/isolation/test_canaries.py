"""Planted secrets and addresses turn up nowhere: the line runs against a sandbox, and everything it leaves is read."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
import redis

from connector.adapters.contract import Delivery
from connector.app import create_app
from connector.bootstrap import build
from connector.crypto import ChainSeal, TokenCipher, new_key
from connector.records import Role
from connector.services import install, on_request, pipeline, rotation
from connector.services.access import sessions
from connector.services.context import Services
from connector.services.hooks import HookAddresses
from connector.settings import load
from connector.store import intents, runs, users
from connector.store.runs import RunStatus
from connector.store.session import open_store
from connector.telemetry.logs import JsonLines
from connector.telemetry.reporter import Reporter
from tests import databases
from tests.contract.hubspot_world import WEBHOOK, HubSpotWorld
from tests.contract.mailchimp_world import LivelyClock
from tests.contract.world import Trouble
from tests.e2e.test_three_crms import wired
from workers.outcomes import carry_out

PERSON = "canary-person@firm1.example.com"
"""A person's address: in the database, and on no other side."""

RUNS, DONE = (pipeline.FIRST, pipeline.REFRESH), RunStatus.DONE

ORIGIN = WEBHOOK.removesuffix("/webhooks/hubspot")


class Remembering(TokenCipher):
    """Seals as ever; keeps what it was given to seal."""

    def __init__(self, keys: list[str], secrets: set[str]) -> None:
        super().__init__(keys)
        self.secrets = secrets

    def encrypt(self, plaintext: str, *, tenant_id: str, connection_id: str) -> str:
        self.secrets.add(plaintext)
        return super().encrypt(plaintext, tenant_id=tenant_id, connection_id=connection_id)


@dataclass
class Left:
    """What a run left behind, by the side that it is on, and the secrets that were used in it."""

    secrets: set[str]
    sides: dict[str, str]
    services: Services
    log: StringIO

    def leaks(self) -> set[tuple[str, str]]:
        """Return (side, secret) of every secret in the clear; of the person's address where it may not be."""
        sides = {**self.sides, "logs": self.log.getvalue()}
        found = {(side, secret) for side, text in sides.items() for secret in self.secrets if secret in text}
        return found | {(side, PERSON) for side, text in sides.items() if side not in KNOWS_PEOPLE and PERSON in text}


KNOWS_PEOPLE = ("database", "pages")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Left]:
    """An installation, a first run with troubles, tokens that expire, a push, wrong requests, keys rotated."""
    keys, old, log = [new_key()], [new_key()], StringIO()
    environ = {
        "CONNECTOR_SECRET_KEY": "canary-of-the-session-" * 2,
        "CONNECTOR_ENCRYPTION_KEYS": ",".join(keys + old),
        "CONNECTOR_PUBLIC_URL": ORIGIN,
        "CONNECTOR_METRICS_TOKEN": "canary-of-the-metrics-" * 2,
        "REDIS_URL": redis_url,
    }
    folder, settings = tmp_path_factory.mktemp("canaries"), load(environ)
    with ExitStack() as ending, pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.contract.world.SharedClock", LivelyClock)
        crm = HubSpotWorld()
        ending.callback(crm.stop)
        crm.fill(12)
        person = crm.add_person(PERSON)
        crm.clock.sleep(120 * 86_400)
        store = open_store(databases.sqlite_url(folder / "canaries.db"), ChainSeal(keys))
        ending.callback(store.close)
        ending.enter_context(_logged(log))
        secrets = {crm.secret, *environ.values()} - {ORIGIN, redis_url, environ["CONNECTOR_ENCRYPTION_KEYS"]}
        secrets |= {*keys, *old}
        woken: list[UUID] = []
        real = build(settings)
        services = wired(store, [crm], woken)
        keep = services.wake

        def wake(queue: str, work_id: UUID) -> None:
            real.wake(queue, work_id)
            keep(queue, work_id)

        hooks = HookAddresses(ORIGIN, settings.secret_key)
        cipher = Remembering([*old, *keys], secrets)
        services = replace(services, wake=wake, cipher=cipher, hooks=hooks, board=real.board)
        url = install.begin(services, "hubspot", "browser", None)
        code, state = crm.consent(url)
        secrets |= {code, state}
        tenant = install.complete(services, "hubspot", "browser", state, code).tenant_id
        crm.fail(Trouble.SERVER_ERROR, 1, path="/crm/v3/objects/contacts")
        _work(services, woken)
        crm.expire_tokens()
        app = create_app(services, settings)
        client = app.test_client()
        assert on_request.start_run(services, tenant, pipeline.REFRESH)
        errors = _errors(client, crm.delivery(person), state)
        _work(services, woken)
        with store.reading(tenant) as session:
            assert {run.status for run in (runs.latest(session, tenant, (kind,)) for kind in RUNS) if run} == {DONE}
        rotation.rotate(replace(services, cipher=Remembering([*keys, *old], secrets)))
        Reporter(services.board, services.counts, services.clock, "web").report()
        metrics = client.get("/metrics", headers={"Authorization": f"Bearer {settings.metrics_token}"})
        assert metrics.status_code == 200
        sides = {
            "errors": errors,
            "pages": _pages(services, client, tenant),
            "metrics": metrics.text,
            "broker": _broker(redis_url),
            "database": _dump(folder / "canaries.db"),
        }
        yield Left(secrets, sides, services, log)


def _logged(log: StringIO) -> ExitStack:
    """Write what a process logs, ours on DEBUG, as ``telemetry.logs`` sets it up."""
    handler = logging.StreamHandler(log)
    handler.setFormatter(JsonLines())
    root, ours, ending = logging.getLogger(), logging.getLogger("connector"), ExitStack()
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    ours.setLevel(logging.DEBUG)
    ending.callback(ours.setLevel, levels[1])
    ending.callback(root.setLevel, levels[0])
    ending.callback(root.removeHandler, handler)
    return ending


def _work(services: Services, woken: list[UUID]) -> None:
    for _ in range(60):
        if not woken:
            return
        work_id = woken.pop(0)
        carry_out(services, work_id)
        services.clock.sleep(30)
        with services.store.reading() as session:
            woken += [found for found, _ in intents.due(session, services.clock.now(), 9) if found not in woken]


def _errors(client: object, delivery: Delivery, state: str) -> str:
    """Answers to requests that are wrong in every way that quotes could come of."""
    send = client.open  # type: ignore[attr-defined]
    headers = {name: value for name, value in delivery.headers.items() if name.lower() != "content-length"}
    good = send("/webhooks/hubspot", method="POST", base_url=ORIGIN, data=delivery.body, headers=headers)
    assert good.status_code == 204
    answers = [
        send("/webhooks/hubspot", method="POST", base_url=ORIGIN, data=delivery.body, headers={**headers, **_FORGED}),
        send("/webhooks/hubspot", method="POST", base_url=ORIGIN, data=f'[{{"email": "{PERSON}"}}', headers=headers),
        send("/oauth/hubspot/callback", base_url=ORIGIN, query_string={"state": "other", "code": PERSON}),
        send("/oauth/hubspot/callback", base_url=ORIGIN, query_string={"error": PERSON}),
        send(f"/leads/{PERSON}", base_url=ORIGIN),
        send("/oauth/hubspot/start", method="POST", base_url=ORIGIN, data={"own_login": PERSON}),
        send(f"/t/{PERSON}.js", base_url=ORIGIN),
    ]
    assert state
    assert all(answer.status_code >= 300 for answer in answers)
    return "\n".join(f"{answer.text}\n{answer.headers}" for answer in answers)


_FORGED = {"X-HubSpot-Signature-v3": "forged"}


def _pages(services: Services, client: object, tenant: UUID) -> str:
    """Every page without ids in its address, and those that they lead to, as an owner of their tenant sees them."""
    with services.store.transaction(tenant) as found:
        user = users.add(found, tenant, "Ana", Role.OWNER, services.clock.now())
        token = sessions.begin(services, found, user, sessions.BY_CRM)
    with client.session_transaction(base_url=ORIGIN) as session:  # type: ignore[attr-defined]
        session["sign_in"], session["browser"] = token, "some-browser"
    get = client.get  # type: ignore[attr-defined]
    home = get("/", base_url=ORIGIN).location
    paths = [
        home,
        f"{home}/progress",
        "/leads",
        "/model",
        "/companies",
        "/people",
        "/fields",
        "/publication",
        "/tracking",
        "/enrichment",
        "/settings/api-keys",
        "/settings/webhooks",
        "/kpis",
        "/capacity",
        "/channels",
        "/channels.csv",
        "/digest",
        "/access",
        "/leads/1",
        "/leads/2",
    ]
    answers = [get(path, base_url=ORIGIN) for path in paths]
    assert answers[0].status_code == 200
    return "\n".join(answer.text for answer in answers)


def _broker(url: str) -> str:
    """Everything that the broker holds: messages, rate windows, the board."""
    client = redis.Redis.from_url(url)
    found = []
    for key in client.scan_iter():
        read = {b"string": client.get, b"list": lambda k: client.lrange(k, 0, -1), b"hash": client.hgetall}
        read |= {b"set": client.smembers, b"zset": lambda k: client.zrange(k, 0, -1, withscores=True)}
        found.append(f"{key!r} {read[client.type(key)](key)!r}")
    assert any("connector.work" in text or "headers" in text for text in found), "no message was left to be looked at"
    return "\n".join(found)


def _dump(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump())


def test_no_secret_is_in_the_clear_and_no_person_where_none_belongs(left: Left) -> None:
    """Tokens, codes, keys, hooks' secrets; logs, errors, pages, metrics, broker, database."""
    assert len(left.secrets) >= 10
    assert PERSON in left.sides["database"]
    assert "stage" in left.log.getvalue()
    assert left.leaks() == set()


def test_the_search_finds_what_it_looks_for(left: Left) -> None:
    """A careless line in a log, and a token that is not sealed."""
    secret = max(left.secrets)
    before = left.log.getvalue()
    left.log.write(f"refreshed {secret} of {PERSON}")
    leaks = left.leaks()
    left.log.seek(0)
    left.log.truncate()
    left.log.write(before)
    assert leaks == {("logs", secret), ("logs", PERSON)}
