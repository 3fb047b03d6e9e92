"""What each channel's leads became, brought and cost: only leads whose time is over, by the first source that their
CRM told. All sums are decimal, and currencies are never added up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import polars as pl

from connector.services.kpis.counting import LEAST_LEADS, LEAST_TIMES, within
from connector.services.kpis.reading import Known
from connector.services.kpis.shapes import NO_CHANNELS, Channel, Channels, Cost
from connector.store.spend import Spent

MONTHS = 12
"""The newest whole months whose leads all have had their time."""
NO_SOURCE = "(no source)"
_CENT = Decimal("0.01")


def channels(known: Known) -> Channels:
    """Count every channel that leads came from or money was spent on."""
    months = matured_months(known.now, known.horizon)
    born = _born(known)
    cohort = born.filter(pl.col("month").is_in(months))
    if cohort.is_empty():
        return NO_CHANNELS
    spent = [item for item in known.spent if item.month in months]
    brought = _brought(known, cohort)
    names: dict[str, str] = dict(cohort.select("channel", "called").rows())
    names |= {item.channel.lower(): item.channel for item in spent}
    rows = [_channel(names[key], key, cohort, spent, brought) for key in names]
    return Channels(
        first=str(cohort["month"].min()),
        last=max(months),
        young=born.filter(pl.col("month") > max(months)).height,
        unpriced=brought.filter(pl.col("amount").is_null())["lead_id"].n_unique(),
        rows=tuple(sorted(rows, key=lambda row: (-row.leads, row.name.casefold()))),
    )


def matured_months(now: datetime, horizon: timedelta) -> list[str]:
    """Return the newest whole months (such as 2026-02) all of whose leads have had their time, oldest first."""
    found: list[str] = []
    start = (now - horizon).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(MONTHS):
        start = (start - timedelta(days=1)).replace(day=1)
        found.insert(0, f"{start:%Y-%m}")
    return found


def _born(known: Known) -> pl.DataFrame:
    won = known.won.rename({"at": "won_at"})
    joined = known.leads.join(known.sources, on="lead_id", how="left").join(won, on="lead_id", how="left")
    return joined.with_columns(
        pl.col("channel").fill_null(NO_SOURCE),
        pl.col("called").fill_null(NO_SOURCE),
        month=pl.col("created_at").dt.strftime("%Y-%m"),
        hit=within("won_at", "created_at", known.horizon),
    )


_PAID = pl.Schema({"lead_id": pl.Int64(), "at": pl.Datetime("us", "UTC"), "place": pl.Int64(), "currency": pl.String()})


def _brought(known: Known, cohort: pl.DataFrame) -> pl.DataFrame:
    """What the cohort's leads brought within the horizon: channel, month, amount (None: not known), currency."""
    rows = [(row.lead_id, row.at, place, row.currency) for place, row in enumerate(known.paid)]
    paid = pl.DataFrame(rows, schema=_PAID, orient="row").join(cohort, on="lead_id")
    held = paid.filter(within("at", "created_at", known.horizon)).sort("place")
    found = (known.paid[place].amount for place in held["place"])
    # As text: a column of decimals would have one scale for all currencies.
    amounts = pl.Series("amount", [None if amount is None else str(amount) for amount in found], pl.String)
    return held.select("lead_id", "channel", "month", "currency").with_columns(amounts)


def _channel(name: str, key: str, cohort: pl.DataFrame, spent: Sequence[Spent], brought: pl.DataFrame) -> Channel:
    mine = cohort.filter(pl.col("channel") == key)
    leads, converted = mine.height, int(mine["hit"].sum())
    low, high = _interval(converted, leads)
    sums = brought.filter(pl.col("channel") == key, pl.col("amount").is_not_null())
    by_currency = sorted({currency or "" for currency in sums["currency"]})
    costs = [item for item in spent if item.channel.lower() == key]
    return Channel(
        name=name,
        leads=leads,
        converted=converted,
        rate=None if low is None else converted / leads,
        low=low,
        high=high,
        brought=tuple((currency, _sum(sums, currency)) for currency in by_currency),
        costs=tuple(
            _cost(currency, [item for item in costs if item.currency == currency], mine, sums)
            for currency in sorted({item.currency for item in costs})
        ),
    )


def _sum(sums: pl.DataFrame, currency: str) -> Decimal:
    held = sums.filter(pl.col("currency").fill_null("") == currency)
    return sum((Decimal(amount) for amount in held["amount"]), Decimal(0)).quantize(_CENT)


def _cost(currency: str, spent: Sequence[Spent], mine: pl.DataFrame, sums: pl.DataFrame) -> Cost:
    months = sorted({item.month for item in spent})
    part = mine.filter(pl.col("month").is_in(months))
    leads, converted = part.height, int(part["hit"].sum())
    total = sum((item.amount for item in spent), Decimal(0))
    brought = _sum(sums.filter(pl.col("month").is_in(months)), currency)
    low, high = _interval(converted, leads)
    told = converted > 0 and low is not None and high is not None and low > 0
    return Cost(
        currency=currency,
        months=len(months),
        spent=total.quantize(_CENT),
        leads=leads,
        converted=converted,
        brought=brought,
        per_lead=_part(total, Decimal(leads)) if leads >= LEAST_TIMES else None,
        per_conversion=_part(total, Decimal(converted)) if told else None,
        cheapest=_part(total, leads * Decimal(repr(high))) if told else None,
        dearest=_part(total, leads * Decimal(repr(low))) if told else None,
    )


def _part(total: Decimal, of: Decimal) -> Decimal:
    return (total / of).quantize(_CENT)


def _interval(converted: int, leads: int) -> tuple[float | None, float | None]:
    if leads < LEAST_LEADS:
        return None, None
    # Imported here: whoever only reads figures needs no library of statistics.
    from scoring.rates import wilson

    return wilson(converted, leads)
