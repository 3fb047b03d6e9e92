"""What may come of a falsified answer: an error that says what to do, or everything that was not touched."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import ConnectorError
from tests.contract.hostile import Brought, Operation
from tests.contract.mutations import Path

NESTED = "nested a little"
INDIVISIBLE = frozenset({"account", "fields", "score fields", "records", "scores"})
"""What decides what can be asked at all, or is asked for by name: in doubt it is asked again."""


class Scope(StrEnum):
    """How much of an answer was touched."""

    BODY = "body"
    ROOT = "a field of the answer itself"
    ROW = "a row"


MEANINGS = frozenset(
    {
        # which thing or which person it is: with another id it is another one
        *("id", "Id", "name", "WhoId", "MasterRecordId", "ConvertedOpportunityId", "ConvertedContactId"),
        *("contact_id", "email_id", "email_address", "customer", "store_id", "list_id", "account_id", "portalId"),
        # whether it says anything at all
        *("IsClosed", "IsDeleted", "HasResponded", "FirstOpenedDate", "Status", "value", "status", "action"),
        *(
            "OldValue",
            "cancelled_at_foreign",
            "dataSensitivity",
            "associations",
            "contacts",
            "results",
            "to",
            "activity",
            "opens",
        ),
        # whether it belongs to this scan
        *("submittedAt", "archivedAt", "lastmodifieddate", "hs_lastmodifieddate", "total_items", "totalSize"),
    }
)
"""Fields that, changed, may rightly make a row mean nothing, or something else."""


@dataclass(frozen=True, slots=True)
class Case:
    """One falsified answer. ``without`` tells what is brought where the touched row is not there at all."""

    scope: Scope
    operation: Operation
    asked: str
    change: str
    place: Path = ()
    without: Callable[[], Brought | None] = lambda: None
    defines: bool = False
    """Whether the answer tells what can be asked."""

    def __str__(self) -> str:
        place = ".".join(map(str, self.place))
        return f"[{self.operation.name}] {self.change} at {place or 'the whole'} of {self.asked}"


def verdict(case: Case, got: Brought | Exception) -> str | None:
    """Return what is wrong with what came of a case, None if nothing is."""
    if isinstance(got, ConnectorError):
        return _error(case, got)
    if isinstance(got, Exception):
        return f"crash: {_where(got)}"
    before = case.operation.untouched
    gone = [name for kind, *name in before.items if kind == "record" and ("removal", *name) in got.items]
    # Null for a record is how Salesforce says that it is not there.
    if gone and case.change != "null for a row" and not _named(case):
        return f"calls {gone[0]} gone"
    if got.given_up:
        return "gives up for good" if case.scope is Scope.ROW else None
    return _neighbours(case, got) if case.scope is Scope.ROW else _whole(case, got)


def _error(case: Case, error: ConnectorError) -> str | None:
    """One row that is not as it should be is no reason to stop, but for what decides what can be asked at all."""
    expected = case.scope is not Scope.ROW or case.operation.name in INDIVISIBLE
    return None if expected or _named(case) else f"stops: {type(error).__name__}: {error}"


def _whole(case: Case, got: Brought) -> str | None:
    lost = [key for key in case.operation.untouched.items if key[0] != "change" and key not in got.items]
    told = got.rejected + sum(key not in case.operation.untouched.items for key in got.items if key[0] != "change")
    things = [key for key in lost if key[0] in ("record", "company")]
    if (len(things) <= told and len(lost) <= 3 * told) or _named(case):
        return None
    # A list instead of a list is one that holds nothing.
    emptied = case.scope is Scope.ROOT and case.change in ("a list", "an empty list", "a list of nulls", NESTED)
    return None if emptied else f"loses {len(lost)} in silence"


def _neighbours(case: Case, got: Brought) -> str | None:
    before, without = case.operation.untouched, case.without()
    if without is None:
        return None
    lost = [key for key in before.items if key in without.items and key not in got.items and key[0] != "change"]
    if lost and not (case.defines and _named(case)):
        return f"loses the neighbour {lost[0]}"
    own = [key for key in before.items if key not in without.items and key[0] != "change"]
    changed = [key for key in before.items if key in without.items and _otherwise(before, without, got, key)]
    if own and changed:
        return f"changes the neighbour {changed[0]}"
    touched = [key for key in own if key not in got.items]
    read_otherwise = any(key not in before.items for key in got.items)
    if touched and not got.rejected and not read_otherwise and not _named(case):
        return f"overlooks {touched[0]}"
    return None


def _otherwise(before: Brought, without: Brought, got: Brought, key: tuple[str, ...]) -> bool:
    known = key[0] not in ("change", "field")
    return known and before.items[key] == without.items[key] != got.items.get(key)


def _named(case: Case) -> bool:
    """Tell whether the touched field decides what a row means."""
    names = [step for step in case.place if isinstance(step, str)]
    # A row that is none may be a link, which then leads nowhere.
    whole_row = bool(case.place) and isinstance(case.place[-1], int)
    return bool(names) and (names[-1] in MEANINGS or whole_row)


def _where(error: Exception) -> str:
    frames = [each for each in traceback.extract_tb(error.__traceback__) if "site-packages" not in each.filename]
    return f"{type(error).__name__}: {str(error)[:100]} at {frames[-1].filename}:{frames[-1].lineno}"
