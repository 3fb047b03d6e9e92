"""Whether the linear part of a model says of each input what the input says alone: signs, and rising or falling.

A coefficient may honestly have another sign than its input alone: what is left of one fact once the others are known
may point the other way (suppression), and of two inputs that say nearly the same one may correct the other. But a list
of coefficients is read one by one, so such inputs are named. A line can only rise or fall: an input that does both is
named too, and the blend with trees or pairs is what follows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from scoring.features.catalogue import Catalogue
from scoring.metrics import Floats, Indices
from scoring.models import Model
from scoring.models.blend import Blend
from scoring.models.logistic import Logistic
from scoring.models.segmented import Segmented

SURE = 3.0
"""Standard errors; leads count once, however many rows they have."""
LEAST = 0.05
"""Log-odds for a standard deviation: a smaller coefficient says nothing worth a check."""
BANDS, LEAST_LEADS = 5, 30
"""An input's values are cut at their quintiles; bands with fewer leads than these are not compared."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the model was fitted on: its matrix, labels and weights, and the lead of each row."""

    matrix: Floats
    label: Floats
    weight: Floats
    lead: Indices


def checked(model: Model, columns: Sequence[str], declared: Catalogue, rows: Rows) -> dict[str, Any] | None:
    """Return the inputs that were checked, and those whose sign is turned or whose rate both rises and falls.

    None where the model has no linear part.
    """
    linear = linear_part(model)
    if linear is None or not rows.matrix.shape[0]:
        return None
    values, _ = linear.scaling.standardised(rows.matrix)
    leads = len(np.unique(rows.lead))
    alone = np.array([_correlation(values[:, place], rows.label) for place in range(values.shape[1])])
    heavy = [place for place in range(len(columns)) if abs(linear.coef[place]) >= LEAST]
    turned = [at for at in heavy if linear.coef[at] * alone[at] < 0 and abs(alone[at]) * np.sqrt(leads) >= SURE]
    features = [declared.features[name] for name in columns]
    lines = [at for at in heavy if not features[at].flag and abs(alone[at]) * np.sqrt(leads) >= SURE]
    bent = [(at, found) for at in lines if (found := _reversal(rows, at, float(np.sign(alone[at])))) is not None]
    concepts = _turned_concepts(linear, rows, [feature.concept for feature in features])
    return {
        "inputs": len(heavy),
        "turned": [{"name": columns[at], "label": features[at].label} for at in turned],
        "bent": [{"name": columns[at], "label": features[at].label, **found} for at, found in bent],
        "concepts_turned": concepts,
    }


def linear_part(model: Model) -> Logistic | None:
    """Return the penalised logistic regression that serves, alone or in a blend."""
    if isinstance(model, Segmented):
        return linear_part(model.parent)
    members = model.members if isinstance(model, Blend) else (model,)
    return next((member for member in members if isinstance(member, Logistic)), None)


def _correlation(value: Floats, label: Floats) -> float:
    spread = value.std() * label.std()
    return float(((value - value.mean()) * (label - label.mean())).mean() / spread) if spread > 0 else 0.0


def _turned_concepts(linear: Logistic, rows: Rows, owners: Sequence[str]) -> list[str]:
    """Concepts whose whole contribution surely falls where conversions rise: no reader would expect that."""
    added, leads = linear.contributions(rows.matrix), len(np.unique(rows.lead))
    found = []
    for concept in dict.fromkeys(owners):
        whole = added[:, [place for place, owner in enumerate(owners) if owner == concept]].sum(axis=1)
        if whole.std() >= LEAST and _correlation(whole, rows.label) * np.sqrt(leads) <= -SURE:
            found.append(concept)
    return found


def _reversal(rows: Rows, place: int, sign: float) -> Mapping[str, Any] | None:
    """Return the two bands between which the rate surely moves against the direction that the input has as a whole."""
    column = rows.matrix[:, place]
    known = ~np.isnan(column)
    cuts = np.unique(np.quantile(column[known], np.linspace(0, 1, BANDS + 1)[1:-1]))
    band = np.searchsorted(cuts, column[known], side="left")
    inside = [np.flatnonzero(known)[band == at] for at in range(len(cuts) + 1)]
    bands = [_band(rows, column, chosen) for chosen in inside if len(chosen)]
    pairs = [(_against(*pair, sign), pair) for pair in combinations(bands, 2) if all(_enough(one) for one in pair)]
    size, (one, other) = max(pairs, key=lambda found: found[0], default=(0.0, ({}, {})))
    return {"from": one, "to": other} if size >= SURE else None


def _band(rows: Rows, column: Floats, chosen: Indices) -> dict[str, Any]:
    rate = float(np.average(rows.label[chosen], weights=rows.weight[chosen]))
    low, high = float(column[chosen].min()), float(column[chosen].max())
    return {"low": low, "high": high, "rate": rate, "leads": len(np.unique(rows.lead[chosen]))}


def _enough(band: Mapping[str, Any]) -> bool:
    return bool(band["leads"] >= LEAST_LEADS)


def _against(one: Mapping[str, Any], other: Mapping[str, Any], sign: float) -> float:
    """By how many standard errors the rate moves against ``sign`` from one band to a later one."""
    spread = np.sqrt(sum(side["rate"] * (1 - side["rate"]) / side["leads"] for side in (one, other)))
    return float(-sign * (other["rate"] - one["rate"]) / max(spread, 1e-9))
