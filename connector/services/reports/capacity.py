"""The page Capacity: the team that is asked about, and its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import capacity
from connector.services.capacity import Plan, Team
from connector.services.context import Services
from connector.store import tenants
from connector.store.tenants import TenantSettings


@dataclass(frozen=True, slots=True)
class CapacityPage:
    """``plan`` is None before the first scores; ``refused`` says what was wrong with the question."""

    settings: TenantSettings
    team: Team
    plan: Plan | None
    refused: str | None


def capacity_page(services: Services, tenant_id: UUID, asked: Mapping[str, str]) -> CapacityPage:
    """Read what the page shows to the question ``asked`` (fields of the form)."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
    team, refused = capacity.standing(settings), None
    try:
        team = capacity.read_team(asked) if asked else team
    except RejectedInput as wrong:
        refused = str(wrong)
    return CapacityPage(settings, team, capacity.plan(services, tenant_id, team), refused)
