"""OAuth of the Mailchimp sandbox: the install, the token that never expires, the metadata, the end."""

from __future__ import annotations

import pytest

from connector.sandbox import MailchimpAccount, Oauth
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import CLIENT, Visitor
from tests.unit.sandbox.standing_clock import StandingClock


def test_an_install_yields_a_token_without_expiry_or_scope(visitor: Visitor) -> None:
    """``expires_in`` 0 means never, and there is no refresh token."""
    back = visitor.answer()
    assert back["state"] == "s"
    told = visitor.trade(back["code"]).json()
    assert (told["expires_in"], told["scope"]) == (0, None)
    assert set(told) == {"access_token", "expires_in", "scope"}


def test_a_user_may_deny(visitor: Visitor) -> None:
    """The app learns it by the redirect."""
    assert visitor.answer("deny") == {"error": "access_denied", "state": "s"}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "other"},
        {"redirect_uri": "http://localhost/oauth/callback/"},
        {"redirect_uri": "http://LOCALHOST/oauth/callback"},
        {"response_type": "token"},
    ],
)
def test_a_wrong_install_address_is_never_redirected(visitor: Visitor, changed: dict[str, str]) -> None:
    """The redirect address is compared exactly."""
    page = visitor.consent(**changed)
    assert page.status_code == 400
    assert not page.history


def test_a_code_is_good_once_and_for_its_address(visitor: Visitor) -> None:
    """A code that was used, or is another address's, is refused."""
    code = visitor.answer()["code"]
    assert visitor.trade(code).status_code == 200
    assert visitor.trade(code).json() == {"error": "invalid_grant"}
    other = visitor.trade(visitor.answer()["code"], redirect_uri="http://localhost/elsewhere")
    assert (other.status_code, other.json()) == (400, {"error": "invalid_grant"})


def test_a_code_does_not_live_long(started: Starter) -> None:
    """It ends with its time."""
    clock = StandingClock()
    visitor = Visitor(started(clock, oauth=Oauth(code_seconds=30)))
    code = visitor.answer()["code"]
    clock.sleep(31)
    assert visitor.trade(code).status_code == 400


@pytest.mark.parametrize("wrong", [{"client_secret": "guess"}, {"client_id": "x"}, {"grant_type": "refresh_token"}])
def test_the_token_endpoint_knows_its_client(visitor: Visitor, wrong: dict[str, str]) -> None:
    """A wrong secret trades nothing; there is nothing to refresh."""
    assert visitor.trade(visitor.answer()["code"], **wrong).status_code == 400
    assert CLIENT["client_secret"] != "guess"


def test_metadata_tell_where_the_account_lives(visitor: Visitor) -> None:
    """Data centre, role and the API's origin, which is the sandbox's own."""
    told = visitor.metadata(visitor.access_token).json()
    assert told["api_endpoint"] == visitor.origin
    assert (told["dc"], told["role"]) == ("us19", "owner")
    assert told["login"]["login_id"] == int(visitor.get("/")["login_id"])


def test_metadata_of_a_bad_token_are_an_error_with_status_200(visitor: Visitor) -> None:
    """The trap that clients fall into."""
    answer = visitor.metadata("nonsense")
    assert (answer.status_code, answer.json()) == (200, {"error": "invalid_token"})


def test_metadata_can_name_a_hostile_origin(started: Starter) -> None:
    """For clients that must check it."""
    hostile = "https://us19.api.mailchimp.com.example.net"
    visitor = Visitor(started(mailchimp=MailchimpAccount(api_endpoint=hostile))).install()
    assert visitor.metadata(visitor.access_token).json()["api_endpoint"] == hostile


@pytest.mark.parametrize("way", ["uninstall", "tokens/revoke"])
def test_uninstalling_ends_every_token(started: Starter, way: str) -> None:
    """The next call is a 401 problem document; metadata know the token no more."""
    visitor = Visitor(started()).install()
    assert visitor.hub.grants.installed()
    assert visitor.get("/ping") == {"health_status": "Everything's Chimpy!"}
    assert visitor.admin(f"/accounts/{visitor.account_id}/{way}").status_code == 204
    assert not visitor.hub.grants.installed()
    answer = visitor.call("GET", "/")
    assert (answer.status_code, answer.json()["title"]) == (401, "API Key Invalid")
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert visitor.metadata(visitor.access_token).json() == {"error": "invalid_token"}


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth"])
def test_both_spellings_of_the_header_are_taken(visitor: Visitor, scheme: str) -> None:
    """Clients in use send either."""
    visitor.session.headers["Authorization"] = f"{scheme} {visitor.access_token}"
    assert visitor.get("/")["account_id"] == visitor.account_id


def test_a_low_role_reads_and_cannot_write(started: Starter) -> None:
    """A viewer's write is a 403 problem document."""
    visitor = Visitor(started(mailchimp=MailchimpAccount(role="viewer"))).install()
    assert visitor.get("/")["role"] == "viewer"
    answer = visitor.call("POST", f"/lists/{visitor.main}/segments", {"name": "x", "static_segment": []})
    assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")
