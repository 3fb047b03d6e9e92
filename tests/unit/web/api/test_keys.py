"""API keys: shown once, kept as hashes, rotated with a grace, expired, revoked, and their use remembered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from connector.errors import RejectedInput
from connector.services import ledgers
from connector.services.api import keys, uses
from connector.services.api.keys import Scope, UnknownKey
from connector.services.context import Services
from connector.store import ledger
from connector.store.tables import api_keys, ledger_payloads
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import PUBLIC_URL, Site


def acts(site: Site) -> list[dict[str, object]]:
    """What the ledger says of acts on keys."""
    with site.world.services.store.reading() as session:
        bodies = [json.loads(text) for text in session.execute(sa.select(ledger_payloads.c.body)).scalars()]
    return [body for body in bodies if "API key" in str(body.get("action"))]


def test_a_key_is_made_on_the_page_and_its_secret_is_shown_once(fresh: Site) -> None:
    """The secret opens the API; the database and the page don't know it."""
    browser = fresh.signed_in()
    assert "Your first key" in browser.get("/settings/api-keys").text
    answer = browser.press(
        "/settings/api-keys", "/settings/api-keys", name="<b>Reports", days="30", scope="models:read"
    )
    (secret,) = re.findall(r"lsk_[0-9a-f]{12}_[\w-]{43}", answer.text)
    assert "&lt;b&gt;Reports" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in browser.get("/settings/api-keys").text
    told(Program(fresh.app.test_client(), secret).get("/models"))
    with fresh.world.services.store.reading() as session:
        assert secret[20:] not in str(session.execute(sa.select(api_keys)).all())
    assert [act["action"] for act in acts(fresh)] == ["add API key"]
    assert secret not in str(acts(fresh))


@pytest.mark.parametrize(
    ("name", "days", "scope"), [("", "1", "models:read"), ("x", "x", "models:read"), ("x", "0", "models:read")]
)
def test_what_can_not_be_a_key_is_refused_in_a_sentence(fresh: Site, name: str, days: str, scope: str) -> None:
    """Nothing is stored."""
    browser = fresh.signed_in()
    browser.press("/settings/api-keys", "/settings/api-keys", name=name, days=days, scope=scope)
    assert "1 to" in (page := browser.get("/settings/api-keys").text) or "whole number" in page
    assert keys.of_tenant(fresh.world.services, fresh.tenant_of("101")) == []


def test_a_key_needs_known_scopes(fresh: Site) -> None:
    """None, and one that there is not, are refused."""
    fresh.signed_in()
    for scopes in ([], ["scores:read", "everything"]):
        with pytest.raises(RejectedInput, match="at least one of these scopes: scores:read"):
            keys.add(fresh.world.services, fresh.tenant_of("101"), "x", scopes)


def test_the_former_secret_opens_for_the_stated_grace_and_no_longer(fresh: Site) -> None:
    """The new one opens at once; a second rotation ends the first secret at once."""
    fresh.signed_in()
    services, tenant = fresh.world.services, fresh.tenant_of("101")
    first = keys.add(services, tenant, "x", ["models:read"])
    second = keys.rotate(services, tenant, first.key.id, timedelta(hours=2))
    assert second
    assert {keys.caller_of(services, item.secret).key_id for item in (first, second)} == {first.key.id}
    fresh.world.clock.sleep(2 * 3600)
    with pytest.raises(UnknownKey):
        keys.caller_of(services, first.secret)
    third = keys.rotate(services, tenant, first.key.id, timedelta(hours=2))
    assert third
    keys.rotate(services, tenant, first.key.id, timedelta(hours=2))
    with pytest.raises(UnknownKey):
        keys.caller_of(services, second.secret)
    assert keys.caller_of(services, third.secret).prefix == first.key.prefix
    with pytest.raises(RejectedInput):
        keys.rotate(services, tenant, first.key.id, timedelta(days=31))


def test_a_key_ends_when_it_expires_and_when_it_is_revoked(fresh: Site) -> None:
    """A revoked one for good: it can't be given another secret, nor does its former one open."""
    fresh.signed_in()
    services, tenant = fresh.world.services, fresh.tenant_of("101")
    short = keys.add(services, tenant, "x", ["models:read"], days=1)
    caller = Program(fresh.app.test_client(), short.secret)
    told(caller.get("/models"))
    fresh.world.clock.sleep(24 * 3600)
    assert "has expired" in problem(caller.get("/models"), 401, "key")["detail"]
    long = keys.add(services, tenant, "y", ["models:read"])
    other = keys.rotate(services, tenant, long.key.id)
    assert keys.revoke(services, tenant, long.key.id)
    assert other
    for secret in (long.secret, other.secret):
        with pytest.raises(UnknownKey):
            keys.caller_of(services, secret)
    with pytest.raises(RejectedInput, match="is revoked"):
        keys.rotate(services, tenant, long.key.id)
    assert [act["action"] for act in acts(fresh)][-2:] == ["rotate API key", "revoke API key"]


Ending = Callable[[Services, UUID, UUID], object]
_ENDINGS: dict[str, Ending] = {
    "revoked": keys.revoke,
    "another secret": lambda *key: keys.rotate(*key, timedelta()),
}


@pytest.mark.parametrize("how", _ENDINGS)
def test_a_program_that_was_just_let_in_is_told_nothing_once_its_key_has_ended(live: Site, how: str) -> None:
    """Neither a score, nor that there is no such lead, nor that a scope is missing; and no use is remembered."""
    services, tenant = live.world.services, live.tenant_of("101")
    made = keys.add(services, tenant, "x", [Scope.SCORES_READ, Scope.LEADS_READ])
    caller = Program(live.app.test_client(), made.secret)
    lead = told(caller.post("/leads/search", {"limit": 1}))["leads"][0]["lead"]
    told(caller.get(f"/leads/{lead}/score"))
    uses.sweep(services)
    _ENDINGS[how](services, tenant, made.key.id)
    for path in (f"/leads/{lead}/score", f"/leads/{lead}", "/leads/999999/score", "/models"):
        problem(caller.get(path), 401, "key")
    problem(caller.post("/scores/query", {"leads": [lead]}), 401, "key")
    problem(caller.post("/events", {"events": []}), 401, "key")
    assert uses.sweep(services) == 0


def test_a_key_that_expires_while_it_is_remembered_opens_to_the_second(live: Site) -> None:
    """Not for the half minute more in which it is not looked up."""
    services, tenant = live.world.services, live.tenant_of("101")
    made = keys.add(services, tenant, "x", [Scope.MODELS_READ], days=1)
    caller = Program(live.app.test_client(), made.secret)
    live.world.clock.sleep(24 * 3600 - 1)
    told(caller.get("/models"))
    told(caller.get("/models"))
    live.world.clock.sleep(1)
    problem(caller.get("/models"), 401, "key")


def test_who_asks_again_is_not_looked_up_again_and_read_and_remembered_in_one_go(live: Site, writer: Program) -> None:
    """Two statements for the score of a lead, beside those that begin and end."""
    lead = told(writer.post("/leads/search", {"limit": 1}))["leads"][0]["lead"]
    told(writer.get(f"/leads/{lead}/score"))
    seen: list[str] = []

    def see(*given: Any) -> None:
        seen.append(given[2].split()[0])

    engine = live.world.services.store.engine
    sa.event.listen(engine, "before_cursor_execute", see)
    told(writer.get(f"/leads/{lead}/score"))
    sa.event.remove(engine, "before_cursor_execute", see)
    assert seen == ["BEGIN", "SELECT", "INSERT"]


def test_whoever_has_no_key_learns_nothing(fresh: Site) -> None:
    """No header, another scheme, another product's key, and the right prefix with a wrong secret."""
    fresh.signed_in()
    good = program(fresh)
    wrong = f"{good.secret[:17]}{'A' * 43}"
    for header in ("", "Basic abc", "Bearer", "Bearer lss_abc", f"Bearer {wrong}", f"Bearer {good.secret}x"):
        headers = {"Authorization": header}
        answer = fresh.app.test_client().get("/api/v1/models", headers=headers, base_url=PUBLIC_URL)
        problem(answer, 401, "key")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert wrong not in answer.text


def test_a_key_opens_what_its_scopes_name_and_nothing_else(fresh: Site) -> None:
    """The refusal names the scope that is missing."""
    fresh.signed_in()
    caller = program(fresh, scopes=[Scope.MODELS_READ])
    told(caller.get("/models"))
    assert "scores:read" in problem(caller.post("/scores/query", {"leads": [1]}), 403, "scope")["detail"]


def test_the_last_use_is_written_once_a_minute_at_most(fresh: Site) -> None:
    """Two calls within a minute leave the time of the first."""
    fresh.signed_in()
    services, tenant = fresh.world.services, fresh.tenant_of("101")
    caller, start = program(fresh), fresh.world.clock.now()

    def last() -> object:
        return keys.of_tenant(services, tenant)[0].last_used_at

    assert last() is None
    told(caller.get("/models"))
    fresh.world.clock.sleep(59)
    told(caller.get("/models"))
    assert last() == start
    fresh.world.clock.sleep(1)
    told(caller.get("/models"))
    assert last() == start + timedelta(seconds=60)


def test_what_can_not_be_remembered_is_not_given_out(
    scored: Site, reader: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that takes no rows, and one that answers nothing at all."""

    def away(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    answer = reader.get("/models")
    monkeypatch.setattr(uses, "record", away)
    refused = reader.get("/models")
    problem(refused, 503, "unavailable")
    assert told(answer)["models"][0]["sha256"] not in refused.text
    monkeypatch.setattr(keys, "caller_of", away)
    problem(reader.get("/models"), 503, "unavailable")


def test_every_use_comes_into_the_ledger_with_its_leads_and_the_chain_holds(live: Site, writer: Program) -> None:
    """Refused requests leave no line; a sweep moves what was used, each once."""
    services, tenant = live.world.services, live.tenant_of("101")
    first, second = [row["lead"] for row in told(writer.post("/leads/search", {"limit": 2}))["leads"]]
    told(writer.get(f"/leads/{first}/score"))
    problem(writer.get("/leads/999999/score"), 404, "not-found")
    assert uses.sweep(services) == 2
    assert uses.sweep(services) == 0
    with services.store.reading() as session:
        kept = ledger.span(session, tenant, "accessed")
        of_lead = ledger.of_lead(session, tenant, first, 1)
    bodies = [entry.body or {} for entry in kept]
    assert [body["operation"] for body in bodies] == ["api_leads.search", "api_leads.score"]
    assert bodies[0]["leads"] == [first, second]
    assert bodies[1]["key"] == writer.secret[:16]
    assert of_lead[0].kind == "accessed"
    assert ledgers.verify(services, tenant).broken_at is None
