"""Who read what, who was forgotten and how soon, and where the data are."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from connector.services.context import Services
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import crm, none, plural, took
from connector.store import connections, happened, tenants, users
from scoring.cards.blocks import Block, Items, Paragraph, Section, Table

GAVE_OUT = "gave out what is held"
_KINDS = {
    "scored": "scores made",
    "delivered": "answers of CRMs to writes",
    "overwritten": "values that somebody overwrote",
    "accessed": "accesses to what is held of leads",
    "admin": "acts of people and of the product for them",
}


def accesses(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """The access log in numbers, by what was done and by how many, and who may do what now."""
    with services.store.reading(tenant_id) as session:
        kinds = happened.kinds(session, tenant_id, period.span)
        read = happened.acts(session, tenant_id, "accessed", period.span)
        done = happened.acts(session, tenant_id, "admin", period.span)
        roles = Counter(user.role for user in users.of_tenant(session, tenant_id))
    blocks: list[Block] = [
        Table(
            f"Entries of the ledger from {period.told}",
            ("Entries", "Number"),
            tuple((_KINDS.get(kind, kind), f"{number:,}") for kind, number in sorted(kinds.items()))
            or (("none", "0"),),
        )
    ]
    head = ("What", "Times", "By how many people or keys")
    for caption, found in (("Accesses to what is held of leads", read), ("Acts", done)):
        if found:
            rows = tuple((what, f"{number:,}", f"{askers:,}" if askers else "–") for what, number, askers in found)
            blocks.append(Table(caption, head, rows))
        else:
            blocks.append(none(f"{caption}: none."))
    people = tuple((str(role), f"{number:,}") for role, number in sorted(roles.items()))
    if people:
        blocks.append(Table("People with access when this was made", ("Role", "People"), people))
    number = kinds.get("accessed", 0)
    return Section("Access log", tuple(blocks)), f"{plural(number, 'access', 'accesses')} to what is held of leads."


def erasures(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """Erasures that were asked for with how long each took, and what was given out to people about themselves."""
    with services.store.reading(tenant_id) as session:
        asked = happened.erased(session, tenant_id, period.span)
        read = happened.acts(session, tenant_id, "accessed", period.span)
    given = next((number for what, number, _ in read if what == GAVE_OUT), 0)
    done = [row.finished_at - row.asked_at for row in asked if row.finished_at is not None]
    lines = [f"{plural(len(asked), 'erasure')} asked for, {len(done):,} done, {len(asked) - len(done):,} under way."]
    if done:
        lines.append(f"From asking until nothing was left: half within {took(done)}.")
    lines.append(
        f"What is held of a person was given out {plural(given, 'time')}, each at once while it was asked for."
    )
    return Section("Erasures and exports", (Items(tuple(lines)),)), lines[0]


def residency(services: Services, tenant_id: UUID) -> tuple[Section, str]:
    """Where the data are kept and worked on."""
    with services.store.reading(tenant_id) as session:
        region = tenants.region_of(session, tenant_id)
        accounts = connections.of_tenant(session, tenant_id)
    says = (
        f"The data of this organisation belong to the region “{region}”. This report was made by processes of the "
        f"region “{services.region}”; those of another one refuse its work."
    )
    blocks: list[Block] = [Paragraph(says)]
    if accounts:
        rows = tuple((crm(services, account.vendor), account.account_name, str(account.status)) for account in accounts)
        blocks.append(Table("Accounts that data come from and go to", ("CRM", "Account", "State"), rows))
    return Section("Residency", tuple(blocks)), f"The data are kept in the region “{region}”."
