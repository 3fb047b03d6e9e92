"""Numbers that people type into forms."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from connector.errors import RejectedInput


def share(text: str, what: str, low: Decimal, high: Decimal) -> Decimal:
    """Read a percentage as a share of one, to a thousandth; raises ``RejectedInput`` outside of ``low`` to ``high``."""
    try:
        found = Decimal(text.strip().removesuffix("%").strip()) / 100
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not low <= found <= high:
        raise RejectedInput(f"{what} must be between {low * 100:.0f} and {high * 100:.0f} %.")
    return found.quantize(Decimal("0.001"))


def whole(text: str, what: str, low: int, high: int) -> int:
    """Read a whole number; raises ``RejectedInput`` outside of ``low`` to ``high``."""
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(high)) or not low <= int(digits) <= high:
        raise RejectedInput(f"{what} must be a whole number from {low:,} to {high:,}.")
    return int(digits)
