"""OAuth: the consent page and the token endpoint; revocation and introspection.

Refusals have the RFC 6749 form; an install address of an unknown app or address is never redirected.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.errors import oauth_refusal, reply
from connector.sandbox.salesforce.grants import ConsentRequest, Issued

SCOPES = frozenset(
    "api refresh_token offline_access id openid profile email address phone full web cdp_api chatter_api visualforce "
    "lightning content custom_permissions".split()
)

CONSENT_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Allow access?</title>
<style>body{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;color:#032d60}
button{font:inherit;padding:.5rem 1.2rem;border:1px solid #0176d3;border-radius:4px;background:#fff}
button[value=allow]{background:#0176d3;color:#fff}</style></head>
<body><h1>Allow access?</h1>
<p>{{ app }} asks for access to the Salesforce org <strong>{{ org.name }}</strong> ({{ org.org_id }}).
This is a sandbox: no real org is touched.</p>
<ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>
<form method="post" action="/services/oauth2/authorize">
<input type="hidden" name="request_id" value="{{ request_id }}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form></body></html>"""

ERROR_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>OAuth Error</title></head>
<body><h1>We can't authorize you because of an OAuth error.</h1><p>{{ reason }}</p></body></html>"""

blueprint = Blueprint("oauth", __name__, url_prefix="/services/oauth2")


def _refused(reason: str) -> Response:
    return Response(render_template_string(ERROR_PAGE, reason=reason), 400, mimetype="text/html")


@blueprint.get("/authorize")
def consent_page() -> BaseResponse:
    """Show who asks for what, with a form to allow or deny it."""
    app, args = hub().stage.config.app, request.args
    if args.get("client_id") != app.client_id:
        return _refused("invalid_client_id : client identifier invalid")
    if args.get("redirect_uri") not in hub().grants.redirect_uris:
        return _refused("redirect_uri_mismatch : redirect_uri must match configuration")
    scopes = tuple(dict.fromkeys(args.get("scope", "api refresh_token").split()))
    challenge, state = args.get("code_challenge", ""), args.get("state", "")
    asked = ConsentRequest(args["redirect_uri"], state, scopes, challenge)
    problem = _problem(scopes, challenge)
    if problem:
        return _sent_back(asked, problem)
    with hub().stage.lock:
        name = hub().grants.ask(asked)
    page = render_template_string(CONSENT_PAGE, app=app.name, org=hub().org, scopes=scopes, request_id=name)
    return Response(page, mimetype="text/html")


def _problem(scopes: tuple[str, ...], challenge: str) -> dict[str, str]:
    """Return the error of an install address whose app and redirect address are right; empty: none."""
    if request.args.get("response_type") != "code":
        return {"error": "unsupported_response_type", "error_description": "response type not supported"}
    if not set(scopes) <= SCOPES:
        return {"error": "invalid_scope", "error_description": "the requested scope is invalid, unknown, or malformed"}
    if not challenge:
        return {"error": "invalid_request", "error_description": "missing required code challenge"}
    return {}


@blueprint.post("/authorize")
def answer_consent() -> BaseResponse:
    """Send the user back with a code, or with ``error=access_denied``."""
    with hub().stage.lock:
        asked = hub().grants.answered(request.form.get("request_id", ""))
        if asked is None:
            return _refused("This page was answered already. Start again from the app.")
        if request.form.get("decision") == "allow":
            return _sent_back(asked, {"code": hub().grants.issue_code(asked)})
    return _sent_back(asked, {"error": "access_denied", "error_description": "end-user denied authorization"})


def _sent_back(asked: ConsentRequest, answer: dict[str, str]) -> BaseResponse:
    if asked.state:
        answer["state"] = asked.state
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(f"{asked.redirect_uri}{joint}{urlencode(answer)}", 302)


def _check_client() -> None:
    app, form, basic = hub().stage.config.app, request.form, request.authorization
    given = form.get("client_id") or (basic.username if basic else None)
    secret = form.get("client_secret") or (basic.password if basic else None)
    if given != app.client_id:
        raise oauth_refusal("invalid_client_id", "client identifier invalid")
    if secret != app.client_secret:
        raise oauth_refusal("invalid_client", "invalid client credentials")


@blueprint.post("/token")
def token() -> Response:
    """Trade a code or a refresh token for an access token."""
    _check_client()
    form, grants = request.form, hub().grants
    with hub().stage.lock:
        if form.get("grant_type") == "authorization_code":
            given = (form.get("code", ""), form.get("redirect_uri", ""), form.get("code_verifier", ""))
            return reply(_shown(grants.trade_code(*given)))
        if form.get("grant_type") == "refresh_token":
            return reply(_shown(grants.refresh(form.get("refresh_token", ""))))
    raise oauth_refusal("unsupported_grant_type", "grant type not supported")


def _shown(issued: Issued) -> dict[str, str]:
    """Return the answer of the token endpoint. It names no lifetime: the org's session settings decide."""
    origin = request.host_url.rstrip("/")
    identity = f"{origin}/id/{hub().org.org_id}/{hub().people.integration}"
    issued_at = str(hub().stage.clock.now_ms())
    shown = {
        "access_token": issued.access_token,
        "signature": _signature(identity + issued_at),
        "scope": " ".join(issued.scopes),
        "instance_url": hub().instance_url or origin,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
    return shown | ({"refresh_token": issued.refresh_token} if issued.refresh_token else {})


def _signature(text: str) -> str:
    secret = hub().stage.config.app.client_secret
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


@blueprint.route("/revoke", methods=["GET", "POST"])
def revoke() -> Response:
    """End a session, or by a refresh token the grant with all its sessions. Needs no client."""
    with hub().stage.lock:
        known = hub().grants.revoke(request.values.get("token", ""))
    if not known:
        raise oauth_refusal("unsupported_token_type", "this token type is not supported")
    return Response(status=200)


@blueprint.post("/introspect")
def introspect() -> Response:
    """Answer what a token stands for."""
    _check_client()
    given = request.form.get("token", "")
    with hub().stage.lock:
        session, grant = hub().grants.session(given), hub().grants.refreshable(given)
    now = hub().stage.clock.now_ms() // 1000
    if session is not None:
        told = _introspected(session[0].scopes, "access_token")
        return reply({**told, "iat": now, "nbf": now, "exp": now + int(session[1])})
    if grant is not None:
        return reply(_introspected(grant.scopes, "refresh_token"))
    return reply({"active": False})


def _introspected(scopes: tuple[str, ...], kind: str) -> dict[str, object]:
    identity = f"{request.host_url}id/{hub().org.org_id}/{hub().people.integration}"
    return {
        "active": True,
        "scope": " ".join(scopes),
        "client_id": hub().stage.config.app.client_id,
        "username": "integration.user@example.com",
        "sub": identity,
        "token_type": kind,
    }
