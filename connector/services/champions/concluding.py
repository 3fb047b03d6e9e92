"""The end of a training: the new model takes the champion's place, waits for a person, or is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import Connection

from connector.services import acts
from connector.services.champions.entering import Trial, enter
from connector.services.job import Job
from connector.store import experiments, ledger, models, runs, tenants
from connector.store.models import Decided, ModelVersion
from scoring.champions.outcome import Outcome

_STATUS = {Outcome.PUBLISHED: models.RETIRED, Outcome.WAITING: models.WAITING, Outcome.REFUSED: models.REFUSED}
"""As what a model is stored; one that is published takes its place in the same transaction."""


def conclude(session: Connection, job: Job, model: ModelVersion, decided: Decided, champion: str | None) -> str:
    """Store a new model and do as was decided, in the caller's transaction; return the sentence that says so.

    ``champion``: the SHA-256 of the model that it was compared with, if there was one. Where another scores by now
    the comparison says nothing of that one, and a person is asked.
    """
    services, tenant_id = job.services, job.tenant_id
    ledger.lock(session, tenant_id)
    now_scores = models.champion_name(session, tenant_id)
    if (now_scores[1] if now_scores else None) != champion:
        decided = replace(decided, decision=_overtaken(decided.decision))
    elif experiments.running(session, tenant_id, experiments.MODELS):
        decided = replace(decided, decision=_behind(decided.decision))
    outcome, sentence = Outcome(decided.decision["outcome"]), str(decided.decision["sentence"])
    models.keep(session, tenant_id, model, _STATUS[outcome], decided)
    told = _TOLD[outcome]
    which = {"model": model.version, "sha256": model.sha256, "run": str(job.run.id), "why": sentence}
    canary = _canary(session, job, decided) if outcome is Outcome.PUBLISHED and now_scores else None
    if canary and now_scores:
        enter(services, session, tenant_id, model.version, canary)
        runs.score_by(session, job.run.id, now_scores[0])
        told = f"Tried on {canary.share * 100:.0f} % of the companies for {canary.days} days; see the page Versions."
    elif outcome is Outcome.PUBLISHED:
        seq = acts.record(services, session, tenant_id, "publish", **which)
        models.publish(session, tenant_id, model.version, seq, decided.at)
    else:
        acts.record(services, session, tenant_id, f"new model {outcome}", **which)
        if now_scores:
            runs.score_by(session, job.run.id, now_scores[0])
    _supersede(session, job, model.version)
    verdict = model.report.get("verdict", {}).get("sentence", "")
    return " ".join(part for part in (told, sentence, str(verdict)) if part)


_TOLD = {
    Outcome.PUBLISHED: "Published.",
    Outcome.WAITING: "It waits for approval on the page Versions.",
    Outcome.REFUSED: "Not published; the former model goes on scoring.",
}


def _overtaken(decision: Mapping[str, Any]) -> dict[str, Any]:
    told = f"Another model was published while it was trained, so a person is asked. {decision['sentence']}"
    return {**decision, "outcome": str(Outcome.WAITING), "clause": "overtaken", "sentence": told}


def _behind(decision: Mapping[str, Any]) -> dict[str, Any]:
    """What would be published waits while another model is tried; the rest stays as it was decided."""
    if Outcome(decision["outcome"]) is not Outcome.PUBLISHED:
        return dict(decision)
    told = f"Another model is being tried, so a person is asked. {decision['sentence']}"
    return {**decision, "outcome": str(Outcome.WAITING), "clause": "trial", "sentence": told}


def _canary(session: Connection, job: Job, decided: Decided) -> Trial | None:
    """How a model that may be published is tried first, where the tenant chose so.

    Not one of another goal: its chances are of something else, and beside the champion's they would only confuse.
    """
    settings = tenants.get(session, job.tenant_id).settings
    if not settings.canary_days or decided.decision["clause"] in ("first", "goal"):
        return None
    share = Decimal(str(settings.canary_share)).quantize(Decimal("0.001"))
    return Trial(share, settings.canary_days, settings.churn_cap)


def _supersede(session: Connection, job: Job, newest: str) -> None:
    """Models that waited wait no more: the newest one knows all that they do."""
    now = job.services.clock.now()
    for version in models.waiting(session, job.tenant_id):
        if version != newest:
            row = models.of_status(session, job.tenant_id, version)
            told = f"{newest} was trained before anybody approved it. {row.decision['sentence']}" if row else newest
            decision = {**(row.decision if row else {}), "clause": "superseded", "sentence": told}
            models.decide(session, job.tenant_id, version, models.REFUSED, decision, now)
