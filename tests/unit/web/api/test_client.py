"""The Python client against the application, over real HTTP."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from werkzeug.serving import make_server

from connector.client import ApiError, Client, Conversion, Unreachable
from connector.client.transport import Transport
from tests.unit.web.api.program import program
from tests.unit.web.site import Site


@dataclass
class Served:
    """A running application, a client of it, and how long the client wanted to wait."""

    site: Site
    url: str
    api: Client
    waits: list[float]


@pytest.fixture
def served(live: Site) -> Iterator[Served]:
    """The copied tenant behind a real server."""
    server = make_server("127.0.0.1", 0, live.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url, waits = f"http://127.0.0.1:{server.port}", []
    secret = program(live).secret
    with Client(url, secret, transport=Transport(url, secret, sleep=waits.append)) as api:
        yield Served(live, url, api, waits)
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
    assert "first score" in api.changes(best.lead)["reason"]
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
