"""The page Versions: every model version, what became of it and why, and what differs from the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.store import arms, experiments, models, tenants
from connector.store.experiments import Experiment
from connector.store.tenants import TenantSettings
from scoring import glossary

Json = Mapping[str, Any]
_NAMED = 5
"""Fields that are named before the rest is counted."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version. ``sentence`` says what became of it and why; ``changes`` how it differs from the one before.

    ``auc`` is the contest's pair of figures with the difference, ``churn`` who would cross the High-Intent line; None
    where nothing was compared.
    """

    version: str
    status: str
    created_at: datetime
    published_at: datetime | None
    restored_at: datetime | None
    sentence: str
    verdict: str
    champion: str | None
    conversions: int | None
    auc: Json | None
    churn: Json | None
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnTrial:
    """The model that scores a share of the companies now: ``leads`` by it, ``others`` by the champion; daily looks."""

    trial: Experiment
    leads: int
    others: int

    @property
    def looks(self) -> Sequence[Json]:
        """The newest looks, newest first: at, sentence, index and churn."""
        return [{**look, "at": datetime.fromisoformat(look["at"])} for look in (self.trial.watched or ())[:-8:-1]]


@dataclass(frozen=True, slots=True)
class VersionsReport:
    """All versions, newest first; ``former``: the one that a rollback would bring back."""

    versions: tuple[Version, ...]
    former: str | None
    settings: TenantSettings
    on_trial: OnTrial | None = None

    @property
    def champion(self) -> Version | None:
        """The version that scores."""
        return next((item for item in self.versions if item.status == models.CHAMPION), None)


def versions_report(services: Services, tenant_id: UUID) -> VersionsReport:
    """Return the page of a tenant's versions."""
    with services.store.reading(tenant_id) as session:
        rows = models.listed(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        trial = experiments.running(session, tenant_id, experiments.MODELS)
        both = [str(trial.challenger), str(trial.champion)] if trial else []
        counts = Counter(row.model for row in arms.scored_by(session, tenant_id, both)) if trial else Counter()
    on_trial = OnTrial(trial, *(counts[one] for one in both)) if trial else None
    former = next((row.replaced for row in rows if row.status == models.CHAMPION and row.replaced), None)
    pairs = zip_longest(rows, rows[1:])
    return VersionsReport(tuple(_version(row, before) for row, before in pairs), former, settings, on_trial)


def _version(row: Any, before: Any | None) -> Version:
    decision: Json = row.decision or {}
    contest: Json = decision.get("contest") or {}
    compared: Json = contest.get("comparison") or {}
    return Version(
        version=row.version,
        status=row.status,
        created_at=row.created_at,
        published_at=row.published_at,
        restored_at=row.restored_at,
        sentence=str(decision.get("sentence") or "Published without a comparison, by an earlier release."),
        verdict=str((row.report.get("verdict") or {}).get("sentence", "")),
        champion=contest.get("champion"),
        conversions=compared.get("conversions"),
        auc=compared.get("auc"),
        churn=contest.get("churn"),
        changes=_changes(before.report, row.report) if before is not None else (),
    )


def _changes(before: Json, now: Json) -> tuple[str, ...]:
    """What a person would want to know of the difference between two trainings, in sentences."""
    said = []
    if before.get("kind") != now.get("kind"):
        kinds = (glossary.KINDS.get(str(told.get("kind")), str(told.get("kind"))) for told in (before, now))
        said.append("Another kind of model: {} in place of {}.".format(*reversed(list(kinds))))
    if isinstance(before.get("conversions"), int) and isinstance(now.get("conversions"), int):
        grown = now["conversions"] - before["conversions"]
        said.append(f"It learned from {now['conversions']:,} converting leads ({grown:+,}).")
    fields = [_used(told) for told in (before, now)]
    for words, more, less in (("It also reads", 1, 0), ("It no longer reads", 0, 1)):
        named = [label for name, label in fields[more].items() if name not in fields[less]]
        if named:
            rest = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            said.append(f"{words} {', '.join(named[:_NAMED])}{rest}.")
    return tuple(said)


def _used(report: Json) -> dict[str, str]:
    found: Sequence[Json] = report.get("inputs") or ()
    return {str(item["field"]): str(item["label"]) for item in found if item["use"] == "used"}
