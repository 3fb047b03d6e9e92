"""Free text (first messages, notes) for the models: only where an admin opted a field in, and without persons' data.

Taken out are addresses, sites, telephone and other numbers, and the names that the person's own records hold. What is
left is read for words that many people use (``scoring.features.wording``); no text reaches a page or a reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any
from uuid import UUID

import polars as pl
from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import FieldRole, FieldType
from connector.services import acts
from connector.services.context import Services
from connector.store import connections, fields, frames, tenants
from connector.store.frames import Cut, Source

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:]+@[^\s@<>()\[\],;:]+")
_SITE = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?\b", re.IGNORECASE)
_PHONE = re.compile(r"[+(]?\d[\d\s()./-]{4,}\d")
_NUMBER = re.compile(r"\S*\d\S*")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NAMES = (FieldRole.FIRST_NAME, FieldRole.LAST_NAME)


def scrub(text: str, names: Set[str]) -> str:
    """Return ``text`` without addresses, sites, numbers and ``names`` (in lower case), white space made one."""
    for pattern in (_ADDRESS, _SITE, _PHONE, _NUMBER):
        text = pattern.sub(" ", text)
    return " ".join(_WORD.sub(lambda found: "" if _named(found.group(), names) else found.group(), text).split())


def _named(word: str, names: Set[str]) -> bool:
    plain = word.lower()
    return plain in names or any(part in names for part in re.split(r"['’-]", plain))


def choose(services: Services, tenant_id: UUID, name: str, *, on: bool) -> None:
    """Let models read a field's free text, or stop it, on the record.

    Raises ``RejectedInput`` for a field that the tenant does not have, or that holds no free text.
    """
    with services.store.transaction(tenant_id) as session:
        rows = [row for row in fields.of_tenant(session, tenant_id) if row.name == name]
        usable = [row for row in rows if is_free_text(row)]
        if on and not usable:
            raise RejectedInput(f"The field {name[:60]!r} of this tenant is no free text of a person's record.")
        settings = tenants.get(session, tenant_id).settings
        chosen = [*(field for field in settings.free_text if field != name), *([name] if on else [])]
        tenants.save_settings(session, tenant_id, replace(settings, free_text=chosen))
        acts.record(services, session, tenant_id, "set free text", field=name, on=on)


def is_free_text(row: Any) -> bool:
    """Whether a field of the catalogue may be opted in: a text of the person's own record, no name, nothing of ours."""
    return row.type == FieldType.TEXT and row.role is None and not (row.company or row.system or row.own)


def scrubbed(
    source: Source,
    tenant_id: UUID,
    values: pl.DataFrame,
    catalogue: Sequence[Any],
    vendors: Mapping[UUID, str],
    chosen: Sequence[str],
    cut: Cut | None,
) -> pl.DataFrame:
    """Return ``values`` (lead_id, field, value …) with persons' data taken out of the chosen fields' texts."""
    wanted = [row for row in catalogue if row.name in chosen and is_free_text(row)]
    named = {f"{vendors[row.connection_id]}.{row.name}" for row in wanted}
    free = values["field"].is_in(sorted(named))
    if not free.any():
        return values
    names = _names(source, tenant_id, catalogue, vendors, cut)
    texts = values.filter(free)
    clean = [
        None if text is None else scrub(text, names.get(lead, frozenset()))
        for lead, text in texts.select("lead_id", "value").iter_rows()
    ]
    return pl.concat([values.filter(~free), texts.with_columns(value=pl.Series(clean, dtype=pl.String))])


def _names(
    source: Source, tenant_id: UUID, catalogue: Sequence[Any], vendors: Mapping[UUID, str], cut: Cut | None
) -> dict[int, frozenset[str]]:
    """Return lead → every part of every name that any of its records ever had, in lower case."""
    found: dict[int, set[str]] = {}
    for vendor in sorted(set(vendors.values())):
        held = {row.name for row in catalogue if vendors[row.connection_id] == vendor and row.role in _NAMES}
        told = frames.value_frame(source, tenant_id, vendor, sorted(held), cut)
        for lead, text in told.select("lead_id", "value").drop_nulls().iter_rows():
            found.setdefault(lead, set()).update(_parts(text))
    return {lead: frozenset(parts) for lead, parts in found.items()}


def _parts(name: str) -> Iterable[str]:
    return (part for part in re.split(r"[\W\d_]+", name.lower()) if part)


def cleaned(session: Connection, tenant_id: UUID, lead_id: int | None, text: str) -> str:
    """Return what somebody wrote about a lead (None: about nobody in particular) without what names anybody."""
    if lead_id is None:
        return scrub(text, frozenset())
    catalogue = list(fields.of_tenant(session, tenant_id))
    vendors = {row.id: row.vendor for row in connections.of_tenant(session, tenant_id)}
    names = _names(session, tenant_id, catalogue, vendors, Cut((lead_id,)))
    return scrub(text, names.get(lead_id, frozenset()))
