"""What commands work with: the services of the environment's settings."""

from __future__ import annotations

import os
from uuid import UUID

from connector.bootstrap import build
from connector.services import maintenance
from connector.services.context import Services
from connector.settings import load


def services() -> Services:
    """Return the wired services."""
    return build(load(os.environ))


def services_of(tenant_id: UUID) -> Services:
    """Return the wired services; raises ``RejectedInput`` unless there is such a tenant."""
    wired = services()
    maintenance.require_tenant(wired, tenant_id)
    return wired
