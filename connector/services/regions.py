"""Where a tenant's data are: one set of processes, with one database and one broker, serves one region."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import NeedsAdmin
from connector.services.context import Services
from connector.store import tenants


class ElsewhereError(NeedsAdmin):
    """A tenant's region is served by other processes than these."""


def require(services: Services, session: Connection, tenant_id: UUID) -> None:
    """Raise ``ElsewhereError`` for a tenant of another region; one that is not there at all is for others to miss."""
    region = tenants.region_of(session, tenant_id)
    if region is not None and region != services.region:
        raise ElsewhereError(
            f"The data of tenant {tenant_id} belong to the region {region}, and these processes serve "
            f"{services.region}.",
            remedy=f"Use the address of {region}. Its operator must correct DATABASE_URL or CONNECTOR_REGION here.",
        )


def serves(services: Services, session: Connection, tenant_id: UUID) -> bool:
    """Tell whether a tenant's region is that of these processes."""
    return tenants.region_of(session, tenant_id) in (services.region, None)
