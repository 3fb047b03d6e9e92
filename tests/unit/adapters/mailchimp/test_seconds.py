"""Walking through rows by their second: every row, once, whatever Mailchimp means by a window's ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp.seconds import Place, step
from connector.errors import RetryLater

T0 = datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = T0 + timedelta(seconds=30)


def at(second: int) -> str:
    """Return a time some seconds after the beginning."""
    return (T0 + timedelta(seconds=second)).isoformat()


@dataclass
class Shelf:
    """Rows as Mailchimp serves them; ``lower`` and ``upper``: whether the ends of a window count as in it."""

    rows: list[dict[str, Any]]
    lower: bool
    upper: bool
    page: int
    before_each: Callable[[list[dict[str, Any]]], None] = lambda _: None
    asked: list[int] = field(default_factory=list)

    def fetch(self, since: str | None, before: str, offset: int) -> tuple[Sequence[dict[str, Any]], int]:
        self.before_each(self.rows)
        self.asked.append(offset)
        found = [
            row
            for row in sorted(self.rows, key=lambda row: row["at"])
            if (since is None or row["at"] > since or (self.lower and row["at"] == since))
            and (row["at"] < before or (self.upper and row["at"] == before))
        ]
        return found[offset : offset + self.page], len(found)

    def walk(self, after: datetime | None = None) -> list[int]:
        """Return the numbers of the rows read, cursors going through JSON as in the store."""
        place: Place | None = Place(after, UNTIL)
        read = []
        for _ in range(2000):
            found, place = step(place, self.fetch, "at", self.page)
            read += [row["number"] for row in found]
            if place is None:
                return read
            place = Place.from_json(json.loads(json.dumps(place.as_json())))
        raise AssertionError("the walk never ends")


def rows_at(seconds: Sequence[int]) -> list[dict[str, Any]]:
    """Return a row for each of ``seconds``."""
    return [{"number": number, "at": at(second)} for number, second in enumerate(seconds)]


SECONDS = st.lists(st.integers(0, 12) | st.integers(0, 40), max_size=40)


@given(SECONDS, st.booleans(), st.booleans(), st.integers(2, 6), st.none() | st.integers(-3, 30))
def test_every_row_of_the_window_is_read_once(
    seconds: list[int], lower: bool, upper: bool, page: int, after: int | None
) -> None:
    """Equal seconds, full pages, empty windows, and both readings of a window's ends."""
    shelf = Shelf(rows_at(seconds), lower, upper, page)
    read = Counter(shelf.walk(None if after is None else T0 + timedelta(seconds=after)))
    assert set(read.values()) <= {1}
    assert read.keys() == {n for n, second in enumerate(seconds) if second <= 30 and (after is None or second > after)}


@given(SECONDS, st.integers(2, 6), st.lists(st.integers(0, 39), max_size=30), st.booleans())
def test_rows_that_change_on_the_way_hide_no_others(
    seconds: list[int], page: int, moving: list[int], inclusive: bool
) -> None:
    """A row that leaves its place for the end of the list pulls up those behind it; none of them is lost."""
    moves = iter(moving)

    def move(rows: list[dict[str, Any]]) -> None:
        number = next(moves, None)
        if number is not None and number < len(rows):
            rows[number]["at"] = at(100)

    shelf = Shelf(rows_at(seconds), inclusive, inclusive, page, move)
    read = set(shelf.walk())
    stayed = {number for number, second in enumerate(seconds) if second <= 30 and number not in moving}
    assert stayed <= read


def test_a_second_that_loses_a_row_on_the_way_is_begun_again() -> None:
    """By offset alone, the rows that moved up to where others were read would be passed over."""
    requests = iter(range(1000))

    def move(rows: list[dict[str, Any]]) -> None:
        if next(requests) == 3:
            rows[0]["at"] = at(100)

    shelf = Shelf(rows_at([7] * 23), False, False, 5, move)
    assert set(shelf.walk()) == set(range(23))


def test_offsets_stay_within_one_second() -> None:
    """However long the list, only a second that fills a page is paged by offset."""
    shelf = Shelf(rows_at([*range(25), *[26] * 30, 28, 29]), False, False, 5)
    assert sorted(shelf.walk()) == list(range(57))
    assert max(shelf.asked) == 25


def test_a_window_that_was_left_out_of_account_is_noticed() -> None:
    """Mailchimp refuses no filter that it can't read: it answers the whole list."""
    rows = rows_at([1, 2, 3, 20])
    with pytest.raises(RetryLater, match="outside the window"):
        step(Place(T0 + timedelta(seconds=10), UNTIL), lambda *_: (rows, 4), "at", 100)


def test_a_list_out_of_order_is_noticed() -> None:
    """The walk relies on the order: without it rows would be lost in silence."""
    with pytest.raises(RetryLater, match="out of order"):
        step(Place(None, UNTIL), lambda *_: (rows_at([5, 1]), 2), "at", 100)


@pytest.mark.parametrize("told", ["1900-01-01T00:00:00+00:00", "2100-01-01T00:00:00+00:00"])
def test_a_time_that_can_not_be_steers_nothing(told: str) -> None:
    """One nonsense time is no sign of a lost order: its row is handed on, and the walk goes by the others."""
    rows = [*rows_at([1, 2]), {"number": 9, "at": told}, *rows_at([3, 4])]
    found, place = step(Place(T0, UNTIL), lambda *_: (rows, 5), "at", 5)
    assert [row["number"] for row in found] == [0, 1, 9, 0]
    assert place == Place(T0 + timedelta(seconds=3), UNTIL)


def test_rows_without_a_time_are_handed_on_to_be_rejected() -> None:
    """They are not lost in silence; a whole page of them is no place to go on from."""
    rows = [{"number": 0, "at": ""}, *rows_at([3])]
    found, place = step(Place(None, UNTIL), lambda *_: (rows, 2), "at", 100)
    assert len(found) == 2
    assert place is None
    with pytest.raises(RetryLater, match="without times"):
        step(Place(None, UNTIL), lambda *_: ([{}, {}], 2), "at", 2)
