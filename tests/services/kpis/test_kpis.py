"""Each figure against a history whose numbers are known by counting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RejectedInput
from connector.records import Actor, EventKind, Tier
from connector.services.kpis import making, reading, spending
from connector.services.kpis.shapes import KpiReport, Line, Unit
from connector.services.kpis.wording import told
from connector.store.session import Store
from tests.databases import sqlite_store
from tests.services.kpis.history import DAY, INSTALLED, History, history
from tests.world import NOW

HOUR = timedelta(hours=1)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[History]:
    """A tenant with nothing in it."""
    store = sqlite_store(tmp_path / "kpis.db")
    yield history(store)
    store.close()


def line(report: KpiReport, key: str, label: str) -> Line:
    """Return one line of a figure."""
    found = report.find(key)
    assert found
    return next(item for item in found.lines if item.label == label)


def test_of_nothing_nothing_is_said(empty: History) -> None:
    """Every line says why there is no number, but the capacity and what is expected of no leads at all."""
    report = making.make(empty.services, empty.tenant_id)
    numbers = [
        (kpi.key, item.label)
        for kpi in report.kpis
        for item in kpi.lines
        if not item.missing and item.leads == 0 and kpi.key not in ("pipeline",)
    ]
    assert numbers == [("volume", "The team's capacity")]
    assert all(item.missing for kpi in report.kpis for item in kpi.lines if kpi.key in ("by_tier", "meetings"))


def test_every_figure_is_what_was_counted(store: Store) -> None:
    """On both databases: the tier of the first score counts, maturity, bounds of each window, and money to the cent."""
    made = history(store)
    scored_at = NOW - 60 * DAY
    hot = [made.lead(NOW - 80 * DAY, "ad") for _ in range(40)]
    low = [made.lead(NOW - 80 * DAY) for _ in range(30)]
    made.score(hot, scored_at, Tier.HIGH_INTENT)
    made.score(low, scored_at, Tier.LOW)
    # A later score of another tier changes nothing, and who converted before or too late is no success.
    made.score(hot[:20], scored_at + DAY, Tier.LOW)
    for lead in hot[:10]:
        made.win(lead, scored_at + 30 * DAY, "100.10")
    for lead in hot[10:14]:
        made.win(lead, scored_at - DAY, "7.00")
    made.win(low[0], scored_at + 31 * DAY)
    for lead in (*hot[:7], *low[:7]):
        made.act(lead, NOW - 80 * DAY + 5 * HOUR, EventKind.MEETING, Actor.LEAD)
    made.act(low[8], NOW - 80 * DAY + 31 * DAY, EventKind.MEETING)
    made.act(low[9], NOW - 80 * DAY + HOUR, EventKind.EMAIL_SENT)
    made.chance(hot[0], Tier.HIGH_INTENT, "0.9")
    made.chance(hot[20], Tier.HIGH_INTENT, "0.25")
    made.chance(hot[21], Tier.HIGH_INTENT, "0.5")
    report = making.make(made.services, made.tenant_id)
    won = line(report, "by_tier", "High-Intent")
    assert (won.leads, won.value) == (36, 10 / 36)
    assert won.low
    assert won.high
    assert won.low < 10 / 36 < won.high
    assert line(report, "by_tier", "Low").value == 0.0
    assert line(report, "by_tier", "Medium").missing == "Too few to say: 0 leads so far, 30 are needed."
    met = line(report, "meetings", "All leads")
    assert (met.leads, met.value) == (70, 14 / 70)
    cycle = line(report, "sales_cycle", "Leads that converted")
    assert (cycle.leads, cycle.value, cycle.low) == (15, 50.0, 34.5)
    touched = line(report, "first_touch", "Touched within 7 days")
    assert (touched.leads, touched.value) == (70, 14 / 70)
    assert line(report, "first_touch", "Time until then").value == 5.0
    income = line(report, "revenue", "High-Intent")
    assert (income.amount, income.currency, income.leads) == (Decimal("1001.00"), "EUR", 10)
    assert "1 such conversions have no amount" in str(report.find("revenue"))
    # Who converted is no longer open. 14 amounts: 1,029.00 in all.
    assert line(report, "pipeline", "High-Intent, conversions").value == 0.75
    assert line(report, "pipeline", "High-Intent, worth").amount == Decimal("55.12")
    assert making.newest(made.services, made.tenant_id) == report


def test_figures_that_wait_say_until_when(empty: History) -> None:
    """From the first score to the end of its whole time; then there is nothing more to wait for."""
    days = reading.read(empty.services, empty.tenant_id).settings.horizon_days
    empty.score([empty.lead(NOW - 80 * DAY)], NOW - 3 * DAY, Tier.LOW)
    until = f"{NOW + (days - 3) * DAY:%-d %b %Y}"
    for key in ("by_tier", "found"):
        found = making.make(empty.services, empty.tenant_id).find(key)
        assert found
        assert f"The first leads have had their whole time on {until}." in found.note
    empty.score([empty.lead(NOW - 80 * DAY)], NOW - days * DAY, Tier.LOW)
    found = making.make(empty.services, empty.tenant_id).find("by_tier")
    assert found
    assert "whole time on" not in found.note


def test_high_intent_leads_count_in_the_week_in_which_they_came(empty: History) -> None:
    """Those of the first scoring were there before; nobody counts twice, however often scored."""
    stock = [empty.lead(NOW - 300 * DAY) for _ in range(4)]
    empty.score(stock, NOW - 24 * DAY, Tier.HIGH_INTENT)
    new = [empty.lead(NOW - 15 * DAY) for _ in range(9)]
    empty.score([*stock, *new[:6]], NOW - 10 * DAY, Tier.HIGH_INTENT)
    empty.score([*stock, *new], NOW - 3 * DAY, Tier.HIGH_INTENT)
    report = making.make(empty.services, empty.tenant_id)
    assert report.weeks == ((NOW - 14 * DAY, 6), (NOW - 7 * DAY, 3))
    came = line(report, "volume", "New High-Intent leads")
    assert (came.leads, came.value) == (9, 4.5)
    assert line(report, "volume", "The team's capacity").value == 5.0


def test_leads_that_newly_reach_a_score_are_counted_for_each(store: Store) -> None:
    """On both databases: from what they had in the week before, by whole points; a lead once, however often scored."""
    made = history(store)
    old, new, still = (made.lead(NOW - 300 * DAY) for _ in range(3))
    made.score([old, still], NOW - 20 * DAY, Tier.LOW, "90.0")
    made.score([old, still], NOW - 10 * DAY, Tier.LOW, "39.9")
    made.score([still], NOW - 3 * DAY, Tier.LOW, "39.9")
    made.score([old], NOW - 3 * DAY, Tier.LOW, "43.0")
    made.score([new], NOW - 2 * DAY, Tier.LOW, "2.9")
    made.score([new], NOW - DAY, Tier.LOW, "1.0")
    report = making.make(made.services, made.tenant_id)
    assert len(report.weeks) == 1
    assert len(report.reached) == 101
    assert [score for score, leads in enumerate(report.reached) if leads] == [0, 1, 2, 40, 41, 42, 43]
    assert set(report.reached) == {0, 1}
    assert making.newest(made.services, made.tenant_id) == report


def test_before_and_after_are_whole_horizons(empty: History) -> None:
    """Nobody counts whose time reached over the installation, or is not over; and it says that it proves nothing."""
    old = [empty.lead(INSTALLED - 40 * DAY) for _ in range(30)]
    new = [empty.lead(INSTALLED + DAY) for _ in range(30)]
    for lead in [empty.lead(INSTALLED - 20 * DAY), empty.lead(NOW - 20 * DAY), *old[:3], *new[:6]]:
        empty.win(lead, INSTALLED - 15 * DAY if lead in old else INSTALLED + 10 * DAY)
    report = making.make(empty.services, empty.tenant_id)
    before, after = (line(report, "before_after", label) for label in ("Before", "After"))
    assert [(item.leads, item.value) for item in (before, after)] == [(30, 0.1), (30, 0.2)]
    assert "proves nothing" in str(report.find("before_after"))


def test_scores_of_an_old_export_have_no_future(empty: History) -> None:
    """Nothing can have converted after a score that was made years later."""
    made = history(empty.services.store, as_of=NOW.isoformat())
    made.score([made.lead(NOW - 80 * DAY) for _ in range(30)], NOW - 60 * DAY, Tier.LOW)
    report = making.make(made.services, made.tenant_id)
    assert "stand at a time in the past" in str(line(report, "by_tier", "Low").missing)


def test_spend_is_divided_by_the_leads_of_its_months_and_channel(empty: History) -> None:
    """By the source's value or by what people read; the month that is not over waits; money stays decimal."""
    for day in range(12):
        empty.lead(NOW.replace(month=2, day=1) + day * DAY, "ad")
    for _ in range(8):
        empty.lead(NOW.replace(month=2, day=3), "Fair")
    sheet = b"Month;Channel;Amount;Currency\n2026-02;search ADS;100.50;EUR\n2026-02;Fair;80;EUR\n2026-03;Fair;9;EUR\n"
    assert spending.upload(empty.services, empty.tenant_id, sheet).sentence == "3 lines taken."
    report = making.make(empty.services, empty.tenant_id)
    every, ads, fair = (line(report, "spend_per_lead", name) for name in ("All channels", "search ADS", "Fair"))
    assert (every.leads, every.amount, every.currency) == (20, Decimal("9.02"), "EUR")
    assert (ads.leads, ads.amount) == (12, Decimal("8.38"))
    assert fair.missing == "Too few to say: 8 leads so far, 10 are needed."
    again = b"month,channel,amount,currency\n2026-02,Fair,280,EUR\n"
    spending.upload(empty.services, empty.tenant_id, again)
    assert line(making.make(empty.services, empty.tenant_id), "spend_per_lead", "All channels").amount == Decimal(
        "19.02"
    )


def test_a_bad_line_takes_no_other_with_it(empty: History) -> None:
    """Each is named by its number and reason."""
    rows = [
        "2026-01,Ads,12.5,EUR",
        "2026-13,Ads,1,EUR",
        "2026-04,Ads,1,EUR",
        '2026-01,Fair,"1,234",EUR',
        "2026-01,Fair,-3,EUR",
        "2026-01,Fair,NaN,EUR",
        "2026-01,Fair,3,euro",
        "2026-01,a@b.example,3,EUR",
        "2026-01,Ads,3,EUR",
        "2026-01,Ads,3",
        "2026-01,Fair,3,EUR",
    ]
    content = "\n".join(["month,channel,amount,currency", *rows]).encode()
    done = spending.upload(empty.services, empty.tenant_id, content)
    assert done.taken == 2
    assert [item.line for item in done.refused] == list(range(3, 12))
    assert "Line 5: the amount must be a number" in done.sentence


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"month,amount\n2026-01,3\n", b"x" * (spending.SHEET.largest + 1)]
)
def test_what_is_no_such_file_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(RejectedInput):
        spending.read_file(content, NOW)


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=30), max_size=8))
def test_no_line_is_lost_without_a_word(rows: list[str]) -> None:
    """Whatever is in the file: a good line before it is taken, and it raises nothing but its sentence."""
    content = "\n".join(["month,channel,amount,currency", "2026-01,Ads,3,EUR", *rows]).encode("utf-8", "replace")
    spent, _ = spending.read_file(content, NOW)
    assert spent[0].amount == Decimal(3)


def test_a_report_is_read_back_as_it_was() -> None:
    """Money to the last digit, and times with their zone."""
    money = Line("x", Unit.MONEY, 3, amount=Decimal("0.10"), currency="EUR")
    assert told(money) == "0.10 EUR"
    assert told(Line("x", Unit.SHARE, 30, 0.25, 0.1, 0.4)) == "25 % (95 % interval 10 % to 40 %)"
    assert told(Line("x", Unit.DAYS, 30, 14.0, 7.25, 30.0)) == "14 days (half of them 7.2 days to 30 days)"
