"""Mailchimp's connection: where a token goes, roles, refusals, open connections, webhooks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
import requests

from connector.adapters.contract import Access, AppCredentials
from connector.adapters.limits import Governor
from connector.adapters.mailchimp.app import MailchimpApp
from connector.adapters.mailchimp.calls import root
from connector.adapters.mailchimp.session import Session
from connector.errors import Disconnected, MissingPermission, NeedsAdmin, RejectedInput, RetryLater, SettingsError
from connector.sandbox.config import MailchimpAccount
from connector.sandbox.faults import Fault, FaultKind
from tests.contract.facts import facts_of, read_all
from tests.contract.mailchimp_world import ALLOWED, REDIRECT, MailchimpWorld
from tests.contract.world import SharedClock


@pytest.fixture
def world() -> Iterator[MailchimpWorld]:
    """An account with two empty audiences."""
    made = MailchimpWorld()
    yield made
    made.stop()


class Thief(BaseHTTPRequestHandler):
    """Remembers the tokens that are brought to it, and may send their bearers elsewhere."""

    brought: ClassVar[list[str]] = []
    elsewhere = ""

    def do_GET(self) -> None:
        self.brought.append(self.headers.get("Authorization", ""))
        self.send_response(302 if self.elsewhere else 200)
        if self.elsewhere:
            self.send_header("Location", self.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def thief() -> Iterator[str]:
    """The address of a server that waits for tokens."""
    Thief.brought.clear()
    with HTTPServer(("127.0.0.1", 0), Thief) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "form", ["{thief}", "http://user@{host}", "{origin}@{host}", "{origin}.{host}", "http://[", "x"]
)
def test_a_hostile_endpoint_gets_no_token(form: str, thief: str) -> None:
    """The metadata name where the account lives; anywhere but Mailchimp is refused before a token goes there."""
    world = MailchimpWorld()
    try:
        told = form.format(thief=thief, host=thief.removeprefix("http://"), origin=world.sandbox.origin)
        world.hub.account = replace(world.settings, api_endpoint=told)
        with pytest.raises(RejectedInput, match="not Mailchimp's"):
            world.install()
        assert Thief.brought == []
    finally:
        world.stop()


@pytest.mark.parametrize(
    ("endpoint", "good"),
    [
        ("https://us19.api.mailchimp.com", True),
        ("https://us19.api.mailchimp.com/3.0", True),
        ("https://us19.api.mailchimp.com:443", True),
        ("http://us19.api.mailchimp.com", False),
        ("https://us19.api.mailchimp.com:8443", False),
        ("https://us19.api.mailchimp.com:x", False),
        ("https://us19.api.mailchimp.com.evil.example", False),
        ("https://evil.example/us19.api.mailchimp.com", False),
        ("https://us19.api.mailchimp.com@evil.example", False),
        ("https://user:pass@us19.api.mailchimp.com", False),
        ("https://us19xapi.mailchimp.com", False),
        ("https://127.0.0.1", False),
        ("http://127.0.0.1:8000", False),
    ],
)
def test_in_production_only_mailchimps_data_centres_are_connected_to(endpoint: str, good: bool) -> None:
    """A stored address is checked as a told one."""
    app = MailchimpApp(AppCredentials("id", "secret", None, None, REDIRECT, ""))
    access = replace(access_without_limits(), api_origin=endpoint)
    if good:
        assert "us19.admin.mailchimp.com" in app.connect(access).record_url("l:c")
    else:
        with pytest.raises(NeedsAdmin, match="Connect"):
            app.connect(access)


def test_an_account_whose_place_is_not_known_is_to_be_connected_again() -> None:
    """There is no default: any data centre but its own answers that the token is bad."""
    app = MailchimpApp(AppCredentials("id", "secret", None, None, REDIRECT, ""))
    with pytest.raises(NeedsAdmin):
        app.connect(access_without_limits())
    with pytest.raises(SettingsError):
        MailchimpApp(AppCredentials("id", "secret", None, "https://evil.example", REDIRECT, ""))


@pytest.mark.parametrize("role", ["viewer", "Author"])
def test_a_role_that_may_not_write_is_refused_at_the_installation(role: str) -> None:
    """A token is worth what its user may do; the sentence says who has to connect."""
    world = MailchimpWorld(MailchimpAccount(connections=ALLOWED, role=role))
    try:
        with pytest.raises(RejectedInput, match="manager, admin or owner"):
            world.install()
    finally:
        world.stop()


def test_a_role_that_was_lowered_later_is_a_missing_permission(world: MailchimpWorld) -> None:
    """The connection still reads."""
    world.fill(3)
    grant = world.install()
    world.hub.account = replace(world.settings, role="viewer")
    with pytest.raises(MissingPermission):
        world.connect(grant).ensure_score_fields()
    assert facts_of(read_all(world.connect(grant))).records.keys() == world.person_ids()


def test_an_account_that_moved_is_to_be_connected_again(world: MailchimpWorld) -> None:
    """Its token is good, but not where it is sent."""
    grant = world.install()
    with pytest.raises(Disconnected, match="data centre"):
        world.app().refresh(grant.tokens, world.clock.now(), "https://us1.api.mailchimp.com")


def test_a_refused_token_is_looked_at_once(world: MailchimpWorld) -> None:
    """The metadata say whether the grant is gone; then the work stops."""
    world.fill(2)
    adapter = world.connect()
    world.revoke()
    world.sandbox.stage.log.clear()
    with pytest.raises(Disconnected):
        adapter.read_page("members", None)
    assert [entry.path for entry in world.sandbox.stage.log.entries()] == ["/3.0/lists", "/oauth2/metadata"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(FaultKind.EMPTY_ERROR, times=None, status=403), RetryLater),
        (Fault(FaultKind.EMPTY_ERROR, times=None, status=429), RetryLater),
        (Fault(FaultKind.HTML_ERROR, times=None, status=403), RetryLater),
        (Fault(FaultKind.LOCKED, times=None), NeedsAdmin),
    ],
    ids=["empty 403", "empty 429", "firewall", "disabled"],
)
def test_no_403_disconnects(world: MailchimpWorld, fault: Fault, error: type[Exception]) -> None:
    """Throttles, the firewall and a disabled account leave the grant alone."""
    adapter = world.connect()
    world.sandbox.stage.faults.replace_all([fault])
    with pytest.raises(error) as refused:
        adapter.account()
    assert not isinstance(refused.value, Disconnected | MissingPermission)


@pytest.mark.parametrize("status", [403, 429])
def test_an_empty_throttle_passes_with_growing_pauses(world: MailchimpWorld, status: int) -> None:
    """Two, four, eight seconds, jittered, for everyone on the account."""
    adapter = world.connect()
    world.sandbox.stage.faults.replace_all([Fault(FaultKind.EMPTY_ERROR, times=3, status=status)])
    begun = world.clock.monotonic()
    assert adapter.account().account_id
    assert 7 <= world.clock.monotonic() - begun <= 20


def access_without_limits() -> Access:
    """Return an access whose token is never asked for by a real vendor."""
    clock = SharedClock()
    lane = Governor(None, clock).lane("mailchimp", "1", MailchimpApp.capabilities.budgets, realtime=False)
    return Access("c", "1", (), lambda: "token", lambda _: "token", lane, clock.now, {})


def test_a_call_that_takes_too_long_is_given_up_and_not_made_again_at_once() -> None:
    """It may still be running over there: a second one would hold a second connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        server.settimeout(0.05)
        session = Session(access_without_limits(), f"http://127.0.0.1:{server.getsockname()[1]}", (0.2, 0.1))
        with pytest.raises(RetryLater) as given_up:
            session.send("account", root.get_root())
        assert given_up.value.after_seconds >= 120
        server.accept()[0].close()
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_redirect_does_not_carry_the_token_away(thief: str) -> None:
    """No answer chooses where a token goes."""
    with HTTPServer(("127.0.0.1", 0), type("Asked", (Thief,), {"elsewhere": thief, "brought": []})) as asked:
        threading.Thread(target=asked.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with pytest.raises(NeedsAdmin):
            Session(access_without_limits(), f"http://127.0.0.1:{asked.server_port}").send("account", root.get_root())
        asked.shutdown()
    assert Thief.brought == []


def test_the_limit_of_open_connections_is_never_passed(world: MailchimpWorld) -> None:
    """Reads, writes and adapters of several threads share it; the account refuses the fifth."""
    world.fill(30)
    grant = world.install()
    names = world.connect(grant).ensure_score_fields()
    ids = sorted(world.person_ids())

    def work(number: int) -> int:
        adapter = world.connect(grant, names)
        if number % 2:
            return len(adapter.read_records(ids[number : number + 4]).records)
        return len(adapter.read_scores(ids[number : number + 4]))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(16))) == [4] * 16
    assert world.throttled() == 0
    assert world.busiest_share() <= 1


def test_the_limit_is_counted_for_the_user(world: MailchimpWorld) -> None:
    """One who has several accounts has ten connections to them all."""
    account = world.install().account
    assert account.limited_as == f"login {world.hub.account.login_id}" != account.account_id


def test_one_connection_serves_many_calls(world: MailchimpWorld) -> None:
    """Each new one costs a handshake, and counts for a while after it was closed."""
    adapter = world.connect()
    adapter.account()
    server = world.sandbox._server
    opened: list[object] = []
    process = server.process_request
    server.process_request = lambda *args: opened.append(args) or process(*args)  # type: ignore[method-assign]
    for _ in range(20):
        adapter.account()
    assert opened == []


def test_hooks_are_made_once_and_deliver_what_can_be_verified(world: MailchimpWorld) -> None:
    """One in each audience; not for what comes by API, else each score would announce itself."""
    grant = world.install()
    secrets = world.connect(grant).subscribe()
    hooks = [hook for audience in world.hub.audiences.values() for hook in audience.hooks.values()]
    assert sorted(secrets) == sorted(hook.secret for hook in hooks)
    assert len(hooks) == 2
    assert not any(hook.sources["api"] for hook in hooks)
    assert world.connect(grant).subscribe() == []
    assert sum(len(audience.hooks) for audience in world.hub.audiences.values()) == 2


def test_hooks_to_a_former_address_are_led_to_the_new_one(world: MailchimpWorld) -> None:
    """They go on signing with what they did; a disconnection removes those that were not led there yet."""
    grant = world.install()
    secrets = world.connect(grant).subscribe()
    former, world.webhook_url = world.webhook_url, world.webhook_url + "-newer"
    rotated = world.app().connect(
        replace(world.connect(grant)._access, former_webhook_urls=(former,))  # type: ignore[attr-defined]
    )
    assert rotated.subscribe() == []
    hooks = [hook for audience in world.hub.audiences.values() for hook in audience.hooks.values()]
    assert [hook.url for hook in hooks] == [world.webhook_url] * 2
    assert sorted(hook.secret for hook in hooks) == sorted(secrets)
    assert not any(hook.sources["api"] for hook in hooks)
    world.main.hooks[next(iter(world.main.hooks))].url = former
    rotated.disconnect()
    assert not any(audience.hooks for audience in world.hub.audiences.values())


def test_hooks_of_others_stay(world: MailchimpWorld) -> None:
    """Neither counted as ours nor removed with ours."""
    grant = world.install()
    other = {"url": world.webhook_url + "-other", "events": {"subscribe": True}, "sources": {"user": True}}
    list_id = world.main.list_id
    headers = {"Authorization": f"Bearer {grant.tokens.access_token}"}
    requests.post(f"{world.sandbox.origin}/3.0/lists/{list_id}/webhooks", json=other, headers=headers, timeout=10)
    adapter = world.connect(grant)
    assert len(adapter.subscribe()) == 2
    adapter.disconnect()
    assert [hook.url for hook in world.main.hooks.values()] == [other["url"]]


def test_a_hook_whose_secret_got_lost_is_made_anew(world: MailchimpWorld) -> None:
    """The secret is told once: a hook without it would be refused at each delivery."""
    grant = world.install()
    lost = Fault(FaultKind.TRUNCATED, path="/webhooks", method="POST")
    world.sandbox.stage.faults.replace_all([lost])
    with pytest.raises(RetryLater):
        world.connect(grant).subscribe()
    assert not world.pushes()
    assert len(world.connect(grant).subscribe()) == 2


def test_hooks_that_nobody_can_verify_are_made_anew(world: MailchimpWorld) -> None:
    """Whoever made them died before their secrets were kept; those of others stay."""
    grant = world.install()
    lost = world.connect(grant).subscribe()
    adapter = world.connect(grant)
    forgetful = replace(adapter._access, verifies=False)  # type: ignore[attr-defined]
    told = world.app().connect(forgetful).subscribe()
    hooks = [hook for audience in world.hub.audiences.values() for hook in audience.hooks.values()]
    assert sorted(told) == sorted(hook.secret for hook in hooks)
    assert len(told) == len(lost)
    assert not set(told) & set(lost)


def test_an_address_that_mailchimp_cant_reach_is_the_operators_to_mend(world: MailchimpWorld) -> None:
    """Mailchimp asks for the address when the hook is made."""
    grant = world.install()
    world.webhook_url = "http://127.0.0.1:9/nobody"
    with pytest.raises(NeedsAdmin, match="answer from the internet"):
        world.connect(grant).subscribe()
