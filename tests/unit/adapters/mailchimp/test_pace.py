"""When batch jobs are looked after: seldom in vain, and soon after their end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp.pace import FIRST, LONGEST, Pace

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def stamp(at: datetime) -> datetime:
    """Return a time as Mailchimp tells it."""
    return at.replace(microsecond=0)


class Queue:
    """Jobs of equal length that were all handed in at once, and somebody who looks after them as told.

    ``skew``: by how many seconds Mailchimp's clock is ahead of ours.
    """

    def __init__(self, each: float, begins: float, skew: float) -> None:
        self.each, self.skew = timedelta(seconds=each), timedelta(seconds=skew)
        self.begins = START + timedelta(seconds=begins)
        self.pace = Pace()

    def run(self, jobs: int) -> list[tuple[int, timedelta]]:
        """Return (looks in vain, how long after its end it was seen) of each job."""
        now, told = self.begins, []
        self.pace.handed_in(stamp(now + self.skew), now)
        for number in range(jobs):
            ends, vain, looked = self.begins + self.each * (number + 1), 0, None
            now = max(now, self.pace.due(self.begins, looked))
            while now < ends:
                self.pace.in_vain()
                vain, looked = vain + 1, now
                now = self.pace.due(self.begins, looked)
            self.pace.done(stamp(self.begins + self.skew), stamp(ends + self.skew), now)
            told.append((vain, now - ends))
        return told


@given(st.floats(2, 120), st.floats(0, 1), st.floats(-400, 400))
def test_after_the_first_job_no_look_is_in_vain(each: float, begins: float, skew: float) -> None:
    """And none is later than whole seconds leave open: one per stamp, and two over the five jobs learned from."""
    first, *others = Queue(each, begins, skew).run(12)
    assert first[0] <= 6
    assert [vain for vain, _ in others] == [0] * 11
    assert all(late <= timedelta(seconds=2.4) for _, late in others[4:])


def test_a_long_job_is_looked_after_ever_more_rarely() -> None:
    """Five seconds, then twice as long each time, up to a minute."""
    pace = Pace()
    pauses, looked = [], START
    assert pace.due(START, None) - START == FIRST
    for _ in range(6):
        pace.in_vain()
        following = pace.due(START, looked)
        pauses.append((following - looked).total_seconds())
        looked = following
    assert pauses == [5, 10, 20, 40, 60, 60]
    assert timedelta(minutes=1) == LONGEST


def test_a_pause_between_jobs_is_not_taken_for_their_length() -> None:
    """The queue was empty for an hour."""
    pace = Pace()
    for begun in (START, START + timedelta(hours=1)):
        pace.handed_in(begun, begun)
        pace.done(begun, begun + timedelta(seconds=4), begun + timedelta(seconds=5))
    later = START + timedelta(hours=1, seconds=5)
    assert pace.due(later, None) - later <= timedelta(seconds=5)


def test_jobs_without_times_are_looked_after_all_the_same() -> None:
    """Each as if it were the first."""
    pace = Pace()
    pace.handed_in(None, START)
    pace.done(None, None, START + FIRST)
    assert pace.due(START, None) == START + FIRST


ANY_AGE = st.timedeltas(-timedelta(days=45_000), timedelta(days=27_000)).map(START.__add__)


@given(ANY_AGE, ANY_AGE)
def test_stamps_of_another_age_keep_nobody_waiting(submitted: datetime, completed: datetime) -> None:
    """Whatever Mailchimp says, the next look is no longer away than the first job took by our clock."""
    pace, seen = Pace(), START + timedelta(seconds=30)
    pace.handed_in(submitted, START)
    pace.done(submitted, completed, seen)
    assert pace.due(START, None) <= seen + timedelta(seconds=31)
    pace.in_vain()
    assert pace.due(START, seen) <= seen + LONGEST
