"""Take in a file of facts about companies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from connector.adapters.enrichment.contract import CompanyField
from connector.adapters.enrichment.registry import UPLOAD, label_of
from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.enrichment.files import Refused, read_file, read_mapping
from connector.services.enrichment.sources import upload_config
from connector.store import enriched, enrichment
from connector.store.enrichment import Source

_CHUNK = 5_000
MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of a file: lines taken and refused, values that are new or changed, columns that were not read."""

    taken: int
    refused: tuple[Refused, ...]
    changed: int
    fields: tuple[str, ...]
    unread: tuple[str, ...]


def upload(services: Services, tenant_id: UUID, content: bytes, mapping: str = "") -> Uploaded:
    """Keep what a CSV or Parquet file tells; a file that was taken once and comes again changes nothing.

    Raises ``RejectedInput`` where files are not turned on, or this one can't be read.
    """
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        _ready(enrichment.find(session, tenant_id, UPLOAD))
    read = read_file(content, read_mapping(mapping), now)
    with services.store.transaction(tenant_id) as session:
        source = _ready(enrichment.find(session, tenant_id, UPLOAD, lock=True))
        enrichment.save(session, replace(source, config=_with(source, read.fields)))
        changed = 0
        for start in range(0, len(read.facts), _CHUNK):
            part = read.facts[start : start + _CHUNK]
            changed += enriched.add_facts(session, tenant_id, UPLOAD, part, now)
        told = {"taken": read.taken, "refused": len(read.refused), "changed": changed}
        acts.record(services, session, tenant_id, "upload company facts", **told)
    return Uploaded(read.taken, read.refused, changed, tuple(field.label for field in read.fields), read.unread)


def _ready(source: Source | None) -> Source:
    if source is None or not source.enabled:
        raise RejectedInput(f"Facts from {label_of(UPLOAD, {})} are not turned on. Turn them on first, on Enrichment.")
    return source


def _with(source: Source, fields: tuple[CompanyField, ...]) -> dict[str, object]:
    """Add a file's fields to those of former files; raises ``RejectedInput`` where one changes its type."""
    held = {each["name"]: each for each in source.config.get("fields", ())}
    for field in fields:
        before = held.setdefault(field.name, {"name": field.name, "label": field.label, "type": field.type})
        if before["type"] != field.type:
            raise RejectedInput(f"{field.name} was of the type {before['type']} in a former file, not {field.type}.")
    if len(held) > MOST_FIELDS:
        raise RejectedInput(f"Your files would have {len(held)} fields; {MOST_FIELDS} are allowed.")
    return upload_config(held)
