"""OAuth of the HubSpot sandbox: consent, codes, refresh, revocation, scopes."""

from __future__ import annotations

import base64
import hashlib

import pytest

from connector.sandbox import Oauth, Portal, RunningSandbox
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.standing_clock import StandingClock
from tests.unit.sandbox.visitor import SCOPES, Visitor


def test_consent_page_names_app_and_scopes(roomy: RunningSandbox) -> None:
    """The page shows who asks, for what, and in which account."""
    page = Visitor(roomy).consent()
    assert page.status_code == 200
    assert "Lead scoring" in page.text
    assert "crm.objects.contacts.write" in page.text


def test_allowing_returns_code_and_state_and_tokens(roomy: RunningSandbox) -> None:
    """A code brings tokens that name the account and the scopes, by every spelling of the path."""
    visitor = Visitor(roomy)
    answer = visitor.answer()
    assert answer["state"] == "s"
    tokens = visitor.trade(answer["code"]).json()
    assert (tokens["hub_id"], tokens["expires_in"]) == (4711001, 1800)
    assert tokens["scopes"] == SCOPES.split()
    again = visitor.session.post(
        f"{visitor.origin}/oauth/2026-09/token",
        data={
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
        },
    ).json()
    assert again["refresh_token"] == tokens["refresh_token"]
    assert again["access_token"] != tokens["access_token"]


def test_denying_returns_access_denied(roomy: RunningSandbox) -> None:
    """A user who denies sends no code back."""
    answer = Visitor(roomy).answer("deny")
    assert answer["error"] == "access_denied"
    assert "code" not in answer


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "someone-else"},
        {"redirect_uri": "http://localhost/oauth/callback/"},
        {"scope": "oauth"},
    ],
)
def test_wrong_install_address_is_refused_without_a_redirect(roomy: RunningSandbox, changed: dict[str, str]) -> None:
    """An unknown client, another redirect address or a missing required scope ends on an error page."""
    page = Visitor(roomy).consent(**changed)
    assert page.status_code == 400
    assert "request_id" not in page.text


def test_a_consent_page_can_be_answered_once(roomy: RunningSandbox) -> None:
    """The second answer to the same page is refused."""
    visitor = Visitor(roomy)
    name = visitor.consent().text.split('name="request_id" value="')[1].split('"')[0]
    form = {"request_id": name, "decision": "allow"}
    url = f"{visitor.origin}/oauth/authorize"
    assert visitor.session.post(url, data=form, allow_redirects=False).status_code == 302
    assert visitor.session.post(url, data=form, allow_redirects=False).status_code == 400


def test_a_code_works_once(roomy: RunningSandbox) -> None:
    """A spent code is an invalid grant."""
    visitor = Visitor(roomy)
    code = visitor.answer()["code"]
    assert visitor.trade(code).status_code == 200
    refused = visitor.trade(code)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"redirect_uri": "http://localhost/other"}, "MISMATCH_REDIRECT_URI_AUTH_CODE"),
        ({"client_id": "someone-else"}, "BAD_CLIENT_ID"),
        ({"client_secret": "guess"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
    ],
)
def test_token_endpoint_checks_client_and_address(roomy: RunningSandbox, changed: dict[str, str], word: str) -> None:
    """A code is given only to the right client, at the address it was asked for."""
    visitor = Visitor(roomy)
    refused = visitor.trade(visitor.answer()["code"], **changed)
    assert (refused.status_code, refused.json()["status"]) == (400, word)


def test_a_code_runs_out(started: Starter) -> None:
    """A code is good for a minute."""
    clock = StandingClock()
    visitor = Visitor(started(clock))
    code = visitor.answer()["code"]
    clock.sleep(61)
    assert visitor.trade(code).json()["status"] == "BAD_AUTH_CODE"


def test_a_challenge_asks_for_its_verifier(roomy: RunningSandbox) -> None:
    """With PKCE the code alone is not enough."""
    visitor = Visitor(roomy)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"verifier").digest()).rstrip(b"=").decode()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert visitor.trade(visitor.answer(**asked)["code"]).json()["status"] == "BAD_CODE_VERIFIER"
    assert visitor.trade(visitor.answer(**asked)["code"], code_verifier="verifier").status_code == 200


def test_an_expired_token_says_so(started: Starter) -> None:
    """After its life a token is answered 401 EXPIRED_AUTHENTICATION, and refreshing helps."""
    clock = StandingClock()
    visitor = Visitor(started(clock, oauth=Oauth(access_seconds=100))).install()
    assert visitor.get("/account-info/2026-03/details").json()["portalId"] == 4711001
    clock.sleep(100)
    refused = visitor.get("/account-info/2026-03/details")
    assert (refused.status_code, refused.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    fresh = visitor.refresh(visitor.tokens["refresh_token"]).json()["access_token"]
    visitor.session.headers["Authorization"] = f"Bearer {fresh}"
    assert visitor.get("/account-info/2026-03/details").status_code == 200


def test_rotation_revokes_on_reuse(started: Starter) -> None:
    """Under rotation each refresh gives a new token, and using an old one again ends the installation."""
    visitor = Visitor(started(oauth=Oauth(rotate=True))).install()
    first = visitor.tokens["refresh_token"]
    second = visitor.refresh(first).json()["refresh_token"]
    assert second != first
    assert visitor.refresh(first).json()["status"] == "BAD_REFRESH_TOKEN"
    assert visitor.refresh(second).json()["status"] == "BAD_REFRESH_TOKEN"


def test_a_revoked_refresh_token_leaves_access_tokens_alive(roomy: RunningSandbox) -> None:
    """Revoking stops refreshing, not the access token that is out."""
    visitor = Visitor(roomy).install()
    form = {"client_id": "sandbox-client", "client_secret": "sandbox-secret", "token": visitor.tokens["refresh_token"]}
    assert visitor.session.post(f"{visitor.origin}/oauth/v3/token/revoke", data=form).status_code == 200
    refused = visitor.refresh(visitor.tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert visitor.get("/account-info/v3/details").status_code == 200


def test_introspection_tells_what_a_token_is(roomy: RunningSandbox) -> None:
    """Spec's and guide's field names both work; an unknown token is not active."""
    visitor = Visitor(roomy).install()
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    url = f"{visitor.origin}/oauth/2026-03/token/introspect"
    by_spec = visitor.session.post(url, data={**client, "token": visitor.tokens["access_token"]}).json()
    by_guide = visitor.session.post(url, data={**client, "refresh_token": visitor.tokens["refresh_token"]}).json()
    assert (by_spec["active"], by_spec["hub_id"], by_guide["active"]) == (True, 4711001, True)
    assert visitor.session.post(url, data={**client, "token": "x"}).json() == {"active": False}


def test_uninstalling_ends_every_token(started: Starter) -> None:
    """After the uninstall call the token is unknown and refreshing is refused."""
    visitor = Visitor(started()).install()
    assert visitor.session.delete(f"{visitor.origin}/appinstalls/2026-03/external-install").status_code == 204
    assert visitor.get("/account-info/2026-03/details").json()["category"] == "INVALID_AUTHENTICATION"
    assert visitor.refresh(visitor.tokens["refresh_token"]).json()["status"] == "BAD_REFRESH_TOKEN"


def test_a_missing_scope_is_named(roomy: RunningSandbox) -> None:
    """403 MISSING_SCOPES names the scope; the token stays good for the rest."""
    visitor = Visitor(roomy, "oauth crm.objects.contacts.read").install()
    refused = visitor.get("/crm/objects/2026-03/deals")
    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    assert refused.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.deals.read"]
    assert visitor.get("/crm/objects/2026-03/contacts").status_code == 200


def test_optional_scopes_that_the_account_lacks_are_dropped(started: Starter) -> None:
    """What the tier does not offer is left out of the grant, without an error."""
    running = started(portals=(Portal(unavailable_scopes=("forms",)),))
    visitor = Visitor(running, "oauth crm.objects.contacts.read")
    tokens = visitor.trade(visitor.answer(optional_scope="forms content")["code"]).json()
    assert tokens["scopes"] == ["oauth", "crm.objects.contacts.read", "content"]
