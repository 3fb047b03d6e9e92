"""How long conversions take: the share of leads converted by days since creation."""

from __future__ import annotations

from scoring.figures.axes import from_zero, percent
from scoring.figures.figure import Figure, Json, told_percent
from scoring.figures.frame import Words, figure, framed
from scoring.words import in_percent


def delay(report: Json) -> Figure | None:
    """The Kaplan-Meier curve of conversion, with the horizon."""
    found = report.get("delay") or {}
    points = list(found.get("points") or ())
    if len(points) < 2:
        return None
    horizon, median = found["horizon_days"], found["quantiles"]["50"]
    words = Words(
        "Delay from creation to conversion",
        "The height is the share of leads that have converted by that age. What the curve gains right of the horizon "
        "is not counted as success.",
        f"Half of the {found['conversions']:,} conversions came within {median:.0f} days; of all that are to be "
        f"expected, {in_percent(found['within_horizon'])} come within the horizon of {horizon} days.",
    )
    across = from_zero("Days since the lead's creation", max(points[-1][0], float(horizon)))
    up = from_zero("Leads that have converted (%)", max(y for _, y in points), percent, ceiling=1.0)
    frame = framed(words, (across, up))
    marks = [frame.line([(horizon, 0), (horizon, up.high)], "reference"), frame.line([(0.0, 0.0), *points])]
    said = f"{told_percent(found['within_horizon'])} of what comes"
    anchor, shift = ("end", -6) if horizon > across.high / 2 else ("start", 6)
    marks.append(frame.note((horizon, 0.0), said, anchor=anchor, shift=(shift, -8)))
    legend = (("curve", "converted (Kaplan-Meier)"), ("reference", f"horizon, {horizon} days"))
    return Figure("delay", words.title, words.told, figure(words, frame, marks, legend), dict(found))
