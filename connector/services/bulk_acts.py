"""What is done with several leads at once: each act as it is done with one, all of them on the record."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID, uuid4

from connector.errors import RejectedInput
from connector.records import Tier
from connector.services import acts
from connector.services.api import exports, recomputing
from connector.services.context import Services
from connector.services.feedback import excluding, rating
from connector.services.feedback.excluding import Wish
from connector.services.feedback.rating import Thumb
from connector.store import leads, ledger
from connector.store.exclusions import Kind
from connector.store.lead_list import Owner

MOST = 100
"""Leads of one act."""


def own(services: Services, tenant_id: UUID, lead_ids: Collection[int]) -> list[int]:
    """Return those of these leads that the tenant has; raises ``RejectedInput`` where none or too many are left."""
    with services.store.reading(tenant_id) as session:
        found = sorted(leads.existing(session, tenant_id, sorted(set(lead_ids))))
    if not 0 < len(found) <= MOST:
        raise RejectedInput(f"Choose 1 to {MOST} leads of the list first.")
    return found


def leave_out(services: Services, tenant_id: UUID, lead_ids: Collection[int], reason: str) -> str:
    """Leave leads out of scoring; return what became of it in a sentence."""
    wishes = [Wish(Kind.LEAD, reason, lead_id=lead_id) for lead_id in own(services, tenant_id, lead_ids)]
    new = excluding.exclude_all(services, tenant_id, wishes)
    return f"{new:,} left out. Their scores are gone here; the page Feedback takes it back."


def rate(services: Services, tenant_id: UUID, lead_ids: Collection[int], thumb: Thumb) -> str:
    """Keep the same thumb on each of these scores; return what became of it in a sentence."""
    kept, without = 0, 0
    for lead_id in own(services, tenant_id, lead_ids):
        try:
            rating.rate(services, tenant_id, lead_id, thumb)
            kept += 1
        except RejectedInput:
            # Its score went since the list was shown; what is wrong with the reason is wrong for all.
            without += 1
    if not kept:
        raise RejectedInput("None of these was kept: choose a reason, and leads that have a score.")
    return f"Kept of {kept:,} scores{f'; {without:,} had none any more' if without else ''}. Thank you."


def score_again(services: Services, tenant_id: UUID, lead_ids: Collection[int]) -> str:
    """Have leads scored anew by the real-time lane; return what became of it in a sentence. It is on the record."""
    chosen, made = own(services, tenant_id, lead_ids), uuid4()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        asked, ready = recomputing.enter(services, session, tenant_id, chosen, acts.asker(), made)
        acts.record(services, session, tenant_id, "had leads scored anew", leads=list(asked.leads))
    services.wake_all(ready)
    return f"{len(asked.leads):,} are scored anew, within seconds if nothing waits. Load this page again then."


def take_out(services: Services, tenant_id: UUID, tier: Tier | None, owner: Owner | None = None) -> Iterator[str]:
    """Return all scores, or those of a tier and an owner, as a CSV file in pieces; that they were taken out is on the
    record."""
    with services.store.transaction(tenant_id) as session:
        which = {"tier": str(tier)} if tier else {}
        which |= {"connection": str(owner[0]), "owner": owner[1]} if owner else {}
        acts.record(services, session, tenant_id, "took scores out as a file", **which)
    return exports.as_csv(services, tenant_id, tier, owner)
