"""The account's own particulars, and the end of an installation."""

from __future__ import annotations

from flask import Blueprint, Response

from connector.sandbox.hubspot.access import account, hub
from connector.sandbox.hubspot.errors import reply

blueprint = Blueprint("account", __name__)
uninstall_blueprint = Blueprint("uninstall", __name__)


@blueprint.get("/details")
def details() -> Response:
    """Answer what the account is."""
    portal = account().portal
    return reply(
        {
            "portalId": portal.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": portal.time_zone,
            "companyCurrency": portal.currency,
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


@uninstall_blueprint.delete("/external-install")
def uninstall() -> Response:
    """Uninstall the app from the account; its tokens end at once."""
    with hub().stage.lock:
        hub().grants.uninstall(account().portal.portal_id)
    return Response(status=204)
