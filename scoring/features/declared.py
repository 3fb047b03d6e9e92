"""How a feature is declared: a name, its plain-words meaning, family, concept, inputs and expression."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

DAYS_PER_US = 1 / 86_400_000_000
"""Times are multiplied by this, not divided: division by a constant may round differently in a batch of one."""
WINDOWS_DAYS = (1, 7, 30, 90)
LONGEST_DAYS = max(WINDOWS_DAYS)
ANY = "any"
"""In place of a kind of event: whichever."""


class Family(StrEnum):
    """The five families of lead-scoring features, and what sellers did, which is off unless asked for."""

    DEMOGRAPHIC = "demographic"
    BEHAVIOURAL = "behavioural"
    TEMPORAL = "temporal"
    DERIVED = "derived"
    INTERACTION = "interaction"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of the model's matrix.

    ``expression`` reads the base frame (see ``base``). ``concept`` is the plain-words group whose
    contributions are summed for reasons. ``inputs`` names the fields or event kinds that it reads:
    a field under quarantine takes all features with it along. ``flag``: 1 where the label holds of the lead, else 0.
    ``code``: its numbers stand for something and are neither more nor less than each other: people are not told them.
    """

    name: str
    label: str
    family: Family
    concept: str
    inputs: tuple[str, ...]
    expression: pl.Expr
    flag: bool = False
    code: bool = False


class Side(StrEnum):
    """What a concept speaks of: who the lead is, what it and its company do, when it came, or what sellers did."""

    FIT = "fit"
    ENGAGEMENT = "engagement"
    TIME = "time"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class Concept:
    """A group of features that a sales rep thinks of as one thing; ``sentence`` says its present state."""

    name: str
    sentence: pl.Expr
    side: Side


@dataclass(frozen=True, slots=True)
class Declared:
    """What one family file declares."""

    features: tuple[Feature, ...] = ()
    concepts: tuple[Concept, ...] = ()


def value_column(field: str) -> str:
    """The base frame's column with a field's text."""
    return f"v:{field}"


def title_column(field: str) -> str:
    """The base frame's column with the code of a field's title (see ``titles``)."""
    return f"title:{field}"


def words_column(field: str) -> str:
    """The base frame's column with the code of a free text (see ``wording``)."""
    return f"words:{field}"


def count_column(kind: str, days: int | str) -> str:
    """The base frame's column with a lead's own events of ``kind`` in the last ``days`` (or "all")."""
    return f"n:{kind}:{days}"


def last_column(kind: str) -> str:
    """The base frame's column with the days since the last event of ``kind`` (null: never)."""
    return f"last:{kind}"


def machine_column(kind: str) -> str:
    """The base frame's column with machine-made events of ``kind`` in the last 90 days."""
    return f"m:{kind}:90"


def detail_column(place: int) -> str:
    """The base frame's column with the events of the spec's n-th named detail in the last 90 days."""
    return f"detail:{place}"


def pair_column(place: int) -> str:
    """The base frame's column with the times that the spec's n-th pair of steps came in the last 90 days."""
    return f"pair:{place}"


def seller_column(kind: str, days: int) -> str:
    """The base frame's column with sellers' events of ``kind`` in the last ``days``."""
    return f"s:{kind}:{days}"


def first_column() -> str:
    """The base frame's column with the kind of the lead's first own event (null: none)."""
    return "first"


def since_column(field: str) -> str:
    """The base frame's column with the days since a dated field took its value."""
    return f"since:{field}"


def counted(number: pl.Expr, one: str, many: str) -> pl.Expr:
    """A sentence with a number in place of ``{}``, in the singular or plural."""
    return pl.when(number == 1).then(pl.format(one, number)).otherwise(pl.format(many, number))
