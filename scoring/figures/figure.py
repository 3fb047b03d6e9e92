"""A finished figure, and what builders of figures read of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """``name`` (of its files), ``told``: what it shows in words, and ``data``: the numbers behind it, JSON-able."""

    name: str
    title: str
    told: str
    svg: str
    data: Any


def curve(report: Json, name: str) -> list[list[float]]:
    """The points of one of the report's curves; none where it is missing."""
    return list((report.get("curves") or {}).get(name) or ())


def rate(report: Json) -> float | None:
    """The conversion rate of the test window."""
    found: float | None = (report.get("metrics") or {}).get("base_rate")
    return found


def told_percent(share: float) -> str:
    """A share in words: small ones with a decimal."""
    return f"{share * 100:.1f} %" if share < 0.1 else f"{share * 100:.0f} %"
