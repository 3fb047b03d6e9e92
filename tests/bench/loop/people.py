"""People of a generated tenant, and the chance that each one's conversion is recorded.

How likely a person is won in the end (``ever``) is a function of what is told within an hour, so the best possible
ranking is known: where visits do not arrive it is by the mean chance over what they might have been. Whose size or role
is unknown is not moved by it. People are lost at a constant rate and won at one that makes ``ever`` true, so that the
chance does not depend on how long somebody has been open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit
from scipy.stats import poisson

from scoring.metrics import Floats
from scoring.monitoring.strata import DAY_US, Counts, weekend
from tests.bench.drift.world import BEGIN_US
from tests.bench.loop.plan import Plan

YEAR_DAYS = 365.25
HORIZON_DAYS, LOSS_DAYS = 30, 20.0
"""Of the goal, and the mean days until somebody who is never won is lost."""
LIFT = 0.9
"""By so much log-odds whoever is shown as High-Intent is worked harder."""
MISSED, MISTAKEN = 0.08, 0.004
"""Label noise: conversions that nobody records, and records without one."""
VISITS, VISIT, MOST_VISITS = 1.3, 0.5, 6
"""Mean visits within an hour, what each adds to the log-odds, and from how many on more add nothing."""

INDUSTRIES = ("software", "trade", "services", "manufacturing", "public")
ROLES = ("owner", "head", "manager", "staff", "student")
SOURCES = ("search", "referral", "event", "ads", "partner")
COUNTRIES = ("DE", "FR", "US", "GB", "NL", "PL")
PRODUCTS = ("basic", "pro", "platform")
_INDUSTRY = np.array([0.5, -0.2, 0.1, 0.0, -1.2])
_ROLE = np.array([0.7, 0.5, 0.1, -0.3, -1.5])
_SOURCE = np.array([0.1, 0.8, 0.3, -0.5, 0.4])
_PRODUCT = np.array([0.0, 0.4, 0.6])
_BASE, _SIZE, _BUDGET, _SEASON = -2.6, 0.8, 0.6, 0.15
_PUBLIC_SINCE_LAUNCH, _NEW_KIND = 0.7, 0.3
_PRICED_BASE, _PRICED_SIZE = -0.6, -0.3


@dataclass(frozen=True, slots=True)
class People:
    """One entry a person, in the order they came (``at``: µs since 1970). ``size`` is standardised; NaN, -1: unknown.

    ``ever``: the log-odds of being won in the end without being shown as High-Intent. ``chance``: that it happens and
    is recorded within the horizon, without being shown; ``shown``: with it; ``told``: the mean chance of all of whom
    the same is told.
    """

    at: Counts
    company: Counts
    industry: Counts
    size: Floats
    role: Counts
    source: Counts
    country: Counts
    product: Counts
    budget: Counts
    other: Floats
    visits: Counts
    ever: Floats
    chance: Floats
    shown: Floats
    told: Floats


def instants(rng: np.random.Generator, plan: Plan) -> Counts:
    """When people come in the whole of a life: a third on days of weekends, a quarter more or less by the season."""
    day = np.arange(plan.end)
    seasonal = 1 + 0.25 * np.sin(2 * np.pi * day / YEAR_DAYS)
    usual = np.where(weekend(BEGIN_US + day * DAY_US) == 1, 1 / 3, 1.0)
    count = rng.poisson(plan.a_day * seasonal * usual * 7 / (5 + 2 / 3))
    at = BEGIN_US + (np.repeat(day, count) + rng.random(int(count.sum()))) * DAY_US
    return np.sort(at.astype(np.int64))


def drawn(rng: np.random.Generator, at: Counts, plan: Plan) -> People:
    """The people who come ``at`` these instants; colleagues come one after another, their company is the same."""
    count, day = len(at), (at - BEGIN_US) / DAY_US
    firsts = rng.random(count) < plan.new_company
    firsts[:1] = True
    first = np.maximum.accumulate(np.where(firsts, np.arange(count), 0))
    new_kind = ((rng.random(count) < _NEW_KIND) & (day >= plan.launch))[first]
    industry = np.where(new_kind, len(INDUSTRIES) - 1, rng.choice(5, count, p=[0.3, 0.25, 0.2, 0.15, 0.1])[first])
    size = np.where(rng.random(count) < 0.1, np.nan, rng.normal(0, 1, count))[first]
    role = np.where(rng.random(count) < 0.1, -1, rng.choice(5, count, p=[0.1, 0.2, 0.3, 0.3, 0.1]))
    product = np.where(new_kind, 2, rng.choice(2, count, p=[0.6, 0.4]))
    budget = rng.choice([-1, 0, 1], count, p=[0.2, 0.5, 0.3])
    source, visits = _sources(rng, at), rng.poisson(VISITS, count)
    country, other = rng.integers(0, len(COUNTRIES), count)[first], rng.normal(0, 1, count)
    public = np.where(
        (industry == len(INDUSTRIES) - 1) & (day >= plan.launch), _PUBLIC_SINCE_LAUNCH, _INDUSTRY[industry]
    )
    priced = day >= plan.pricing
    rest = _BASE + np.where(priced, _PRICED_BASE, 0.0) + np.where(priced, _PRICED_SIZE, _SIZE) * np.nan_to_num(size)
    rest += (
        public + np.where(role < 0, 0.0, _ROLE[role]) + _SOURCE[source] + _PRODUCT[product] + _BUDGET * (budget == 1)
    )
    rest += _SEASON * np.sin(2 * np.pi * day / YEAR_DAYS)
    ever = rest + VISIT * np.minimum(visits, MOST_VISITS)
    told = np.where((day >= plan.broken) & (day < plan.mended), _over_visits(rest), within(ever))
    facts = (industry, size, role, source, country, product, budget, other, visits)
    return People(at, np.cumsum(firsts), *facts, ever, within(ever), within(ever + LIFT), told)


def recorded(ever: Floats) -> Floats:
    """The chance that the end is recorded as a conversion."""
    won = expit(ever)
    return np.asarray((1 - MISSED) * won + MISTAKEN * (1 - won), dtype=np.float64)


def days_open(ever: Floats) -> Floats:
    """Mean days until the end, won or lost."""
    return np.asarray(LOSS_DAYS * (1 - expit(ever)), dtype=np.float64)


def within(ever: Floats) -> Floats:
    """The chance that a conversion is recorded within the horizon."""
    return np.asarray(recorded(ever) * (1 - np.exp(-HORIZON_DAYS / days_open(ever))), dtype=np.float64)


def _sources(rng: np.random.Generator, at: Counts) -> Counts:
    """At weekends ads bring more, in summer events bring fewer."""
    summer = 0.5 - 0.5 * np.cos(2 * np.pi * (at - BEGIN_US) / DAY_US / YEAR_DAYS)
    ends = weekend(at)
    weight = np.stack(
        [np.full(len(at), 0.35), np.full(len(at), 0.15), 0.2 - 0.1 * summer, 0.2 + 0.15 * ends, np.full(len(at), 0.1)]
    )
    edges = np.cumsum(weight / weight.sum(axis=0), axis=0)
    return np.asarray((rng.random(len(at)) > edges[:-1]).sum(axis=0), dtype=np.int64)


def _over_visits(rest: Floats) -> Floats:
    count = np.arange(20)
    chances = within(rest[:, None] + VISIT * np.minimum(count, MOST_VISITS))
    return np.asarray(chances @ (poisson.pmf(count, VISITS) / poisson.cdf(19, VISITS)), dtype=np.float64)
