"""Pictures on the pages: drawn by ``scoring``, which escapes their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from connector.services.kpis.shapes import Channels, KpiReport
from connector.services.reports.course import Scored
from connector.services.reports.experiments import Line
from connector.services.reports.feedback import Counted, FeedbackReport
from connector.services.reports.goal import Candidate
from connector.services.reports.lead import ScoreCard
from connector.services.reports.lookback import LookbackPage
from scoring.figures import figures
from scoring.figures import kpis as kpi_figures
from scoring.figures.channels import channels
from scoring.figures.course import course
from scoring.figures.drifting import drifting
from scoring.figures.looks import looks
from scoring.figures.months import months
from scoring.figures.strip import strip
from scoring.figures.thresholds import thresholds
from scoring.figures.thumbs import Share, by_tier, by_week
from scoring.waterfall import REST, waterfall


def lead_waterfall(card: ScoreCard) -> Markup:
    """Draw how a score comes about, from the average lead to this one; the drawing escapes its texts."""
    parts: Sequence[tuple[str, float]] = [(part.sentence, part.log_odds) for part in card.contributions]
    if card.details:
        parts = card.details.concepts
    elif card.other:
        parts = [*parts, (REST, card.other)]
    title = f"From the average lead to a score of {card.score:.1f}"
    return Markup(waterfall(card.base, parts, title=title))  # noqa: S704 # escaped where it is drawn


def score_course(found: Sequence[Scored]) -> Markup | None:
    """Draw how a lead's score went; None of fewer than two scores."""
    drawn = course([(one.at, one.score, one.tier) for one in found])
    return Markup(drawn.svg) if drawn else None  # noqa: S704 # escaped where it is drawn


def model_figures(report: Mapping[str, Any]) -> dict[str, Markup]:
    """Draw what a training's report holds the numbers for, by the figures' names."""
    return {name: Markup(drawn.svg) for name, drawn in figures(report).items()}  # noqa: S704 # escaped where it is drawn


def looks_chart(line: Line) -> Markup:
    """Draw what an experiment's arms differed by at each of its looks; there is at least one."""
    begun = line.experiment.begun_at
    found = [((seen.at - begun).total_seconds() / 604_800, seen.difference, seen.low, seen.high) for seen in line.looks]
    return Markup(looks(found, line.arms.difference))  # noqa: S704 # escaped where it is drawn


def drift_figure(course: Mapping[str, Any]) -> Markup | None:
    """Draw how far what moved most was from before, day by day; None of a single day."""
    drawn = drifting(course)
    return Markup(drawn.svg) if drawn else None  # noqa: S704 # escaped where it is drawn


def kpi_charts(report: KpiReport) -> tuple[Markup | None, Markup | None]:
    """Draw conversion by tier and High-Intent leads by week, each where there are numbers for it."""
    by_tier = report.find("by_tier")
    found = [
        (line.label, line.leads, line.value, line.low, line.high)
        for line in (by_tier.lines if by_tier else ())
        if line.value is not None and line.low is not None and line.high is not None
    ]
    counted = [(f"{day:%-d %b}", leads) for day, leads in report.weeks]
    return (
        Markup(kpi_figures.tiers(found)) if found else None,  # noqa: S704 # escaped where it is drawn
        Markup(kpi_figures.weeks(counted, report.capacity)) if counted else None,  # noqa: S704 # escaped where it is drawn
    )


def threshold_figure(points: Sequence[Mapping[str, Any]], chosen: float) -> Markup | None:
    """Draw what thresholds bring, with the chosen one; None where too little is known."""
    drawn = thresholds(points, chosen)
    return Markup(drawn.svg) if drawn else None  # noqa: S704 # escaped where it is drawn


def channel_chart(found: Channels) -> Markup | None:
    """Draw how often leads of each channel convert; None where no channel has leads enough."""
    rows = [
        (row.name, row.leads, row.rate, row.low, row.high)
        for row in found.rows
        if row.rate is not None and row.low is not None and row.high is not None
    ]
    return Markup(channels(rows)) if rows else None  # noqa: S704 # escaped where it is drawn


def thumb_charts(report: FeedbackReport) -> tuple[Markup | None, Markup | None]:
    """Draw the shares of thumbs up by tier and by week, each where there are thumbs."""

    def shares(lines: Sequence[Counted]) -> list[Share]:
        return [Share(line.label, line.thumbs, line.share, line.low, line.high) for line in lines]

    return (
        Markup(by_tier(shares(report.tiers))) if report.tiers else None,  # noqa: S704 # escaped where it is drawn
        Markup(by_week(shares(report.weeks))) if report.weeks else None,  # noqa: S704 # escaped where it is drawn
    )


def lookback_chart(page: LookbackPage) -> Markup | None:
    """Draw where wins and losses stood at each look; None where nothing could be scored."""
    looks_of: dict[tuple[int, bool], list[float]] = {}
    for case in (case for group in page.groups for case in group.cases):
        for days, look in case.looks.items():
            if look.place is not None:
                looks_of.setdefault((days, case.won), []).append(float(look.place))
    # The earliest look stands on top, its wins above its losses.
    rows = [(f"{'won' if won else 'lost'} {days} d", won, found) for (days, won), found in sorted(looks_of.items())]
    return Markup(strip(rows, page.sentence)) if rows else None  # noqa: S704 # escaped where it is drawn


def goal_chart(candidate: Candidate, first_days: Sequence[datetime], what: str) -> Markup | None:
    """Draw an outcome month by month; None where no lead ever had it at a known time."""
    counted = [(f"{day:%b}", leads) for day, leads in zip(first_days, candidate.count.months, strict=True)]
    return Markup(months(counted, what)) if any(leads for _, leads in counted) else None  # noqa: S704 # escaped there


GLOBALS: Mapping[str, object] = {
    "waterfall": lead_waterfall,
    "score_course": score_course,
    "model_figures": model_figures,
    "looks_chart": looks_chart,
    "drift_figure": drift_figure,
    "kpi_charts": kpi_charts,
    "threshold_figure": threshold_figure,
    "channel_chart": channel_chart,
    "thumb_charts": thumb_charts,
    "lookback_chart": lookback_chart,
    "goal_chart": goal_chart,
}
"""What the templates call."""
