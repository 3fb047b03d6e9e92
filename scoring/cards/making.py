"""How the model came about: data, split, recipe."""

from __future__ import annotations

from typing import Any

from scoring import glossary
from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.cards.words import NOTHING, count, number, share, span
from scoring.figures import Figure
from scoring.figures.figure import Json
from scoring.schema import Complexity, Timing


def data(report: Json, drawn: dict[str, Figure]) -> Section:
    """Rows, leads, conversions, windows, and how long conversions take."""
    split = report.get("split") or {}
    parts: tuple[tuple[str, Any], ...] = (
        ("All that has matured (the serving model)", report),
        ("Learned from, for the test", split.get("learned_from")),
        ("Test: newer than all that was learned from", report.get("test")),
    )
    rows = tuple(
        (name, span(part.get("window")), count(part.get("rows")), count(part.get("leads")), count(part["conversions"]))
        for name, part in parts
        if part and part.get("conversions") is not None
    )
    head = ("Part", "Snapshots of", "Snapshots", "Leads", "Converting leads")
    told = "A snapshot is a lead on a date with only what was known then. Only snapshots whose time is over are used."
    blocks: list[Block] = [Paragraph(told), Table("Data", head, rows), *_outcomes(report)]
    if "delay" in drawn:
        blocks.append(Picture(drawn["delay"]))
    return Section("Data", tuple(blocks))


def _outcomes(report: Json) -> list[Block]:
    """What became of the leads, and of those that the model ranks highest."""
    found = report.get("outcomes") or {}
    every, highest = found.get("all") or {}, found.get("highest") or {}
    if not every:
        return []
    rows = tuple(
        (name, count(one["leads"]), share(one["share"]), share((highest.get(name) or {"share": 0.0})["share"]))
        for name, one in every.items()
    )
    head = ("Outcome", "Leads", "Share of all snapshots", "Share of the test's highest")
    return [Table("What became of them", head, rows)]


def recipe(report: Json) -> Section:
    """How it was split and chosen."""
    split = report.get("split") or {}
    kind = str(report.get("kind", NOTHING))
    blocks: list[Block] = [Paragraph(f"Serving model: {glossary.KINDS.get(kind, kind)}."), *_accepted(report)]
    if split:
        blocks.append(
            Paragraph(f"By time: the test is newer than all that was learned from. {_embargo(report, split)}")
        )
    candidates = sorted((report.get("candidates") or {}).items(), key=lambda item: -item[1])
    if candidates:
        rows = tuple((name, number(area)) for name, area in candidates)
        told = (
            f"Chosen over {count(split.get('windows'))} rolling windows before the test; a more complex candidate is "
            "taken only when it stays better in most paired resamples of leads. The test played no part in the choice."
        )
        blocks += [Paragraph(told), Table("Candidates", ("Candidate", "Mean AUC over the windows"), rows)]
    return Section("Split and recipe", tuple(blocks))


_ACCEPTED = {
    Complexity.INTERPRETABLE: "a list of coefficients alone; blends, trees and networks were not considered",
    Complexity.STANDARD: "blends with trees and small networks; what costs more was not considered",
    Complexity.FULL: "everything that the program knows",
}


def _accepted(report: Json) -> list[Block]:
    """How complex a model the organisation accepts, and what was left out for it; older reports do not say."""
    goal = report.get("goal") or {}
    if "complexity" not in goal:
        return []
    told = f"Accepted complexity: {_ACCEPTED[Complexity(goal['complexity'])]}."
    most, facts = goal.get("most_facts"), report.get("facts")
    if facts:
        kept = ", ".join(facts["kept"])
        told += f" Of {facts['offered']} facts about a lead it may look at {len(facts['kept'])}, the strongest: {kept}."
    elif most is not None and report.get("split"):
        told += f" At most {most} facts about a lead may be looked at; there were no more."
    return [Paragraph(told)]


def _embargo(report: Json, split: Json) -> str:
    gap, goal = split.get("gap_days"), report.get("goal") or {}
    if gap is None or goal.get("timing") != Timing.DATED:
        return "No embargo can be kept: outcomes have no date."
    if gap >= goal["horizon_days"]:
        return (
            f"{gap:.0f} days lie between both, so that every outcome that was learned from was known before the test."
        )
    return f"Only {gap:.0f} days lie between both, less than the horizon: the figures may be slightly optimistic."
