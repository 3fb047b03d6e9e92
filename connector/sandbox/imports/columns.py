"""The columns that become custom properties, of leads or of deals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector.sandbox.imports.leads import STANDARD, ReadLeads
from connector.sandbox.imports.mapping import LeadSection, PropertyColumn
from connector.sandbox.imports.problems import Problems, rows_text
from connector.sandbox.imports.table import Row, Table
from connector.sandbox.imports.values import as_type, cell, declared, property_name, told_type
from connector.sandbox.population.model import FieldSpec

RESERVED = frozenset({"email", "createdate", "lastmodifieddate", "hs_object_id", "lifecyclestage", "closedate"})
"""Names of the CRM's own that an export's column must not overwrite."""


def custom_columns(
    table: Table, section: LeadSection, read: ReadLeads, outcomes: set[str], problems: Problems
) -> Iterator[FieldSpec]:
    """Fill the leads' custom values and yield the fields' declarations.

    ``outcomes``: columns of the same file that tell of deals, and are no property of a lead.
    """
    taken = outcomes | {section.id, section.email, section.created, *(getattr(section, name) for name in STANDARD)}
    for name, column in chosen(table, section.properties, section.all_columns, taken).items():
        kind, texts = read_column(table, column, read.rows, read.missing, section.date_format, problems)
        for lead, text in zip(read.leads, texts, strict=True):
            if text:
                lead.values[name] = text
        yield declared(name, column.label or column.column, kind, filter(None, texts), "lead")


def chosen(
    table: Table, named: Mapping[str, PropertyColumn], all_columns: bool, taken: set[str]
) -> dict[str, PropertyColumn]:
    """Return property name → column: those named, and where asked all others but ``taken``."""
    columns = dict(named)
    mapped = taken | {each.column for each in named.values()}
    for column in table.columns if all_columns else ():
        if column not in mapped:
            name = property_name(column)
            columns[f"export_{name}" if name in RESERVED or name in columns else name] = PropertyColumn(column)
    return columns


def read_column(
    table: Table,
    column: PropertyColumn,
    rows: list[Row],
    missing: frozenset[str],
    date_format: str,
    problems: Problems,
) -> tuple[str, list[str]]:
    """Return a column's type and its texts in the order of ``rows``, empty where there is no value."""
    raw = [cell(row.cells, column.column, missing) for row in rows]
    kind = told_type(filter(None, raw)) if column.type == "auto" else column.type
    texts = [as_type(text, kind, date_format) if text else "" for text in raw]
    bad = sorted(row.number for row, text in zip(rows, texts, strict=True) if text is None)
    if bad:
        problems.add(
            f"{table.file}, column '{column.column}', {rows_text(bad)}: not a {kind}, which the mapping says it is. "
            "Correct the cells, or the type in the mapping."
        )
    return kind, [text or "" for text in texts]
