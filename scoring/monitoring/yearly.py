"""What the year before foretells of a day, from all of its months: one wave a year through the shares of each bin.

Where few come, the same month a year ago tells little by itself; a wave has three numbers for each bin, which the
arrivals of twelve months share. It knows no short season: a month of trade fairs is not in it.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from scoring.metrics import Floats
from scoring.monitoring.colleagues import design_effect
from scoring.monitoring.reference import BINS, Reference
from scoring.monitoring.strata import YEAR, mixed

MONTHS = 12
_MIDDLE = 0.5
_RIDGE = 1e-9
"""For measures of which nothing was known: their equations have no answer, and their worth is none."""


def foretold(reference: Reference, moment: datetime, weekends: float) -> tuple[Floats, Floats] | None:
    """Return the shares of bins (measures × BINS) foretold for ``moment``, and how many arrivals they are worth.

    ``weekends``: the share that comes at weekends. Least squares over the months, weighted by what each is worth; the
    worth is that of the regression at ``moment``. None where the reference holds no whole year.
    """
    measures, months = reference.counts.shape[:2]
    if months < MONTHS:
        return None
    days = np.array([1 - weekends, weekends])
    flat = reference.counts.transpose(1, 0, 2, 3).reshape(months * measures, 2, BINS)
    shares, worth = mixed(flat, days)
    shares, worth = shares.reshape(months, measures, BINS), worth.reshape(months, measures)
    wave = _wave(((reference.first_month + np.arange(months)) % MONTHS + _MIDDLE) / MONTHS)
    here = _wave(np.array([(moment - moment.replace(month=1, day=1, hour=0, minute=0, second=0)) / YEAR]))[0]
    equations = np.einsum("mi,mk,mj->kij", wave, worth, wave) + _RIDGE * np.eye(wave.shape[1])
    pulls = np.linalg.solve(equations, np.broadcast_to(here[:, None], (measures, len(here), 1)))[:, :, 0]
    weights = np.einsum("mi,ki,mk->mk", wave, pulls, worth)
    found = np.maximum(np.einsum("mk,mkb->kb", weights, shares), 0.0)
    total = found.sum(axis=1, keepdims=True)
    spread = pulls @ here
    known = worth.sum(axis=0) > 0
    share = np.divide(found, total, out=np.zeros_like(found), where=total > 0)
    worth_here = np.where(known, 1 / np.where(known, spread, 1.0), 0.0)
    return share, worth_here / design_effect(reference.alike, reference.colleagues[0])


def _wave(part: Floats) -> Floats:
    """One, and a wave, at parts of a year."""
    angle = 2 * np.pi * part
    return np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1)
