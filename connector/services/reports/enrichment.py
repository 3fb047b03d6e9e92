"""The enrichment page: what each source is set to, what it cost and told; and what is known of a lead's company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.enrichment.registry import NAMES, fields_of, label_of
from connector.records import FieldType
from connector.services.context import Services
from connector.services.enrichment import known
from connector.store import enriched, enrichment
from connector.store.enriched import Outcome
from connector.store.enrichment import Source, Spent


@dataclass(frozen=True, slots=True)
class FieldReport:
    """A field of the catalogue. ``companies``: how many have a value; ``known_at``: as of when the newest one is."""

    label: str
    type: FieldType
    companies: int
    known_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceReport:
    """One source. ``source`` is None where it was never turned on."""

    name: str
    label: str
    source: Source | None
    spent: Spent
    found: int
    unknown: int
    refused: int
    fields: tuple[FieldReport, ...]

    @property
    def on(self) -> bool:
        """Whether the tenant opted in."""
        return self.source is not None and self.source.enabled


@dataclass(frozen=True, slots=True)
class Provenance:
    """A fact on a lead's page: what, from whom, as of when, and whether that date is the source's own word."""

    label: str
    value: str
    source: str
    known_at: datetime
    stated: bool


def source_reports(services: Services, tenant_id: UUID) -> tuple[SourceReport, ...]:
    """Return all sources, those that were never turned on too."""
    with services.store.reading(tenant_id) as session:
        held = {source.name: source for source in enrichment.of_tenant(session, tenant_id)}
        answers = enriched.answers(session, tenant_id)
        told = {(row.source, row.field): row for row in enriched.catalogue(session, tenant_id)}
        now = services.clock.now()
        return tuple(
            SourceReport(
                name,
                label_of(name, held[name].config if name in held else {}),
                held.get(name),
                enrichment.spent(session, tenant_id, name, now),
                answers.get(name, {}).get(Outcome.FOUND, 0),
                answers.get(name, {}).get(Outcome.UNKNOWN, 0),
                answers.get(name, {}).get(Outcome.REFUSED, 0),
                _fields(name, held.get(name), told),
            )
            for name in NAMES
        )


def _fields(name: str, source: Source | None, told: Mapping[tuple[str, str], Any]) -> tuple[FieldReport, ...]:
    found = []
    for field in fields_of(name, source.config if source else {}):
        row = told.get((name, field.name))
        found.append(FieldReport(field.label, field.type, row.companies if row else 0, row.known_at if row else None))
    return tuple(found)


def provenance(session: Connection, tenant_id: UUID, company_key: str | None, now: datetime) -> tuple[Provenance, ...]:
    """Return what sources in use tell of a lead's company, with where it is from."""
    found = []
    for source, row in known.of_company(session, tenant_id, company_key, now):
        labels = {field.name: field.label for field in fields_of(source.name, source.config)}
        label = label_of(source.name, source.config)
        found.append(Provenance(labels.get(row.field, row.field), row.value, label, row.known_at, row.stated))
    return tuple(found)
