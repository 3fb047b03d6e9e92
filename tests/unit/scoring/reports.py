"""The report of a small tenant's training, as it is stored."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from scoring.train import train
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, dated


def small() -> dict[str, Any]:
    """Trained once a session; each call gives a copy of its own."""
    told: dict[str, Any] = json.loads(_stored())
    return told


@cache
def _stored() -> str:
    made = train(
        dated(700), DATED_GOAL, as_of=AS_OF, seed=3, tenant="t", version="model_v20250101", attributes=["source"]
    )
    return json.dumps(made.report | {"sha256": "ab" * 32})
