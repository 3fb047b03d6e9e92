"""OAuth: the consent page, the token, and the metadata that say where the account lives.

Source: Mailchimp's guide "Access data on behalf of other users with OAuth 2".
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.grants import ConsentRequest
from connector.sandbox.mailchimp.problems import reply

blueprint = Blueprint("oauth", __name__)

CONSENT_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Connect {{ app }}</title>
<style>body{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;color:#241c15}
button{font:inherit;padding:.5rem 1.2rem;border:1px solid #241c15;border-radius:4px;background:#fff}
button[value=allow]{background:#007c89;border-color:#007c89;color:#fff}</style></head>
<body><h1>Connect {{ app }} to Mailchimp</h1>
<p>{{ app }} asks for full access to the account <strong>{{ account.name }}</strong> ({{ account.account_id }}).
This is a sandbox: no real account is touched.</p>
<form method="post" action="/oauth2/authorize">
<input type="hidden" name="request_id" value="{{ request_id }}">
<button type="submit" name="decision" value="allow">Allow</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form></body></html>"""

ERROR_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorization failed</title></head>
<body><h1>Authorization failed</h1><p>{{ reason }}</p></body></html>"""


def _refused(reason: str) -> Response:
    # Never redirected: a wrong address must not learn anything.
    return Response(render_template_string(ERROR_PAGE, reason=reason), 400, mimetype="text/html")


@blueprint.get("/oauth2/authorize")
def consent_page() -> Response:
    """Show who asks, with a form to allow or deny it."""
    app, args = hub().stage.config.app, request.args
    if args.get("response_type") != "code":
        return _refused("The response type must be code.")
    if args.get("client_id") != app.client_id:
        return _refused("The client id is not known.")
    if args.get("redirect_uri") not in hub().grants.redirect_uris:
        return _refused("The redirect URI is not one of those configured for this app.")
    with hub().stage.lock:
        name = hub().grants.ask(ConsentRequest(args["redirect_uri"], args.get("state", "")))
    page = render_template_string(CONSENT_PAGE, app=app.name, account=hub().account, request_id=name)
    return Response(page, mimetype="text/html")


@blueprint.post("/oauth2/authorize")
def answer_consent() -> BaseResponse:
    """Send the user back with a code, or with ``error=access_denied``."""
    with hub().stage.lock:
        asked = hub().grants.answered(request.form.get("request_id", ""))
        if asked is None:
            return _refused("This page was answered already. Start again from the app.")
        if request.form.get("decision") == "allow":
            answer = {"code": hub().grants.issue_code(asked.redirect_uri)}
        else:
            answer = {"error": "access_denied"}
    if asked.state:
        answer["state"] = asked.state
    joint = "&" if "?" in asked.redirect_uri else "?"
    return redirect(f"{asked.redirect_uri}{joint}{urlencode(answer)}", 302)


@blueprint.post("/oauth2/token")
def token() -> Response:
    """Trade a code for a token that never expires, which ``expires_in`` 0 means."""
    app, form = hub().stage.config.app, request.form
    if form.get("client_id") != app.client_id or form.get("client_secret") != app.client_secret:
        return reply({"error": "invalid_client"}, 400)
    if form.get("grant_type") != "authorization_code":
        return reply({"error": "unsupported_grant_type"}, 400)
    with hub().stage.lock:
        issued = hub().grants.trade_code(form.get("code", ""), form.get("redirect_uri", ""))
    if issued is None:
        return reply({"error": "invalid_grant"}, 400)
    return reply({"access_token": issued, "expires_in": 0, "scope": None})


@blueprint.get("/oauth2/metadata")
def metadata() -> Response:
    """Answer where the account lives and who connected it; a bad token is told with status 200."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    with hub().stage.lock:
        known = scheme.lower() in ("oauth", "bearer") and hub().grants.knows(given.strip())
    if not known:
        return reply({"error": "invalid_token"})
    account, own = hub().account, request.host_url.rstrip("/")
    return reply(
        {
            "dc": account.dc,
            "role": account.role,
            "accountname": account.name,
            "user_id": account.user_id,
            "login": {
                "email": "admin@example.com",
                "avatar": None,
                "login_id": int(account.login_id),
                "login_name": "admin",
                "login_email": "admin@example.com",
            },
            "login_url": own,
            "api_endpoint": account.api_endpoint or own,
        }
    )
