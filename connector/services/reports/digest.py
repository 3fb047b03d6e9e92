"""The page Digest: who is told, and what the message says now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.services.context import Services
from connector.services.digest import addresses, messages
from connector.services.digest.addresses import Address
from connector.services.digest.alerts import open_alerts
from connector.services.kpis import making
from connector.services.objectives.measuring import standing
from connector.store import tenants, users
from connector.store.users import User


@dataclass(frozen=True, slots=True)
class DigestPage:
    """``preview`` is the message's plain text, None before there are figures. ``mails``: the deployment has a mail
    server."""

    addresses: Sequence[Address]
    users: Sequence[User]
    preview: str | None
    mails: bool


def digest_page(services: Services, tenant_id: UUID) -> DigestPage:
    """Read what the page shows."""
    with services.store.reading(tenant_id) as session:
        name = tenants.get(session, tenant_id).name
        known = users.of_tenant(session, tenant_id)
    report, preview = making.newest(services, tenant_id), None
    if report is not None:
        alerts, url = open_alerts(services, tenant_id), services.hooks.public_url
        preview = messages.digest(name, report, alerts, url, standing(services, tenant_id)).text
    return DigestPage(addresses.overview(services, tenant_id), known, preview, services.mail is not None)
