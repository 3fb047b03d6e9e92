"""What a card is made of, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.figures import Figure


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list of sentences."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first cell of a row names it. ``caption`` says what is counted."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure."""

    figure: Figure


Block = Paragraph | Items | Table | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A whole model card."""

    title: str
    sections: tuple[Section, ...]

    def pictures(self) -> list[Figure]:
        """The figures, in their order."""
        return [block.figure for part in self.sections for block in part.blocks if isinstance(block, Picture)]
