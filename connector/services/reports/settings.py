"""The page Settings: what is set, who set it when, and what a change of it sets off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import choosing, fairness
from connector.services.context import Services
from connector.services.fairness import Attribute
from connector.services.reports import setting_lines
from connector.services.reports.setting_lines import Change, Line
from connector.store import (
    api_keys,
    connections,
    enrichment,
    fields,
    objectives,
    publications,
    recipients,
    sites,
    tenants,
    trail,
    users,
    webhook_endpoints,
)
from connector.store.connections import CrmConnection
from connector.store.tenants import TenantSettings
from connector.store.trail import Looked, Span
from connector.store.types import AnyRow

_ACTS = 2_000
"""Newest acts that are looked through for who set something."""
_NAMED: Mapping[str, tuple[str, ...]] = {
    "set pooling": ("pooling",),
    "set free text": ("free_text",),
    "set what becomes of excluded leads' values": ("excluded",),
}
"""Acts whose entries do not call what they set by its name."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A page that has settings of its own, and how many of what it holds there are."""

    page: str
    label: str
    count: int
    does: str


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """All that is set.

    ``signed``: objectives say what High-Intent is, so that the form here does not. ``listening``: automations in the
    CRMs that are known to listen to our fields. ``groups_named`` and ``groups_offered``: fields over which figures
    are compared for fairness, and those that may still be named.
    """

    settings: TenantSettings
    groups: Mapping[str, Sequence[Line]]
    counted: Sequence[Counted]
    signed: int | None
    segments: Sequence[str]
    texts: Sequence[AnyRow]
    changes: Mapping[str, Change]
    listening: Sequence[str]
    groups_named: Sequence[Attribute]
    groups_offered: Sequence[Attribute]


def settings_page(services: Services, tenant_id: UUID) -> SettingsPage:
    """Read what the page shows."""
    with services.store.reading(tenant_id) as session:
        tenant = tenants.get(session, tenant_id)
        changes = _changes(session, tenant_id)
        signed = objectives.newest(session, tenant_id)
        catalogue = fields.of_tenant(session, tenant_id)
        counted = _counted(session, tenant_id)
        accounts = connections.of_tenant(session, tenant_id)
        listening = [name for item in accounts for name in _listening(session, item)]
    held = tenant.settings
    return SettingsPage(
        settings=held,
        groups={
            "What is scored": setting_lines.scored(held, changes),
            "Models": setting_lines.models(held, changes),
            "What is written": setting_lines.written(held, changes, len(accounts)),
            "Data": setting_lines.data(services.keeping, tenant.region),
        },
        counted=counted,
        signed=signed.version if signed else None,
        segments=choosing.segment_fields(catalogue),
        texts=choosing.text_fields(catalogue),
        changes=changes,
        listening=listening,
        groups_named=fairness.named(catalogue, held),
        groups_offered=[one for one in fairness.offered(catalogue) if one.name not in held.attributes],
    )


def _listening(session: Connection, account: CrmConnection) -> Sequence[str]:
    found = publications.get(session, account.id).listeners or ()
    return [f"{item['name']} ({account.account_name})" for item in found if item["active"]]


def _changes(session: Connection, tenant_id: UUID) -> dict[str, Change]:
    """Return setting → its newest change, as the ledger tells it."""
    looked = Looked(kinds=("admin",))
    among = trail.span(session, tenant_id, looked)
    rows, _ = trail.piece(session, tenant_id, looked, Span(1, among.high), _ACTS)
    found: dict[str, Change] = {}
    for row in rows:
        body = json.loads(row.body) if row.body else {}
        for name in _set_by(body):
            found.setdefault(name, Change(str(body.get("by", "")), row.at))
    return found


def _set_by(body: Mapping[str, Any]) -> Sequence[str]:
    action = str(body.get("action", ""))
    if action == "sign objectives":
        return tuple(body.get("objectives", ()))
    if action in _NAMED:
        return _NAMED[action]
    return tuple(body) if action.startswith("set ") else ()


def _counted(session: Connection, tenant_id: UUID) -> Sequence[Counted]:
    keys = [key for key in api_keys.of_tenant(session, tenant_id) if key.revoked_at is None]
    providers = [source for source in enrichment.of_tenant(session, tenant_id) if source.enabled]
    return (
        Counted("access.index", "Users", len(users.of_tenant(session, tenant_id)), "Who may use these pages, as what."),
        Counted("api_keys.index", "API keys", len(keys), "For your own programs."),
        Counted(
            "tracking.index", "Tracked sites", len(sites.of_tenant(session, tenant_id)), "Visits of your own sites."
        ),
        Counted(
            "webhooks_out.index",
            "Webhooks",
            len(webhook_endpoints.of_tenant(session, tenant_id)),
            "Your own systems that are told of changed tiers.",
        ),
        Counted("enrichment.index", "Sources of facts", len(providers), "About companies, from elsewhere."),
        Counted(
            "digest.index",
            "Addresses",
            len(recipients.of_tenant(session, tenant_id)),
            "Sent the weekly figures and alerts.",
        ),
    )
