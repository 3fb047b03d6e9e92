"""Every route of the application, walked: form tokens, headers, markup, redirects, hosts, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from connector.web.api.gate import ApiBlueprint
from tests.unit.web.markup import strange
from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms, site
from tests.world import KEY, NEWER_KEY

TOKENLESS = {
    "webhooks.receive",
    "card_calls.read",
    "card_calls.rate",
    "cards.thumb",
    "collecting.events",
    "collecting.server",
    "unsubscribing.leave",
}
"""Programs that send with proof of their own, mail programs among them; a browser's cookie opens nothing there."""

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
EVIL = "evil.example"
OUTSIDE = ("https://fake.example/", "https://other.example/")
"""The CRMs of the tests."""


@pytest.fixture(scope="module")
def walked(scored: Site) -> Site:
    """The pages of a scored tenant, for looking only."""
    return scored


def paths(site: Site, method: str) -> Iterator[tuple[str, str]]:
    """Return (endpoint, path) of each route that takes a method, with ids of the tenant's own where it has such."""
    known = {"connection_id": site.connection("101").id, "lead_id": 1, "vendor": "fakecrm", "filename": "style.css"}
    adapter = site.app.url_map.bind("scores.example.com", url_scheme="https")
    for rule in site.app.url_map.iter_rules():
        if method in (rule.methods or ()):
            yield rule.endpoint, adapter.build(rule.endpoint, _values(rule, known), method)


def _values(rule: Rule, known: dict[str, object]) -> dict[str, object]:
    numbers = ("record_id", "seq")
    return {
        name: known.get(name, 1 if name in numbers else UUID(int=1) if name.endswith("_id") else "x1")
        for name in rule.arguments
    }


def test_every_changing_route_takes_a_token(fresh: Site) -> None:
    """Walks the map: without the token of this session's page a signed-in browser changes nothing."""
    browser = fresh.signed_in()
    before = len(fresh.world.woken)
    seen = set()
    for method in CHANGING:
        for endpoint, path in paths(fresh, method):
            answer = browser.client.open(path, method=method, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL})
            if endpoint in TOKENLESS or isinstance(fresh.app.blueprints.get(endpoint.split(".")[0]), ApiBlueprint):
                continue
            seen.add(endpoint)
            assert answer.status_code == 400, endpoint
            assert "This form is no longer valid" in answer.text, endpoint
    assert len(seen) > 20
    assert len(fresh.world.woken) == before
    assert browser.get("/leads").status_code == 200


def answers(site: Site, browser: Browser) -> Iterator[tuple[str, TestResponse]]:
    """Return an answer of every GET route, and one for every class of error."""
    for endpoint, path in paths(site, "GET"):
        yield endpoint, browser.get(path)
    yield "unbegun", browser.get("/oauth/fakecrm/callback?code=a")
    yield "400", browser.get("/oauth/fakecrm/callback?state=a")
    yield "404", browser.get("/<script>alert(1)</script>")
    yield "405", browser.client.post("/leads", base_url=PUBLIC_URL)
    yield "413", browser.client.post("/access", data=b"x" * 1_100_000, base_url=PUBLIC_URL)
    yield "preflight", browser.client.options("/t/x1/events", base_url=PUBLIC_URL)


def test_every_answer_is_closed_to_what_is_not_ours(walked: Site, alice: Browser) -> None:
    """Headers and markup of all pages and errors: no inline script or style, no frame, no cache, no foreign address."""
    for name, answer in answers(walked, alice):
        headers = answer.headers
        directives = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert directives["default-src"] == "'none'", name
        assert directives["script-src"] == directives["style-src"] == "'self'", name
        assert directives["frame-ancestors"] == directives["base-uri"] == "'none'", name
        assert headers["X-Frame-Options"] == "DENY", name
        assert headers["X-Content-Type-Options"] == "nosniff", name
        assert name in ("static", "collecting.script") or headers["Cache-Control"] == "no-store", name
        # A file to keep is not opened here: it brings its style with it.
        kept = "attachment" in headers.get("Content-Disposition", "")
        if answer.mimetype == "text/html" and not kept:
            assert strange(answer.text, OUTSIDE) == [], name


def test_an_error_of_ours_is_closed_too(fresh: Site) -> None:
    """500 is a page like the others."""

    def broken() -> str:
        raise ValueError("x")

    fresh.app.view_functions["health.healthz"] = broken
    answer = fresh.browser().get("/healthz")
    assert answer.status_code == 500
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert strange(answer.text) == []


def test_no_redirect_leads_outside(walked: Site, alice: Browser) -> None:
    """Whatever a query asks for: only the consent page of a CRM is elsewhere, and that takes a form's token."""
    wanted = "&".join(f"{name}=//{EVIL}/" for name in "next url return_to redirect redirect_uri continue dest".split())
    stranger = walked.browser()
    for browser in (alice, stranger):
        for endpoint, path in paths(walked, "GET"):
            for target in (f"{path}?{wanted}", f"//{EVIL}{path}"):
                location = browser.get(target).headers.get("Location", "/")
                assert location.startswith("/"), endpoint
                assert not location.startswith(("//", "/\\")), endpoint
                assert EVIL not in location, endpoint


def test_the_host_that_a_request_names_is_never_repeated(walked: Site, alice: Browser) -> None:
    """Behind a proxy anybody may write it: no link, redirect or cookie is made of it."""
    named = {"HTTP_HOST": EVIL, "HTTP_X_FORWARDED_HOST": EVIL, "HTTP_FORWARDED": f"host={EVIL}"}
    for endpoint, path in paths(walked, "GET"):
        answer = alice.client.get(path, base_url=PUBLIC_URL, environ_overrides=named)
        assert EVIL not in answer.text, endpoint
        assert EVIL not in str(answer.headers), endpoint


def test_the_cookie_is_bound_to_this_host(fresh: Site) -> None:
    """Over https its name takes Secure, the whole path and no domain: no other host of the domain can plant one."""
    cookie = fresh.browser().get("/").headers["Set-Cookie"]
    assert cookie.startswith("__Host-connector=")
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    plain = site(fresh.world.services.store, public_url="http://127.0.0.1:8000")
    assert plain.app.test_client().get("/").headers["Set-Cookie"].startswith("connector=")


def test_a_session_from_before_the_sign_in_stays_outside(fresh: Site) -> None:
    """Who planted or copied a cookie before its owner signed in has nothing of the sign-in."""
    victim = fresh.browser()
    state = victim.begin()
    planted = victim.session()
    victim.come_back(state=state, code="code-1")
    attacker = fresh.browser()
    with attacker.client.session_transaction(base_url=PUBLIC_URL) as held:
        held.update(planted)
    assert victim.get("/leads").status_code == 200
    assert attacker.get("/leads").status_code == 302


def test_what_is_too_much_is_told_in_words(fresh: Site) -> None:
    """Bodies over a mebibyte and forms of thousands of fields: 413 with a sentence, for people and programs."""
    owner = fresh.signed_in()
    token = forms(owner.get("/access").text)["/access/invitations"]["csrf_token"]
    send = owner.client.post
    many = {f"f{n}": "x" for n in range(2_000)} | {"csrf_token": token}
    large = send("/access/invitations", data=b"x" * 1_100_000, base_url=PUBLIC_URL)
    parts = send("/access/invitations", data=many, content_type="multipart/form-data", base_url=PUBLIC_URL)
    for answer in (large, parts):
        assert answer.status_code == 413
        assert "Too much at once" in answer.text
    told = send("/webhooks/fakecrm", data=b"x" * 1_100_000, base_url=PUBLIC_URL)
    assert (told.status_code, told.get_json()) == (413, {"error": "Too much at once"})


def test_a_session_and_an_open_page_outlive_a_rotation(fresh: Site) -> None:
    """Each answer signs the cookie anew; who has not come meanwhile is out once the key of its day is gone."""
    owner, away = fresh.signed_in(), fresh.signed_in()
    token = forms(owner.get("/access").text)["/access/invitations"]["csrf_token"]

    def invite(name: str) -> int:
        data = {"csrf_token": token, "name": name, "role": "viewer"}
        headers = {"Referer": f"{PUBLIC_URL}/access"}
        return owner.client.post("/access/invitations", data=data, base_url=PUBLIC_URL, headers=headers).status_code

    def start(*keys: str) -> None:
        fresh.use_keys(*keys)
        for browser in (owner, away):
            browser.client.application = fresh.app

    start(NEWER_KEY, KEY)
    assert owner.get("/leads").status_code == 200
    assert invite("Ben") == 200
    start(NEWER_KEY)
    assert owner.get("/leads").status_code == 200
    assert invite("Eva") == 400
    assert away.get("/leads").status_code == 302
