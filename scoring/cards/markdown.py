"""A card in Markdown (CommonMark with tables)."""

from __future__ import annotations

import re

from scoring.cards.blocks import Block, Card, Items, Paragraph, Table
from scoring.figures import Figure

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~])")


def markdown(card: Card, *, pictures: str | None = None) -> str:
    """Write ``card``; figures are linked under the folder ``pictures``, or told in words where there is none."""
    lines = [f"# {_text(card.title)}"]
    for section in card.sections:
        lines.append(f"## {_text(section.heading)}")
        lines += [_block(block, pictures) for block in section.blocks]
    return "\n\n".join(lines) + "\n"


def _block(block: Block, pictures: str | None) -> str:
    if isinstance(block, Paragraph):
        return _text(block.text)
    if isinstance(block, Items):
        return "\n".join(f"- {_text(item)}" for item in block.texts)
    return _table(block) if isinstance(block, Table) else _picture(block.figure, pictures)


def _table(block: Table) -> str:
    rows = [block.head, tuple("---" for _ in block.head), *(tuple(map(_text, row)) for row in block.rows)]
    return "\n".join([f"*{_text(block.caption)}*", "", *(f"| {' | '.join(row)} |" for row in rows)])


def _picture(figure: Figure, pictures: str | None) -> str:
    if pictures is None:
        return f"*{_text(figure.title)}*: {_text(figure.told)}"
    return f"![{_text(figure.title)}]({pictures}/{figure.name}.svg)"


def _text(words: str) -> str:
    """Words as text: nothing in them is markup, and they stay on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))
