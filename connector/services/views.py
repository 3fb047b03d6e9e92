"""What the list of leads is asked for: read from an address or a form, kept by users under a name of theirs.

What is searched for by name or address is no part of it: it stands in no address of a page, and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from connector.errors import RejectedInput
from connector.records import Tier
from connector.services.addresses import site_domain
from connector.services.context import Services
from connector.store import lead_views
from connector.store.lead_list import Owner
from connector.store.lead_views import View
from connector.store.searching import LONGEST as LONGEST_KEY
from connector.store.users import User

MOST = 50
"""Views of one user."""
LONGEST = 60
DAYS = (1, 7, 30, 90)
"""Within how many days a lead may be asked to have done something."""
_COMPANY = 253


@dataclass(frozen=True, slots=True)
class Asked:
    """Which leads, and in what order; every part that is given must hold."""

    tier: Tier | None = None
    account: UUID | None = None
    company: str | None = None
    days: int | None = None
    owner: Owner | None = None
    lowest_first: bool = False

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the filter that are filled in, as :func:`read` reads them."""
        found: dict[str, object] = {
            "tier": self.tier,
            "account": self.account,
            "company": self.company,
            "acted": self.days,
        }
        if self.owner is not None:
            found["owner"] = f"{self.owner[0]}~{self.owner[1]}"
        order = {"order": "lowest"} if self.lowest_first else {}
        return {name: str(value) for name, value in found.items() if value is not None} | order


def read(form: Mapping[str, str]) -> Asked:
    """Read the fields of the filter; raises ``RejectedInput`` for what is none of them."""
    tier, account, days = form.get("tier"), form.get("account"), form.get("acted")
    company = form.get("company", "").strip().lower()
    if not company.isprintable() or len(company) > _COMPANY or form.get("order", "") not in ("", "lowest"):
        raise RejectedInput("There is no such list.")
    if days and days not in map(str, DAYS):
        raise RejectedInput("Choose one of the offered times.")
    try:
        return Asked(
            tier=Tier(tier) if tier else None,
            account=UUID(account) if account else None,
            company=(site_domain(company) or company) if company else None,
            days=int(days) if days else None,
            owner=_owner(form.get("owner", "")),
            lowest_first=form.get("order") == "lowest",
        )
    except ValueError:
        raise RejectedInput("There is no such tier, account or owner.") from None


def _owner(text: str) -> Owner | None:
    """Read ``<account>~<the CRM's own id>``; raises ``ValueError``."""
    if not text:
        return None
    account, _, key = text.partition("~")
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise ValueError(text)
    return UUID(account), key


def keep(services: Services, user: User, name: str, asked: Asked) -> None:
    """Keep a view under a name; raises ``RejectedInput`` for a name that is none, or one view too many."""
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > LONGEST or not wanted.isprintable():
        raise RejectedInput(f"Give the view a name of 1 to {LONGEST} characters.")
    with services.store.transaction(user.tenant_id) as session:
        held = lead_views.of_user(session, user.tenant_id, user.id)
        if len(held) >= MOST and wanted not in {view.name for view in held}:
            raise RejectedInput(f"You have {MOST} views. Remove one first.")
        lead_views.save(session, user.tenant_id, user.id, wanted, asked.fields, services.clock.now())


def of_user(services: Services, user: User) -> Sequence[View]:
    """Return a user's views by name."""
    with services.store.reading(user.tenant_id) as session:
        return lead_views.of_user(session, user.tenant_id, user.id)


def remove(services: Services, user: User, view_id: UUID) -> bool:
    """Forget a view; False where the user has no such one."""
    with services.store.transaction(user.tenant_id) as session:
        return lead_views.remove(session, user.tenant_id, user.id, view_id)
