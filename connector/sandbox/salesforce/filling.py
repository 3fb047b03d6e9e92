"""Putting a population into the org, as it would hold it had it lived there.

Everyone came as a lead; who got a deal was converted then, into a contact, an account and an
opportunity. Times and history are those of the population, not of the filling.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connector.sandbox.imports import load_export
from connector.sandbox.population import Population, PopulationParameters, generate
from connector.sandbox.population.model import Change, Deal, Lead
from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.derived import full_name, stage_facts
from connector.sandbox.salesforce.doings import load_doings
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.journeys import contact_values, conversion
from connector.sandbox.salesforce.loading import Loader
from connector.sandbox.salesforce.schema import Value
from connector.sandbox.salesforce.vocabulary import NAMES, custom_field, custom_value, standard_value, told_tenant
from connector.sandbox.sharing import known_part

STAGES = {"open": "Qualification", "won": "Closed Won", "lost": "Closed Lost"}
LEAD_FIELDS = frozenset({"Company", "Status", "Rating", "Country", "Industry", "NumberOfEmployees"})
"""What a contact has no field for."""


def fill(hub: Hub) -> None:
    """Fill the org with what the configuration asks for."""
    filling = hub.stage.config.filling
    now = filling.now or hub.stage.clock.now()
    if filling.folder is not None:
        population = load_export(filling.folder, filling.mapping, now)
    elif filling.contacts:
        population = generate(PopulationParameters(filling.contacts, now, filling.seed))
    else:
        return
    Filler(hub, known_part(population, filling.share)).fill()


class Filler:
    """Fills one org with one population."""

    def __init__(self, hub: Hub, population: Population) -> None:
        self._hub = hub
        self._population = population
        self._specs = {each.name: each for each in population.fields if each.of == "lead"}
        self._deal_specs = {each.name: each for each in population.fields if each.of == "deal"}
        self._loader = Loader(hub)
        self._accounts: dict[str, str] = {}
        self._people: list[str] = []

    def fill(self) -> None:
        """Fill fields, people with their deals, and what happened to them."""
        for spec in self._specs.values():
            for name in ("Lead", "Contact"):
                self._hub.schema.objects[name].add(custom_field(spec))
        for spec in self._deal_specs.values():
            self._hub.schema.objects["Opportunity"].add(custom_field(spec))
        deals: dict[int, list[Deal]] = {}
        for deal in self._population.deals:
            deals.setdefault(deal.lead, []).append(deal)
        for place, lead in enumerate(self._population.leads):
            self._people.append(self._person(lead, sorted(deals.get(place, ()), key=lambda each: each.created_ms)))
        load_doings(self._loader, self._population, self._people)
        self._loader.load()
        self._hub.as_of, self._hub.tenant = self._population.as_of, told_tenant(self._population.tenant)
        self._hub.truth = {self._people[place]: chance for place, chance in self._population.truth.items()}

    def _person(self, lead: Lead, deals: list[Deal]) -> str:
        """Take a lead, and what became of it; return the id under which the person lives on."""
        values = {
            # A name of its own: people of no company have none in common.
            "Company": f"Unknown {len(self._people) + 1}",
            "LastName": "Unknown",
            "Status": "Open - Not Contacted",
            **self._values(lead.values.items(), lead.created_ms),
            "Email": lead.email or None,
        }
        values["Name"] = full_name(values)
        lead_id = self._loader.add("Lead", lead.created_ms, lead.created_ms, values)
        self._loader.tell("Lead", lead_id, lead.created_ms, "created")
        end = deals[0].created_ms if deals else None
        self._live("Lead", lead_id, [each for each in lead.history if end is None or each.at_ms < end])
        if end is None:
            return lead_id
        contact_id = self._convert(lead, lead_id, deals)
        self._live("Contact", contact_id, [each for each in lead.history if each.at_ms >= end])
        return contact_id

    def _values(self, pairs: Iterable[tuple[str, str]], at_ms: int) -> dict[str, Value]:
        read: dict[str, Value] = {}
        for name, text in pairs:
            if name in self._specs:
                read[custom_field(self._specs[name]).name] = custom_value(self._specs[name], text)
            elif name in NAMES:
                read[NAMES[name]] = standard_value(name, text, at_ms)
        return read

    def _live(self, object_name: str, row_id: str, changes: list[Change]) -> None:
        """Let a taken record take the values that it took in its time."""
        for change in sorted(changes, key=lambda each: each.at_ms):
            for name, value in self._values([(change.name, change.value)], change.at_ms).items():
                before = self._loader.row(object_name, row_id).get(name)
                if before == value or (object_name == "Contact" and name in LEAD_FIELDS):
                    continue
                self._loader.touch(object_name, row_id, change.at_ms, {name: value})
                self._loader.tell(object_name, row_id, change.at_ms, name, (before, value))

    def _convert(self, lead: Lead, lead_id: str, deals: list[Deal]) -> str:
        row, at = self._loader.row("Lead", lead_id), deals[0].created_ms
        account_id = self._account(lead, str(row["Company"]), at)
        values = {**contact_values(self._hub, row), "AccountId": account_id, "Name": row["Name"]}
        contact_id = self._loader.add("Contact", at, at, values)
        self._loader.tell("Contact", contact_id, at, "created")
        made = [self._deal(deal, account_id, contact_id, row.get("LeadSource")) for deal in deals]
        before = row["Status"]
        self._loader.touch("Lead", lead_id, at, conversion(at, account_id, contact_id, made[0]))
        self._loader.tell("Lead", lead_id, at, "Status", (before, row["Status"]))
        self._loader.tell("Lead", lead_id, at, "leadConverted")
        return contact_id

    def _account(self, lead: Lead, name: str, at_ms: int) -> str:
        """Return a company's account, which the first conversion makes."""
        if name not in self._accounts:
            values: dict[str, Value] = {"Name": name}
            if lead.company is not None:
                company = self._population.companies[lead.company]
                values |= {
                    "Website": f"https://{company.domain}",
                    "Industry": standard_value("industry", company.industry, at_ms),
                    "NumberOfEmployees": company.employees,
                    "AnnualRevenue": Decimal(company.revenue),
                    "BillingCountry": company.country,
                }
            self._accounts[name] = self._loader.add("Account", at_ms, at_ms, values)
        return self._accounts[name]

    def _deal(self, deal: Deal, account_id: str, contact_id: str, source: Value) -> str:
        amount = Decimal(deal.amount) if deal.amount else None
        values: dict[str, Value] = {
            "Name": deal.name[:120],
            "AccountId": account_id,
            "LeadSource": source,
            "Amount": amount,
        }
        for name, text in deal.values:
            if name in self._deal_specs:
                spec = self._deal_specs[name]
                values[custom_field(spec).name] = custom_value(spec, text)
        deal_id = self._loader.add("Opportunity", deal.created_ms, deal.created_ms, values)
        self._loader.tell("Opportunity", deal_id, deal.created_ms, "created")
        for at, word in deal.stages:
            self._stage(deal_id, at, STAGES[word])
        role: dict[str, Value] = {"OpportunityId": deal_id, "ContactId": contact_id, "IsPrimary": True}
        self._loader.add("OpportunityContactRole", deal.created_ms, deal.created_ms, role)
        return deal_id

    def _stage(self, deal_id: str, at_ms: int, stage: str) -> None:
        """Bring an opportunity to a stage. An open one is to close within a quarter."""
        before = dict(self._loader.row("Opportunity", deal_id))
        facts = stage_facts(stage)
        close = times.day_of(at_ms if facts["IsClosed"] else at_ms + 90 * times.DAY_MS)
        after = {"StageName": stage, "CloseDate": close, "LastStageChangeDate": at_ms // 1000 * 1000, **facts}
        self._loader.touch("Opportunity", deal_id, at_ms, after)
        moved = "StageName" in before
        self._loader.snapshot(deal_id, at_ms, {**before, **after}, before if moved else {})
        for name in ("StageName", "CloseDate") if moved else ():
            self._loader.tell("Opportunity", deal_id, at_ms, name, (before.get(name), after[name]))
