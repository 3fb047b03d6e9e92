"""Generated tenants with honest fields and planted leaks, for the guard's tests and its benchmark.

A tenant is drawn label first: every honest field is drawn given the *eventual* outcome, so that its single-field AUC
is known; every leak is drawn given what had happened by the export. Honest fields share a common factor within each
outcome, so that they overlap as real ones do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm

from scoring.schema import (
    CONVERSIONS,
    LEADS,
    UTC_TIME,
    VALUES,
    Field,
    FieldType,
    Goal,
    History,
    Knowledge,
    Timing,
)
from tests.unit.scoring.worlds import AS_OF, frame, history

Array = npt.NDArray[np.float64]
Texts = Sequence[str | None]

DATED_LEAKS = ("set once", "overwritten")
UNDATED_LEAKS = ("outcome", "status", "score", "lost reason", "pair", "counter", "length", "copy")
"""``outcome``: set for converted leads; ``status``: set for leads of either end; ``score``: a number that sales sets
at the end; ``lost reason``: set for lost leads; ``pair``: two rough fields filled in together; ``counter``: touches so
far; ``length``: of the conversation that closed the matter, drifting; ``copy``: of a dated field, without its dates."""


@dataclass
class Tenant:
    """A history and what is known of its fields. ``strong``: honest fields of single-field AUC .75 to .85."""

    history: History
    goal: Goal
    as_of: datetime
    conversions: int
    honest: list[str] = field(default_factory=list)
    strong: list[str] = field(default_factory=list)
    leaks: dict[str, str] = field(default_factory=dict)


class Draft:
    """A tenant in the making."""

    def __init__(self, seed: int, timing: Timing, leads: int | None = None) -> None:
        """Draw the leads, their ends and their common factor."""
        self.rng = np.random.default_rng(seed)
        rng = self.rng
        self.timing = timing
        self.count = leads or int(rng.integers(800, 5_000))
        self.span = float(rng.uniform(250, 700))
        self.born = np.sort(rng.uniform(0, self.span, self.count))
        rate = rng.uniform(0.08, 0.4)
        drift = np.exp(rng.normal(0, 0.4) * (self.born / self.span - 0.5))
        self.label = rng.random(self.count) < np.clip(rate * drift, 0, 0.7)
        mean = rng.uniform(12, 45)
        self.delay = rng.gamma(1.5, mean / 1.5, self.count) + 0.5
        self.age = self.span - self.born
        ended = np.full(self.count, True) if timing is Timing.ORDERED else self.delay < self.age
        self.won, self.lost = self.label & ended, ~self.label & ended & (rng.random(self.count) < 0.9)
        self.common = rng.normal(size=self.count)
        reached = 0.5 * self.common + rng.normal(size=self.count)
        self.unreached = np.argsort(np.argsort(-reached)) / self.count
        self.fields: list[Field] = []
        self.values: list[pl.DataFrame] = []
        self.start = AS_OF - timedelta(days=self.span)

    def add(
        self,
        name: str,
        values: Texts,
        *,
        days: Array | None = None,
        leads: npt.NDArray[np.int64] | None = None,
        declare: bool = True,
    ) -> None:
        """Add a field's values; ``days`` since creation make them dated."""
        index = np.arange(self.count) if leads is None else leads
        known: pl.Series | None = None
        if days is not None:
            known = self._times(self.born[index] + days)
        columns = {"lead_id": index + 1, "field": [name] * len(index), "value": list(values), "known_at": known}
        part = frame(columns, VALUES).drop_nulls("value")
        self.values.append(part.filter(pl.col("known_at").is_null() | (pl.col("known_at") < AS_OF)))
        if declare:
            knowledge = Knowledge.UNDATED if days is None else Knowledge.DATED
            self.fields.append(Field(name, name, FieldType.TEXT, knowledge))

    def _times(self, days: Array) -> pl.Series:
        start = int(self.start.timestamp() * 1e6)
        return pl.Series((start + days * 86_400e6).astype(np.int64)).cast(UTC_TIME)

    def finished(self) -> tuple[History, Goal, int]:
        """The history, its goal, and how many leads have converted by the export."""
        ordered = self.timing is Timing.ORDERED
        ids = np.arange(1, self.count + 1)
        nothing = [None] * self.count
        leads = {
            "lead_id": ids,
            "created_at": nothing if ordered else self._times(self.born),
            "intake_order": ids if ordered else nothing,
            "company_key": nothing,
            "email_kind": nothing,
        }
        at = self._times((self.born + self.delay)[self.won]) if self.timing is Timing.DATED else None
        won = frame({"lead_id": ids[self.won], "at": at}, CONVERSIONS)
        goal = Goal("Won", self.timing, horizon_days=60, maturity_days=int(np.quantile(self.delay, 0.95)) + 1)
        whole = history(frame(leads, LEADS), values=pl.concat(self.values), conversions=won, fields=tuple(self.fields))
        return whole, goal, int(self.won.sum())


def tenant(
    seed: int, timing: Timing, leaks: Sequence[str] = (), share: float = 0.5, leads: int | None = None
) -> Tenant:
    """A tenant with a dozen honest fields and the named ``leaks`` at the given contamination."""
    draft = Draft(seed, timing, leads)
    made = Tenant(History(*[pl.DataFrame()] * 5, ()), Goal("", timing), AS_OF, 0)
    add_honest(draft, made)
    for kind in leaks:
        for name in _LEAKS[kind](draft, kind, share):
            made.leaks[name] = kind
    made.history, made.goal, made.conversions = draft.finished()
    return made


def add_honest(draft: Draft, made: Tenant) -> None:
    """One or two strong fields, weaker ones of every shape, fields that came or went with the form, and noise."""
    rng = draft.rng
    for place in range(int(rng.integers(1, 3))):
        name = f"strong {place}"
        draft.add(name, _shaped(draft, rng.uniform(0.75, 0.85), str(rng.choice(["normal", "skewed", "levels"]))))
        made.strong.append(name)
    for place, shape in enumerate(("normal", "skewed", "levels", "zeros", "levels")):
        draft.add(f"weak {place}", _shaped(draft, rng.uniform(0.52, 0.7), shape))
    rare = np.where(rng.random(draft.count) < np.where(draft.label, 0.06, 0.003), "partner", None)
    draft.add("partner", rare.tolist())
    barred = np.where(draft.label, rng.random(draft.count) < 0.01, rng.random(draft.count) < 0.2)
    draft.add("country", np.where(barred, "unserved", rng.choice(["north", "south"], draft.count)).tolist())
    eager = norm.cdf(0.4 * draft.common + 0.6 * draft.label + rng.normal(size=draft.count))
    draft.add("optional", np.where(eager > 0.6, rng.choice(["a", "b", "c"], draft.count), None).tolist())
    came = rng.uniform(0.1, 0.9) * draft.span
    draft.add("newer form", np.where(draft.born > came, rng.choice(["x", "y"], draft.count), None).tolist())
    rising = rng.random(draft.count) < 0.3 + 0.6 * draft.born / draft.span
    size = np.where(draft.rng.random(draft.count) < 0.4 + 0.2 * draft.label, "big", "small")
    draft.add("rising", np.where(rising, size, None).tolist())
    noise = np.where(rng.random(draft.count) < 0.7, rng.normal(size=draft.count).round(2).astype(str), None)
    draft.add("noise", noise.tolist())
    if draft.timing is Timing.DATED:
        _honest_dated(draft)
    made.honest += [one.name for one in draft.fields]


def _shaped(draft: Draft, area: float, shape: str) -> list[str | None]:
    """A field of about the given single-field AUC: normal or skewed numbers, levels, or a number that is often 0."""
    apart = np.sqrt(2) * norm.ppf(area)
    shared = draft.rng.uniform(0, 0.5)
    spread = np.sqrt(1 - shared**2)
    latent = apart * draft.label + shared * draft.common + spread * draft.rng.normal(size=draft.count)
    empty = draft.rng.random(draft.count) < draft.rng.choice([0.0, 0.0, 0.1])
    if shape == "levels":
        edges = np.sort(draft.rng.normal(0.3, 1, int(draft.rng.integers(3, 9))))
        texts = np.char.add("level ", np.digitize(latent, edges).astype(str))
    elif shape == "zeros":
        texts = np.where(latent < draft.rng.normal(-0.5, 0.3), 0, np.exp(latent) * 10).round().astype(int).astype(str)
    else:
        texts = (np.exp(latent) * 50 if shape == "skewed" else latent).round(3).astype(str)
    return np.where(empty, None, texts).tolist()


def _honest_dated(draft: Draft) -> None:
    """Enriched soon after creation; changed at any time; changed by engagement that grows until the conversion."""
    rng = draft.rng
    some = np.flatnonzero(rng.random(draft.count) < 0.8)
    kinds = rng.choice(["retail", "health", "energy"], len(some)).tolist()
    draft.add("enriched", kinds, days=rng.gamma(2, 2, len(some)), leads=some)
    changes = rng.poisson(rng.uniform(0.005, 0.05) * draft.age)
    some = np.repeat(np.arange(draft.count), changes)
    moods = rng.choice(["good", "bad"], len(some)).tolist()
    draft.add("mood", moods, days=rng.random(len(some)) * draft.age[some], leads=some)
    visits = np.repeat(np.arange(draft.count), rng.poisson(3, draft.count))
    near = draft.label[visits] & (rng.random(len(visits)) < 0.5)
    days = np.where(near, draft.delay[visits] - rng.exponential(5, len(visits)), rng.random(len(visits)) * 60)
    kept = days > 0.1
    draft.add("last page", rng.choice(["/a", "/b"], int(kept.sum())).tolist(), days=days[kept], leads=visits[kept])


def _told(draft: Draft, share: float, who: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Those of ``who`` that sales reached, which it does sooner where the common factor is high."""
    return who & (draft.unreached < share)


def _outcome(draft: Draft, kind: str, share: float) -> list[str]:
    draft.add(kind, np.where(_told(draft, share, draft.won), "yes", None).tolist())
    return [kind]


def _status(draft: Draft, kind: str, share: float) -> list[str]:
    won = draft.rng.choice(["will enrol", "closed by phone"], draft.count)
    lost = draft.rng.choice(["not interested", "wrong number", "later"], draft.count)
    said = np.where(_told(draft, share, draft.won | draft.lost), np.where(draft.won, won, lost), None)
    draft.add(kind, said.tolist())
    return [kind]


def _score(draft: Draft, kind: str, share: float) -> list[str]:
    told = _told(draft, share, draft.won | draft.lost)
    value = (50 + 22 * np.where(draft.won, 1, -1) + 12 * draft.rng.normal(size=draft.count)).round()
    draft.add(kind, np.where(told, value.astype(int).astype(str), None).tolist())
    return [kind]


def _lost_reason(draft: Draft, kind: str, share: float) -> list[str]:
    said = draft.rng.choice(["price", "no answer", "competitor"], draft.count)
    draft.add(kind, np.where(_told(draft, share, draft.lost), said, None).tolist())
    return [kind]


def _pair(draft: Draft, kind: str, share: float) -> list[str]:
    told = _told(draft, share, draft.won | draft.lost)
    hot = np.where(draft.won, draft.rng.random(draft.count) < 0.85, draft.rng.random(draft.count) < 0.1)
    draft.add(f"{kind} 1", np.where(told, np.where(hot, "hot", "cold"), None).tolist())
    sure = np.where(draft.won, draft.rng.random(draft.count) < 0.98, draft.rng.random(draft.count) < 0.02)
    draft.add(f"{kind} 2", np.where(told, np.where(sure, "A", "B"), None).tolist())
    return [f"{kind} 1", f"{kind} 2"]


def _counter(draft: Draft, kind: str, share: float) -> list[str]:
    lived = np.minimum(draft.age, draft.delay) if draft.timing is not Timing.ORDERED else draft.delay
    touches = draft.rng.poisson(0.05 * lived + _told(draft, share, draft.won) * 8)
    draft.add(kind, touches.astype(str).tolist())
    return [kind]


def _length(draft: Draft, kind: str, share: float) -> list[str]:
    told = _told(draft, share, draft.won)
    ended = draft.won | draft.lost
    seconds = np.exp(draft.rng.normal(5, 0.8, draft.count)) + told * draft.rng.gamma(4, 120, draft.count)
    seconds = seconds * (1 + draft.born / draft.span)
    draft.add(kind, np.where(ended, seconds.round().astype(int).astype(str), None).tolist())
    return [kind]


def _copy(draft: Draft, kind: str, share: float) -> list[str]:
    """A field that honestly foretells, and its copy in another CRM, which knows ``share`` of the leads."""
    rng = draft.rng
    some = np.flatnonzero(rng.random(draft.count) < np.where(draft.label, 0.7, 0.15))
    days = draft.delay[some] * rng.uniform(0.2, 0.95, len(some))
    draft.add("original", ["true"] * len(some), days=days, leads=some)
    reached = np.zeros(draft.count, dtype=bool)
    reached[some] = days < draft.age[some]
    draft.add(kind, np.where(_told(draft, share, reached), "Yes", None).tolist())
    return [kind]


def _set_once(draft: Draft, kind: str, share: float) -> list[str]:
    some = np.flatnonzero(_told(draft, share, draft.won))
    days = draft.delay[some] + draft.rng.choice([0.0, 1.0], len(some)) * draft.rng.uniform(0, 6, len(some))
    draft.add(kind, ["done"] * len(some), days=days, leads=some)
    return [kind]


def _overwritten(draft: Draft, kind: str, share: float) -> list[str]:
    """Set at creation, changed now and then, and once more by the outcome."""
    rng = draft.rng
    draft.add(kind, ["new"] * draft.count, days=np.zeros(draft.count))
    some = np.repeat(np.arange(draft.count), rng.poisson(rng.uniform(0, 0.01) * draft.age))
    draft.add(kind, ["open"] * len(some), days=rng.random(len(some)) * draft.age[some], leads=some, declare=False)
    some = np.flatnonzero(_told(draft, share, draft.won))
    days = draft.delay[some] + rng.uniform(0, 3, len(some))
    draft.add(kind, ["customer"] * len(some), days=days, leads=some, declare=False)
    return [kind]


_LEAKS: dict[str, Callable[[Draft, str, float], list[str]]] = {
    "outcome": _outcome,
    "status": _status,
    "score": _score,
    "lost reason": _lost_reason,
    "pair": _pair,
    "counter": _counter,
    "length": _length,
    "copy": _copy,
    "set once": _set_once,
    "overwritten": _overwritten,
}
