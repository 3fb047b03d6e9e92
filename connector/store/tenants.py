"""Tenants and what they set."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Scale
from connector.store import schedules
from connector.store.tables import tenants

DEFAULT_REGION = "default"


class Delivery(StrEnum):
    """Whether scores are written: never, once the first publication of an account was approved, or at once."""

    DRY_RUN = "dry-run"
    APPROVE = "approve"
    ON = "on"


class Overwritten(StrEnum):
    """What becomes of a value of ours that somebody overwrote in the CRM."""

    RESTORE = "restore"
    RESPECT = "respect"


class Excluded(StrEnum):
    """What becomes of a value of ours in the CRM when its lead is left out."""

    CLEAR = "clear"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """What a tenant decides about its scores.

    ``goal``: ``deal_won``, ``stage:<value>`` or ``property:<field>=<value>``. ``timing``:
    ``dated``, ``created`` or ``ordered`` (how much the source knows about time).
    ``as_of`` (ISO 8601) stands in for "now" when an old export is scored as if lived.
    ``complexity``: ``interpretable``, ``standard`` or ``full``, as ``scoring.schema.Complexity`` says.
    ``most_facts``: a learned model looks at no more than so many facts about a lead; None: at all that help.
    ``knowledge`` overrides a field's knowledge class. ``capacity`` is leads a week,
    of all ``reps`` together.
    ``high_intent``: what sets the High-Intent band, ``share`` (of the open leads), ``capacity`` or ``probability``.
    ``attributes`` names fields over whose values the model's figures are compared (fairness).
    ``minimum_step`` is by how many points a score must move before it is written again.
    ``seller_activity``: models may also learn from what sellers did.
    ``segment``: the field whose values may get models of their own.
    ``pooling``: the tenant gives coefficients to, and takes them from, others who do.
    ``delivery`` as :class:`Delivery` says. ``first_records``: so many records of an account are written until an
    admin releases the rest. ``nightly_cap``: at most so many writes to an account from noon to noon.
    ``scale``: what the number that is written of a score goes up to (``connector.records.Scale``).
    ``overwritten`` as :class:`Overwritten` says, ``excluded`` as :class:`Excluded` does.
    ``free_text`` names fields whose text models may read for frequent words, without persons' data.
    ``retrain_days``: a new model is trained so often; 0: only when a person asks for it.
    ``retrain_growth``: and sooner, once matured conversions have grown by this share since the last training.
    ``churn_cap``: a new model that would take more than this share of the High-Intent leads out of the band, or bring
    as many into it, waits for approval.
    ``canary_days``: a model that may be published scores ``canary_share`` of the companies for so many days first (0:
    everybody at once).
    ``retrain_on_drift``: also in the night in which an alarm of the daily drift watch opens.
    ``decided``: an admin's word on what models may see of other sources' fields (``upload.religion``) and of the texts
    of what people did (``events.detail``): True allows, False leaves out.
    ``unprofiled``: ``<vendor>.<field>`` → the value that means that its person is not to be profiled.
    ``walked``: the steps of setting up that somebody has gone through, and when (ISO 8601).
    """

    goal: str = "deal_won"
    timing: str = "dated"
    horizon_days: int = 90
    maturity_days: int = 90
    order_field: str | None = None
    as_of: str | None = None
    seed: int = 20260101
    capacity: int = 100
    reps: int = 1
    high_intent: str = "share"
    high_intent_share: float = 0.10
    high_intent_probability: float = 0.5
    complexity: str = "standard"
    most_facts: int | None = None
    minimum_step: float = 1.0
    seller_activity: bool = False
    segment: str | None = None
    pooling: bool = False
    delivery: str = Delivery.APPROVE
    first_records: int | None = None
    nightly_cap: int | None = None
    scale: str = Scale.HUNDRED
    overwritten: str = Overwritten.RESTORE
    excluded: str = Excluded.CLEAR
    retrain_days: int = 7
    retrain_growth: float = 0.20
    churn_cap: float = 0.25
    canary_days: int = 0
    canary_share: float = 0.10
    retrain_on_drift: bool = False
    knowledge: dict[str, str] = field(default_factory=dict)
    attributes: list[str] = field(default_factory=list)
    free_text: list[str] = field(default_factory=list)
    decided: dict[str, bool] = field(default_factory=dict)
    unprofiled: dict[str, str] = field(default_factory=dict)
    walked: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> TenantSettings:
        """Read stored settings; names of an older or newer version are passed over."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer organisation."""

    id: UUID
    name: str
    region: str
    settings: TenantSettings
    created_at: datetime


def create(
    connection: Connection, name: str, settings: TenantSettings, now: datetime, region: str = DEFAULT_REGION
) -> UUID:
    """Add a tenant whose data belong to a region, and return its id."""
    tenant_id = uuid4()
    row = {"id": tenant_id, "name": name, "region": region, "settings": asdict(settings), "created_at": now}
    connection.execute(sa.insert(tenants), row)
    schedules.look_again(connection)
    return tenant_id


def exists(connection: Connection, tenant_id: UUID) -> bool:
    """Whether there is such a tenant."""
    return connection.execute(sa.select(tenants.c.id).where(tenants.c.id == tenant_id)).first() is not None


def region_of(connection: Connection, tenant_id: UUID) -> str | None:
    """Return the region that a tenant's data belong to; None where there is no such tenant."""
    found: str | None = connection.execute(sa.select(tenants.c.region).where(tenants.c.id == tenant_id)).scalar()
    return found


def save_settings(connection: Connection, tenant_id: UUID, settings: TenantSettings) -> None:
    """Replace a tenant's settings."""
    connection.execute(sa.update(tenants).where(tenants.c.id == tenant_id).values(settings=asdict(settings)))


def get(connection: Connection, tenant_id: UUID) -> Tenant:
    """Return a tenant; raises ``NoResultFound`` for an unknown id."""
    row = connection.execute(_BY_ID, {"wanted": tenant_id}).one()
    return Tenant(row.id, row.name, row.region, TenantSettings.from_json(row.settings), row.created_at)


_BY_ID = sa.select(tenants).where(tenants.c.id == sa.bindparam("wanted"))
"""Made once: asked in every turn of the real-time lane."""
