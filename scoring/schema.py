"""The frames and plain values that go into and come out of ``scoring``.

Anyone with five tables can use the package: nothing here knows where they come from.
All times are ``Datetime("us", "UTC")``; ids are ``Int64``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import polars as pl

UTC_TIME = pl.Datetime("us", "UTC")

LEADS = pl.Schema(
    {
        "lead_id": pl.Int64(),
        "created_at": UTC_TIME,
        "intake_order": pl.Int64(),
        "company_key": pl.String(),
        "email_kind": pl.String(),
    }
)
"""One row a lead. ``created_at`` is null where only an order is known; ``intake_order`` is that
order (null otherwise). ``email_kind``: business, free, disposable, role or null (none, or made up)."""

VALUES = pl.Schema({"lead_id": pl.Int64(), "field": pl.String(), "value": pl.String(), "known_at": UTC_TIME})
"""One row a value that a field took; null ``value``: it was cleared. ``known_at`` of
undated and intake fields is null (assumed known from creation) or the beginning of the later record
that the value came with."""

EVENTS = pl.Schema(
    {"lead_id": pl.Int64(), "at": UTC_TIME, "kind": pl.String(), "actor": pl.String(), "detail": pl.String()}
)
"""One row an engagement event. ``actor``: lead, seller or machine. ``detail``: page path, form or campaign name.

A further column ``known_at`` (a time; null: when it happened) is there where events were learned of later than
they happened: what a visitor did before anyone knew who it was. Such an event counts with its own time, but only
for rows after both."""

KNOWN_AT = "known_at"

READINGS = pl.Schema({"lead_id": pl.Int64(), "field": pl.String(), "value": pl.String(), "at": UTC_TIME})
"""One row a value that an undated field was read with, and when that was first seen by a reading of our own. For files,
which are read once, there are none."""

CONVERSIONS = pl.Schema({"lead_id": pl.Int64(), "at": UTC_TIME})
"""One row a conversion; ``at`` is null where it is known that, but not when."""

AMOUNTS = pl.Schema({"lead_id": pl.Int64(), "at": UTC_TIME, "amount": pl.Int64(), "currency": pl.String()})
"""One row a conversion whose amount is known, in hundredths of ``currency`` (null: the tenant has but one)."""

EXCLUSIONS = pl.Schema({"lead_id": pl.Int64(), "starts_at": UTC_TIME, "ends_at": UTC_TIME, "reason": pl.String()})
"""Spans in which a lead was not in the population (customer, disqualified, bounced, opted out,
employee, test). Null bounds are open."""


class FieldType(StrEnum):
    """How a field's text is read."""

    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    MULTI = "multi"
    TEXT = "text"


class Knowledge(StrEnum):
    """What is known about when a field's value was known."""

    DATED = "dated"
    INTAKE = "intake"
    UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Field:
    """One input field. ``system`` and ``own`` fields are proven leaks by meaning; ``blocked`` ones
    are kept from every model (names, e-mail addresses, phone numbers, special categories).
    ``source`` marks the one that tells where the lead came from. ``options`` are (value, what people read) pairs of a
    choice. ``watched_since``: from when on READINGS tell of every change of an undated field (None: never).
    ``words``: free text without persons' data, whose frequent words may be learned.
    ``observed``: dated by those readings, so that a date says when a value was seen, not when it was set."""

    name: str
    label: str
    type: FieldType
    knowledge: Knowledge
    system: bool = False
    own: bool = False
    blocked: bool = False
    source: bool = False
    options: tuple[tuple[str, str], ...] = ()
    watched_since: datetime | None = None
    observed: bool = False
    words: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """Everything that a tenant's records tell, not yet cut at any time."""

    leads: pl.DataFrame
    values: pl.DataFrame
    events: pl.DataFrame
    conversions: pl.DataFrame
    exclusions: pl.DataFrame
    fields: tuple[Field, ...]
    amounts: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=AMOUNTS))
    readings: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=READINGS))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What is read of all other leads of a lead's company: when they were created, and their events of ``actor``.

    ``since`` None: of all time.
    """

    actor: str
    since: datetime | None


class Timing(StrEnum):
    """How much the source knows about time.

    ``DATED``: creation and outcome dates. ``CREATED``: creation date, undated outcome.
    ``ORDERED``: only the order of creation.
    """

    DATED = "dated"
    CREATED = "created"
    ORDERED = "ordered"


class Complexity(StrEnum):
    """How complex a model may be chosen: ``INTERPRETABLE``: a list of coefficients; ``FULL`` tries what costs more."""

    INTERPRETABLE = "interpretable"
    STANDARD = "standard"
    FULL = "full"


class HighIntent(StrEnum):
    """What sets the High-Intent band: a share of the open leads, how many sales can work on a week, or a chance."""

    SHARE = "share"
    CAPACITY = "capacity"
    PROBABILITY = "probability"


@dataclass(frozen=True, slots=True)
class Goal:
    """The tenant's definition of success.

    ``horizon_days`` is the span after a snapshot in which a conversion counts (``DATED`` only).
    ``maturity_days`` is the age from which an unconverted lead counts as a negative (``CREATED``).
    ``capacity`` is how many leads sales can work on a week (precision@K).
    ``high_intent`` says what sets the High-Intent band: ``high_intent_share``, ``capacity`` (so many of the best open
    leads) or ``high_intent_probability``; in a bundle of the latter two the share is what the band came to.
    ``medium_share``: what the Medium band adds below it.
    ``seller_activity``: models may also learn from what sellers did.
    ``segment``: the field whose values may get models of their own (product line, region); None: one model for all.
    ``most_facts``: a learned model looks at no more than so many facts about a lead (such as its country, or all of its
    visits); None: at all that help.
    """

    name: str
    timing: Timing
    horizon_days: int = 90
    maturity_days: int = 90
    capacity: int = 100
    high_intent_share: float = 0.10
    medium_share: float = 0.30
    complexity: Complexity = Complexity.STANDARD
    seller_activity: bool = False
    segment: str | None = None
    high_intent: HighIntent = HighIntent.SHARE
    high_intent_probability: float = 0.5
    most_facts: int | None = None
