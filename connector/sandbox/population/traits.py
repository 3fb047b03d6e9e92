"""Who the generated leads are: companies, people, custom fields, and how well each fits.

The fit is a sum of the weights below, each of a value that the CRM shows. Everything
without a weight says nothing about conversion, and missing values are missing by chance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from connector.sandbox.clock import iso
from connector.sandbox.population.model import Company, FieldSpec

DAY_MS = 86_400_000

INDUSTRIES = {
    "COMPUTER_SOFTWARE": 0.7,
    "MACHINERY": 0.6,
    "LOGISTICS_AND_SUPPLY_CHAIN": 0.3,
    "FINANCIAL_SERVICES": 0.1,
    "HOSPITAL_HEALTH_CARE": -0.1,
    "CONSTRUCTION": -0.3,
    "RETAIL": -0.5,
    "EDUCATION_MANAGEMENT": -1.0,
}
COUNTRIES = {"Germany": 0.1, "United Kingdom": 0.1, "France": 0.0, "Netherlands": 0.0, "Spain": -0.1, "Poland": -0.2}
SENIORITY = {
    "Chief": 0.8,
    "VP": 0.9,
    "Head of": 0.7,
    "Director of": 0.6,
    "Manager,": 0.0,
    "Specialist,": -0.7,
    "Intern,": -1.8,
}
SENIORITY_SHARE = (0.06, 0.08, 0.12, 0.16, 0.30, 0.22, 0.06)
FUNCTIONS = {"Operations": 0.6, "IT": 0.5, "Finance": 0.2, "Marketing": 0.0, "Sales": -0.1, "Human Resources": -0.6}
SOURCES = {
    "REFERRALS": 1.1,
    "ORGANIC_SEARCH": 0.3,
    "DIRECT_TRAFFIC": 0.2,
    "PAID_SEARCH": 0.1,
    "EMAIL_MARKETING": 0.0,
    "OFFLINE": -0.3,
    "SOCIAL_MEDIA": -0.5,
    "PAID_SOCIAL": -0.8,
}
SOURCE_SHARE = (0.07, 0.22, 0.15, 0.18, 0.10, 0.10, 0.10, 0.08)
USE_CASES = {"replace_tool": 0.8, "new_project": 0.4, "compliance": 0.2, "other": -0.1, "research_only": -1.2}
USE_CASE_SHARE = (0.2, 0.25, 0.15, 0.2, 0.2)
INTERESTS = {"pricing": 0.6, "webinars": 0.0, "case_studies": 0.0, "product_news": 0.0, "careers": -0.7}
TOOLS = ("spreadsheets", "in_house", "competitor_a", "competitor_b", "none")
LANGUAGES = ("en", "de", "fr", "nl", "es", "pl")
BUDGET = {"true": 0.8, "false": -0.8}
FREE_MAIL_WEIGHT = -0.9
TEAM_WEIGHT = 0.35
SIZE_WEIGHT = -0.30
BASE_FIT = 0.68
"""Brings the mean fit of the population near 0."""

FREE_MAIL = ("gmail.com", "outlook.com", "yahoo.com", "gmx.net")
FIRST_NAMES = tuple(
    "Alex Bea Chris Dana Elif Finn Gita Hugo Ines Jan Kaya Leo Mira Noor Omar Pia Quinn Ravi Sara Tom".split()
)
LAST_NAMES = tuple(
    "Adler Berg Costa Dubois Evans Fischer Garcia Haas Ivanov Jansen Kowalski Lopez Meyer Novak Olsen Petit Rossi "
    "Smit".split()
)
NAME_HEADS = (
    "North",
    "Blue",
    "Iron",
    "Silver",
    "Green",
    "Alpine",
    "Delta",
    "Prime",
    "Harbour",
    "Stone",
    "Nova",
    "Terra",
)
NAME_TAILS = ("Works", "Systems", "Logistics", "Foods", "Labs", "Partners", "Industries", "Retail", "Health", "Build")

FIELDS = (
    FieldSpec("team_size", "Team size", "number"),
    FieldSpec("use_case", "Use case", "enumeration", tuple(USE_CASES)),
    FieldSpec("budget_confirmed", "Budget confirmed", "bool"),
    FieldSpec("interests", "Interests", "enumeration", tuple(INTERESTS), multi=True),
    FieldSpec("current_tool", "Current tool", "enumeration", TOOLS),
    FieldSpec("preferred_language", "Preferred language", "enumeration", LANGUAGES),
    FieldSpec("badge_number", "Fair badge number", "number"),
    FieldSpec("accepts_post", "Accepts post", "bool"),
    FieldSpec("contract_end_date", "Contract end date", "date"),
    FieldSpec("how_we_met", "How we met", "string"),
    FieldSpec("onboarding_call_booked", "Onboarding call booked", "date"),
)
MEETINGS = (
    "at the spring fair",
    "by a colleague's advice",
    "after the web seminar",
    "through the newsletter",
    "by phone",
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Person:
    """One lead before anything happened: values, fit, and the company's place."""

    email: str
    values: dict[str, str]
    fit: float
    company: int


def draw_companies(count: int, first_ms: int, rng: np.random.Generator) -> list[Company]:
    """Return companies with domains under reserved names."""
    employees = np.exp(rng.normal(4.8, 1.4, count)).astype(int) + 2
    industries = rng.choice(list(INDUSTRIES), size=count)
    countries = rng.choice(list(COUNTRIES), size=count)
    heads, tails = rng.integers(len(NAME_HEADS), size=count), rng.integers(len(NAME_TAILS), size=count)
    companies = []
    for place in range(count):
        name = f"{NAME_HEADS[heads[place]]} {NAME_TAILS[tails[place]]} {place + 1}"
        domain = f"{name.lower().replace(' ', '-')}.example.{('com', 'org', 'net')[place % 3]}"
        size = int(employees[place])
        companies.append(
            Company(name, domain, str(industries[place]), size, size * 110_000, str(countries[place]), first_ms)
        )
    return companies


def draw_people(companies: list[Company], created: list[int], rng: np.random.Generator) -> list[Person]:
    """Return one person for each creation time. Few companies have many leads, most have one or two."""
    count = len(created)
    weights = 1.0 / np.arange(3, len(companies) + 3) ** 0.6
    employers = rng.choice(len(companies), size=count, p=weights / weights.sum())
    return [_person(place, created[place], int(employers[place]), companies, rng) for place in range(count)]


def _pick(
    rng: np.random.Generator, table: dict[str, float], share: tuple[float, ...] | None = None
) -> tuple[str, float]:
    names = list(table)
    name = names[int(rng.choice(len(names), p=share)) if share else int(rng.integers(len(names)))]
    return name, table[name]


def _person(place: int, created_ms: int, employer: int, companies: list[Company], rng: np.random.Generator) -> Person:
    company = companies[employer]
    first, last = FIRST_NAMES[rng.integers(len(FIRST_NAMES))], LAST_NAMES[rng.integers(len(LAST_NAMES))]
    level, level_weight = _pick(rng, SENIORITY, SENIORITY_SHARE)
    area, area_weight = _pick(rng, FUNCTIONS)
    source, source_weight = _pick(rng, SOURCES, SOURCE_SHARE)
    title = f"{level} {area} Officer" if level == "Chief" else f"{level} {area}"
    free = rng.random() < 0.15
    email = (
        f"generated.lead.{place + 1}@{FREE_MAIL[place % 4]}" if free else f"{first}.{last}.{place + 1}@{company.domain}"
    )
    own, own_weight = _own_fields(created_ms, rng)
    values = {
        "first_name": first,
        "last_name": last,
        "job_title": title,
        "company_name": company.name,
        "country": company.country,
        "industry": company.industry,
        "employees": str(company.employees),
        "source": source,
        "stage": "lead",
        "lead_status": "new",
        **own,
    }
    for name in ("job_title", "industry", "country", "employees"):
        # Gaps that mean nothing; the company beside still tells most of it.
        if rng.random() < 0.06:
            del values[name]
    fit = (
        BASE_FIT
        + level_weight
        + area_weight
        + source_weight
        + own_weight
        + FREE_MAIL_WEIGHT * free
        + _firm_fit(company)
    )
    return Person(email.lower(), values, fit, employer)


def _firm_fit(company: Company) -> float:
    """Return what the company adds: its industry, country, and size, best at about 250 people."""
    size = SIZE_WEIGHT * min(math.log(company.employees / 250.0) ** 2, 6.0)
    return INDUSTRIES[company.industry] + COUNTRIES[company.country] + size


def _own_fields(created_ms: int, rng: np.random.Generator) -> tuple[dict[str, str], float]:
    """Return values of the custom fields and their weight in the fit."""
    team = int(np.exp(rng.normal(2.3, 0.9))) + 1
    use_case, weight = _pick(rng, USE_CASES, USE_CASE_SHARE)
    interests = [name for name in INTERESTS if rng.random() < 0.28]
    values = {"team_size": str(team), "use_case": use_case}
    weight += TEAM_WEIGHT * (math.log(team) - 2.3) / 0.9 + sum(INTERESTS[name] for name in interests)
    if interests:
        values["interests"] = ";".join(interests)
    if rng.random() < 0.6:
        values["budget_confirmed"] = "true" if rng.random() < 0.4 else "false"
        weight += BUDGET[values["budget_confirmed"]]
    return {**values, **_idle_fields(created_ms, rng)}, weight


def _idle_fields(created_ms: int, rng: np.random.Generator) -> dict[str, str]:
    """Return values that say nothing about conversion."""
    values = {
        "current_tool": TOOLS[rng.integers(len(TOOLS))],
        "preferred_language": LANGUAGES[rng.integers(len(LANGUAGES))],
        "accepts_post": "true" if rng.random() < 0.3 else "false",
    }
    if rng.random() < 0.25:
        values["badge_number"] = str(int(rng.integers(1_000, 99_999)))
    if rng.random() < 0.4:
        values["contract_end_date"] = iso(created_ms + int(rng.integers(30, 720)) * DAY_MS)[:10]
    if rng.random() < 0.5:
        values["how_we_met"] = f"We met {MEETINGS[rng.integers(len(MEETINGS))]}."
    return values
