"""Planted secrets and addresses turn up nowhere: the line runs against a sandbox, and everything it leaves is read."""

from __future__ import annotations

import json
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
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connector.adapters.contract import Delivery
from connector.adapters.enrichment.calls import Door
from connector.adapters.enrichment.registry import Providers
from connector.app import create_app
from connector.bootstrap import build
from connector.crypto import ChainSeal, SecretKeys, TokenCipher, new_key
from connector.services import install, on_request, pipeline, rotation
from connector.services.context import Services
from connector.services.hooks import HookAddresses
from connector.settings import load
from connector.store import connections, intents, runs
from connector.store.connections import CrmConnection
from connector.store.runs import RunStatus
from connector.store.session import open_store
from connector.telemetry.logs import JsonLines
from connector.telemetry.reporter import Reporter
from tests import databases
from tests.browser import filling
from tests.browser.samples import addresses
from tests.contract.hubspot_world import WEBHOOK
from tests.contract.mailchimp_world import LivelyClock
from tests.contract.world import Trouble, VendorWorld
from tests.e2e.test_three_crms import WORLDS, wired
from tests.isolation import planting
from tests.isolation.planting import MAIL, Person
from tests.unit.web.api.program import Program
from tests.unit.web.api.test_isolation import RULES
from workers.outcomes import carry_out

PERSON = "canary-person@firm1.example.com"
"""A person's address: in the database, and on no other side."""

RUNS, DONE = (pipeline.FIRST, pipeline.REFRESH), RunStatus.DONE

ORIGIN = WEBHOOK.removesuffix("/webhooks/hubspot")
NOWHERE = "http://127.0.0.1:1"
EVERLASTING = ("mailchimp",)
"""CRMs whose tokens do not expire."""


class Remembering(TokenCipher):
    """Seals as ever; keeps what it was given to seal."""

    def __init__(self, keys: list[str], secrets: set[str]) -> None:
        super().__init__(keys)
        self.secrets = secrets

    def encrypt(self, plaintext: str, *, tenant_id: str, connection_id: str) -> str:
        self.secrets |= _parts(plaintext)
        return super().encrypt(plaintext, tenant_id=tenant_id, connection_id=connection_id)


def _parts(plaintext: str) -> set[str]:
    """What is sealed together is several secrets. A recipient's address is sealed as well, but shown to its tenant."""
    if plaintext.startswith("["):
        return {str(part) for part in json.loads(plaintext)}
    return set() if "@" in plaintext else {plaintext}


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


KNOWS_PEOPLE = ("database", "pages", "api")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Left]:
    """Three installations, a first run with troubles, tokens that expire, pushes, wrong requests, one of each secret,
    every page and every route of the API, keys rotated."""
    keys, old, log = [new_key()], [new_key()], StringIO()
    environ = {
        "CONNECTOR_SECRET_KEY": "canary-of-the-session-" * 2,
        "CONNECTOR_ENCRYPTION_KEYS": ",".join(keys + old),
        "CONNECTOR_PUBLIC_URL": ORIGIN,
        "CONNECTOR_METRICS_TOKEN": "canary-of-the-metrics-" * 2,
        "REDIS_URL": redis_url,
        **MAIL,
    }
    folder, settings = tmp_path_factory.mktemp("canaries"), load(environ)
    secrets = {*keys, *old} | {text for name, text in environ.items() if name.endswith(("KEY", "TOKEN", "PASSWORD"))}
    with ExitStack() as ending:
        worlds = _worlds(ending)
        store = open_store(databases.sqlite_url(folder / "canaries.db"), ChainSeal(keys))
        ending.callback(store.close)
        ending.enter_context(_logged(log))
        woken: list[UUID] = []
        real = build(settings)
        services = wired(store, worlds, woken)
        keep = services.wake

        def wake(queue: str, work_id: UUID) -> None:
            real.wake(queue, work_id)
            keep(queue, work_id)

        services = replace(
            services,
            wake=wake,
            cipher=Remembering([*old, *keys], secrets),
            hooks=HookAddresses(ORIGIN, SecretKeys(settings.secret_keys)),
            board=real.board,
            mail=real.mail,
            providers=Providers(Door([NOWHERE]), NOWHERE),
        )
        tenant, state, people = _installed(services, worlds, secrets)
        _work(services, woken)
        for crm in worlds:
            if crm.name not in EVERLASTING:
                crm.expire_tokens()
        app = create_app(services, settings)
        client = app.test_client()
        assert on_request.start_run(services, tenant, pipeline.REFRESH)
        hubspot = worlds[0]
        errors = _errors(client, hubspot.delivery(people[hubspot.name]), state)
        _work(services, woken)
        with store.reading(tenant) as session:
            assert {run.status for run in (runs.latest(session, tenant, (kind,)) for kind in RUNS) if run} == {DONE}
        filling.fill(services, tenant)
        owner, token = planting.signed_in(services, client, ORIGIN, tenant)
        key, shown_once = planting.api_key(owner)
        secrets |= planting.others(services, tenant) | {token, key}
        with store.reading(tenant) as session:
            accounts = connections.of_tenant(session, tenant)
        secrets |= {services.hooks.signing_secret(account.id) for account in accounts}
        assert shown_once.count(key)
        rotation.rotate(replace(services, cipher=Remembering([*keys, *old], secrets)))
        Reporter(services.board, services.counts, services.clock, "web").report()
        metrics = client.get("/metrics", headers={"Authorization": f"Bearer {settings.metrics_token}"})
        assert metrics.status_code == 200
        sides = {
            "errors": errors,
            "the page of a new key": shown_once.replace(key, ""),
            "pages": _pages(app, services, owner, tenant),
            "api": _api(client, key),
            "metrics": metrics.text,
            "broker": _broker(redis_url),
            "database": _dump(folder / "canaries.db"),
        }
        yield Left(secrets, sides, services, log)


def _installed(services: Services, worlds: list[VendorWorld], secrets: set[str]) -> tuple[UUID, str, dict[str, str]]:
    """Install into each CRM, which then fails once; return the tenant, the first state, CRM → the person's record."""
    tenant, states, people = None, [], {}
    for crm in worlds:
        secrets.add(crm.credentials.client_secret)
        people[crm.name] = crm.add_person(PERSON)
        crm.clock.sleep(120 * 86_400 / len(worlds))
        code, state = crm.consent(install.begin(services, crm.name, "browser", tenant))
        secrets |= {code, state}
        states.append(state)
        tenant = install.complete(services, crm.name, "browser", state, code).tenant_id
        crm.fail(Trouble.SERVER_ERROR, 1, path=crm.api_path())
    assert tenant
    return tenant, states[0], people


def _worlds(ending: ExitStack) -> list[VendorWorld]:
    """The three CRMs on one clock, filled."""
    patch, clock = ending.enter_context(pytest.MonkeyPatch.context()), LivelyClock()
    patch.setattr("tests.contract.world.SharedClock", lambda: clock)
    patch.setattr("tests.contract.mailchimp_world.LivelyClock", lambda: clock)
    worlds: list[VendorWorld] = []
    for make in WORLDS:
        worlds.append(make())
        ending.callback(worlds[-1].stop)
        worlds[-1].fill(12)
    return worlds


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


def _pages(app: Flask, services: Services, owner: Person, tenant: UUID) -> str:
    """Every page that there is, as an owner of the tenant sees it, with the headers it comes with."""
    pages = [item for item in addresses(app, services, tenant) if item[0] != "connections.show"]
    found = [(endpoint, owner.get(path)) for endpoint, path in pages]
    with services.store.reading(tenant) as session:
        accounts = connections.of_tenant(session, tenant)
    assert {endpoint: answer.status_code for endpoint, answer in found if answer.status_code >= 400} == {}
    told = "\n".join(_all_of(answer) for _, answer in found)
    return told + "\n".join(_account_page(services, owner, account) for account in accounts)


def _account_page(services: Services, owner: Person, account: CrmConnection) -> str:
    """An account's page, without the secret that an admin enters in the CRM by hand: it is shown here alone."""
    text = _all_of(owner.get(f"/connections/{account.id}"))
    entered = services.hooks.signing_secret(account.id)
    assert (entered in text) == services.apps[account.vendor].capabilities.admin_webhook
    return text.replace(entered, "")


def _api(client: FlaskClient, key: str) -> str:
    """Every route of the API, asked as a program may and as it may not, and the API's description."""
    caller, other = Program(client, key), Program(client, "lsk_wrong")
    person = caller.post("/leads/search", {"email": PERSON}).json or {}
    ids = {"lead": person["leads"][0]["lead"], "email": PERSON, "conversion": "a", "model": "current"}
    ids["recomputation"] = (caller.post("/scores/recomputations", {"leads": [ids["lead"]]}).json or {})["id"]
    asked = [ask for name, ask in sorted(RULES.items()) if name != "api_people.erase"]
    good = [ask.send(caller, ids.get(ask.id or "")) for ask in asked]
    assert {answer.status_code for answer in good} <= {200, 201, 202, 204}
    wrong = [ask.send(sender, PERSON) for ask in asked for sender in (caller, other)]
    described = [client.get(f"/api/v1/{name}", base_url=ORIGIN) for name in ("openapi.json", "docs")]
    return "\n".join(_all_of(answer) for answer in [*good, *wrong, *described])


def _all_of(answer: TestResponse) -> str:
    """Body and headers; files that are no text as far as they can be read."""
    return f"{answer.data.decode('utf-8', 'replace')}\n{answer.headers}"


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
