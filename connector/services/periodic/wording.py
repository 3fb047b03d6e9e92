"""What a builder of reports hands over, and words that several use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from connector.services.context import Services
from scoring.cards.blocks import Paragraph, Section

_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


@dataclass(frozen=True, slots=True)
class Made:
    """A report's sections, and its sentences for a message."""

    sections: tuple[Section, ...]
    summary: tuple[str, ...]


def none(sentence: str) -> Paragraph:
    """Say that there is nothing to show, and why."""
    return Paragraph(sentence)


def seconds(value: float) -> str:
    """A length of time in the unit that people would take."""
    for length, unit in ((_DAY, "days"), (_HOUR, "hours"), (_MINUTE, "minutes")):
        if value >= 2 * length:
            return f"{value / length:.1f} {unit}"
    return f"{value:.1f} seconds"


def took(times: Sequence[timedelta]) -> str:
    """The median and the longest of some lengths of time."""
    ordered = sorted(time.total_seconds() for time in times)
    return f"{seconds(ordered[len(ordered) // 2])}, at most {seconds(ordered[-1])}"


def crm(services: Services, vendor: str) -> str:
    """What a CRM is called; its short name where no app of it is configured."""
    app = services.apps.get(vendor)
    return app.capabilities.label if app else vendor


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number of things: "1 lead", "3 leads"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
