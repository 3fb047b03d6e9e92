"""What was found of the signs and shapes in the linear part of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scoring.cards.blocks import Block, Paragraph, Section, Table
from scoring.cards.words import count, share
from scoring.figures.figure import Json


def shapes(report: Json) -> Section:
    """Inputs that count the other way than alone, and those whose rate both rises and falls."""
    found = report.get("signs")
    if not found:
        return Section(
            "Signs and shapes", (Paragraph("No signs were checked: the model holds no plain logistic regression."),)
        )
    turned, bent, concepts = found["turned"], found["bent"], found["concepts_turned"]
    told = (
        f"Of the linear part {count(found['inputs'])} inputs that weigh anything were checked against what each says "
        f"alone: {count(len(turned))} count the other way beside the others, and of {count(len(bent))} the rate both "
        "rises and falls, which a line can't follow (trees and pairs can)."
    )
    blocks: list[Block] = [Paragraph(told)]
    if concepts:
        blocks.append(Paragraph(f"As a whole the other way than alone: {'; '.join(concepts)}. Look at these first."))
    rows = [(one["label"], "the other way than alone") for one in turned]
    rows += [(one["label"], _bend(one["from"], one["to"])) for one in bent]
    if rows:
        blocks.append(Table("Signs and shapes", ("Input", "What was found"), tuple(rows)))
    return Section("Signs and shapes", tuple(blocks))


def _bend(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    first, then = (f"{share(side['rate'])} at {side['low']:g} to {side['high']:g}" for side in (one, other))
    return f"{first}, {then}"
