"""Whole records: conversion, merging, the recycle bin, and what happens to persons."""

from __future__ import annotations

import pytest

from connector.sandbox.salesforce.events import KINDS
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock


def test_conversion_moves_activities_and_locks_the_lead(started: Starter) -> None:
    """Contact, account, opportunity and role are made; the date has no time, the history has."""
    clock = StandingClock()
    visitor = Visitor(started(clock)).install()
    lead = visitor.lead(LastName="Meyer", FirstName="Ann", Email="ann@example.com", Title="CTO", Lead_Score__c=7)
    task, event = visitor.happen(lead, "call"), visitor.happen(lead, "meeting")
    mail, member = visitor.happen(lead, "email_sent"), visitor.happen(lead, "campaign_response")
    clock.sleep(1200)
    made = visitor.do(lead, "convert")
    row = visitor.query("SELECT FIELDS(ALL) FROM Lead", f"WHERE Id = '{lead}' LIMIT 1")[0]
    assert (row["IsConverted"], row["ConvertedDate"], row["Status"]) == (True, "2026-02-01", "Closed - Converted")
    assert (row["ConvertedContactId"], row["ConvertedOpportunityId"]) == (made["contact"], made["opportunity"])
    contact = visitor.get(f"/sobjects/Contact/{made['contact']}").json()
    assert (contact["Name"], contact["Title"], contact["Lead_Score__c"]) == ("Ann Meyer", "CTO", 7.0)
    assert visitor.get(f"/sobjects/Task/{task}").json()["WhoId"] == made["contact"]
    assert visitor.get(f"/sobjects/Event/{event}").json()["AccountId"] == made["account"]
    relation = visitor.query("SELECT RelationId FROM EmailMessageRelation", f"WHERE EmailMessageId = '{mail}'")
    assert relation[0]["RelationId"] == made["contact"]
    joined = visitor.get(f"/sobjects/CampaignMember/{member}").json()
    assert (joined["LeadId"], joined["ContactId"], joined["HasResponded"]) == (lead, made["contact"], True)
    role = visitor.query("SELECT OpportunityId, ContactId FROM OpportunityContactRole")[0]
    assert (role["OpportunityId"], role["ContactId"]) == (made["opportunity"], made["contact"])
    told = visitor.query("SELECT CreatedDate FROM LeadHistory WHERE Field = 'leadConverted'")
    assert told[0]["CreatedDate"] == "2026-02-01T12:20:00.000+0000"
    refused = visitor.send("PATCH", f"/sobjects/Lead/{lead}", {"Title": "x"})
    assert refused.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_conversion_may_make_no_opportunity_and_use_an_account(visitor: Visitor) -> None:
    """Leads of one company share its account."""
    one, two = (visitor.lead(LastName=name, Company="Shared Ltd") for name in ("One", "Two"))
    first, second = visitor.do(one, "convert"), visitor.do(two, "convert", opportunity=False)
    assert first["account"] == second["account"]
    assert second["opportunity"] is None


def test_a_won_deal_is_told_by_stage_history_and_lead(visitor: Visitor) -> None:
    """Both histories hold the step, with the amount before it."""
    lead = visitor.lead(LastName="Winner", Company="Won Ltd")
    deal = visitor.happen(lead, "deal_won", amount="1200.50")
    row = visitor.query("SELECT IsWon, IsClosed, Amount, Probability FROM Opportunity", f"WHERE Id = '{deal}'")[0]
    assert (row["IsWon"], row["IsClosed"], row["Amount"], row["Probability"]) == (True, True, 1200.5, 100.0)
    snapshots = visitor.query(
        "SELECT StageName, Amount, PrevAmount FROM OpportunityHistory", f"WHERE OpportunityId = '{deal}' ORDER BY Id"
    )
    assert [row["StageName"] for row in snapshots] == ["Prospecting", "Closed Won"]
    steps = visitor.query("SELECT Field, NewValue FROM OpportunityFieldHistory", f"WHERE OpportunityId = '{deal}'")
    assert ("StageName", "Closed Won") in {(row["Field"], row["NewValue"]) for row in steps}
    assert visitor.query("SELECT Id FROM Lead WHERE ConvertedOpportunity.IsWon = true")[0]["Id"] == lead


def test_merging_sends_the_loser_to_the_bin_with_its_master(visitor: Visitor) -> None:
    """What hung on it moves; undeleting it is refused."""
    winner, loser = visitor.lead(LastName="Winner"), visitor.lead(LastName="Loser")
    task = visitor.happen(loser, "task")
    assert visitor.do(loser, "merge", into=winner) == {"id": winner}
    gone = visitor.query("SELECT IsDeleted, MasterRecordId FROM Lead", f"WHERE Id = '{loser}'", everything=True)[0]
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, winner)
    assert visitor.get(f"/sobjects/Task/{task}").json()["WhoId"] == winner
    org = visitor.hub.org.org_id
    assert visitor.admin(f"/accounts/{org}/contacts/{loser}/restore").json()[0]["errorCode"] == "UNDELETE_FAILED"
    assert visitor.admin(f"/accounts/{org}/contacts/{winner}/merge", {"into": winner}).status_code == 400


def test_the_bin_gives_back_what_was_deleted_together(visitor: Visitor) -> None:
    """A lead's activities go and come with it; an erased one is in no query."""
    lead = visitor.lead(LastName="Bin")
    task = visitor.happen(lead, "task")
    visitor.do(lead, "archive")
    assert visitor.query("SELECT Id FROM Task", f"WHERE Id = '{task}'") == []
    visitor.do(lead, "restore")
    assert visitor.query("SELECT IsDeleted FROM Task", f"WHERE Id = '{task}'")[0]["IsDeleted"] is False
    visitor.do(lead, "gdpr-delete")
    assert visitor.query("SELECT Id FROM Lead", f"WHERE Id = '{lead}'", everything=True) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_everything_can_happen_to_leads_and_contacts(visitor: Visitor, kind: str) -> None:
    """Each kind leaves a record that can be read; only leads are converted or disqualified."""
    lead = visitor.lead(LastName=kind, Email="a@example.com", Company=f"{kind} Ltd")
    made = visitor.happen(lead, kind)
    assert made[:3] in ("00T", "00U", "02s", "00v", "003", "006", "00Q")
    if kind not in ("convert", "disqualify"):
        contact = visitor.query("SELECT ConvertedContactId FROM Lead", f"WHERE Id = '{lead}'")[0]["ConvertedContactId"]
        assert visitor.happen(contact or visitor.do(lead, "convert")["contact"], kind)


def test_opens_and_bounces_are_kept_on_the_mail(visitor: Visitor) -> None:
    """A tracked mail tells its first and last opening; a bounce marks the person too."""
    lead = visitor.lead(LastName="Mail", Email="m@example.com")
    visitor.happen(lead, "email_sent")
    mail = visitor.happen(lead, "email_open")
    visitor.happen(lead, "email_bounced")
    row = visitor.get(f"/sobjects/EmailMessage/{mail}").json()
    assert (row["IsOpened"], row["IsBounced"], row["FirstOpenedDate"] is not None) == (True, True, True)
    assert visitor.get(f"/sobjects/Task/{row['ActivityId']}").json()["TaskSubtype"] == "Email"
    assert visitor.get(f"/sobjects/Lead/{lead}").json()["EmailBouncedDate"]


def test_an_unknown_event_is_refused(visitor: Visitor) -> None:
    """So that a typing error is noticed."""
    lead = visitor.lead(LastName="Nothing")
    path = f"/accounts/{visitor.hub.org.org_id}/contacts/{lead}/events"
    assert visitor.admin(path, {"kind": "dance"}).status_code == 400


def test_a_transaction_is_seen_as_a_whole(started: Starter) -> None:
    """While it is not committed nothing of a conversion is seen; then everything is."""
    clock = StandingClock()
    visitor = Visitor(started(clock, index_lag_seconds=100.0)).install()
    lead = visitor.lead(LastName="Meyer")
    clock.sleep(100)
    visitor.do(lead, "convert")
    seen = set()
    for _ in range(101):
        converted = visitor.query("SELECT Id FROM Lead WHERE IsConverted = true")
        told = visitor.query("SELECT Id FROM LeadHistory WHERE Field = 'leadConverted'")
        made = [visitor.query("SELECT Id FROM", name) for name in ("Contact", "Opportunity", "OpportunityHistory")]
        seen.add((len(converted), len(told), *map(len, made)))
        clock.sleep(1)
    assert seen == {(0, 0, 0, 0, 0), (1, 1, 1, 1, 1)}
