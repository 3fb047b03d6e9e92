"""HubSpot's addresses.

HubSpot versions its APIs by date in the path, and each family spells it differently
(https://developers.hubspot.com/docs/api-reference/latest/overview). So every address is
a row here, and the version of a family stands in one place. A version is supported for
at least 18 months; forms' submissions and e-mail events exist only in their v1 form.
"""

from __future__ import annotations

VERSIONS = {
    "oauth": "2026-03",
    "account": "2026-03",
    "apps": "2026-03",
    "crm": "2026-03",
    "marketing": "2026-03",
    "events": "2026-03",
    # The dated versions of workflows are in beta.
    "automation": "v4",
}
"""API family → version."""

TEMPLATES = {
    "token": "/oauth/{oauth}/token",
    "account": "/account-info/{account}/details",
    "uninstall": "/appinstalls/{apps}/external-install",
    "objects": "/crm/objects/{crm}/{object}",
    "read": "/crm/objects/{crm}/{object}/batch/read",
    "update": "/crm/objects/{crm}/{object}/batch/update",
    "search": "/crm/objects/{crm}/{object}/search",
    "associations": "/crm/associations/{crm}/{object}/{to}/batch/read",
    "properties": "/crm/properties/{crm}/{object}",
    "property": "/crm/properties/{crm}/{object}/{name}",
    "groups": "/crm/properties/{crm}/{object}/groups",
    "pipelines": "/crm/pipelines/{crm}/{object}",
    "forms": "/marketing/forms/{marketing}",
    "submissions": "/form-integrations/v1/submissions/forms/{form}",
    "email_events": "/email/public/v1/events",
    "occurrences": "/events/event-occurrences/{events}",
    "workflows": "/automation/{automation}/flows",
    "workflow_details": "/automation/{automation}/flows/batch/read",
}
"""Operation → path. The operation's name is also what errors and logs call the request."""

BURST = "burst"
BUDGETS = {"search": "search", "associations": "associations"}
"""Operation → the published limit that it counts against; all others count against ``burst``."""

AUTHORIZE = "/oauth/authorize"


def path(operation: str, **parts: str) -> str:
    """Return the path of ``operation`` with its ``parts`` (``object="contacts"``) filled in."""
    return TEMPLATES[operation].format(**VERSIONS, **parts)


def budget(operation: str) -> str:
    """Return the name of the published limit that ``operation`` counts against."""
    return BUDGETS.get(operation, BURST)
