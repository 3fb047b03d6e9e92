"""The optional files: events that happened with leads, and histories of their values."""

from __future__ import annotations

from connector.sandbox.imports.leads import ReadLeads
from connector.sandbox.imports.mapping import EventsSection, HistorySection
from connector.sandbox.imports.problems import Problems, rows_text
from connector.sandbox.imports.table import Table
from connector.sandbox.imports.values import parse_time, property_name
from connector.sandbox.population.model import Activity, Change, FormFill, Mail, PageVisit, Population

ACTIVITIES = ("call", "meeting", "email_in", "email_out", "note", "task")
MAILS = {
    "mail_sent": "sent",
    "mail_delivered": "delivered",
    "mail_open": "open",
    "mail_click": "click",
    "mail_bounced": "bounced",
    "mail_unsubscribed": "unsubscribed",
}
KINDS = (*ACTIVITIES, *MAILS, "form", "page")
CAMPAIGN = 800_001
"""Exports name no campaign: all their mails are of one."""


def add_events(
    table: Table, section: EventsSection, read: ReadLeads, population: Population, problems: Problems
) -> None:
    """Add every row as an engagement of its lead."""
    table.require([section.lead, section.at, section.kind])
    _check_leads(table, section.lead, read, problems)
    _check_times(table, section.at, section.date_format, problems)
    unknown = [row.number for row in table.rows if row.cells[section.kind].strip() not in KINDS]
    if unknown:
        problems.add(
            f"{table.file}, column '{section.kind}', {rows_text(unknown)}: not a known kind. "
            f"Known are: {', '.join(KINDS)}."
        )
    problems.raise_any()
    for row in table.rows:
        at = parse_time(row.cells[section.at].strip(), section.date_format) or 0
        place = read.place_by_id[row.cells[section.lead]]
        _add_event(population, place, row.cells[section.kind].strip(), at, row.cells.get(section.detail, "").strip())


def _add_event(population: Population, place: int, kind: str, at: int, detail: str) -> None:
    if kind in ACTIVITIES:
        population.activities.append(Activity(place, kind, at))
    elif kind == "form":
        population.form_fills.append(FormFill(place, detail or "Form", at, "https://www.example.com/form"))
    elif kind == "page":
        population.page_visits.append(PageVisit(place, at, detail or "https://www.example.com/"))
    else:
        url = detail if kind == "mail_click" else ""
        population.mails.append(Mail(place, MAILS[kind], at, CAMPAIGN, url=url))


def add_history(table: Table, section: HistorySection, read: ReadLeads, problems: Problems) -> None:
    """Add every row as a value that a lead's property took."""
    table.require([section.lead, section.property, section.value, section.at])
    _check_leads(table, section.lead, read, problems)
    _check_times(table, section.at, section.date_format, problems)
    problems.raise_any()
    for row in table.rows:
        at = parse_time(row.cells[section.at].strip(), section.date_format) or 0
        lead = read.leads[read.place_by_id[row.cells[section.lead]]]
        name = property_name(row.cells[section.property])
        lead.history.append(Change(name, row.cells[section.value].strip(), at))
    for lead in read.leads:
        lead.history.sort(key=lambda change: change.at_ms)


def _check_leads(table: Table, column: str, read: ReadLeads, problems: Problems) -> None:
    unknown = [row.number for row in table.rows if row.cells[column] not in read.place_by_id]
    if unknown:
        problems.add(
            f"{table.file}, column '{column}', {rows_text(unknown)}: no such lead in the file of leads. "
            "Add the leads or remove the rows."
        )


def _check_times(table: Table, column: str, date_format: str, problems: Problems) -> None:
    bad = [row.number for row in table.rows if parse_time(row.cells[column].strip(), date_format) is None]
    if bad:
        problems.add(
            f"{table.file}, column '{column}', {rows_text(bad)}: not a date. Write it as YYYY-MM-DD, with or "
            "without a time, or name another format in the mapping's 'date_format'."
        )
