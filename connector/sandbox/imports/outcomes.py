"""What became of the leads: dated deals, or a column that says so without a date."""

from __future__ import annotations

from connector.sandbox.imports.columns import chosen, read_column
from connector.sandbox.imports.leads import ReadLeads
from connector.sandbox.imports.mapping import DealSection, ExportMapping, OutcomeSection
from connector.sandbox.imports.problems import Problems, rows_text
from connector.sandbox.imports.table import Row, Table
from connector.sandbox.imports.values import NUMBER, cell, declared, parse_time
from connector.sandbox.population.model import Change, Deal, FieldSpec, Population


def add_deals(
    table: Table, mapping: ExportMapping, read: ReadLeads, population: Population, problems: Problems
) -> list[FieldSpec]:
    """Add a deal for each row that has an outcome; won leads become customers then."""
    section = mapping.deal
    if section is None:
        return []
    table.require([section.lead, section.won, section.lost, section.amount])
    rows = _judged(table, section, read, problems)
    columns = chosen(
        table,
        section.properties,
        section.all_columns and bool(mapping.files.deals),
        {section.lead, section.won, section.lost, section.amount},
    )
    texts, fields = {}, []
    for name, column in columns.items():
        kind, texts[name] = read_column(table, column, rows, read.missing, section.date_format, problems)
        fields.append(declared(name, column.label or column.column, kind, filter(None, texts[name]), "deal"))
    for number, row in enumerate(rows):
        values = tuple((name, column[number]) for name, column in texts.items() if column[number])
        population.deals.append(_deal(row, section, read, values))
    return fields


def _judged(table: Table, section: DealSection, read: ReadLeads, problems: Problems) -> list[Row]:
    """Return the rows with an outcome; add those of unknown leads, with bad dates or amounts to ``problems``."""
    rows = [row for row in table.rows if _texts(row, section, read.missing) != ("", "")]
    unknown = [row.number for row in rows if row.cells[section.lead] not in read.place_by_id]
    if unknown:
        problems.add(
            f"{table.file}, column '{section.lead}', {rows_text(unknown)}: no such lead in the file of leads. "
            "Add the leads or remove the rows."
        )
    for column in filter(None, (section.won, section.lost)):
        bad = [row.number for row in rows if not _dated(cell(row.cells, column, read.missing), section)]
        if bad:
            problems.add(
                f"{table.file}, column '{column}', {rows_text(bad)}: not a date. Write it as YYYY-MM-DD, with or "
                "without a time, or name another format in the mapping's 'date_format'."
            )
    amounts = [(row.number, cell(row.cells, section.amount, read.missing)) for row in rows]
    bad = [number for number, text in amounts if text and not NUMBER.fullmatch(text)]
    if bad:
        problems.add(f"{table.file}, column '{section.amount}', {rows_text(bad)}: not a number. Write it as 1234.56.")
    problems.raise_any()
    return rows


def _dated(text: str, section: DealSection) -> bool:
    return not text or parse_time(text, section.date_format) is not None


def _texts(row: Row, section: DealSection, missing: frozenset[str]) -> tuple[str, str]:
    return cell(row.cells, section.won, missing), cell(row.cells, section.lost, missing)


def _deal(row: Row, section: DealSection, read: ReadLeads, values: tuple[tuple[str, str], ...]) -> Deal:
    place = read.place_by_id[row.cells[section.lead]]
    won, lost = _texts(row, section, read.missing)
    closed = parse_time(won or lost, section.date_format) or 0
    lead = read.leads[place]
    # Some exports hold a sale before the first contact: kept as it is, the deal simply begins closed.
    opened = min(lead.created_ms, closed)
    if won:
        lead.history.append(Change("stage", "customer", closed))
    amount = cell(row.cells, section.amount, read.missing)
    stages = ((opened, "open"), (closed, "won" if won else "lost"))
    return Deal(place, f"Deal {place + 1}", opened, stages, amount, values)


def add_outcomes(section: OutcomeSection, read: ReadLeads) -> None:
    """Make the leads that an undated column calls won customers, without a date of their own."""
    for lead, row in zip(read.leads, read.rows, strict=True):
        if row.cells[section.column].strip() in section.won:
            lead.values["stage"] = "customer"
