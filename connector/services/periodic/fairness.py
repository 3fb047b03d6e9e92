"""How the selection of the model that scores falls on the groups that the tenant named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.services.fairness import told
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import none, plural
from connector.store import happened, models
from scoring.cards.blocks import Picture, Section, Table
from scoring.cards.words import NOTHING
from scoring.figures.axes import percent
from scoring.figures.frame import Words, short
from scoring.figures.ranges import Meaning, Span, ranges

LEAST, MOST = 2, 6
"""Groups from which on a figure tells more than the table, and those that have room in it: the farthest apart."""
LETTERS = 14
"""Of a group's name in a figure."""


def fairness(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """The parity of the model that scores now, over each attribute that was named, with the gaps drawn; who named
    what in the period."""
    with services.store.reading(tenant_id) as session:
        champion = models.champion(session, tenant_id)
        chosen = happened.entries(session, tenant_id, period.span, ["set fairness"])
        blocks = list(told(session, tenant_id, champion.report)) if champion else []
    if champion is None:
        return Section("Fairness", (none("No model has scored yet."),)), "No model has scored yet."
    attributes = champion.report.get("segments") or ()
    if chosen:
        head = ("When (UTC)", "Fields to compare over", "By")
        blocks.insert(1, Table("Choices of this quarter", head, tuple(_choice(at, body) for at, body in chosen)))
    blocks += [picture for picture in map(_gaps, attributes) if picture is not None]
    apart = sum(_apart(gap["selected"]) for one in attributes for gap in one["gaps"])
    sentence = (
        f"Fairness: {plural(apart, 'group is', 'groups are')} surely selected more or less often than the largest."
        if attributes
        else "No attribute was named to compare groups over: nothing is said of fairness."
    )
    return Section(f"Fairness of {champion.version}, which scores", tuple(blocks)), sentence


def _choice(at: datetime, body: Mapping[str, Any]) -> tuple[str, ...]:
    return f"{at:%-d %b %Y %H:%M}", ", ".join(body["attributes"]) or NOTHING, str(body.get("by", NOTHING))


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
