"""When to look after batch jobs: not before they can be done, and seldom in vain.

Mailchimp works on an account's jobs one after another (its API's description, of ``DELETE /batches/{batch_id}``:
"only one batch request is run at a time"). So a job ends one job's time after the one before it, and how long that
takes is learned from the ends of the last ones. Mailchimp tells times in whole seconds and by its own clock; each
estimate is the latest possible end, so that a look in vain is the exception.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

FIRST = timedelta(seconds=5)
"""How long after its hand-in the first job is looked after."""
LONGEST = timedelta(seconds=60)
"""The longest pause between two looks in vain."""
SHORTEST = timedelta(seconds=1)
REMEMBERED = 8
"""Ends that the length of a job is taken from: what is longer ago may have been another load."""

SECOND = timedelta(seconds=1)
_FAR = timedelta(days=36_500)


class Pace:
    """The pace of one queue of jobs. ``now`` is our clock; what Mailchimp tells of a job is its own."""

    def __init__(self) -> None:
        self._ahead = _FAR
        self._stamps: deque[datetime] = deque(maxlen=REMEMBERED)
        self._each: timedelta | None = None
        self._free_at: datetime | None = None
        self._since: datetime | None = None
        self._vain = 0

    def handed_in(self, submitted: datetime | None, now: datetime) -> None:
        """Learn from a hand-in by how much our clock is ahead of Mailchimp's at most: the stamp is cut to a second."""
        self._since = self._since or now
        if submitted is not None:
            self._ahead = min(self._ahead, now - submitted)

    def in_vain(self) -> None:
        """Learn that the job that was due is not done yet."""
        self._vain += 1

    def done(self, submitted: datetime | None, completed: datetime | None, now: datetime) -> None:
        """Learn when a job that was just seen to be done began and ended, by their stamps."""
        self._vain = 0
        self._free_at = now
        if submitted is None or completed is None:
            return
        if self._ahead < _FAR:
            self._free_at = min(now, completed + SECOND + self._ahead)
        if self._stamps and submitted >= self._stamps[-1]:
            # The queue had run empty: the time between the two ends is not that of a job.
            self._stamps.clear()
        self._stamps.append(completed)
        if len(self._stamps) > 1:
            self._each = (completed - self._stamps[0] + SECOND) / (len(self._stamps) - 1)
        elif self._each is None:
            self._each = completed - submitted + SECOND
        if self._each is not None and self._since is not None:
            # A stamp may be wrong by years; no job took longer than we have been waiting for the first.
            self._each = min(self._each, now - self._since + SECOND)

    def due(self, handed_in: datetime, last_look: datetime | None) -> datetime:
        """Return when to look after the job that is next in the queue.

        ``last_look`` is when it was last seen to be under way, None if it was not looked after yet.
        """
        if last_look is not None:
            first = max(self._each / 4, SHORTEST) if self._each is not None else FIRST
            return last_look + min(LONGEST, first * (1 << min(self._vain - 1, 16)))
        if self._each is None:
            return handed_in + FIRST
        began = handed_in if self._free_at is None else max(handed_in, self._free_at)
        return began + self._each
