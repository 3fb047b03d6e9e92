"""How it went in a month: how soon scores were in the CRM, what alarms opened, and what people did."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from connector.services.context import Services
from connector.services.digest.alerts import open_alerts
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import none, plural, seconds
from connector.store import happened, models
from scoring.cards.blocks import Block, Items, Paragraph, Section, Table

MOST = 20_000
"""The newest deliveries are enough to tell how fast it is."""


def time_to_crm(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """How long it took from a score, and from what a CRM told, to the value in the CRM."""
    with services.store.reading(tenant_id) as session:
        written = happened.written(session, tenant_id, period.span, MOST)
        fast = happened.fast(session, tenant_id, period.span, MOST)
    kinds = (("From a score to its value in the CRM", written), ("From what a CRM told to the value in it", fast))
    rows = tuple(_quantiles(label, sorted(found)) for label, found in kinds if found)
    says = (
        "Of every score that a CRM took, with what waits for a limit of the CRM; the second line only of single leads "
        f"that were scored at once, as far as their stretches are kept ({services.keeping.traces.days} days)."
    )
    if not rows:
        sentence = "No score was written into a CRM in this time."
        return Section("Time to the CRM", (Paragraph(says), none(sentence))), sentence
    head = ("Stretch", "Scores", "Half within", "95 % within", "99 % within")
    label, _, half, _, most = rows[-1]
    sentence = f"{label}: half within {half}, 99 % within {most}."
    return Section("Time to the CRM", (Paragraph(says), Table("How long it took", head, rows))), sentence


def alerts(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """Alarms that opened, decisions on models, what is open now, and what people did."""
    with services.store.reading(tenant_id) as session:
        alarms = happened.alarms(session, tenant_id, period.span)
        decided = [
            row
            for row in models.listed(session, tenant_id)
            if row.decided_at is not None and period.start <= row.decided_at < period.end
        ]
        acts = happened.acts(session, tenant_id, "admin", period.span)
    blocks: list[Block] = []
    if alarms:
        rows = tuple((f"{row.opened_at:%-d %b}", row.sentence, _ended(row)) for row in alarms)
        blocks.append(Table("Alarms that opened", ("Day", "What", "What became of it"), rows))
    else:
        blocks.append(none("No alarm of the drift watch opened in this time."))
    if decided:
        rows = tuple((f"{row.decided_at:%-d %b}", row.version, _decision(row.decision)) for row in decided)
        blocks.append(Table("New models", ("Day", "Model", "What became of it"), rows))
    waiting = open_alerts(services, tenant_id)
    if waiting:
        blocks.append(Paragraph("Open when this was made, each with what to do:"))
        blocks.append(Items(tuple(f"{alert.sentence} {alert.action}" for alert in waiting)))
    else:
        blocks.append(Paragraph("No alert was open when this was made."))
    if acts:
        done = tuple((what, f"{number:,}") for what, number, _ in acts)
        blocks.append(Table("What was done, by people and by the product", ("Act", "Times"), done))
    opened, now = plural(len(alarms), "alarm"), plural(len(waiting), "alert is", "alerts are")
    sentence = f"{opened} of the drift watch opened; {now} open."
    return Section("Alerts and what was done", tuple(blocks)), sentence


def _quantiles(label: str, ordered: Sequence[float]) -> tuple[str, ...]:
    """The nearest rank: a value that occurred."""
    places = (ordered[min(int(part * len(ordered)), len(ordered) - 1)] for part in (0.5, 0.95, 0.99))
    return (label, f"{len(ordered):,}", *map(seconds, places))


def _ended(row: object) -> str:
    accepted, closed = getattr(row, "accepted_at", None), getattr(row, "closed_at", None)
    if accepted is not None:
        return f"A person accepted it on {accepted:%-d %b}."
    return f"It passed on {closed:%-d %b}." if closed is not None else "It is open."


def _decision(decision: object) -> str:
    found = decision.get("sentence") if isinstance(decision, dict) else None
    return str(found or "Published without a comparison.")
