"""What people of the organisation would do in their first days, done in the demo's own name.

Only where people and deals are made up too: of a real export nobody may claim that somebody said or spent something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from connector.services import acts
from connector.services.context import Services
from connector.services.feedback import rating
from connector.services.feedback.rating import Thumb
from connector.services.kpis import spending
from connector.services.objectives import contract, signing
from connector.store import lead_list, objectives

NAME = "the demo"
"""Who did it, as the score record tells."""
WHY = "Made up by the demo, to show figures beside what was agreed."
SPEND: Mapping[str, int] = {"Paid Search": 2_600, "Paid Social": 1_900, "Email Marketing": 450}
"""Channel → euros a month."""
_MONTHS = 12
_SAID: Sequence[Thumb] = (
    Thumb(True, "talked", "They asked for a proposal."),
    Thumb(True, "fits", None),
    Thumb(False, "bad_time", "Their budget is decided in spring."),
)
"""What is said of the leads with the highest scores, in that order."""


def use(services: Services, tenant_id: UUID) -> None:
    """Sign objectives, enter what marketing spent, and say of some scores whether they fit."""
    with acts.asked_by(NAME):
        _agree(services, tenant_id)
        spending.upload(services, tenant_id, _spend(services.clock.now().date()))
        with services.store.reading(tenant_id) as session:
            best, _ = lead_list.page(session, tenant_id, lead_list.Wanted(), None, len(_SAID))
        for lead, thumb in zip(best, _SAID, strict=False):
            rating.rate(services, tenant_id, lead.lead_id, thumb)


def _agree(services: Services, tenant_id: UUID) -> None:
    """Sign the settings as they are, with targets."""
    wanted = contract.from_settings(signing.settings_of(services, tenant_id))
    wanted = replace(wanted, precision=0.1, coverage=0.4, crm_seconds=60)
    signing.draft(services, tenant_id, wanted, WHY)
    with services.store.reading(tenant_id) as session:
        held = objectives.draft(session, tenant_id)
    if held is not None:
        signing.sign(services, tenant_id, signing.mark(held))


def _spend(today: date) -> bytes:
    """Return the last whole months as the file that somebody would upload."""
    newest = today.year * 12 + today.month - 2
    months = [f"{place // 12}-{place % 12 + 1:02}" for place in range(newest - _MONTHS + 1, newest + 1)]
    lines = [f"{month},{channel},{amount},EUR" for month in months for channel, amount in SPEND.items()]
    return "\n".join(["month,channel,amount,currency", *lines]).encode()
