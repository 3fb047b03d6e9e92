"""Webhooks of the Mailchimp sandbox: making them, what they tell, signatures, retries."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connector.sandbox import MailchimpAccount, Webhooks
from connector.sandbox.mailchimp import changes, mailings
from tests.unit.sandbox.listener import Listener
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor

ALL = dict.fromkeys(("subscribe", "unsubscribe", "profile", "cleaned", "upemail", "campaign"), True)
NOT_OURS = {"user": True, "admin": True, "api": False}


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that answers 200."""
    made = Listener()
    yield made
    made.stop()


@pytest.fixture
def fresh(started: Starter) -> Visitor:
    """An installed visitor of an empty account."""
    return Visitor(started()).install()


def hook(visitor: Visitor, url: str, **changed: Any) -> dict[str, Any]:
    """Make a webhook."""
    body = {"url": url, "events": ALL, "sources": NOT_OURS, **changed}
    answer = visitor.call("POST", f"/lists/{visitor.main}/webhooks", body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def forms(listener: Listener) -> list[dict[str, str]]:
    """What arrived, as forms."""
    return [dict(parse_qsl(body.decode(), keep_blank_values=True)) for _, body in listener.requests]


def test_the_secret_is_told_once(fresh: Visitor, listener: Listener) -> None:
    """In the answer that makes the hook, never again."""
    made = hook(fresh, listener.url)
    assert (made["signing_enabled"], len(made["signing_secret"])) == (True, 64)
    path = f"/lists/{fresh.main}/webhooks"
    assert "signing_secret" not in fresh.get(f"{path}/{made['id']}")
    listed = fresh.get(path)
    assert (listed["total_items"], "signing_secret" in listed["webhooks"][0]) == (1, False)


def test_the_address_must_answer(fresh: Visitor) -> None:
    """200, to a GET."""
    refusing = Listener(on_get=404)
    path = f"/lists/{fresh.main}/webhooks"
    for url in (refusing.url, "http://127.0.0.1:9/none", "ftp://example.com"):
        answer = fresh.call("POST", path, {"url": url, "events": ALL, "sources": NOT_OURS})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "url")
    refusing.stop()
    assert fresh.get(path)["total_items"] == 0


def test_hooks_are_changed_removed_and_limited(fresh: Visitor, listener: Listener) -> None:
    """The same address may be given twice, and is then told twice; there is a cap."""
    made = hook(fresh, listener.url)
    path = f"/lists/{fresh.main}/webhooks/{made['id']}"
    changed = fresh.call("PATCH", path, {"events": {"profile": False}, "sources": {"api": True}}).json()
    assert (changed["events"]["profile"], changed["events"]["subscribe"]) == (False, True)
    assert changed["sources"] == {"user": True, "admin": True, "api": True}
    assert fresh.call("DELETE", path).status_code == 204
    assert fresh.call("GET", path).status_code == 404
    for _ in range(10):
        hook(fresh, listener.url)
    answer = fresh.call("POST", f"/lists/{fresh.main}/webhooks", {"url": listener.url})
    assert (answer.status_code, "too many webhooks" in answer.json()["detail"]) == (400, True)


def test_a_signed_form_tells_of_a_change(fresh: Visitor, listener: Listener) -> None:
    """HMAC-SHA256 of time, dot and body; the id is not the member's hash."""
    secret = hook(fresh, listener.url)["signing_secret"]
    with fresh.running.stage.lock:
        member = changes.add_member(fresh.hub, fresh.hub.main, "told@example.com", merge={"FNAME": "Töld"})
    listener.wait(lambda: len(listener.requests) == 1)
    headers, body = listener.requests[0]
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    at, signature = (part.partition("=")[2] for part in headers["X-Mailchimp-Signature"].split(","))
    assert signature == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    told = forms(listener)[0]
    assert (told["type"], told["data[email]"], told["data[merges][FNAME]"]) == (
        "subscribe",
        "told@example.com",
        "Töld",
    )
    assert told["data[list_id]"] == fresh.main
    assert len(told["data[id]"]) == 10
    assert told["data[id]"] != member.hash[:10]
    assert len(told["fired_at"]) == len("2026-02-01 12:00:00")


def test_everything_that_is_told(fresh: Visitor, listener: Listener) -> None:
    """In order, with what each kind says of itself."""
    hub = fresh.hub
    hook(fresh, listener.url)
    with hub.stage.lock:
        first, second, third = (changes.add_member(hub, hub.main, f"w{n}@example.com") for n in range(3))
        changes.update_member(hub, first, {"FNAME": "New"})
        changes.change_email(hub, first, "moved@example.com")
        changes.tag(hub, first, "High-Intent")
        campaign = mailings.send_campaign(hub, hub.main, "News")
        mailings.unsubscribe(hub, campaign, first, "Too many")
        mailings.bounce(hub, campaign, second)
        changes.archive(hub, third)
        changes.delete_permanently(hub, first)
    listener.wait(lambda: len(listener.requests) == 11)
    told = forms(listener)
    kinds = [(each["type"], each.get("data[action]")) for each in told]
    assert kinds == [
        ("subscribe", None),
        ("subscribe", None),
        ("subscribe", None),
        ("profile", None),
        ("upemail", None),
        ("profile", None),
        ("campaign", None),
        ("unsubscribe", "unsub"),
        ("cleaned", None),
        ("unsubscribe", "delete"),
        ("unsubscribe", "delete"),
    ]
    assert (told[4]["data[old_email]"], told[4]["data[new_email]"]) == ("w0@example.com", "moved@example.com")
    assert told[7]["data[campaign_id]"] == campaign.campaign_id
    assert told[8]["data[reason]"] == "hard"
    deliveries = fresh.session.get(f"{fresh.origin}/_sandbox/webhooks").json()
    assert {each["status"] for each in deliveries} == {200}


def test_our_own_writes_are_not_told_without_the_api_source(fresh: Visitor, listener: Listener) -> None:
    """With it they come back."""
    quiet = hook(fresh, listener.url)
    fresh.add("own@example.com")
    path = f"/lists/{fresh.main}/members/own@example.com"
    fresh.call("PATCH", path, {"merge_fields": {"FNAME": "a"}})
    fresh.call("PATCH", f"/lists/{fresh.main}/webhooks/{quiet['id']}", {"sources": {"api": True}})
    fresh.call("PATCH", path, {"merge_fields": {"FNAME": "a"}})
    fresh.call("PATCH", path, {"merge_fields": {"FNAME": "b"}})
    listener.wait(lambda: bool(listener.requests))
    assert [(each["type"], each["data[merges][FNAME]"]) for each in forms(listener)] == [("profile", "b")]


def test_an_old_hook_does_not_sign(started: Starter, listener: Listener) -> None:
    """It has no secret and sends no signature."""
    visitor = Visitor(started(mailchimp=MailchimpAccount(signs_webhooks=False))).install()
    made = hook(visitor, listener.url)
    assert (made["signing_enabled"], "signing_secret" in made) == (False, False)
    visitor.admin(f"/accounts/{visitor.account_id}/contacts", {"properties": {"email": "old@example.com"}})
    listener.wait(lambda: len(listener.requests) == 1)
    assert "X-Mailchimp-Signature" not in listener.requests[0][0]


def test_a_refused_notice_comes_again(started: Starter) -> None:
    """The same body, until it is taken."""
    refusing = Listener(refusals=2)
    visitor = Visitor(started(webhooks=Webhooks(retry_factor=0.0001))).install()
    hook(visitor, refusing.url)
    visitor.admin(f"/accounts/{visitor.account_id}/contacts", {"properties": {"email": "again@example.com"}})
    refusing.wait(lambda: len(refusing.requests) == 3)
    refusing.stop()
    assert len({body for _, body in refusing.requests}) == 1


def test_a_hook_that_never_answers_is_disabled_without_a_word(started: Starter) -> None:
    """It is still listed, and told nothing more."""
    refusing = Listener(refusals=1000)
    visitor = Visitor(started(webhooks=Webhooks(retry_factor=0.00001))).install()
    hook(visitor, refusing.url)
    add = f"/accounts/{visitor.account_id}/contacts"
    visitor.admin(add, {"properties": {"email": "lost1@example.com"}})
    refusing.wait(lambda: len(refusing.requests) == 8)
    disabled = next(iter(visitor.hub.main.hooks.values()))
    while not disabled.disabled:
        time.sleep(0.01)
    visitor.admin(add, {"properties": {"email": "lost2@example.com"}})
    assert visitor.get(f"/lists/{visitor.main}/webhooks")["total_items"] == 1
    assert len(refusing.requests) == 8
    refusing.stop()
