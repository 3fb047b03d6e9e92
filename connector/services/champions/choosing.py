"""A person's word on models: approve one that waits, refuse it, or bring the former champion back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, pipeline
from connector.services.champions import trying
from connector.services.context import Services
from connector.store import experiments, ledger, models


def owns(services: Services, tenant_id: UUID, version: str) -> bool:
    """Whether a tenant has such a model."""
    with services.store.reading(tenant_id) as session:
        return models.of_status(session, tenant_id, version) is not None


def approve(services: Services, tenant_id: UUID, version: str) -> None:
    """Let a model that waits score from now on, and score everybody by it; raises ``RejectedInput``."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        found = _waiting(session, tenant_id, version)
        if experiments.running(session, tenant_id, experiments.MODELS):
            raise RejectedInput("Another model is being tried: promote or withdraw it first.")
        now = services.clock.now()
        which = {"model": version, "sha256": found.sha256, "why": "approved"}
        seq = acts.record(services, session, tenant_id, "publish", **which)
        models.decide(session, tenant_id, version, models.WAITING, _worded(found, "approved", "Approved."), now)
        models.publish(session, tenant_id, version, seq, now)
        ready = pipeline.start(services, session, tenant_id, pipeline.REFRESH)
    services.wake_all(ready)


def refuse(services: Services, tenant_id: UUID, version: str) -> None:
    """Say no to a model that waits; raises ``RejectedInput``."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        found = _waiting(session, tenant_id, version)
        acts.record(services, session, tenant_id, "refuse model", model=version, sha256=found.sha256)
        told = _worded(found, "refused by a person", "Refused by a person.")
        models.decide(session, tenant_id, version, models.REFUSED, told, services.clock.now())


def roll_back(services: Services, tenant_id: UUID) -> tuple[str, str]:
    """Bring back the champion of before with its scores; return (model that no longer scores, model that does).

    The model changes at once. A run of its own writes the scores of before into the ledger and to the CRMs; whatever
    was being scored by the other model meanwhile comes too late. A model that is tried is withdrawn with it. Raises
    ``RejectedInput`` where there is no way back.
    """
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        champion = models.standing(session, tenant_id)
        if champion is None or champion.replaced is None or champion.published_seq is None:
            raise RejectedInput("There is no former model to go back to.")
        former = models.of_status(session, tenant_id, champion.replaced)
        if former is None:
            raise RejectedInput(f"{champion.replaced}, the model of before, is not stored any more.")
        trial = experiments.running(session, tenant_id, experiments.MODELS)
        if trial is not None:
            trying.drop(services, session, trial, "withdrawn, as the champion beside it was rolled back")
        which = {"model": champion.replaced, "sha256": former.sha256, "instead_of": champion.version}
        acts.record(services, session, tenant_id, "roll back", **which)
        models.restore(session, tenant_id, champion.replaced, champion.published_seq, services.clock.now())
        ready = pipeline.start(services, session, tenant_id, pipeline.ROLLBACK)
    services.wake_all(ready)
    return champion.version, champion.replaced


def _waiting(session: Connection, tenant_id: UUID, version: str) -> Any:
    found = models.of_status(session, tenant_id, version)
    if found is None or found.status != models.WAITING:
        raise RejectedInput(f"{version} does not wait for approval. Look at the page again.")
    return found


def _worded(found: Any, clause: str, words: str) -> dict[str, Any]:
    return {**found.decision, "clause": clause, "sentence": f"{words} {found.decision['sentence']}"}
