"""The report of the shared model, as it is stored."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tests.unit.scoring.trained import trained


def small() -> dict[str, Any]:
    """Trained once a session; each call gives a copy of its own."""
    told: dict[str, Any] = json.loads(_stored())
    return told


@cache
def _stored() -> str:
    return json.dumps(trained().report | {"sha256": "ab" * 32})
