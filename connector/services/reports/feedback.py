"""The page Feedback: what people say of scores, whether they were right, what they set by hand, and whom they leave
out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.services.context import Services
from connector.services.reports.people import people_of
from connector.store import exclusions, feedback, frames, leads, overrides, scores, successions, tenants
from connector.store.exclusions import Exclusion
from connector.store.frames import Cut
from connector.store.overrides import Override
from connector.store.tenants import TenantSettings
from connector.store.types import AnyRow

WEEKS = 12
_SHOWN = 200
"""Overrides and exclusions on the page, each."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Thumbs of one tier or week (``label``), and the share of thumbs up with its 95 % interval."""

    label: str
    up: int
    down: int
    share: float
    low: float
    high: float

    @property
    def thumbs(self) -> int:
        """Both together."""
        return self.up + self.down


@dataclass(frozen=True, slots=True)
class Agreement:
    """Leads with one kind of thumb whose time is over: how many converted, and what the model expected of them.

    ``low`` and ``high``: between them lie nineteen of twenty such totals where the model is right and the thumbs tell
    nothing.
    """

    good: bool
    leads: int
    won: int
    expected: float
    low: int
    high: int

    @property
    def verdict(self) -> str:
        """What that says, in a sentence."""
        if self.won < self.low:
            return "Fewer than the model expected: these thumbs knew more." if not self.good else "Fewer than expected."
        if self.won > self.high:
            return "More than the model expected: these thumbs knew more." if self.good else "More than expected."
        return "As many as the model expected, within chance: so far these thumbs tell nothing that it does not know."


@dataclass(frozen=True, slots=True)
class Held:
    """An override that holds: who it is, what the model says, and how old it is."""

    override: Override
    name: str
    model_score: Decimal | None
    model_tier: str | None
    age: timedelta


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An exclusion: whom it means in words, and how many leads that is now."""

    exclusion: Exclusion
    label: str
    leads: int
    lead_id: int | None


@dataclass(frozen=True, slots=True)
class FeedbackReport:
    """``agreement`` is empty as long as no rated lead had its whole time, and where ``uncounted`` says why."""

    tiers: Sequence[Counted]
    weeks: Sequence[Counted]
    reasons: Sequence[tuple[str, int]]
    agreement: Sequence[Agreement]
    uncounted: str | None
    horizon_days: int
    held: Sequence[Held]
    left_out: Sequence[LeftOut]
    choice: str


def feedback_report(services: Services, tenant_id: UUID) -> FeedbackReport:
    """Report what people said of a tenant's scores."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        thumbs = last_words(feedback.of_tenant(session, tenant_id))
        held = _held(session, tenant_id, now)
        left_out = _left_out(session, tenant_id)
        agreement = _agreement(session, tenant_id, settings, thumbs, now)
    since = _week(now) - timedelta(weeks=WEEKS - 1)
    recent = [row for row in thumbs if row.at >= since]
    by_tier = _counted(thumbs, lambda row: row.tier)
    by_week = _counted(recent, lambda row: _week(row.at))
    property_goal = settings.goal.startswith("property:")
    return FeedbackReport(
        tiers=[one for tier in Tier for one in by_tier if one.label == tier],
        weeks=[_dated(one) for one in sorted(by_week, key=lambda one: one.label)],
        reasons=Counter(row.reason for row in thumbs if not row.good).most_common(),
        agreement=agreement,
        uncounted="Where success is a value of a field, it is not counted here." if property_goal else None,
        horizon_days=settings.horizon_days,
        held=held,
        left_out=left_out,
        choice=settings.excluded,
    )


def last_words(rows: Iterable[AnyRow]) -> list[AnyRow]:
    """Return what counts of thumbs, oldest first: the last one of each person on each score."""
    return list({(row.lead_id, row.author, row.scored_seq): row for row in rows}.values())


def _week(at: datetime) -> datetime:
    """The Monday on which a week begins, UTC."""
    return (at - timedelta(days=at.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def _counted(rows: Sequence[AnyRow], of: Any) -> list[Counted]:
    # Imported here, as everywhere on the pages: few of them need the library of statistics.
    from scoring.rates import wilson

    groups: dict[Hashable, list[bool]] = {}
    for row in rows:
        groups.setdefault(of(row), []).append(row.good)
    found = []
    for key, given in groups.items():
        low, high = wilson(sum(given), len(given))
        label = key.isoformat() if isinstance(key, datetime) else str(key)
        found.append(Counted(label, sum(given), len(given) - sum(given), sum(given) / len(given), low, high))
    return found


def _dated(one: Counted) -> Counted:
    day = datetime.fromisoformat(one.label)
    return Counted(f"{day:%-d %b}", one.up, one.down, one.share, one.low, one.high)


def _agreement(
    session: Connection, tenant_id: UUID, settings: TenantSettings, thumbs: Sequence[AnyRow], now: datetime
) -> list[Agreement]:
    """Compare what became of rated leads with what the model had expected of them at those very scores."""
    horizon = timedelta(days=settings.horizon_days)
    # One word a lead: the last of those whose time is over.
    over = {row.lead_id: row for row in thumbs if row.at + horizon <= now}
    if not over or settings.as_of or settings.goal.startswith("property:"):
        return []
    # Imported here for the same reason as above.
    import numpy as np

    from scoring.promises.sums import total

    won = _won(session, tenant_id, settings, over, horizon)
    found = []
    for good in (True, False):
        rows = [row for row in over.values() if row.good is good]
        if rows:
            sum_ = total(np.array([float(row.probability) for row in rows]), 0.0, 0.95)
            converted = sum(row.lead_id in won for row in rows)
            found.append(Agreement(good, len(rows), converted, sum_.expected, sum_.low, sum_.high))
    return found


def _won(
    session: Connection, tenant_id: UUID, settings: TenantSettings, over: Mapping[int, AnyRow], horizon: timedelta
) -> set[int]:
    """Return the leads that converted within the horizon after their thumb, be they another lead by now."""
    living = leads.existing(session, tenant_id, sorted(over))
    heirs = {lead: [lead] for lead in living}
    for lead in over.keys() - living:
        heirs[lead] = [row.lead_id for row in successions.heirs(session, tenant_id, lead)]
    asked = sorted({heir for mine in heirs.values() for heir in mine})
    if not asked:
        return set()
    told = frames.conversion_frame(session, tenant_id, settings.goal, Cut(tuple(asked))).drop_nulls("at")
    times: dict[int, list[datetime]] = {}
    for lead, at in told.select("lead_id", "at").iter_rows():
        times.setdefault(lead, []).append(at)
    return {
        lead
        for lead, row in over.items()
        if any(row.at < at <= row.at + horizon for heir in heirs[lead] for at in times.get(heir, ()))
    }


def _names(session: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> dict[int, str]:
    return {lead: person.name for lead, person in people_of(session, tenant_id, lead_ids).items()}


def _held(session: Connection, tenant_id: UUID, now: datetime) -> list[Held]:
    found = overrides.of_tenant(session, tenant_id)[:_SHOWN]
    ids = sorted({item.lead_id for item in found})
    names = _names(session, tenant_id, ids)
    model = {row.lead_id: row for row in scores.of_leads(session, tenant_id, ids)}
    return [
        Held(
            item,
            names[item.lead_id],
            model[item.lead_id].score if item.lead_id in model else None,
            model[item.lead_id].tier if item.lead_id in model else None,
            now - item.made_at,
        )
        for item in found
    ]


def _left_out(session: Connection, tenant_id: UUID) -> list[LeftOut]:
    held = exclusions.of_tenant(session, tenant_id)[:_SHOWN]
    sizes = exclusions.sizes(session, tenant_id)
    whom = exclusions.people_of(session, tenant_id, [item.id for item in held if item.record_id is not None])
    names = _names(session, tenant_id, sorted(set(whom.values())))
    return [
        LeftOut(
            item,
            item.value if item.value is not None else names.get(whom.get(item.id, 0), "A person whose record is gone"),
            sizes.get(item.id, 0),
            whom.get(item.id),
        )
        for item in held
    ]
