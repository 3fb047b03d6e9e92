"""What changed between two scores of a lead: concept by concept, from the recorded vectors and the models.

No history takes part. Where the model is another one, the new model is asked about the old vector too: what it says
otherwise than the old one is the model's part of the change, the rest is the lead's. Where the old vector lacks columns
of the new model, the parts can't be told from each other, and the words say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.bundle import Bundle
from scoring.errors import HistoryError
from scoring.explain import Parts, by_column, contributed
from scoring.features import catalogue
from scoring.metrics import Floats
from scoring.predict import scored
from scoring.words import in_percent

LEAST = 0.01
"""Concepts that moved the log-odds by less are not told one by one."""
MOST_INPUTS = 2
"""Of the inputs of a concept that moved, how many are told."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One score: the model and the one row of its recorded inputs."""

    bundle: Bundle
    inputs: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Change:
    """A concept's contribution before and after, in log-odds, and what about the lead moved, in words."""

    concept: str
    before: float
    after: float
    moved: tuple[str, ...]

    @property
    def log_odds(self) -> float:
        """What the concept changed."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Changed:
    """Two scores and what lies between them: ``model`` + the changes = after − before, in log-odds.

    ``changes`` are all concepts, the weightiest first. ``model`` is what the new model says otherwise of the same lead,
    or, where that can't be told (``parted`` is False), how much its starting point differs.
    """

    before: float
    after: float
    scores: tuple[float, float]
    versions: tuple[str, str]
    changes: tuple[Change, ...]
    model: float
    parted: bool

    def sentences(self) -> tuple[str, ...]:
        """The whole in words: the outline, then each concept that counts."""
        return (*self.outline(), *(_said(change) for change in self.counted()))

    def counted(self) -> tuple[Change, ...]:
        """The concepts that moved the log-odds by LEAST or more."""
        return tuple(change for change in self.changes if abs(change.log_odds) >= LEAST)

    def outline(self) -> tuple[str, ...]:
        """The scores, the model if it changed, or that nothing did."""
        chances = [
            f"{score:.1f} ({in_percent(expit(odds), 1)})" for score, odds in zip(self.scores, self.of(), strict=True)
        ]
        told = [f"The score went from {chances[0]} to {chances[1]}."]
        if self.versions[0] != self.versions[1]:
            told.append(self._of_model())
        if not self.counted() and abs(self.model) < LEAST:
            told.append("Nothing about the lead changed that counts.")
        return tuple(told)

    def of(self) -> tuple[float, float]:
        """Log-odds before and after."""
        return self.before, self.after

    def _of_model(self) -> str:
        names = f"The model changed from {self.versions[0]} to {self.versions[1]}"
        if self.parted:
            return f"{names}: of the same lead it says {_signed(self.model)} log-odds; what follows is the lead's part."
        return (
            f"{names}, which reads other inputs: what the model and what the lead changed can't be told apart. "
            f"Its starting point differs by {_signed(self.model)}."
        )


def changed(before: Recording, after: Recording) -> Changed:
    """Compare two recorded scores of one lead.

    Raises:
        HistoryError: a recording is not one row, or lacks columns of its own model.

    """
    old, new = _vector(before), _vector(after)
    first, last = _log_odds(before.bundle, old), _log_odds(after.bundle, new)
    versions = (before.bundle.version, after.bundle.version)
    parted = set(after.bundle.spec.columns) <= set(before.inputs.columns)
    model = 0.0
    if versions[0] == versions[1]:
        changes = _within(after.bundle, old, new)
    elif parted:
        seen_again = _row(before.inputs, after.bundle)
        model = _log_odds(after.bundle, seen_again) - first
        changes = _within(after.bundle, seen_again, new)
    else:
        model, changes = _across(before, after, old, new)
    ranked = sorted(changes, key=lambda change: (-abs(change.log_odds), change.concept))
    return Changed(first, last, (_points(before, old), _points(after, new)), versions, tuple(ranked), model, parted)


def _vector(recording: Recording) -> Floats:
    missing = [name for name in recording.bundle.spec.columns if name not in recording.inputs.columns]
    if missing or recording.inputs.height != 1:
        raise HistoryError(f"These are not the inputs of one score by {recording.bundle.version}.")
    return _row(recording.inputs, recording.bundle)


def _row(inputs: pl.DataFrame, bundle: Bundle) -> Floats:
    row = inputs.select(bundle.spec.columns).to_numpy()
    return np.ascontiguousarray(row, dtype=np.float64).reshape(1, len(bundle.spec.columns))


def _log_odds(bundle: Bundle, row: Floats) -> float:
    return float(bundle.log_odds(row)[0])


def _points(recording: Recording, row: Floats) -> float:
    return float(scored(recording.bundle, recording.inputs["lead_id"], row)["score_tenths"][0]) / 10


def _within(bundle: Bundle, old: Floats, new: Floats) -> list[Change]:
    """The concepts of one model."""
    before, after = (_named(contributed(bundle, row)) for row in (old, new))
    moved = _moved(bundle, old, new)
    return [Change(name, before[name], after[name], moved.get(name, ())) for name in after]


def _across(before: Recording, after: Recording, old: Floats, new: Floats) -> tuple[float, list[Change]]:
    """The starting points' difference and the concepts of two models; only inputs of both can be said to have moved."""
    one, other = contributed(before.bundle, old), contributed(after.bundle, new)
    first, last = _named(one), _named(other)
    shared = [name for name in after.bundle.spec.columns if name in before.inputs.columns]
    known = np.full(new.shape, np.nan)
    places = [after.bundle.spec.columns.index(name) for name in shared]
    known[0, places] = before.inputs.select(shared).to_numpy()[0] if shared else []
    both = np.isin(np.arange(new.shape[1]), places)
    moved = _moved(after.bundle, np.where(both, known, new), new)
    names = dict.fromkeys([*first, *last])
    changes = [Change(name, first.get(name, 0.0), last.get(name, 0.0), moved.get(name, ())) for name in names]
    return float(other.base[0] - one.base[0]), changes


def _named(parts: Parts) -> dict[str, float]:
    return dict(zip(parts.concepts, parts.contributions[0].tolist(), strict=True))


def _moved(bundle: Bundle, old: Floats, new: Floats) -> Mapping[str, tuple[str, ...]]:
    """Concept → its inputs that moved, in words; of many those whose contribution moved most."""
    (first, scale, _), (last, other, _) = by_column(bundle, old), by_column(bundle, new)
    weights = np.abs(last * other[:, None] - first * scale[:, None])[0]
    differ = ~((old == new) | (np.isnan(old) & np.isnan(new)))[0]
    declared = catalogue(bundle.spec).features
    found: dict[str, list[str]] = {}
    for place in sorted(np.flatnonzero(differ).tolist(), key=lambda place: (-weights[place], place)):
        feature = declared[bundle.spec.columns[place]]
        told = found.setdefault(feature.concept, [])
        if len(told) < MOST_INPUTS and not feature.code:
            told.append(_step(feature.label, float(old[0, place]), float(new[0, place]), flag=feature.flag))
    return {concept: tuple(told) for concept, told in found.items()}


def _step(label: str, old: float, new: float, *, flag: bool) -> str:
    if flag and not math.isnan(old + new):
        return f"now “{label}”" if new else f"no longer “{label}”"
    return f"{label}: {shown(old)} → {shown(new)}"


def shown(value: float) -> str:
    """A number as people read it; "unknown" for NaN."""
    if math.isnan(value):
        return "unknown"
    if value == round(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def _said(change: Change) -> str:
    what = "; ".join(change.moved) or "as before, but it weighs otherwise beside what changed"
    return f"{change.concept} {_signed(change.log_odds)}: {what}."


def _signed(log_odds: float) -> str:
    return f"{log_odds:+.2f}".replace("-", "−")
