"""What the people of the hostile tenant enter by hand: in each field that takes a text, texts that attack."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import sqlalchemy as sa

from connector.adapters.enrichment.calls import Door
from connector.adapters.enrichment.generic import read_settings
from connector.adapters.enrichment.registry import HTTP, UPLOAD, Providers
from connector.records import Role, Tier
from connector.services import acts, views
from connector.services.access import inviting
from connector.services.api import keys
from connector.services.context import Services
from connector.services.digest import addresses
from connector.services.enrichment import sources, uploading
from connector.services.feedback import excluding, overriding, rating
from connector.services.feedback.rating import Thumb
from connector.services.feedback.reasons import LONGEST_NOTE
from connector.services.kpis import making, spending
from connector.services.objectives import contract, signing
from connector.services.periodic import asking
from connector.services.periodic import signing as sign_off
from connector.services.views import Asked
from connector.store import exclusions, objectives, periodic, users
from connector.store.tables import scores

ORIGIN = "https://facts.example.com"


def enter(services: Services, tenant_id: UUID, texts: Sequence[str], names: Sequence[str]) -> None:
    """Enter each of ``texts`` somewhere, and ``names``, which are short and printable, where only such are taken."""
    with acts.asked_by(names[0]):
        _say_of_scores(services, tenant_id, texts)
        _leave_out(services, tenant_id, texts)
        _agree(services, tenant_id, texts, names)
        _name(services, tenant_id, names)
        _tell_of_companies(services, tenant_id, texts, names)
        _report(services, tenant_id, texts)


def _say_of_scores(services: Services, tenant_id: UUID, texts: Sequence[str]) -> None:
    """A thumb and a score by hand for the best leads, each with a note."""
    query = sa.select(scores.c.lead_id).where(scores.c.tenant_id == tenant_id)
    with services.store.reading(tenant_id) as session:
        best = (
            session.execute(query.order_by(scores.c.score.desc(), scores.c.lead_id).limit(len(texts))).scalars().all()
        )
    until = services.clock.now() + timedelta(days=30)
    for lead, text in zip(best, texts, strict=False):
        rating.rate(services, tenant_id, lead, Thumb(True, "talked", text[:LONGEST_NOTE]))
        wish = overriding.Wish(Tier.MEDIUM, Decimal(55), "timing", text[:LONGEST_NOTE], until)
        overriding.set_by_hand(services, tenant_id, lead, wish)
    overriding.release(services, tenant_id, best[0])


def _leave_out(services: Services, tenant_id: UUID, texts: Sequence[str]) -> None:
    for at, text in enumerate(texts):
        wish = excluding.Wish(exclusions.Kind.DOMAIN, "competitor", domain=f"rival{at}.com", note=text[:LONGEST_NOTE])
        excluding.exclude(services, tenant_id, wish)
    with services.store.reading(tenant_id) as session:
        first = exclusions.of_tenant(session, tenant_id)[0]
    excluding.end(services, tenant_id, first.id)


def _agree(services: Services, tenant_id: UUID, texts: Sequence[str], names: Sequence[str]) -> None:
    """Signed objectives, and the draft of the next."""
    wanted = replace(contract.from_settings(signing.settings_of(services, tenant_id)), channels=tuple(names))
    for why in ("".join(texts[:8]), "".join(texts[8:16])):
        with services.store.reading(tenant_id) as session:
            held = objectives.draft(session, tenant_id)
        if held:
            signing.sign(services, tenant_id, signing.mark(held))
        signing.draft(services, tenant_id, wanted, why)


def _name(services: Services, tenant_id: UUID, names: Sequence[str]) -> None:
    """A user, API keys, views, and a recipient: an address takes these marks before its @."""
    with services.store.reading(tenant_id) as session:
        owner = next(user for user in users.of_tenant(session, tenant_id) if user.role is Role.OWNER)
    _, token = inviting.invite_as_operator(services, tenant_id, names[1], Role.VIEWER)
    inviting.accept(services, token)
    for name in names:
        keys.add(services, tenant_id, name, ["models:read"])
        views.keep(services, owner, name[: views.LONGEST], Asked(company=name.lower()))
    addresses.add(services, tenant_id, addresses.Kind.EMAIL, "o'hara&{{7*7}}@example.com", None)


def _tell_of_companies(services: Services, tenant_id: UUID, texts: Sequence[str], names: Sequence[str]) -> None:
    """Facts and spend from files, and a provider that has such a name."""
    sources.turn_on(services, tenant_id, UPLOAD)
    facts = [["domain", "industry", "motto"], *([f"firm{at}.com", text, text] for at, text in enumerate(texts))]
    uploading.upload(services, tenant_id, _csv(facts), "motto = motto:category")
    last_month = services.clock.now().replace(day=1) - timedelta(days=1)
    spent = [["month", "channel", "amount", "currency"]]
    spent += [[f"{last_month:%Y-%m}", name, "100", "EUR"] for name in names]
    assert not spending.upload(services, tenant_id, _csv(spent)).refused
    described = read_settings(names[0][:60], f"{ORIGIN}/{{domain}}", "X-Key", "", "motto:category = motto", "")
    allowing = replace(services, providers=Providers(Door([ORIGIN])))
    sources.turn_on(allowing, tenant_id, HTTP, key="k", settings=described)


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _report(services: Services, tenant_id: UUID, texts: Sequence[str]) -> None:
    """The figures and reports that all this goes into, each signed with a remark."""
    making.make(services, tenant_id)
    asking.make_now(services, tenant_id)
    with services.store.reading(tenant_id) as session:
        made = periodic.of_tenant(session, tenant_id)
    for report, text in zip(made, texts, strict=False):
        sign_off.sign(services, tenant_id, report.id, acts.asker(), text)
