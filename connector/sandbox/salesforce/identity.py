"""Who the connected user is and what the org has: identity, versions, limits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.salesforce.access import bearer, hub
from connector.sandbox.salesforce.errors import ApiError, reply

RELEASES = (("66.0", "Spring '26"), ("67.0", "Summer '26"), ("68.0", "Winter '27"))
PATHS = {
    "rest": "/services/data/v{version}/",
    "sobjects": "/services/data/v{version}/sobjects/",
    "query": "/services/data/v{version}/query/",
    "profile": "/{user}",
}

blueprint = Blueprint("identity", __name__)


@blueprint.get("/services/data")
def versions() -> Response:
    """Answer the API versions of the org; needs no token."""
    return reply(
        [
            {"label": label, "url": f"/services/data/v{version}", "version": version}
            for version, label in RELEASES
            if float(version) <= float(hub().org.api_version)
        ]
    )


def _bad_token(text: str) -> ApiError:
    return ApiError(403, text, "text/html")


@blueprint.get("/services/oauth2/userinfo")
def userinfo() -> Response:
    """Answer the connected user in OpenID Connect's words."""
    with hub().stage.lock:
        if hub().grants.use(bearer()) is None:
            raise _bad_token("Bad_OAuth_Token")
        return reply(_person())


@blueprint.get("/id/<org_id>/<user_id>")
def identity(org_id: str, user_id: str) -> Response:
    """Answer the connected user in Salesforce's words."""
    with hub().stage.lock:
        if hub().grants.use(bearer()) is None:
            raise _bad_token("Bad_OAuth_Token")
        if (org_id, user_id) != (hub().org.org_id, hub().people.integration):
            raise _bad_token("Wrong_Org")
        person = _person()
    return reply(
        {
            "id": request.base_url,
            "asserted_user": True,
            "user_id": person["user_id"],
            "organization_id": person["organization_id"],
            "username": person["preferred_username"],
            "display_name": person["name"],
            "email": person["email"],
            "first_name": person["given_name"],
            "last_name": person["family_name"],
            "timezone": person["zoneinfo"],
            "active": True,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "en_US",
            "utcOffset": 0,
            "urls": person["urls"],
            "is_app_installed": True,
        }
    )


def _person() -> dict[str, Any]:
    org, user_id = hub().org, hub().people.integration
    row = hub().tables["User"].rows[user_id]
    origin = hub().instance_url or request.host_url.rstrip("/")
    return {
        "sub": f"{request.host_url}id/{org.org_id}/{user_id}",
        "user_id": user_id,
        "organization_id": org.org_id,
        "preferred_username": row["Username"],
        "name": row["Name"],
        "given_name": row["FirstName"],
        "family_name": row["LastName"],
        "email": row["Email"],
        "email_verified": True,
        "zoneinfo": org.time_zone,
        "locale": "en_US",
        "language": "en_US",
        "active": True,
        "user_type": "STANDARD",
        "urls": {name: origin + path.format(version="{version}", user=user_id) for name, path in PATHS.items()},
    }


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> Response:
    """Answer where the OAuth endpoints are."""
    base = f"{request.host_url}services/oauth2/"
    names = {name: base + name for name in ("authorize", "token", "revoke", "introspect", "userinfo")}
    return reply(
        {
            "issuer": request.host_url.rstrip("/"),
            "authorization_endpoint": names["authorize"],
            "token_endpoint": names["token"],
            "revocation_endpoint": names["revoke"],
            "introspection_endpoint": names["introspect"],
            "userinfo_endpoint": names["userinfo"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
        }
    )
