"""Ask a tenant's providers about the companies of its leads, within the budget, best leads first.

Each answer is a transaction of its own: whoever goes on after a crash or a pause asks only what is not answered. A
question is counted before it is sent, so that a budget is never overspent.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from connector.adapters.enrichment.contract import Finding, Provider
from connector.adapters.enrichment.registry import ASKED
from connector.errors import CorruptSecret, NeedsAdmin, RejectedInput, RetryLater, SettingsError
from connector.services.addresses import site_domain
from connector.services.context import Services
from connector.services.enrichment.sources import opened_key
from connector.store import enriched, enrichment
from connector.store.enriched import Fact, Outcome
from connector.store.enrichment import Source

log = logging.getLogger("connector.enrichment")

CADENCE = timedelta(hours=1)
TURN_SECONDS = 600.0
"""After so long the rest waits for the next turn: less than the lease of what is done by the clock."""

GOES_ON_SECONDS = 60.0


@dataclass(slots=True)
class _Turn:
    """What one turn asked, and until when it may."""

    ends: float
    asked: int = 0


def cadence(services: Services, tenant_id: UUID) -> timedelta | None:
    """Return how often a tenant's providers are asked; None where none is turned on: nothing is due then."""
    return CADENCE if _askable(services, tenant_id) else None


def run(services: Services, tenant_id: UUID) -> int:
    """Ask every provider that is on about what it was not asked yet; return how many questions.

    Trouble that only a person can mend is kept with its source, and the others go on. Raises ``RetryLater`` where one
    can't answer now, or the turn is over.
    """
    turn, later = _Turn(services.clock.monotonic() + TURN_SECONDS), None
    for source in _askable(services, tenant_id):
        try:
            _ask_all(services, source, turn)
        except RetryLater as pause:
            later = later or pause
        except (NeedsAdmin, CorruptSecret, SettingsError) as trouble:
            log.warning("source %s of tenant %s waits for the admin", source.name, tenant_id)
            with services.store.transaction(tenant_id) as session:
                enrichment.note_trouble(session, tenant_id, source.name, str(trouble))
    if later is not None:
        raise later
    return turn.asked


def _askable(services: Services, tenant_id: UUID) -> list[Source]:
    with services.store.reading(tenant_id) as session:
        found = enrichment.of_tenant(session, tenant_id)
    return [source for source in found if source.enabled and source.name in ASKED and source.trouble is None]


def _ask_all(services: Services, source: Source, turn: _Turn) -> None:
    provider = services.providers.open(source.name, source.config, opened_key(services, source))
    for domain in _waiting(services, source):
        if services.stopping() or services.clock.monotonic() >= turn.ends:
            raise RetryLater("The rest of the companies is asked about later.", after_seconds=GOES_ON_SECONDS)
        if not _spend(services, source):
            return
        turn.asked += 1
        _keep(services, source, domain, *_look_up(provider, domain))


def _waiting(services: Services, source: Source) -> Iterator[str]:
    """Give the companies that were not asked about, or too long ago: those of the best leads first."""
    since = services.clock.now() - timedelta(days=source.fresh_days)
    with services.store.reading(source.tenant_id) as session:
        met = enriched.asked_since(session, source.tenant_id, source.name, since)
        keys = enriched.company_keys(session, source.tenant_id)
    for key in keys:
        domain = site_domain(key)
        if domain is not None and domain not in met:
            met.add(domain)
            yield domain


def _spend(services: Services, source: Source) -> bool:
    """Count a question; False where the budget is spent, or the source was turned off meanwhile."""
    now = services.clock.now()
    with services.store.transaction(source.tenant_id) as session:
        held = enrichment.find(session, source.tenant_id, source.name, lock=True)
        if held is None or not held.enabled:
            return False
        spent = enrichment.spent(session, source.tenant_id, source.name, now)
        if spent.today >= held.daily_limit or spent.month >= held.monthly_limit:
            return False
        enrichment.count(session, source.tenant_id, source.name, now, requests=1, matches=0)
    return True


def _look_up(provider: Provider, domain: str) -> tuple[Outcome, Finding | None]:
    try:
        found = provider.look_up(domain)
    except RejectedInput:
        return Outcome.REFUSED, None
    return (Outcome.FOUND if found else Outcome.UNKNOWN), found


def _keep(services: Services, source: Source, domain: str, outcome: Outcome, found: Finding | None) -> None:
    now = services.clock.now()
    with services.store.transaction(source.tenant_id) as session:
        if enrichment.find(session, source.tenant_id, source.name, lock=True) is None:
            # Forgotten while it was asked: nothing of it is kept.
            return
        enriched.add_answer(session, source.tenant_id, source.name, domain, outcome, now)
        if found is not None:
            enriched.add_facts(session, source.tenant_id, source.name, facts(domain, found, now), now)
            enrichment.count(session, source.tenant_id, source.name, now, requests=0, matches=1)


def facts(domain: str, found: Finding, now: datetime) -> list[Fact]:
    """Date what was found: by the provider's own word where that is in the past, else by now."""
    stated = found.as_of is not None and found.as_of <= now
    known_at = found.as_of if stated and found.as_of is not None else now
    return [Fact(domain, name, value, known_at, stated) for name, value in found.values.items()]
