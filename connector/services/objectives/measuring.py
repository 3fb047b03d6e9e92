"""What was signed against what is: each point kept or missed, or why nobody can say yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from connector.services.context import Services
from connector.services.kpis import making
from connector.services.kpis.shapes import Channel, Channels, KpiReport
from connector.services.kpis.wording import told
from connector.services.lane_speed import LEAST, LaneSpeed, lane_speed
from connector.services.objectives.contract import COMPLEXITIES, Objectives
from connector.store import models, objectives, tenants
from connector.store.tenants import TenantSettings


class State(StrEnum):
    """What became of a point."""

    KEPT = "kept"
    MISSED = "missed"
    UNKNOWN = "not known yet"


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was signed: what was ``agreed``, what was ``seen``, and whether it is kept.

    ``unsure``: the figure's 95 % interval reaches over the target, so that chance may have decided.
    """

    label: str
    agreed: str
    seen: str
    state: State
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How a tenant stands to the version that its owner signed; ``figures_at`` is when its figures were counted."""

    version: int
    signed_at: datetime
    signed_by: str
    figures_at: datetime | None
    points: Sequence[Point]

    def count(self, state: State) -> int:
        """How many points are in a state."""
        return sum(point.state is state for point in self.points)

    @property
    def sentence(self) -> str:
        """All points together in a sentence."""
        missed = [point.label for point in self.points if point.state is State.MISSED]
        unknown = self.count(State.UNKNOWN)
        said = f"{self.count(State.KEPT)} of {len(self.points)} points are kept"
        said += f"; missed: {', '.join(missed)}" if missed else ""
        return said + (f"; {unknown} can't be told yet." if unknown else ".")


def standing(services: Services, tenant_id: UUID) -> Standing | None:
    """Measure a tenant against the version that holds; None before the first signature."""
    with services.store.reading(tenant_id) as session:
        signed = objectives.newest(session, tenant_id)
        if signed is None:
            return None
        settings = tenants.get(session, tenant_id).settings
        champion = models.champion_report(session, tenant_id)
    agreed, report = Objectives.from_json(signed.body), making.newest(services, tenant_id)
    goal = dict((champion or {}).get("goal") or {})
    points = [
        _definition(agreed, settings),
        _complexity(agreed, goal),
        *_shares(agreed, report),
        *_channels(agreed, report),
    ]
    if agreed.crm_seconds is not None:
        points.append(_speed(agreed.crm_seconds, lane_speed(services, tenant_id)))
    return Standing(signed.version, signed.signed_at, signed.signed_by, report.made_at if report else None, points)


def _definition(agreed: Objectives, settings: TenantSettings) -> Point:
    wrong = agreed.differing(settings)
    seen = f"the settings say otherwise of {', '.join(wrong).replace('_', ' ')}" if wrong else "set so"
    return Point("What a hot lead is", "as signed", seen, State.MISSED if wrong else State.KEPT)


def _complexity(agreed: Objectives, goal: dict[str, object]) -> Point:
    """What the model that scores was allowed: a stricter model keeps a laxer word."""
    label, ranks = "Complexity of the model", list(COMPLEXITIES)
    said = agreed.complexity + (f", at most {agreed.most_facts} facts" if agreed.most_facts else "")
    used, most = str(goal.get("complexity", "")), goal.get("most_facts")
    if used not in ranks:
        return Point(label, said, "no model scores yet", State.UNKNOWN)
    within = ranks.index(used) <= ranks.index(agreed.complexity)
    few = agreed.most_facts is None or (isinstance(most, int) and most <= agreed.most_facts)
    seen = f"the model that scores was trained with {used}" + (f", at most {most} facts" if most else "")
    return Point(label, said, seen, State.KEPT if within and few else State.MISSED)


def _shares(agreed: Objectives, report: KpiReport | None) -> Iterator[Point]:
    targets = (
        ("High-Intent leads that convert", agreed.precision, "by_tier", "High-Intent"),
        ("Conversions found by High-Intent", agreed.coverage, "found", "Conversions"),
    )
    for label, target, key, name in targets:
        if target is not None:
            yield _share(label, target, report, key, name)


def _share(label: str, target: float, report: KpiReport | None, key: str, name: str) -> Point:
    said = f"at least {target * 100:g} %"
    kpi = report.find(key) if report else None
    line = next((line for line in kpi.lines if line.label == name), None) if kpi else None
    if line is None or line.value is None or line.low is None or line.high is None:
        return Point(label, said, told(line) if line else "not counted yet", State.UNKNOWN)
    state = State.KEPT if line.value >= target else State.MISSED
    return Point(label, said, f"{told(line)} of {line.leads:,} leads", state, unsure=line.low < target < line.high)


def _channels(agreed: Objectives, report: KpiReport | None) -> Iterator[Point]:
    found = report.channels if report else Channels(None, None, 0, 0, ())
    rows = {row.name.casefold(): row for row in found.rows}
    for name in agreed.channels:
        yield _channel(name, rows.get(name.casefold()))


def _channel(name: str, row: Channel | None) -> Point:
    """Paid: it brought at least what it cost, in every currency in which both are known."""
    label, said = f"{name} pays", "brings at least what it costs"
    if row is None or not row.costs:
        return Point(label, said, "no spend of a month whose time is over", State.UNKNOWN)
    spent = [cost for cost in row.costs if cost.spent > 0]
    seen = "; ".join(f"{cost.brought:,.2f} for {cost.spent:,.2f} {cost.currency}" for cost in spent)
    foreign = {currency for currency, amount in row.brought if amount > 0} - {cost.currency for cost in spent}
    paid = all(cost.brought >= cost.spent for cost in spent)
    if not spent or (not paid and (foreign or row.brought == ())):
        why = "what it brought is in another currency" if foreign else "no amount of its conversions is known"
        return Point(label, said, f"{seen or 'nothing was spent'}; {why}", State.UNKNOWN)
    return Point(label, said, seen, State.KEPT if paid else State.MISSED)


def _speed(target: int, found: LaneSpeed) -> Point:
    label, said = "Time until the CRM has a value", f"95 % within {target:,} s"
    if found.seconds is None:
        seen = f"too few to say: {found.leads} of the last days, {LEAST} are needed"
        return Point(label, said, seen, State.UNKNOWN)
    state = State.KEPT if found.seconds <= target else State.MISSED
    return Point(label, said, f"95 % within {found.seconds:,.1f} s, of {found.leads:,}", state)
