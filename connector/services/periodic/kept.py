"""What was promised and what came: sealed forecasts that opened, and what experiments say the scores are worth."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from connector.services.context import Services
from connector.services.kpis import money, outcomes
from connector.services.kpis.reading import Known
from connector.services.kpis.wording import told
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import none, plural
from connector.services.reports.experiments import Line, experiment_lines
from connector.services.reports.forecasts import opened_forecasts
from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.figures.frame import Words
from scoring.figures.ranges import Meaning, Span, ranges

_CENT = Decimal("0.01")
NO_EXPERIMENT = (
    "No experiment ran. What follows is a plain before/after, which is no proof: season, prices, campaigns and "
    "whatever else changed are in it as well. No value is claimed for the scores."
)


def forecasts(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """Sealed forecasts whose time ended in the period."""
    says = (
        "Each week the best leads make a list, and what will come of it is sealed. A forecast is kept where as many "
        "converted as it said, nine times of ten; a promise where at least so many did."
    )
    found = [one for one in opened_forecasts(services, tenant_id) if period.start <= one.opens_at < period.end]
    if not found:
        sentence = "No sealed forecast opened in this time."
        return Section("Forecasts kept", (Paragraph(says), none(sentence))), sentence
    rows = tuple(
        (
            f"{one.made_at:%-d %b %Y}",
            f"{one.leads:,}",
            f"{one.low:,} to {one.high:,}",
            "–" if one.promised is None else f"{one.promised:,}",
            f"{one.won:,}",
            ("kept" if one.met else "missed") if one.intact else "the text is not the one that was sealed",
        )
        for one in found
    )
    head = ("Sealed", "Leads", "Forecast", "Promised at least", "Converted", "Verdict")
    met = sum(one.met and one.intact for one in found)
    told_of = f"{met} of {plural(len(found), 'forecast')} that opened {'was' if met == 1 else 'were'} kept."
    words = Words("Forecast and outcome", "A dot outside its bar is a forecast that was missed.", told_of)
    meaning = Meaning("Sealed on", "Leads that converted", "converted", "forecast, nine of ten")
    spans = [Span(f"{one.made_at:%-d %b}", one.low, one.high, one.won) for one in found]
    picture = Picture(ranges("forecasts", words, meaning, spans))
    return Section("Forecasts kept", (Paragraph(says), Table("Forecasts that opened", head, rows), picture)), told_of


def experiments(services: Services, tenant_id: UUID, known: Known, period: Period) -> tuple[Section, str]:
    """What experiments that ran in the period say; else the before/after, which proves nothing."""
    ran = [line for line in experiment_lines(services, tenant_id) if _ran(line, period)]
    if not ran:
        plain = outcomes.before_after(known)
        rows = tuple((line.label, f"{line.leads:,}", told(line)) for line in plain.lines)
        blocks: list[Block] = [Paragraph(NO_EXPERIMENT)]
        if rows:
            blocks.append(Table(plain.says, ("Leads created", "Leads", "Share that converted"), rows))
        return Section("What the scores were worth", tuple(blocks)), "No experiment ran: no value is claimed."
    blocks = []
    for line in ran:
        blocks += [Paragraph(line.verdict), *_worth(line, known)]
    return Section("What the scores were worth, by experiment", tuple(blocks)), ran[0].verdict


def gain(line: Line) -> tuple[float, float, float] | None:
    """Conversions that showing the scores brought among those shown: (low, value, high) of the newest look."""
    seen = line.looks[-1] if line.looks else None
    if seen is None or seen.low is None or seen.high is None:
        return None
    shown = seen.leads[1]
    return seen.low * shown, seen.difference * shown, seen.high * shown


def in_money(conversions: tuple[float, float, float], known: Known) -> str | None:
    """What (low, value, high) conversions are worth at the mean amount of last year's, in words; None where too few
    amounts are known."""
    mean = money.mean_amount(known)
    if mean is None:
        return None
    low, value, high = ((Decimal(repr(part)) * mean[0]).quantize(_CENT) for part in conversions)
    return f"{value:+,.2f} ({low:+,.2f} to {high:+,.2f}) {mean[1] or ''}".rstrip()


def _ran(line: Line, period: Period) -> bool:
    ended = line.experiment.ended_at
    return line.experiment.begun_at < period.end and (ended is None or ended >= period.start)


def _worth(line: Line, known: Known) -> list[Block]:
    found = gain(line)
    if found is None:
        return []
    low, value, high = found
    seen = line.looks[-1]
    rows = [
        ("Converted, scores held back", f"{seen.control:.1%}", f"{seen.leads[0]:,}"),
        ("Converted, scores shown", f"{seen.treated:.1%}", f"{seen.leads[1]:,}"),
        ("Conversions more than without scores", f"{value:+,.1f} ({low:+,.1f} to {high:+,.1f})", f"{seen.leads[1]:,}"),
    ]
    worth = in_money((low, value, high), known)
    if worth is not None:
        rows.append(("At the mean amount", worth, "–"))
    caption = f"Looked at on {seen.at:%-d %b %Y}; the interval holds at all looks together (95 %)"
    return [Table(caption, ("Figure", "Value", "Leads"), tuple(rows))]
