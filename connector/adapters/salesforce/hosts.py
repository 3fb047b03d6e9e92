"""Salesforce's hosts: where an admin may sign in and where a token may go."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector.errors import RejectedInput

PRODUCTION = "https://login.salesforce.com"
SANDBOX = "https://test.salesforce.com"
LOGINS: Mapping[str, str] = {"production": "Production", "sandbox": "Sandbox"}
_LOGIN_ORIGINS = {"production": PRODUCTION, "sandbox": SANDBOX}

LOGIN_DOMAIN = ".my.salesforce.com"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PARTITION = r"(?:\.(?:sandbox|develop|scratch|demo|patch|trailblaze|free))?"
MY_DOMAIN = rf"{_LABEL}{_PARTITION}\.my\.salesforce\.com"

LOGIN_HOSTS = (r"(?:login|test)\.salesforce\.com", MY_DOMAIN)
INSTANCE_HOSTS = (MY_DOMAIN,)
"""Where an org's API lives. The old ``na1.salesforce.com`` names are no longer given to anyone."""


def login_origin(login: str | None) -> str:
    """Return the sign-in origin of a choice: a name of ``LOGINS`` or a My Domain host; None is production.

    Raise ``RejectedInput`` for anything else: what is typed here is where the admin is sent.
    """
    if login is None:
        return PRODUCTION
    if login in _LOGIN_ORIGINS:
        return _LOGIN_ORIGINS[login]
    if re.fullmatch(MY_DOMAIN, login):
        return f"https://{login}"
    raise RejectedInput("A Salesforce sign-in address looks like your-company.my.salesforce.com, without https://.")
