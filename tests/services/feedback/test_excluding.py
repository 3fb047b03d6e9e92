"""Who is left out has no score, gets none, is learned from by no model, and leaves the CRM where that is wanted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Page, Record
from connector.services import acts, identity, pipeline, snapshot, sync
from connector.services.feedback import excluding, matching, overriding
from connector.services.feedback.excluding import Wish
from connector.services.feedback.uploading import upload
from connector.services.privacy.held import held_of
from connector.store import exclusions, records, scores, tenants
from connector.store.exclusions import Kind
from connector.store.frames import Cut
from connector.store.tables import excluded_leads
from connector.store.tables import leads as leads_table
from connector.store.tables import records as records_table
from tests.services.delivering import AtOnce
from tests.services.feedback.desk import Desk
from tests.services.feedback.test_overriding import HOT

RIVAL = Wish(Kind.DOMAIN, "competitor", domain="FIRM3.com")
"""In another spelling than the addresses."""


def of_firm(desk: Desk, firm: str) -> list[tuple[int, str]]:
    """(Lead, record) of everybody at a firm."""
    r = records_table.c
    query = sa.select(r.lead_id, r.vendor_id).where(r.email.endswith(f"@{firm}.com"))
    with desk.world.services.store.reading(desk.tenant) as session:
        return [tuple(row) for row in session.execute(query.order_by(r.id))]


def scored(desk: Desk) -> set[int]:
    """Leads with a score."""
    with desk.world.services.store.reading(desk.tenant) as session:
        return set(scores.tiers(session, desk.tenant))


def a_firm(desk: Desk) -> str:
    """A firm all of whose people have a score."""
    there = scored(desk)
    return next(name for name in map("firm{}".format, range(60)) if {lead for lead, _ in of_firm(desk, name)} <= there)


def learned_from(desk: Desk) -> set[int]:
    """Leads that models learn from and score: whole, and one by one."""
    services = desk.world.services
    with services.store.reading(desk.tenant) as session:
        settings = tenants.get(session, desk.tenant).settings
    whole = snapshot.history(services, desk.tenant, settings).leads["lead_id"].to_list()
    cut = snapshot.history(services, desk.tenant, settings, Cut(tuple(lead for lead, _ in of_firm(desk, "firm3"))))
    assert set(cut.leads["lead_id"]) <= set(whole)
    return set(whole)


def left_out(session: sa.Connection, desk: Desk, leads: Collection[int]) -> set[int]:
    """Those of these leads that an exclusion means."""
    return {lead for lead in leads if exclusions.of_lead(session, desk.tenant, lead)}


def test_who_is_left_out_is_nowhere_among_leads(everywhere: Desk) -> None:
    """Neither scored nor learned from, whole or one by one; nor is a value on its way."""
    desk, services = everywhere, everywhere.world.services
    firm = a_firm(desk)
    gone = {lead for lead, _ in of_firm(desk, firm)}
    excluding.exclude(services, desk.tenant, replace(RIVAL, domain=f"{firm}.com"))
    assert not gone & (scored(desk) | learned_from(desk))
    with services.store.transaction(desk.tenant) as session:
        assert exclusions.still_told(session, desk.tenant, gone) == set()
        assert left_out(session, desk, gone) == gone


def test_a_domain_leaves_everybody_there_out(desk: Desk) -> None:
    """They lose their score here and in the CRM, and come back when it ends; the record says who wanted it."""
    services, before = desk.world.services, scored(desk)
    firm = a_firm(desk)
    rivals = of_firm(desk, firm)
    leads = {lead for lead, _ in rivals}
    there = {record for lead, record in rivals if lead in before}
    assert there
    assert there <= set(desk.world.crm.held)
    with acts.asked_by("Rita"):
        excluding.exclude(services, desk.tenant, replace(RIVAL, domain=f"{firm.upper()}.com"))
    assert scored(desk) == before - leads
    assert not learned_from(desk) & leads
    desk.sweep_erasures()
    assert not there & set(desk.world.crm.held)
    desk.refresh()
    assert not scored(desk) & leads
    assert not there & set(desk.world.crm.held)
    with services.store.reading(desk.tenant) as session:
        (held,) = exclusions.of_lead(session, desk.tenant, rivals[0][0])
        assert (held.made_by, held.reason, held.value) == ("Rita", "competitor", f"{firm}.com")
        assert exclusions.sizes(session, desk.tenant) == {held.id: len(leads)}
    assert excluding.end(services, desk.tenant, held.id)
    desk.world.work()
    assert {lead for lead, _ in rivals} & learned_from(desk) == leads
    assert there <= set(desk.world.crm.held)
    assert not excluding.end(services, desk.tenant, held.id)


def test_values_stay_where_that_is_wanted(desk: Desk) -> None:
    services, before, firm = desk.world.services, set(desk.world.crm.held), a_firm(desk)
    excluding.choose(services, desk.tenant, "keep")
    excluding.exclude(services, desk.tenant, replace(RIVAL, domain=f"{firm}.com"))
    assert not scored(desk) & {lead for lead, _ in of_firm(desk, firm)}
    desk.sweep_erasures()
    assert set(desk.world.crm.held) == before
    with pytest.raises(RejectedInput, match="cleared or kept"):
        excluding.choose(services, desk.tenant, "burn")


def test_a_company_and_a_single_person(desk: Desk) -> None:
    """The company by its site, or by the key that the CRM's own has; a person with all records."""
    services = desk.world.services
    excluding.exclude(services, desk.tenant, Wish(Kind.COMPANY, "partner", company="https://www.firm4.com/about"))
    assert not scored(desk) & {lead for lead, _ in of_firm(desk, "firm4")}
    (lead, _), (other, _) = of_firm(desk, "firm5")[0], of_firm(desk, "firm6")[0]
    with services.store.transaction(desk.tenant) as session:
        key = f"{desk.account.id}:77"
        session.execute(sa.update(leads_table).where(leads_table.c.id == lead).values(company_key=key))
    excluding.exclude(services, desk.tenant, Wish(Kind.COMPANY, "partner", company=key))
    excluding.exclude(services, desk.tenant, Wish(Kind.LEAD, "employee", lead_id=other, note="Ask 12345 p6"))
    with services.store.reading(desk.tenant) as session:
        assert left_out(session, desk, [lead, other]) == {lead, other}
    told = held_of(services, desk.tenant, other, "test")
    assert told
    assert told["Why they are left out of scoring"][0]["reason"] == "employee"
    assert told["Why they are left out of scoring"][0]["note"] == "Ask"


def test_who_comes_or_moves_there_later_is_left_out_too(desk: Desk) -> None:
    """By a new address: what was written before leaves the CRM."""
    services = desk.world.services
    excluding.exclude(services, desk.tenant, RIVAL)
    desk.sweep_erasures()
    lead, record = next((lead, record) for lead, record in desk.leads() if record in desk.world.crm.held)
    page = Page(
        cursor={},
        drained=True,
        records=(
            Record(record, "info@firm3.com", desk.now, desk.now, {}),
            Record("new", "new@mail.firm3.com", desk.now, desk.now, {}),
        ),
    )
    with services.store.transaction(desk.tenant) as session:
        sync.store_page(session, AtOnce(services, desk.tenant, desk.account.id), page, desk.now)
    with services.store.transaction(desk.tenant) as session:
        identity.identify(session, desk.tenant, 100, desk.now)
        identity.conclude(services, session, desk.tenant)
        ids = records.ids_by_vendor_id(session, desk.account.id, [record, "new"]).values()
        query = sa.select(records_table.c.lead_id).where(records_table.c.id.in_(list(ids)))
        found = set(session.execute(query).scalars())
        assert left_out(session, desk, found) == found
    desk.sweep_erasures()
    assert record not in desk.world.crm.held
    assert not found & scored(desk)
    assert lead not in scored(desk)


def test_a_score_that_was_under_way_is_not_kept(desk: Desk) -> None:
    """What a run had computed before somebody left the lead out leaves nothing behind."""
    services, (lead, _) = desk.world.services, desk.leads()[0]
    with services.store.transaction(desk.tenant) as session:
        ready = pipeline.start_unless_waiting(services, session, desk.tenant)
    services.wake_all(ready)
    excluding.exclude(services, desk.tenant, Wish(Kind.LEAD, "customer", lead_id=lead))
    overriding.release(services, desk.tenant, lead)
    desk.world.work()
    assert lead not in scored(desk)
    with pytest.raises(RejectedInput, match="has no score"):
        overriding.set_by_hand(services, desk.tenant, lead, HOT)


def test_a_file_is_taken_line_by_line(desk: Desk) -> None:
    """What is wrong is named by its line, without anybody's address."""
    services, (lead, _) = desk.world.services, desk.leads()[0]
    (other, _) = of_firm(desk, "firm8")[0]
    with services.store.reading(desk.tenant) as session:
        query = sa.select(records_table.c.email).where(records_table.c.lead_id == other)
        address = session.execute(query).scalars().first()
    text = (
        "reason;kind;value\n"
        "competitor;domain;firm3.com\ncompetitor;domain;@Firm3.com\npartner;company;firm4.com\n"
        f"employee;lead;{lead}\nemployee;lead;{address}\n"
        "employee;domain;gmail.com\nboring;domain;firm7.com\nother;planet;mars\nother;lead;nobody@firm1.com\n"
        "other;lead\nother;lead;not an address\n"
    )
    taken = upload(services, desk.tenant, text.encode())
    assert (taken.taken, [item.line for item in taken.refused]) == (5, [7, 8, 9, 10, 11, 12])
    assert "nobody@" not in taken.sentence
    with services.store.reading(desk.tenant) as session:
        assert len(exclusions.of_tenant(session, desk.tenant)) == 4
        assert left_out(session, desk, [lead, other]) == {lead, other}
    again = upload(services, desk.tenant, text.encode())
    assert again.taken == 5
    with services.store.reading(desk.tenant) as session:
        assert len(exclusions.of_tenant(session, desk.tenant)) == 4


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"kind,value\n", "reason is missing"),
        (b"kind,value,reason\n" + b"domain,a.com,other\n" * 1_001, "more than 1,000 lines"),
        (b"x" * 200_000, "are allowed"),
    ],
)
def test_a_file_that_can_not_be_read_changes_nothing(desk: Desk, content: bytes, why: str) -> None:
    with pytest.raises(RejectedInput, match=why):
        upload(desk.world.services, desk.tenant, content)
    with desk.world.services.store.reading(desk.tenant) as session:
        assert session.execute(sa.select(excluded_leads)).all() == []


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (replace(RIVAL, domain="gmail.com"), "no domain of a company"),
        (replace(RIVAL, domain="rival"), "no domain of a company"),
        (replace(RIVAL, reason="spite"), "Choose a reason"),
        (Wish(Kind.COMPANY, "other", company=" "), "Name the company"),
        (Wish(Kind.LEAD, "other", lead_id=10_000_000), "no lead 10000000"),
    ],
)
def test_what_means_nobody_is_refused(desk: Desk, wish: Wish, why: str) -> None:
    with pytest.raises(RejectedInput, match=why):
        excluding.exclude(desk.world.services, desk.tenant, wish)


def test_the_domain_of_an_address_is_a_companys_site() -> None:
    """By the rule for companies' sites; role addresses are at their domain, mailbox providers' tell nothing."""
    assert matching.domain_of("ana@eu.rival.co.uk") == "rival.co.uk"
    assert matching.domain_of("info@rival.com") == "rival.com"
    assert matching.domain_of("ana@gmail.com") is None
    assert matching.domain_of("no address") is None
    assert matching.domain_of(None) is None
