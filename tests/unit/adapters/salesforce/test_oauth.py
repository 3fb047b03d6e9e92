"""Signing in: where an admin is sent and where a token may go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.contract import AppCredentials
from connector.adapters.salesforce.app import SalesforceApp
from connector.adapters.salesforce.hosts import login_origin
from connector.adapters.salesforce.oauth import OAuth, challenge
from connector.errors import RejectedInput, SettingsError
from connector.records import Tokens

CREDENTIALS = AppCredentials("id", "secret", None, None, "https://us.example/callback", "https://us.example/hook")
LOCAL = "http://127.0.0.1:8123"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def host_of(url: str) -> str:
    """Return scheme and host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_the_challenge_is_that_of_the_standard() -> None:
    """The example of RFC 7636, appendix B."""
    assert challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    query = parse_qs(urlsplit(SalesforceApp(CREDENTIALS).authorize_url("s", VERIFIER)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["code_challenge"] == [challenge(VERIFIER)]
    assert "client_secret" not in query
    assert VERIFIER not in str(query)


@pytest.mark.parametrize(
    ("login", "host"),
    [
        (None, "https://login.salesforce.com"),
        ("production", "https://login.salesforce.com"),
        ("sandbox", "https://test.salesforce.com"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
    ],
)
def test_an_admin_signs_in_where_the_org_lets_him(login: str | None, host: str) -> None:
    """Production, a sandbox, or the org's own domain."""
    assert host_of(SalesforceApp(CREDENTIALS).authorize_url("s", VERIFIER, login)) == host


@pytest.mark.parametrize(
    "login",
    [
        "",
        "evil.com",
        "acme.my.salesforce.com.evil.com",
        "acme.my.salesforce.com@evil.com",
        "evil.com/.my.salesforce.com",
        "evil.com#.my.salesforce.com",
        "acme.my.salesforce.com:8443",
        "https://acme.my.salesforce.com",
        "acme.my.salesforce.com\n",
        ".my.salesforce.com",
        "-.my.salesforce.com",
        "a.b.my.salesforce.com",
        "acmé.my.salesforce.com",
    ],
)
@pytest.mark.parametrize("base", [None, LOCAL])
def test_any_other_sign_in_host_is_refused(login: str, base: str | None) -> None:
    """Before any redirect, in a sandbox as well."""
    with pytest.raises(RejectedInput):
        SalesforceApp(replace(CREDENTIALS, authorize_base=base)).authorize_url("s", VERIFIER, login)


@given(st.text(max_size=60))
def test_a_typed_host_is_salesforces_or_refused(typed: str) -> None:
    """Whatever is typed, the redirect stays below my.salesforce.com."""
    try:
        origin = login_origin(typed + ".my.salesforce.com")
    except RejectedInput:
        return
    assert urlsplit(origin).hostname == f"{typed}.my.salesforce.com"
    assert urlsplit(origin).netloc.endswith(".my.salesforce.com")


@pytest.mark.parametrize("login", [None, "production", "sandbox", "acme.my.salesforce.com"])
def test_a_local_sandbox_stands_in_for_every_choice(login: str | None) -> None:
    """With another origin configured, nobody is sent to Salesforce."""
    app = SalesforceApp(replace(CREDENTIALS, authorize_base=LOCAL, api_base=LOCAL))
    assert host_of(app.authorize_url("s", VERIFIER, login)) == LOCAL


@pytest.mark.parametrize("base", ["https://evil.com", "http://login.salesforce.com", "https://salesforce.com.evil.com"])
def test_a_mistyped_setting_is_refused(base: str) -> None:
    """A secret is not sent to a stranger."""
    with pytest.raises(SettingsError):
        SalesforceApp(replace(CREDENTIALS, authorize_base=base))


HOSTILE = [
    "https://evil.com",
    "http://acme.my.salesforce.com",
    "https://acme.my.salesforce.com.evil.com",
    "https://acme.my.salesforce.com@evil.com",
    "https://user:pass@acme.my.salesforce.com",
    "https://acme.my.salesforce.com:444",
    "https://acme.my.salesforce.com:bad",
    "https://[::1",
    "https://login.salesforce.com",
    "",
    "file:///etc/passwd",
    LOCAL,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_reply_can_not_send_the_token_elsewhere(url: str) -> None:
    """Only an org's own host is taken for an instance."""
    with pytest.raises(RejectedInput):
        OAuth(CREDENTIALS, None).instance(url)
    with pytest.raises(RejectedInput):
        OAuth(CREDENTIALS, "http://127.0.0.1:9").instance(url)


@pytest.mark.parametrize("host", ["acme", "acme--uat.sandbox", "orgfarm-1.develop", "ab.scratch"])
def test_an_orgs_own_host_is_taken(host: str) -> None:
    """My Domain hosts with and without partition."""
    origin = f"https://{host}.my.salesforce.com"
    assert OAuth(CREDENTIALS, None).instance(origin + "/services") == origin
    assert OAuth(CREDENTIALS, None).instance(origin.upper().replace("HTTPS", "https") + ":443") == origin


def test_a_refresh_token_is_not_sent_to_a_stranger() -> None:
    """The stored address of the org is checked again before each refresh."""
    tokens = Tokens("access", "refresh", None)
    with pytest.raises(RejectedInput):
        SalesforceApp(CREDENTIALS).refresh(tokens, datetime.now(UTC), "https://evil.com")
