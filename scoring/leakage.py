"""The leakage guard: fields that know the outcome. Verdicts come from data and knowledge class, never from names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What the guard says of a field."""

    PROVEN = "proven"
    SUSPECT = "suspect"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """A verdict with its evidence. Proven and suspect fields stay out of an unattended run.

    ``single_auc``: the field alone; ``auc_with`` and ``auc_without``: the probe on the validation
    period at the step where the field was judged; ``fill_before``, ``fill_after``: the share of
    converted leads with a change of the field in the days before and after their conversion.
    """

    field: str
    label: str
    verdict: Verdict
    reason: str
    single_auc: float | None = None
    auc_with: float | None = None
    auc_without: float | None = None
    fill_before: float | None = None
    fill_after: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for reports."""
        return asdict(self)
