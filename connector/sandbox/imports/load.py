"""A whole export as a population. Everything is checked before anything is kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.sandbox.clock import to_ms
from connector.sandbox.imports.columns import custom_columns
from connector.sandbox.imports.leads import ReadLeads, read_leads
from connector.sandbox.imports.mapping import ExportMapping, find_mapping, read_mapping
from connector.sandbox.imports.outcomes import add_deals, add_outcomes
from connector.sandbox.imports.problems import Problems
from connector.sandbox.imports.streams import add_events, add_history
from connector.sandbox.imports.table import Table, read_table
from connector.sandbox.population.model import FieldSpec, Population

DAY = timedelta(days=1)


def load_export(folder: Path, mapping_path: Path | None, now: datetime) -> Population:
    """Read an export's folder; ``now`` dates leads of which only the order is known.

    Raises :class:`~connector.sandbox.imports.problems.ExportError` listing every problem found.
    """
    mapping = read_mapping(find_mapping(folder, mapping_path))
    leads_table = read_table(folder / mapping.files.leads, mapping.files)
    problems = Problems()
    read = read_leads(leads_table, mapping.lead, to_ms(now), problems)
    population = Population(as_of=now, leads=read.leads)
    fields = list(custom_columns(leads_table, mapping.lead, read, _outcome_columns(mapping), problems))
    with problems.gathering():
        fields += _add_outcome(folder, mapping, leads_table, read, population)
    with problems.gathering():
        _add_streams(folder, mapping, read, population)
    problems.raise_any()
    population.fields = tuple(fields)
    population.as_of = _as_of(mapping, population, now)
    population.tenant = asdict(mapping.tenant)
    return population


def _add_outcome(
    folder: Path, mapping: ExportMapping, leads_table: Table, read: ReadLeads, population: Population
) -> list[FieldSpec]:
    raise_later = Problems()
    found: list[FieldSpec] = []
    if mapping.deal is not None:
        deals = mapping.files.deals
        table = read_table(folder / deals, mapping.files) if deals else leads_table
        found = add_deals(table, mapping, read, population, raise_later)
    if mapping.outcome is not None:
        leads_table.require([mapping.outcome.column])
        add_outcomes(mapping.outcome, read)
    raise_later.raise_any()
    return found


def _outcome_columns(mapping: ExportMapping) -> set[str]:
    """Return the columns of the file of leads that tell of deals."""
    deal = mapping.deal
    if deal is None or mapping.files.deals:
        return set()
    return {deal.won, deal.lost, deal.amount, *(each.column for each in deal.properties.values())}


def _add_streams(folder: Path, mapping: ExportMapping, read: ReadLeads, population: Population) -> None:
    problems = Problems()
    events, history = folder / mapping.files.events, folder / mapping.files.history
    if events.is_file():
        add_events(read_table(events, mapping.files), mapping.events, read, population, problems)
    if history.is_file():
        add_history(read_table(history, mapping.files), mapping.history, read, problems)
    problems.raise_any()


def _as_of(mapping: ExportMapping, population: Population, now: datetime) -> datetime:
    """Return the instant that the export describes: as told, else a day after its last dated row."""
    if mapping.tenant.as_of:
        moment = datetime.fromisoformat(mapping.tenant.as_of)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not mapping.lead.created:
        return now
    times = [lead.created_ms for lead in population.leads]
    times += [change.at_ms for lead in population.leads for change in lead.history]
    times += [at for deal in population.deals for at, _ in deal.stages]
    times += [mail.at_ms for mail in population.mails]
    times += [fill.at_ms for fill in population.form_fills]
    times += [activity.at_ms for activity in population.activities]
    return datetime.fromtimestamp(max(times) / 1000, UTC) + DAY
