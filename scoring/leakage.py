"""What the leakage guard says of a field, with its evidence as data. Names play no part in any verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What the guard says of a field."""

    PROVEN = "proven"
    SUSPECT = "suspect"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Filled:
    """Shares of leads for which the field holds a value; None where it can't be told.

    ``before_conversion`` and ``after_conversion``: dated fields, an hour before and seven days after.
    ``converted`` and ``unconverted``: by today's outcome. ``matured`` and ``fresh``: leads old enough
    to have converted, and new ones, both at the age of the new ones.
    """

    before_conversion: float | None = None
    after_conversion: float | None = None
    converted: float | None = None
    unconverted: float | None = None
    matured: float | None = None
    fresh: float | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Dated fields: the share of conversions with a change around them, and the share to be expected.

    Expected: the greater of the same leads' own rate in the week before and of unconverted leads at the same age.
    """

    share: float
    expected: float
    cases: int


@dataclass(frozen=True, slots=True)
class Areas:
    """AUC by the field alone, and of a quick model with and without it (validation rows).

    ``alone``: against the outcome as known today, one row a lead; ``highest``: the lower bound in the stretch
    of the history where it is highest; ``certain``, ``sure``: shares of the conversions that single values make near
    certain, or surely a hundred times likelier; ``by_age``: against the label of snapshots of that age in days;
    ``sequence``: taken away after every stronger field is gone; ``group``: with all fields of ``together``.
    """

    alone: float | None = None
    highest: float | None = None
    certain: float | None = None
    sure: float | None = None
    by_age: Mapping[str, float] = field(default_factory=dict)
    with_it: float | None = None
    without: float | None = None
    sequence_with: float | None = None
    sequence_without: float | None = None
    together: tuple[str, ...] = ()
    group_with: float | None = None
    group_without: float | None = None


@dataclass(frozen=True, slots=True)
class Fresh:
    """How much of the conversions that matured leads lead one to expect the field foretells for new ones.

    ``foretold`` is about 1 for a field filled in at intake and about 0 for one filled in by the outcome;
    ``deviation``: by how many standard errors it is beyond what half or twice the usual conversions explain.
    """

    foretold: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was measured of a field."""

    filled: Filled = Filled()
    changed: Changed | None = None
    auc: Areas = Areas()
    fresh: Fresh | None = None
    copy_of: str | None = None
    copied: float | None = None
    tied_to: str | None = None
    tie: float | None = None


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """A verdict with its evidence. Proven and suspect fields stay out of an unattended run.

    ``overruled``: what the guard would have said, had the admin not declared or confirmed that the field is
    filled in before the outcome.
    """

    field: str
    label: str
    verdict: Verdict
    reason: str
    evidence: Evidence = Evidence()
    overruled: Verdict | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for reports; figures to four places."""
        plain: dict[str, Any] = _rounded(asdict(self))
        return plain


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value
