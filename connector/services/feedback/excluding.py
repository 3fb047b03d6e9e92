"""Leave leads out of scoring: by the domain of their address, by their company, or one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, pipeline
from connector.services.addresses import site_domain
from connector.services.context import Services
from connector.services.feedback import matching
from connector.services.feedback.notes import note_of, reason_of
from connector.services.feedback.reasons import LEFT_OUT
from connector.store import exclusions, ledger, records, tenants
from connector.store.exclusions import Kind
from connector.store.tenants import Excluded

MOST = 5_000
"""Exclusions of a tenant that hold at once."""
LONGEST = 253
_AT_ONCE = 50
"""Texts that one look through all addresses asks for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to leave out: a ``domain``, the key or site of a ``company``, or a ``lead``; and why."""

    kind: Kind
    reason: str
    domain: str | None = None
    company: str | None = None
    lead_id: int | None = None
    note: str | None = None


def tidy(wish: Wish) -> Wish:
    """Return a wish with its domain in one spelling; raises ``RejectedInput`` for one that can mean nobody."""
    reason_of(wish.reason, LEFT_OUT)
    if wish.kind is Kind.DOMAIN:
        domain = site_domain((wish.domain or "").strip().removeprefix("@"))
        if domain is None:
            raise RejectedInput(
                f"{(wish.domain or '')[:60]!r} is no domain of a company, such as rival.com. Mailbox providers such as "
                "gmail.com can't be left out: leave out single leads."
            )
        return replace(wish, domain=domain)
    if wish.kind is Kind.COMPANY:
        key = (wish.company or "").strip().lower()
        if not key or len(key) > LONGEST or not key.isprintable():
            raise RejectedInput("Name the company by its domain, such as rival.com, or leave it out on a lead's page.")
        return replace(wish, company=site_domain(key) or key)
    return wish


def exclude(services: Services, tenant_id: UUID, wish: Wish) -> None:
    """Leave whom ``wish`` means out from now on, on the record; raises ``RejectedInput`` as :func:`tidy` does."""
    exclude_all(services, tenant_id, [wish])


def exclude_all(services: Services, tenant_id: UUID, wishes: Collection[Wish]) -> int:
    """Leave all out at once; return how many of these exclusions are new."""
    good = [tidy(wish) for wish in wishes]
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        held = exclusions.of_tenant(session, tenant_id)
        known = {(item.kind, item.value or item.record_id) for item in held}
        rows: list[dict[str, Any]] = []
        touched: set[int] = set()
        for wish in good:
            row = _row(services, session, tenant_id, wish)
            key = (wish.kind, row["value"] or row["record_id"])
            if key not in known:
                known.add(key)
                rows.append(row)
                touched |= {wish.lead_id} if wish.lead_id is not None else set()
        if len(held) + len(rows) > MOST:
            raise RejectedInput(f"There would be more than {MOST:,} exclusions. Leave out companies, not their people.")
        exclusions.add(session, rows)
        texts = sorted({str(row["value"]) for row in rows if row["value"]})
        for start in range(0, len(texts), _AT_ONCE):
            touched |= exclusions.candidates(session, tenant_id, texts[start : start + _AT_ONCE], ())
        matching.refresh_leads(session, tenant_id, touched, services.clock.now())
        for row in rows:
            _enter(services, session, tenant_id, "left out", row)
    return len(rows)


def _row(services: Services, session: Connection, tenant_id: UUID, wish: Wish) -> dict[str, Any]:
    anchor = None
    if wish.kind is Kind.LEAD:
        found = [row.id for row in records.of_lead(session, tenant_id, [wish.lead_id])] if wish.lead_id else []
        if not found:
            raise RejectedInput(f"There is no lead {wish.lead_id} with a record in a CRM.")
        anchor = min(found)
    return {
        "id": uuid4(),
        "tenant_id": tenant_id,
        "kind": wish.kind,
        "value": wish.domain or wish.company,
        "record_id": anchor,
        "reason": wish.reason,
        "note": note_of(session, tenant_id, wish.lead_id, wish.note),
        "made_by": acts.asker(),
        "made_at": services.clock.now(),
    }


def end(services: Services, tenant_id: UUID, exclusion_id: UUID) -> bool:
    """Let whom an exclusion means be scored again, by a refresh that begins now; False where there is none."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        held = [item for item in exclusions.of_tenant(session, tenant_id) if item.id == exclusion_id]
        if not held or not exclusions.end(session, tenant_id, exclusion_id, acts.asker(), services.clock.now()):
            return False
        (gone,) = held
        _enter(
            services, session, tenant_id, "left out no more", {"id": gone.id, "kind": gone.kind, "value": gone.value}
        )
        ready = pipeline.start_unless_waiting(services, session, tenant_id)
    services.wake_all(ready)
    return True


def choose(services: Services, tenant_id: UUID, choice: str) -> None:
    """Say what becomes of values that the CRM holds of those who are left out from now on, on the record."""
    if choice not in tuple(Excluded):
        raise RejectedInput("Choose whether values are cleared or kept.")
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        tenants.save_settings(session, tenant_id, replace(settings, excluded=choice))
        acts.record(services, session, tenant_id, "set what becomes of excluded leads' values", choice=choice)


def _enter(services: Services, session: Connection, tenant_id: UUID, action: str, row: Mapping[str, Any]) -> None:
    # The number of the exclusion tells which person one means; their number stays out of what no erasure reaches.
    more = {"exclusion": str(row["id"]), "by_what": str(row["kind"]), "value": row["value"]}
    acts.record(services, session, tenant_id, action, **more)
