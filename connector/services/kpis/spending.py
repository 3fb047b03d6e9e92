"""What marketing spent, from a small CSV file: each line is taken or refused by itself, and nothing is guessed."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.csv_lines import Refused, Taken, filled_lines, opened
from connector.store import ledger, spend
from connector.store.spend import Spent

COLUMNS = ("month", "channel", "amount", "currency")
LARGEST = 256 * 1024
"""Bytes of a file."""
MOST_LINES = 5_000
LONGEST_CHANNEL = 100
_MOST = Decimal(10) ** 12


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
    reader, heading = opened(content, COLUMNS, LARGEST)
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
