"""Names of model versions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime


def version_for(as_of: datetime, existing: Collection[str]) -> str:
    """``model_v20260201``; then ``.2``, ``.3`` … where that day already has versions in ``existing``."""
    day = f"model_v{as_of:%Y%m%d}"
    version, number = day, 1
    while version in existing:
        number += 1
        version = f"{day}.{number}"
    return version
