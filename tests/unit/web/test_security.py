"""Headers, cookies, form tokens, and what the process holds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms, site

PAGES = ("/", "/leads", "/model", "/nowhere", "/healthz", "/static/style.css")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_headers(alice: Browser, path: str) -> None:
    """Pages, errors and files alike: nothing from elsewhere, nothing inline, no frame, no guessing of types."""
    headers = alice.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "max-age" in headers["Strict-Transport-Security"]
    assert ("no-store" in headers.get("Cache-Control", "")) == (not path.startswith("/static"))


def test_forms_may_lead_to_the_consent_pages_only(alice: Browser) -> None:
    """The policy names the origins of the configured vendors for form redirects, no others."""
    policy = alice.get("/leads").headers["Content-Security-Policy"]
    assert policy.rpartition("form-action ")[2] == (
        "'self' https://*.my.other.example https://fake.example https://live.other.example https://trial.other.example"
    )


@pytest.mark.parametrize("path", ["/", "/leads", "/model"])
def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(alice: Browser, path: str) -> None:
    """No style, script or handler in the markup, no resource of another host: the policy would block it."""
    text = alice.client.get(path, base_url=PUBLIC_URL, follow_redirects=True).text
    for forbidden in (
        "<style",
        "style=",
        "onclick",
        "onload",
        "javascript:",
        'src="http',
        'rel="stylesheet" href="http',
    ):
        assert forbidden not in text
    assert text.count("<script") == text.count('<script src="/static/')


@pytest.mark.parametrize(("public_url", "secure"), [(PUBLIC_URL, True), ("http://127.0.0.1:8000", False)])
def test_the_session_cookie_is_closed(fresh: Site, public_url: str, secure: bool) -> None:
    """The cookie is out of reach of scripts and other sites, and of plain http where https is used."""
    made = site(fresh.world.services.store, public_url=public_url)
    cookie = made.app.test_client().get("/", base_url=public_url).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is secure


def test_a_form_without_its_token_is_refused(fresh: Site) -> None:
    """Every changing request needs the token of this session's page."""
    browser = fresh.browser()
    page = browser.install()
    before = len(fresh.world.woken)
    for action in [*forms(browser.get(page).text), "/oauth/fakecrm/start"]:
        answer = browser.client.post(action, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL})
        assert answer.status_code == 400
        assert "This form is no longer valid" in answer.text
    assert len(fresh.world.woken) == before
    assert browser.get(page).status_code == 200


def test_a_token_of_another_session_is_refused(fresh: Site) -> None:
    """Bob's token does not open Alice's forms."""
    alice, bob = fresh.signed_in("code-1"), fresh.signed_in("code-2")
    page = alice.get("/").location
    token = forms(bob.get(bob.get("/").location).text)["/sign-out"]
    answer = alice.client.post(f"{page}/refresh", data=token, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL})
    assert answer.status_code == 400


def test_a_link_can_not_change_anything(fresh: Site) -> None:
    """What changes something does not answer to GET."""
    browser = fresh.browser()
    page = browser.install()
    for path in (f"{page}/refresh", f"{page}/retrain", f"{page}/resume", "/sign-out", "/oauth/fakecrm/start"):
        assert browser.get(path).status_code == 405


def test_an_unexpected_error_shows_and_logs_no_values(fresh: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Our own bugs answer 500 with a calm page; the log says where, without the message."""
    secret = "ana@firm.example"

    def broken() -> str:
        raise ValueError(secret)

    fresh.app.view_functions["health.healthz"] = broken
    answer = fresh.browser().get("/healthz")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.text
    assert "ValueError at health.healthz" in caplog.text
    assert secret not in answer.text + caplog.text


def test_the_web_process_stays_light() -> None:
    """Importing the web app imports no model library and no worker."""
    code = "import sys, connector.app; print([m for m in ('sklearn', 'lightgbm', 'workers') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
