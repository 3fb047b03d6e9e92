"""A report as PDF: tagged, with its fonts inside, the same bytes for the same report.

Typeset by typst from ``report.typ``, which gets plain data. Nothing is loaded from anywhere; what its own fonts lack
is taken from those of the machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from scoring.cards.blocks import Block, Card, Items, Paragraph, Table

_SHEET = Path(__file__).with_name("report.typ")
_WHOLE = 620.0
"""A figure of so many units is as wide as the page's text."""
_LETTERS = 112
"""So many letters of a table fit beside each other."""
_WIDE, _BESIDE = 60, 4
"""Letters up to which a column's longest cell counts for its width, and those that the space beside it takes."""


def render(card: Card, organisation: str, made_at: datetime) -> bytes:
    """Return the PDF of a report."""
    # Imported here: it is a large library that only whoever makes a report needs.
    import typst

    data = {
        "title": card.title,
        "organisation": organisation,
        "made": f"{made_at:%-d %B %Y, %H:%M} UTC",
        "sections": [
            {"heading": section.heading, "parts": [_part(block) for block in section.blocks]}
            for section in card.sections
        ],
    }
    return typst.compile(
        _SHEET,
        root=_SHEET.parent,
        format="pdf",
        # For readers who hear it: tags, language, a text for each figure.
        pdf_standards="ua-1",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=int(made_at.timestamp()),
    )


def _part(block: Block) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text}
    if isinstance(block, Items):
        return {"kind": "items", "items": list(block.texts)}
    if isinstance(block, Table):
        widths, scale = _widths([block.head, *block.rows])
        return {
            "kind": "table",
            "caption": block.caption,
            "head": list(block.head),
            "cells": [cell for row in block.rows for cell in row],
            "widths": widths,
            "scale": scale,
        }
    svg = block.figure.svg
    width = float(svg.partition('viewBox="0 0 ')[2].partition(" ")[0])
    return {"kind": "figure", "svg": svg, "told": f"{block.figure.title}. {block.figure.told}", "share": width / _WHOLE}


def _widths(rows: Sequence[Sequence[str]]) -> tuple[list[float], float]:
    """How many letters wide each column is, and by what share letters must be smaller for the longest words to fit."""
    columns = list(zip(*rows, strict=True))
    least = [_BESIDE + max(len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    wanted = [min(max(len(cell) for cell in column) + _BESIDE, _WIDE) for column in columns]
    more = [max(want - base, 0) for want, base in zip(wanted, least, strict=True)]
    room = _LETTERS - sum(least)
    if room <= 0:
        return [float(base) for base in least], _LETTERS / sum(least)
    share = min(1.0, room / (sum(more) or 1))
    return [base + share * extra for base, extra in zip(least, more, strict=True)], 1.0
