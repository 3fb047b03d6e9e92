"""Salesforce's closed opportunities → conversions of their contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from connector.adapters.salesforce.ids import known_id, to_18
from connector.adapters.salesforce.values import Row, UnreadableError, moment, money, optional_moment, text, truth
from connector.records import Conversion, Retraction

OPPORTUNITY = (
    "Id",
    "IsDeleted",
    "StageName",
    "IsClosed",
    "IsWon",
    "Amount",
    "CurrencyIsoCode",
    "CloseDate",
    "CreatedDate",
)

SOURCE = "opportunities"

StageTimes = Mapping[str, Sequence[tuple[datetime, str]]]
"""Opportunity → (since when, stage), oldest first."""

_DAY = timedelta(days=1)


def outcome(row: Row) -> str | None:
    """Return ``deal_won`` or ``deal_lost``, None for an open one. What a stage is called says nothing."""
    if not truth(row.get("IsClosed")):
        return None
    return "deal_won" if truth(row.get("IsWon")) else "deal_lost"


def conversions(row: Row, contacts: Sequence[str], times: StageTimes) -> Iterator[Conversion]:
    """Yield the outcome of a closed opportunity for each of its ``contacts``.

    Only orgs with several currencies name one; elsewhere it is the org's.
    """
    kind = outcome(row)
    if kind is None:
        return
    opportunity = to_18(row.get("Id"))
    amount = money(row.get("Amount"))
    unit = None if amount is None else text(row.get("CurrencyIsoCode"))
    at = _closed_at(row, times.get(opportunity, ()))
    for contact in contacts:
        yield Conversion(SOURCE, f"{opportunity}:{contact}", kind, at, contact, amount, unit)


def retraction(row: Row) -> Retraction:
    """Take back every outcome of an opportunity, for each of its contacts."""
    return Retraction(SOURCE, to_18(row.get("Id")))


def stage_times(rows: Sequence[Row]) -> dict[str, list[tuple[datetime, str]]]:
    """Return :data:`StageTimes` from ``OpportunityHistory``, which has a row for each change of stage or amount.

    A row without a time says nothing and is passed over.
    """
    found: dict[str, list[tuple[datetime, str]]] = {}
    for row in rows:
        try:
            at = moment(row.get("CreatedDate"), "the time of a stage")
        except UnreadableError:
            continue
        found.setdefault(known_id(row.get("OpportunityId")), []).append((at, str(row.get("StageName"))))
    return {opportunity: sorted(stages) for opportunity, stages in found.items()}


def _closed_at(row: Row, stages: Sequence[tuple[datetime, str]]) -> datetime | None:
    """Return since when it is in its present stage; else its close date, which people also put in the future."""
    at = None
    for since, stage in reversed(stages):
        if stage != text(row.get("StageName")):
            break
        at = since
    if at is not None:
        return at
    closed = optional_moment(row.get("CloseDate"), "the close date")
    changed = moment(row.get("SystemModstamp"), "the modification date")
    return changed if closed is None or closed + _DAY > changed else closed
