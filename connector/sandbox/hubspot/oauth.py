"""OAuth: the consent page, tokens, introspection, revocation.

Everything is in the form body; refusals have the RFC 6749 shape with HubSpot's ``status``.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from connector.sandbox.hubspot.access import hub
from connector.sandbox.hubspot.errors import invalid, oauth_refusal, reply
from connector.sandbox.hubspot.grants import ConsentRequest, IssuedTokens
from connector.sandbox.hubspot.hub import Account

blueprint = Blueprint("oauth", __name__)
consent_blueprint = Blueprint("consent", __name__)

CONSENT_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Connect {{ app }}</title>
<style>body{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;color:#2d3e50}
button{font:inherit;padding:.5rem 1.2rem;border:1px solid #2d3e50;border-radius:4px;background:#fff}
button[value=allow]{background:#ff5c35;border-color:#ff5c35;color:#fff}</style></head>
<body><h1>Connect {{ app }} to HubSpot</h1>
<p>{{ app }} asks for access to the account <strong>{{ portal.name }}</strong> ({{ portal.portal_id }}).
This is a sandbox: no real account is touched.</p>
<ul>{% for scope in scopes %}<li><code>{{ scope }}</code></li>{% endfor %}</ul>
<form method="post" action="/oauth/authorize">
<input type="hidden" name="request_id" value="{{ request_id }}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form></body></html>"""

ERROR_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorization failed</title></head>
<body><h1>Authorization failed</h1><p>{{ reason }}</p></body></html>"""


def _refused(reason: str) -> Response:
    # Never redirected: a wrong address must not learn anything.
    return Response(render_template_string(ERROR_PAGE, reason=reason), 400, mimetype="text/html")


@consent_blueprint.get("/oauth/authorize")
@consent_blueprint.get("/oauth/<int:portal_id>/authorize")
def consent_page(portal_id: int | None = None) -> Response:
    """Show who asks for what, with a form to allow or deny it."""
    app, args = hub().stage.config.app, request.args
    account = hub().accounts.get(portal_id or next(iter(hub().accounts)))
    scopes = tuple(args.get("scope", "").split())
    reason = _problem(account, scopes)
    if reason or account is None:
        return _refused(reason)
    lacking = account.portal.unavailable_scopes
    optional = tuple(each for each in args.get("optional_scope", "").split() if each not in lacking)
    granted = tuple(dict.fromkeys(scopes + optional))
    asked = ConsentRequest(
        account.portal.portal_id,
        args["redirect_uri"],
        args.get("state", ""),
        granted,
        args.get("code_challenge", ""),
    )
    with hub().stage.lock:
        name = hub().grants.ask(asked)
    page = render_template_string(CONSENT_PAGE, app=app.name, portal=account.portal, scopes=granted, request_id=name)
    return Response(page, mimetype="text/html")


def _problem(account: Account | None, scopes: tuple[str, ...]) -> str:
    """Return why an install address is wrong; empty if it is right."""
    app, args = hub().stage.config.app, request.args
    if args.get("client_id") != app.client_id:
        return "The client id is not known."
    if args.get("redirect_uri") not in hub().grants.redirect_uris:
        return "The redirect URI is not one of those configured for this app."
    if account is None:
        return "You have no access to this account."
    missing = [each for each in app.required_scopes if each not in scopes]
    if missing:
        return f"The install address lacks scopes that the app requires: {', '.join(missing)}."
    lacking = [each for each in scopes if each in account.portal.unavailable_scopes]
    if lacking:
        return f"This account's subscription does not offer: {', '.join(lacking)}."
    return ""


@consent_blueprint.post("/oauth/authorize")
def answer_consent() -> BaseResponse:
    """Send the user back with a code, or with ``error=access_denied``."""
    with hub().stage.lock:
        asked = hub().grants.answered(request.form.get("request_id", ""))
        if asked is None:
            return _refused("This page was answered already. Start again from the app.")
        if request.form.get("decision") == "allow":
            answer = {"code": hub().grants.issue_code(asked)}
        else:
            answer = {"error": "access_denied", "error_description": "The user denied access."}
    if asked.state:
        answer["state"] = asked.state
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(f"{asked.redirect_uri}{joint}{urlencode(answer)}", 302)


def _check_client() -> None:
    app, form = hub().stage.config.app, request.form
    if form.get("client_id") != app.client_id:
        raise oauth_refusal("invalid_client", "BAD_CLIENT_ID", "missing or invalid client id")
    if form.get("client_secret") != app.client_secret:
        raise oauth_refusal("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")


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
    raise oauth_refusal("unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type")


def _shown(issued: IssuedTokens) -> dict[str, object]:
    return {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_in": int(issued.lifetime),
        "token_type": "bearer",
        "token_use": "access_token",
        "hub_id": issued.portal_id,
        "user_id": 9001,
        "scopes": list(issued.scopes),
    }


@blueprint.post("/token/introspect")
def introspect() -> Response:
    """Answer what a token stands for; both spellings of the field are taken, as spec and guide differ."""
    _check_client()
    form, grants = request.form, hub().grants
    given = form.get("token") or form.get("access_token") or form.get("refresh_token") or ""
    now = hub().stage.clock.monotonic()
    with hub().stage.lock:
        access, refresh = grants.access(given), grants.refresh_owner(given)
    if access is not None and access.expires_at > now:
        return reply(_introspected(access.portal_id, access.scopes, int(access.expires_at - now)))
    if refresh is not None:
        return reply(_introspected(*refresh, None))
    return reply({"active": False})


def _introspected(portal_id: int, scopes: tuple[str, ...], expires_in: int | None) -> dict[str, object]:
    app = hub().stage.config.app
    return {
        "active": True,
        "hub_id": portal_id,
        "user_id": 9001,
        "user": "admin@example.com",
        "hub_domain": "sandbox.example.com",
        "app_id": app.app_id,
        "client_id": app.client_id,
        "scopes": list(scopes),
        "expires_in": expires_in,
        "is_private_distribution": False,
    }


@blueprint.post("/token/revoke")
def revoke() -> Response:
    """Revoke a refresh token. Access tokens already issued live on, and the app stays installed."""
    _check_client()
    if not request.form.get("token"):
        raise invalid("A token to revoke is needed.")
    with hub().stage.lock:
        hub().grants.revoke_refresh(request.form["token"])
    return Response(status=200)
