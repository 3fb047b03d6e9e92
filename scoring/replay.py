"""Recompute scores, bit for bit, from the vectors that they were made of and the model's bytes.

No history, no database and no clock take part: whoever holds a bundle, the inputs that were recorded
with a score and the score itself can check one against the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from scoring.bundle import Bundle, loads
from scoring.errors import HistoryError
from scoring.explain import CONTRIBUTION, contributed
from scoring.predict import FORMER_TIER, INPUTS, kept_tiers, scored

RECORD = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "probability": pl.Float64(),
        "score_tenths": pl.Int64(),
        "tier": pl.String(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "expected": pl.Int64(),
        "base_value": pl.Float64(),
        "contributions": pl.List(CONTRIBUTION),
        "inputs_hash": pl.String(),
    }
)
"""One row a score as it was recorded. Of older scores ``contributions`` may be fewer than all, and ``low``,
``high`` and ``expected`` null: what was not recorded is not compared."""

PARTS = "contributions"
SINCE = ("low", "high", "expected")
_CHUNK_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A recorded value that is not what the inputs and the model give; texts, as they were compared."""

    lead_id: int
    what: str
    recorded: str
    recomputed: str


def record(scores: pl.DataFrame) -> pl.DataFrame:
    """RECORD of what ``score`` returned with its reasons."""
    return scores.select(RECORD.names())


def replay(data: bytes, inputs: pl.DataFrame, *, tenant: str, line: int | None = None) -> pl.DataFrame:
    """RECORD of every row of ``inputs``, by the model whose container is ``data``; ``line`` as ``Bundle.at_line`` says.

    Raises:
        BundleError: the model is damaged, of another tenant or newer than this program.
        HistoryError: the inputs lack columns of the model.

    """
    bundle = loads(data, tenant=tenant).at_line(line)
    missing = [name for name in (*INPUTS.names(), *bundle.spec.columns) if name not in inputs.columns]
    if missing:
        raise HistoryError(f"The inputs are not those of {bundle.version}: they lack {', '.join(missing[:5])}.")
    parts = [_replayed(bundle, part) for part in inputs.iter_slices(_CHUNK_ROWS)]
    return pl.concat([pl.DataFrame(schema=RECORD), *parts])


def _replayed(bundle: Bundle, inputs: pl.DataFrame) -> pl.DataFrame:
    matrix = np.ascontiguousarray(inputs.select(bundle.spec.columns).to_numpy(), dtype=np.float64)
    matrix = matrix.reshape(inputs.height, len(bundle.spec.columns))
    scores = scored(bundle, inputs["lead_id"], matrix)
    parts = contributed(bundle, matrix)
    return scores.with_columns(
        kept_tiers(bundle, scores, inputs[FORMER_TIER]),
        pl.Series("base_value", parts.base, dtype=pl.Float64),
        parts.all_contributions(),
    ).select(RECORD.names())


def differences(recorded: pl.DataFrame, recomputed: pl.DataFrame) -> list[Difference]:
    """Where two frames of RECORD differ, by lead; nothing is rounded. A lead that was not recomputed differs."""
    names = [name for name in RECORD.names() if name != "lead_id"]
    both = recorded.select(RECORD.names()).join(
        recomputed.with_columns(found=pl.lit(value=True)), on="lead_id", how="left", suffix="_again"
    )
    missing = both.filter(pl.col("found").is_null())["lead_id"]
    found = [Difference(lead, "inputs", "recorded", "missing") for lead in missing]
    both = both.drop_nulls("found")
    for name in names:
        found += _parts(both) if name == PARTS else _of(both, name)
    return sorted(found, key=lambda item: (item.lead_id, names.index(item.what) if item.what in names else -1))


def _of(rows: pl.DataFrame, name: str) -> Sequence[Difference]:
    columns = ("lead_id", name, f"{name}_again")
    differ = pl.col(name).ne_missing(pl.col(f"{name}_again"))
    if name in SINCE:
        differ &= pl.col(name).is_not_null()
    rows = rows.filter(differ)
    return [Difference(lead, name, repr(old), repr(new)) for lead, old, new in rows.select(columns).iter_rows()]


def _parts(both: pl.DataFrame) -> Sequence[Difference]:
    """Recorded contributions that came out otherwise; one that is recorded without its concept being known differs."""
    named = [pl.col(PARTS).struct.field(name) for name in ("concept", "contribution")]
    sides = [
        both.select("lead_id", pl.col(column).alias(PARTS)).explode(PARTS).drop_nulls(PARTS).select("lead_id", *named)
        for column in (PARTS, f"{PARTS}_again")
    ]
    joined = sides[0].join(sides[1], on=("lead_id", "concept"), how="left", suffix="_again", maintain_order="left")
    wrong = joined.filter(pl.col("contribution").ne_missing(pl.col("contribution_again")))
    return [
        Difference(lead, PARTS, f"{concept} {old!r}", f"{concept} {new!r}")
        for lead, concept, old, new in wrong.select(
            "lead_id", "concept", "contribution", "contribution_again"
        ).iter_rows()
    ]
