"""How well the ranking finds conversions: lift, cumulative gain, ROC and precision-recall."""

from __future__ import annotations

from scoring.figures.axes import from_zero, percent, shares
from scoring.figures.figure import Figure, Json, curve, rate, told_percent
from scoring.figures.frame import Words, figure, framed
from scoring.words import in_percent

MODEL, RANDOM = ("curve", "this model"), ("reference", "random order")
_CALLED = "Share of the leads called, best first (%)"


def lift(report: Json) -> Figure | None:
    """Conversions among the best leads against as many at random."""
    points = curve(report, "lift")
    if not points:
        return None
    first = min(points, key=lambda point: abs(point[0] - 0.2))
    words = Words(
        "Lift",
        "The higher on the left, the more of your calls go to leads that convert; it ends at 1, where all are called.",
        f"The best {in_percent(first[0])} convert {first[1]:.1f} times as often as leads at random.",
    )
    highest = max(1.0, *(y for _, y in points))
    frame = framed(words, (shares(_CALLED), from_zero("Conversions against random (×)", highest)))
    marks = [frame.line([(0, 1), (1, 1)], "reference"), frame.line(points)]
    return Figure("lift", words.title, words.told, figure(words, frame, marks, (MODEL, RANDOM)), points)


def gain(report: Json) -> Figure | None:
    """Which share of all conversions lies among the best leads."""
    points = curve(report, "gain")
    if not points:
        return None
    first = min(points, key=lambda point: abs(point[0] - 0.2))
    words = Words(
        "Cumulative gain",
        "Read upwards from how many of your leads you call: the height is the share of all conversions you reach.",
        f"The best {in_percent(first[0])} of the leads hold {in_percent(first[1])} of the conversions.",
    )
    frame = framed(words, (shares(_CALLED), shares("Share of all conversions reached (%)")))
    base = rate(report) or 0.0
    marks = [frame.line([(0, 0), (1, 1)], "reference"), frame.line([(0, 0), (base, 1), (1, 1)], "interval")]
    legend = (MODEL, RANDOM, ("interval", "perfect order"))
    svg = figure(words, frame, [*marks, frame.line([(0.0, 0.0), *points])], legend)
    return Figure("gain", words.title, words.told, svg, points)


def roc(report: Json) -> Figure | None:
    """The receiver operating characteristic."""
    points = curve(report, "roc")
    if not points:
        return None
    auc = ((report.get("metrics") or {}).get("auc") or {}).get("value")
    words = Words(
        "ROC curve",
        "The further above the diagonal, the better converting leads are told from others; the area below is the AUC.",
        f"AUC {auc:.3f}." if auc is not None else "",
    )
    axes = shares("Other leads called in vain (false positives, %)"), shares("Conversions reached (true positives, %)")
    frame = framed(words, axes)
    marks = [frame.line([(0, 0), (1, 1)], "reference"), frame.line(points)]
    if auc is not None:
        marks.append(frame.note((0.98, 0.06), f"AUC {auc:.3f}", anchor="end", shift=(0, 0)))
    return Figure("roc", words.title, words.told, figure(words, frame, marks, (MODEL, RANDOM)), points)


def precision_recall(report: Json) -> Figure | None:
    """Precision against recall, with the conversion rate as what random order reaches."""
    points = curve(report, "pr")
    if not points:
        return None
    base = rate(report) or 0.0
    words = Words(
        "Precision and recall",
        "Going right, more conversions are reached and more calls go astray; the dashed line is calling at random.",
        f"The conversion rate is {told_percent(base)}.",
    )
    up = from_zero("Called leads that convert (precision, %)", max(base, *(y for _, y in points)), percent, ceiling=1.0)
    frame = framed(words, (shares("Conversions reached (recall, %)"), up))
    marks = [frame.line([(0, base), (1, base)], "reference"), frame.line(points)]
    return Figure("precision-recall", words.title, words.told, figure(words, frame, marks, (MODEL, RANDOM)), points)
