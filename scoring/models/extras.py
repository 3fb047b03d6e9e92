"""Optional libraries: what they are called, whether they are there, and how to say that they are not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from scoring.errors import BundleError

MODULES: Final[Mapping[str, str]] = {
    "catboost": "catboost",
    "sequence": "torch",
    "smote": "imblearn.over_sampling",
    "tuning": "optuna",
    "xgboost": "xgboost",
}
"""By the extra's name in pyproject.toml."""


def installed(extra: str) -> bool:
    """Whether the extra's library can be imported."""
    return find_spec(MODULES[extra].partition(".")[0]) is not None


def library(extra: str) -> Any:
    """The extra's library, loaded only where it is used: it may be missing, and takes a second.

    Raises:
        BundleError: it is not installed, so that a model that needs it can't be used.

    """
    if not installed(extra):
        raise BundleError(
            f"This model needs the optional library for “{extra}”, which is not installed. "
            f"Install lead-scoring-connector[{extra}], or train the model again without it."
        )
    return import_module(MODULES[extra])
