"""What scores did to the outcomes that are learned from, taken out again where an experiment makes it known.

A lead that is shown as High-Intent is worked harder and converts more often: a model that learns from it learns its own
echo. Where leads were held out by chance, those stand for all that reached the band: each weighs one over the known
probability of its arm, and the ones that were shown weigh nothing (inverse-propensity weights: Horvitz and Thompson
1952; Rosenbaum and Rubin 1983). Rows whose time was over before the arms were treated otherwise, and leads that never
reached the band, are alike in both arms and stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from scoring.population import numbered
from scoring.schema import UTC_TIME, Goal, Timing

ARMS = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "shown": pl.Boolean(),
        "held_out_share": pl.Float64(),
        "since": UTC_TIME,
        "until": UTC_TIME,
    }
)
"""One row a lead that reached the High-Intent band in an experiment: its arm, the probability of being held out, since
when the arms were treated otherwise, and until when (null: still)."""

LEAST_CONVERSIONS = 30
"""Held-out leads that converted. With fewer the weights would bring more noise than they take bias out."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What was done to the rows: ``held_out`` leads that weigh up to ``most``, ``shown`` leads that were left out.

    ``used`` is False where too few held-out leads (``conversions`` of them) converted: then nothing was done.
    """

    used: bool
    held_out: int
    shown: int
    conversions: int
    most: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "used": self.used,
            "held_out": self.held_out,
            "shown": self.shown,
            "conversions": self.conversions,
            "most": round(self.most, 2),
        }

    @property
    def sentence(self) -> str:
        """What the card says of it."""
        if not self.used:
            return (
                f"An experiment held scores back, but {self.conversions:,} held-out leads converted, fewer than "
                f"{LEAST_CONVERSIONS}: what being shown does to leads is not taken out of what the model learned."
            )
        return (
            f"What being shown as High-Intent does to leads was taken out for the time of an experiment: "
            f"{self.held_out:,} leads that were held out by chance weigh up to {self.most:.1f} times and stand for "
            f"{self.shown:,} that were shown. Leads that were shown outside of it still count as they came."
        )


def freed(rows: pl.DataFrame, arms: pl.DataFrame | None, goal: Goal) -> tuple[pl.DataFrame, Feedback | None]:
    """Return training ``rows`` (``dataset.snapshots``) with the weights of ``arms``; None where no arm matters."""
    if arms is None or arms.is_empty() or goal.timing is not Timing.DATED:
        return rows, None
    clean = _placed(rows, arms, goal).filter(pl.col("during") & ~pl.col("mixed"))
    if clean.is_empty():
        return rows, None
    held = clean.filter(~pl.col("shown"))
    conversions = held.filter(pl.col("label") == 1)["lead_id"].n_unique()
    made = Feedback(
        used=conversions >= LEAST_CONVERSIONS,
        held_out=held["lead_id"].n_unique(),
        shown=clean.filter(pl.col("shown"))["lead_id"].n_unique(),
        conversions=conversions,
        most=1 / float(held["held_out_share"].min()) if held.height else 0.0,  # type: ignore[arg-type] # of numbers
    )
    return (weighed(rows, arms, goal) if made.used else rows), made


def weighed(rows: pl.DataFrame, arms: pl.DataFrame | None, goal: Goal) -> pl.DataFrame:
    """Return ``rows`` without the leads that were shown in an experiment, the held-out ones weighing for them."""
    if arms is None:
        return rows
    placed = _placed(rows, arms, goal)
    left = placed.filter(~pl.col("during") | (~pl.col("mixed") & ~pl.col("shown")))
    weight = pl.when("during").then(pl.col("weight") / pl.col("held_out_share")).otherwise("weight")
    return numbered(left.with_columns(weight=weight).select(rows.columns))


def _placed(rows: pl.DataFrame, arms: pl.DataFrame, goal: Goal) -> pl.DataFrame:
    """``rows`` with their arms. ``during``: their lead was treated by its arm while their outcome could come.

    ``mixed``: it was held out first and shown then, or the experiment had ended: such a row tells of neither.
    """
    joined = rows.join(arms.unique("lead_id", keep="first"), on="lead_id", how="left", maintain_order="left")
    ends = pl.col("as_of") + timedelta(days=goal.horizon_days)
    during = pl.col("since").is_not_null() & (ends > pl.col("since"))
    during &= pl.col("until").is_null() | (pl.col("as_of") < pl.col("until"))
    joined = joined.with_columns(during=during)
    mixed = pl.col("during") & pl.col("until").is_not_null() & (ends > pl.col("until"))
    return joined.with_columns(mixed=mixed)
