"""Salesforce's connection: time-outs, redirects, encodings, the org's day, rotation."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from connector.adapters.contract import Access
from connector.adapters.limits import Governor
from connector.adapters.salesforce import bulk
from connector.adapters.salesforce.app import SalesforceApp
from connector.adapters.salesforce.session import Session
from connector.errors import ConnectorError, Disconnected, NeedsAdmin, RejectedInput, RetryLater
from tests.contract.salesforce_world import ORG, SalesforceWorld
from tests.contract.world import SharedClock, Trouble


def access_without_vendor() -> Access:
    """Return an access whose token is never asked for by a real vendor."""
    clock = SharedClock()
    lane = Governor(None, clock).lane("salesforce", "1", SalesforceApp.capabilities.budgets, realtime=False)
    return Access("c", "1", (), lambda: "token", lambda _: "token", lane, clock.now, {})


class Answering(BaseHTTPRequestHandler):
    """Answers every request alike, and remembers what was asked."""

    status = 200
    headers_out: ClassVar[dict[str, str]] = {}
    body = b""
    asked: ClassVar[list[tuple[int, str, str]]] = []

    def answer(self) -> None:
        self.asked.append((self.server.server_port, self.path, self.headers.get("Authorization", "")))  # type: ignore[attr-defined]
        self.send_response(self.status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers_out}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = answer  # noqa: N815 - the names are http.server's

    def date_time_string(self, timestamp: float | None = None) -> str:
        return "Mon, 02 Mar 2026 08:00:00 GMT"

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[ThreadingHTTPServer]:
    """Run a server that always answers this."""
    Answering.status, Answering.body = status, body
    Answering.headers_out = {name.replace("_", "-"): value for name, value in headers.items()}
    Answering.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def session_to(server: ThreadingHTTPServer) -> Session:
    """Return a session whose org lives at ``server``."""
    return Session(access_without_vendor(), f"http://127.0.0.1:{server.server_port}")


def test_a_server_that_never_answers_is_given_up() -> None:
    """Every call has a time-out, and the trouble is a passing one."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(RetryLater):
            Session(access_without_vendor(), origin, timeout=(0.2, 0.1)).query("SELECT Id FROM Lead")


def test_a_redirect_does_not_carry_the_token_away() -> None:
    """No answer chooses where a token goes: a redirect is refused, not followed."""
    with answering(302, b"", Location="http://127.0.0.1:9/") as server:
        with pytest.raises(NeedsAdmin):
            session_to(server).query("SELECT Id FROM Lead")
        assert len(Answering.asked) == 1


def test_an_answer_can_not_name_another_host_for_the_next_page() -> None:
    """The address of the next rows is a path; joined to the org's host it never leaves it."""
    body = b'{"totalSize": 9, "done": false, "nextRecordsUrl": "@127.0.0.1:9/steal", "records": []}'
    with answering(200, body) as server:
        with pytest.raises(ConnectorError):
            session_to(server).query("SELECT Id FROM Lead")
        assert {port for port, _, _ in Answering.asked} == {server.server_port}


def test_bulk_results_are_utf8_without_a_charset() -> None:
    """``text/csv`` alone does not make ISO-8859-1 of a name."""
    with answering(200, "Id,Name\n1,Müller\n".encode(), Content_Type="text/csv", Sforce_Locator="null") as server:
        assert bulk.part(session_to(server), "750", None, 10).rows == [{"Id": "1", "Name": "Müller"}]


def test_a_mark_in_time_is_never_ahead_of_salesforces_clock() -> None:
    """Ours may go fast: what is stamped between the two would never be read."""
    with answering(200, b'{"totalSize": 0, "done": true, "records": []}') as server:
        session = session_to(server)
        assert session.now() == datetime(2026, 3, 2, 9, tzinfo=UTC)
        session.query("SELECT Id FROM Lead")
        assert session.now() == datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_a_page_that_broke_off_is_asked_for_again() -> None:
    """Fewer rows than were told are no page."""
    with answering(200, b"Id,Name\n1,Jo\n", Sforce_NumberOfRecords="2") as server:
        with pytest.raises(RetryLater):
            bulk.part(session_to(server), "750", None, 10)
        assert len(Answering.asked) > 1


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b'{"records": 7}', b"\xff\xfe", b"<html>", b""])
def test_an_answer_of_another_shape_is_a_passing_trouble(body: bytes) -> None:
    """A 200 that is no query's answer is not taken for an empty one."""
    with answering(200, body) as server, pytest.raises(RetryLater):
        session_to(server).query("SELECT Id FROM Lead")


@pytest.fixture
def org() -> Iterator[SalesforceWorld]:
    """An org with a few people."""
    world = SalesforceWorld()
    world.fill(10)
    yield world
    world.stop()


def test_a_rotated_refresh_token_is_kept_and_its_reuse_ends_the_grant() -> None:
    """The old one is dead at once; whoever presents it again ends the connection."""
    world = SalesforceWorld(rotate=True)
    grant = world.install()
    fresh = world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)
    assert fresh.refresh_token not in (None, grant.tokens.refresh_token)
    again = world.app().refresh(fresh, world.clock.now(), grant.account.api_origin)
    with pytest.raises(Disconnected):
        world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)
    with pytest.raises(Disconnected):
        world.app().refresh(again, world.clock.now(), grant.account.api_origin)
    world.stop()


def test_a_reply_that_is_lost_under_rotation_is_tried_once_more_and_then_said() -> None:
    """Salesforce gives no grace: only trying the old token tells that it was used. The org is to be connected again."""
    world = SalesforceWorld(rotate=True)
    grant = world.install()
    world.fail(Trouble.TRUNCATED, 1, path="/token")
    with pytest.raises(RetryLater):
        world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)
    with pytest.raises(Disconnected) as refused:
        world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)
    assert "onnect" in refused.value.remedy
    again = world.install()
    assert world.app().refresh(again.tokens, world.clock.now(), again.account.api_origin).refresh_token
    world.stop()


@pytest.mark.parametrize(
    "url", ["https://evil.example.com", "http://127.0.0.1:9", "https://acme.my.salesforce.com", "//"]
)
def test_a_hostile_instance_url_gets_no_token(url: str) -> None:
    """The reply names another host than the configured one: nothing is sent there and nothing is installed."""
    world = SalesforceWorld(replace(ORG, instance_url=url))
    with pytest.raises(RejectedInput, match="not Salesforce's"):
        world.install()
    world.stop()


def test_a_reply_without_salesforces_signature_installs_nothing(
    org: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever does not know the app's secret can't name an org."""
    from connector.sandbox.salesforce import oauth

    monkeypatch.setattr(oauth, "_signature", lambda text: "bm90IHNpZ25lZA==")
    with pytest.raises(RejectedInput, match="signature"):
        org.install()


def test_a_wrong_code_verifier_is_refused(org: SalesforceWorld) -> None:
    """A stolen code is useless without the verifier."""
    code, _ = org.consent(org.app().authorize_url("s", "v" * 64))
    with pytest.raises(RejectedInput):
        org.app().exchange_code(code, "w" * 64, org.clock.now())


def test_we_take_a_share_of_the_orgs_day_and_no_more() -> None:
    """The allowance is learned from the answers; the rest of it is the customer's."""
    world = SalesforceWorld(replace(ORG, daily_requests=200))
    adapter = world.connect()
    before = world.requests()
    with suppress(RetryLater):
        for _ in range(100):
            adapter.account()
    assert 30 <= world.requests() - before <= 40
    with pytest.raises(RetryLater, match="daily requests"):
        adapter.account()
    world.stop()


def test_a_first_read_makes_way_where_the_day_is_nearly_used_up(org: SalesforceWorld) -> None:
    """The customer's other integrations come first; scores may still be written."""
    org.hub.usage.others = 81_000
    adapter = org.connect()
    adapter.account()
    with pytest.raises(RetryLater, match="80 %"):
        adapter.read_page("leads", None)
    assert adapter.account().account_id == org.hub.org.org_id


def test_the_last_of_the_day_is_left_to_the_customer(org: SalesforceWorld) -> None:
    """Nothing of ours is refused: we stop before, and ask again later."""
    adapter = org.connect()
    org.hub.usage.others = 95_100
    with suppress(RetryLater):
        adapter.account()
    before = org.requests()
    with pytest.raises(RetryLater, match="95 %") as refused:
        adapter.account()
    assert refused.value.after_seconds >= 600
    assert org.requests() == before


def test_a_new_worker_knows_the_share_that_another_learned() -> None:
    """It needs no answer of its own to keep it."""
    world = SalesforceWorld(replace(ORG, daily_requests=200))
    with suppress(RetryLater):
        for _ in range(100):
            world.connect().account()
    another = world.connect()
    before = world.requests()
    with pytest.raises(RetryLater, match="daily requests"):
        another.account()
    assert world.requests() == before
    world.stop()


def test_a_large_orgs_share_is_not_that_of_the_smallest(org: SalesforceWorld) -> None:
    """A worker that knows nothing yet asks, and learns."""
    lane = org.governor.lane("salesforce", org.hub.org.org_id, (), realtime=False)
    lane.spend("daily", 15_000, limit=20_000)
    assert org.connect().account().account_id == org.hub.org.org_id


def test_a_day_that_is_used_up_is_waited_for(org: SalesforceWorld) -> None:
    """It is asked once and not again at once."""
    adapter = org.connect()
    org.hub.usage.others = 200_000
    before = org.requests()
    with pytest.raises(RetryLater) as refused:
        adapter.account()
    assert refused.value.after_seconds >= 600
    assert org.requests() - before == 1


def test_disconnecting_twice_is_no_trouble(org: SalesforceWorld) -> None:
    """What was revoked already is as good as revoked now."""
    adapter = org.connect()
    adapter.disconnect()
    adapter.disconnect()
    assert not org.installed()


def test_the_account_is_the_org_in_18_characters(org: SalesforceWorld) -> None:
    """With its name, time zone and the place where its API lives."""
    account = org.install().account
    assert len(account.account_id) == 18
    assert account.api_origin == org.sandbox.origin
    assert (account.name, account.time_zone) == (org.hub.org.name, org.hub.org.time_zone)
