"""Alerts that are open now, from whoever watches something: one sentence and one action each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from connector.services.context import Services
from connector.services.drift import alarms
from connector.services.kpis import making
from connector.services.pitfalls import watching
from connector.services.pitfalls.checks import Level
from connector.store import connections, experiments, models, runs
from connector.store.connections import Health
from connector.store.runs import RunStatus

WITHDRAWN_FOR = timedelta(days=7)
_HARMLESS = ("days", "few")
"""Clauses of a last look at a trial that was ended by a person, as nothing was wrong."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should act on. ``key`` is the same for as long as it is the same trouble.

    Neither sentence nor action names a lead.
    """

    key: str
    sentence: str
    action: str


Source = Callable[[Services, UUID], Sequence[Alert]]
"""Returns a tenant's alerts that are open now. Cheap: it is asked every hour."""


def stopped_accounts(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """Accounts that nothing is read from or written to until a person has done something."""
    with services.store.reading(tenant_id) as session:
        accounts = connections.of_tenant(session, tenant_id)
    return [
        Alert(
            f"account:{account.id}:{account.status}",
            f"The account {account.account_name} is stopped, so that its scores grow old. "
            f"{account.status_reason or 'It was disconnected.'}",
            "Open the page Connection and follow what it says.",
        )
        for account in accounts
        if account.status is not Health.ACTIVE
    ]


def stopped_run(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """Work that waits until a person has mended something."""
    with services.store.reading(tenant_id) as session:
        run = runs.latest(session, tenant_id)
    if run is None or run.status is not RunStatus.STOPPED:
        return []
    why = run.error or "The page Connection says why."
    action = "Do what the sentence says, then press Resume on the page Connection."
    return [Alert(f"run:{run.id}", f"Reading, scoring or writing has stopped. {why}", action)]


def busy_team(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """More High-Intent leads than the team can take, by the newest figures."""
    report = making.newest(services, tenant_id)
    if report is None or len(report.weeks) < 2:
        return []
    mean = sum(leads for _, leads in report.weeks) / len(report.weeks)
    if mean <= report.capacity:
        return []
    return [
        Alert(
            "volume",
            f"{mean:.0f} leads a week came into the High-Intent band; the team's capacity is {report.capacity}.",
            "Have the band set by capacity, or set the capacity to what the team takes.",
        )
    ]


def drifted(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """Those who come are no longer those whom the model learned from, and nobody has said that it is meant so."""
    found = alarms.open_alarms(services, tenant_id)
    return [Alert(f"drift:{alarm.id}", alarm.sentence, alarm.action) for alarm in found]


def waiting_model(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """A new model on which a person has to say a word."""
    with services.store.reading(tenant_id) as session:
        waiting = models.waiting(session, tenant_id)
    action = "Open the page Versions, read what would change, and approve or refuse it."
    return [Alert(f"model:{version}", f"The new model {version} waits for approval.", action) for version in waiting]


def pitfalls(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """Pitfalls that somebody has to act on, as the last look found them."""
    found = [item for item in watching.standing(services, tenant_id) if item.level is Level.ACT and item.since]
    return [
        Alert(f"pitfall:{item.pitfall.key}:{item.since:%Y%m%dT%H%M%S}", item.finding.sentence, item.pitfall.remedy)
        for item in found
        if item.finding
    ]


def withdrawn_model(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """A model that the rule took back within the last days, while it was tried on a share of the companies."""
    since = services.clock.now() - WITHDRAWN_FOR
    with services.store.reading(tenant_id) as session:
        ended = experiments.concluded(session, tenant_id, experiments.WITHDRAWN)
    return [
        Alert(
            f"withdrawn:{trial.challenger}",
            f"{trial.challenger} was taken back while it was tried. {trial.watched[-1]['sentence']}",
            "Open the page Versions. The champion's scores are back; nothing has to be done for that.",
        )
        for trial in ended
        if trial.ended_at and trial.ended_at >= since and trial.watched and trial.watched[-1]["clause"] not in _HARMLESS
    ]


SOURCES: tuple[Source, ...] = (
    stopped_accounts,
    stopped_run,
    drifted,
    waiting_model,
    withdrawn_model,
    busy_team,
    pitfalls,
)
"""Everything that is asked for alerts. Who watches something else adds a function here."""


def open_alerts(services: Services, tenant_id: UUID) -> Sequence[Alert]:
    """Return all alerts of a tenant that are open now."""
    return [alert for source in SOURCES for alert in source(services, tenant_id)]
