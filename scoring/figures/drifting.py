"""How far those who come are from those of before, day by day: the features that moved most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scoring.figures.axes import Axis, from_zero
from scoring.figures.figure import Figure, Json
from scoring.figures.frame import Words, figure, framed, short

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINES = ("curve", "second")
_LABEL = 34


def drifting(course: Json) -> Figure | None:
    """One line a feature, of two at most. ``course``: ``lines`` (label, points of day since 1970, index), ``far``."""
    lines = [line for line in course["lines"] if len(line["points"]) > 1][: len(_LINES)]
    if not lines:
        return None
    days = [day for line in lines for day, _ in line["points"]]
    far = float(course["far"])
    words = Words(
        "How far newcomers are from those of before",
        "Population stability index of the newest arrivals, without what luck adds to it. Above the dashed line a "
        "deviation matters, if it lasts; 0.25 is a great one.",
        " ".join(f"{line['label']}: {line['points'][-1][1]:.2f} on the last day." for line in lines),
    )
    first, last = float(min(days)), float(max(days))
    step = max(1.0, round((last - first) / 5))
    across = Axis("Day", first, first + step * max(1, -(-(last - first) // step)), step, lambda day, _: _date(day))
    up = from_zero("Index", max(far * 1.5, *(index for line in lines for _, index in line["points"])))
    frame = framed(words, (across, up))
    marks = [frame.line([(across.low, far), (across.high, far)], "reference")]
    marks += [frame.line(line["points"], shape) for line, shape in zip(lines, _LINES, strict=False)]
    legend = [(shape, short(line["label"], _LABEL)) for line, shape in zip(lines, _LINES, strict=False)]
    return Figure("drift", words.title, words.told, figure(words, frame, marks, legend), dict(course))


def _date(day: float) -> str:
    at = _EPOCH + timedelta(days=day)
    return f"{at.day} {at:%b}"
