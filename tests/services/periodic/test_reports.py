"""Reports of a month or a quarter: what they say, that they are made once and stay, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from connector.adapters.receivers import Receivers
from connector.errors import RejectedInput, RetryLater
from connector.services import schedules
from connector.services.digest import addresses, messages
from connector.services.digest.addresses import Kind
from connector.services.periodic import asking, making, periods, sending, signing
from connector.services.periodic.periods import Months
from connector.services.prices import Prices
from connector.services.reports.periodic import report_page
from connector.services.webhooks_out import delivering, endpoints
from connector.store import experiments, ledger, periodic, tenants, usage
from connector.store.experiments import Experiment
from connector.store.periodic import Report
from connector.store.tables import erasures, ledger_payloads, periodic_reports
from scoring.experiments import Comparison
from tests.databases import sqlite_store
from tests.services.digest.mailbox import Mailbox, listening
from tests.services.kpis.history import DAY, History, history
from tests.services.periodic.world import as_text, fill, pdf_text, report
from tests.services.webhooks_out.receiver import Receiver
from tests.services.webhooks_out.receiver import listening as chatting
from tests.store.tampering import unguarded
from tests.world import NOW

ANA, BEN = "ana@alpha.example", "ben@alpha.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with listening() as made:
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with chatting() as made:
        yield made


@pytest.fixture
def tenant(tmp_path: Path, box: Mailbox, receiver: Receiver) -> Iterator[History]:
    store = sqlite_store(tmp_path / "reports.db")
    made = history(store)
    made.services = replace(made.services, mail=box.mailer(), receivers=Receivers([receiver.origin]))
    yield made
    store.close()


def of_tenant(tenant: History) -> list[Report]:
    with tenant.services.store.reading(tenant.tenant_id) as session:
        return list(periodic.of_tenant(session, tenant.tenant_id))


@pytest.mark.parametrize(
    ("months", "now", "last", "so_far", "following"),
    [
        (
            Months.MONTH,
            datetime(2026, 1, 1, tzinfo=UTC),
            "2025-12",
            "2026-01 to 2026-01-01",
            datetime(2026, 2, 1, tzinfo=UTC),
        ),
        (
            Months.MONTH,
            datetime(2024, 3, 31, 23, tzinfo=UTC),
            "2024-02",
            "2024-03 to 2024-03-31",
            datetime(2024, 4, 1, tzinfo=UTC),
        ),
        (
            Months.QUARTER,
            datetime(2026, 1, 1, tzinfo=UTC),
            "2025-Q4",
            "2026-Q1 to 2026-01-01",
            datetime(2026, 4, 1, tzinfo=UTC),
        ),
        (
            Months.QUARTER,
            datetime(2026, 12, 31, tzinfo=UTC),
            "2026-Q3",
            "2026-Q4 to 2026-12-31",
            datetime(2027, 1, 1, tzinfo=UTC),
        ),
    ],
)
def test_periods_follow_each_other(months: Months, now: datetime, last: str, so_far: str, following: datetime) -> None:
    """Without a gap: one ends where the next begins."""
    found, running = periods.last(months, now), periods.so_far(months, now)
    assert (found.name, running.name) == (last, so_far)
    assert found.end == running.start
    assert periods.begins_next(months, now) == following


def test_the_month_says_what_came_of_leads_in_html_and_pdf(tenant: History) -> None:
    """Counted by hand: 14 of 80 matured, lift 30 % over 17.5 %; new leads apart; no value without an experiment."""
    fill(tenant)
    found = report(tenant, "value")
    assert found.title == "Value report, 2026-02"
    for text in as_text(tenant, found):
        assert "Leads whose time is over" in text
        assert "High-Intent 40 12 30 % (95 % interval 18 % to 45 %) 1.7 ×" in text
        assert "Low 40 2 5.0 % (95 % interval 1.4 % to 17 %) 0.3 ×" in text
        assert "All 80 14" in text
        assert "High-Intent 7 1" in text
        assert "which is no proof" in text
        assert "Conversion by the tier of the first score" in text  # the figure, in both
    assert "No experiment ran: no value is claimed." in found.summary


def test_leads_without_dates_and_scores_of_the_past_are_told_as_such(tmp_path: Path) -> None:
    """An old export that is scored as if lived, and one that is known in its order alone."""
    store = sqlite_store(tmp_path / "past.db")
    past = history(store, as_of=(NOW - 400 * DAY).isoformat())
    ordered = history(store, timing="ordered")
    for made in (past, ordered):
        fill(made)
    assert "The scores stand at a time in the past" in as_text(past, report(past, "value"))[0]
    assert "No lead had its whole time in this period" in as_text(ordered, report(ordered, "value"))[0]
    store.close()


def test_a_report_is_made_once_and_stays_as_it_was(tenant: History) -> None:
    """Whatever becomes known later; whatever the clock does twice; and a change in the database shows."""
    fill(tenant)
    first = report(tenant, "value")
    tenant.win(tenant.lead(NOW - 50 * DAY), NOW - 3 * DAY)
    tenant.clock.at += DAY
    assert report(tenant, "value") == first
    for _ in range(2):
        sending.monthly(tenant.services, tenant.tenant_id)
    assert of_tenant(tenant) == [first]
    page = report_page(tenant.services, tenant.tenant_id, first.id)
    assert page
    assert page.intact
    with tenant.services.store.transaction(tenant.tenant_id) as session:
        session.execute(sa.update(periodic_reports).values(body=page.contents.body.replace("0.3 ×", "0.9 ×")))
    changed = report_page(tenant.services, tenant.tenant_id, first.id)
    assert changed
    assert not changed.intact


def test_one_that_is_made_before_its_time_is_over_does_not_take_its_place(tenant: History) -> None:
    asking.make_now(tenant.services, tenant.tenant_id)
    names = {(one.kind, one.period) for one in of_tenant(tenant)}
    assert names == {
        ("value", "2026-03 to 2026-03-01"),
        ("compliance", "2026-Q1 to 2026-03-01"),
        ("costs", "2026-Q1 to 2026-03-01"),
    }
    tenant.clock.at = datetime(2026, 4, 1, 3, tzinfo=UTC)
    sending.monthly(tenant.services, tenant.tenant_id)
    sending.quarterly(tenant.services, tenant.tenant_id)
    assert {one.period for one in of_tenant(tenant)} - {period for _, period in names} == {"2026-03", "2026-Q1"}


def test_the_clock_makes_each_in_the_first_night_after_its_time(tenant: History) -> None:
    """Also after an outage, and none for an organisation that came later."""
    schedules.enter(tenant.services)
    made_on = {}
    while tenant.clock.now() < datetime(2026, 5, 10, tzinfo=UTC):
        for whose, kind in schedules.due(tenant.services):
            if kind in ("month", "quarter"):
                schedules.carry_out(tenant.services, whose, kind)
        made_on |= {(one.kind, one.period): one.made_at for one in of_tenant(tenant)}
        tenant.clock.at += timedelta(hours=12)
    assert {kind: at.date().isoformat() for kind, at in made_on.items()} == {
        ("value", "2026-03"): "2026-04-01",
        ("value", "2026-04"): "2026-05-01",
        ("compliance", "2026-Q1"): "2026-04-01",
        ("costs", "2026-Q1"): "2026-04-01",
    }
    with tenant.services.store.transaction() as session:
        late = tenants.create(session, "Late", tenants.TenantSettings(), datetime(2026, 5, 2, tzinfo=UTC))
    sending.monthly(tenant.services, late)
    with tenant.services.store.reading(late) as session:
        assert periodic.of_tenant(session, late) == []


def test_it_is_signed_off_once_and_on_the_record(tenant: History) -> None:
    """With the hash of what was read, and the remark."""
    found = report(tenant, "compliance")
    with pytest.raises(RejectedInput, match="too long"):
        signing.sign(tenant.services, tenant.tenant_id, found.id, "Ana", "x" * 2_001)
    assert signing.sign(tenant.services, tenant.tenant_id, found.id, "Ana", " Read;\n nothing to add ")
    assert not signing.sign(tenant.services, tenant.tenant_id, uuid4(), "Ana", "")
    with pytest.raises(RejectedInput, match="already, by Ana"):
        signing.sign(tenant.services, tenant.tenant_id, found.id, "Ben", "Me too")
    (signed,) = of_tenant(tenant)
    assert (signed.signed_by, signed.remark, signed.signed_at) == ("Ana", "Read; nothing to add", NOW)
    with tenant.services.store.reading(tenant.tenant_id) as session:
        bodies = [entry.body or {} for entry in ledger.span(session, tenant.tenant_id, "admin")]
    (act,) = [body for body in bodies if body.get("action") == "sign off report"]
    assert (act["sha256"], act["remark"]) == (found.sha256, "Read; nothing to add")


def test_each_address_gets_it_once_with_the_pdf(tenant: History, box: Mailbox, receiver: Receiver) -> None:
    """Who was put off gets it with the next try; a chat its sentences; one's own system a signed message."""
    fill(tenant)
    for address in (ANA, BEN):
        addresses.add(tenant.services, tenant.tenant_id, Kind.EMAIL, address, None)
    addresses.add(tenant.services, tenant.tenant_id, Kind.CHAT, f"{receiver.origin}/chat", None)
    own = endpoints.add(tenant.services, tenant.tenant_id, f"{receiver.origin}/own")
    box.refusals = {BEN: "451 later"}
    with pytest.raises(RetryLater):
        sending.monthly(tenant.services, tenant.tenant_id)
    box.refusals = {}
    for _ in range(2):
        sending.monthly(tenant.services, tenant.tenant_id)
    assert [message["To"] for message in box.got] == [ANA, BEN]
    (found,) = of_tenant(tenant)
    first = box.got[0]
    assert first["Subject"] == "Alpha & Söhne: Value report, 2026-02"
    (attached,) = list(first.iter_attachments())
    assert attached.get_filename() == "value-report-2026-02.pdf"
    assert "High-Intent 40 12 30 %" in pdf_text(attached.get_content())
    text = str(first.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert f"/reports/{found.id}" in text
    assert "* No experiment ran: no value is claimed." in text
    assert len(receiver.got) == 1
    assert delivering.carry_out(tenant.services, own.endpoint.id) == 1
    told = receiver.got[-1]
    assert told.is_signed_with(own.secret)
    assert (told.told["type"], told.told["data"]["sha256"]) == (making.REPORT_MADE, found.sha256)


def test_a_file_that_servers_would_refuse_is_not_attached() -> None:
    """The message leads to it all the same."""
    for size, files in ((messages.LARGEST, 1), (messages.LARGEST + 1, 0)):
        said = messages.report("Alpha", "Review", ("One.",), "https://x.example/reports/1", ("r.pdf", b"x" * size))
        mail = said.as_mail(ANA, "<1@x.example>", "https://x.example/unsubscribe/k")
        assert len(list(mail.iter_attachments())) == files
        assert "https://x.example/reports/1" in said.text
        assert ("open the PDF" in said.html) == bool(files)


def test_every_e_mail_says_how_to_leave_in_one_click(tenant: History, box: Mailbox) -> None:
    """The digest's as well: the headers of RFC 8058, and a link in both forms; another for each address."""
    for address in (ANA, BEN):
        addresses.add(tenant.services, tenant.tenant_id, Kind.EMAIL, address, None)
    schedules.enter(tenant.services)
    schedules.KINDS["digest"].run(tenant.services, tenant.tenant_id)
    sending.monthly(tenant.services, tenant.tenant_id)
    assert len(box.got) == 4
    for message in box.got:
        link = str(message["List-Unsubscribe"])[1:-1]
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        for form in ("plain", "html"):
            assert link in str(message.get_body((form,)).get_content())  # type: ignore[union-attr]
    assert len({str(message["List-Unsubscribe"]) for message in box.got}) == 2


def test_value_comes_from_experiments_alone_with_its_interval(tenant: History) -> None:
    """Thirty conversions more in 300 leads, at the mean amount of ten; both reports say the same."""
    fill(tenant)
    seen = Comparison(0.10, 0.20, 0.02, 400.0, (300, 300), (300, 300), (30, 60))
    look = {"at": (NOW - 20 * DAY).isoformat(), **asdict(seen)}
    one = Experiment(
        id=uuid4(),
        tenant_id=tenant.tenant_id,
        share=Decimal("0.5"),
        key="k",
        goal="deal_won",
        horizon_days=30,
        planned_leads=600,
        plan={},
        begun_at=NOW - 100 * DAY,
        closed_at=None,
        ended_at=None,
        looks=[look],
    )
    with tenant.services.store.transaction(tenant.tenant_id) as session:
        experiments.begin(session, one)
    for text in as_text(tenant, report(tenant, "value")):
        assert "Conversions more than without scores +30.0 (+" in text
        assert "+300.00 (+" in text
        assert "EUR" in text
        assert "no value is claimed" not in text
    tenant.clock.at += 40 * DAY
    assert "+30.0 (+" in as_text(tenant, report(tenant, "costs"))[1]


def test_the_quarter_costs_what_was_counted_at_the_operators_prices(tenant: History) -> None:
    """Two hours of a processor and 1,500 requests in it, a day of another quarter not; in decimal."""
    with tenant.services.store.transaction(tenant.tenant_id) as session:
        usage.add(session, tenant.tenant_id, "2025-11-03", {"cpu": 3_600_000, "calls:fakecrm": 1_500})
        usage.add(session, tenant.tenant_id, "2025-12-31", {"cpu": 3_600_000})
        usage.add(session, tenant.tenant_id, "2026-01-01", {"cpu": 9_000_000})
    prices = Prices("USD", Decimal("0.05"), None, Decimal("0.30"))
    tenant.services = replace(tenant.services, prices=prices)
    for text in as_text(tenant, report(tenant, "costs")):
        assert "Processor 2.000 hours 0.05 USD 0.10 USD" in text
        assert "Requests to CRMs 1,500 0.30 USD 0.45 USD" in text
        assert "Together 0.55 USD" in text
        assert "Requests to Fake CRM 1,500" in text
        assert "nothing is set against the cost" in text


def test_without_prices_no_cost_is_told(tenant: History) -> None:
    for text in as_text(tenant, report(tenant, "costs")):
        assert "The operator has set no prices" in text
        assert "Together 0" not in text


def test_erasures_are_told_with_their_delay(tenant: History) -> None:
    """Only those of the quarter; one under way is counted apart."""
    asked = datetime(2025, 12, 1, tzinfo=UTC)
    rows = [(asked, asked + timedelta(minutes=5)), (asked, asked + timedelta(hours=3)), (asked, None), (NOW, NOW)]
    with tenant.services.store.transaction() as session:
        for at, done in rows:
            row = {"id": uuid4(), "tenant_id": tenant.tenant_id, "status": "done", "asked_by": "Ana", "asked_at": at}
            session.execute(sa.insert(erasures).values(**row, due_at=at, finished_at=done, person=None))
    for text in as_text(tenant, report(tenant, "compliance")):
        assert "3 erasures asked for, 2 done, 1 under way" in text
        assert "half within 3.0 hours, at most 3.0 hours" in text


def test_the_ledgers_break_is_in_the_review(tenant: History) -> None:
    """A body that was changed in the database: the review names the entry."""
    fill(tenant)
    with tenant.services.store.transaction(tenant.tenant_id) as session:
        changed = sa.update(ledger_payloads).where(ledger_payloads.c.seq == 2).values(body="{}")
        unguarded(session).execute(changed)
    found = report(tenant, "compliance")
    assert any("is broken at entry 2" in sentence for sentence in found.summary)


def test_reports_of_one_tenant_are_no_others(tenant: History) -> None:
    found = report(tenant, "costs")
    assert report_page(tenant.services, UUID(int=7), found.id) is None
