"""The Python client against the application, over real HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import polars as pl
import pytest
import requests
from werkzeug.serving import make_server

from connector.client import ApiError, Asked, Brought, Client, Conversion, Unreachable
from connector.client.transport import Transport
from connector.services.kpis import making
from connector.services.privacy import erasing
from connector.store import spend
from connector.store.spend import Spent
from tests.services.kpis.history import DAY, History
from tests.unit.web.api.program import program, told
from tests.unit.web.site import Site


@dataclass
class Served:
    """A running application, a client of it, and how long the client wanted to wait."""

    site: Site
    url: str
    secret: str
    api: Client
    waits: list[float]


@pytest.fixture
def served(live: Site) -> Iterator[Served]:
    """The copied tenant behind a real server."""
    server = make_server("127.0.0.1", 0, live.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.port}"
    waits: list[float] = []
    secret = program(live).secret
    with Client(url, secret, transport=Transport(url, secret, sleep=waits.append)) as api:
        yield Served(live, url, secret, api, waits)
    server.shutdown()
    thread.join()


def test_it_reads_what_there_is(served: Served, tmp_path: Path) -> None:
    """Leads over several pages, scores, their past, reasons, models and files."""
    api = served.api
    found = list(api.search())
    assert len(found) > 200
    best = found[0]
    assert best.score
    score = api.score(best.lead)
    assert (score.score, score.scored_at) == (best.score.score, best.score.scored_at)
    assert score.scored_at.tzinfo is not None
    name = f"{best.records[0].vendor}:{best.records[0].id}"
    many = api.scores([name, 999_999])
    assert (many.scores[0].lead, many.absent[0].asked) == (best.lead, 999_999)
    assert api.lead(name) == next(iter(api.search(email=best.email)))
    assert [past.score for past in api.history(best.lead)] == [best.score.score]
    reasons = api.reasons(best.lead)
    parts = sum(part.log_odds for part in reasons.contributions)
    assert reasons.base + parts + reasons.other == pytest.approx(reasons.total, abs=0.01)
    changed = api.changes(best.lead)
    assert changed.comparison is None
    assert "first score" in (changed.reason or "")
    (model,) = api.models()
    assert api.model().sha256 == model.sha256
    assert api.model(model.version).report
    assert api.card().startswith("# Model card")
    api.export(tmp_path / "scores.csv")
    api.export(tmp_path / "scores.parquet", "parquet", tier="Low")
    assert set(pl.read_parquet(tmp_path / "scores.parquet")["tier"]) == {"Low"}
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == len(found) + 1


def test_it_sends_and_has_computed(served: Served) -> None:
    """Events, outcomes, leads that are scored anew, and what would be."""
    api, lead = served.api, next(iter(served.api.search(tier="Low"))).lead
    event = {"id": "order-0001", "type": "event", "name": "Plan upgraded", "lead": lead}
    receipt = api.send_events([event, {"id": "x"}])
    assert (receipt.accepted, [item.index for item in receipt.refused]) == (1, [1])
    served.site.world.work()
    at = datetime(2026, 3, 1, 11, tzinfo=UTC)
    won = Conversion("shop-1", lead, "order", at, Decimal("12.5000"), "EUR")
    assert api.send_conversions([won]).accepted == 1
    assert list(api.conversions()) == [won]
    api.take_back("shop-1")
    assert list(api.conversions()) == []
    served.site.world.clock.sleep(timedelta(hours=1).total_seconds())
    asked = api.recompute([lead])
    assert api.wait(asked, looks=2).waiting == (lead,)
    served.site.world.work()
    assert [score.lead for score in api.wait(asked).scores] == [lead]
    supposed = api.what_if(lead, events=[{"kind": "email_clicked"}])
    assert supposed.after.probability != supposed.before.probability


def test_what_changed_is_told_with_its_concepts(served: Served) -> None:
    """Between two scores, the later of which knows of more that happened."""
    api, lead = served.api, next(iter(served.api.search(tier="Low"))).lead
    event = {"id": "order-0001", "type": "event", "name": "Plan upgraded", "lead": lead}
    assert api.send_events([event]).accepted == 1
    served.site.world.clock.sleep(timedelta(hours=1).total_seconds())
    api.recompute([lead])
    served.site.world.work()
    changed = api.changes(lead)
    assert changed.comparison
    assert [at.tzinfo for at in changed.at if at] == [UTC, UTC]
    before, after = changed.comparison.log_odds
    moved = sum(concept.after - concept.before for concept in changed.comparison.concepts)
    assert moved + changed.comparison.model + changed.comparison.rest == pytest.approx(after - before, abs=0.01)
    assert [score.score for score in api.history(lead)] == list(reversed(changed.comparison.scores))


def test_people_are_shown_left_alone_and_forgotten(served: Served) -> None:
    """What is held, a thumb on a score, the wish not to be profiled, and the erasure by lead and by address."""
    api = served.api
    one, other = list(api.search())[:2]
    held = api.held(one.lead)
    assert held.held_on.tzinfo is not None
    assert held.may_be_profiled == "yes"
    assert [record["email"] for record in held.rows["Records in the CRM accounts"]] == [one.email]
    assert set(held.told) == {"Held on", "May be profiled", *held.rows}
    given = api.feedback(one.lead, "down", "wrong_data", "another town")
    assert (given.lead, given.entry > 0) == (one.lead, True)
    api.profile(one.lead, allowed=False, clear=False)
    assert api.held(one.lead).may_be_profiled.startswith("no, since")
    with pytest.raises(ApiError) as caught:
        api.feedback(one.lead, "up", "fits")
    assert (caught.value.kind, served.waits) == ("conflict", [])
    api.profile(one.lead, allowed=True)
    assert api.held(one.lead).may_be_profiled == "yes"
    asked = {api.erase(lead=one.lead), api.erase(email=other.email)}
    assert {(erasure.id, erasure.status) for erasure in api.erasures()} == {(wanted, "asked") for wanted in asked}
    for work in erasing.due(served.site.world.services):
        assert erasing.carry_out(served.site.world.services, work)
    assert {erasure.status for erasure in api.erasures()} == {"done"}
    with pytest.raises(ApiError) as caught:
        api.lead(one.lead)
    assert caught.value.kind == "not-found"


def test_channels_are_read_to_the_cent(served: Served) -> None:
    """Amounts are decimal numbers; before the first figures there are none."""
    assert served.api.channels().made_at is None
    services, connection = served.site.world.services, served.site.connection("101")
    july = datetime(2025, 7, 3, tzinfo=UTC)
    history = History(services, served.site.world.clock, connection.tenant_id, connection.id)
    for lead in [history.lead(july, "ad") for _ in range(40)][:10]:
        history.win(lead, july + DAY, "10.10")
    with services.store.transaction(connection.tenant_id) as session:
        spend.put(session, connection.tenant_id, [Spent("2025-07", "Fair", "EUR", Decimal("0.10"))], july)
    making.make(services, connection.tenant_id)
    found = served.api.channels()
    assert found.made_at
    rows = {channel.name: channel for channel in found.channels}
    assert rows["(no source)"].brought == (Brought("EUR", Decimal("101.00")),)
    (cost,) = rows["Fair"].costs
    assert (cost.spent, cost.per_lead, rows["Fair"].rate) == (Decimal("0.10"), None, None)


class Patient(requests.Session):
    """Remembers for how long an answer was waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def request(self, *args: Any, **more: Any) -> requests.Response:
        self.seconds.append(more["timeout"])
        return super().request(*args, **more)


def test_exports_are_waited_for_longer(served: Served, tmp_path: Path) -> None:
    """A file of millions of leads takes its time before the first byte."""
    session = Patient()
    with Client(served.url, "", transport=Transport(served.url, served.secret, session=session)) as api:
        api.export(tmp_path / "scores.parquet", "parquet")
        api.models()
    assert session.seconds == [600, 30]


class _Noted(Exception):
    """Instead of an answer."""


@dataclass
class Noting(Transport):
    """Sends nothing; remembers what would have been asked for."""

    noted: list[tuple[str, str]] = field(default_factory=list)

    def send(self, method: str, path: str, **_given: object) -> requests.Response:
        self.noted.append((method, f"/api/v1{path}"))
        raise _Noted


ASKED = Asked(str(UUID(int=1)), (1,), ())
CALLS: dict[str, Callable[[Client], object]] = {
    "score": lambda api: api.score(1),
    "scores": lambda api: api.scores([1]),
    "recompute": lambda api: api.recompute([1]),
    "progress": lambda api: api.progress(ASKED),
    "wait": lambda api: api.wait(ASKED),
    "history": lambda api: list(api.history(1)),
    "reasons": lambda api: api.reasons(1),
    "changes": lambda api: api.changes(1),
    "what_if": lambda api: api.what_if(1),
    "feedback": lambda api: api.feedback(1, "up", "fits"),
    "lead": lambda api: api.lead(1),
    "search": lambda api: list(api.search()),
    "send_events": lambda api: api.send_events([]),
    "send_conversions": lambda api: api.send_conversions([]),
    "conversions": lambda api: list(api.conversions()),
    "take_back": lambda api: api.take_back("a"),
    "erase": lambda api: api.erase(lead=1),
    "erasures": lambda api: api.erasures(),
    "held": lambda api: api.held(1),
    "profile": lambda api: api.profile(1, allowed=True),
    "models": lambda api: api.models(),
    "model": lambda api: api.model(),
    "card": lambda api: api.card(),
    "channels": lambda api: api.channels(),
    "export": lambda api: api.export(Path("none")),
    "export as parquet": lambda api: api.export(Path("none"), "parquet"),
}
"""Every method, called in the least way."""


def test_every_route_has_a_method(scored: Site) -> None:
    """What the description names, no more and no less."""
    methods = {name for name in vars(Client) if not name.startswith("_")} - {"close"}
    assert {name.partition(" ")[0] for name in CALLS} == methods
    noting = Noting("https://scores.example.com", "lsk_x")
    for call in CALLS.values():
        with pytest.raises(_Noted):
            call(Client("", "", transport=noting))
    paths = told(scored.app.test_client().get("/api/v1/openapi.json"))["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item if method in METHODS}

    def routes_of(asked: tuple[str, str]) -> set[tuple[str, str]]:
        fitting = {one for one in described if one[0] == asked[0] and re.fullmatch(_pattern(one[1]), asked[1])}
        # An address without parameters goes before one with.
        return {one for one in fitting if "{" not in one[1]} or fitting

    assert all(len(routes_of(asked)) == 1 for asked in noting.noted)
    assert set().union(*map(routes_of, noting.noted)) == described


METHODS = ("get", "post", "put", "patch", "delete")


def _pattern(path: str) -> str:
    return re.sub(r"{\w+}", "[^/]+", path)


def test_refusals_are_errors_to_branch_on(served: Served) -> None:
    """With the sentence, the places and the request's id; nothing is tried again in vain."""
    with pytest.raises(ApiError, match="no such lead") as caught:
        served.api.score(999_999)
    assert (caught.value.status, caught.value.kind) == (404, "not-found")
    assert caught.value.request_id
    with pytest.raises(ApiError) as caught:
        served.api.scores([])
    assert caught.value.errors[0]["pointer"] == "#/leads"
    with pytest.raises(ApiError) as caught, Client(served.url, "lsk_wrong") as other:
        other.models()
    assert caught.value.kind == "key"
    assert served.waits == []


def test_it_waits_as_long_as_it_is_told_and_gives_up_at_last(served: Served, tmp_path: Path) -> None:
    """A key whose budget is used up, and a server that is not there."""
    for _ in range(10):
        served.api.export(tmp_path / "scores.csv")
    with pytest.raises(ApiError) as caught:
        served.api.export(tmp_path / "scores.csv")
    assert caught.value.kind == "too-many"
    assert len(served.waits) == 3
    assert all(0 < wait <= 60 for wait in served.waits)
    away = Transport("http://127.0.0.1:1", "lsk_x", sleep=served.waits.append)
    with pytest.raises(Unreachable, match="did not answer"):
        away.send("GET", "/models")


def test_it_is_imported_without_the_product() -> None:
    """Whoever takes the folder along needs nothing else of ours."""
    script = "import sys, connector.client; print([m for m in sys.modules if m.startswith('connector.')])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "connector.client" in told
    assert [name for name in ("store", "services", "web", "errors", "records") if f"connector.{name}" in told] == []
