"""What marketing spent, from a small CSV file: each line is taken or refused by itself, and nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import acts, csv_lines
from connector.services.context import Services
from connector.services.csv_lines import Refused, Sheet, Taken
from connector.store import ledger, spend
from connector.store.spend import Spent

SHEET = Sheet(("month", "channel", "amount", "currency"), largest=256 * 1024, most_lines=5_000)
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
    return Taken(len(spent), refused)


def read_file(content: bytes, now: datetime) -> tuple[list[Spent], tuple[Refused, ...]]:
    """Read a file with the columns month, channel, amount and currency, in any order."""
    seen: set[tuple[str, str, str]] = set()

    def take(cells: Mapping[str, str]) -> Spent:
        item = _read(cells, now)
        key = (item.month, item.channel, item.currency)
        if key in seen:
            raise RejectedInput("names a month, channel and currency that a line above has already")
        seen.add(key)
        return item

    return csv_lines.read(content, SHEET, take)


def tidied(channel: str) -> str:
    """Return a channel's name with single blanks."""
    return " ".join(channel.split())


def is_channel(name: str) -> bool:
    """Whether a tidied name can be a channel's; an address of somebody can't."""
    return 0 < len(name) <= LONGEST_CHANNEL and name.isprintable() and "@" not in name


def _read(cells: Mapping[str, str], now: datetime) -> Spent:
    month, channel, amount, currency = (cells[name] for name in SHEET.columns)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month, re.ASCII) or month > f"{now:%Y-%m}":
        raise RejectedInput("the month must be one of the past, such as 2026-02")
    channel = tidied(channel)
    if not is_channel(channel):
        raise RejectedInput(f"the channel must have 1 to {LONGEST_CHANNEL} characters and be no e-mail address")
    if not re.fullmatch(r"[A-Z]{3}", currency, re.ASCII):
        raise RejectedInput("the currency must be its three letters, such as EUR")
    return Spent(month, channel, currency, _amount(amount))


def _amount(text: str) -> Decimal:
    try:
        # Not with a comma: 1,234 is a thousand here and one there.
        found = Decimal(text) if re.fullmatch(r"\d{1,13}(\.\d{1,4})?", text, re.ASCII) else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found > _MOST:
        raise RejectedInput("the amount must be a number such as 1234.50, with a point and without separators")
    return found
