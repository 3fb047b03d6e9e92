"""A gated recurrent network over a lead's last steps, served in plain numpy (Cho et al. 2014).

All numbers that enter a product of matrices lie on a grid (weights: 2⁻¹², at most 8; states: 2⁻²⁰, at most 1), so that
products and their sums are exact in 64-bit floats, in whatever order a library adds them: a lead's log-odds are the
same bits alone, in a batch and on any machine. For the same reason the squashing function is x / (1 + |x|), which
needs a division only, in place of tanh and, from 0 to 1, of the logistic function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.models.contract import Floats

STATE_GRID, WEIGHT_GRID, LARGEST = 2.0**20, 2.0**12, 8.0
CHUNK_ROWS = 5_000
GATES = 3


@dataclass(frozen=True, slots=True)
class Gru:
    """Tables ``step`` (codes + 1) × 3h and ``gap`` (classes) × 3h, ``again`` h × 3h with ``bias`` 3h, ``out`` 2h.

    The last row of ``step`` stands for a code that was not known in training. The gates' order: update, reset, new.
    """

    step: Floats
    gap: Floats
    again: Floats
    bias: Floats
    out: Floats
    level: float

    def log_odds(self, frame: Floats) -> Floats:
        """Log-odds of rows n × 2L: codes of the last steps, newest first (NaN: none), then the classes of gaps."""
        parts = [self._chunk(frame[start : start + CHUNK_ROWS]) for start in range(0, len(frame), CHUNK_ROWS)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _chunk(self, frame: Floats) -> Floats:
        most, width = frame.shape[1] // 2, len(self.again)
        state, total = np.zeros((len(frame), width)), np.zeros((len(frame), width))
        length = np.zeros(len(frame))
        for place in range(most - 1, -1, -1):
            there = ~np.isnan(frame[:, place])
            if not there.any():
                continue
            reached = self._next(state[there], frame[there, place], frame[there, most + place])
            state[there] = reached
            total[there] += reached
            length[there] += 1.0
        mean = _on_grid(total / np.maximum(length, 1.0)[:, None], STATE_GRID)
        return np.asarray(np.hstack([state, mean]) @ self.out + self.level)

    def _next(self, state: Floats, step: Floats, gap: Floats) -> Floats:
        width = len(self.again)
        codes = np.clip(step, 0, len(self.step) - 1).astype(np.int64)
        classes = np.clip(gap, 0, len(self.gap) - 1).astype(np.int64)
        given = self.step[codes] + self.gap[classes]
        kept = state @ self.again + self.bias
        gates = 0.5 + 0.5 * _squashed(given[:, : 2 * width] + kept[:, : 2 * width])
        update, reset = gates[:, :width], gates[:, width:]
        fresh = _squashed(given[:, 2 * width :] + reset * kept[:, 2 * width :])
        return _on_grid(fresh + update * (state - fresh), STATE_GRID)

    def to_json(self) -> dict[str, Any]:
        """Whole numbers of grid steps; the level as it is."""
        arrays = {name: np.rint(getattr(self, name) * WEIGHT_GRID).astype(int).tolist() for name in _ARRAYS}
        return arrays | {"level": self.level}


_ARRAYS = ("step", "gap", "again", "bias", "out")


def from_json(data: Mapping[str, Any]) -> Gru:
    """The network that ``to_json`` wrote."""
    arrays = {name: np.asarray(data[name], dtype=np.float64) / WEIGHT_GRID for name in _ARRAYS}
    return Gru(level=float(data["level"]), **arrays)


def on_weight_grid(values: Floats) -> Floats:
    """Weights as they are stored."""
    return _on_grid(np.clip(values, -LARGEST, LARGEST), WEIGHT_GRID)


def _on_grid(values: Floats, grid: float) -> Floats:
    return np.asarray(np.rint(values * grid) / grid)


def _squashed(values: Floats) -> Floats:
    return np.asarray(values / (1.0 + np.abs(values)))
