"""Working out what one tenant gives from its training rows.

The coefficients are those of one logistic regression on the shared features' fixed transforms, under a weak prior
N(0, WEAK). What is given is what the rows alone say of each coefficient, the others under that prior: for a posterior
N(m, V) the likelihood has the precision 1/V - 1/WEAK and the mean (m / V) / (1/V - 1/WEAK), so that pooling counts the
weak prior not once a tenant. The variance given is that over samples, (V H V) / (1 - V/WEAK)² for the information H of
the rows: what is unknown of the other coefficients is the same for all tenants and must not hide how far they lie
apart. Snapshots of one lead are not independent: all rows together weigh as many conversions as there are converting
leads.
"""

from __future__ import annotations

import math

import numpy as np

from scoring.metrics import Floats, Indices
from scoring.models.contract import Training
from scoring.pooling.mode import Evidence
from scoring.pooling.share import Share, Term
from scoring.pooling.shared import places, transformed

MIN_LEADS, MIN_CONVERSIONS = 500, 100
"""Fewer leads or distinct converting leads: the tenant gives nothing."""
MIN_SIDE_LEADS, MIN_SIDE_CONVERSIONS = 50, 5
"""A feature is given where so many leads, and so many converting ones, lie on either side of its mean."""
WEAK = 1.0
"""Variance of the weak prior of a coefficient, in log-odds for each unit of a transform."""
LEAST_PRECISION = 0.02
"""Rows that fix a coefficient less sharply (1/V - 1/WEAK) say nothing worth giving."""
DIGITS = 2


def information(label: Floats, lead: Indices) -> float:
    """How many independent observations a row stands for: distinct leads by rows, of converting ones if there are."""
    chosen = lead[label == 1] if label.any() else lead
    return len(np.unique(chosen)) / len(chosen) if len(chosen) else 1.0


def give(training: Training, lead: Indices) -> Share | None:
    """What a tenant with these rows gives; ``lead`` numbers the lead of each. None: too little to give."""
    leads, conversions = len(np.unique(lead)), len(np.unique(lead[training.label == 1]))
    if leads < MIN_LEADS or conversions < MIN_CONVERSIONS:
        return None
    at = places(training.columns)
    values = transformed(training.matrix[:, list(at.values())], tuple(at))
    behind = {name: _behind(values[:, place], training.label, lead) for place, name in enumerate(at)}
    kept = [place for place, name in enumerate(at) if behind[name] is not None]
    weight = training.weight * information(training.label, lead)
    coef, variance, own = _said(values[:, kept], training.label, weight)
    terms = []
    for place, value, spread, precision in zip(kept, coef, variance, own, strict=True):
        name = tuple(at)[place]
        known = behind[name]
        if known is not None and precision >= LEAST_PRECISION:
            terms.append((name, Term(_rounded(value, 6), _rounded(spread, 6), *known)))
    return Share(_base(training.label, weight, leads, conversions), tuple(sorted(terms)))


def _behind(values: Floats, label: Floats, lead: Indices) -> tuple[int, int] | None:
    """Leads and converting leads on the smaller side of the mean; None: too few to give anything away."""
    above = values > values.mean()
    sides = [above, ~above]
    leads = min(len(np.unique(lead[side])) for side in sides)
    conversions = min(len(np.unique(lead[side & (label == 1)])) for side in sides)
    if leads < MIN_SIDE_LEADS or conversions < MIN_SIDE_CONVERSIONS:
        return None
    return int(_rounded(leads, DIGITS)), int(_rounded(conversions, DIGITS))


def _said(values: Floats, label: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Each coefficient, its variance over samples, and the precision with which the rows alone fix it."""
    count = values.shape[1]
    evidence = Evidence(np.column_stack([values - values.mean(axis=0), np.ones(len(label))]), label, weight)
    precision = np.append(np.full(count, 1.0 / WEAK), 0.0)
    mode = evidence.mode(np.zeros(count + 1), precision)
    known = evidence.curvature(mode)
    posterior = np.linalg.inv(known + np.diag(precision))
    spread = np.diag(posterior)[:count]
    own = np.maximum(1.0 / spread - 1.0 / WEAK, LEAST_PRECISION / 2)
    sampled = np.einsum("ij,jk,ik->i", posterior, known, posterior)[:count]
    return mode[:count] / (spread * own), sampled / (spread * own) ** 2, own


def _base(label: Floats, weight: Floats, leads: int, conversions: int) -> Term:
    rate = float(weight @ label / weight.sum())
    variance = 1.0 / (conversions * (1 - rate))
    counts = int(_rounded(leads, DIGITS)), int(_rounded(conversions, DIGITS))
    return Term(_rounded(math.log(rate / (1 - rate)), 6), _rounded(variance, 6), *counts)


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")
