"""A new experiment of any kind: drawn by a key that nobody knows before its end, and that its record commits to."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from connector.store.experiments import Experiment
from connector.store.tenants import Tenant


def drawn(
    tenant: Tenant, share: Decimal, leads: int, plan: Mapping[str, Any], now: datetime, **more: Any
) -> Experiment:
    """Return an experiment of the tenant's goal that begins now; ``more``: what its kind says beside."""
    return Experiment(
        id=uuid4(),
        tenant_id=tenant.id,
        share=share,
        key=secrets.token_hex(32),
        goal=tenant.settings.goal,
        horizon_days=tenant.settings.horizon_days,
        planned_leads=leads,
        plan=plan,
        begun_at=now,
        closed_at=None,
        ended_at=None,
        looks=(),
        **more,
    )


def key_mark(experiment: Experiment) -> str:
    """Return the key's hash, which the record of the beginning names: its end reveals the key, to be checked by it."""
    return hashlib.sha256(experiment.key.encode()).hexdigest()
