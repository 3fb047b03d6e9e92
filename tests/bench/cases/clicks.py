"""Clickstreams of many contacts: embeddings with boosting, and a recurrent network with the lift of its best 30 %.

A contact's visits follow one of two Markov chains over forty pages, which are each other's reverse: how often who sees
which page says nothing, the way does. How many visits there are says a little, and so does the kind of address.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import expit

from scoring.metrics import Floats, auc
from scoring.population import numbered
from scoring.schema import EVENTS, LEADS, UTC_TIME
from tests.bench.cases.bars import Bar, draw
from tests.bench.cases.inputs import Inputs, gap, inputs, lift
from tests.bench.rows import Row, progress
from tests.unit.scoring.walks import Walks
from tests.unit.scoring.worlds import START, history

EMBEDDED, NETWORK = "clicks", "lift"
CONTACTS, QUICK_CONTACTS = 200_000, 8_000
PAGES, LEAST_VISITS, MOST_VISITS = 40, 4, 20
SPAN_US, HOUR_US, DAY_US = 300 * 86_400_000_000, 3_600_000_000, 86_400_000_000
NETWORK_ROWS = 40_000
DEV_SHARE = 0.7
SHARES = (0.1, 0.2, 0.3)


def generated(count: int, seed: int) -> Walks:
    """The contacts in the order of their creation."""
    rng = np.random.default_rng(seed)
    chain = np.random.default_rng(7).dirichlet(np.full(PAGES, 0.3), PAGES)
    visits = rng.integers(LEAST_VISITS, MOST_VISITS + 1, count)
    forward = rng.random(count) < 0.5
    walked = _walked(rng, chain, count)
    ways = walked.copy()
    for length in range(LEAST_VISITS, MOST_VISITS + 1):
        back = ~forward & (visits == length)
        ways[back, :length] = walked[back, :length][:, ::-1]
    business = rng.random(count) < 0.5
    line = -2.6 + 1.3 * np.where(forward, 1.0, -1.0) + 0.06 * (visits - 12) + 0.4 * business
    label = rng.random(count) < expit(line)
    born = START.timestamp() * 1e6 + np.sort(rng.random(count)) * SPAN_US
    return _history(ways, visits, born.astype(np.int64), business, label.astype(np.float64))


def run(out: Path, seed: int, only: str, *, quick: bool) -> list[Row]:
    """The embedding's case, the network's, or both."""
    count = QUICK_CONTACTS if quick else CONTACTS
    walks = generated(count, seed)
    begun = time.process_time()
    found = inputs(walks, int(DEV_SHARE * count), seed)
    seconds = time.process_time() - begun
    progress(f"clickstreams: {count:,} contacts, {walks.history.events.height:,} visits, {seconds:.0f} s for features")
    said = {
        "counts": found.boosted(found.chosen()),
        "counts and pairs of steps": found.boosted(found.chosen("order.")),
        "counts and embedding": found.boosted(found.chosen("course.", "mix.")),
        "all columns": found.boosted(found.chosen("order.", "course.", "mix.")),
    }
    rows = _embedded(out, found, said, count / seconds) if EMBEDDED.startswith(only) else []
    return rows + (_network(out, found, said) if NETWORK.startswith(only) else [])


def _embedded(out: Path, found: Inputs, said: dict[str, Floats], speed: float) -> list[Row]:
    areas = {name: auc(found.test, line) for name, line in said.items()}
    best = max(areas.values())
    rows = [Row(EMBEDDED, f"{name} + LightGBM", "AUC", area, best) for name, area in areas.items()]
    for name in ("counts", "counts and pairs of steps"):
        gain, spread = gap(found.test, said["counts and embedding"], said[name], found.seed)
        rows.append(Row(EMBEDDED, f"embedding over {name}", "AUC", gain, areas[name], None, 1, spread))
    rows.append(Row(EMBEDDED, "contacts featured a second", "1/s", speed, speed))
    how = f"How to read: .5 is chance. {len(found.label):,} contacts; LightGBM on the columns that are named."
    bars = [Bar(name, area) for name, area in areas.items()]
    draw(
        out / f"{EMBEDDED}.svg", "Clickstream embeddings with boosting", how, ("AUC on newer contacts", 0.5, 1.0), bars
    )
    return rows


def _network(out: Path, found: Inputs, said: dict[str, Floats]) -> list[Row]:
    progress("clickstreams: the recurrent network")
    alone = found.network(min(found.dev, NETWORK_ROWS))
    lines = {"counts + LightGBM": said["counts"], "all columns + LightGBM": said["all columns"]}
    lines |= {"recurrent network": alone, "network and LightGBM": alone + said["all columns"]}
    perfect = min(1 / 0.3, 1 / float(found.test.mean()))
    rows = [
        Row(NETWORK, f"{name}: lift of the best {share:.0%}", "times", lift(found.test, line, share), perfect)
        for name, line in lines.items()
        for share in SHARES
    ]
    gain, spread = gap(found.test, alone, said["counts"], found.seed)
    rows.append(Row(NETWORK, "recurrent network over counts", "AUC", gain, 0.05, 1.0, 1, spread))
    bars = [Bar(name, lift(found.test, line, 0.3)) for name, line in lines.items()]
    how = "How to read: 1 is chance; 2 means that the best 30 % convert twice as often as all contacts."
    axis = ("lift of the best 30 %, newer contacts", 0.5, 3.0)
    draw(out / f"{NETWORK}.svg", "A recurrent network over clickstreams", how, axis, bars)
    return rows


def _walked(rng: np.random.Generator, chain: Floats, count: int) -> np.ndarray:
    """Ways of MOST_VISITS pages, all at once, from the chain's own usual page."""
    steps = np.cumsum(chain, axis=1)
    usual = np.cumsum(np.linalg.matrix_power(chain, 400)[0])
    ways = np.empty((count, MOST_VISITS), dtype=np.int64)
    ways[:, 0] = np.minimum(np.searchsorted(usual, rng.random(count)), PAGES - 1)
    for place in range(1, MOST_VISITS):
        drawn = rng.random(count)
        ways[:, place] = np.minimum((steps[ways[:, place - 1]] < drawn[:, None]).sum(axis=1), PAGES - 1)
    return ways


def _history(ways: np.ndarray, visits: np.ndarray, born: np.ndarray, business: np.ndarray, label: Floats) -> Walks:
    count = len(visits)
    there = np.arange(MOST_VISITS) < visits[:, None]
    lead, place = np.nonzero(there)
    created = pl.Series(born).cast(UTC_TIME)
    leads = pl.DataFrame(
        {
            "lead_id": np.arange(count),
            "created_at": created,
            "intake_order": pl.Series([None] * count, dtype=pl.Int64),
            "company_key": pl.Series([None] * count, dtype=pl.String),
            "email_kind": pl.Series(np.where(business, "business", "free")),
        },
        schema=LEADS,
    )
    events = pl.DataFrame(
        {
            "lead_id": lead,
            "at": pl.Series(born[lead] + (place + 1) * HOUR_US).cast(UTC_TIME),
            "kind": ["page_view"] * len(lead),
            "actor": ["lead"] * len(lead),
            "detail": pl.Series([f"/page-{page}" for page in range(PAGES)]).gather(ways[lead, place]),
        },
        schema=EVENTS,
    )
    at = pl.Series(born + 2 * DAY_US).cast(UTC_TIME)
    return Walks(
        history(leads, events=events), numbered(pl.DataFrame({"lead_id": np.arange(count), "as_of": at})), label
    )
