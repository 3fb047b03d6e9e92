"""What all figures look like. Colours are attributes, so that a figure can be read wherever it is put;
each shape also has a class, by which a page may colour it for a dark background."""

from __future__ import annotations

ACCENT, OTHER, GREEN, RED, GREY = "#1f5fbf", "#b26a00", "#14713d", "#b3261e", "#7d8794"
FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"'

SHAPES = {
    "grid": 'fill="none" stroke="currentColor" stroke-opacity="0.15"',
    "axis": 'fill="none" stroke="currentColor" stroke-opacity="0.6"',
    "curve": f'fill="none" stroke="{ACCENT}" stroke-width="2.5" stroke-linejoin="round"',
    "second": f'fill="none" stroke="{OTHER}" stroke-width="2.5" stroke-linejoin="round"',
    "reference": f'fill="none" stroke="{GREY}" stroke-width="1.5" stroke-dasharray="5 4"',
    "interval": f'fill="none" stroke="{ACCENT}" stroke-opacity="0.6" stroke-width="1.5"',
    "box": f'fill="{GREY}" fill-opacity="0.25"',
    "bar": f'fill="{ACCENT}" fill-opacity="0.35"',
    "dot": f'fill="{ACCENT}"',
    "dot-second": f'fill="{OTHER}"',
    "ring": f'fill="none" stroke="{GREY}" stroke-width="1.5"',
}
"""Attributes by class."""

DARK = """@media (prefers-color-scheme: dark) {
  .curve, .interval { stroke: #7db0f7 } .dot, .bar { fill: #7db0f7 }
  .second { stroke: #f0bd6a } .dot-second { fill: #f0bd6a }
  .reference, .ring { stroke: #a0acba }
}"""
"""Rules for a page or a file that follows its reader's dark scheme."""

_FILE = f"<style>:root {{ color-scheme: light dark; color: CanvasText; background: Canvas }} {DARK}</style>"


def as_file(svg: str) -> str:
    """``svg`` as a file of its own, light or dark as its reader's desktop is."""
    head, end, rest = svg.partition("</desc>")
    return f"{head}{end}{_FILE}{rest}"
