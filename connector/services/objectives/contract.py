"""What a version of the objectives says, how it is read from a form, and what of it the settings hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from connector.errors import RejectedInput
from connector.services import numbers
from connector.services.kpis.spending import LONGEST_CHANNEL, is_channel, tidied
from connector.store.tenants import TenantSettings

BANDS = {
    "share": "the best share of the open leads",
    "capacity": "as many of the best open leads as the team can take",
    "probability": "every lead with at least this chance",
}
COMPLEXITIES = {
    "interpretable": "A list of coefficients, which anybody can check",
    "standard": "Blends with trees and small networks, where they are better",
    "full": "Everything the program knows, however long it takes",
}
MOST_CHANNELS, LONGEST_WHY = 50, 1_000
_SETTINGS = (
    "high_intent",
    "high_intent_share",
    "high_intent_probability",
    "capacity",
    "reps",
    "complexity",
    "most_facts",
)
"""What the settings hold as well, and are set to by a signature."""
_GIVEN = ("goal", "timing", "horizon_days", "maturity_days")
"""What an organisation was set up with: a version tells it and a signature does not change it."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """What is a hot lead, what a model may be, which ``channels`` have to pay, and targets (None: no target).

    Names that ``TenantSettings`` has as well mean the same. ``precision``: the share of High-Intent leads that convert;
    ``coverage``: the share of conversions that had been High-Intent; ``crm_seconds``: within so long 95 % of new values
    are in the CRM after it told of a change.
    """

    goal: str
    timing: str
    horizon_days: int
    maturity_days: int
    high_intent: str
    high_intent_share: float
    high_intent_probability: float
    capacity: int
    reps: int
    complexity: str
    most_facts: int | None = None
    channels: tuple[str, ...] = ()
    precision: float | None = None
    coverage: float | None = None
    crm_seconds: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"channels": list(self.channels)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Objectives:
        """What :meth:`to_json` wrote."""
        return cls(**{**data, "channels": tuple(data["channels"])})

    @property
    def settings(self) -> dict[str, Any]:
        """What a signature sets."""
        return {name: getattr(self, name) for name in _SETTINGS}

    def differing(self, settings: TenantSettings) -> list[str]:
        """Return the names of settings that are not as it says."""
        return [name for name in (*_GIVEN, *_SETTINGS) if getattr(settings, name) != getattr(self, name)]

    def made_for(self, settings: TenantSettings) -> bool:
        """Whether the organisation's goal and horizon are those that it tells of."""
        return all(getattr(settings, name) == getattr(self, name) for name in _GIVEN)


def from_settings(settings: TenantSettings, former: Objectives | None = None) -> Objectives:
    """Return what holds now: the settings, with the former version's targets and channels."""
    held = {name: getattr(settings, name) for name in (*_GIVEN, *_SETTINGS)}
    return replace(former, **held) if former else Objectives(**held)


def read_form(form: Mapping[str, str], settings: TenantSettings) -> Objectives:
    """Read a form's fields; raises ``RejectedInput`` with the sentence for who filled it in."""
    band, complexity = form.get("high_intent", ""), form.get("complexity", "")
    if band not in BANDS or complexity not in COMPLEXITIES:
        raise RejectedInput("Choose one of the offered answers.")
    return replace(
        from_settings(settings),
        high_intent=band,
        high_intent_share=_percent(form, "high_intent_share", "The share of the open leads"),
        high_intent_probability=_percent(form, "high_intent_probability", "The least chance"),
        capacity=_whole(form, "capacity", "The leads that the team can take", 1_000_000),
        complexity=complexity,
        most_facts=_whole_or_none(form, "most_facts", "The number of facts", 1_000),
        channels=_channels(form.get("channels", "")),
        precision=_percent_or_none(form, "precision", "The target of High-Intent leads that convert"),
        coverage=_percent_or_none(form, "coverage", "The target of conversions found"),
        crm_seconds=_whole_or_none(form, "crm_seconds", "The seconds until the CRM has a value", 86_400),
    )


def read_why(form: Mapping[str, str]) -> str:
    """Read the reason; raises ``RejectedInput``."""
    why = " ".join(form.get("why", "").split())
    if not why or len(why) > LONGEST_WHY or not why.isprintable():
        raise RejectedInput(f"Say why, in 1 to {LONGEST_WHY:,} characters: whoever reads this version later asks it.")
    return why


def _channels(text: str) -> tuple[str, ...]:
    named = dict.fromkeys(tidied(line) for line in text.splitlines() if line.strip())
    if len(named) > MOST_CHANNELS:
        raise RejectedInput(f"Name at most {MOST_CHANNELS} channels.")
    for name in named:
        if not is_channel(name):
            raise RejectedInput(
                f"A channel has 1 to {LONGEST_CHANNEL} characters and is no e-mail address. Write one a line."
            )
    return tuple(named)


def _whole(form: Mapping[str, str], name: str, what: str, most: int) -> int:
    return numbers.whole(form.get(name, ""), what, 1, most)


def _whole_or_none(form: Mapping[str, str], name: str, what: str, most: int) -> int | None:
    return _whole(form, name, what, most) if form.get(name, "").strip() else None


def _percent(form: Mapping[str, str], name: str, what: str) -> float:
    text = form.get(name, "").strip().removesuffix("%").strip()
    whole, _, part = text.partition(".")
    plain = all(piece.isascii() and piece.isdigit() for piece in (whole, part or "0")) and len(text) <= 6
    if not plain or not 0 < float(text) < 100:
        raise RejectedInput(f"{what} must be a number of percent above 0 and below 100, such as 12.5.")
    return round(float(text) / 100, 6)


def _percent_or_none(form: Mapping[str, str], name: str, what: str) -> float | None:
    return _percent(form, name, what) if form.get(name, "").strip() else None
