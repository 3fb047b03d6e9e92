"""One record's write, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connector.adapters.mailchimp.score_values import wants_tag, written_score
from connector.adapters.mailchimp.values import split_id
from connector.records import ScoreWrite, WriteOutcome, WriteResult

GONE = "Mailchimp has no such contact."


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record's write: who in which audience, what they are to have, and what was kept of their last write."""

    record_id: str
    list_id: str
    contact_id: str
    score: Decimal
    tagged: bool
    marks: Mapping[str, str]


class Answers:
    """What became of the records of one write."""

    def __init__(self, writes: Sequence[ScoreWrite]) -> None:
        """Take the writes; of doubles the last one counts, and who can't be named is gone."""
        self.wanted: dict[str, Wanted] = {}
        self._results: dict[str, WriteResult] = {}
        for key, item in {write.record_id: write for write in writes}.items():
            parts = split_id(key)
            if parts is None:
                self._results[key] = WriteResult(key, WriteOutcome.GONE, GONE)
            else:
                self.wanted[key] = Wanted(key, *parts, written_score(item.values), wants_tag(item.values), item.marks)

    def left(self) -> list[Wanted]:
        """Return those without a result, in the order of the writes."""
        return [item for key, item in self.wanted.items() if key not in self._results]

    @property
    def any_written(self) -> bool:
        """Whether anything was written at all."""
        return any(result.outcome is WriteOutcome.WRITTEN for result in self._results.values())

    def end(
        self, item: Wanted, outcome: WriteOutcome, message: str = "", marks: Mapping[str, str] | None = None
    ) -> None:
        """Keep what became of a record."""
        self._results[item.record_id] = WriteResult(item.record_id, outcome, message, marks)

    def try_again(self, message: str) -> None:
        """Let what has no result be tried again."""
        for item in self.left():
            self._results[item.record_id] = WriteResult(item.record_id, WriteOutcome.RETRY, message, unknown=True)

    def of(self, record_ids: Iterable[str]) -> list[WriteResult]:
        """Return the results of records."""
        return [self._results[key] for key in record_ids]
