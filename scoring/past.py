"""What of the past counts less: old rows, and rows of leads that people doubt, as the newest conversions advise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from scoring import doubts, forgetting
from scoring.forgetting import Memory
from scoring.models import Training
from scoring.newest import newest
from scoring.splits import Mask


@dataclass(frozen=True, slots=True)
class Past:
    """How old rows count (``memory``); those that are not ``kept`` teach nothing.

    ``left_out``: the number of doubted leads whose rows are not kept. ``since``: the day (since 1970) before which
    nobody came who teaches anything; None: there is none.
    """

    memory: Memory
    kept: Mask
    left_out: int
    since: float | None = None

    @classmethod
    def asked(
        cls,
        rows: pl.DataFrame,
        whole: Training,
        among: Mask,
        doubted: pl.DataFrame | None,
        until: float,
        since: float | None = None,
    ) -> Past:
        """Ask the newest of the rows ``among``, which are the rows of ``whole``.

        ``doubted``: a frame of ``doubts.DOUBTS``; of what was said at ``until`` (µs) or later nothing is known.
        ``since``: that of the last training.
        """
        found = None if whole.day is None else newest(rows, whole, among)
        out = doubts.left_out(found, rows, doubted, until)
        kept = np.ones(rows.height, dtype=bool) if out is None else ~out
        left_out = rows.filter(pl.Series(~kept))["lead_id"].n_unique()
        if found is None or whole.day is None:
            return cls(Memory(), kept, left_out)
        newest_day = float(whole.day[among].max())
        memory = forgetting.advised(found, None if since is None else newest_day - since)
        kept &= memory.spans(found.came, newest_day)
        return cls(memory, kept, left_out, None if memory.window is None else newest_day - memory.window)

    def learned(self, rows: Training) -> Training:
        """Return rows, all of which are kept, as they are to be learned from."""
        return forgetting.faded(rows, self.memory.half_life)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the report."""
        window = None if self.memory.window is None else round(self.memory.window)
        memory = {"half_life_days": self.memory.half_life, "window_days": window, "taught_since_day": self.since}
        return memory | {"left_out_leads": self.left_out}

    @property
    def sentences(self) -> list[str]:
        """Say it on the model's card; nothing where all counts alike."""
        old = [self.memory.sentence] if self.memory.sentence else []
        return [*old, *([doubts.sentence(self.left_out)] if self.left_out else [])]
