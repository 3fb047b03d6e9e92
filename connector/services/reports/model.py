"""The model page: how good the model is, how that was found out, and what it looks at.

Reads the report that training stored. Parts may be missing: a scorecard has no curves,
an export without dates no window.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.services import fairness
from connector.services.context import Services
from connector.store import models
from scoring import glossary
from scoring.cards import Card, card
from scoring.cards.blocks import Section

Json = Mapping[str, Any]

_FEATURES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its 95 % bootstrap interval; None where it can't be computed."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A named figure. ``meaning`` says in plain words how to read it; ``unit`` is "", "%" or "×"."""

    label: str
    meaning: str
    unit: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Comparison:
    """A ranking, ours or a baseline's, on the same rows."""

    label: str
    meaning: str
    auc: Figure
    lift_at_20: Figure


@dataclass(frozen=True, slots=True)
class Span:
    """Rows that were used: how many, and the dates of the first and last snapshot (None: undated)."""

    rows: int | None
    conversions: int | None
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class FieldJudgement:
    """What the leakage guard said of a field, and why."""

    label: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class Weight:
    """How much something moves the score: its share (0–1) of all contributions."""

    label: str
    family: str
    share: float


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Everything that the model page shows of one model version. ``learned``: not fixed rules.

    ``told`` is the stored report itself, which figures are drawn from.
    """

    version: str
    kind: str
    learned: bool
    state: str
    sentence: str
    trained_at: datetime
    sha256: str
    trained_on: Span
    tested_on: Span
    base_rate: float | None
    metrics: tuple[Metric, ...]
    comparisons: tuple[Comparison, ...]
    judgements: tuple[FieldJudgement, ...]
    families: tuple[Weight, ...]
    features: tuple[Weight, ...]
    notes: tuple[str, ...]
    fairness: Section
    told: Json


def model_report(services: Services, tenant_id: UUID) -> ModelReport | None:
    """Return the page of the tenant's champion; None before the first training."""
    with services.store.reading(tenant_id) as session:
        champion = models.champion(session, tenant_id)
        if champion is None:
            return None
        fair = Section("Whether it is fair to groups of people", fairness.told(session, tenant_id, champion.report))
    told = champion.report
    verdict, metrics = _part(told, "verdict"), _part(told, "metrics")
    return ModelReport(
        version=champion.version,
        kind=glossary.KINDS.get(str(told.get("kind")), str(told.get("kind", "unknown"))),
        learned=told.get("kind") != "scorecard",
        state=str(verdict.get("state", "unknown")),
        sentence=str(verdict.get("sentence", "")),
        trained_at=champion.created_at,
        sha256=champion.sha256,
        trained_on=_span(told),
        tested_on=_span(_part(told, "test")),
        base_rate=metrics.get("base_rate"),
        metrics=_metrics(metrics),
        comparisons=_comparisons(told, metrics),
        judgements=_judgements(told.get("leakage") or ()),
        families=_families(told.get("features") or ()),
        features=_features(told.get("features") or ()),
        notes=tuple(str(note) for note in told.get("notes") or ()),
        fairness=fair,
        told=told,
    )


def model_card(services: Services, tenant_id: UUID) -> Card | None:
    """Return the card of the tenant's champion; None before the first training."""
    with services.store.reading(tenant_id) as session:
        champion = models.champion(session, tenant_id)
    return card(champion.report | {"version": champion.version, "sha256": champion.sha256}) if champion else None


def _part(report: Json, name: str) -> Json:
    found: Json = report.get(name) or {}
    return found


def _span(part: Json) -> Span:
    window = _part(part, "window")
    return Span(part.get("rows"), part.get("conversions"), _time(window.get("first")), _time(window.get("last")))


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _figure(found: Json | float | None) -> Figure:
    if isinstance(found, Mapping):
        return Figure(found.get("value"), found.get("low"), found.get("high"))
    return Figure(found)


def _metrics(metrics: Json) -> tuple[Metric, ...]:
    flat = {**metrics, **{f"lift_at_{share}": value for share, value in _part(metrics, "lift").items()}}
    k = metrics.get("k", "k")
    return tuple(
        Metric(term.label.format(k=k), term.meaning.format(k=k), term.unit, _figure(flat[name]))
        for name, term in glossary.METRICS.items()
        if flat.get(name) is not None
    )


def _comparisons(told: Json, metrics: Json) -> tuple[Comparison, ...]:
    if not metrics:
        return ()
    ours = {"auc": metrics.get("auc"), "lift_at_20": _part(metrics, "lift").get("20")}
    ranked = {"model": ours, **_part(told, "baselines")}
    return tuple(
        Comparison(*glossary.ranking(name), _figure(found.get("auc")), _figure(found.get("lift_at_20")))
        for name, found in ranked.items()
    )


def _judgements(found: Sequence[Json]) -> tuple[FieldJudgement, ...]:
    """Worst first: what was left out is what the admin must see."""
    ranks = {verdict: rank for rank, verdict in enumerate(("suspect", "proven", "clear"))}
    judged = [FieldJudgement(str(f.get("label") or f["field"]), str(f["verdict"]), str(f["reason"])) for f in found]
    return tuple(sorted(judged, key=lambda item: (ranks.get(item.verdict, len(ranks)), item.label)))


def _families(features: Sequence[Json]) -> tuple[Weight, ...]:
    total = sum(float(item["importance"]) for item in features) or 1.0
    sums: dict[str, float] = {}
    for item in features:
        sums[str(item["family"])] = sums.get(str(item["family"]), 0.0) + float(item["importance"])
    weights = [Weight(glossary.FAMILIES.get(name, name), name, value / total) for name, value in sums.items()]
    return tuple(sorted(weights, key=lambda weight: -weight.share))


def _features(features: Sequence[Json]) -> tuple[Weight, ...]:
    total = sum(float(item["importance"]) for item in features) or 1.0
    weights = [Weight(str(f["label"]), str(f["family"]), float(f["importance"]) / total) for f in features]
    return tuple(sorted(weights, key=lambda weight: -weight.share)[:_FEATURES_SHOWN])
