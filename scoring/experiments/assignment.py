"""Who is in which arm: by a keyed hash, so that nobody can foresee it and everybody can check it afterwards."""

from __future__ import annotations

import hashlib
import hmac

_DIGITS = 16


def unit_of(key: str, name: str) -> str:
    """Return what stands for a company or lead in an experiment: HMAC-SHA256 of its name under the experiment's key."""
    return hmac.new(key.encode(), name.encode(), hashlib.sha256).hexdigest()


def place(unit: str) -> float:
    """Return a unit's place in [0, 1), from its first 64 bits: below the share held out it is held out."""
    return float(int(unit[:_DIGITS], 16) / 16**_DIGITS)
