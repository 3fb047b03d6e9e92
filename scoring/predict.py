"""Scores for the leads of a history at an instant."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.bands import WIDE_TENTHS
from scoring.bundle import Bundle
from scoring.dataset import serving_rows
from scoring.explain import CONTRIBUTION, REASON, explain
from scoring.features import Side, Vectors, build
from scoring.metrics import Floats
from scoring.population import existing, numbered, open_rows
from scoring.schema import History
from scoring.timeline import Timeline
from scoring.watching import as_seen

SCORES = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "log_odds": pl.Float64(),
        "probability": pl.Float64(),
        "score_tenths": pl.Int64(),
        "tier": pl.String(),
        "inputs_hash": pl.String(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "little_known": pl.Boolean(),
        "expected": pl.Int64(),
        "currency": pl.String(),
    }
)
"""``low`` and ``high`` are the ends of the probability's 95 % interval (see ``bands``), ``little_known`` says that it
is wide; all three are null with models of older programs. ``expected``: chance × amount, in hundredths of ``currency``,
null where too few amounts are known."""
FORMER_TIER = "former_tier"
INPUTS = pl.Schema({"lead_id": pl.Int64(), FORMER_TIER: pl.String()})
"""What a frame of inputs holds before its numbers, one a column of the model. ``former_tier`` is the band that
the lead was in before (null: none)."""
REASONS = pl.Schema(
    {
        "reasons": pl.List(REASON),
        "contributions": pl.List(CONTRIBUTION),
        "base_value": pl.Float64(),
        "fit": pl.Float64(),
        "engagement": pl.Float64(),
    }
)
"""Why; ``fit`` and ``engagement`` are the subtotals, in log-odds, of what the lead is and of what it does."""


def score(
    bundle: Bundle,
    history: History,
    *,
    as_of: datetime,
    lead_ids: Sequence[int] | None = None,
    reasons: bool = True,
) -> pl.DataFrame:
    """Score the leads that are in the population at ``as_of`` (of ``lead_ids``, if given), by lead_id.

    Columns as in SCORES and, with ``reasons``, REASONS: base_value + Σ contributions = log_odds =
    logit(probability) within 1e-6. ``score_tenths`` is the score × 10. Leads outside the population
    are absent; ``population`` says why. ``inputs_hash`` is the SHA-256 of the version and the vector.
    """
    rows, vectors = _vectors(bundle, history, as_of, lead_ids)
    scores = scored(bundle, rows["lead_id"], vectors.matrix)
    return scores.hstack(_reasons(bundle, vectors)) if reasons else scores


@dataclass(frozen=True, slots=True)
class Recorded:
    """Scores with the INPUTS that they were made of, in the same order."""

    scores: pl.DataFrame
    inputs: pl.DataFrame


def score_recorded(
    bundle: Bundle,
    history: History,
    *,
    as_of: datetime,
    former: Mapping[int, str],
    lead_ids: Sequence[int] | None = None,
) -> Recorded:
    """As ``score`` with reasons, and the inputs from which ``replay`` recomputes each score.

    ``former`` are the bands that leads are in now: one near a border keeps its band.
    """
    rows, vectors = _vectors(bundle, history, as_of, lead_ids)
    scores = scored(bundle, rows["lead_id"], vectors.matrix).hstack(_reasons(bundle, vectors))
    bands = pl.Series(FORMER_TIER, [former.get(lead) for lead in rows["lead_id"]], dtype=pl.String)
    head = pl.DataFrame([rows["lead_id"], bands], schema=INPUTS)
    numbers = pl.from_numpy(vectors.matrix, schema=vectors.columns, orient="row")
    return Recorded(scores.with_columns(kept_tiers(bundle, scores, bands)), head.hstack(numbers))


def kept_tiers(bundle: Bundle, scores: pl.DataFrame, former: pl.Series) -> pl.Series:
    """The band of each score for leads that were in the bands ``former`` (null: in none)."""
    pairs = zip(scores["score_tenths"], former, strict=True)
    return pl.Series("tier", [bundle.tiers.next(tenths, band) for tenths, band in pairs], dtype=pl.String)


def _vectors(
    bundle: Bundle, history: History, as_of: datetime, lead_ids: Sequence[int] | None
) -> tuple[pl.DataFrame, Vectors]:
    """The open leads as rows, and their vectors."""
    rows = existing(history, as_of)
    if lead_ids is not None:
        rows = numbered(rows.filter(pl.col("lead_id").is_in(list(lead_ids))))
    rows = numbered(open_rows(history, rows).sort("lead_id"))
    rows = serving_rows(history, rows, bundle.goal.timing)
    return rows, build(Timeline(as_trained(bundle, history)), rows, bundle.spec)


def as_trained(bundle: Bundle, history: History) -> History:
    """``history`` with the times by which the model learned those fields that were not known from creation."""
    return as_seen(history, [field.name for field in bundle.spec.fields if field.observed])


def scored(bundle: Bundle, lead_ids: pl.Series, matrix: Floats) -> pl.DataFrame:
    """SCORES of leads whose vectors are the rows of ``matrix``, in the order of the bundle's columns."""
    raw = bundle.model.log_odds(matrix)
    log_odds = bundle.calibration.apply(raw)
    tenths = bundle.score_map.tenths(log_odds)
    return pl.DataFrame(
        {
            "lead_id": lead_ids,
            "log_odds": log_odds,
            "probability": expit(log_odds),
            "score_tenths": tenths,
            "tier": bundle.tiers.names(tenths),
            "inputs_hash": _hashes(bundle, matrix),
        }
        | _interval(bundle, raw, log_odds)
        | _expected(bundle, matrix, expit(log_odds)),
        schema=SCORES,
    )


def _interval(bundle: Bundle, raw: Floats, log_odds: Floats) -> dict[str, Any]:
    if bundle.bands is None:
        return dict.fromkeys(("low", "high", "little_known"), [None] * len(raw))
    low, high = bundle.bands.around(raw, log_odds)
    span = bundle.score_map.tenths(high) - bundle.score_map.tenths(low)
    return {"low": expit(low), "high": expit(high), "little_known": span > WIDE_TENTHS}


def _expected(bundle: Bundle, matrix: Floats, chance: Floats) -> dict[str, Any]:
    if bundle.worth is None:
        return {"expected": [None] * len(matrix), "currency": [None] * len(matrix)}
    expected = np.rint(chance * bundle.worth.amounts(matrix)).astype(np.int64)
    return {"expected": expected, "currency": [bundle.worth.currency] * len(matrix)}


def _hashes(bundle: Bundle, matrix: Floats) -> list[str]:
    start = hashlib.sha256("\n".join((bundle.version, *bundle.spec.columns)).encode())
    hashes = []
    for row in np.ascontiguousarray(matrix, dtype="<f8"):
        one = start.copy()
        one.update(row.tobytes())
        hashes.append(one.hexdigest())
    return hashes


def _reasons(bundle: Bundle, vectors: Vectors) -> pl.DataFrame:
    explanation = explain(bundle, vectors)
    columns = {
        "reasons": explanation.reasons(),
        "contributions": explanation.parts.all_contributions(),
        "base_value": explanation.parts.base,
        "fit": explanation.parts.subtotal(Side.FIT),
        "engagement": explanation.parts.subtotal(Side.ENGAGEMENT),
    }
    return pl.DataFrame(columns, schema=REASONS)
