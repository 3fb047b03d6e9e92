"""Salesforce's OAuth web-server flow: PKCE and client secret, and the org behind a grant.

Confidential clients send both ``code_verifier`` and ``client_secret`` (ISVforce guide,
"Secure Your Connected Apps and External Client Apps"). There is no ``expires_in``: a
session ends when the org's policy says so, which only a refused call tells. Under
refresh-token rotation a reply carries a new refresh token and the old one is dead at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError

from connector.adapters.contract import AppCredentials
from connector.adapters.hosts import is_token, is_vendor_origin, origin_of, trusted
from connector.adapters.salesforce.errors import RECONNECT, VENDOR
from connector.adapters.salesforce.hosts import INSTANCE_HOSTS
from connector.adapters.salesforce.ids import to_18
from connector.adapters.salesforce.paths import AUTHORIZE, TOKEN
from connector.adapters.salesforce.values import UnreadableError
from connector.errors import ConnectorError, Disconnected, NeedsAdmin, RejectedInput, RetryLater, VendorFault
from connector.records import Tokens

TIMEOUT = (5.0, 20.0)
"""Seconds to connect and to read."""

_REFUSED = 400
_CODE_ERRORS = frozenset({"invalid_grant", "invalid_request"})
"""What a code that is made up, spent, too old or not ours is answered; a wrong verifier is ``invalid_request``."""

_APP_ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_client_id",
        "invalid_client_credentials",
        "unauthorized_client",
        "redirect_uri_mismatch",
        "OAUTH_EC_APP_NOT_FOUND",
    }
)
_ORG_ERRORS = frozenset({"invalid_grant", "inactive_user", "inactive_org"})
_IDENTITY = re.compile(r"/id/(00D[a-zA-Z0-9]{12,15})/(005[a-zA-Z0-9]{12,15})")


class OAuth:
    """The flows of one Salesforce app. Holds no state between calls."""

    def __init__(self, credentials: AppCredentials, api_base: str | None) -> None:
        """``api_base`` is a sandbox's origin, None for Salesforce itself."""
        self._app = credentials
        self._api_base = api_base

    def authorize_url(self, origin: str, state: str, code_verifier: str, scopes: tuple[str, ...]) -> str:
        """Return the consent page's address at ``origin``."""
        query = {
            "response_type": "code",
            "client_id": self._app.client_id,
            "redirect_uri": self._app.redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
            "code_challenge": challenge(code_verifier),
            "code_challenge_method": "S256",
        }
        return f"{origin}{AUTHORIZE}?{urlencode(query, quote_via=quote)}"

    def exchange(self, origin: str, code: str, code_verifier: str) -> tuple[Tokens, str, str, str]:
        """Trade a code for (tokens, instance origin, org id, user id); raise ``RejectedInput`` for what is not good."""
        try:
            reply = self._token(
                origin,
                "authorization_code",
                code=code,
                code_verifier=code_verifier,
                redirect_uri=self._app.redirect_uri,
            )
        except OAuthError as error:
            if str(error.error) in _CODE_ERRORS:
                raise RejectedInput(
                    "Salesforce did not accept the installation code. Start the installation again."
                ) from None
            raise _refused(error) from None
        self._verify_signature(reply)
        tokens = _tokens(reply)
        if tokens.refresh_token is None:
            raise RejectedInput("Salesforce gave no refresh token. The app must ask for the scope refresh_token.")
        org_id, user_id = _org_and_user(str(reply.get("id") or ""))
        return tokens, self.instance(str(reply.get("instance_url") or "")), org_id, user_id

    def refresh(self, origin: str, tokens: Tokens) -> Tokens:
        """Return fresh tokens from the org's own host; raise ``Disconnected`` when the grant is gone."""
        if tokens.refresh_token is None:
            raise Disconnected("This Salesforce connection has no refresh token.", remedy=RECONNECT)
        try:
            reply = self._token(self.instance(origin), "refresh_token", refresh_token=tokens.refresh_token)
        except OAuthError as error:
            raise _refused(error) from None
        kept = {"refresh_token": tokens.refresh_token, "scope": " ".join(tokens.scopes)}
        return _tokens({**kept, **{name: value for name, value in reply.items() if value}})

    def instance(self, url: str) -> str:
        """Return the origin of an org; raise ``RejectedInput`` unless a token may be sent there."""
        good = (
            is_vendor_origin(url, INSTANCE_HOSTS)
            if self._api_base is None
            else trusted(url, base=self._api_base, patterns=INSTANCE_HOSTS)
        )
        if not good:
            raise RejectedInput(
                "Salesforce named an address of the org that is not Salesforce's. Nothing was sent there."
            )
        return origin_of(url)

    def _verify_signature(self, reply: Mapping[str, Any]) -> None:
        signed = f"{reply.get('id', '')}{reply.get('issued_at', '')}".encode()
        expected = base64.b64encode(hmac.new(self._app.client_secret.encode(), signed, hashlib.sha256).digest())
        if not hmac.compare_digest(expected, str(reply.get("signature") or "").encode()):
            raise RejectedInput("The reply to the installation does not bear Salesforce's signature. Start again.")

    def _token(self, origin: str, grant_type: str, **fields: str) -> Mapping[str, Any]:
        try:
            with OAuth2Session(
                self._app.client_id,
                self._app.client_secret,
                token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method, no password
            ) as session:
                reply: Mapping[str, Any] = session.fetch_token(
                    origin + TOKEN, grant_type=grant_type, timeout=TIMEOUT, allow_redirects=False, **fields
                )
        except (requests.RequestException, ValueError, TypeError, ArithmeticError, RecursionError):
            # authlib raises what Python does for a body that is no JSON object, and calculates with what is in one.
            raise _unreadable() from None
        return reply


def challenge(code_verifier: str) -> str:
    """Return the S256 code challenge of RFC 7636: base64url of SHA-256, without padding."""
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _org_and_user(identity: str) -> tuple[str, str]:
    """Return the ids of org and user from the identity address, which itself is never called."""
    try:
        found = _IDENTITY.fullmatch(urlsplit(identity).path)
        if found is not None:
            return to_18(found.group(1)), to_18(found.group(2))
    except (UnreadableError, ValueError):
        pass
    raise RejectedInput("Salesforce did not say which org gave its permission. Start the installation again.")


def _refused(error: OAuthError) -> ConnectorError:
    """Return what an OAuth error means: a gone grant speaks of the org, the rest of us or Salesforce."""
    word = str(error.error)
    fault = VendorFault(VENDOR, "token", _REFUSED, word)
    if word in _APP_ERRORS:
        return NeedsAdmin(
            "Salesforce does not accept this product's client id, secret or redirect address.",
            remedy="The operator must correct them in the settings; the app's package must be installed in the org.",
            fault=fault,
        )
    if word in _ORG_ERRORS:
        return Disconnected(
            "The Salesforce org took its permission back, or the connected user may no longer sign in.",
            remedy=RECONNECT,
            fault=fault,
        )
    return RetryLater(f"{fault}.", after_seconds=30.0, fault=fault)


def _tokens(reply: Mapping[str, Any]) -> Tokens:
    access, refresh = reply.get("access_token"), reply.get("refresh_token")
    if not is_token(access):
        raise _unreadable()
    scopes = tuple(str(reply.get("scope") or "").split())
    return Tokens(access, None if refresh is None else str(refresh), None, scopes)


def _unreadable() -> RetryLater:
    return RetryLater(
        "Salesforce's answer to token did not come or can't be read.",
        after_seconds=5.0,
        fault=VendorFault(VENDOR, "token", 0),
    )
