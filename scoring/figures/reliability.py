"""Whether stated chances come true, bin by bin, with how many leads each bin holds."""

from __future__ import annotations

from scoring.figures.axes import from_zero, percent
from scoring.figures.figure import Figure, Json
from scoring.figures.frame import Words, figure, framed
from scoring.words import in_percent

_LEAST = 0.01
"""The axes show at least chances up to this."""
_NEAR_END = 0.9
"""Right of this share of the axis a count stands left of its dot."""


def reliability(report: Json) -> Figure | None:
    """Stated chance against what happened, ten bins of equal size with 95 % intervals and counts."""
    bins = [dict(found) for found in (report.get("curves") or {}).get("reliability") or ()]
    if not bins:
        return None
    sizes = sorted({int(found["rows"]) for found in bins})
    count = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
    words = Words(
        "Reliability",
        "On the dashed line the stated chance is what happened; above it the model was too modest. "
        f"Each dot: {count} snapshots; the number is how many of them converted.",
        "; ".join(f"{in_percent(found['stated'], 1)} stated, {in_percent(found['observed'], 1)} came" for found in bins)
        + ".",
    )
    highest = max(_LEAST, *(max(found["stated"], found["observed"], found["high"]) for found in bins))
    axis = from_zero("Stated chance (mean of the bin, %)", highest, percent, ceiling=1.0)
    frame = framed(words, (axis, from_zero("Share that converted (%)", highest, percent, ceiling=1.0)))
    marks = [frame.line([(0, 0), (axis.high, axis.high)], "reference")]
    placed = float("inf")
    for found in reversed(bins):
        marks.append(frame.line([(found["stated"], found["low"]), (found["stated"], found["high"])], "interval"))
        stated, came = (in_percent(found[name], 1) for name in ("stated", "observed"))
        title = f"{stated} stated, {came} of {found['rows']} snapshots converted"
        at = (found["stated"], found["observed"])
        marks.append(frame.dot(at, title=title))
        if placed - frame.at(at)[0] >= 30:
            near_end = found["stated"] > _NEAR_END * axis.high
            anchor, shift = ("end", -8.0) if near_end else ("start", 7.0)
            marks.append(frame.note(at, f"{found['conversions']:,}", anchor=anchor, shift=(shift, 4)))
            placed = frame.at(at)[0]
    legend = (("dot", "bin, 95 % interval"), ("reference", "stated = observed"))
    return Figure("reliability", words.title, words.told, figure(words, frame, marks, legend), bins)
