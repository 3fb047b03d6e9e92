"""Who is told what: over a real mail server and a real chat's webhook, once each, whatever fails on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from markupsafe import escape

from connector.adapters.receivers import Receivers
from connector.errors import RejectedInput, RetryLater
from connector.records import Role, Tier
from connector.services import rotation, schedules
from connector.services.digest import addresses, alerts, sending
from connector.services.digest.addresses import Kind
from connector.services.digest.alerts import Alert
from connector.services.kpis import making
from connector.store import connections, runs, users
from connector.store.connections import Health
from connector.store.runs import Run, RunStatus
from connector.store.tables import digest_recipients, told_alerts
from tests.databases import sqlite_store
from tests.services.digest.mailbox import SENDER, Mailbox, listening
from tests.services.kpis.history import DAY, History, history
from tests.services.webhooks_out.receiver import Receiver
from tests.services.webhooks_out.receiver import listening as chatting
from tests.world import NOW

ANA, BEN = "ana@alpha.example", "ben@alpha.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with listening() as made:
        yield made


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with chatting() as made:
        yield made


@pytest.fixture
def tenant(tmp_path: Path, box: Mailbox, chat: Receiver) -> Iterator[History]:
    """A tenant whose mail goes to the box, and whose chat may be on this machine."""
    store = sqlite_store(tmp_path / "digest.db")
    made = history(store)
    made.services = replace(made.services, mail=box.mailer(), receivers=Receivers([chat.origin]))
    yield made
    store.close()


def add(tenant: History, address: str, kind: Kind = Kind.EMAIL, user_id: object = None) -> None:
    addresses.add(tenant.services, tenant.tenant_id, kind, address, user_id)  # type: ignore[arg-type]


def stop_account(tenant: History) -> None:
    with tenant.services.store.transaction() as session:
        connections.set_health(session, tenant.connection_id, Health.NEEDS_ADMIN, "A scope <is> missing & more.")


def plain(box: Mailbox) -> str:
    body = box.got[-1].get_body(("plain",))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def test_the_week_comes_in_text_and_html_with_what_is_to_do(tenant: History, box: Mailbox, chat: Receiver) -> None:
    """Every figure, since when and over how many leads; one sentence and one action; escaped where it has to be."""
    lead_ids = [tenant.lead(NOW - 80 * DAY) for _ in range(30)]
    tenant.score(lead_ids, NOW - 60 * DAY, Tier.LOW)
    stop_account(tenant)
    add(tenant, ANA)
    add(tenant, f"{chat.origin}/hook", Kind.CHAT)
    sending.send_digests(tenant.services, tenant.tenant_id)
    (message,) = box.got
    assert (message["To"], message["From"]) == (ANA, SENDER)
    assert message["Subject"] == "Alpha & Söhne: lead scores in the week to 1 Mar 2026"
    text, html = plain(box), str(message.get_body(("html",)).get_content())  # type: ignore[union-attr]
    for said in ("Low: 0.0 % (95 % interval", "[30 leads]", "Too few to say", "proves nothing", "/digest"):
        assert said in text
    assert "A scope <is> missing & more.\n  -> Open the page Connection" in text
    assert "A scope &lt;is&gt; missing &amp; more.<br><strong>Open the page Connection" in html
    report = making.newest(tenant.services, tenant.tenant_id)
    assert report
    assert all(kpi.title.upper() in text and str(escape(kpi.says)) in html for kpi in report.kpis)
    (told,) = chat.got
    assert "A scope &lt;is&gt; missing &amp; more." in json.loads(told.body)["text"]


def test_nobody_gets_a_week_twice_and_the_next_one_comes(tenant: History, box: Mailbox) -> None:
    """However often a turn is begun again."""
    add(tenant, ANA)
    for _ in range(3):
        sending.send_digests(tenant.services, tenant.tenant_id)
        sending.send_alerts(tenant.services, tenant.tenant_id)
    assert len(box.got) == 1
    tenant.clock.at += 7 * DAY
    sending.send_digests(tenant.services, tenant.tenant_id)
    assert len(box.got) == 2
    assert box.got[0]["Message-ID"] == box.got[1]["Message-ID"]  # the same figures: nobody made newer ones


def test_what_passes_is_tried_again_and_the_rest_goes_on(tenant: History, box: Mailbox, chat: Receiver) -> None:
    """Put off, refused for good, and a chat that is gone: each is told on the page; only the first comes again."""
    for address in (ANA, BEN, "gone@alpha.example"):
        add(tenant, address)
    add(tenant, f"{chat.origin}/old", Kind.CHAT)
    box.refusals = {ANA: "451 later", "gone@alpha.example": "550 nobody here"}
    chat.always = 404
    with pytest.raises(RetryLater):
        sending.send_digests(tenant.services, tenant.tenant_id)
    assert [message["To"] for message in box.got] == [BEN]
    found = {item.text: item.recipient for item in addresses.overview(tenant.services, tenant.tenant_id)}
    assert "put the message off (code 451). It is tried again." in str(found[ANA].trouble)
    assert "does not take mail for this address (code 550)" in str(found["gone@alpha.example"].trouble)
    assert "answered 404" in str(found[f"{chat.origin}/old"].trouble)
    assert found[BEN].trouble is None
    box.refusals = {}
    sending.send_digests(tenant.services, tenant.tenant_id)
    assert [message["To"] for message in box.got] == [BEN, ANA]
    assert len(chat.got) == 1


def test_an_alert_is_told_once_while_it_is_open(tenant: History, box: Mailbox) -> None:
    """To an address that knows the week; again only after it was over; from any source on the list."""
    add(tenant, ANA)
    sending.send_alerts(tenant.services, tenant.tenant_id)
    assert "No alert is open." in plain(box)
    stop_account(tenant)
    for _ in range(2):
        sending.send_alerts(tenant.services, tenant.tenant_id)
    assert len(box.got) == 2
    assert box.got[-1]["Subject"].startswith("Alpha & Söhne: The account Alpha is stopped")
    with tenant.services.store.transaction() as session:
        connections.set_health(session, tenant.connection_id, Health.ACTIVE)
    sending.send_alerts(tenant.services, tenant.tenant_id)
    stop_account(tenant)
    sending.send_alerts(tenant.services, tenant.tenant_id)
    assert len(box.got) == 3


def test_work_that_waits_for_a_person_is_an_alert(tenant: History) -> None:
    """With its own sentence, until another run follows."""
    run = Run(runs.new_id(), tenant.tenant_id, "refresh", RunStatus.WAITING, NOW, 1, "m", NOW, None, None)
    with tenant.services.store.transaction() as session:
        runs.create(session, run, ["sync"])
    assert alerts.open_alerts(tenant.services, tenant.tenant_id) == []
    with tenant.services.store.transaction() as session:
        runs.stop(session, run.id, "sync", "A field is missing. Add it.")
    (found,) = alerts.open_alerts(tenant.services, tenant.tenant_id)
    assert "A field is missing. Add it." in found.sentence
    assert "Resume" in found.action


def test_whoever_watches_something_adds_a_function(
    tenant: History, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    drifting = Alert("drift:size", "Company size moved.", "Look at the page Model.")
    monkeypatch.setattr(alerts, "SOURCES", (*alerts.SOURCES, lambda services, tenant_id: [drifting]))
    add(tenant, ANA)
    sending.send_digests(tenant.services, tenant.tenant_id)
    assert "Company size moved.\n  -> Look at the page Model." in plain(box)


def test_more_leads_than_the_team_takes_is_an_alert(tenant: History) -> None:
    """By whole weeks alone."""
    tenant.score([tenant.lead(NOW - 90 * DAY)], NOW - 30 * DAY, Tier.LOW)
    for week in (1, 2, 3):
        tenant.score([tenant.lead(NOW - 40 * DAY) for _ in range(6)], NOW - week * 7 * DAY + DAY, Tier.HIGH_INTENT)
    making.make(tenant.services, tenant.tenant_id)
    (found,) = alerts.open_alerts(tenant.services, tenant.tenant_id)
    assert found.sentence.startswith("6 leads a week came into the High-Intent band; the team's capacity is 5.")


def test_addresses_are_sealed_and_go_with_their_user(tenant: History) -> None:
    """Also over new keys; what was told goes along."""
    with tenant.services.store.transaction() as session:
        user = users.add(session, tenant.tenant_id, "Ana", Role.VIEWER, NOW)
    add(tenant, ANA, user_id=user.id)
    add(tenant, BEN)
    stop_account(tenant)
    sending.send_digests(tenant.services, tenant.tenant_id)
    with tenant.services.store.reading() as session:
        for row in session.execute(sa.select(digest_recipients)):
            assert "@" not in str(tuple(row))
        assert len(session.execute(sa.select(told_alerts)).all()) == 2
    assert rotation.left(tenant.services) == 0
    with tenant.services.store.transaction() as session:
        users.remove(session, user)
    assert [item.text for item in addresses.overview(tenant.services, tenant.tenant_id)] == [BEN]
    with tenant.services.store.reading() as session:
        assert len(session.execute(sa.select(told_alerts)).all()) == 1


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (Kind.EMAIL, "nobody"),
        (Kind.EMAIL, "a@b.example\r\nBcc: c@d.example"),
        (Kind.EMAIL, "jürgen@alpha.example"),
        (Kind.EMAIL, ANA),
        (Kind.CHAT, "https://10.0.0.1/hook"),
        (Kind.CHAT, "http://hooks.example.com/x"),
    ],
)
def test_what_is_no_address_is_refused(tenant: History, kind: Kind, address: str) -> None:
    """Also one that is there already."""
    add(tenant, ANA)
    with pytest.raises(RejectedInput):
        add(tenant, address, kind)


def test_a_domain_beyond_ascii_is_written_as_servers_take_it(tenant: History, box: Mailbox) -> None:
    add(tenant, "ana@söhne.example")
    sending.send_digests(tenant.services, tenant.tenant_id)
    assert box.got[0]["To"] == "ana@xn--shne-5qa.example"


def test_without_a_mail_server_it_says_so_and_heals_by_itself(tenant: History, box: Mailbox) -> None:
    """Nothing counts as told meanwhile."""
    stop_account(tenant)
    add(tenant, ANA)
    without = replace(tenant.services, mail=None)
    sending.send_alerts(without, tenant.tenant_id)
    (found,) = addresses.overview(without, tenant.tenant_id)
    assert "no mail server" in str(found.recipient.trouble)
    sending.send_alerts(tenant.services, tenant.tenant_id)
    assert "The account Alpha is stopped" in plain(box)
    assert addresses.overview(tenant.services, tenant.tenant_id)[0].recipient.trouble is None


def test_the_clock_sends_it(tenant: History, box: Mailbox) -> None:
    """A new address is told by the next sweep; the week comes once a week, at night."""
    schedules.enter(tenant.services)
    add(tenant, ANA)
    assert (tenant.tenant_id, "alerts") in schedules.due(tenant.services)
    end = tenant.clock.now() + timedelta(days=15)
    while tenant.clock.now() < end:
        for whose, kind in schedules.due(tenant.services):
            if kind in ("kpis", "digest", "alerts"):
                schedules.carry_out(tenant.services, whose, kind)
        tenant.clock.at += timedelta(hours=6)
    assert len(box.got) == 3
    assert len({message["Message-ID"] for message in box.got}) == 3
