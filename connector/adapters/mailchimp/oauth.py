"""Mailchimp's OAuth: a token that never expires, and the metadata that say where its account lives.

The flow is that of https://mailchimp.com/developer/marketing/guides/access-user-data-oauth-2/: no
scopes, no PKCE, no refresh, no way to give a token back. ``state`` is all that guards it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError

from connector.adapters.contract import AppCredentials
from connector.adapters.hosts import is_token, origin_of, trusted
from connector.adapters.mailchimp.calls import root
from connector.adapters.mailchimp.errors import REINSTALL, VENDOR, Refusal, classify
from connector.adapters.mailchimp.transport import Pool, parsed, perform
from connector.adapters.mailchimp.values import UnreadableError, identifier
from connector.errors import ConnectorError, Disconnected, NeedsAdmin, RejectedInput, RetryLater, VendorFault
from connector.records import Account, Tokens

AUTHORIZE = "/oauth2/authorize"
TOKEN = "/oauth2/token"  # noqa: S105 - a path, no password
METADATA = "/oauth2/metadata"
TIMEOUT = (5.0, 20.0)
"""Seconds to connect and to read."""

API_HOSTS = (r"us\d{1,3}\.api\.mailchimp\.com",)
TOO_LOW = frozenset({"viewer", "author"})
"""Roles that read but do not write."""

ACCOUNT_FIELDS = ("account_id", "account_name", "account_timezone", "login_id", "role")

_BAD_REQUEST = 400


class OAuth:
    """The flow of one Mailchimp app. Holds no state between calls."""

    def __init__(self, credentials: AppCredentials, login_base: str, api_base: str) -> None:
        """Keep the app's identity and the origins that were found to be good."""
        self._app = credentials
        self._login_base = login_base
        self._api_base = api_base

    def authorize_url(self, state: str) -> str:
        """Return the consent page's address."""
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": self._app.redirect_uri,
            "state": state,
        }
        return f"{self._login_base}{AUTHORIZE}?{urlencode(query)}"

    def exchange(self, code: str) -> Tokens:
        """Trade a code for a token; raise ``RejectedInput`` for a code that is not good."""
        try:
            with OAuth2Session(
                self._app.client_id,
                self._app.client_secret,
                token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method, no password
            ) as session:
                reply: Mapping[str, Any] = session.fetch_token(
                    self._login_base + TOKEN,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=self._app.redirect_uri,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
        except OAuthError as error:
            raise _refused(str(error.error)) from None
        except (requests.RequestException, ValueError, TypeError, ArithmeticError, RecursionError):
            # authlib raises what Python does for a body that is no JSON object, and calculates with what is in one.
            raise _unreadable("token") from None
        access = reply.get("access_token")
        if not is_token(access):
            raise _unreadable("token")
        # ``expires_in`` is 0, which means never here.
        return Tokens(access, None, None)

    def metadata(self, token: str) -> Mapping[str, Any]:
        """Return what Mailchimp says of a token; raise ``Disconnected`` for one that is not good (any more)."""
        try:
            with Pool() as session:
                headers = {"Authorization": f"OAuth {token}", "Accept": "application/json"}
                url = self._login_base + METADATA
                # A function as ``auth``, so that no .netrc takes the header's place.
                response = session.get(url, headers=headers, auth=_as_is, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException:
            raise _unreadable("metadata") from None
        found = parsed(response.content) if response.status_code in (200, 401) else None
        if found is None:
            raise _unreadable("metadata", response.status_code)
        # A bad token is told with a 200.
        if found.get("error") == "invalid_token" or response.status_code == 401:
            fault = VendorFault(VENDOR, "metadata", response.status_code, "invalid_token")
            raise Disconnected("Mailchimp no longer accepts this account's permission.", remedy=REINSTALL, fault=fault)
        if found.get("error"):
            raise _unreadable("metadata", response.status_code)
        return found

    def origin(self, metadata: Mapping[str, Any]) -> str:
        """Return where the account's API lives; raise ``RejectedInput`` unless that is Mailchimp's."""
        told = metadata.get("api_endpoint")
        if not isinstance(told, str) or not told:
            raise _unreadable("metadata")
        if not self.good(told):
            raise RejectedInput("Mailchimp named an address for this account that is not Mailchimp's. Try again later.")
        return origin_of(told)

    def good(self, url: str) -> bool:
        """Tell whether a token may be sent to ``url``: a data centre of Mailchimp's, or the sandbox."""
        return trusted(url, base=self._api_base, patterns=API_HOSTS)

    def account(self, origin: str, token: str) -> tuple[Account, str | None]:
        """Return the account behind a token and its user's id if told, before a connection and its governor exist."""
        with Pool() as http:
            call = root.get_root(fields=ACCOUNT_FIELDS)
            found = perform(http, origin, "account", call, token, TIMEOUT)
        if isinstance(found, Refusal):
            raise classify(found)
        require_role(found.body.get("role"))
        return account_of(found.body, origin), login_of(found.body)


def require_role(role: object) -> None:
    """Raise ``RejectedInput`` where the user who connects may not write."""
    if isinstance(role, str) and role.lower() in TOO_LOW:
        raise RejectedInput(
            f"Your role in this Mailchimp account is {role.lower()}, which may not write scores. "
            "Let a manager, admin or owner connect it."
        )


def account_of(body: Mapping[str, Any], origin: str) -> Account:
    """Return the account in an answer of the API's root; raise ``RetryLater`` if it names none."""
    try:
        account_id = identifier(body, "account_id")
    except UnreadableError:
        raise _unreadable("account") from None
    name = str(body.get("account_name") or f"Mailchimp account {account_id}")
    zone = str(body.get("account_timezone") or "UTC")
    login = login_of(body)
    # Ten connections are allowed to the user, over all accounts and apps (guide, "Fundamentals: limits").
    limited_as = None if login is None else f"login {login}"
    return Account(account_id, name, ui_of(origin), zone, api_origin=origin, limited_as=limited_as)


def login_of(body: Mapping[str, Any]) -> str | None:
    """Return the id of the user whose token asked, None where an answer of the API's root names none."""
    try:
        return identifier(body, "login_id")
    except UnreadableError:
        return None


def ui_of(origin: str) -> str:
    """Return where the account's own pages live: ``us19.admin…`` for ``us19.api…``, a sandbox's own origin."""
    return origin.replace(".api.mailchimp.com", ".admin.mailchimp.com")


def _as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _refused(word: str) -> ConnectorError:
    """Return what an OAuth error means: ``invalid_grant`` speaks of the code, the rest of us or Mailchimp."""
    if word == "invalid_grant":
        return RejectedInput("Mailchimp did not accept the installation code. Start the installation again.")
    fault = VendorFault(VENDOR, "token", _BAD_REQUEST, word)
    if word in ("invalid_client", "unauthorized_client", "redirect_uri_mismatch"):
        return NeedsAdmin(
            "Mailchimp does not accept this product's client id, secret or redirect address.",
            remedy="The operator must correct them in the settings.",
            fault=fault,
        )
    return RetryLater(f"{fault}.", after_seconds=30.0, fault=fault)


def _unreadable(operation: str, status: int = 0) -> RetryLater:
    return RetryLater(
        f"Mailchimp's answer to {operation} did not come or can't be read.",
        after_seconds=5.0,
        fault=VendorFault(VENDOR, operation, status),
    )
