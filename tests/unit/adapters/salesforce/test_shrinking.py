"""Requests that shrink: whatever the org's own code fails on, they end, and nobody is refused for a neighbour."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.shrinking import HOPELESS, Shrinking


def play(rows: int, bad: set[int], most: int, first: int) -> tuple[set[int], set[int], int, Shrinking]:
    """Send rows to an org that fails on ``bad`` ones and on more than ``most``; return (written, refused, requests)."""
    pace, left = Shrinking(first), list(range(rows))
    written: set[int] = set()
    refused: set[int] = set()
    requests = 0
    while left and not pace.hopeless:
        chunk, rest = left[: pace.size], left[pace.size :]
        requests += 1
        limited = len(chunk) > most
        if not limited and not bad & set(chunk):
            written |= set(chunk)
            left = rest
            pace.passed()
            continue
        pace.failed(len(chunk), len(chunk), limited=limited)
        if len(chunk) == 1:
            refused |= set(chunk)
            left = rest
    return written, refused, requests, pace


@given(st.integers(1, 300), st.sets(st.integers(0, 299), max_size=20), st.integers(1, 250), st.integers(1, 100))
def test_every_good_row_is_written_unless_all_seems_lost(rows: int, bad: set[int], most: int, first: int) -> None:
    """Only bad rows are refused, and the rest waits only behind some that were refused in a row."""
    written, refused, requests, pace = play(rows, bad, most, first)
    everyone = set(range(rows))
    assert refused <= bad
    assert written <= everyone - bad
    if not pace.hopeless:
        assert written | refused == everyone
    assert requests <= rows * 8 + 8


@given(st.sets(st.integers(0, 199), max_size=1), st.integers(1, 200))
def test_few_requests_are_needed(bad: set[int], most: int) -> None:
    """One bad row costs some twenty; a limit costs a request for each that it allows, and the way down to it."""
    assert play(200, bad, 250, 100)[2] <= 2 + 20 * len(bad)
    assert play(200, set(), most, 100)[2] <= 200 / max(1, most // 2) + 8


def test_an_org_that_fails_on_everything_is_left_soon() -> None:
    """Down to one row, and a few of those."""
    written, refused, requests, pace = play(200, set(range(200)), 250, 100)
    assert (written, len(refused), pace.hopeless) == (set(), HOPELESS, True)
    assert requests <= 10
