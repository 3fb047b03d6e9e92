"""A line's number in words: the same on the page and in messages."""

from __future__ import annotations

from connector.services.kpis.shapes import Line, Unit


def told(line: Line) -> str:
    """Return a line's number with its spread, or why there is none."""
    if line.missing:
        return line.missing
    if line.unit is Unit.MONEY:
        return f"{line.amount:,.2f} {line.currency or ''}".rstrip()
    number = _number(line.value, line.unit)
    if line.low is None or line.high is None:
        return number
    low, high = _number(line.low, line.unit), _number(line.high, line.unit)
    if line.unit is Unit.SHARE:
        return f"{number} (95 % interval {low} to {high})"
    return f"{number} (half of them {low} to {high})"


def _number(value: float | None, unit: Unit) -> str:
    found = value or 0.0
    if unit is Unit.SHARE:
        return f"{found * 100:.1f} %" if found < 0.1 else f"{found * 100:.0f} %"
    digits = 0 if found == round(found) or found >= 100 else 1
    return f"{found:,.{digits}f}" + (f" {unit}" if unit in (Unit.DAYS, Unit.HOURS) else "")
