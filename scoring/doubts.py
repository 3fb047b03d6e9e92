"""Leads of which a person said that they are none, or that their data are wrong: left out where that helps.

What such a lead did or did not become may teach a model nothing but noise. But people also say so of leads that simply
did not buy, and a model without these takes everybody for more promising. So nothing is left out on somebody's word
alone: the newest matured conversions must surely be ranked better by a model that never saw the doubted leads.
"""

from __future__ import annotations

import polars as pl

from scoring.models import Training
from scoring.newest import Newest
from scoring.schema import UTC_TIME
from scoring.splits import Mask

DOUBTS = pl.Schema({"lead_id": pl.Int64(), "at": UTC_TIME})
"""One row a doubted lead, and since when it is."""

LEAST = 20
"""Doubted leads among the rows; of fewer no difference would be sure."""


def doubted(rows: pl.DataFrame, doubts: pl.DataFrame, until: float) -> Mask:
    """Return which rows are of leads that were doubted before a time (µs)."""
    known = doubts.filter(pl.col("at").dt.epoch("us") < until)["lead_id"]
    found: Mask = rows["lead_id"].is_in(known.implode()).to_numpy()
    return found


def left_out(asked: Newest | None, rows: pl.DataFrame, doubts: pl.DataFrame | None, until: float) -> Mask | None:
    """Return the rows of leads that were doubted before ``until`` (µs) if it surely helps not to learn from such.

    None where it does not, or too little is known. Asked is by what had been doubted when the window began.
    """
    if asked is None or doubts is None:
        return None
    known = doubted(rows, doubts, asked.start)
    if any(rows.filter(pl.Series(known & others))["lead_id"].n_unique() < LEAST for others in asked.others):
        return None

    def trusting(train: Training, others: Mask) -> Training:
        return asked.whole.where(others & ~known).sampled(len(train.label))

    without = asked.learned("without", trusting)
    return doubted(rows, doubts, until) if asked.surely([without]) is without else None


def sentence(count: int) -> str:
    """Say it on the model's card."""
    return (
        f"{count:,} leads of which people said that they are no real leads, or that their data are wrong, taught it "
        "nothing. So the newest leads with a known outcome were surely ranked better."
    )
