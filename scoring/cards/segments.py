"""How the figures fall on the groups that the admin named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scoring.cards.blocks import Block, Paragraph, Section, Table
from scoring.cards.words import NOTHING, count, measured, share
from scoring.figures.figure import Json
from scoring.words import in_percent

_HEAD = (
    "Group",
    "Leads",
    "Converting",
    "Conversion rate",
    "Mean stated chance",
    "Gap",
    "AUC",
    "In the High-Intent band",
    "of which convert",
)


def segments(report: Json) -> Section:
    """One table a named attribute, with the gaps to the largest group."""
    found, blocks = report.get("segments") or (), _models(report.get("segment_models"))
    if not found:
        told = "No attribute was named to compare the figures over: nothing is said of fairness between groups."
        return Section("Segments and fairness", (*blocks, Paragraph(told)))
    best = (report.get("goal") or {}).get("high_intent_share")
    blocks.append(Paragraph(_TOLD.format(share=share(best))))
    for one in found:
        blocks += _attribute(one)
    return Section("Segments and fairness", tuple(blocks))


_MOVED = "{share} of the leads changed their segment while they were watched."
_TOLD = (
    "On the test window, with 95 % intervals. The High-Intent band is here the best {share} of the window's snapshots. "
    "Values of under 30 leads or 5 conversions stand together."
)


def _models(found: Mapping[str, Any] | None) -> list[Block]:
    """Which segments have models of their own, and why the others have none."""
    if found is None:
        return []
    head = ("Segment", "Leads", "Converting", "AUC, common model", "AUC with its own", "What serves")
    rows = tuple(
        (
            one["value"],
            count(one["leads"]),
            count(one["conversions"]),
            *(NOTHING if one[name] is None else f"{one[name]:.3f}" for name in ("auc_parent", "auc_own")),
            one["why"],
        )
        for one in found["segments"]
    )
    blocks: list[Block] = [Paragraph(found["sentence"])]
    if rows:
        blocks.append(Table(f"Models of segments by “{found['label']}” (figures over the rolling windows)", head, rows))
    if found["moved"]:
        blocks.append(Paragraph(_MOVED.format(share=in_percent(found["moved"], 1))))
    return blocks


def _attribute(one: Mapping[str, Any]) -> list[Block]:
    if not one["groups"]:
        return [Paragraph(one["sentence"])]
    use = "an input of the model" if one.get("is_input") else "no input of the model"
    rows = tuple(
        (
            group["value"],
            count(group["leads"]),
            count(group["conversions"]),
            *(measured(group[name], "%") for name in ("rate", "stated", "gap")),
            measured(group["auc"]),
            *(measured(group[name], "%") for name in ("selected", "precision")),
        )
        for group in one["groups"]
    )
    blocks: list[Block] = [Table(f"{one['label']} ({use})", _HEAD, rows)]
    if one["gaps"]:
        head = ("Group", "Difference of selection", "Ratio of selection", "Difference of the true-positive rate")
        gaps = tuple(
            (gap["value"], measured(gap["selected"], "%"), measured(gap["ratio"]), measured(gap["reached"], "%"))
            for gap in one["gaps"]
        )
        blocks.append(Table(f"{one['label']}: gaps to “{one['reference'] or NOTHING}”, the largest", head, gaps))
    return [*blocks, Paragraph(one["sentence"])]
