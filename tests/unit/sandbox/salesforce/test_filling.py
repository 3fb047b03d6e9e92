"""A filled org: the same people as in the other CRMs, with a past as the org would hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.sandbox import Filling, start
from connector.sandbox.population import Population, PopulationParameters, generate
from connector.sandbox.sharing import knows
from tests.unit.sandbox.salesforce.conftest import ROOMY, Starter
from tests.unit.sandbox.salesforce.visitor import Visitor
from tests.unit.sandbox.test_imports import MAPPING, folder

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
SHARE = 0.6


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(PopulationParameters(600, NOW))


@pytest.fixture(scope="module")
def filled() -> Iterator[Visitor]:
    """A visitor of an org that knows a part of the people."""
    running = start(replace(ROOMY, filling=Filling(600, now=NOW, share=SHARE)))
    yield Visitor(running).install()
    running.stop()


def test_the_org_knows_its_share_of_the_same_people(filled: Visitor, population: Population) -> None:
    """Everyone who is known came as a lead."""
    expected = {lead.email for lead in population.leads if knows(lead.email, SHARE)}
    assert {row["Email"] for row in filled.query("SELECT Email FROM Lead")} == expected


def test_who_got_a_deal_was_converted_and_the_rest_not(filled: Visitor, population: Population) -> None:
    """Deals are the contacts' opportunities, won and lost as in the population."""
    deals = [each for each in population.deals if knows(population.leads[each.lead].email, SHARE)]
    won = {population.leads[each.lead].email for each in deals if each.stages[-1][1] == "won"}
    rows = filled.query("SELECT Email, ConvertedContactId FROM Lead WHERE ConvertedOpportunity.IsWon = true")
    assert {row["Email"] for row in rows} == won
    assert len(filled.query("SELECT Id FROM Contact")) == len(deals)
    told = filled.query("SELECT LeadId, CreatedDate FROM LeadHistory WHERE Field = 'leadConverted'")
    assert len(told) == len(deals)


def test_activities_hang_on_the_contact_and_old_ones_are_archived(filled: Visitor, population: Population) -> None:
    """No activity is left on a converted lead; those older than a year only queryAll shows."""
    known = [each for each in population.activities if knows(population.leads[each.lead].email, SHARE)]
    tasks = filled.query("SELECT Id, IsArchived, ActivityDate FROM Task", everything=True)
    assert len(tasks) == sum(each.kind != "meeting" for each in known)
    year_ago = (NOW - timedelta(days=365)).date().isoformat()
    assert all(
        row["IsArchived"] == (row["ActivityDate"] < year_ago) for row in tasks if row["ActivityDate"] != year_ago
    )
    assert len(filled.query("SELECT Id FROM Task")) < len(tasks)
    assert len(filled.query("SELECT Id FROM Event", everything=True)) == sum(each.kind == "meeting" for each in known)
    assert filled.query("SELECT Id FROM CampaignMember WHERE Lead.IsConverted = true AND ContactId = null") == []


def test_clicks_and_forms_are_responses(filled: Visitor, population: Population) -> None:
    """Dated by the first of them; who only opened did not respond."""
    asked = "SELECT Status, FirstRespondedDate FROM CampaignMember WHERE HasResponded ="
    assert all(row["FirstRespondedDate"] for row in filled.query(asked, "true"))
    assert {row["Status"] for row in filled.query(asked, "true")} == {"Clicked", "Responded"}
    assert {row["Status"] for row in filled.query(asked, "false")} == {"Sent", "Opened"}
    forms = {
        (each.lead, each.form) for each in population.form_fills if knows(population.leads[each.lead].email, SHARE)
    }
    assert len(filled.query(asked, "true AND Status = 'Responded'")) == len(forms)


def test_nothing_is_dated_after_the_population(filled: Visitor) -> None:
    """Stamps lie in the population's time, changes after creation."""
    for name in ("Lead", "Contact", "Opportunity", "Task", "CampaignMember"):
        rows = filled.query("SELECT CreatedDate, SystemModstamp FROM", name, everything=True)
        assert all(row["CreatedDate"] <= row["SystemModstamp"] <= "2026-02-01T12:00:00.000+0000" for row in rows)


def test_truth_names_people_who_are_there(filled: Visitor, population: Population) -> None:
    """Leads, or the contacts that they became."""
    truth = filled.session.get(f"{filled.origin}/_sandbox/truth").json()
    known = sum(knows(population.leads[place].email, SHARE) for place in population.truth)
    assert len(truth) == known
    leads = {row["Id"] for row in filled.query("SELECT Id FROM Lead WHERE IsConverted = false")}
    contacts = {row["Id"] for row in filled.query("SELECT Id FROM Contact")}
    assert set(truth) <= leads | contacts
    told = filled.session.get(f"{filled.origin}/_sandbox/population").json()
    assert told == {"as_of": NOW.isoformat(), "tenant": {}}


def test_custom_fields_are_those_of_the_population(filled: Visitor) -> None:
    """With the values that people had, on leads and on contacts."""
    fields = {each["name"]: each for each in filled.get("/sobjects/Lead/describe").json()["fields"]}
    assert (fields["Team_Size__c"]["type"], fields["Interests__c"]["type"]) == ("double", "multipicklist")
    assert filled.query("SELECT Id FROM Lead WHERE Team_Size__c > 0 AND Use_Case__c = 'compliance'")
    assert filled.query("SELECT Id FROM Contact WHERE Onboarding_Call_Booked__c != null")


def test_an_export_fills_the_org_too(started: Starter, tmp_path: Path) -> None:
    """With its columns as custom fields, its deals as opportunities, and the tenant in the org's words."""
    mapping = MAPPING.replace('goal = "deal_won"', 'goal = "property:size=12"')
    mapping = mapping.replace("[tenant]", '[tenant]\nattributes = ["size", "country"]')
    mapping = mapping.replace('amount = "Amount"', 'amount = "Amount"\n[deal.properties.owner]\ncolumn = "Title"')
    visitor = Visitor(started(filling=Filling(folder=folder(tmp_path, mapping=mapping)))).install()
    rows = visitor.query("SELECT Email, Title, Size__c, Club_Card__c, Company FROM Lead ORDER BY CreatedDate")
    assert [(row["Email"], row["Title"]) for row in rows][1:] == [("b@example.com", "CFO"), ("c@example.com", "Buyer")]
    assert [row["Size__c"] for row in rows] == [None, 12.0, 7.0]
    assert len({row["Company"] for row in rows}) == 3
    assert {row["Owner__c"] for row in visitor.query("SELECT Owner__c FROM Opportunity")} == {"CFO", "Buyer"}
    won = visitor.query("SELECT Amount, IsWon FROM Opportunity ORDER BY IsWon DESC")
    assert [(row["Amount"], row["IsWon"]) for row in won] == [(1200.5, True), (None, False)]
    tenant = visitor.session.get(f"{visitor.origin}/_sandbox/population").json()["tenant"]
    assert (tenant["goal"], tenant["knowledge"]) == ("property:Size__c=12", {"Size__c": "intake"})
    assert tenant["attributes"] == ["Size__c", "Country"]
