"""``mapping.toml``: which file and column means what, and how the tenant wants to be scored.

Sections: ``[files]``, ``[lead]`` with ``[lead.properties.<name>]``, ``[deal]`` or ``[outcome]``, ``[events]``,
``[history]``, and ``[tenant]``, which is for the connector and not for the sandbox.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from connector.sandbox.imports.problems import ExportError

SHIPPED = Path(__file__).parent.parent / "mappings"
TYPES = ("auto", "string", "number", "date", "datetime", "bool", "enumeration")
TIMINGS = ("dated", "created", "ordered")


@dataclass(frozen=True, slots=True)
class FilesSection:
    """File names within the folder, and how they are written."""

    leads: str = "leads.csv"
    events: str = "events.csv"
    history: str = "history.csv"
    deals: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class PropertyColumn:
    """One column that becomes a custom property. ``type`` auto: told from the values."""

    column: str
    type: str = "auto"
    label: str = ""


@dataclass(frozen=True, slots=True)
class LeadSection:
    """Columns of the file of leads.

    Either ``created`` (a time) or ``order`` (a number that grows with creation) is needed.
    ``missing``: texts that mean "no value". ``all_columns``: import those not named too.
    ``date_format``: a strptime format where dates are not ISO 8601.
    """

    id: str
    email: str = ""
    created: str = ""
    order: str = ""
    first_name: str = ""
    last_name: str = ""
    job_title: str = ""
    company: str = ""
    date_format: str = ""
    missing: tuple[str, ...] = ()
    all_columns: bool = False
    properties: Mapping[str, PropertyColumn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DealSection:
    """Columns of dated outcomes, in ``files.deals`` or, where that is empty, in the file of leads.

    ``all_columns``: those of a file of its own that are not named become properties of the deal.
    """

    lead: str
    won: str
    lost: str = ""
    amount: str = ""
    date_format: str = ""
    all_columns: bool = False
    properties: Mapping[str, PropertyColumn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutcomeSection:
    """An outcome without a date: a column of the leads, and the values that mean success."""

    column: str
    won: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventsSection:
    """Columns of ``files.events``. Kinds: form, mail_sent, mail_open, mail_click, call, meeting, email_in …"""

    lead: str = "lead_id"
    at: str = "at"
    kind: str = "kind"
    detail: str = "detail"
    date_format: str = ""


@dataclass(frozen=True, slots=True)
class HistorySection:
    """Columns of ``files.history``: a property took a value at a time."""

    lead: str = "lead_id"
    property: str = "property"
    value: str = "value"
    at: str = "at"
    date_format: str = ""


@dataclass(frozen=True, slots=True)
class TenantSection:
    """What the connector is told about the tenant; the sandbox makes no use of it.

    ``goal``: ``deal_won``, ``stage:<value>`` or ``property:<name>=<value>``. ``timing``: how much the file knows
    about time. ``order_field``: the property that gives the order where timing is ordered.
    ``as_of``: ISO time of the run (empty: the last dated row + 1 day). ``knowledge``: field → intake, dated, undated.
    ``attributes``: fields over whose values the model's figures are compared.
    """

    goal: str = "deal_won"
    timing: str = "dated"
    horizon_days: int = 90
    maturity_days: int = 90
    order_field: str = ""
    as_of: str = ""
    capacity: int = 100
    attributes: tuple[str, ...] = ()
    knowledge: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExportMapping:
    """The whole mapping."""

    lead: LeadSection
    files: FilesSection = FilesSection()
    deal: DealSection | None = None
    outcome: OutcomeSection | None = None
    events: EventsSection = EventsSection()
    history: HistorySection = HistorySection()
    tenant: TenantSection = TenantSection()


Section = TypeVar("Section")


def find_mapping(folder: Path, explicit: Path | None = None) -> Path:
    """Return the mapping of an export: the one named, the folder's own, or one that ships under its name."""
    candidates = [explicit] if explicit else [folder / "mapping.toml", SHIPPED / f"{folder.resolve().name}.toml"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    looked = " nor ".join(str(candidate) for candidate in candidates)
    raise ExportError([f"There is no mapping: neither {looked} exists. Write a mapping.toml that names the columns."])


def read_mapping(path: Path) -> ExportMapping:
    """Read and check a mapping; raise :class:`ExportError` naming section and key."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExportError([f"{path.name} is not readable as TOML: {error}."]) from error
    kinds: dict[str, type[Any]] = {
        "files": FilesSection,
        "lead": LeadSection,
        "deal": DealSection,
        "outcome": OutcomeSection,
        "events": EventsSection,
        "history": HistorySection,
        "tenant": TenantSection,
    }
    unknown = sorted(set(raw) - set(kinds))
    if unknown or "lead" not in raw:
        wrong = f"unknown sections {unknown}" if unknown else "no [lead] section"
        raise ExportError([f"{path.name} has {wrong}; it may hold {', '.join(kinds)}."])
    sections = {name: _section(path.name, name, kinds[name], table) for name, table in raw.items()}
    mapping = ExportMapping(**sections)
    _check(path.name, mapping)
    return mapping


def _section(file: str, name: str, kind: type[Section], table: Mapping[str, Any]) -> Section:
    known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]  # always a dataclass here
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ExportError([f"{file}, section [{name}]: unknown keys {unknown}; known are {', '.join(known)}."])
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    if "properties" in table:
        values["properties"] = {
            key: _section(file, f"{name}.properties.{key}", PropertyColumn, each)
            for key, each in table["properties"].items()
        }
    try:
        return kind(**values)
    except TypeError as error:
        raise ExportError([f"{file}, section [{name}]: a needed key is missing ({error})."]) from error


def _check(file: str, mapping: ExportMapping) -> None:
    problems = []
    if not mapping.lead.created and not mapping.lead.order:
        problems.append(f"{file}, section [lead]: name the column of creation in 'created', or of order in 'order'.")
    if mapping.tenant.timing not in TIMINGS:
        problems.append(f"{file}, section [tenant]: timing is one of {', '.join(TIMINGS)}.")
    groups = [mapping.lead.properties, mapping.deal.properties if mapping.deal else {}]
    for name, column in ((name, column) for group in groups for name, column in group.items()):
        if column.type not in TYPES:
            problems.append(f"{file}, property {name}: type is one of {', '.join(TYPES)}.")
    if problems:
        raise ExportError(problems)
