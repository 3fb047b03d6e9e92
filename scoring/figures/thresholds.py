"""What a threshold brings: how many of those above it convert, and how many of all conversions they are."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.figures.axes import Axis, percent
from scoring.figures.figure import Figure, Json, told_percent
from scoring.figures.frame import Words, figure, framed


def thresholds(points: Sequence[Json], chosen: float | None = None) -> Figure | None:
    """Both shares over the threshold's score, with the ``chosen`` one (0–100); None of fewer than two points."""
    known = [point for point in points if point["precision"] and point["found"]]
    if len(known) < 2:
        return None
    scores = [point["tenths"] / 10 for point in known]
    at = max((place for place, score in enumerate(scores) if chosen is None or score <= chosen), default=0)
    words = Words(
        "What a threshold of the score brings",
        "Of leads that reach the threshold, the blue line's share converts (the bars are 95 % intervals). The orange "
        "line is the share of all conversions that are among them: what lies above it is missed.",
        f"At a score of {scores[at]:.0f}, {told_percent(known[at]['precision']['value'])} convert, and "
        f"{told_percent(known[at]['found']['value'])} of all conversions are found.",
    )
    axes = Axis("Threshold (score, 0–100)", 0.0, 100.0, 20.0), Axis("Share of leads (%)", 0.0, 1.0, 0.2, percent)
    frame = framed(words, axes)
    marks = [
        frame.line([(score, point["precision"]["low"]), (score, point["precision"]["high"])], "interval")
        for score, point in zip(scores, known, strict=True)
    ]
    marks += [
        frame.line([(score, point[part]["value"]) for score, point in zip(scores, known, strict=True)], shape)
        for part, shape in (("found", "second"), ("precision", "curve"))
    ]
    legend = [("curve", "of them convert"), ("second", "of conversions found")]
    if chosen is not None:
        marks.append(frame.line([(chosen, 0.0), (chosen, 1.0)], "reference"))
        legend.append(("reference", f"threshold, {chosen:.0f}"))
    data = {"points": [dict(point) for point in known], "chosen": chosen}
    return Figure("thresholds", words.title, words.told, figure(words, frame, marks, legend), data)
