"""The daily look at a model that is tried: whether it goes on, stays (once its days are over), or goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.services import snapshot
from connector.services.champions import trying
from connector.services.context import Services
from connector.services.pipeline import Ready
from connector.services.sending import cut
from connector.store import arms, experiments, former, ledger, tenants
from connector.store.experiments import MODELS, Experiment

KIND = "canary"
KEPT = 100
"""Looks that are kept of a trial."""
_CHUNK = 500


@dataclass
class _Seen:
    """What an arm's leads are by now, as ``scoring.champions.canary.Arm`` says."""

    scores: list[float] = field(default_factory=list)
    answered: int = 0
    failed: int = 0
    members: int = 0
    leaving: int = 0
    coming: int = 0


def watch(services: Services, tenant_id: UUID) -> None:
    """Look at the tenant's model on trial, if there is one with days; do what the rule says."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        trial = experiments.running(session, tenant_id, MODELS)
        if trial is None or trial.begun_seq is None:
            return
        challenger, champion = (_seen(session, trial, str(one)) for one in (trial.challenger, trial.champion))
        told = _told(session, trial, now)
        settings = tenants.get(session, tenant_id).settings
    won = snapshot.conversion_times(services, tenant_id, settings) if told else {}
    judged = _judged(trial, challenger, champion, _matured(told, won, timedelta(days=trial.horizon_days)), now)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        # Whoever ended it meanwhile has decided.
        still = experiments.running(session, tenant_id, MODELS)
        ready = _act(services, session, still, judged, now) if still and still.id == trial.id else []
    services.wake_all(ready)


def _act(services: Services, session: Connection, trial: Experiment, judged: Any, now: datetime) -> Ready:
    # Imported here, as everywhere in the services: who does not compute needs no library of statistics.
    from scoring.champions.canary import Verdict

    look = {
        "at": now.isoformat(),
        "sentence": judged.sentence,
        "clause": judged.clause,
        "index": judged.index,
        "churn": judged.churn,
    }
    experiments.change(session, trial, watched=[*(trial.watched or ()), look][-KEPT:])
    if judged.verdict is Verdict.WITHDRAWN:
        return trying.go(services, session, trial, f"withdrawn by the rule: {judged.sentence}")
    if judged.verdict is Verdict.PROMOTED:
        return trying.stay(services, session, trial, f"promoted by the rule: {judged.sentence}")
    return []


def _judged(
    trial: Experiment, challenger: _Seen, champion: _Seen, matured: tuple[int, float, float, int], now: datetime
) -> Any:
    from scoring.champions.canary import Arm, Matured, Watched, judge

    over = trial.ends_at is not None and now >= trial.ends_at
    one, other = (Arm(**vars(seen)) for seen in (challenger, champion))
    limit, alike = float(trial.plan.get("limit", 1.0)), trial.ends_at is not None
    return judge(Watched(one, other, Matured(*matured), limit, over, alike))


def _seen(session: Connection, trial: Experiment, version: str) -> _Seen:
    """What there is of the leads that a version scores now; who crossed the line is told by the entries of before."""
    found = _Seen()
    rows = arms.scored_by(session, trial.tenant_id, [version])
    found.answered, found.failed = arms.answers(session, trial.tenant_id, [version])[version]
    found.scores = [float(row.score) for row in rows]
    tiers = {row.lead_id: row.tier for row in rows}
    for some in cut(list(tiers), _CHUNK):
        for entry in former.before(session, trial.tenant_id, some, trial.begun_seq or 0):
            if entry.body is None or entry.lead_id is None:
                continue
            was, is_now = (tier == Tier.HIGH_INTENT for tier in (entry.body["tier"], tiers[entry.lead_id]))
            found.members += was
            found.leaving += was and not is_now
            found.coming += is_now and not was
    return found


def _told(session: Connection, trial: Experiment, now: datetime) -> dict[int, tuple[datetime, float]]:
    """Lead → when the challenger first told its chance, and which, of those whose horizon is over."""
    until = now - timedelta(days=trial.horizon_days)
    if until < trial.begun_at:
        return {}
    mine = [row.lead_id for row in arms.scored_by(session, trial.tenant_id, [str(trial.challenger)])]
    return {
        entry.lead_id: (datetime.fromisoformat(entry.body["as_of"]), float(entry.body["probability"]))
        for some in cut(mine, _CHUNK)
        for entry in arms.first_since(session, trial.tenant_id, some, trial.begun_seq or 0, until)
        if entry.lead_id is not None and entry.body is not None and entry.body["model"] == trial.challenger
    }


def _matured(
    told: Mapping[int, tuple[datetime, float]], won: Mapping[int, Sequence[datetime]], horizon: timedelta
) -> tuple[int, float, float, int]:
    converted = sum(any(at < one <= at + horizon for one in won.get(lead, ())) for lead, (at, _) in told.items())
    chances = [chance for _, chance in told.values()]
    return len(told), sum(chances), sum(chance * (1 - chance) for chance in chances), converted
