"""Putting a population into an account, as HubSpot would hold it had it lived there.

Record ids follow the order of creation; every value's history, rollups and times are those of
the population, not of the filling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connector.sandbox.clock import iso
from connector.sandbox.hubspot import rollups
from connector.sandbox.hubspot.deal_stages import calculated
from connector.sandbox.hubspot.definitions import definition, group_of, option
from connector.sandbox.hubspot.hub import Account, Hub, stable_guid
from connector.sandbox.hubspot.marketing_data import EmailEvent, Form, PageView, Submission
from connector.sandbox.hubspot.records import CrmObject, Origin, Version
from connector.sandbox.imports import load_export
from connector.sandbox.population import Population, PopulationParameters, generate
from connector.sandbox.population.model import Activity, Change, Deal, FieldSpec, Lead
from connector.sandbox.sharing import known_part

NAMES = {
    "first_name": "firstname",
    "last_name": "lastname",
    "job_title": "jobtitle",
    "company_name": "company",
    "employees": "numemployees",
    "source": "hs_analytics_source",
    "stage": "lifecyclestage",
    "lead_status": "hs_lead_status",
    "opted_out": "hs_email_optout",
    "bounced": "hs_email_hard_bounce_reason_enum",
}
VALUES = {
    ("stage", "mql"): "marketingqualifiedlead",
    ("stage", "sql"): "salesqualifiedlead",
    ("lead_status", "new"): "NEW",
    ("lead_status", "attempted"): "ATTEMPTED_TO_CONTACT",
    ("lead_status", "connected"): "CONNECTED",
    ("lead_status", "open_deal"): "OPEN_DEAL",
    ("lead_status", "unqualified"): "UNQUALIFIED",
    ("bounced", "true"): "UNKNOWN_USER",
}
DEAL_STAGES = {"open": "qualifiedtobuy", "won": "closedwon", "lost": "closedlost"}
FIELD_TYPES = {"string": "text", "number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox"}
MAIL_KINDS = {
    "sent": "SENT",
    "delivered": "DELIVERED",
    "bounced": "BOUNCE",
    "open": "OPEN",
    "click": "CLICK",
    "unsubscribed": "STATUSCHANGE",
}
ACTIVITIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "call": ("calls", {"hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED"}),
    "meeting": ("meetings", {"hs_meeting_outcome": "COMPLETED"}),
    "email_out": ("emails", {"hs_email_direction": "EMAIL", "hs_email_status": "SENT"}),
    "email_in": ("emails", {"hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT"}),
    "note": ("notes", {}),
    "task": ("tasks", {"hs_task_status": "COMPLETED", "hs_task_type": "TODO"}),
}
LIVED = Origin("CRM_UI")


def fill(hub: Hub) -> None:
    """Fill the first account with what the configuration asks for."""
    filling = hub.stage.config.filling
    now = filling.now or hub.stage.clock.now()
    if filling.folder is not None:
        population = load_export(filling.folder, filling.mapping, now)
    elif filling.contacts:
        population = generate(PopulationParameters(filling.contacts, now, filling.seed))
    else:
        return
    Filler(next(iter(hub.accounts.values())), known_part(population, filling.share)).fill()


class Filler:
    """Fills one empty account with one population."""

    def __init__(self, account: Account, population: Population) -> None:
        self._account = account
        self._population = population
        self._custom = {each.name for each in population.fields}
        self._companies: list[int] = []
        self._contacts: list[int] = []

    def fill(self) -> None:
        """Fill definitions, records, associations and marketing data, in that order."""
        for field in self._population.fields:
            object_type = "deals" if field.of == "deal" else "contacts"
            self._account.catalogues[object_type].keep(_definition(field, object_type))
        self._fill_companies()
        self._fill_contacts()
        self._fill_deals()
        self._fill_activities()
        self._fill_mails()
        self._fill_forms()
        truth = self._population.truth
        self._account.as_of, self._account.tenant = self._population.as_of, self._population.tenant
        self._account.truth = {str(self._contacts[lead]): chance for lead, chance in truth.items()}

    def _fill_companies(self) -> None:
        records = []
        for company in self._population.companies:
            values = {
                "name": company.name,
                "domain": company.domain,
                "industry": company.industry,
                "numberofemployees": str(company.employees),
                "annualrevenue": str(company.revenue),
                "country": company.country,
            }
            record = CrmObject(self._account.new_id(), values, company.created_ms, company.created_ms)
            self._companies.append(record.object_id)
            records.append(record)
        self._account.tables["companies"].load(records)

    def _fill_contacts(self) -> None:
        counted = rollups.contact_rollups(self._population)
        records = []
        for place, lead in enumerate(self._population.leads):
            company_id = self._companies[lead.company] if lead.company is not None else None
            record = self._contact(lead, counted[place], company_id)
            self._contacts.append(record.object_id)
            records.append(record)
            if company_id is not None:
                self._account.links.add("contacts", record.object_id, "companies", company_id, primary=True)
        self._account.tables["contacts"].load(records)

    def _contact(self, lead: Lead, counted: rollups.Rollup, company_id: int | None) -> CrmObject:
        values = {self._name(name): self._value(name, value) for name, value in lead.values.items()}
        values |= {"email": lead.email, "hs_email_domain": lead.email.rpartition("@")[2]}
        if company_id is not None:
            values["associatedcompanyid"] = str(company_id)
        changes = [self._translated(each) for each in lead.history]
        current, history = lived(values, [*changes, *counted.changes], lead.created_ms)
        stages = [Change("lifecyclestage", values.get("lifecyclestage", ""), lead.created_ms), *changes]
        current |= counted.values | rollups.stage_dates(stages)
        updated = max([lead.created_ms, counted.touched_ms, *(each.at_ms for each in changes)])
        return CrmObject(self._account.new_id(), current, lead.created_ms, updated, history)

    def _name(self, name: str) -> str:
        return name if name in self._custom else NAMES.get(name, name)

    def _value(self, name: str, value: str) -> str:
        return value if name in self._custom else VALUES.get((name, value), value)

    def _translated(self, change: Change) -> Change:
        return Change(self._name(change.name), self._value(change.name, change.value), change.at_ms)

    def _fill_deals(self) -> None:
        records = []
        for deal in self._population.deals:
            record = _deal(deal, self._account.new_id())
            records.append(record)
            self._account.links.add("contacts", self._contacts[deal.lead], "deals", record.object_id)
            company = self._population.leads[deal.lead].company
            if company is not None:
                target = self._companies[company]
                self._account.links.add("deals", record.object_id, "companies", target, primary=True)
        self._account.tables["deals"].load(records)

    def _fill_activities(self) -> None:
        records: dict[str, list[CrmObject]] = {kind: [] for kind, _ in ACTIVITIES.values()}
        for activity in self._population.activities:
            object_type, record = _activity(activity, self._account.new_id())
            records[object_type].append(record)
            self._account.links.add("contacts", self._contacts[activity.lead], object_type, record.object_id)
        for object_type, made in records.items():
            self._account.tables[object_type].load(made)

    def _fill_mails(self) -> None:
        leads = self._population.leads
        self._account.marketing.email_events.load(
            EmailEvent(
                mail.at_ms,
                stable_guid("mail", number),
                MAIL_KINDS[mail.kind],
                leads[mail.lead].email.lower(),
                mail.campaign,
                mail.known_machine,
                mail.url,
            )
            for number, mail in enumerate(self._population.mails)
        )

    def _fill_forms(self) -> None:
        marketing, leads = self._account.marketing, self._population.leads
        submitted: dict[str, list[Submission]] = {}
        for number, each in enumerate(self._population.form_fills):
            values = (("email", leads[each.lead].email),)
            submission = Submission(each.at_ms, stable_guid("submission", number), values, each.page)
            submitted.setdefault(each.form, []).append(submission)
        for name, submissions in sorted(submitted.items()):
            guid = stable_guid("form", self._account.portal.portal_id, name)
            marketing.add_form(Form(guid, name, min(submissions).at_ms))
            marketing.submissions[guid].load(submissions)
        for number, visit in enumerate(self._population.page_visits):
            contact_id = self._contacts[visit.lead]
            view = PageView(visit.at_ms, stable_guid("visit", number), contact_id, visit.url)
            marketing.add_page_view(view)


def _definition(field: FieldSpec, object_type: str) -> dict[str, Any]:
    field_type = "checkbox" if field.multi else FIELD_TYPES.get(field.type, "select")
    labels = {each: re.sub("_", " ", each).capitalize() if each.islower() else each for each in field.options}
    return definition(
        name=field.name,
        label=field.label,
        type_=field.type,
        field_type=field_type,
        group=group_of(object_type)[0],
        options=[option(value, label, place) for place, (value, label) in enumerate(labels.items())],
    )


def lived(
    values: Mapping[str, str], changes: Iterable[Change], created_ms: int
) -> tuple[dict[str, str], dict[str, list[Version]]]:
    """Return the values that changes end in, and the history of what changed, newest first."""
    current = {name: value for name, value in values.items() if value != ""}
    history: dict[str, list[Version]] = {}
    for change in sorted(changes, key=lambda each: each.at_ms):
        if change.name not in history and change.name in current:
            history[change.name] = [Version(current[change.name], created_ms, Origin("IMPORT"))]
        history.setdefault(change.name, []).insert(0, Version(change.value, change.at_ms, LIVED))
        current[change.name] = change.value
    return {name: value for name, value in current.items() if value != ""}, history


def _deal(deal: Deal, object_id: int) -> CrmObject:
    changes = [Change("dealstage", DEAL_STAGES[stage], at) for at, stage in deal.stages]
    closed_at = next((at for at, stage in deal.stages if stage != "open"), None)
    if closed_at is not None:
        changes.append(Change("closedate", iso(closed_at), closed_at))
    values = {"dealname": deal.name, "pipeline": "default", "amount": deal.amount, **dict(deal.values)}
    current, history = lived(values, changes, deal.created_ms)
    current |= {
        "createdate": iso(deal.created_ms),
        **calculated(current["dealstage"]),
    }
    return CrmObject(object_id, current, deal.created_ms, deal.stages[-1][0], history)


def _activity(activity: Activity, object_id: int) -> tuple[str, CrmObject]:
    object_type, values = ACTIVITIES[activity.kind]
    filled = {**values, "hs_timestamp": iso(activity.at_ms)}
    if activity.outcome:
        filled |= {name: activity.outcome for name in ("hs_meeting_outcome", "hs_call_status") if name in values}
    return object_type, CrmObject(object_id, filled, activity.at_ms, activity.at_ms)
