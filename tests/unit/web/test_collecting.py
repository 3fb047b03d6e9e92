"""What a tenant's own sites send, over HTTP: to whom the door is open, and what it answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from connector.app import create_app
from connector.services.tracking import collecting, sites
from connector.services.tracking.sites import NewSecret
from connector.store.tables import tracked_events, visitors
from tests.unit.web.site import PUBLIC_URL, Site, settings

ORIGIN = "https://www.alpha.example"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
PAGE = {"id": "event-0001", "type": "page", "path": "/pricing"}


@pytest.fixture
def shop(fresh: Site) -> NewSecret:
    """A site of the tenant with account 101."""
    fresh.signed_in()
    return sites.add(fresh.world.services, fresh.tenant_of("101"), "Shop", [ORIGIN])


def send(fresh: Site, shop: NewSecret, *events: Any, origin: str | None = ORIGIN, **more: Any) -> TestResponse:
    """Post events as the script does."""
    headers = {"User-Agent": CHROME} | ({"Origin": origin} if origin else {})
    path = f"/t/{shop.site.key}/events"
    told = {"visitor": "visitor-of-ana", "events": list(events)} | more
    return fresh.app.test_client().post(path, json=told, base_url=PUBLIC_URL, headers=headers)


def stored(fresh: Site) -> list[tuple[object, str, str]]:
    """Tenant, event and actor of all that was kept."""
    c = tracked_events.c
    with fresh.world.services.store.reading() as session:
        return [tuple(row) for row in session.execute(sa.select(c.tenant_id, c.event_id, c.actor).order_by(c.id))]


def test_a_page_of_the_site_may_send(fresh: Site, shop: NewSecret) -> None:
    """202 once the rows are there; the page may read the answer, which tells of its own events alone."""
    answer = send(fresh, shop, PAGE, {"id": "event-0002", "type": "page"})
    assert answer.status_code == 202
    assert answer.json == {
        "accepted": 1,
        "rejected": [{"index": 1, "reason": "path must begin with / and have at most 500 characters."}],
    }
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    assert stored(fresh) == [(fresh.tenant_of("101"), "event-0001", "lead")]


def test_another_page_may_not(fresh: Site, shop: NewSecret) -> None:
    """403, nothing stored, nothing to read."""
    for origin in (None, "null", "https://evil.example.com", ORIGIN + ".evil.org", ORIGIN.upper()):
        answer = send(fresh, shop, PAGE, origin=origin)
        assert answer.status_code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert stored(fresh) == []


def test_a_key_that_is_none_is_not_there(fresh: Site, shop: NewSecret) -> None:
    """Nor is the secret a key."""
    for key in ("0" * 16, shop.secret, str(shop.site.id)):
        answer = fresh.app.test_client().post(
            f"/t/{key}/events", json={}, headers={"Origin": ORIGIN}, base_url=PUBLIC_URL
        )
        assert answer.status_code == 404
        assert answer.json == {"error": "No site has this key."}


def test_a_browser_may_ask_before(fresh: Site, shop: NewSecret) -> None:
    """Only the site's own pages get leave, for POST and JSON."""
    for origin, status, leave in ((ORIGIN, 204, "POST"), ("https://evil.example.com", 403, None)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = fresh.app.test_client().options(f"/t/{shop.site.key}/events", headers=headers, base_url=PUBLIC_URL)
        assert answer.status_code == status
        assert answer.headers.get("Access-Control-Allow-Origin") == (origin if leave else None)
        assert answer.headers.get("Access-Control-Allow-Methods") == leave


def test_what_is_no_batch_is_refused_without_repeating_it(fresh: Site, shop: NewSecret) -> None:
    """400 in a sentence that the page may read."""
    path, headers = f"/t/{shop.site.key}/events", {"Origin": ORIGIN}
    for sent in (b"", b"[]", b"<script>", b"[" * 60_000, b'{"events": "<x>"}'):
        answer = fresh.app.test_client().post(path, data=sent, headers=headers, base_url=PUBLIC_URL)
        assert (answer.status_code, answer.is_json) == (400, True)
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "<" not in answer.text


def test_a_body_that_is_too_large_is_not_read(fresh: Site, shop: NewSecret) -> None:
    """413 for pages and for servers, as JSON."""
    path, headers = f"/t/{shop.site.key}/events", {"Origin": ORIGIN}
    client = fresh.app.test_client()
    answer = client.post(path, data=b" " * (collecting.PAGE_BYTES + 1), headers=headers, base_url=PUBLIC_URL)
    assert (answer.status_code, answer.is_json) == (413, True)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    headers = {"Authorization": f"Bearer {shop.secret}"}
    answer = client.post("/api/track", data=b" " * (collecting.SERVER_BYTES + 1), headers=headers, base_url=PUBLIC_URL)
    assert (answer.status_code, answer.is_json) == (413, True)


def test_who_sends_too_much_is_told_when_to_come_again(fresh: Site, shop: NewSecret) -> None:
    """429 with Retry-After in whole seconds."""
    busy = replace(fresh.world.services, admit=lambda key: 1.2)
    crowded = replace(fresh, app=create_app(busy, settings()))
    answer = send(crowded, shop, PAGE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert stored(fresh) == []


def test_a_server_sends_with_its_secret(fresh: Site, shop: NewSecret) -> None:
    """No origin, no visitor; its program's name makes no machine of the person."""
    client = fresh.app.test_client()
    event = {"id": "order-000001", "type": "event", "name": "Trial", "email": "ana@firm.com"}
    headers = {"Authorization": f"Bearer {shop.secret}", "User-Agent": "curl/8.5.0"}
    answer = client.post("/api/track", json={"events": [event]}, headers=headers, base_url=PUBLIC_URL)
    assert (answer.status_code, answer.json) == (202, {"accepted": 1, "rejected": []})
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert stored(fresh) == [(fresh.tenant_of("101"), "order-000001", "lead")]
    with fresh.world.services.store.reading() as session:
        assert "ana" not in str(session.execute(sa.select(visitors)).all())


def test_without_the_secret_nothing_is_taken(fresh: Site, shop: NewSecret) -> None:
    """401; the public key is no secret."""
    wrong = ("Bearer", "Bearer wrong", f"Basic {shop.secret}", f"Bearer {shop.site.key}")
    for headers in ({}, *({"Authorization": header} for header in wrong)):
        told = {"events": [PAGE | {"email": "ana@firm.com"}]}
        answer = fresh.app.test_client().post("/api/track", json=told, headers=headers, base_url=PUBLIC_URL)
        assert answer.status_code == 401
    assert stored(fresh) == []


def test_the_script_is_small_the_same_for_all_and_kept_by_browsers(fresh: Site, shop: NewSecret) -> None:
    """Under 3.5 kB, no cookie, a shared hour; asked again, nothing is sent twice."""
    client = fresh.app.test_client()
    answer = client.get(f"/t/{shop.site.key}.js", base_url=PUBLIC_URL)
    assert answer.status_code == 200
    assert answer.mimetype == "text/javascript"
    assert len(answer.data) < 3_500
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    assert b"cookie" not in answer.data.replace(b"no cookies", b"")
    assert client.get("/t/another1.js", base_url=PUBLIC_URL).data == answer.data
    again = client.get(f"/t/{shop.site.key}.js", base_url=PUBLIC_URL, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/t/a%22b.js", base_url=PUBLIC_URL).status_code == 404


def test_a_signed_in_admin_is_nobody_special_there(fresh: Site, shop: NewSecret) -> None:
    """The session's cookie opens nothing, and nothing can be read with GET."""
    browser = fresh.signed_in()
    assert browser.get(f"/t/{shop.site.key}/events").status_code == 405
    assert browser.get("/api/track").status_code == 405
    assert browser.client.post("/api/track", json={"events": [PAGE]}, base_url=PUBLIC_URL).status_code == 401
