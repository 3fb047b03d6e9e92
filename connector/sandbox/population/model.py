"""A population of leads with everything that happened to them, in no vendor's words.

Times are epoch milliseconds. Leads are in order of creation and named by their place.
Standard names of values: ``first_name``, ``last_name``, ``job_title``, ``company_name``, ``country``,
``industry``, ``employees``, ``source``, ``stage``, ``lead_status``, ``opted_out``, ``bounced``; all others
are custom fields and declared in ``fields``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A custom field. ``type``: string, number, date, datetime, bool or enumeration. ``multi``: several options."""

    name: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    multi: bool = False
    of: str = "lead"


@dataclass(frozen=True, slots=True)
class Change:
    """A value that a field took after creation (empty: cleared)."""

    name: str
    value: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Company:
    """The organisation that leads work for."""

    name: str
    domain: str
    industry: str
    employees: int
    revenue: int
    country: str
    created_ms: int


@dataclass(slots=True)
class Lead:
    """One person. ``values`` are those at creation; ``history`` what changed later, in order of time."""

    email: str
    created_ms: int
    values: dict[str, str]
    history: list[Change] = field(default_factory=list)
    company: int | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A sale in the making. ``stages``: (time, open | won | lost), in order of time."""

    lead: int
    name: str
    created_ms: int
    stages: tuple[tuple[int, str], ...]
    amount: str = ""
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """Something between a seller and a lead: call, meeting, email_out, email_in, note or task."""

    lead: int
    kind: str
    at_ms: int
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """A marketing e-mail event: sent, delivered, bounced, open, click or unsubscribed.

    ``machine``: made by a proxy or scanner; ``known_machine``: and the vendor noticed.
    """

    lead: int
    kind: str
    at_ms: int
    campaign: int
    machine: bool = False
    known_machine: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class FormFill:
    """A form that a lead sent."""

    lead: int
    form: str
    at_ms: int
    page: str


@dataclass(frozen=True, slots=True)
class PageVisit:
    """A page that a known lead looked at."""

    lead: int
    at_ms: int
    url: str


@dataclass(slots=True)
class Population:
    """Everything. ``as_of``: the instant that it describes. ``truth``: lead → chance to convert within 90 days.

    ``tenant`` is what an export's mapping tells the connector about the tenant.
    """

    as_of: datetime
    leads: list[Lead] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    form_fills: list[FormFill] = field(default_factory=list)
    page_visits: list[PageVisit] = field(default_factory=list)
    fields: tuple[FieldSpec, ...] = ()
    truth: dict[int, float] = field(default_factory=dict)
    tenant: dict[str, object] = field(default_factory=dict)
