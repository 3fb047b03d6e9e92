"""So many requests to one application; then a new one, so that no store grows old."""

from __future__ import annotations

import logging
import random
import tempfile
from pathlib import Path

from tests.fuzz.world import Broken, attacked, look_through, strike

CHUNK = 2_000


def quiet() -> None:
    """Log nothing: every refusal would be a line, and here they are no news."""
    logging.disable(logging.CRITICAL)


def chunk(numbers: range) -> str | None:
    """Send the requests of some numbers to an application of their own; return what broke, None if nothing did."""
    with tempfile.TemporaryDirectory() as folder, attacked(Path(folder) / "at") as at:
        for number in numbers:
            try:
                strike(at, random.Random(number))
            except Broken as broken:
                return f"request {number} FAILED: {broken}\n  repeat it: python -m tests.fuzz --only {number}"
        try:
            look_through(at.site)
        except Broken as broken:
            return f"after requests {numbers.start} to {numbers.stop - 1}: {broken}"
    return None
