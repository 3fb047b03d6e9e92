"""Where each family of endpoints lives in each API version. Spellings differ: no rule gives one from another.

Source: HubSpot's public API spec collection, August 2026, and the SDK 12.0.0 for v3 and v4.
"""

from __future__ import annotations

from collections.abc import Mapping

DATED = ("2026-03", "2026-09")

PREFIXES: Mapping[str, tuple[str, ...]] = {
    "oauth": ("/oauth/2026-03", "/oauth/2026-09", "/oauth/v3"),
    "account": ("/account-info/2026-03", "/account-info/2026-09", "/account-info/v3"),
    "appinstalls": ("/appinstalls/2026-03", "/appinstalls/2026-09", "/appinstalls/v3"),
    "limits": ("/crm/limits/2026-03", "/crm/limits/2026-09", "/crm/v3/limits"),
    "properties": ("/crm/properties/2026-03", "/crm/properties/2026-09", "/crm/v3/properties"),
    "pipelines": ("/crm/pipelines/2026-03", "/crm/pipelines/2026-09", "/crm/v3/pipelines"),
    "objects": ("/crm/objects/2026-03", "/crm/objects/2026-09", "/crm/v3/objects"),
    "record_associations": ("/crm/objects/2026-03", "/crm/objects/2026-09", "/crm/v4/objects"),
    "associations": ("/crm/associations/2026-03", "/crm/associations/2026-09", "/crm/v4/associations"),
    "occurrences": ("/events/event-occurrences/2026-03", "/events/event-occurrences/2026-09", "/events/v3/events"),
    "email_events": ("/email/public/v1",),
    "forms": ("/marketing/v3/forms", "/marketing/forms/2026-03", "/marketing/forms/2026-09"),
    "workflows": ("/automation/v4/flows",),
    "submissions": ("/form-integrations/v1/submissions/forms",),
}

OBJECT_TYPE_IDS: Mapping[str, str] = {
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
    "0-5": "tickets",
    "0-7": "products",
    "0-8": "line_items",
    "0-14": "quotes",
    "0-18": "communications",
    "0-19": "feedback_submissions",
    "0-27": "tasks",
    "0-46": "notes",
    "0-47": "meetings",
    "0-48": "calls",
    "0-49": "emails",
    "0-74": "goal_targets",
    "0-116": "postal_mail",
    "0-136": "leads",
}
"""Object type id → the plural name that paths use."""

SINGULAR: Mapping[str, str] = {
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "ticket": "tickets",
    "product": "products",
    "line_item": "line_items",
    "quote": "quotes",
    "communication": "communications",
    "feedback_submission": "feedback_submissions",
    "goal_target": "goal_targets",
    "lead": "leads",
    "task": "tasks",
    "note": "notes",
    "meeting": "meetings",
    "call": "calls",
    "email": "emails",
}


def object_type(name: str) -> str | None:
    """Return the plural name for any spelling of an object type; None for an unknown one."""
    lower = name.lower()
    plural = OBJECT_TYPE_IDS.get(lower) or SINGULAR.get(lower) or lower
    return plural if plural in OBJECT_TYPE_IDS.values() else None
