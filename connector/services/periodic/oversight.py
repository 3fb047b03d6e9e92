"""Models that came to score, who let them, and whether the record of it all is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from connector.services import ledgers
from connector.services.context import Services
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import none, plural
from connector.store import happened, models
from connector.store.types import AnyRow
from scoring.cards import card
from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table

DECISIONS = {
    "publish": "a model came to score",
    "new model waiting": "a new model waited for approval",
    "new model refused": "a new model was refused by the rule",
    "refuse model": "a person refused a model",
    "roll back": "a former model was brought back",
    "approve publication": "the first scores were approved for a CRM",
    "set publication": "what is written into CRMs was set",
    "set retraining": "when models are trained was set",
    "sign off report": "a report was signed off",
}
"""Acts that decide on models and on what is written, in words."""


def versions(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """Every version that came to score in the period; its card follows at the end."""
    found = _published(services, tenant_id, period)
    if not found:
        sentence = "No model version came to score in this time."
        return Section("Model versions", (none(sentence),)), sentence
    rows = tuple(
        (
            row.version,
            f"{row.published_at:%-d %b %Y}",
            str((row.report.get("verdict") or {}).get("sentence") or "–"),
            str((row.decision or {}).get("sentence") or "Published without a comparison."),
        )
        for row in found
    )
    head = ("Version", "Since", "Verdict", "Why it came to score")
    sentence = f"{plural(len(found), 'model version')} came to score."
    says = "The card of each stands at the end of this report."
    return Section("Model versions", (Table("Versions", head, rows), Paragraph(says))), sentence


def cards_of(services: Services, tenant_id: UUID, period: Period) -> Sequence[Section]:
    """The whole model card of each version that came to score, without its pictures."""
    sections = []
    for row in _published(services, tenant_id, period):
        made = card({"version": row.version, "sha256": row.sha256, **row.report})
        for part in made.sections:
            kept: tuple[Block, ...] = tuple(block for block in part.blocks if not isinstance(block, Picture))
            sections.append(Section(f"{made.title}. {part.heading}", kept))
    return sections


def decisions(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """Approvals, refusals and rollbacks, with who did them."""
    with services.store.reading(tenant_id) as session:
        found = happened.entries(session, tenant_id, period.span, list(DECISIONS))
    if not found:
        sentence = "Nobody approved, refused or rolled back anything."
        return Section("Approvals and rollbacks", (none(sentence),)), sentence
    rows = tuple(
        (f"{at:%-d %b %Y %H:%M}", DECISIONS[body["action"]], _about(body), str(body.get("by", "–")))
        for at, body in found
    )
    back = sum(body["action"] == "roll back" for _, body in found)
    approved = sum(body.get("why") == "approved" for _, body in found)
    sentence = f"{plural(approved, 'approval')} of models by a person, {plural(back, 'rollback')}."
    head = ("When (UTC)", "What", "About", "By")
    return Section("Approvals and rollbacks", (Table("Decisions", head, rows),)), sentence


def record(services: Services, tenant_id: UUID) -> tuple[Section, str]:
    """Whether the ledger verifies from its first entry to its newest."""
    found = ledgers.verify(services, tenant_id)
    wrong = ledgers.complaint(found, tenant_id)
    sentence = wrong or f"The ledger's {plural(found.entries, 'entry', 'entries')} verify from the first to the newest."
    how = (
        "Each entry's hash was computed anew over the one before it, each body that is still there was held against "
        f"its commitment, and the seal of the head was looked at ({str(found.seal).lower()})."
    )
    return Section("The ledger", (Paragraph(sentence), Paragraph(how))), sentence


def _published(services: Services, tenant_id: UUID, period: Period) -> Sequence[AnyRow]:
    with services.store.reading(tenant_id) as session:
        rows = models.listed(session, tenant_id)
    return [
        row for row in reversed(rows) if row.published_at is not None and period.start <= row.published_at < period.end
    ]


def _about(body: Mapping[str, Any]) -> str:
    hidden = ("action", "by", "sha256", "run")
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in body.items() if name not in hidden) or "–"
