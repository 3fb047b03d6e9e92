"""The page Goal: what each outcome that the CRMs tell of would call success, counted before anything is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import snapshot
from connector.services.context import Services
from connector.services.setup import goals as choosing
from connector.services.setup.goals import Choice
from connector.store import goals, models, tenants
from connector.store.goals import Count
from connector.store.tenants import TenantSettings
from connector.store.types import AnyRow
from scoring.minimums import MIN_CONVERSIONS

MONTHS = 12
_FIRST = ("deal_won", "lead_converted", "order")
"""Outcomes that people think of first; stages follow by how many leads reached them."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An outcome and what it counts. ``nobody``: so many more were told of persons that were never read."""

    goal: str
    count: Count
    nobody: int
    chosen: bool
    set_now: bool

    @property
    def dated(self) -> int:
        """Leads that a model could learn from: it is known when they converted, and that it was after they came."""
        return self.count.leads - self.count.undated - self.count.early

    @property
    def enough(self) -> bool:
        """Whether that is enough for a model to learn from."""
        return self.dated >= MIN_CONVERSIONS


@dataclass(frozen=True, slots=True)
class GoalPage:
    """What the page shows. ``months`` are the first days of the last months; ``refused`` says why a choice is none.

    ``suggested``: the horizon that the tenant's own delays speak for, and the share of conversions that it catches, by
    the model of the goal that is set.
    """

    settings: TenantSettings
    choice: Choice
    candidates: Sequence[Candidate]
    months: Sequence[datetime]
    leads: int
    fields: Sequence[AnyRow]
    refused: str | None
    suggested: Mapping[str, float] | None
    least: int

    @property
    def chosen(self) -> Candidate | None:
        """The outcome that is looked at."""
        return next((one for one in self.candidates if one.chosen), None)

    @property
    def labels(self) -> Mapping[str, str]:
        """What the CRMs call the values of their fields, stages among them."""
        return {value: label for row in self.fields for value, label in (row.options or {}).items()}

    @property
    def same(self) -> bool:
        """Whether that is what is set."""
        return self.choice == Choice(self.settings.goal, self.settings.horizon_days)


def goal_page(services: Services, tenant_id: UUID, asked: Mapping[str, str]) -> GoalPage:
    """Return the page with the outcome that is asked about, the one that is set where none is."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        choice, refused = _choice(session, tenant_id, asked, settings)
        months = _months(snapshot.as_of_now(settings, services.clock.now()))
        report = models.champion_report(session, tenant_id) or {}
        return GoalPage(
            settings=settings,
            choice=choice,
            candidates=_candidates(session, tenant_id, choice, settings, months),
            months=months[:-1],
            leads=goals.leads_there(session, tenant_id).leads,
            fields=goals.choices(session, tenant_id),
            refused=refused,
            suggested=_suggested(report, settings),
            least=MIN_CONVERSIONS,
        )


def _choice(
    session: Connection, tenant_id: UUID, asked: Mapping[str, str], settings: TenantSettings
) -> tuple[Choice, str | None]:
    held = Choice(settings.goal, settings.horizon_days)
    try:
        choice = choosing.read_choice(asked, settings)
    except RejectedInput as refused:
        return held, str(refused)
    wrong = choosing.possible(session, tenant_id, choice, settings)
    return (held, wrong) if wrong else (choice, None)


def _candidates(
    session: Connection, tenant_id: UUID, choice: Choice, settings: TenantSettings, months: Sequence[datetime]
) -> Sequence[Candidate]:
    horizon = timedelta(days=choice.horizon_days)
    counts = dict(goals.of_kinds(session, tenant_id, months, horizon))
    for one in {settings.goal, choice.goal} - counts.keys():
        value = Choice(one, choice.horizon_days).value
        nothing = Count(0, 0, 0, 0, (0,) * (len(months) - 1))
        counts[one] = goals.of_value(session, tenant_id, value, months, horizon) if value else nothing
    nobody = goals.of_nobody(session, tenant_id)
    found = [
        Candidate(goal, count, nobody.get(goal, 0), goal == choice.goal, goal == settings.goal)
        for goal, count in counts.items()
        if goal not in choosing.NO_SUCCESS
    ]
    return sorted(found, key=lambda one: (_place(one.goal), -one.count.leads, one.goal))


def _place(goal: str) -> int:
    return _FIRST.index(goal) if goal in _FIRST else len(_FIRST)


def _months(now: datetime) -> list[datetime]:
    """The bounds of the last months, the one that is under way included, oldest first."""
    count = now.year * 12 + now.month
    numbers = range(count - MONTHS, count + 1)
    return [datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC) for number in numbers]


def _suggested(report: Mapping[str, object], settings: TenantSettings) -> Mapping[str, float] | None:
    """What the newest training suggests, where it was for this goal."""
    goal, delay = report.get("goal"), report.get("delay")
    if not isinstance(goal, Mapping) or not isinstance(delay, Mapping) or goal.get("name") != settings.goal:
        return None
    found = delay.get("suggested")
    return found if isinstance(found, Mapping) else None
