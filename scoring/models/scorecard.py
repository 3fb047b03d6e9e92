"""A transparent scorecard for tenants with few or no conversions: fixed points in log-odds.

The points follow common practice in manual lead scoring (explicit fit, then effort that the lead
spent); they are not learned. Only the base follows the tenant's own (smoothed) rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.models.contract import Floats, Training, rate


@dataclass(frozen=True, slots=True)
class Rule:
    """``points`` log-odds when the column's value lies in [low, high]."""

    column: str
    low: float
    high: float
    points: float


ALWAYS = float("inf")

RULES = (
    Rule("email.business", 1, 1, 0.5),
    Rule("email.disposable", 1, 1, -1.0),
    Rule("email.role", 1, 1, -0.2),
    Rule("events.meeting.90", 1, ALWAYS, 1.2),
    Rule("events.email_replied.90", 1, ALWAYS, 1.0),
    Rule("events.form_submitted.30", 1, ALWAYS, 0.8),
    Rule("events.campaign_response.90", 1, ALWAYS, 0.6),
    Rule("events.email_clicked.30", 1, ALWAYS, 0.5),
    Rule("events.page_view.30", 3, ALWAYS, 0.5),
    Rule("events.email_opened.30", 2, ALWAYS, 0.2),
    Rule("events.any.7", 1, ALWAYS, 0.5),
    Rule("recency.any", 60, ALWAYS, -0.7),
    Rule("company.events.30", 1, ALWAYS, 0.3),
    Rule("age.days", 365, ALWAYS, -0.5),
)
TITLE_POINTS = {"C-level": 0.4, "VP": 0.4, "Director": 0.4, "Manager": 0.2, "Junior": -0.4}


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The rules that apply to a tenant's columns, and the base log-odds."""

    columns: tuple[str, ...]
    rules: tuple[Rule, ...]
    base: float
    kind: str = "scorecard"

    def log_odds(self, matrix: Floats) -> Floats:
        """Base plus points, n."""
        total: Floats = self.contributions(matrix).sum(axis=1)
        return total

    def contributions(self, matrix: Floats) -> Floats:
        """Array n × (k + 1), the base last."""
        places = {column: index for index, column in enumerate(self.columns)}
        result = np.zeros((matrix.shape[0], len(self.columns) + 1))
        for rule in self.rules:
            values = matrix[:, places[rule.column]]
            result[:, places[rule.column]] += rule.points * ((values >= rule.low) & (values <= rule.high))
        result[:, -1] = self.base
        return result

    def to_json(self) -> dict[str, Any]:
        """Plain values; an open end is stored as null."""
        rules = [[r.column, r.low, None if math.isinf(r.high) else r.high, r.points] for r in self.rules]
        return {"kind": self.kind, "columns": list(self.columns), "rules": rules, "base": self.base}


def fit(training: Training) -> Scorecard:
    """The scorecard whose mean log-odds over the training rows is the tenant's smoothed rate."""
    rules = [rule for rule in RULES if rule.column in training.columns]
    for column in training.columns:
        level = column.rpartition(".seniority=")[2]
        if column.startswith("title.") and level in TITLE_POINTS:
            rules.append(Rule(column, 1, 1, TITLE_POINTS[level]))
    chance = rate(training)
    bare = Scorecard(training.columns, tuple(rules), 0.0)
    points = bare.log_odds(training.matrix)
    mean = float(np.average(points, weights=training.weight)) if points.size else 0.0
    return Scorecard(training.columns, tuple(rules), math.log(chance / (1 - chance)) - mean)


def from_json(data: Mapping[str, Any]) -> Scorecard:
    """The scorecard that ``to_json`` wrote."""
    rules = tuple(Rule(c, low, ALWAYS if high is None else high, points) for c, low, high, points in data["rules"])
    return Scorecard(tuple(data["columns"]), rules, float(data["base"]))
