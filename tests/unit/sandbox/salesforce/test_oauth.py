"""OAuth of the Salesforce sandbox: consent, PKCE, sessions, rotation, revocation, identity."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
import requests

from connector.sandbox import Oauth, Org, RunningSandbox
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import BASE, Visitor, query_of
from tests.unit.sandbox.standing_clock import StandingClock


def test_consent_page_names_app_org_and_scopes(roomy: RunningSandbox) -> None:
    """The page shows who asks, for what, and in which org."""
    page = Visitor(roomy).consent()
    assert page.status_code == 200
    assert all(word in page.text for word in ("Lead scoring", "Sandbox Industries", "refresh_token"))


def test_allowing_brings_tokens_that_name_host_and_user_and_no_lifetime(roomy: RunningSandbox) -> None:
    """The answer is signed over identity and time; the session's length is the org's own affair."""
    visitor = Visitor(roomy)
    answer = visitor.answer()
    assert answer["state"] == "s"
    tokens = visitor.trade(answer["code"]).json()
    assert tokens["instance_url"] == visitor.origin
    assert "/id/00DgK0000004711UAA/005" in tokens["id"]
    assert (tokens["token_type"], tokens["scope"], "expires_in" in tokens) == ("Bearer", "api refresh_token", False)
    assert len(tokens["issued_at"]) == 13
    signed = hmac.new(b"sandbox-secret", (tokens["id"] + tokens["issued_at"]).encode(), hashlib.sha256).digest()
    assert tokens["signature"] == base64.b64encode(signed).decode()


def test_denying_returns_access_denied(roomy: RunningSandbox) -> None:
    """A user who denies sends no code back."""
    assert Visitor(roomy).answer("deny")["error"] == "access_denied"


@pytest.mark.parametrize("changed", [{"client_id": "other"}, {"redirect_uri": "http://localhost/oauth/callback/"}])
def test_unknown_app_or_address_is_never_redirected(roomy: RunningSandbox, changed: dict[str, str]) -> None:
    """A wrong install address ends on an error page."""
    page = Visitor(roomy).consent(**changed)
    assert (page.status_code, "request_id" in page.text) == (400, False)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "api everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_other_mistakes_are_told_to_the_app(roomy: RunningSandbox, changed: dict[str, str], error: str) -> None:
    """PKCE is required; scopes must be known."""
    assert query_of(Visitor(roomy).consent(**changed))["error"] == error


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_verifier": ""}, "invalid_grant"),
        ({"code_verifier": "w" * 64}, "invalid_request"),
        ({"redirect_uri": "http://localhost/other"}, "redirect_uri_mismatch"),
        ({"client_id": "other"}, "invalid_client_id"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_token_endpoint_checks_verifier_client_and_address(
    roomy: RunningSandbox, changed: dict[str, str], error: str
) -> None:
    """A code is given only to who asked for it."""
    visitor = Visitor(roomy)
    refused = visitor.trade(visitor.answer()["code"], **changed)
    assert (refused.status_code, refused.json()["error"]) == (400, error)


def test_a_code_works_once_and_for_fifteen_minutes(started: Starter) -> None:
    """A spent or late code is an invalid grant."""
    clock = StandingClock()
    visitor = Visitor(started(clock))
    code = visitor.answer()["code"]
    clock.sleep(899)
    assert visitor.trade(code).status_code == 200
    assert visitor.trade(code).json()["error"] == "invalid_grant"
    late = visitor.answer()["code"]
    clock.sleep(901)
    assert visitor.trade(late).json()["error_description"] == "expired authorization code"


def test_a_session_ends_when_it_is_idle_and_use_prolongs_it(started: Starter) -> None:
    """401 INVALID_SESSION_ID says that refreshing is needed."""
    clock = StandingClock()
    visitor = Visitor(started(clock, oauth=Oauth(access_seconds=100))).install()
    for _ in range(3):
        clock.sleep(60)
        assert visitor.get("/limits").status_code == 200
    clock.sleep(101)
    refused = visitor.get("/limits")
    assert refused.status_code == 401
    assert refused.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    renewed = visitor.refresh(visitor.tokens["refresh_token"]).json()
    assert "refresh_token" not in renewed
    visitor.take(renewed)
    assert visitor.get("/limits").status_code == 200


def test_rotation_gives_a_new_token_and_reuse_ends_everything(started: Starter) -> None:
    """The used token's return kills the new one and the sessions."""
    visitor = Visitor(started(oauth=Oauth(rotate=True))).install()
    first = visitor.tokens["refresh_token"]
    renewed = visitor.refresh(first).json()
    assert renewed["refresh_token"] != first
    visitor.take(renewed)
    reused = visitor.refresh(first)
    assert (reused.status_code, reused.json()["error"]) == (400, "invalid_grant")
    assert visitor.refresh(renewed["refresh_token"]).json()["error"] == "invalid_grant"
    assert visitor.get("/limits").status_code == 401


def test_the_sixth_approval_ends_the_first(started: Starter) -> None:
    """A user holds five grants of one app."""
    running = started()
    visitors = [Visitor(running).install() for _ in range(6)]
    assert [each.refresh(each.tokens["refresh_token"]).status_code for each in visitors] == [400] + [200] * 5


def test_a_refresh_token_dies_when_idle_for_thirty_days(started: Starter) -> None:
    """Each use starts the thirty days anew."""
    clock = StandingClock()
    visitor = Visitor(started(clock)).install()
    for days in (29, 29):
        clock.sleep(days * 86_400)
        assert visitor.refresh(visitor.tokens["refresh_token"]).status_code == 200
    clock.sleep(30 * 86_400 + 1)
    assert visitor.refresh(visitor.tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_revoking_a_refresh_token_ends_its_sessions(started: Starter) -> None:
    """After revocation nothing of the grant works; an unknown token is refused."""
    visitor = Visitor(started()).install()
    url = f"{visitor.origin}/services/oauth2/revoke"
    assert requests.post(url, data={"token": visitor.tokens["refresh_token"]}, timeout=5).status_code == 200
    assert visitor.get("/limits").status_code == 401
    assert requests.post(url, data={"token": "unknown"}, timeout=5).status_code == 400


def test_introspection_tells_what_a_token_is(visitor: Visitor) -> None:
    """Sessions have an end, refresh tokens have none, others are not active."""
    url = f"{visitor.origin}/services/oauth2/introspect"
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    session = visitor.session.post(url, data={**client, "token": visitor.tokens["access_token"]}).json()
    refresh = visitor.session.post(url, data={**client, "token": visitor.tokens["refresh_token"]}).json()
    assert (session["active"], session["token_type"], session["exp"] > session["iat"]) == (True, "access_token", True)
    assert (refresh["active"], refresh["token_type"], "exp" in refresh) == (True, "refresh_token", False)
    assert visitor.session.post(url, data={**client, "token": "x"}).json() == {"active": False}


def test_identity_and_userinfo_name_org_and_user(visitor: Visitor) -> None:
    """Both tell the same person; a bad token is answered as plain text."""
    told = visitor.session.get(visitor.tokens["id"]).json()
    info = visitor.session.get(f"{visitor.origin}/services/oauth2/userinfo").json()
    assert told["organization_id"] == info["organization_id"] == "00DgK0000004711UAA"
    assert told["user_id"] == info["user_id"] == visitor.hub.people.integration
    bad = requests.get(f"{visitor.origin}/services/oauth2/userinfo", headers={"Authorization": "Bearer x"}, timeout=5)
    assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")


def test_versions_need_no_token_and_retired_ones_are_gone(roomy: RunningSandbox) -> None:
    """The newest version is listed last; 30.0 is answered 410, one of the future 404."""
    visitor = Visitor(roomy).install()
    listed = requests.get(f"{visitor.origin}/services/data/", timeout=5).json()
    assert listed[-1] == {"label": "Winter '27", "url": BASE, "version": "68.0"}
    assert visitor.session.get(f"{visitor.origin}/services/data/v30.0/limits").status_code == 410
    assert visitor.session.get(f"{visitor.origin}/services/data/v99.0/limits").status_code == 404


def test_an_org_may_name_any_host_as_its_api(started: Starter) -> None:
    """So that a client can be shown a host which is not the vendor's."""
    visitor = Visitor(started(org=Org(instance_url="https://evil.example.com"))).install()
    assert visitor.tokens["instance_url"] == "https://evil.example.com"
    visitor.admin("/app", {"instance_url": "https://other.example.com"})
    assert visitor.install().tokens["instance_url"] == "https://other.example.com"
