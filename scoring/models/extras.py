"""Optional libraries: what they are called where they are installed, and whether they are there."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

MODULES: Final[Mapping[str, str]] = {"smote": "imblearn"}
"""By the extra's name in pyproject.toml."""


def installed(extra: str) -> bool:
    """Whether the extra's library can be imported."""
    return find_spec(MODULES[extra]) is not None
