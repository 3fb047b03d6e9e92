"""A card in HTML: as a part of a page, or as a page that stands alone."""

from __future__ import annotations

from html import escape

from scoring.cards.blocks import Block, Card, Items, Paragraph, Section, Table
from scoring.figures import DARK, Figure

_STYLE = f"""
:root {{ color-scheme: light dark; --line: #8886; --quiet: #5b6674 }}
body {{ max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem; font: 16px/1.5 system-ui, sans-serif;
  background: Canvas; color: CanvasText }}
h1 {{ font-size: 1.75rem }} h2 {{ margin-top: 2.5rem; font-size: 1.25rem }}
.scroll {{ overflow-x: auto }} table {{ width: 100%; border-collapse: collapse; font-size: .9rem }}
th, td {{ padding: .4rem .6rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line) }}
caption {{ padding: .5rem .6rem; text-align: left; font-weight: 600 }}
figure {{ margin: 1.5rem 0 }} figure svg {{ display: block; width: 100%; max-width: 38rem; height: auto }}
figure.wide svg {{ max-width: 52rem }}
@media print {{ section {{ break-inside: avoid-page }} }}
{DARK}
"""
_WIDE = 600
"""Figures whose own width is above this are drawn wider."""


def page(card: Card) -> str:
    """A whole page, with nothing to load."""
    return standalone(card.title, body(card))


def standalone(title: str, contents: str) -> str:
    """A whole page around ``contents`` as :func:`body` made them, with nothing to load; the title is escaped."""
    head = escape(title)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{head}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{_STYLE}</style>\n</head>\n<body>\n'
        f"<h1>{head}</h1>\n{contents}\n</body>\n</html>\n"
    )


def body(card: Card) -> str:
    """The sections, for a page that has a head and a style of its own. All texts are escaped."""
    return "\n".join(_section(section) for section in card.sections)


def _section(section: Section) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    return f'<section class="card">\n<h2>{escape(section.heading)}</h2>\n{blocks}\n</section>'


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return f"<p>{escape(block.text)}</p>"
    if isinstance(block, Items):
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.texts) + "</ul>"
    return _table(block) if isinstance(block, Table) else _figure(block.figure)


def _table(block: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in block.head)
    rows = "\n".join(_row(row) for row in block.rows)
    return (
        f'<div class="scroll"><table>\n<caption>{escape(block.caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _row(row: tuple[str, ...]) -> str:
    first, *rest = (escape(cell) for cell in row)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"


def _figure(figure: Figure) -> str:
    wide = float(figure.svg.partition('viewBox="0 0 ')[2].partition(" ")[0]) > _WIDE
    return f'<figure class="drawing{" wide" if wide else ""}">{figure.svg}</figure>'
