"""What the model is for, what it must not be used for, and which model it is."""

from __future__ import annotations

from typing import Any

from scoring.cards.blocks import Items, Paragraph, Section, Table
from scoring.cards.words import NOTHING
from scoring.figures.figure import Json
from scoring.schema import HighIntent, Timing
from scoring.words import in_percent

_WITHIN = {
    Timing.DATED: "within {days} days after it is scored",
    Timing.CREATED: "at all; the outcome has no date, so the chance holds at intake and no horizon is claimed",
    Timing.ORDERED: "at all; nothing is dated, so the chance holds at intake and no horizon is claimed",
}
_NEVER = (
    "Decisions with legal or similarly significant effects on a person (credit, insurance, employment, housing, "
    "price): it was neither made nor tested for them.",
    "Reading a reason as a cause: leads that differ in one fact differ in others too. Calling more often, or changing "
    "a field, need not change the chance.",
    "Leads unlike those it learned from: another product, market or source, or another way of recording leads.",
    "Judging sales people: it does not know how well a lead was worked on.",
    "Comparing organisations: a score is a place among this organisation's own leads.",
)


def purpose(report: Json) -> Section:
    """Goal, horizon and intended use."""
    goal = report.get("goal") or {}
    what = _WITHIN[Timing(goal["timing"])].format(days=goal["horizon_days"]) if goal else NOTHING
    told = (
        "The model ranks the open leads of one organisation, so that sales works on the likeliest first. It states for "
        f"each the chance that it reaches the goal “{goal.get('name', NOTHING)}” {what}, with the reasons."
    )
    if not goal:
        return Section("Purpose", (Paragraph(told),))
    capacity = f"Sales can work on {goal['capacity']:,} leads a week; hit rates are measured there."
    return Section("Purpose", (Paragraph(told), Paragraph(f"{capacity} {_band(goal)}".strip())))


def _band(goal: Json) -> str:
    """What sets the High-Intent band; reports of older programs do not say."""
    share = in_percent(goal.get("high_intent_share") or 0.0)
    match goal.get("high_intent"):
        case HighIntent.SHARE:
            return f"High-Intent are the best {share} of the open leads."
        case HighIntent.CAPACITY:
            return f"High-Intent are as many of the best open leads: {share} of them at the training."
        case HighIntent.PROBABILITY:
            chance = in_percent(goal["high_intent_probability"])
            return f"High-Intent are leads with a chance of at least {chance}: {share} of the open ones at training."
    return ""


def limits(report: Json) -> Section:
    """What holds back, in this training and in general."""
    notes = tuple(str(note) for note in report.get("notes") or ())
    general = (
        "The figures are of the past. They hold as long as leads come, are recorded and are sold to as they were then.",
        "A chance is that of many leads alike; of a single lead it says little where its interval is wide.",
    )
    return Section(
        "Limits",
        (Items((*notes, *general)), Paragraph("It must not be used for:"), Items(_NEVER)),
    )


def identity(report: Json) -> Section:
    """What tells this version from every other."""
    known: tuple[tuple[str, Any], ...] = (
        ("Version", report.get("version")),
        ("SHA-256 of the artefact", report.get("sha256")),
        ("Present of the training", report.get("as_of")),
        ("Seed", report.get("seed")),
        ("Form of the artefact", report.get("schema")),
    )
    rows = tuple((name, NOTHING if value is None else str(value)) for name, value in known)
    told = "The same data and seed give the same bytes; loading checks owner, form and hash."
    return Section("Identity", (Table("This version", ("What", "Value"), rows), Paragraph(told)))
