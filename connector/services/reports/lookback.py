"""The page that asks whether the newest wins and losses would have been found before they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.reports.people import people_of
from connector.store import lookbacks, models, tenants
from connector.store.lookbacks import Look
from scoring.figures.strip import TOP

DAYS = (60, 30, 7)
_PREFERRED = (30, 7, 60)
"""Which look the sentence speaks of: the first of these at which enough leads were there."""
_ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A lead that ended, with its looks by days before. ``place``: at the look that the page speaks of."""

    lead_id: int
    name: str
    won: bool
    outcome: str
    ended_at: datetime
    looks: Mapping[int, Look]
    place: float | None

    @property
    def high(self) -> bool:
        """Whether it stood in the top fifth."""
        return self.place is not None and self.place >= TOP


@dataclass(frozen=True, slots=True)
class Standing:
    """At one look: of so many wins and losses that were there and could be scored, how many were in the top fifth.

    ``above``: the share of pairs of both in which the win stood higher; None without any.
    """

    days: int
    wins: int
    wins_high: int
    losses: int
    losses_high: int
    above: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Cases that the page shows together; ``wrong``: the ranking misled."""

    title: str
    wrong: bool
    cases: Sequence[Case]


@dataclass(frozen=True, slots=True)
class LookbackPage:
    """What the page shows of the model that scores. ``days``: the look that it speaks of. ``other_goal``: the model
    was trained for another goal than is set by now. ``told``: what the training noted; None: it looked at nothing."""

    version: str
    trained_at: datetime
    days: int
    standings: Sequence[Standing]
    groups: Sequence[Group]
    told: Mapping[str, Any] | None
    dated: bool
    other_goal: bool

    @property
    def sentence(self) -> str:
        """The verdict."""
        at = next((one for one in self.standings if one.days == self.days), None)
        if at is None or not at.wins:
            return "None of the newest wins was there early enough to be looked at."
        chance = "would be in the top fifth" if at.wins == 1 else f"{at.wins / 5:.0f} would be there"
        said = f"{at.wins_high} of {at.wins} wins stood in the top fifth {at.days} days before they came"
        lost = f"; {at.losses_high} of {at.losses} losses did too" if at.losses else ""
        return f"{said}{lost}. By chance {chance}."


def lookback_page(services: Services, tenant_id: UUID) -> LookbackPage | None:
    """Return the page; None before the first training."""
    with services.store.reading(tenant_id) as session:
        champion = models.champion(session, tenant_id)
        if champion is None:
            return None
        settings = tenants.get(session, tenant_id).settings
        looks = lookbacks.of_model(session, tenant_id, champion.version)
        standings = [_standing(days, looks) for days in DAYS]
        days = _spoken_of(standings)
        cases = _cases(session, tenant_id, looks, days)
    goal: Mapping[str, Any] = champion.report.get("goal") or {}
    return LookbackPage(
        version=champion.version,
        trained_at=champion.created_at,
        days=days,
        standings=standings,
        groups=_groups(cases, days),
        told=champion.report.get("lookback"),
        dated=settings.timing == "dated",
        other_goal=(goal.get("name"), goal.get("horizon_days")) != (settings.goal, settings.horizon_days),
    )


def _standing(days: int, looks: Sequence[Look]) -> Standing:
    known = [look for look in looks if look.days_before == days and look.place is not None]
    wins, losses = ([float(look.place or 0) for look in known if look.won is won] for won in (True, False))
    high = [sum(place >= TOP for place in places) for places in (wins, losses)]
    return Standing(days, len(wins), high[0], len(losses), high[1], _above(wins, losses))


def _above(wins: Sequence[float], losses: Sequence[float]) -> float | None:
    pairs = [(win > loss) + (win == loss) / 2 for win in wins for loss in losses]
    return sum(pairs) / len(pairs) if pairs else None


def _spoken_of(standings: Sequence[Standing]) -> int:
    by_days = {one.days: one for one in standings}
    enough = (days for days in _PREFERRED if by_days[days].wins >= _ENOUGH)
    return next(enough, max(_PREFERRED, key=lambda days: by_days[days].wins))


def _cases(session: Connection, tenant_id: UUID, looks: Sequence[Look], days: int) -> list[Case]:
    by_lead: dict[int, dict[int, Look]] = {}
    for look in looks:
        by_lead.setdefault(look.lead_id, {})[look.days_before] = look
    people = people_of(session, tenant_id, by_lead)
    return [_case(people[lead_id].name, held, days) for lead_id, held in by_lead.items()]


def _case(name: str, held: Mapping[int, Look], days: int) -> Case:
    look = next(iter(held.values()))
    at = held.get(days)
    place = None if at is None or at.place is None else float(at.place)
    return Case(look.lead_id, name, look.won, look.outcome, look.ended_at, held, place)


def _groups(cases: Sequence[Case], days: int) -> list[Group]:
    """What misled comes first, and in each the lead that misled most."""
    known = [one for one in cases if one.place is not None]
    rising, falling = sorted(known, key=_place), sorted(known, key=_place, reverse=True)
    groups = (
        Group("Wins that it would have missed", True, [one for one in rising if one.won and not one.high]),
        Group("Losses that it would have sent you to", True, [one for one in falling if not one.won and one.high]),
        Group("Wins that it would have found", False, [one for one in falling if one.won and one.high]),
        Group("Losses that it would have left aside", False, [one for one in rising if not one.won and not one.high]),
        Group(
            f"Not to be told {days} days before: not there yet, or too little was known to learn from",
            False,
            [one for one in cases if one.place is None],
        ),
    )
    return [group for group in groups if group.cases]


def _place(case: Case) -> float:
    return case.place or 0.0
