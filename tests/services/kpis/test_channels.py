"""Channels against a history whose numbers are known by counting."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.services.kpis import making
from connector.services.kpis.channels import NO_SOURCE, matured_months
from connector.services.kpis.shapes import NO_CHANNELS, Channel, KpiReport
from connector.services.reports.channels import COLUMNS, as_csv, channels_page
from connector.store import spend
from connector.store.spend import Spent
from tests.databases import sqlite_store
from tests.services.kpis.history import DAY, History, history
from tests.world import NOW

DECEMBER, JANUARY = datetime(2025, 12, 3, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[History]:
    """A tenant with nothing in it; conversions count for 30 days."""
    store = sqlite_store(tmp_path / "channels.db")
    yield history(store)
    store.close()


def row(report: KpiReport, name: str) -> Channel:
    """The figures of one channel."""
    return next(found for found in report.channels.rows if found.name == name)


def test_every_number_of_a_channel_is_what_was_counted(empty: History) -> None:
    """Only whole months whose horizon is over; the first source; money of the horizon to the cent, by currency."""
    ads = [empty.lead(DECEMBER, "ad") for _ in range(40)]
    none = [empty.lead(DECEMBER) for _ in range(5)]
    # Of a month without spend: they count, and cost nothing that is known.
    early = [empty.lead(DECEMBER - 20 * DAY, "ad") for _ in range(4)]
    empty.win(early[0], DECEMBER - DAY, "11.00")
    # NOW is the first of March: January's youngest leads have had 29 days.
    empty.lead(JANUARY, "ad")
    for lead in ads[:10]:
        empty.win(lead, DECEMBER + 30 * DAY, "100.10")
    empty.win(ads[0], DECEMBER + 10 * DAY, "0.05", "USD")
    empty.win(ads[10], DECEMBER + 30 * DAY + timedelta(seconds=1), "7000.00")
    empty.win(ads[11], DECEMBER + DAY)
    empty.win(none[0], DECEMBER + DAY)
    with empty.services.store.transaction(empty.tenant_id) as session:
        sums = [("2025-12", "search ADS", "EUR", "800.00"), ("2026-01", "Search ads", "EUR", "999.00")]
        sums += [("2025-11", "Fair", "USD", "50.00")]
        spent = [Spent(month, channel, currency, Decimal(amount)) for month, channel, currency, amount in sums]
        spend.put(session, empty.tenant_id, spent, NOW)
    report = making.make(empty.services, empty.tenant_id)
    found = report.channels
    assert (found.first, found.last, found.young, found.unpriced) == ("2025-11", "2025-12", 1, 2)
    assert [item.name for item in found.rows] == ["search ADS", NO_SOURCE, "Fair"]
    paid = row(report, "search ADS")
    assert (paid.leads, paid.converted, paid.rate) == (44, 12, 12 / 44)
    assert paid.low
    assert paid.high
    assert paid.low < 12 / 44 < paid.high
    assert paid.brought == (("EUR", Decimal("1012.00")), ("USD", Decimal("0.05")))
    (cost,) = paid.costs
    assert (cost.months, cost.spent, cost.leads, cost.converted) == (1, Decimal("800.00"), 40, 11)
    assert (cost.per_lead, cost.per_conversion) == (Decimal("20.00"), Decimal("72.73"))
    # Wilson's interval of 11 in 40 is .161 to .428: 800 EUR over 6.45 to 17.13 conversions.
    assert cost.cheapest
    assert cost.dearest
    assert (round(cost.cheapest), round(cost.dearest)) == (47, 124)
    assert cost.brought == Decimal("1001.00")
    other = row(report, NO_SOURCE)
    assert (other.leads, other.converted, other.rate, other.costs) == (5, 1, None, ())
    fair = row(report, "Fair")
    assert (fair.leads, fair.costs[0].spent, fair.costs[0].per_lead) == (0, Decimal("50.00"), None)
    assert making.newest(empty.services, empty.tenant_id) == report


def test_a_file_holds_a_row_for_each_channel_and_currency_and_no_formula(empty: History) -> None:
    leads = [empty.lead(DECEMBER, "=cmd()") for _ in range(3)]
    empty.win(leads[0], DECEMBER + DAY, "5.00")
    empty.win(leads[1], DECEMBER + DAY, "5.00", "USD")
    making.make(empty.services, empty.tenant_id)
    page = channels_page(empty.services, empty.tenant_id)
    rows = list(csv.DictReader(io.StringIO(as_csv(page.channels))))
    assert [(one["channel"], one["currency"], one["brought"]) for one in rows] == [
        ("'=cmd()", "EUR", "5.00"),
        ("'=cmd()", "USD", "5.00"),
    ]
    assert list(rows[0]) == list(COLUMNS)


def test_of_undated_leads_and_in_older_reports_there_are_no_channels(empty: History) -> None:
    made = history(empty.services.store, timing="ordered")
    made.lead(DECEMBER, "ad")
    report = making.make(made.services, made.tenant_id)
    assert report.channels == NO_CHANNELS
    told = report.to_json()
    del told["channels"]
    assert KpiReport.from_json(told) == replace(report, channels=NO_CHANNELS)
    assert channels_page(empty.services, empty.tenant_id).made_at is None


@given(st.datetimes(datetime(2020, 2, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(1, 400))  # noqa: DTZ001 # hypothesis adds the zone
def test_the_newest_month_is_over_and_the_next_one_is_not(now: datetime, days: int) -> None:
    """Twelve months in a row."""
    months = matured_months(now, timedelta(days=days))
    year, month = int(months[-1][:4]), int(months[-1][5:])
    after = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    later = datetime(after.year + after.month // 12, after.month % 12 + 1, 1, tzinfo=UTC)
    assert after + timedelta(days=days) <= now < later + timedelta(days=days)
    assert len(set(months)) == 12
    assert months == sorted(months)
