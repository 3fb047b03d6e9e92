"""The beginning of a trial of a model, as an act of its own: whoever begins one sees to the run that scores by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.experiments.beginning import drawn, key_mark
from connector.store import experiments, models, tenants
from connector.store.experiments import MODELS

LEAST_SHARE, MOST_SHARE = Decimal("0.01"), Decimal("0.5")
MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Trial:
    """``share`` of the companies is scored by the challenger for ``days``; ``limit``: so much churn ends it.

    ``days`` None: until ``leads`` newcomers and their outcomes have told the models apart.
    """

    share: Decimal
    days: int | None
    limit: float
    leads: int = 0
    plan: Mapping[str, Any] | None = None


def enter(services: Services, session: Connection, tenant_id: UUID, version: str, trial: Trial) -> None:
    """Begin a trial of a stored model in the caller's transaction, which holds the ledger; raises ``RejectedInput``."""
    champion = models.champion_name(session, tenant_id)
    if champion is None:
        raise RejectedInput("There is no model yet that could be compared with.")
    if experiments.running(session, tenant_id, MODELS):
        raise RejectedInput("Another model is being tried already: promote or withdraw it first.")
    found = models.of_status(session, tenant_id, version)
    if found is None:
        raise RejectedInput(f"{version} is not stored.")
    if (found.decision.get("contest") or {}).get("other_goal"):
        raise RejectedInput(f"{version} predicts something else than {champion[0]}: the two can't be compared.")
    now = services.clock.now()
    fresh = drawn(
        tenants.get(session, tenant_id),
        trial.share,
        trial.leads,
        {"limit": trial.limit, **(trial.plan or {})},
        now,
        kind=MODELS,
        challenger=version,
        champion=champion[0],
        ends_at=now + timedelta(days=trial.days) if trial.days else None,
        watched=(),
    )
    seq = acts.record(
        services,
        session,
        tenant_id,
        "begin trial of a model",
        model=version,
        sha256=found.sha256,
        beside=champion[0],
        experiment=str(fresh.id),
        share=str(trial.share),
        days=trial.days,
        leads=trial.leads,
        key_sha256=key_mark(fresh),
    )
    experiments.begin(session, replace(fresh, begun_seq=seq))
    told = f"It is tried on {trial.share * 100:.0f} % of the companies. {found.decision['sentence']}"
    decision = {**found.decision, "clause": "tried", "sentence": told}
    models.decide(session, tenant_id, version, models.CHALLENGER, decision, now)
