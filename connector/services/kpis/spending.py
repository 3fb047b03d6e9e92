"""What marketing spent, from a small CSV file: each line is taken or refused by itself, and nothing is guessed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.csv_lines import filled_lines
from connector.store import ledger, spend
from connector.store.spend import Spent

COLUMNS = ("month", "channel", "amount", "currency")
LARGEST = 256 * 1024
"""Bytes of a file."""
MOST_LINES = 5_000
LONGEST_CHANNEL = 100
_MOST = Decimal(10) ** 12
_SHOWN = 20
"""Refused lines that are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not taken, and why; its neighbours were."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: how many lines were taken, and those that were not."""

    taken: int
    refused: tuple[Refused, ...]

    @property
    def sentence(self) -> str:
        """What is told to who uploaded it."""
        said = f"{self.taken} line{'' if self.taken == 1 else 's'} taken."
        if not self.refused:
            return said
        named = " ".join(f"Line {item.line}: {item.reason}." for item in self.refused[:_SHOWN])
        rest = f" And {len(self.refused) - _SHOWN} more." if len(self.refused) > _SHOWN else ""
        return f"{said} {len(self.refused)} not taken. {named}{rest}"


def upload(services: Services, tenant_id: UUID, content: bytes) -> Taken:
    """Enter the good lines of a file; one of the same month, channel and currency takes the place of a former.

    Raises ``RejectedInput`` where the file can't be read at all.
    """
    now = services.clock.now()
    spent, refused = read_file(content, now)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        spend.put(session, tenant_id, spent, now)
        acts.record(services, session, tenant_id, "enter marketing spend", lines=len(spent), refused=len(refused))
    return Taken(len(spent), tuple(refused))


def read_file(content: bytes, now: datetime) -> tuple[list[Spent], list[Refused]]:
    """Read a file with the columns month, channel, amount and currency, in any order."""
    reader, heading = _opened(content)
    places = {name: heading.index(name) for name in COLUMNS}
    good: dict[tuple[str, str, str], Spent] = {}
    refused: list[Refused] = []
    for number, cells in filled_lines(reader):
        if number > MOST_LINES + 1:
            raise RejectedInput(f"The file has more than {MOST_LINES:,} lines. Part it; nothing was taken.")
        try:
            if isinstance(cells, csv.Error):
                raise ValueError("can't be read as CSV")
            if len(cells) != len(heading):
                raise ValueError(f"has {len(cells)} cells where the heading has {len(heading)}")
            item = _read({name: cells[place].strip() for name, place in places.items()}, now)
            key = (item.month, item.channel, item.currency)
            if key in good:
                raise ValueError("names a month, channel and currency that a line above has already")
            good[key] = item
        except ValueError as wrong:
            refused.append(Refused(number, str(wrong)))
    return list(good.values()), refused


def _read(cells: Mapping[str, str], now: datetime) -> Spent:
    month, channel, amount, currency = (cells[name] for name in COLUMNS)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month, re.ASCII) or month > f"{now:%Y-%m}":
        raise ValueError("the month must be one of the past, such as 2026-02")
    channel = " ".join(channel.split())
    if not channel or len(channel) > LONGEST_CHANNEL or not channel.isprintable() or "@" in channel:
        raise ValueError(f"the channel must have 1 to {LONGEST_CHANNEL} characters and be no e-mail address")
    if not re.fullmatch(r"[A-Z]{3}", currency, re.ASCII):
        raise ValueError("the currency must be its three letters, such as EUR")
    return Spent(month, channel, currency, _amount(amount))


def _amount(text: str) -> Decimal:
    try:
        # Not with a comma: 1,234 is a thousand here and one there.
        found = Decimal(text) if re.fullmatch(r"\d{1,13}(\.\d{1,4})?", text, re.ASCII) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found > _MOST:
        raise ValueError("the amount must be a number such as 1234.50, with a point and without separators")
    return found


def _opened(content: bytes) -> tuple[Any, list[str]]:
    if len(content) > LARGEST:
        raise RejectedInput(f"The file has {len(content):,} bytes; {LARGEST:,} are allowed.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RejectedInput("The file is not UTF-8. Save it as CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        heading = [name.strip().lower() for name in next(reader, [])]
    except csv.Error:
        heading = []
    if lacking := [name for name in COLUMNS if name not in heading]:
        raise RejectedInput(
            f"The first line must name the columns {', '.join(COLUMNS)}; {', '.join(lacking)} is missing."
        )
    return reader, heading
