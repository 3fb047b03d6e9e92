"""From what a team can work on to a threshold: what it brings, what it misses, and whom it would move.

What a threshold brings is what became of the leads that reached it in the window that judged the model, which is newer
than all that was learned from (``scoring.thresholds``); never what the model says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from connector.services import numbers, snapshot
from connector.services.champions import asking
from connector.services.context import Services
from connector.services.kpis import making
from connector.services.kpis.counting import LEAST_LEADS
from connector.services.objectives import contract, signing
from connector.services.objectives.contract import Objectives
from connector.services.set_values import set_values
from connector.store import ledger, models, objectives, scores, tenants
from connector.store.tenants import TenantSettings
from connector.store.types import AnyRow

STAGE = "score"
"""What a pass over everybody calls its scoring (services/pipeline)."""
MOST_PER_REP, MOST_REPS = 10_000, 10_000
HIGH = "High-Intent"


class Chosen(StrEnum):
    """What became of a choice, in a sentence."""

    SET = "Set. The next model's High-Intent band holds as many leads; until it is published nothing moves."
    DRAFTED = "Drafted as the next version of the objectives: an owner signs it there, and it is set then."
    NOTHING = "That is how it is set already."


@dataclass(frozen=True, slots=True)
class Team:
    """How many leads one person works on a week, and how many such people there are."""

    per_rep: int
    reps: int

    @property
    def leads(self) -> int:
        """Leads a week of all together."""
        return self.per_rep * self.reps


@dataclass(frozen=True, slots=True)
class Span:
    """An expected value with its 95 % interval."""

    value: float
    low: float
    high: float

    def times(self, count: int) -> Span:
        """The same of so many leads."""
        return Span(self.value * count, self.low * count, self.high * count)


@dataclass(frozen=True, slots=True)
class Moved:
    """Open leads in the High-Intent band now, and those that the new threshold would take out and bring in."""

    members: int
    leaving: int
    coming: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a team's threshold is and brings.

    ``score`` (0–100) and ``chance`` are the threshold's; ``leads`` of the ``open`` ones reach it. ``precision``,
    ``found`` and ``missed`` rest on ``judged`` leads of former months that reached it; None with the sentence
    ``missing`` where these are too few. ``a_week``: leads that newly reached about this score, None where it is not
    known yet. ``as_set``: the tenant's settings say the same already.
    """

    team: Team
    score: float
    chance: float
    leads: int
    open: int
    judged: int
    precision: Span | None
    found: Span | None
    missed: Span | None
    moved: Moved
    a_week: float | None
    points: Sequence[Mapping[str, Any]]
    as_set: bool
    missing: str = ""


def standing(settings: TenantSettings) -> Team:
    """Return the team as the tenant has set it."""
    reps = max(settings.reps, 1)
    return Team(max(settings.capacity // reps, 1), reps)


def read_team(form: Mapping[str, str]) -> Team:
    """Read a form's fields; raises ``RejectedInput`` with the sentence for who filled it in."""
    per_rep = numbers.whole(form.get("per_rep", ""), "Leads a week for one person", 1, MOST_PER_REP)
    return Team(per_rep, numbers.whole(form.get("reps", ""), "The number of people", 1, MOST_REPS))


def plan(services: Services, tenant_id: UUID, team: Team) -> Plan | None:
    """Return what the threshold of a team is and brings; None before the first scores."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        champion = models.champion_report(session, tenant_id)
        held = scores.of_open(session, tenant_id, STAGE)
    told = (champion or {}).get("thresholds")
    if not held or told is None:
        return None
    high, medium = _line(settings, team, held)
    reached, opened = sum(row.leads for row in held if _tenths(row) >= high), sum(row.leads for row in held)
    point = _point(told["points"], high)
    judged = point["leads"] if point else 0
    enough = point is not None and judged >= LEAST_LEADS
    precision, rest = (_span(point, part) if point and enough else None for part in ("precision", "rest"))
    missing = f"Too few to say: {judged} leads of former months reached this score, {LEAST_LEADS} are needed."
    return Plan(
        team=team,
        score=high / 10,
        chance=_chance(high, float(told["base"])),
        leads=reached,
        open=opened,
        judged=judged,
        precision=precision,
        found=precision.times(reached) if precision else None,
        missed=rest.times(opened - reached) if rest else None,
        moved=_moved(held, high, medium),
        a_week=_a_week(services, tenant_id, high),
        points=told["points"],
        as_set=(settings.high_intent, settings.capacity, settings.reps) == ("capacity", team.leads, team.reps),
        missing="" if enough else missing,
    )


def _line(settings: TenantSettings, team: Team, held: Sequence[AnyRow]) -> tuple[int, int]:
    """The least tenths of both upper bands, by the rule that a training sets them by."""
    # Imported here: whoever only reads pages needs no library of numbers.
    import numpy as np

    from scoring.schema import HighIntent
    from scoring.scoremap import ScoreMap
    from scoring.tiers import by_goal

    goal = replace(snapshot.goal_of(settings), high_intent=HighIntent.CAPACITY, capacity=team.leads)
    tenths = np.repeat([_tenths(row) for row in held], [row.leads for row in held])
    found = by_goal(goal, tenths.astype(np.int64), ScoreMap(0.0))
    return found.high, found.medium


def _tenths(row: AnyRow) -> int:
    return int(row.score * 10)


def _chance(tenths: int, base: float) -> float:
    from scipy.special import expit, logit

    return float(expit(logit(min(max(tenths, 1), 999) / 1_000) + base))


def _point(points: Sequence[Mapping[str, Any]], tenths: int) -> Mapping[str, Any] | None:
    """The highest known threshold that is no higher: its leads are at most as good. Below all of them the lowest."""
    lower = [point for point in points if point["tenths"] <= tenths]
    return lower[-1] if lower else points[0] if points else None


def _span(point: Mapping[str, Any], part: str) -> Span | None:
    found = point[part]
    return Span(found["value"], found["low"], found["high"]) if found else None


def _moved(held: Sequence[AnyRow], high: int, medium: int) -> Moved:
    from scoring.tiers import Tiers

    tiers = Tiers(high, medium)
    counted = [(row.leads, row.tier == HIGH, tiers.next(_tenths(row), row.tier) == HIGH) for row in held]
    leaving = sum(leads for leads, was, will in counted if was and not will)
    coming = sum(leads for leads, was, will in counted if will and not was)
    return Moved(sum(leads for leads, was, _ in counted if was), leaving, coming)


def _a_week(services: Services, tenant_id: UUID, tenths: int) -> float | None:
    """Leads a week that newly reached the whole score above a threshold, as the newest figures counted them."""
    report = making.newest(services, tenant_id)
    if report is None or not report.weeks or not report.reached:
        return None
    return report.reached[min(-(-tenths // 10), 100)] / len(report.weeks)


def choose(services: Services, tenant_id: UUID, team: Team) -> Chosen:
    """Have the band set by a team's capacity from the next model on, on the record, and ask for that model.

    Nothing moves before it: it is tried and published like any other. Where objectives were signed, these say what a
    hot lead is: the capacity becomes the draft of their next version, and nothing is set.
    """
    values: dict[str, Any] = {"high_intent": "capacity", "capacity": team.leads, "reps": team.reps}
    if (drafted := _drafted(services, tenant_id, values)) is not None:
        return drafted
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if not set_values(services, session, tenant_id, "set capacity", values):
            return Chosen.NOTHING
    asking.ask_retraining(services, tenant_id, f"The High-Intent band is to hold {team.leads:,} leads.")
    return Chosen.SET


def _drafted(services: Services, tenant_id: UUID, values: Mapping[str, Any]) -> Chosen | None:
    with services.store.reading(tenant_id) as session:
        signed = objectives.newest(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
    if signed is None:
        return None
    holds = contract.from_settings(settings, Objectives.from_json(signed.body))
    wanted = replace(holds, **values)
    if wanted == holds:
        return Chosen.NOTHING
    signing.draft(services, tenant_id, wanted, f"The team can take {wanted.capacity:,} leads a week.")
    return Chosen.DRAFTED
