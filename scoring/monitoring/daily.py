"""One day's look at those who came: findings, alarms to open and to close, what is foretold, what came true."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from scoring.bundle import Bundle
from scoring.monitoring.alarms import turned
from scoring.monitoring.arrivals import HIGH_INTENT, MISSING, SHAPE, Arrivals, arrivals
from scoring.monitoring.cohort import Cohort, cohort
from scoring.monitoring.expected import expected
from scoring.monitoring.judging import LONGEST_DAYS, Finding, judged
from scoring.monitoring.reference import KEPT, Reference, learn
from scoring.monitoring.words import CALIBRATION, RETRAIN, Told, inputs_of, label_of, told
from scoring.schema import History

TOP = 10
"""So many features matter most."""
LOOKED_BACK = timedelta(days=LONGEST_DAYS + 1)


@dataclass(frozen=True, slots=True)
class Day:
    """``opened`` by subject: the measure, and what is told; ``summary`` and ``findings`` (by measure) are JSON-able."""

    summary: dict[str, Any]
    findings: dict[str, dict[str, Any]]
    opened: dict[str, tuple[str, Told]] = field(default_factory=dict)
    closed: tuple[str, ...] = ()


def first_look(bundle: Bundle, history: History, as_of: datetime) -> Reference | None:
    """What arrivals looked like until the training at ``as_of``; None where they were too few."""
    return learn(arrivals(bundle, history, since=as_of - KEPT, now=as_of), as_of)


def important(bundle: Bundle, features: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The measures of the TOP features of a report, and whether what they come from is missing."""
    ranked = sorted(features, key=lambda one: -float(one["importance"]))[:TOP]
    names = [str(one["name"]) for one in ranked]
    sources = {source for name in names for source in (name, *inputs_of(bundle, SHAPE + name))}
    return frozenset((*(SHAPE + name for name in names), *(MISSING + source for source in sources)))


def look(
    bundle: Bundle,
    history: History,
    reference: Reference,
    *,
    now: datetime,
    among: Collection[int] | None = None,
    matter: Collection[str] = (),
    open_now: Collection[str] = (),
    chances: tuple[pl.DataFrame, History] | None = None,
) -> Day:
    """Judge those who came lately (of ``among``, if given).

    ``matter``: measures of the features that matter most; ``open_now``: subjects of open alarms. ``chances``: what was
    told of leads whose time is over, and what became of them.
    """
    found = arrivals(bundle, history, since=now - LOOKED_BACK, now=now, among=among)
    findings = judged(reference, reference.placed(found), now, matter)
    turn = turned(open_now, findings, lambda name: inputs_of(bundle, name))
    opened = {key: (one.name, told(bundle, reference, one)) for key, one in turn.opened.items()}
    # A scorecard foretells nothing that could come true.
    judging = chances is not None and bundle.model.kind != "scorecard"
    matured = cohort(*chances, bundle.goal) if chances and judging else None
    summary = _summary(found, findings, reference, matured)
    closed = turn.closed
    reasons = matured.drift.reasons if matured and matured.drift else ()
    if matured and matured.certain and CALIBRATION not in open_now:
        sentence = f"Of the scores whose time is over, {' and '.join(reasons)}."
        opened[CALIBRATION] = (CALIBRATION, Told("Chances that came true", sentence, RETRAIN))
    if matured and matured.drift and not reasons and CALIBRATION in open_now:
        closed = (*closed, CALIBRATION)
    return Day(summary, {one.name: _told(bundle, one) for one in findings}, opened, closed)


def _summary(
    found: Arrivals, findings: Sequence[Finding], reference: Reference, matured: Cohort | None
) -> dict[str, Any]:
    """What was looked at, and how good the model should be among them."""
    newest = max(findings, key=lambda one: one.arrivals, default=None)
    high = found.values[:, found.names.index(HIGH_INTENT)]
    count = newest.arrivals if newest else 0
    foretold = expected(found.chance[-count:], high[-count:]) if count else None
    return {
        "came": len(found.at),
        "judged": count,
        "since": newest.since.isoformat() if newest else None,
        "learned_from": reference.arrivals,
        "learned_days": reference.days,
        "seasonal": any(one.season is not None for one in findings),
        "expected": foretold.to_json() if foretold else None,
        "usual": reference.expected.to_json() if reference.expected else None,
        "cohort": matured.to_json() if matured else None,
    }


def _told(bundle: Bundle, finding: Finding) -> dict[str, Any]:
    """What is kept of a finding: enough for a line over time."""
    missing = finding.name.startswith(MISSING)
    label = label_of(bundle, finding.name)
    return {
        "label": f"Missing: {label}" if missing else label,
        "index": finding.index,
        "chance": finding.chance,
        "certain": finding.certain,
        "share": [round(sum(shares[1:]), 4) for shares in (finding.before, finding.now)]
        if missing or finding.name == HIGH_INTENT
        else None,
    }
