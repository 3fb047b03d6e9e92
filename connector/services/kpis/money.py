"""Figures in money: what came in and what is expected by tier, and what a lead costs. All sums are decimal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from connector.records import Tier
from connector.services.kpis.counting import LEAST_TIMES, too_few
from connector.services.kpis.reading import YEAR, Known
from connector.services.kpis.shapes import Kpi, Line, Unit
from connector.store.spend import Spent

_CENT = Decimal("0.01")
MONTHS = 12
"""The newest months with spend that are looked at."""


def revenue(known: Known) -> Kpi:
    """What conversions after the first score brought, by its tier."""
    since = known.now - YEAR
    says = "Amounts of conversions that came after a lead's first score, by the tier of that score."
    first = {lead: (at, tier) for lead, at, tier in known.scored.join(known.leads, on="lead_id", how="semi").rows()}
    after = [row for row in known.paid if row.lead_id in first and max(since, first[row.lead_id][0]) < row.at]
    sums: dict[tuple[str, str | None], list[tuple[int, Decimal]]] = {}
    for row in after:
        if row.amount is not None:
            sums.setdefault((first[row.lead_id][1], row.currency), []).append((row.lead_id, row.amount))
    unknown = sum(row.amount is None for row in after)
    note = f"{unknown} such conversions have no amount in the CRM." if unknown else ""
    lines = tuple(
        Line(
            tier,
            Unit.MONEY,
            len({lead for lead, _ in found}),
            amount=sum((amount for _, amount in found), Decimal(0)).quantize(_CENT),
            currency=currency,
        )
        for (tier, currency), found in sorted(
            sums.items(), key=lambda item: (list(Tier).index(Tier(item[0][0])), str(item[0][1]))
        )
    )
    if not lines:
        missing = "No conversion with an amount came after a score yet."
        lines = (Line("All leads", Unit.MONEY, 0, missing=missing),)
    return Kpi("revenue", "Revenue by tier", says, since, lines, note)


def pipeline(known: Known) -> Kpi:
    """What the leads that are open now are expected to bring."""
    days = known.settings.horizon_days
    says = (
        f"Conversions that the model expects of open leads within {days} days, by their tier now; and their worth at "
        "the mean amount of last year's conversions."
    )
    won, known_leads = set(known.won["lead_id"]), set(known.leads["lead_id"])
    mean = mean_amount(known)
    lines: list[Line] = []
    for tier in Tier:
        held = [row.probability for row in known.chances if row.tier == tier and row.lead_id in known_leads - won]
        chances = sum(held, Decimal(0))
        lines.append(Line(f"{tier}, conversions", Unit.COUNT, len(held), float(chances)))
        if mean:
            worth = (chances * mean[0]).quantize(_CENT)
            lines.append(Line(f"{tier}, worth", Unit.MONEY, len(held), amount=worth, currency=mean[1]))
    note = "An estimate, as right as the model is." + (
        "" if mean else f" Without {LEAST_TIMES} amounts of one currency in the last year there is no worth."
    )
    return Kpi("pipeline", "Expected of open leads", says, None, tuple(lines), note)


def mean_amount(known: Known) -> tuple[Decimal, str | None] | None:
    """Return the mean amount of last year's conversions in their commonest currency; None where too few are known."""
    paid = [row for row in known.paid if row.amount is not None and row.amount > 0 and row.at >= known.now - YEAR]
    if not paid:
        return None
    (currency, count), *_ = Counter(row.currency for row in paid).most_common(1)
    if count < LEAST_TIMES:
        return None
    return sum((row.amount for row in paid if row.currency == currency), Decimal(0)) / count, currency


def spend_per_lead(known: Known) -> Kpi:
    """What marketing spent, by the leads that came."""
    months = sorted({item.month for item in known.spent if item.month < f"{known.now:%Y-%m}"})[-MONTHS:]
    used = [item for item in known.spent if item.month in months]
    says = "Marketing spend of whole months, divided by the leads that were created in them."
    note = "A channel's leads are those whose source in the CRM is called like the channel."
    if not used:
        missing = "No spend of a whole month was entered yet. Upload a file on the page KPIs."
        line = Line("All channels", Unit.MONEY, 0, missing=missing)
        return Kpi("spend_per_lead", "Spend per lead", says, None, (line,), note)
    born = known.leads.join(known.sources, on="lead_id", how="left")
    created = [(f"{at:%Y-%m}", channel) for _, at, channel in born.select("lead_id", "created_at", "channel").rows()]
    lines = []
    for currency in sorted({item.currency for item in used}):
        mine = [item for item in used if item.currency == currency]
        lines.append(_price("All channels", mine, currency, [month for month, _ in created]))
        for name in sorted({item.channel for item in mine}, key=str.casefold):
            of_channel = [item for item in mine if item.channel == name]
            theirs = [month for month, channel in created if channel == name.lower()]
            lines.append(_price(name, of_channel, currency, theirs))
    first = min(months)
    since = known.now.replace(
        year=int(first[:4]), month=int(first[5:]), day=1, hour=0, minute=0, second=0, microsecond=0
    )
    return Kpi("spend_per_lead", "Spend per lead", says, since, tuple(lines), note)


def _price(label: str, spent: Sequence[Spent], currency: str, created: Sequence[str]) -> Line:
    months = {item.month for item in spent}
    leads = sum(month in months for month in created)
    if leads < LEAST_TIMES:
        return Line(label, Unit.MONEY, leads, currency=currency, missing=too_few(leads, LEAST_TIMES))
    total = sum((item.amount for item in spent), Decimal(0))
    return Line(label, Unit.MONEY, leads, amount=(total / leads).quantize(_CENT), currency=currency)
