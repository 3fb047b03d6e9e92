"""The features that mean the same for every tenant, and transforms of them that no tenant's data fix.

The list is closed: it is enumerated from the declared features of kinds of event that every adapter knows, without any
field, page, form, campaign or source of a tenant. A job title's seniority and function are shared under a name of
their own, because the name of the column tells the tenant's field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

import numpy as np

from scoring.features import FeatureSpec, catalogue
from scoring.features.behavioural import KIND_WORDS
from scoring.features.titles import ENDINGS
from scoring.metrics import Floats
from scoring.schema import Timing

_FAMILIES = ("events.", "recency.", "breadth.", "rate.", "velocity", "engagement", "email.", "age.", "machine.")
_DAYS = ("recency.", "age.")
LONGEST_DAYS = 365.0
"""Days enter up to this; what never happened counts as that long ago."""


@cache
def shared() -> Mapping[str, bool]:
    """Each shared feature's name, and whether it is a flag."""
    kinds = tuple(KIND_WORDS)
    declared = catalogue(FeatureSpec(Timing.DATED, kinds=kinds, machine_kinds=kinds)).features
    names = {name: feature.flag for name, feature in declared.items() if name.startswith(_FAMILIES)}
    return MappingProxyType(names | {f"title.{ending}": True for ending in ENDINGS})


def places(columns: Sequence[str]) -> dict[str, int]:
    """Where each shared feature stands among a tenant's columns; of several titles the first one counts."""
    found: dict[str, int] = {}
    for place, column in enumerate(columns):
        name = _shared_name(column)
        if name is not None:
            found.setdefault(name, place)
    return dict(sorted(found.items()))


def transformed(matrix: Floats, names: Sequence[str]) -> Floats:
    """Columns of shared features made ready for sums: flags as they are, the rest in logarithms."""
    result = np.empty(matrix.shape)
    for place, name in enumerate(names):
        result[:, place] = _transformed(matrix[:, place], name)
    return result


def _transformed(values: Floats, name: str) -> Floats:
    if name.startswith(_DAYS):
        known = np.where(np.isnan(values), LONGEST_DAYS, values)
        days: Floats = np.log1p(np.clip(known, 0.0, LONGEST_DAYS))
        return days
    known = np.where(np.isnan(values), 0.0, values)
    if shared()[name]:
        return known
    logged: Floats = np.sign(known) * np.log1p(np.abs(known))
    return logged


def _shared_name(column: str) -> str | None:
    if column.startswith("title."):
        return next((f"title.{ending}" for ending in ENDINGS if column.endswith(f".{ending}")), None)
    return column if column in shared() else None
