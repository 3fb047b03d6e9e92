"""The page Readiness: what there is to learn from, which model that allows, and what more would bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.opening import called
from connector.services.reports.run import RunReport, run_report
from connector.services.setup.goals import Choice
from connector.store import connections, goals, models, sites, streams, tenants
from connector.store.connections import CrmConnection
from connector.store.tenants import TenantSettings
from scoring import glossary
from scoring.minimums import ISOTONIC_FROM, MIN_CONVERSIONS, SEQUENCE_FROM, SIGMOID_FROM

Json = Mapping[str, Any]

_RUNGS = (
    (0, "Transparent scorecard", "fixed rules that anybody can check", True),
    (MIN_CONVERSIONS, "Penalised logistic regression", "a list of weights, learned from your own outcomes", True),
    (MIN_CONVERSIONS, "Blends with trees, pairs of facts and a small net", "where they rank newer leads better", False),
    (SEQUENCE_FROM, "Recurrent network over the steps of each lead", "where it surely helps beside the rest", False),
)
"""From so many converting leads on, what is tried, and whether it is a list of coefficients."""
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung of the ladder of models, tried from ``least`` conversions on. ``state``: whether it is, in words."""

    label: str
    meaning: str
    least: int
    open: bool
    state: str


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there, what it would bring, and the endpoint of the page where something can be done about it."""

    what: str
    brings: str
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the page shows. ``converted`` leads had the outcome, ``learned`` of them taught the model; ``first`` and
    ``last`` are the snapshots that it learned from. ``tried``: what was compared, its name and AUC."""

    run: RunReport | None
    home: CrmConnection | None
    leads: int
    oldest: datetime | None
    goal: str
    horizon_days: int
    converted: int
    undated: int
    matured: int | None
    learned: int | None
    tested: int | None
    first: datetime | None
    last: datetime | None
    version: str | None
    kind: str
    state: str
    sentence: str
    why: str
    rungs: Sequence[Rung]
    tried: Sequence[tuple[str, float]]
    missing: Sequence[Missing]

    @property
    def days(self) -> int | None:
        """Days from the first snapshot to the last."""
        return (self.last - self.first).days if self.first and self.last else None


def readiness(services: Services, tenant_id: UUID) -> Readiness:
    """Return a tenant's page, of the model that scores."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        told: Json = models.champion_report(session, tenant_id) or {}
        accounts = connections.of_tenant(session, tenant_id)
        there = goals.leads_there(session, tenant_id)
        counts = _counts(session, tenant_id, settings)
        run = run_report(session, tenant_id, now)
        missing = list(_missing(services, session, accounts, told, counts[1]))
        tracked = bool(sites.of_tenant(session, tenant_id))
    if not tracked:
        missing.append(
            Missing("No site of yours is tracked", "Visits are among the earliest signs of interest.", "tracking.index")
        )
    matured, window, verdict = told.get("matured"), _part(told, "window"), _part(told, "verdict")
    return Readiness(
        run=run,
        home=accounts[0] if accounts else None,
        leads=there.leads,
        oldest=there.oldest,
        goal=settings.goal,
        horizon_days=settings.horizon_days,
        converted=counts[0],
        undated=counts[1],
        matured=matured,
        learned=told.get("conversions"),
        tested=_part(told, "test").get("conversions"),
        first=_time(window.get("first")),
        last=_time(window.get("last")),
        version=told.get("version"),
        kind=glossary.KINDS.get(str(told.get("kind")), ""),
        state=str(verdict.get("state", "")),
        sentence=str(verdict.get("sentence", "")),
        why=_why(told),
        rungs=_rungs(matured or 0, plain=settings.complexity == "interpretable"),
        tried=sorted(_part(told, "candidates").items(), key=lambda pair: -pair[1]),
        missing=missing,
    )


def _counts(session: Connection, tenant_id: UUID, settings: TenantSettings) -> tuple[int, int]:
    """Leads with the outcome, and those of them of whom it is not known when."""
    value = Choice(settings.goal, settings.horizon_days).value
    if value is not None:
        found = goals.of_value(session, tenant_id, value, (), _NO_TIME)
        return found.leads, found.undated
    count = goals.of_kinds(session, tenant_id, (), _NO_TIME).get(settings.goal)
    return (count.leads, count.undated) if count else (0, 0)


def _rungs(matured: int, *, plain: bool) -> list[Rung]:
    found = []
    for least, label, meaning, is_list in _RUNGS:
        barred = plain and not is_list
        state = "not wanted: interpretable only" if barred else "can be tried" if matured >= least else "too few yet"
        found.append(Rung(label, meaning, least, matured >= least and not barred, state))
    return found


def _why(told: Json) -> str:
    """Why this rung serves."""
    if not told:
        return ""
    if told.get("kind") == "scorecard":
        return (
            f"{told.get('conversions', 0):,} conversions have matured. From {MIN_CONVERSIONS} on, well spread in time, "
            "a model learns from them; until then fixed rules rank the leads."
        )
    if told.get("kind") == "pooled":
        return "Too few of your own leads have converted: it starts from what other tenants' models have in common."
    return (
        "It ranked newer leads of yours best, in several windows of time that it had not seen. A more complex model is "
        "taken only where it does so for certain."
    )


def _missing(
    services: Services, session: Connection, accounts: Sequence[CrmConnection], told: Json, undated: int
) -> Iterator[Missing]:
    matured = int(told.get("matured") or 0)
    if told:
        yield from _of_conversions(matured, told)
    if undated:
        yield Missing(
            f"{undated:,} leads have converted at a time that the CRM does not tell",
            "With a date they would teach the model what came before. Without one they are left out of learning.",
            "goal.show",
        )
    held = [str(one["label"]) for one in told.get("leakage") or () if one["verdict"] == "suspect"]
    if held:
        yield Missing(
            f"Held back until you confirm them: {', '.join(held)}",
            "They may have been filled in after the outcome. If you know that they are not, they would sharpen the "
            "ranking.",
            "fields.index",
        )
    for account in accounts:
        yield from _of_account(services, session, account)


def _of_conversions(matured: int, told: Json) -> Iterator[Missing]:
    steps = (
        (MIN_CONVERSIONS, "A model then learns from your own outcomes, where fixed rules rank the leads now."),
        (SIGMOID_FROM, "Stated chances are then corrected over their whole range, not in their level alone."),
        (ISOTONIC_FROM, "Stated chances then follow closely what was observed."),
    )
    step = next(((least, brings) for least, brings in steps if matured < least), None)
    if step is not None:
        yield Missing(f"{step[0] - matured:,} more matured conversions, to have {step[0]:,}", step[1])
    curve = told.get("learning_curve")
    if curve:
        yield Missing(f"{curve['more']:,} more leads whose horizon has passed", str(curve["sentence"]), "model.show")


def _of_account(services: Services, session: Connection, account: CrmConnection) -> Iterator[Missing]:
    app = services.apps.get(account.vendor)
    optional = app.capabilities.optional_scopes if app else {}
    for scope, purpose in optional.items():
        if scope not in account.scopes:
            yield Missing(
                f"{called(services, account)} has not granted {scope}",
                f"It is asked for to {purpose}. Connect the account again to grant it.",
                "connect.account",
            )
    for stream in streams.of_connection(session, account.id):
        if stream.unavailable:
            yield Missing(f"{called(services, account)}: {stream.label} can't be read", stream.unavailable)


def _part(report: Json, name: str) -> Json:
    found: Json = report.get(name) or {}
    return found


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
