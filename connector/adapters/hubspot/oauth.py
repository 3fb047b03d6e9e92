"""HubSpot's OAuth: authorisation, tokens and the account behind them.

By authlib on the dated token endpoint; the v1 endpoints, the only ones that the SDK
knows, stop on 16 February 2027 and their models drop ``hub_id`` and the scopes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError

from connector.adapters.contract import AppCredentials
from connector.adapters.hosts import is_token
from connector.adapters.hubspot.errors import REINSTALL, VENDOR, classify, parse_refusal
from connector.adapters.hubspot.paths import AUTHORIZE, path
from connector.adapters.hubspot.values import UnreadableError, identifier
from connector.errors import (
    ConnectorError,
    Disconnected,
    NeedsAdmin,
    RejectedInput,
    RetryLater,
    VendorFault,
)
from connector.records import Account, Tokens

TIMEOUT = (5.0, 20.0)
"""Seconds to connect and to read."""

LONGEST_LIFE = 366 * 86_400
"""Seconds of an access token; HubSpot's live for half an hour."""

_REFUSED = 400

_GRANT_ERRORS = frozenset({"invalid_grant", "BAD_AUTH_CODE", "BAD_REFRESH_TOKEN", "MISMATCH_REDIRECT_URI_AUTH_CODE"})
_APP_ERRORS = frozenset(
    {"invalid_client", "unauthorized_client", "redirect_uri_mismatch", "BAD_CLIENT_ID", "BAD_CLIENT_SECRET"}
)
"""RFC 6749's words, and HubSpot's own, which it puts into ``status`` where it leaves ``error`` out."""


class OAuth:
    """The flows of one HubSpot app. Holds no state between calls."""

    def __init__(self, credentials: AppCredentials, authorize_base: str, api_base: str) -> None:
        """Keep the app's identity and the origins that were found to be good."""
        self._app = credentials
        self._authorize_base = authorize_base
        self._api_base = api_base

    def authorize_url(self, state: str, scopes: tuple[str, ...], optional: tuple[str, ...]) -> str:
        """Return the consent page's address. HubSpot wants spaces as ``%20`` and no ``response_type``."""
        query = {
            "client_id": self._app.client_id,
            "redirect_uri": self._app.redirect_uri,
            "scope": " ".join(scopes),
            "optional_scope": " ".join(optional),
            "state": state,
        }
        return f"{self._authorize_base}{AUTHORIZE}?{urlencode(query, quote_via=quote)}"

    def exchange(self, code: str, now: datetime) -> tuple[Tokens, str, str | None]:
        """Trade a code for (tokens, account id, user id if told); raise ``RejectedInput`` for one that is not good."""
        try:
            reply = self._token("authorization_code", code=code, redirect_uri=self._app.redirect_uri)
        except OAuthError as error:
            rejected = RejectedInput("HubSpot did not accept the installation code. Start the installation again.")
            raise _refused(error, rejected) from None
        tokens = _tokens(reply, now)
        try:
            return tokens, identifier(reply, "hub_id"), _user(reply)
        except UnreadableError:
            raise _unreadable() from None

    def refresh(self, tokens: Tokens, now: datetime) -> Tokens:
        """Return fresh tokens; raise ``Disconnected`` when the grant is gone."""
        if tokens.refresh_token is None:
            raise Disconnected("This HubSpot connection has no refresh token.", remedy=REINSTALL)
        try:
            reply = self._token("refresh_token", refresh_token=tokens.refresh_token)
        except OAuthError as error:
            gone = Disconnected(
                "The HubSpot account took its permission back or uninstalled the app.",
                remedy=REINSTALL,
                fault=VendorFault(VENDOR, "token", _REFUSED, str(error.error)),
            )
            raise _refused(error, gone) from None
        # HubSpot does not say whether it rotates: what it returns is kept, else what we had.
        return _tokens({"refresh_token": tokens.refresh_token, "scopes": list(tokens.scopes), **reply}, now)

    def account(self, access_token: str) -> Mapping[str, Any]:
        """Return the account's details, before a connection and its governor exist."""
        url = self._api_base + path("account")
        try:
            with requests.Session() as session:
                headers = {"Authorization": f"Bearer {access_token}"}
                response = session.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException:
            raise _unreadable("account") from None
        if not response.ok or response.is_redirect:
            raise classify(parse_refusal("account", response.status_code, response.content, response.headers))
        try:
            found = response.json()
        except (requests.JSONDecodeError, RecursionError):
            raise _unreadable("account") from None
        if not isinstance(found, dict):
            raise _unreadable("account")
        return found

    def _token(self, grant_type: str, **fields: str) -> Mapping[str, Any]:
        try:
            with OAuth2Session(
                self._app.client_id,
                self._app.client_secret,
                token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method, no password
            ) as session:
                reply: Mapping[str, Any] = session.fetch_token(
                    self._api_base + path("token"),
                    grant_type=grant_type,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                    **fields,
                )
        except (requests.RequestException, ValueError, TypeError, ArithmeticError, RecursionError):
            # authlib raises what Python does for a body that is no JSON object, and calculates with what is in one.
            raise _unreadable() from None
        status = str(reply.get("status", ""))
        if status in _GRANT_ERRORS | _APP_ERRORS:
            raise OAuthError(error=status)
        return reply


def _refused(error: OAuthError, invalid_grant: ConnectorError) -> ConnectorError:
    """Return what an OAuth error means: only ``invalid_grant`` speaks of the account, the rest of us or HubSpot."""
    word = str(error.error)
    if word in _GRANT_ERRORS:
        return invalid_grant
    fault = VendorFault(VENDOR, "token", _REFUSED, word)
    if word in _APP_ERRORS:
        return NeedsAdmin(
            "HubSpot does not accept this product's client id, secret or redirect address.",
            remedy="The operator must correct them in the settings.",
            fault=fault,
        )
    return RetryLater(f"{fault}.", after_seconds=30.0, fault=fault)


def _tokens(reply: Mapping[str, Any], now: datetime) -> Tokens:
    access, lifetime = reply.get("access_token"), reply.get("expires_in")
    if not is_token(access) or not isinstance(lifetime, int | float) or not 0 < lifetime <= LONGEST_LIFE:
        raise _unreadable()
    listed, refresh = reply.get("scopes"), reply.get("refresh_token")
    scopes = map(str, listed) if isinstance(listed, list) else str(reply.get("scope") or "").split()
    return Tokens(access, None if refresh is None else str(refresh), now + timedelta(seconds=lifetime), tuple(scopes))


def _unreadable(operation: str = "token") -> RetryLater:
    return RetryLater(
        f"HubSpot's answer to {operation} did not come or can't be read.",
        after_seconds=5.0,
        fault=VendorFault(VENDOR, operation, 0),
    )


def _user(reply: Mapping[str, Any]) -> str | None:
    try:
        return identifier(reply, "user_id")
    except UnreadableError:
        return None


def account_of(details: Mapping[str, Any], ui_url: str) -> Account:
    """Return the account in an account-info answer; raise ``RetryLater`` if it names none."""
    try:
        account_id = identifier(details, "portalId")
    except UnreadableError:
        raise _unreadable("account") from None
    currency = details.get("companyCurrency")
    return Account(
        account_id,
        f"HubSpot account {account_id}",
        ui_url,
        str(details.get("timeZone") or "UTC"),
        None if currency is None else str(currency),
    )
