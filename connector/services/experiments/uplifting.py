"""Who is worth a call because the call changes something: learned from the arms of a holdout, weekly, with the look."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import Connection

from connector.store import arms
from connector.store.experiments import HOLDOUT, Experiment

SEED = 20261130
"""Any number: the same outcomes give the same figures."""


def uplifts(
    session: Connection, experiment: Experiment, known: Sequence[tuple[int, str, bool, bool]]
) -> dict[str, Any] | None:
    """Return what ``scoring.experiments.uplift`` finds, as plain values; None where an arm has too few conversions.

    ``known`` are (lead, unit, treated, converted) of leads whose whole horizon is over. Only a holdout tells what a
    call changes: in both arms of the others leads are called.
    """
    # Imported here, as everywhere in the services: who does not compute needs no library of statistics.
    import polars as pl

    from scoring.experiments.uplift import CASES, LEAST_CONVERSIONS, uplift

    won = [treated for _, _, treated, converted in known if converted]
    if experiment.kind != HOLDOUT or min(sum(won), len(won) - sum(won)) < LEAST_CONVERSIONS:
        return None
    by = {entry.lead_id: entry.body for entry in arms.counted_by(session, experiment.tenant_id, experiment.id)}
    rows = [
        (unit, treated, converted, *_features(body))
        for lead, unit, treated, converted in known
        # Who was erased meanwhile has left no score to learn from.
        if (body := by.get(lead)) is not None
    ]
    found = uplift(pl.DataFrame(rows, schema=CASES, orient="row"), SEED)
    return found.to_json() if found else None


def _features(body: Any) -> tuple[float, float, float]:
    chance = min(max(float(body["probability"]), 1e-6), 1 - 1e-6)
    return math.log(chance / (1 - chance)), float(body.get("fit") or 0.0), float(body.get("engagement") or 0.0)
