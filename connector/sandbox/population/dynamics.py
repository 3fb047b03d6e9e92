"""The process behind a generated tenant, and the exact chance that it gives.

Each lead has an interest that moves from day to day between three hidden states (cold,
warm, hot) as a Markov chain. The state sets how often each kind of engagement happens
(Poisson, by weekday) and, with the lead's fit, how likely a deal is opened that day:

    P(deal on a day) = 1 - exp(-BASE * INTEREST[state] * exp(fit))

A deal is won with chance ``WIN`` after a delay of known law, else lost. Disqualification
comes at a constant rate. What anyone can know of the state is what engagement tells, so
the chance at an instant is found in two steps: the forward algorithm filters the state
from the engagement seen so far, and a recursion over the next 90 days gives the chance
that a deal is opened and won in time. Nothing else in the population tells about the future.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

START = np.array([0.50, 0.30, 0.20])
STEP = np.array([[0.9970, 0.0025, 0.0005], [0.030, 0.955, 0.015], [0.010, 0.025, 0.965]])
INTEREST = np.array([1.0, 15.0, 100.0])
BASE = 0.00008
WIN = 0.70
DISQUALIFIED = 0.0005
HORIZON_DAYS = 90
WEEKDAYS = np.array([1.28, 1.28, 1.28, 1.28, 1.28, 0.3, 0.3])
MAIL_KINDS = ("open", "click")
RATES: dict[str, Floats] = {
    "open": np.array([0.006, 0.030, 0.080]),
    "click": np.array([0.0012, 0.012, 0.050]),
    "form": np.array([0.0008, 0.006, 0.030]),
    "email_in": np.array([0.0002, 0.002, 0.014]),
    "email_out": np.array([0.0006, 0.002, 0.008]),
    "meeting": np.array([0.0001, 0.0015, 0.012]),
    "call": np.array([0.0003, 0.002, 0.010]),
}
"""Mean number a day of each kind of engagement, by state."""


def _delay_chances() -> Floats:
    """Return the chance of each delay of 0, 1, … 59 days between a deal's opening and its end."""
    days = np.arange(60, dtype=np.float64)
    weights = (days + 0.5) * np.exp(-(days + 0.5) / 6.0)
    chances: Floats = weights / weights.sum()
    return chances


DELAY = _delay_chances()


@dataclass(frozen=True, slots=True)
class Setting:
    """What the process starts from, one entry a lead. Days count from the population's first.

    ``mail_until``: the day from which no marketing e-mail reaches the lead any more.
    """

    fit: Floats
    start_day: Ints
    mail_until: Ints
    first_weekday: int


@dataclass(frozen=True, slots=True)
class Course:
    """What happened. -1: it did not. ``engagement``: kind → (leads, days), one entry a happening."""

    engagement: dict[str, tuple[Ints, Ints]]
    deal_day: Ints
    close_day: Ints
    won: Bools
    disqualified_day: Ints
    chance: Floats


def simulate(setting: Setting, days: int, observed_day: int, rng: np.random.Generator) -> Course:
    """Let ``days`` days pass; ``chance`` is each lead's as of the beginning of ``observed_day``.

    The chance is meaningful for leads that are open then, with no deal and reachable by mail.
    """
    count = len(setting.fit)
    state = rng.choice(3, size=count, p=START)
    belief = np.tile(START, (count, 1))
    deal_day, disqualified_day = np.full(count, -1), np.full(count, -1)
    seen: dict[str, list[tuple[Ints, Ints]]] = {kind: [] for kind in RATES}
    hazard = 1.0 - np.exp(-BASE * np.exp(setting.fit)[:, None] * INTEREST[None, :])
    chance = np.zeros(count)
    for day in range(days + 1):
        if day == observed_day:
            chance = (belief * _win_chances(hazard)).sum(axis=1)
        if day == days:
            break
        active = (setting.start_day <= day) & (deal_day < 0) & (disqualified_day < 0)
        belief = _engage(setting, day, (state, belief, active), seen, rng)
        opens = active & (rng.random(count) < hazard[np.arange(count), state])
        deal_day[opens] = day
        leaves = active & ~opens & (rng.random(count) < DISQUALIFIED)
        disqualified_day[leaves] = day
        belief = _moved_on(belief, hazard, active)
        state = np.where(active, _next_state(state, rng), state)
    delay = rng.choice(len(DELAY), size=count, p=DELAY)
    return Course(
        engagement={kind: _joined(parts) for kind, parts in seen.items()},
        deal_day=deal_day,
        close_day=np.where(deal_day >= 0, deal_day + delay, -1),
        won=(deal_day >= 0) & (rng.random(count) < WIN),
        disqualified_day=disqualified_day,
        chance=chance,
    )


def _engage(
    setting: Setting,
    day: int,
    where: tuple[Ints, Floats, Bools],
    seen: dict[str, list[tuple[Ints, Ints]]],
    rng: np.random.Generator,
) -> Floats:
    """Draw a day's engagement, keep it, and return the beliefs that it leaves."""
    state, belief, active = where
    factor = float(WEEKDAYS[(setting.first_weekday + day) % 7])
    likelihood = np.ones_like(belief)
    for kind, rates in RATES.items():
        reachable = active & (day < setting.mail_until) if kind in MAIL_KINDS else active
        counts = np.where(reachable, rng.poisson(rates[state] * factor), 0)
        who = np.repeat(np.arange(len(state)), counts)
        seen[kind].append((who, np.full(len(who), day)))
        mean = rates * factor
        # By the few numbers that occur: a power for each lead would take most of a population's time.
        numbers = np.arange(counts.max(initial=0) + 1)
        told = np.exp(-mean)[None, :] * mean[None, :] ** numbers[:, None]
        likelihood *= np.where(reachable[:, None], told[counts], 1.0)
    updated = belief * likelihood
    normalised: Floats = updated / updated.sum(axis=1, keepdims=True)
    return normalised


def _moved_on(belief: Floats, hazard: Floats, active: Bools) -> Floats:
    """Return beliefs a day later, given that no deal was opened."""
    later = (belief * (1.0 - hazard)) @ STEP
    later /= later.sum(axis=1, keepdims=True)
    return np.where(active[:, None], later, belief)


def _next_state(state: Ints, rng: np.random.Generator) -> Ints:
    bounds = np.cumsum(STEP, axis=1)[state]
    drawn = rng.random(len(state))[:, None]
    moved: Ints = (drawn > bounds[:, :2]).sum(axis=1)
    return moved


def _win_chances(hazard: Floats) -> Floats:
    """Return, for each lead and state, the chance of a won deal within the horizon."""
    within = np.concatenate([np.cumsum(DELAY), np.ones(HORIZON_DAYS)])
    value = np.zeros_like(hazard)
    for left in range(1, HORIZON_DAYS + 1):
        stays = (1.0 - hazard) * (1.0 - DISQUALIFIED)
        value = hazard * WIN * within[left - 1] + stays * (value @ STEP.T)
    return value


def open_deal_chance(elapsed: Ints) -> Floats:
    """Return the chance that a deal opened ``elapsed`` days ago, still open, is won within the horizon."""
    ended = np.concatenate([[0.0], np.cumsum(DELAY), np.ones(HORIZON_DAYS + 1)])
    now = ended[np.minimum(elapsed, len(DELAY) - 1)]
    later = ended[np.minimum(elapsed + HORIZON_DAYS, len(ended) - 1)]
    chances: Floats = WIN * (later - now) / np.maximum(1.0 - now, 1e-12)
    return chances


def _joined(parts: list[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    return np.concatenate([each[0] for each in parts]), np.concatenate([each[1] for each in parts])
