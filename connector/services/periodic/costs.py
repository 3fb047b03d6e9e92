"""The cost-benefit report of a quarter: what a tenant's work took, at the operator's prices, and what it was worth.

Value is claimed from experiments alone. Without one the report says so, and sets nothing against the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from connector.services.context import Services
from connector.services.kpis import reading
from connector.services.periodic.kept import gain, in_money
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import Made, crm, none
from connector.services.prices import Prices
from connector.services.reports.experiments import experiment_lines
from connector.services.usage import CALLS, CPU
from connector.store import usage
from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.figures.days import by_day
from scoring.figures.frame import Words

Days = Mapping[str, Mapping[str, int]]
_CENT = Decimal("0.01")
_HOUR = Decimal(3_600_000)
_GIGABYTE = Decimal(10**9)
_MONTH = Decimal("30.4375")
"""Days of a mean month."""


def build(services: Services, tenant_id: UUID, period: Period) -> Made:
    """Count what a quarter took and what it brought."""
    with services.store.reading(tenant_id) as session:
        days = usage.of_days(session, tenant_id, *period.days)
        begun = usage.begun(session, tenant_id)
        stored = usage.stored(session, tenant_id)
        made, held = usage.scored(session, tenant_id, *period.span)
    total = _costs(services.prices, days, stored, period)
    parts = (
        _cost(services.prices, total),
        _work(services, days, begun, (made, held), period),
        _storage(stored),
        _value(services, tenant_id, period),
    )
    return Made(tuple(section for section, _ in parts), tuple(sentence for _, sentence in parts if sentence))


Priced = tuple[str, str, Decimal | None, Decimal | None]
"""What, how much in words, its price, and the amount (None without a price)."""


def _costs(prices: Prices, days: Days, stored: Mapping[str, tuple[int, int]], period: Period) -> tuple[Priced, ...]:
    cpu = Decimal(sum(days.get(CPU, {}).values())) / _HOUR
    size = Decimal(sum(size for _, size in stored.values())) / _GIGABYTE
    months = Decimal((period.end - period.start) // timedelta(days=1)) / _MONTH
    calls = Decimal(sum(sum(found.values()) for what, found in days.items() if what.startswith(CALLS)))
    return (
        _priced("Processor", f"{cpu:.3f} hours", cpu, prices.cpu_hour),
        _priced("Storage", f"{size:.3f} GB for {months:.1f} months", size * months, prices.gigabyte_month),
        _priced("Requests to CRMs", f"{calls:,.0f}", calls / 1_000, prices.thousand_calls),
    )


def _priced(what: str, told: str, amount: Decimal, price: Decimal | None) -> Priced:
    return what, told, price, None if price is None else (amount * price).quantize(_CENT)


def _cost(prices: Prices, total: tuple[Priced, ...]) -> tuple[Section, str]:
    rows = [
        (
            what,
            told,
            "–" if price is None else f"{price} {prices.currency}",
            "–" if cost is None else _money(cost, prices),
        )
        for what, told, price, cost in total
    ]
    says = "What the work for this organisation took in the period, at the prices that the operator set."
    blocks: list[Block] = [Paragraph(says)]
    if prices.named:
        whole = sum((cost for *_, cost in total if cost is not None), Decimal(0))
        rows.append(("Together", "", "", _money(whole, prices)))
        sentence = f"The cost was {_money(whole, prices)}."
    else:
        sentence = "The operator has set no prices: amounts are told, and no cost."
        blocks.append(none(f"{sentence} They are set by CONNECTOR_PRICE_CPU_HOUR and alike."))
    head = ("What", "Amount", "Price (an hour, a GB a month, a thousand)", "Cost")
    blocks.append(Table("Cost", head, tuple(rows)))
    return Section("Cost", tuple(blocks)), sentence


def _work(
    services: Services, days: Days, begun: str | None, scores: tuple[int, int], period: Period
) -> tuple[Section, str]:
    (made, held), blocks = scores, list[Block]()
    if begun is None:
        blocks.append(none("No work was counted for this organisation yet."))
    else:
        blocks.append(Paragraph(f"Counted since {begun}. Work before that day is in no figure here."))
    rows = [("Scores made", f"{made:,}"), ("Leads with a score when this was made", f"{held:,}")]
    rows += [
        (f"Requests to {crm(services, what.removeprefix(CALLS))}", f"{sum(found.values()):,}")
        for what, found in days.items()
        if what.startswith(CALLS)
    ]
    cpu = days.get(CPU, {})
    rows.append(("Processor time", f"{sum(cpu.values()) / 1_000:,.1f} seconds"))
    blocks.append(Table("Work", ("What", "Number"), tuple(rows)))
    if cpu:
        found = [(date.fromisoformat(day), amount / 1_000) for day, amount in cpu.items()]
        words = Words(
            "Processor time by day",
            "High days are those of trainings and of first reads; a rise that stays is worth a look.",
            f"{len(found)} days, {sum(amount for _, amount in found):,.1f} seconds together.",
        )
        blocks.append(
            Picture(
                by_day(
                    "cpu",
                    words,
                    "Processor time (seconds)",
                    found,
                    (date.fromisoformat(period.days[0]), date.fromisoformat(period.days[1])),
                )
            )
        )
    return Section("Work", tuple(blocks)), f"{made:,} scores were made."


def _storage(stored: Mapping[str, tuple[int, int]]) -> tuple[Section, str]:
    rows = tuple(
        (name.replace("_", " "), f"{rows:,}", _bytes(size))
        for name, (rows, size) in sorted(stored.items(), key=lambda item: -item[1][1])[:12]
    )
    says = "What is stored when this was made: rows times the mean size of some of them, without indexes and copies."
    whole = sum(size for _, size in stored.values())
    table = Table("The largest kinds of rows", ("Kind", "Rows", "Size"), rows or (("none", "0", "0 bytes"),))
    return Section("Storage", (Paragraph(f"{says} Together {_bytes(whole)}."), table)), ""


def _value(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    known = reading.read(services, tenant_id)
    rows = []
    for line in experiment_lines(services, tenant_id):
        found, seen = gain(line), line.looks[-1] if line.looks else None
        if found is None or seen is None or not period.start <= seen.at < period.end:
            continue
        low, value, high = found
        worth = in_money(found, known) or "–"
        rows.append((f"{line.experiment.begun_at:%-d %b %Y}", f"{value:+,.1f} ({low:+,.1f} to {high:+,.1f})", worth))
    if not rows:
        sentence = "No experiment told anything in this time: no value is claimed, and nothing is set against the cost."
        return Section("Value", (none(sentence),)), sentence
    head = ("Experiment since", "Conversions more than without scores (95 %)", "At the mean amount")
    says = (
        "What experiments with held-back scores say, over the leads whose scores were shown in them. "
        "Leads outside an experiment are not counted in."
    )
    return Section("Value", (Paragraph(says), Table("Value", head, tuple(rows)))), f"Conversions gained: {rows[0][1]}."


def _money(amount: Decimal, prices: Prices) -> str:
    return f"{amount:,.2f} {prices.currency}"


def _bytes(size: int) -> str:
    for length, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= length:
            return f"{size / length:,.1f} {unit}"
    return f"{size} bytes"
