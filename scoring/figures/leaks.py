"""The leakage guard's evidence, field by field: AUC with and without it, and filling before and after the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scoring.figures.axes import Axis, shares
from scoring.figures.figure import Figure, Json
from scoring.figures.frame import Words, drawn_as, head_height, keys, path, short, text, wrapped

WIDTH, LABELS, GAP, RIGHT = 760, 212, 44, 14
ROW, FOOT = 24, 76
SHOWN, CHARS = 14, 26
_RANKS = {"proven": 0, "suspect": 1, "clear": 2}
_PANEL = (WIDTH - LABELS - GAP - RIGHT) / 2


def leaks(report: Json) -> Figure | None:
    """What stayed out and why it did, beside the strongest fields that are used."""
    found = [_evidence(one) for one in report.get("leakage") or ()]
    found = [
        one for one in found if any(value is not None for value in (*one["auc"].values(), *one["filled"].values()))
    ]
    found.sort(key=lambda one: (_RANKS.get(one["verdict"], 3), -(one["auc"]["alone"] or 0.0), one["label"]))
    rows = found[:SHOWN]
    if not rows:
        return None
    words = Words(
        "Fields that might give the outcome away",
        "Left: a long way from blue to amber means that a quick model rests on the field; the ring is the field alone. "
        "Right: a long way means that it is filled in with or after the outcome. One alone condemns nothing.",
        "; ".join(f"{one['label']}: {one['verdict']}" for one in rows) + ".",
    )
    top = head_height(words, WIDTH) + 8
    bottom = top + ROW * len(rows)
    areas = Axis("AUC on validation rows", 0.4, 1.0, 0.1)
    parts = [
        *_grid(areas, LABELS, top, bottom),
        *_grid(shares("Leads with a value (%)"), LABELS + _PANEL + GAP, top, bottom),
    ]
    for place, one in enumerate(rows):
        parts += _row(one, areas, top + ROW * (place + 0.5))
    parts += [
        text(0, bottom + 36, "Field (verdict)"),
        *keys([("dot", "with it"), ("dot-second", "without it"), ("ring", "alone")], bottom + 60, LABELS),
        *keys(
            [("dot", "before / not conv."), ("dot-second", "after / conv.")], bottom + 60, LABELS + _PANEL + GAP - 20
        ),
    ]
    return Figure("leakage", words.title, words.told, wrapped(words, parts, WIDTH, bottom + FOOT), found)


def _evidence(one: Mapping[str, Any]) -> dict[str, Any]:
    evidence = one.get("evidence") or {}
    filled, areas = evidence.get("filled") or {}, evidence.get("auc") or {}
    before, after = filled.get("before_conversion"), filled.get("after_conversion")
    if before is None and after is None:
        before, after = filled.get("unconverted"), filled.get("converted")
    return {
        "field": one["field"],
        "label": str(one.get("label") or one["field"]),
        "verdict": str(one["verdict"]),
        "auc": {"with": areas.get("with_it"), "without": areas.get("without"), "alone": areas.get("alone")},
        "filled": {"before": before, "after": after},
    }


def _grid(axis: Axis, left: float, top: float, bottom: float) -> list[str]:
    parts = []
    for value, label in axis.ticks():
        x = axis.place(value, left, left + _PANEL)
        parts += [path([(x, top), (x, bottom)], "grid"), text(x, bottom + 17, label, anchor="middle")]
    border = path([(left, top), (left, bottom), (left + _PANEL, bottom)], "axis")
    return [*parts, border, text(left + _PANEL / 2, bottom + 36, axis.label, anchor="middle")]


def _row(one: Mapping[str, Any], areas: Axis, y: float) -> list[str]:
    label = f"{short(one['label'], CHARS)} ({one['verdict']})"
    auc, filled = one["auc"], one["filled"]
    right = LABELS + _PANEL + GAP
    parts = [text(LABELS - 12, y + 4, label, anchor="end", size=11)]
    if auc["alone"] is not None:
        parts.append(_dot(areas.place(auc["alone"], LABELS, LABELS + _PANEL), y, "ring", 5))
    parts += _way([areas.place(v, LABELS, LABELS + _PANEL) for v in (auc["with"], auc["without"]) if v is not None], y)
    whole = shares("")
    return [*parts, *_way([whole.place(v, right, right + _PANEL) for v in filled.values() if v is not None], y)]


def _way(places: list[float], y: float) -> list[str]:
    """From the first place to the second, if both are known."""
    if len(places) < 2:
        return []
    first, second = places
    return [
        path([(first, y), (second, y)], "interval"),
        _dot(second, y, "dot-second", 3.5),
        _dot(first, y, "dot", 3.5),
    ]


def _dot(x: float, y: float, shape: str, radius: float) -> str:
    return f'<circle {drawn_as(shape)} cx="{x:g}" cy="{y:g}" r="{radius:g}"/>'
