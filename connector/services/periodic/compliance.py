"""The compliance review of a quarter: fairness, explanations, accesses, rights, residency, models, the ledger."""

from __future__ import annotations

from uuid import UUID

from connector.services.context import Services
from connector.services.periodic import explanations, fairness, oversight, rights
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import Made


def build(services: Services, tenant_id: UUID, period: Period) -> Made:
    """Gather what a reviewer has to see before signing off."""
    parts = (
        fairness.fairness(services, tenant_id, period),
        explanations.sample(services, tenant_id, period),
        rights.accesses(services, tenant_id, period),
        rights.erasures(services, tenant_id, period),
        rights.residency(services, tenant_id),
        oversight.versions(services, tenant_id, period),
        oversight.decisions(services, tenant_id, period),
        oversight.record(services, tenant_id),
    )
    sections = [*(section for section, _ in parts), *oversight.cards_of(services, tenant_id, period)]
    return Made(tuple(sections), tuple(sentence for _, sentence in parts if sentence))
