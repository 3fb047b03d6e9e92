"""Years in which nothing happens but seasons and weekends: what the watch cries for nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from scoring.monitoring.arrivals import AGE, arrivals
from scoring.monitoring.daily import LOOKED_BACK
from tests.bench.drift.world import moment
from tests.bench.loop.life import Living
from tests.bench.loop.nights import Watch
from tests.bench.loop.plan import Plan
from tests.bench.loop.world import World


def calm(seed: int, plan: Plan, new_company: float) -> Counter[str]:
    """The alarms of the years after the first training, by subject; no other model is trained.

    ``new_company``: how often the next one who comes is of another company than the one before.
    """
    end = plan.first + plan.calm_days
    changes = {"launch": end, "pricing": end, "broken": end, "mended": end, "end": end}
    living = Living(World(seed, replace(plan, **changes, new_company=new_company)), 0.0)
    first, history = living.trained(plan.first, None, None), living.history(end)
    bundle, watch = first.trained.bundle, Watch()
    watch.learn(bundle, first.trained.report, history, plan.first)
    found = arrivals(bundle, history, since=moment(plan.first) - LOOKED_BACK, now=moment(end) + AGE)
    watch.nights(bundle, found, range(plan.first + 1, end + 1))
    return Counter(name for _, name in watch.alarms)
