"""How the selection of the model that scores falls on the groups that the tenant named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.services.periodic.wording import none, plural
from connector.store import models
from scoring.cards.blocks import Block, Picture, Section
from scoring.cards.segments import segments
from scoring.figures.axes import percent
from scoring.figures.frame import Words, short
from scoring.figures.ranges import Meaning, Span, ranges

LEAST, MOST = 2, 6
"""Groups from which on a figure tells more than the table, and those that have room in it: the farthest apart."""
LETTERS = 14
"""Of a group's name in a figure."""


def fairness(services: Services, tenant_id: UUID) -> tuple[Section, str]:
    """The parity of the model that scores now, over each attribute that was named, with the gaps drawn."""
    with services.store.reading(tenant_id) as session:
        champion = models.champion(session, tenant_id)
    if champion is None:
        return Section("Fairness", (none("No model has scored yet."),)), "No model has scored yet."
    attributes = champion.report.get("segments") or ()
    blocks: list[Block] = list(segments(champion.report).blocks)
    blocks += [picture for picture in map(_gaps, attributes) if picture is not None]
    apart = sum(_apart(gap["selected"]) for one in attributes for gap in one["gaps"])
    sentence = (
        f"Fairness: {plural(apart, 'group is', 'groups are')} surely selected more or less often than the largest."
        if attributes
        else "No attribute was named to compare groups over: nothing is said of fairness."
    )
    return Section(f"Fairness of {champion.version}, which scores", tuple(blocks)), sentence


def _gaps(one: Mapping[str, Any]) -> Picture | None:
    spans = [
        Span(short(str(gap["value"]), LETTERS), found["low"], found["high"], found["value"])
        for gap in one["gaps"]
        for found in [gap["selected"]]
        if None not in (found["low"], found["high"], found["value"])
    ]
    if len(spans) < LEAST:
        return None
    spans = sorted(spans, key=lambda span: -abs(span.value))[:MOST]
    told = "; ".join(f"{span.label}: {span.value * 100:+.1f} points" for span in spans) + "."
    words = Words(
        f"{one['label']}: how much more often each group is selected",
        f"Against “{one['reference']}”, the largest group, at the line. A bar across the line: no sure difference.",
        told,
    )
    meaning = Meaning("Group", "Difference of selection (points)", "difference", "95 % interval")
    return Picture(ranges("gaps", words, meaning, spans, percent))


def _apart(found: Mapping[str, float | None]) -> bool:
    low, high = found["low"], found["high"]
    return low is not None and high is not None and (low > 0 or high < 0)
