"""Model cards: one for each version, in Markdown and HTML, from the report alone."""

from __future__ import annotations

from scoring.cards import firmness, inputs, making, purpose, quality, segments, shapes
from scoring.cards.blocks import Card
from scoring.cards.html import body, page, standalone
from scoring.cards.markdown import markdown
from scoring.figures import figures
from scoring.figures.figure import Json

__all__ = ["Card", "body", "card", "markdown", "page", "standalone"]


def card(report: Json) -> Card:
    """The card of a training; ``sha256`` of the artefact is told where the report holds it."""
    drawn = figures(report)
    sections = (
        quality.verdict(report),
        purpose.purpose(report),
        making.data(report, drawn),
        making.recipe(report),
        quality.metrics(report, drawn),
        quality.calibration(report, drawn),
        firmness.firmness(report, drawn),
        inputs.influence(report, drawn),
        shapes.shapes(report),
        inputs.fields(report, drawn),
        segments.segments(report),
        purpose.limits(report),
        purpose.identity(report),
    )
    return Card(f"Model card: {report.get('version', 'unnamed')}", sections)
