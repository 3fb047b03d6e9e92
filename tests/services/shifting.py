"""Models that take no time and differ from each other: each version scores everybody 7 points above the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import polars as pl
import pytest

from connector.services import rescoring, scoring_run, snapshot, training
from connector.services.champions.serving import Way
from connector.services.rescoring import Rescored
from connector.services.training import Made, Wanted
from connector.services.warm import Warm
from connector.store import inputs, tenants
from tests.simulator import quick
from tests.world import World

STEP = 70


def decided(outcome: str) -> dict[str, Any]:
    """A decision as training hands it over."""
    return {"outcome": outcome, "clause": "made up", "sentence": f"It is {outcome}.", "contest": None}


@dataclass
class Shifting:
    """Stands in for ``Services.isolated``. ``outcomes``: of the trainings to come, then all are published.

    ``meanwhile`` happens once while the next function computes.
    """

    outcomes: list[str] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        if function is training.fit:
            return self._fit(*arguments)
        assert function is scoring_run.predict
        return self._predict(*arguments)

    def _fit(self, _history: Any, wanted: Wanted) -> Made:
        self.wanted.append(wanted)
        artefact = wanted.version.encode()
        outcome = self.outcomes.pop(0) if self.outcomes else "published"
        return Made(artefact, hashlib.sha256(artefact).hexdigest(), {}, {}, None, decided(outcome), b"trial", 7)

    def _predict(
        self, artefact: bytes, known: Any, as_of: Any, _tenant: str, _tiers: Any, stored: Any, among: Any, line: Any
    ) -> Any:
        found = [row for row in rows(artefact.decode(), known, as_of, line) if row["lead_id"] not in stored]
        found = [row for row in found if among is None or row["lead_id"] in among]
        parts = [found[start : start + scoring_run._CHUNK] for start in range(0, len(found), scoring_run._CHUNK)]
        return quick.Rows(found), [packed(part) for part in parts]


def rows(version: str, known: Any, as_of: Any, line: int | None = None) -> list[dict[str, Any]]:
    """Scores by a version, whose High-Intent band begins at ``line``."""
    number = int(version.rpartition(".")[2]) if "." in version else 1
    # By visits alone: of a home and a size that were entered at one instant either may count as the newest.
    made = quick._scored(replace(known, cities=[]), as_of)
    for row in made:
        row["score_tenths"] = min(1_000, row["score_tenths"] + STEP * (number - 1))
        row["tier"], row["inputs_hash"] = quick.tier(row["score_tenths"], line), f"{version}:{row['inputs_hash']}"
    return made


def packed(found: Sequence[dict[str, Any]]) -> bytes:
    """Inputs of their own for each row."""
    return inputs.pack(pl.DataFrame({"lead_id": [row["lead_id"] for row in found], "n": [1.0] * len(found)}))


def rescored(warm: Warm, tenant_id: UUID, way: Way, leads: Sequence[int]) -> Rescored:
    """Stand in for ``rescoring.score``."""
    services = warm.services
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
    as_of = snapshot.as_of_now(settings, services.clock.now())
    known = quick.history(services, tenant_id, settings)
    found = [row for row in rows(way.version, known, as_of, way.line) if row["lead_id"] in leads]
    return Rescored(way.version, as_of, found, packed(found), way.line)


def shifting(made: World, patch: pytest.MonkeyPatch) -> Shifting:
    """Let a world train and score so."""
    patch.setattr(snapshot, "history", quick.history)
    patch.setattr(rescoring, "score", rescored)
    found = Shifting()
    made.services = replace(made.services, isolated=found)
    return found
