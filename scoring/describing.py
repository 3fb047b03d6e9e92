"""What a report says of how it came about: the goal, the split, and the use of every field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from scoring.bundle import SCHEMA_VERSION, Bundle
from scoring.features import catalogue
from scoring.leakage import FieldVerdict, Verdict
from scoring.learning import Trial
from scoring.schema import Field, Timing
from scoring.splits import distinct_conversions

_DAY_US = 86_400_000_000


def described(
    bundle: Bundle, fields: Mapping[str, Field], verdicts: Sequence[FieldVerdict], rows: pl.DataFrame, trial: Trial
) -> dict[str, Any]:
    """``goal``, ``schema`` (the artefact's form), ``split`` (None without one) and ``inputs``, JSON-able."""
    return {
        "goal": asdict(bundle.goal) | {"timing": str(bundle.goal.timing)},
        "schema": SCHEMA_VERSION,
        "split": _split(bundle, rows, trial),
        "inputs": _inputs(bundle, fields, verdicts),
        "facts": trial.facts.to_json() if trial.facts else None,
    }


def window(rows: pl.DataFrame) -> dict[str, str | None]:
    """First and last snapshot; nulls where no date is known."""
    first, last = rows["as_of"].min(), rows["as_of"].max()
    return {
        "first": first.isoformat() if isinstance(first, datetime) else None,
        "last": last.isoformat() if isinstance(last, datetime) else None,
    }


def counted(rows: pl.DataFrame) -> dict[str, Any]:
    """Snapshots, leads, converting leads and dates."""
    return {
        "rows": rows.height,
        "leads": rows["lead_id"].n_unique(),
        "conversions": distinct_conversions(rows),
        "window": window(rows),
    }


def _split(bundle: Bundle, rows: pl.DataFrame, trial: Trial) -> dict[str, Any] | None:
    """``gap_days``: from the last snapshot learned from to the first one judged; None where nothing is dated."""
    if trial.split is None or trial.choice is None:
        return None
    learned = rows.filter(pl.Series(trial.split.dev))
    gap = int(trial.rows["order"].to_numpy().min()) - int(learned["order"].to_numpy().max())
    dated = bundle.goal.timing is not Timing.ORDERED
    windows = len(trial.choice.log_odds)
    return {
        "learned_from": counted(learned),
        "gap_days": round(gap / _DAY_US, 1) if dated else None,
        "windows": windows,
    }


def _inputs(bundle: Bundle, fields: Mapping[str, Field], verdicts: Sequence[FieldVerdict]) -> list[dict[str, str]]:
    """Every field with its ``use``: used, proven, suspect, blocked or idle (allowed, but in no feature)."""
    declared = catalogue(bundle.spec).features
    read = {name for column in bundle.spec.columns for name in declared[column].inputs}
    gone = {one.field: str(one.verdict) for one in verdicts if one.verdict is not Verdict.CLEAR}
    return [
        {
            "field": name,
            "label": field.label,
            "type": str(field.type),
            "knowledge": str(field.knowledge),
            "use": "blocked" if field.blocked else gone.get(name) or ("used" if name in read else "idle"),
        }
        for name, field in sorted(fields.items())
    ]
