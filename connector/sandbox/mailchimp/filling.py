"""Putting a population into the account, as Mailchimp would hold it had it lived there.

People become members of the main audience (some of a second one besides), mails campaigns, and
deals that were won orders, so that an order is a conversion. Mailchimp keeps no history of
values: members show the last ones. Stages and the sales team's doings are unknown to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.sandbox.imports import load_export
from connector.sandbox.mailchimp import mailings
from connector.sandbox.mailchimp.audience import Audience, stable_id
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.records import Act, Campaign, Member, MergeField
from connector.sandbox.population import Population, PopulationParameters, generate
from connector.sandbox.population.model import Lead, Mail
from connector.sandbox.sharing import known_part, knows

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
SECOND_SHARE = 0.05
"""The part of the people who are in the second audience too."""
COLUMNS = {
    "first_name": "FNAME",
    "last_name": "LNAME",
    "company_name": "COMPANY",
    "job_title": "JOBTITLE",
    "country": "COUNTRY",
    "industry": "INDUSTRY",
    "employees": "EMPLOYEES",
    "source": "SOURCE",
}
OWN_COLUMNS = (
    ("COMPANY", "Company", "text"),
    ("JOBTITLE", "Job title", "text"),
    ("COUNTRY", "Country", "text"),
    ("INDUSTRY", "Industry", "text"),
    ("EMPLOYEES", "Employees", "number"),
    ("SOURCE", "Source", "text"),
)
TYPES = {"number": "number", "date": "date", "datetime": "date", "enumeration": "dropdown"}
COUNTRY_CODES = {
    "Germany": "DE",
    "United Kingdom": "GB",
    "France": "FR",
    "Netherlands": "NL",
    "Spain": "ES",
    "Poland": "PL",
}
SPARE_COLUMNS = 6
"""Left free for what is made later: an export may have more fields than an audience can hold."""
ACTS = {"open": "open", "click": "click", "bounced": "bounce", "unsubscribed": "unsubscribe"}
DETAILS = {"bounced": "hard", "unsubscribed": "No longer interested"}


def fill(hub: Hub) -> None:
    """Fill the account with what the configuration asks for."""
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
    """Fills one empty account with one population."""

    def __init__(self, hub: Hub, population: Population) -> None:
        self._hub = hub
        self._population = population
        self._columns = dict(COLUMNS)
        self._members: dict[int, Member] = {}

    def fill(self) -> None:
        """Fill columns, members, campaigns and orders, in that order."""
        hub, population = self._hub, self._population
        main, second = hub.audiences.values()
        begun = min((each.created_ms for each in population.leads), default=hub.now_ms()) - DAY_MS
        main.created_ms = second.created_ms = begun
        self._fill_columns(main)
        for place, lead in enumerate(population.leads):
            if "@" in lead.email and main.find(lead.email) is None:
                self._members[place] = self._add(main, lead)
                if knows(lead.email, SECOND_SHARE):
                    self._add(second, lead)
        self._fill_campaigns(main)
        self._fill_orders()
        hub.as_of, hub.tenant = population.as_of, population.tenant
        known = ((self._members.get(place), chance) for place, chance in population.truth.items())
        hub.truth = {member.contact_id: chance for member, chance in known if member is not None}

    def _fill_columns(self, audience: Audience) -> None:
        for tag, name, type_ in OWN_COLUMNS:
            _add_column(audience, tag, name, type_)
        room = self._hub.account.merge_fields - SPARE_COLUMNS
        for field in self._population.fields:
            if field.of == "lead" and len(audience.merge_fields) < room:
                tag = _free_tag(audience, field.name)
                type_ = "text" if field.multi else TYPES.get(field.type, "text")
                _add_column(audience, tag, field.label, type_, field.options if type_ == "dropdown" else ())
                self._columns[field.name] = tag

    def _add(self, audience: Audience, lead: Lead) -> Member:
        member = audience.new_member(lead.email, "subscribed", lead.created_ms)
        values = dict(lead.values)
        for change in lead.history:
            values[change.name] = change.value
            if change.name in self._columns or change.name in ("opted_out", "bounced"):
                member.changed_ms = max(member.changed_ms, change.at_ms)
        member.opted_in_ms = lead.created_ms
        member.merge = self._merges(audience, values)
        member.language = values.get("preferred_language", "")
        member.country_code = COUNTRY_CODES.get(values.get("country", ""), "")
        if values.get("bounced") == "true":
            member.status, member.locked = "cleaned", True
        elif values.get("opted_out") == "true":
            member.status, member.locked = "unsubscribed", True
            member.unsubscribe_reason = DETAILS["unsubscribed"]
        return member

    def _merges(self, audience: Audience, values: Mapping[str, str]) -> dict[str, Any]:
        merges: dict[str, Any] = {}
        for name, tag in self._columns.items():
            column, value = audience.column(tag), values.get(name, "")
            if column is not None and value != "":
                merges[tag] = _number(value) if column.type == "number" else value
        return merges

    def _fill_campaigns(self, audience: Audience) -> None:
        """Make a campaign of each week's mails of one kind, sent when the first of them was."""
        mails = sorted((each for each in self._population.mails if each.lead in self._members), key=lambda m: m.at_ms)
        got: dict[tuple[int, int], Campaign] = {}
        for mail in mails:
            if mail.kind == "sent":
                got[mail.lead, mail.campaign] = self._receive(audience, mail)
        for mail in mails:
            if mail.kind in ACTS:
                campaign = got.get((mail.lead, mail.campaign)) or self._receive(audience, mail)
                done = Act(mail.at_ms, ACTS[mail.kind], mail.url, mail.known_machine, DETAILS.get(mail.kind, ""))
                mailings.act(campaign, self._members[mail.lead], done)

    def _receive(self, audience: Audience, mail: Mail) -> Campaign:
        campaigns, week = self._hub.campaigns, mail.at_ms // WEEK_MS
        campaign_id = stable_id(10, "campaign", mail.campaign, week)
        if campaign_id not in campaigns:
            title, number = f"Mailing {mail.campaign}, week {week}", self._hub.new_number()
            made = Campaign(campaign_id, number, audience.list_id, title, mail.at_ms - DAY_MS, mail.at_ms)
            campaigns[campaign_id] = made
        mailings.receive(campaigns[campaign_id], self._members[mail.lead])
        return campaigns[campaign_id]

    def _fill_orders(self) -> None:
        for number, deal in enumerate(self._population.deals):
            won = next((at for at, stage in deal.stages if stage == "won"), None)
            if won is not None and deal.lead in self._members:
                total = Decimal(deal.amount or "0")
                mailings.order(self._hub, self._members[deal.lead], total, f"order-{number + 1}", won)


def _add_column(audience: Audience, tag: str, name: str, type_: str, choices: tuple[str, ...] = ()) -> None:
    merge_id = audience.next_merge_id()
    column = MergeField(merge_id, tag, name, type_, display_order=merge_id + 1, choices=choices, public=False)
    audience.merge_fields[merge_id] = column


def _free_tag(audience: Audience, name: str) -> str:
    """Return a tag made of a field's name, at most ten characters, that no column has."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper()) or "FIELD"
    tag, number = plain[:10], 1
    while audience.column(tag):
        number += 1
        tag = f"{plain[: 10 - len(str(number))]}{number}"
    return tag


def _number(value: str) -> int | float | str:
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number
