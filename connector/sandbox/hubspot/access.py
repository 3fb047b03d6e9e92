"""What every API request passes through: faults, token, limits; and scopes where an endpoint asks for them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask import Response, g, request

from connector.sandbox import misbehaviour, record_page
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.hubspot.errors import ApiError, failure, rate_limited
from connector.sandbox.hubspot.grants import AccessToken
from connector.sandbox.hubspot.hub import Account, Hub
from connector.sandbox.hubspot.limits import budget_of
from connector.sandbox.hubspot.records import Origin

MAX_URL = 16_384
GATEWAY_PAGE = (
    "<html><head><title>502 Bad Gateway</title></head><body><center><h1>Bad Gateway</h1></center></body></html>"
)


def hub() -> Hub:
    """Return the hub of the running application."""
    found: Hub = g.hub
    return found


def account() -> Account:
    """Return the account that the request's token belongs to."""
    found: Account = g.account
    return found


def origin() -> Origin:
    """Return who changes things by this request: the app."""
    return Origin("INTEGRATION", str(hub().stage.config.app.app_id))


def need(scopes: Sequence[str]) -> None:
    """Raise 403 ``MISSING_SCOPES`` unless the token has one of ``scopes``."""
    token: AccessToken = g.token
    if not set(scopes) & set(token.scopes):
        message = "This app hasn't been granted all required scopes to make this call."
        detail = {"message": message, "context": {"requiredGranularScopes": list(scopes)}}
        raise failure(403, "MISSING_SCOPES", message, errors=[detail])


def is_api(path: str) -> bool:
    """Tell whether a path belongs to the token-protected API."""
    return not path.startswith(("/oauth/", "/_sandbox/"))


def admit(the_hub: Hub) -> Response | None:
    """Run before each request: delay it, make it suffer a fault, check token and limits."""
    g.hub, g.bucket, g.account, g.token, g.fault = the_hub, None, None, None, None
    g.at, g.monotonic = the_hub.now_ms() / 1000, the_hub.stage.clock.monotonic()
    if request.path.startswith("/_sandbox/") or record_page.is_one():
        return None
    if is_api(request.path):
        _identify(the_hub)
        with the_hub.stage.lock:
            _count(the_hub)
    the_hub.stage.clock.sleep(the_hub.stage.config.latency_seconds)
    answer = misbehaviour.strike(the_hub.stage, lambda _: GATEWAY_PAGE)
    if answer is None and g.fault is not None and g.fault.kind in REFUSALS:
        raise _refusal(g.fault)
    return answer


def _identify(the_hub: Hub) -> None:
    if len(request.full_path) > MAX_URL:
        raise failure(414, "VALIDATION_ERROR", "The request address is too long.")
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    kept = the_hub.grants.access(token) if scheme.lower() == "bearer" else None
    if kept is None:
        message = "Authentication credentials not found. This API supports OAuth 2.0 authentication."
        raise failure(401, "INVALID_AUTHENTICATION", message)
    if the_hub.stage.clock.monotonic() >= kept.expires_at:
        message = "The OAuth token used to make this call expired."
        raise failure(401, "EXPIRED_AUTHENTICATION", message)
    g.token, g.account = kept, the_hub.accounts[kept.portal_id]


def _count(the_hub: Hub) -> None:
    g.bucket = budget_of(request.path)
    if g.bucket is None:
        return
    # The same instant is logged and counted, so that log and limiter agree.
    g.monotonic = the_hub.stage.clock.monotonic()
    window = account().windows[g.bucket]
    if not window.admit(g.monotonic):
        raise window.refusal()
    g.limit_headers = window.headers()


REFUSALS = frozenset({FaultKind.RATE_LIMIT, FaultKind.SERVER_ERROR, FaultKind.LOCKED})


def _refusal(fault: Fault) -> ApiError:
    if fault.kind is FaultKind.RATE_LIMIT:
        return rate_limited("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.", {})
    if fault.kind is FaultKind.LOCKED:
        return failure(423, "LOCKED", "The records are locked by another bulk write.")
    return failure(fault.status, "INTERNAL_ERROR", "internal error")


def finish(response: Response) -> Response:
    """Run after each request: headers, the faults that spoil an answer, the log."""
    if record_page.is_one():
        return response
    response.headers.extend(g.get("limit_headers", {}))
    response.headers["X-HubSpot-Correlation-Id"] = str(uuid.uuid4())
    misbehaviour.spoil(response)
    if not request.path.startswith("/_sandbox/"):
        the_account: Account | None = g.get("account")
        portal = the_account.portal.portal_id if the_account else None
        misbehaviour.log(g.hub.stage, response, portal, known=bool(g.get("token")), bucket=g.get("bucket"))
    return response
