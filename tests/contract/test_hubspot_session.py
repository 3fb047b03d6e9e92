"""HubSpot's connection: time-outs, half-written batches, rotation, refused writes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from connector.adapters.contract import Access
from connector.adapters.hubspot.app import HubSpotApp
from connector.adapters.hubspot.score_writes import write
from connector.adapters.hubspot.session import Answer, Session
from connector.adapters.limits import Governor
from connector.errors import Disconnected, NeedsAdmin, RetryLater
from connector.records import ScoreValues, ScoreWrite, Tier, WriteOutcome
from connector.sandbox.faults import Fault, FaultKind
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.world import SharedClock

NAMES = {"lead_score": "lead_score"}


@pytest.fixture
def silent_server() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def access_without_limits() -> Access:
    """Return an access whose token is never asked for by a real vendor."""
    clock = SharedClock()
    lane = Governor(None, clock).lane("hubspot", "1", HubSpotApp.capabilities.budgets, realtime=False)
    return Access("c", "1", (), lambda: "token", lambda _: "token", lane, clock.now, {})


def test_a_server_that_never_answers_is_given_up(silent_server: str) -> None:
    """Every call has a time-out, and the trouble is a passing one."""
    session = Session(access_without_limits(), silent_server, timeout=(0.2, 0.1))
    with pytest.raises(RetryLater):
        session.get("account")


def test_a_server_that_is_down_is_a_passing_trouble() -> None:
    """A refused connection is retried later."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(RetryLater):
        Session(access_without_limits(), address).get("account")


class Redirecting(BaseHTTPRequestHandler):
    """Sends every caller to the address in ``elsewhere`` and remembers who called."""

    elsewhere = ""
    called: ClassVar[list[int]] = []

    def do_GET(self) -> None:
        self.called.append(self.server.server_port)
        self.send_response(302)
        self.send_header("Location", self.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_a_redirect_does_not_carry_the_token_away() -> None:
    """No answer chooses where a token goes: a redirect is refused, not followed."""
    with HTTPServer(("127.0.0.1", 0), Redirecting) as asked, HTTPServer(("127.0.0.1", 0), Redirecting) as other:
        Redirecting.elsewhere = f"http://127.0.0.1:{other.server_port}/"
        for server in (asked, other):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with pytest.raises(NeedsAdmin):
            Session(access_without_limits(), f"http://127.0.0.1:{asked.server_port}").get("account")
        assert Redirecting.called == [asked.server_port]
        asked.shutdown()
        other.shutdown()


class Shared(BaseHTTPRequestHandler):
    """An account in which other apps have sent eighty requests already."""

    ours = 0

    def do_GET(self) -> None:
        type(self).ours += 1
        self.send_response(200)
        self.send_header("X-HubSpot-RateLimit-Max", "110")
        self.send_header("X-HubSpot-RateLimit-Remaining", str(110 - 80 - self.ours))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_what_the_headers_tell_of_others_is_left_to_them() -> None:
    """On a clock that only waiting moves: the first wait comes long before the vendor would refuse."""
    access = access_without_limits()
    with HTTPServer(("127.0.0.1", 0), Shared) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        session = Session(access, f"http://127.0.0.1:{server.server_port}")
        begun = access.now()
        while access.now() == begun:
            session.get("account")
        server.shutdown()
    assert 5 <= Shared.ours - 1 <= 110 - 80


def scores(count: int) -> list[ScoreWrite]:
    """Return writes to records 1 … ``count``."""
    at = datetime(2026, 3, 2, tzinfo=UTC)
    values = ScoreValues(Decimal(80), Decimal("0.8"), Tier.HIGH_INTENT, ("Because.",), "model_v20260302", at)
    return [ScoreWrite(str(number + 1), values) for number in range(count)]


class RefusingSession(Session):
    """Refuses any batch that holds one of the ``bad`` records as a whole, as HubSpot does without trace ids."""

    def __init__(self, bad: set[str]) -> None:
        self.bad = bad
        self.calls = 0

    def post(self, operation: str, body: dict[str, Any], *, accept: Any = (), **parts: str) -> Answer:
        self.calls += 1
        ids = [item["id"] for item in body["inputs"]]
        if self.bad & set(ids):
            message = (
                'Property values were not valid: [{"name":"region","error":"MISSING_CONDITIONAL_REQUIRED_PROPERTY"}]'
            )
            return Answer(400, {"category": "VALIDATION_ERROR", "message": message})
        return Answer(200, {"status": "COMPLETE", "results": [{"id": item} for item in ids]})


def test_a_batch_that_is_refused_whole_is_halved_until_the_bad_ones_stand_alone() -> None:
    """Two bad records among a hundred: 98 are written, and the two get HubSpot's sentence."""
    session = RefusingSession({"7", "64"})
    results = write(session, scores(100), NAMES)
    bad = {result.record_id: result for result in results if result.outcome is not WriteOutcome.WRITTEN}
    assert bad.keys() == {"7", "64"}
    assert bad["7"].outcome is WriteOutcome.NEEDS_ADMIN
    assert bad["7"].message == "Property values were not valid: region (MISSING_CONDITIONAL_REQUIRED_PROPERTY)."
    assert session.calls < 40


def test_a_batch_over_a_hundred_is_our_own_bug() -> None:
    """HubSpot takes a hundred; more is refused before it is sent."""
    with pytest.raises(ValueError, match="at most 100"):
        write(RefusingSession(set()), scores(101), NAMES)


def test_a_double_in_a_batch_is_sent_once() -> None:
    """Ids of a batch must be unique; the last value counts and both get the answer."""
    session = RefusingSession(set())
    results = write(session, [*scores(2), *scores(2)], NAMES)
    assert [result.record_id for result in results] == ["1", "2", "1", "2"]


@pytest.fixture
def portal() -> Iterator[HubSpotWorld]:
    """A portal with a few people."""
    world = HubSpotWorld()
    world.fill(10)
    yield world
    world.stop()


def test_a_half_written_batch_is_completed(portal: HubSpotWorld) -> None:
    """An update is idempotent: it is sent again, and nothing is missing."""
    grant = portal.install()
    names = portal.connect(grant).ensure_score_fields()
    adapter = portal.connect(grant, names)
    ids = sorted(portal.person_ids())
    writes = [replace(item, record_id=record_id) for item, record_id in zip(scores(10), ids, strict=True)]
    portal.sandbox.stage.faults.replace_all([Fault(FaultKind.HALF_BATCH, path="batch/update")])
    assert {result.outcome for result in adapter.write_scores(writes)} == {WriteOutcome.WRITTEN}
    assert len(adapter.read_scores(ids)) == 10


def test_a_locked_batch_waits_and_goes_through(portal: HubSpotWorld) -> None:
    """A lock of another bulk write lasts two seconds."""
    grant = portal.install()
    names = portal.connect(grant).ensure_score_fields()
    portal.sandbox.stage.faults.replace_all([Fault(FaultKind.LOCKED, path="batch/update")])
    before = portal.clock.monotonic()
    record_id = min(portal.person_ids())
    (result,) = portal.connect(grant, names).write_scores([replace(scores(1)[0], record_id=record_id)])
    assert result.outcome is WriteOutcome.WRITTEN
    assert portal.clock.monotonic() - before >= 2.0


def test_a_revoked_refresh_token_ends_in_disconnected_at_the_next_expiry(portal: HubSpotWorld) -> None:
    """An expired token whose refresh is refused: stop calling at once."""
    adapter = portal.connect()
    portal.hub.grants.revoke_all_refresh(4711001)
    portal.expire_tokens()
    before = portal.requests()
    with pytest.raises(Disconnected):
        adapter.account()
    assert portal.requests() - before == 2
