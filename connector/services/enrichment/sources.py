"""A tenant's sources, turned on, set up and turned off by an admin; every act is on the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.enrichment.generic import PLACE, HttpSettings
from connector.adapters.enrichment.registry import ASKED, HTTP, NAMES, UPLOAD, label_of
from connector.adapters.hosts import is_token
from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.store import enrichment, schedules
from connector.store.enrichment import Source
from connector.store.secrets import ENRICHMENT

KIND = "enrich"
"""What is due by the clock where sources are asked (``services.schedules``)."""

MOST_REQUESTS = 1_000_000
_LONGEST_KEY = 500


@dataclass(frozen=True, slots=True)
class Budget:
    """Questions a day and a month (UTC), and for how many days an answer is good."""

    daily: int = enrichment.DAILY
    monthly: int = enrichment.MONTHLY
    fresh_days: int = enrichment.FRESH_DAYS


def turn_on(
    services: Services,
    tenant_id: UUID,
    name: str,
    budget: Budget = Budget(),
    *,
    key: str = "",
    settings: HttpSettings | None = None,
) -> None:
    """Opt a tenant in to a source, or change how it is asked; an empty ``key`` keeps the one that is there.

    Raises ``RejectedInput`` naming what is missing.
    """
    _require(name)
    if settings is not None:
        # Asked again before every question: names may come to lead elsewhere.
        services.providers.door.check(settings.url.replace(PLACE, "example.com"))
    with services.store.transaction(tenant_id) as session:
        held = enrichment.find(session, tenant_id, name, lock=True) or _new(services, tenant_id, name)
        source = replace(
            held,
            enabled=True,
            config=settings.to_json() if settings else held.config,
            secret=_sealed(services, tenant_id, name, key) if key else held.secret,
            daily_limit=_within(budget.daily, MOST_REQUESTS, "The questions a day"),
            monthly_limit=_within(budget.monthly, MOST_REQUESTS, "The questions a month"),
            fresh_days=_within(budget.fresh_days, 3_650, "The days for which an answer is good"),
            trouble=None,
            changed_at=services.clock.now(),
        )
        _require_complete(source)
        enrichment.save(session, source)
        _record(services, session, source, "turn on")
        _due_now(services, session, source)


def turn_off(services: Services, tenant_id: UUID, name: str) -> None:
    """Ask a source nothing more; what it told is used no longer, and kept until it is forgotten."""
    with services.store.transaction(tenant_id) as session:
        source = enrichment.find(session, tenant_id, name, lock=True)
        if source is not None:
            enrichment.save(session, replace(source, enabled=False, changed_at=services.clock.now()))
            _record(services, session, source, "turn off")


def forget(services: Services, tenant_id: UUID, name: str) -> None:
    """Delete a source: its key, its settings and all that it told."""
    with services.store.transaction(tenant_id) as session:
        source = enrichment.find(session, tenant_id, name, lock=True)
        if source is not None:
            enrichment.forget(session, tenant_id, name)
            _record(services, session, source, "forget")


def try_again(services: Services, tenant_id: UUID, name: str) -> None:
    """Ask a source again whose trouble the admin has mended."""
    with services.store.transaction(tenant_id) as session:
        source = enrichment.find(session, tenant_id, name, lock=True)
        if source is not None:
            enrichment.note_trouble(session, tenant_id, name, None)
            _record(services, session, source, "try again")
            _due_now(services, session, source)


def opened_key(services: Services, source: Source) -> str:
    """Return a source's key; raises ``CorruptSecret`` where it can't be opened."""
    if source.secret is None:
        return ""
    return services.cipher.decrypt(source.secret, tenant_id=str(source.tenant_id), connection_id=_owner(source.name))


def upload_config(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is stored of a file source: the fields that its files had so far."""
    return {"fields": [fields[name] for name in sorted(fields)]}


def _require(name: str) -> None:
    if name not in NAMES:
        raise RejectedInput(f"There is no source {name[:60]!r}; there are {', '.join(NAMES)}.")


def _new(services: Services, tenant_id: UUID, name: str) -> Source:
    config = upload_config({}) if name == UPLOAD else {}
    return Source(tenant_id, name, enabled=False, config=config, changed_at=services.clock.now())


def _require_complete(source: Source) -> None:
    if source.name == HTTP and not source.config:
        raise RejectedInput("Say first how the provider is asked: its address and where its facts stand.")
    needs_key = source.name in ASKED and (source.name != HTTP or source.config.get("header"))
    if needs_key and source.secret is None:
        raise RejectedInput(f"{label_of(source.name, source.config)} needs a key.")


def _sealed(services: Services, tenant_id: UUID, name: str, key: str) -> str:
    if not is_token(key) or len(key) > _LONGEST_KEY:
        raise RejectedInput(f"A key is up to {_LONGEST_KEY} visible characters without spaces.")
    return services.cipher.encrypt(key, tenant_id=str(tenant_id), connection_id=_owner(name))


def _owner(name: str) -> str:
    return f"{ENRICHMENT}{name}"


def _within(number: int, most: int, what: str) -> int:
    if not 0 < number <= most:
        raise RejectedInput(f"{what} must be a number from 1 to {most:,}.")
    return number


def _due_now(services: Services, session: Connection, source: Source) -> None:
    if source.name in ASKED and source.enabled:
        schedules.bring_forward(session, KIND, {source.tenant_id: services.clock.now()})


def _record(services: Services, session: Connection, source: Source, action: str) -> None:
    limits = {"daily_limit": source.daily_limit, "monthly_limit": source.monthly_limit, "fresh_days": source.fresh_days}
    told = {"source": source.name, **(limits if action == "turn on" else {})}
    acts.record(services, session, source.tenant_id, f"{action} enrichment source", **told)
