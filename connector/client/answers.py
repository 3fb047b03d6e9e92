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
