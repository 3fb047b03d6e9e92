"""Scores for the leads of a history at an instant."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.bundle import Bundle
from scoring.dataset import serving_rows
from scoring.explain import CONTRIBUTION, REASON, explain
from scoring.features import Vectors, build
from scoring.population import existing, numbered, open_rows
from scoring.schema import History
from scoring.timeline import Timeline

SCORES = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "log_odds": pl.Float64(),
        "probability": pl.Float64(),
        "score_tenths": pl.Int64(),
        "tier": pl.String(),
        "inputs_hash": pl.String(),
    }
)
REASONS = pl.Schema({"reasons": pl.List(REASON), "contributions": pl.List(CONTRIBUTION), "base_value": pl.Float64()})


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
    rows = existing(history, as_of)
    if lead_ids is not None:
        rows = numbered(rows.filter(pl.col("lead_id").is_in(list(lead_ids))))
    rows = numbered(open_rows(history, rows).sort("lead_id"))
    rows = serving_rows(history, rows, bundle.goal.timing)
    vectors = build(Timeline(history), rows, bundle.spec)
    scores = _scored(bundle, rows, vectors)
    return scores.hstack(_reasons(bundle, vectors)) if reasons else scores


def _scored(bundle: Bundle, rows: pl.DataFrame, vectors: Vectors) -> pl.DataFrame:
    log_odds = bundle.calibration.apply(bundle.model.log_odds(vectors.matrix))
    tenths = bundle.score_map.tenths(log_odds)
    return pl.DataFrame(
        {
            "lead_id": rows["lead_id"],
            "log_odds": log_odds,
            "probability": expit(log_odds),
            "score_tenths": tenths,
            "tier": bundle.tiers.names(tenths),
            "inputs_hash": _hashes(bundle, vectors),
        },
        schema=SCORES,
    )


def _hashes(bundle: Bundle, vectors: Vectors) -> list[str]:
    start = hashlib.sha256("\n".join((bundle.version, *vectors.columns)).encode())
    hashes = []
    for row in np.ascontiguousarray(vectors.matrix, dtype="<f8"):
        one = start.copy()
        one.update(row.tobytes())
        hashes.append(one.hexdigest())
    return hashes


def _reasons(bundle: Bundle, vectors: Vectors) -> pl.DataFrame:
    explanation = explain(bundle, vectors)
    columns = {
        "reasons": explanation.reasons(),
        "contributions": explanation.all_contributions(),
        "base_value": explanation.base,
    }
    return pl.DataFrame(columns, schema=REASONS)
