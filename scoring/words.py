"""How sentences write numbers."""

from __future__ import annotations


def in_percent(share: float, digits: int = 0) -> str:
    """A share as people read it: 0.46 is "46 %"."""
    return f"{share * 100:.{digits}f} %"
