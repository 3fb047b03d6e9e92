"""Numbers and dates as a card writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTHING = "–"


def count(value: float | None) -> str:
    """A whole number with thousands parted."""
    return NOTHING if value is None else f"{value:,.0f}"


def share(value: float | None) -> str:
    """A share as percent: small ones with one decimal or two; a true minus."""
    if value is None:
        return NOTHING
    digits = 0 if abs(value) >= 0.1 or not value else 1 if abs(value) >= 0.01 else 2
    return f"{value * 100:.{digits}f} %".replace("-", "−")


def number(value: float | None, digits: int = 3) -> str:
    """A plain number, with a true minus."""
    return NOTHING if value is None else f"{value:.{digits}f}".replace("-", "−")


def measured(found: Mapping[str, Any] | float | None, unit: str = "") -> str:
    """A figure with its 95 % interval where it has one: 0.812 (0.790 to 0.834)."""
    if not isinstance(found, Mapping):
        return in_unit(found, unit)
    value, low, high = (in_unit(found.get(name), unit) for name in ("value", "low", "high"))
    if found.get("low") is None or (low, high) == (value, value):
        return value
    return f"{value} ({low} to {high})"


def in_unit(value: float | None, unit: str) -> str:
    """A value in its unit: "" (plain), "%" (a share) or "×"."""
    if value is None:
        return NOTHING
    if unit == "%":
        return share(value)
    return f"{value:.1f} ×" if unit == "×" else number(value)


def day(text: str | None) -> str:
    """The date of an ISO time."""
    return text[:10] if text else "undated"


def span(window: Mapping[str, Any] | None) -> str:
    """From the first to the last date of a window."""
    found = window or {}
    return f"{day(found['first'])} to {day(found['last'])}" if found.get("first") else "undated"
