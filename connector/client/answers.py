"""What the API answers, as plain records. A part that a later version adds is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

Reference = int | str
"""A lead by our id, or by a record of a CRM: ``vendor:id`` or ``vendor:account:id``."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SetByHand:
    """What CRMs are told instead of the model's score, as a person said."""

    score: float
    tier: str
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """A lead's current score, as the model says; ``asked`` is how the lead was named."""

    lead: int
    asked: Reference
    score: float
    probability: float
    tier: str
    reasons: tuple[str, ...]
    model: str
    as_of: datetime
    scored_at: datetime
    set_by_hand: SetByHand | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A lead without a score, and why."""

    asked: Reference
    reason: str


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores in the order in which they were asked for, and who has none."""

    scores: tuple[Score, ...]
    absent: tuple[Absent, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Leads that are being scored anew."""

    id: str
    leads: tuple[int, ...]
    absent: tuple[Absent, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far leads that are being scored anew have come."""

    id: str
    asked_at: datetime
    done: bool
    waiting: tuple[int, ...]
    scores: tuple[Score, ...]
    absent: tuple[Absent, ...]


@dataclass(frozen=True, slots=True)
class PastScore:
    """A score that a lead had; the values are None where the person's data were erased.

    ``lead`` is the person's number then: another one where that lead joined this one since.
    """

    entry: int
    lead: int
    at: datetime
    score: float | None
    probability: float | None
    tier: str | None
    model: str | None
    requester: str | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """One part of a score in log-odds."""

    sentence: str
    log_odds: float
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Reasons:
    """A score that adds up: base + contributions + other = total, in log-odds."""

    lead: int
    score: float
    probability: float
    tier: str
    model: str
    base: float
    contributions: tuple[Contribution, ...]
    other: float
    total: float


@dataclass(frozen=True, slots=True)
class Side:
    """A score as it is, or as it would be."""

    score: float
    probability: float
    tier: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Both scores, what lies between them, and what to doubt."""

    lead: int
    model: str
    before: Side
    after: Side
    sentences: tuple[str, ...]
    doubts: tuple[str, ...]
    caveat: str


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record in a CRM."""

    vendor: str
    account: str
    id: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as its records tell; ``score`` is None where it has none."""

    lead: int
    name: str
    email: str | None
    job_title: str | None
    company: str | None
    company_key: str | None
    created_at: datetime
    records: tuple[RecordName, ...]
    score: Score | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of a batch that was not taken, by its place."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch."""

    accepted: int
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Conversion:
    """An outcome. ``id`` is your own; ``lead`` is None in a list where the person is gone."""

    id: str
    lead: Reference | None
    kind: str
    at: datetime
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model version; ``report`` is there where one version was asked for."""

    version: str
    status: str
    as_of: datetime
    created_at: datetime
    sha256: str
    verdict: str | None
    sentence: str | None
    report: Json | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person who is being forgotten. ``status``: asked, forgotten, done."""

    id: str
    status: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept whose contribution moved, in log-odds; ``moved`` says what of the lead moved it."""

    concept: str
    before: float
    after: float
    moved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two scores of a lead beside each other, the former first.

    ``model`` is what another model says otherwise of the same lead, ``rest`` what is behind all else, in log-odds.
    """

    scores: tuple[float, ...]
    log_odds: tuple[float, ...]
    sentences: tuple[str, ...]
    concepts: tuple[Concept, ...]
    model: float
    rest: float


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two scores that were made at ``at``; without a comparison ``reason`` says why."""

    lead: int
    at: tuple[datetime | None, ...]
    comparison: Comparison | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Given:
    """A thumb that was kept; ``entry`` is its number in the ledger."""

    lead: int
    entry: int


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that is held of a person.

    ``rows`` has heading → rows, each column → value; ``told`` is all of it as it was answered, to be handed on.
    """

    held_on: datetime
    may_be_profiled: str
    rows: Mapping[str, tuple[Json, ...]]
    told: Json


@dataclass(frozen=True, slots=True)
class Brought:
    """What conversions within the horizon brought in one currency (empty where the CRM does not say)."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """What leads of the months with spend in one currency cost and brought; None where too few are behind it."""

    currency: str
    months: int
    spent: Decimal
    leads: int
    converted: int
    brought: Decimal
    per_lead: Decimal | None
    per_conversion: Decimal | None
    cheapest: Decimal | None
    dearest: Decimal | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: the first source that the CRM told of a lead. Rates are from 0 to 1, None of fewer than 30 leads."""

    name: str
    leads: int
    converted: int
    rate: float | None
    rate_low: float | None
    rate_high: float | None
    brought: tuple[Brought, ...]
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True)
class Channels:
    """All channels as they were counted at ``made_at`` (None: not yet), over whole months such as 2026-02."""

    made_at: datetime | None
    horizon_days: int
    first_month: str | None
    last_month: str | None
    young_leads: int
    channels: tuple[Channel, ...]
