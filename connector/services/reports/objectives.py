"""The page Objectives: what holds and how it is kept, the draft, and all versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.services.context import Services
from connector.services.kpis import making
from connector.services.objectives import contract, signing
from connector.services.objectives.contract import Objectives
from connector.services.objectives.measuring import Standing, standing
from connector.store import objectives, tenants
from connector.store.objectives import Draft, Signed
from connector.store.tenants import TenantSettings


@dataclass(frozen=True, slots=True)
class Version:
    """A signed version with what it says."""

    signed: Signed
    says: Objectives


@dataclass(frozen=True, slots=True)
class ObjectivesPage:
    """``form`` is what the form begins with: the draft, else what holds. ``channels`` are those that are known.

    ``mark`` tells the draft that is shown from every other one; "" without one.
    """

    settings: TenantSettings
    standing: Standing | None
    versions: Sequence[Version]
    draft: Draft | None
    drafted: Objectives | None
    mark: str
    form: Objectives
    channels: Sequence[str]


def objectives_page(services: Services, tenant_id: UUID) -> ObjectivesPage:
    """Read what the page shows."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        draft = objectives.draft(session, tenant_id)
        versions = [Version(row, Objectives.from_json(row.body)) for row in objectives.versions(session, tenant_id)]
    report = making.newest(services, tenant_id)
    drafted = Objectives.from_json(draft.body) if draft else None
    holds = contract.from_settings(settings, versions[0].says if versions else None)
    return ObjectivesPage(
        settings=settings,
        standing=standing(services, tenant_id),
        versions=versions,
        draft=draft,
        drafted=drafted,
        mark=signing.mark(draft) if draft else "",
        form=drafted or holds,
        channels=[row.name for row in report.channels.rows] if report else [],
    )
