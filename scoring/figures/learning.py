"""What more leads would bring: AUC by the leads learned from, with the law that goes through the points."""

from __future__ import annotations

from scoring.figures.axes import around, from_zero
from scoring.figures.figure import Figure, Json
from scoring.figures.frame import Words, figure, framed

_STEPS = 40


def learning(report: Json) -> Figure | None:
    """AUC on the test window of the recipe fitted on growing parts of the leads."""
    found = report.get("learning_curve")
    if not found:
        return None
    words = Words(
        "Learning curve",
        "Each dot is the recipe fitted on so many leads and judged on the same newer ones. Where the curve is flat, "
        "more leads of the same kind bring little.",
        str(found["sentence"]),
    )
    points = [(float(one["leads"]), float(one["auc"])) for one in found["points"]]
    law, first, last = found["law"], points[0][0], float(found["leads"] + found["more"])
    counts = [first + (last - first) * step / _STEPS for step in range(_STEPS + 1)]
    line = [(count, law["ceiling"] - law["scale"] * count ** -law["exponent"]) for count in counts]
    heights = [y for _, y in (*points, *line)]
    axes = from_zero("Leads learned from", last), around("AUC on newer leads", min(heights), max(heights))
    frame = framed(words, axes)
    now = float(found["leads"])
    marks = [
        frame.line([(now, axes[1].low), (now, axes[1].high)], "reference"),
        frame.line(line, "interval"),
        *(frame.dot(point, title=f"{point[0]:,.0f} leads: AUC {point[1]:.3f}") for point in points),
    ]
    legend = (("dot", "fitted and judged"), ("interval", "inverse power law"), ("reference", "matured leads today"))
    return Figure("learning-curve", words.title, words.told, figure(words, frame, marks, legend), dict(found))
