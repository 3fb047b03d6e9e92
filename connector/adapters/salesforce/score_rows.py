"""Scores as rows of a write, in the forms of both interfaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.adapters.salesforce.bulk_csv import CLEARED
from connector.adapters.salesforce.score_values import as_json, rendered
from connector.adapters.salesforce.values import Json
from connector.errors import RetryLater
from connector.records import ScoreValues, WriteOutcome, WriteResult


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One record's values, None where they are to be emptied.

    ``record_id`` is the caller's spelling of the id, ``known_id`` that of 18 characters.
    """

    record_id: str
    known_id: str
    source: str
    values: ScoreValues | None

    def as_record(self, field_names: Mapping[str, str]) -> Json:
        """Return the row as sObject Collections take it."""
        empty: Json = dict.fromkeys(field_names.values())
        stored = empty if self.values is None else as_json(self.values, field_names)
        return {"attributes": {"type": self.source}, "id": self.known_id, **stored}

    def as_cells(self, field_names: Mapping[str, str]) -> list[str]:
        """Return the row as a Bulk job takes it: the id, then a text for each of ``field_names``."""
        texts = dict.fromkeys(field_names, CLEARED) if self.values is None else rendered(self.values)
        return [self.known_id, *(texts[ours] for ours in field_names)]


@dataclass(slots=True)
class Tally:
    """What became of the rows of one write so far. ``throttled``: Salesforce takes no more for now."""

    results: dict[str, WriteResult] = field(default_factory=dict)
    throttled: RetryLater | None = None

    def keep(self, result: WriteResult) -> None:
        """Keep a record's result; a later one takes its place."""
        self.results[result.record_id] = result

    def put_off(self, rows: Sequence[ScoreRow], reason: str) -> None:
        """Leave rows for another time."""
        for row in rows:
            self.keep(WriteResult(row.record_id, WriteOutcome.RETRY, reason, unknown=True))

    def wrote(self) -> bool:
        """Tell whether anything was written."""
        return any(found.outcome is WriteOutcome.WRITTEN for found in self.results.values())
