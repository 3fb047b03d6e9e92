"""What the model reads, what it must not, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.cards.words import NOTHING, number, share
from scoring.figures import Figure
from scoring.figures.figure import Json

_USES = {
    "used": "used",
    "proven": "left out: proven to give the outcome away",
    "suspect": "held back until it is confirmed",
    "blocked": "blocked: no model may see it",
    "idle": "allowed, but it varies too little or is known too rarely",
}
_ORDER = list(_USES)


def fields(report: Json, drawn: dict[str, Figure]) -> Section:
    """Every field with its use and the evidence."""
    known = {str(one["field"]): one for one in report.get("leakage") or ()}
    listed = sorted(report.get("inputs") or (), key=lambda one: (_ORDER.index(one["use"]), one["label"]))
    rows = tuple(
        (one["label"], one["type"], one["knowledge"], _USES[one["use"]], *_evidence(known.get(one["field"])))
        for one in listed
    )
    head = ("Field", "Type", "Known when", "Use", "Because", "AUC with / without it", "Filled before / after")
    told = (
        "Filled before and after: dated fields at the conversion; others among leads that did not and did convert. "
        "Fields that are blocked, held back or proven are in no part of the model."
    )
    kept = report.get("quarantine") or {}
    blocks: list[Block] = [Paragraph(told)]
    if kept.get("auc_with") is not None:
        both = f"{number(kept['auc_with'])} with the disputed fields, {number(kept['auc_without'])} without them"
        blocks.append(Paragraph(f"A quick model's AUC on validation rows: {both}."))
    blocks.append(Table("Fields", head, rows) if rows else Paragraph("There are no fields."))
    if "leakage" in drawn:
        blocks.append(Picture(drawn["leakage"]))
    return Section("Fields", tuple(blocks))


def _evidence(judged: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if judged is None:
        return NOTHING, NOTHING, NOTHING
    evidence = judged.get("evidence") or {}
    areas, filled = evidence.get("auc") or {}, evidence.get("filled") or {}
    pair = (filled.get("before_conversion"), filled.get("after_conversion"))
    if pair == (None, None):
        pair = (filled.get("unconverted"), filled.get("converted"))
    both = f"{number(areas.get('with_it'))} / {number(areas.get('without'))}"
    return str(judged["reason"]), both, f"{share(pair[0])} / {share(pair[1])}"


def influence(report: Json, drawn: dict[str, Figure]) -> Section:
    """The strongest facts with their direction."""
    found = report.get("influence") or ()
    if not found:
        return Section("What moves the scores", (Paragraph("Nothing was learned: rules alone rank the leads."),))
    rows = tuple(
        (
            one["concept"],
            number(one["mean_absolute"], 2),
            f"{number(one['quantiles'][0], 2)} to {number(one['quantiles'][-1], 2)}",
            one["leading"],
            _direction(one["direction"]),
        )
        for one in found
    )
    head = (
        "Fact",
        "Mean strength (log-odds)",
        "Middle 90 % of the leads",
        "Its weightiest input",
        "A high value of it",
    )
    blocks: tuple[Block, ...] = (Table("Strongest first, over a sample of snapshots", head, rows),)
    return Section("What moves the scores", (*blocks, Picture(drawn["influence"])) if "influence" in drawn else blocks)


def _direction(found: float | None) -> str:
    if found is None or abs(found) < 0.3:
        return "now raises, now lowers"
    return "raises the chance" if found > 0 else "lowers the chance"
