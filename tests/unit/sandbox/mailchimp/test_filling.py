"""The Mailchimp sandbox filled from a population, beside HubSpot's of the same people."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox import Filling, RunningSandbox, SandboxConfig, start
from connector.sandbox.__main__ import main
from connector.sandbox.population import PopulationParameters, generate
from connector.sandbox.sharing import known_part, knows
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor
from tests.unit.sandbox.test_imports import EVENTS, HISTORY, folder

NOW = datetime(2026, 2, 1, tzinfo=UTC)
POPULATION = generate(PopulationParameters(400, NOW))


@pytest.fixture
def filled(started: Starter) -> Visitor:
    """An account with the population above."""
    return Visitor(started(filling=Filling(contacts=400, now=NOW))).install()


def everyone(visitor: Visitor, audience: str) -> list[dict[str, Any]]:
    page = visitor.get(f"/lists/{audience}/members", count=1000)
    return list(page["members"])


def test_members_are_the_people_with_their_last_values(filled: Visitor) -> None:
    """Times are those of the population; who bounced or opted out is cleaned or unsubscribed."""
    members = {each["email_address"]: each for each in everyone(filled, filled.main)}
    assert set(members) == {lead.email for lead in POPULATION.leads}
    for lead in POPULATION.leads:
        last = {**lead.values, **{each.name: each.value for each in lead.history}}
        shown = members[lead.email]
        assert shown["merge_fields"]["FNAME"] == last["first_name"]
        assert str(shown["merge_fields"]["TEAMSIZE"]) == last["team_size"]
        expected = "cleaned" if last.get("bounced") else "unsubscribed" if last.get("opted_out") else "subscribed"
        assert shown["status"] == expected
        assert shown["last_changed"] <= "2026-02-01T00:00:00+00:00"
        assert shown["timestamp_opt"] <= shown["last_changed"]
    assert Counter(each["status"] for each in members.values())["unsubscribed"] > 10


def test_mails_are_campaigns_with_every_act(filled: Visitor) -> None:
    """No open, click or bounce is lost or made up, and none comes before its campaign was sent."""
    counted: Counter[str] = Counter()
    for campaign in filled.hub.campaigns.values():
        page = filled.get(f"/reports/{campaign.campaign_id}/email-activity", count=1000)
        for row in page["emails"]:
            counted.update(each["action"] for each in row["activity"])
        assert all(done.at_ms > (campaign.sent_ms or 0) for r in campaign.receipts.values() for done in r.acts)
    told = Counter(each.kind for each in POPULATION.mails)
    assert counted == {"open": told["open"], "click": told["click"], "bounce": told["bounced"]}
    proxied = sum(done.proxy for c in filled.hub.campaigns.values() for r in c.receipts.values() for done in r.acts)
    assert proxied == sum(each.known_machine for each in POPULATION.mails)


def test_won_deals_are_orders_at_the_time_of_the_win(filled: Visitor) -> None:
    """And nothing else is an order."""
    won = {
        POPULATION.leads[deal.lead].email: at
        for deal in POPULATION.deals
        for at, stage in deal.stages
        if stage == "won"
    }
    orders = filled.get("/ecommerce/orders", count=1000)["orders"]
    assert {
        each["customer"]["email_address"]: datetime.fromisoformat(each["processed_at_foreign"]).timestamp()
        for each in orders
    } == {email: at // 1000 for email, at in won.items()}
    assert len(won) > 10


def test_truth_is_told_of_the_members_that_are_there(filled: Visitor) -> None:
    """By contact id."""
    truth = filled.session.get(f"{filled.origin}/_sandbox/truth").json()
    assert len(truth) == len(POPULATION.truth)
    assert set(truth) <= {each["contact_id"] for each in everyone(filled, filled.main)}
    assert filled.session.get(f"{filled.origin}/_sandbox/population").json()["as_of"] == NOW.isoformat()


def test_the_second_audience_is_small_and_of_the_same_people(filled: Visitor) -> None:
    """Same hash, other contact id."""
    main, second = (each.list_id for each in filled.hub.audiences.values())
    members = {each["id"]: each["contact_id"] for each in everyone(filled, main)}
    few = {each["id"]: each["contact_id"] for each in everyone(filled, second)}
    assert 0 < len(few) < 60
    assert set(few) < set(members)
    assert not set(few.values()) & set(members.values())


def test_two_vendors_know_the_same_people_in_part(started: Starter) -> None:
    """Same seed and time: Mailchimp's share is part of what HubSpot holds, and the same each time."""
    filling = Filling(contacts=400, now=NOW)
    hubspot: RunningSandbox = start(SandboxConfig(latency_seconds=0, filling=filling))
    table = next(iter(hubspot.vendor_state.accounts.values())).tables["contacts"]
    theirs = {each.properties["email"] for each in table.live.values()}
    hubspot.stop()
    ours = Visitor(started(filling=Filling(contacts=400, now=NOW, share=0.6))).install()
    known = {each["email_address"] for each in everyone(ours, ours.main)}
    assert known < theirs
    assert known == {each for each in theirs if knows(each, 0.6)}
    assert 0.5 < len(known) / len(theirs) < 0.7


def test_a_known_part_is_whole_in_itself() -> None:
    """Everything that happened to those who are known, and to nobody else."""
    part = known_part(POPULATION, 0.3)
    known = {lead.email for lead in part.leads}
    for of, whole in ((part.mails, POPULATION.mails), (part.deals, POPULATION.deals)):
        assert [part.leads[each.lead].email for each in of] == [
            email for each in whole if (email := POPULATION.leads[each.lead].email) in known
        ]
    assert {part.leads[place].email: chance for place, chance in part.truth.items()} == {
        POPULATION.leads[place].email: chance
        for place, chance in POPULATION.truth.items()
        if POPULATION.leads[place].email in known
    }


def test_an_export_fills_the_account_too(started: Starter, tmp_path: Path) -> None:
    """Columns of their own with tags that fit, clicks without a known mailing, the won deal as an order."""
    visitor = Visitor(started(filling=Filling(folder=folder(tmp_path, events=EVENTS, history=HISTORY)))).install()
    fields = {
        each["tag"]: each for each in visitor.get(f"/lists/{visitor.main}/merge-fields", count=1000)["merge_fields"]
    }
    assert (fields["SIZE"]["type"], fields["SIZE"]["name"]) == ("number", "Team")
    assert fields["CLUBCARD"]["options"] == {"choices": ["Gold", "Silver"]}
    members = {each["email_address"]: each for each in everyone(visitor, visitor.main)}
    assert members["b@example.com"]["merge_fields"]["SIZE"] == 12
    assert members["lead-1@example.com"]["merge_fields"]["CLUBCARD"] == "Gold"
    assert members["lead-1@example.com"]["last_changed"] == "2025-03-09T00:00:00+00:00"
    (campaign,) = visitor.get("/campaigns")["campaigns"]
    (row,) = visitor.get(f"/reports/{campaign['id']}/email-activity")["emails"]
    assert (row["email_address"], row["activity"][0]["action"]) == ("lead-1@example.com", "click")
    (order,) = visitor.get("/ecommerce/orders")["orders"]
    assert (order["order_total"], order["processed_at_foreign"]) == (1200.5, "2025-04-01T10:00:00+00:00")


@pytest.mark.parametrize("share", ["0", "1.5", "much"])
def test_a_share_that_is_none_is_refused(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By the command line."""
    with pytest.raises(SystemExit):
        main(["mailchimp", "--share", share])
    assert "share" in capsys.readouterr().err
