"""The file of leads: ids, addresses, creation or order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.sandbox.imports.mapping import LeadSection
from connector.sandbox.imports.problems import Problems, rows_text
from connector.sandbox.imports.table import Row, Table
from connector.sandbox.imports.values import NUMBER, cell, made_up_address, parse_time
from connector.sandbox.population.model import Lead

STANDARD = ("first_name", "last_name", "job_title", "company")
NAMES = {"company": "company_name"}


@dataclass(frozen=True, slots=True)
class ReadLeads:
    """Leads in order of creation, each with its row; ``place_by_id``: the export's id → place."""

    leads: list[Lead]
    rows: list[Row]
    place_by_id: dict[str, int]
    missing: frozenset[str]


def read_leads(table: Table, section: LeadSection, now_ms: int, problems: Problems) -> ReadLeads:
    """Return the leads, and add what is wrong with them to ``problems``.

    Raises ``ExportError`` at once for a missing column, without which no row can be judged.
    """
    named = [section.id, section.email, section.created, section.order]
    standard = [getattr(section, name) for name in STANDARD]
    table.require([*named, *standard, *(each.column for each in section.properties.values())])
    missing = frozenset(section.missing)
    _check_ids(table, section, problems)
    _check_addresses(table, section, missing, problems)
    keys = [_sort_key(row, section) for row in table.rows]
    _check_keys(table, section, keys, problems)
    order = sorted(range(len(keys)), key=lambda place: (keys[place] or 0, place))
    rows = [table.rows[place] for place in order]
    leads = [_lead(place, row, section, missing, now_ms) for place, row in enumerate(rows)]
    return ReadLeads(leads, rows, {row.cells[section.id]: place for place, row in enumerate(rows)}, missing)


def _check_ids(table: Table, section: LeadSection, problems: Problems) -> None:
    empty = [row.number for row in table.rows if not row.cells[section.id].strip()]
    if empty:
        problems.add(
            f"{table.file}, column '{section.id}', {rows_text(empty)}: no id. Give each lead an id of its own."
        )
    _check_unique(table, section.id, lambda row: row.cells[section.id], "id", problems)


def _check_unique(table: Table, column: str, key: Callable[[Row], str], what: str, problems: Problems) -> None:
    rows_by_key: dict[str, list[int]] = {}
    for row in table.rows:
        if key(row):
            rows_by_key.setdefault(key(row), []).append(row.number)
    for rows in rows_by_key.values():
        if len(rows) > 1:
            problems.add(
                f"{table.file}, column '{column}', {rows_text(rows)}: the same {what} more than once. "
                "Keep one row for each lead."
            )


def _check_addresses(table: Table, section: LeadSection, missing: frozenset[str], problems: Problems) -> None:
    if not section.email:
        return

    def address(row: Row) -> str:
        return cell(row.cells, section.email, missing).lower()

    bad = [row.number for row in table.rows if address(row) and address(row).count("@") != 1]
    if bad:
        problems.add(
            f"{table.file}, column '{section.email}', {rows_text(bad)}: not an e-mail address. "
            "Correct it or leave the cell empty."
        )
    _check_unique(table, section.email, address, "e-mail address", problems)


def _sort_key(row: Row, section: LeadSection) -> float | None:
    """Return what a lead is ordered by: its creation in milliseconds, or its number; None if unreadable."""
    if section.created:
        return parse_time(row.cells[section.created].strip(), section.date_format)
    text = row.cells[section.order].strip()
    return float(text) if NUMBER.fullmatch(text) else None


def _check_keys(table: Table, section: LeadSection, keys: list[float | None], problems: Problems) -> None:
    bad = [row.number for row, key in zip(table.rows, keys, strict=True) if key is None]
    if bad and section.created:
        expected = section.date_format or "YYYY-MM-DD, or a date with a time"
        problems.add(
            f"{table.file}, column '{section.created}', {rows_text(bad)}: not a date. "
            f"Write it as {expected}, or name another format in the mapping's 'date_format'."
        )
    elif bad:
        problems.add(f"{table.file}, column '{section.order}', {rows_text(bad)}: not a number. The order must be one.")


def _lead(place: int, row: Row, section: LeadSection, missing: frozenset[str], now_ms: int) -> Lead:
    created = _sort_key(row, section) if section.created else now_ms
    values = {"stage": "lead"}
    for name in STANDARD:
        text = cell(row.cells, getattr(section, name), missing)
        if text:
            values[NAMES.get(name, name)] = text
    email = cell(row.cells, section.email, missing).lower() or made_up_address(place)
    return Lead(email, int(created or 0), values)
