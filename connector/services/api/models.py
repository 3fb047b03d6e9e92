"""Model versions for callers: what each was learned from, how good it is, and its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.store import models
from scoring import cards
from scoring.cards import Card

CURRENT = "current"
"""What callers may write for the version that scores."""
_TOLD = ("kind", "goal", "verdict", "metrics", "baselines", "window", "rows", "conversions", "features", "notes")
"""The parts of a report that are the API's; the rest serves figures and cards, and may change."""


@dataclass(frozen=True, slots=True)
class Version:
    """A model version; ``report`` holds what was measured."""

    version: str
    status: str
    as_of: datetime
    created_at: datetime
    sha256: str
    verdict: str | None
    sentence: str | None
    report: Mapping[str, Any]


def listed(services: Services, tenant_id: UUID) -> Sequence[Version]:
    """Return a tenant's versions, newest first."""
    with services.store.reading(tenant_id) as session:
        return [_version(row) for row in models.listed(session, tenant_id)]


def get(services: Services, tenant_id: UUID, name: str) -> Version | None:
    """Return a version by its name, or the one that scores."""
    return next((item for item in listed(services, tenant_id) if _is(item, name)), None)


def card(services: Services, tenant_id: UUID, name: str) -> Card | None:
    """Return the card of a version."""
    with services.store.reading(tenant_id) as session:
        found = next((row for row in models.listed(session, tenant_id) if _is(row, name)), None)
    return None if found is None else cards.card(found.report | {"version": found.version, "sha256": found.sha256})


def _is(found: Any, name: str) -> bool:
    return bool(found.version == name or (name == CURRENT and found.status == models.CHAMPION))


def _version(row: Any) -> Version:
    verdict = row.report.get("verdict") or {}
    told = {name: row.report[name] for name in _TOLD if name in row.report}
    return Version(
        row.version,
        row.status,
        row.as_of,
        row.created_at,
        row.sha256,
        verdict.get("state"),
        verdict.get("sentence"),
        told,
    )
