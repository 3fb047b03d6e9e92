"""How often a Bulk job is asked about: each question is one of the org's daily requests."""

from __future__ import annotations

from collections.abc import Iterator

FIRST = 3
"""Places in the pace of polls until the first question: four seconds or more, before which hardly a job ends."""
LONGEST = 15


def pauses(patience: int) -> Iterator[int]:
    """Yield how many places each poll takes, ``patience`` in all: the longer a job runs, the less often it is asked."""
    waited, turns = 0, FIRST
    while waited < patience:
        yield turns
        waited += turns
        turns = min(turns + turns // 2, LONGEST)
