"""The value report of a month: what came of leads by tier, what was promised and kept, and how it went."""

from __future__ import annotations

from uuid import UUID

import polars as pl

from connector.records import Tier
from connector.services.context import Services
from connector.services.kpis import outcomes, reading
from connector.services.kpis.counting import between, share, within
from connector.services.kpis.reading import Known
from connector.services.kpis.shapes import Line
from connector.services.kpis.wording import told
from connector.services.periodic import kept, running
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import Made, none
from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.figures import kpis as drawn
from scoring.figures.figure import Figure

PAST = "The scores stand at a time in the past: nothing can have happened after they were made."


def build(services: Services, tenant_id: UUID, period: Period) -> Made:
    """Count what a month brought."""
    known = reading.read(services, tenant_id)
    parts = (
        scored(known, period),
        matured(known, period),
        kept.forecasts(services, tenant_id, period),
        kept.experiments(services, tenant_id, known, period),
        running.time_to_crm(services, tenant_id, period),
        running.alerts(services, tenant_id, period),
    )
    return Made(tuple(section for section, _ in parts), tuple(sentence for _, sentence in parts))


def scored(known: Known, period: Period) -> tuple[Section, str]:
    """Leads that got their first score in the period, and how many have converted so far."""
    joined = known.scored.filter(between("at", *period.span)).join(
        known.won.rename({"at": "won_at"}), on="lead_id", how="left"
    )
    after = (pl.col("won_at") > pl.col("at")).fill_null(value=False)
    rows = []
    for tier in Tier:
        mine = joined.filter(pl.col("tier") == tier)
        rows.append((str(tier), f"{mine.height:,}", f"{mine.filter(after).height:,}"))
    says = (
        f"Leads that were scored for the first time from {period.told}, by the tier of that score, and how many have "
        f"converted since. Most have not had their {known.settings.horizon_days} days yet, so that this is no rate."
    )
    blocks: list[Block] = [Paragraph(says)]
    if joined.is_empty():
        blocks.append(none("No lead was scored for the first time in this time."))
    else:
        blocks.append(Table("New leads by tier", ("Tier", "Leads", "Converted so far"), tuple(rows)))
    hot = joined.filter(pl.col("tier") == Tier.HIGH_INTENT).height
    return (
        Section("Leads by tier", tuple(blocks)),
        f"{joined.height:,} leads were scored for the first time, {hot:,} of them High-Intent.",
    )


def matured(known: Known, period: Period) -> tuple[Section, str]:
    """Leads whose whole time ended in the period: the rate of each tier, and its lift over all."""
    days = known.settings.horizon_days
    says = (
        f"Leads whose {days} days after their first score ended from {period.told}: the share of each tier that "
        "converted within them, and its lift, how many times the share of all these leads that is. In a tier without "
        "an interval there are too few to say."
    )
    if known.past:
        return Section("What came of leads whose time is over", (Paragraph(says), none(PAST))), PAST
    over = outcomes.matured(known).filter(between("at", *(end - known.horizon for end in period.span)))
    hits = within("won_at", "at", known.horizon)
    if over.is_empty():
        sentence = "No lead had its whole time in this period, so that nothing can be said of what tiers are worth."
        return Section("What came of leads whose time is over", (Paragraph(says), none(sentence))), sentence
    won = over.filter(hits).height
    rate = won / over.height
    lines = [
        (tier, mine.filter(hits).height, share(tier, mine.filter(hits).height, mine.height))
        for tier in Tier
        for mine in [over.filter(pl.col("tier") == tier)]
    ]
    rows = [(str(tier), f"{line.leads:,}", f"{count:,}", told(line), _lift(line, rate)) for tier, count, line in lines]
    rows.append(("All", f"{over.height:,}", f"{won:,}", told(share("All", won, over.height)), "1.0 ×"))
    head = ("Tier of the first score", "Leads", "Converted", "Share", "Lift")
    blocks: list[Block] = [Paragraph(says), Table("Leads whose time is over", head, tuple(rows))]
    known_rates = [
        (line.label, line.leads, line.value, line.low, line.high)
        for _, _, line in lines
        if line.value is not None and line.low is not None and line.high is not None
    ]
    if known_rates:
        svg = drawn.tiers(known_rates)
        words = "; ".join(f"{label}: {value:.1%} of {leads:,} leads" for label, leads, value, _, _ in known_rates)
        blocks.append(Picture(Figure("tiers", "Conversion by the tier of the first score", words, svg, known_rates)))
    blocks.append(Paragraph("Sellers may call High-Intent leads first: the lift is not what the scores did."))
    best = lines[0][2]
    sentence = f"Of {over.height:,} leads whose time is over {won:,} converted" + (
        f"; High-Intent ones {_lift(best, rate)} as often as all." if best.value is not None and rate else "."
    )
    return Section("What came of leads whose time is over", tuple(blocks)), sentence


def _lift(line: Line, rate: float) -> str:
    return "–" if line.value is None or not rate else f"{line.value / rate:.1f} ×"
