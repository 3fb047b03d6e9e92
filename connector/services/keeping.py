"""For how long things are kept that nobody needs for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Keeping:
    """``events`` and former ``values`` are what models learn from: less of them is less to learn.

    ``inputs`` are the vectors that recorded scores can be replayed from. ``archived``: records that left their CRM.
    ``ended``: what the ledger says of people whom no CRM has any more.
    ``hints``: what vendors pushed, once it is done with. ``visits``: those of people whom no CRM knows. ``traces``: how
    long each stretch of a fast score took. ``after_leaving``: all that an account told, after it was disconnected.
    """

    events: timedelta = timedelta(days=1_095)
    values: timedelta = timedelta(days=1_095)
    inputs: timedelta = timedelta(days=400)
    archived: timedelta = timedelta(days=400)
    ended: timedelta = timedelta(days=1_095)
    hints: timedelta = timedelta(days=30)
    visits: timedelta = timedelta(days=90)
    traces: timedelta = timedelta(days=7)
    after_leaving: timedelta = timedelta(days=30)
