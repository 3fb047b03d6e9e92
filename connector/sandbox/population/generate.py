"""A generated tenant: drawn from a seed, the same for the same seed and ``now``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from connector.sandbox.clock import to_ms
from connector.sandbox.population.dynamics import Course, Setting, open_deal_chance, simulate
from connector.sandbox.population.happenings import PROXY_SHARE, SCANNER_SHARE, Calendar, Mailing, Narrator
from connector.sandbox.population.model import Lead, Population
from connector.sandbox.population.traits import DAY_MS, FIELDS, Person, draw_companies, draw_people

BOUNCE_SHARE = 0.025
OPT_OUT_A_DAY = 0.0004


@dataclass(frozen=True, slots=True)
class PopulationParameters:
    """How many leads, from what seed, over how many days up to ``now``."""

    contacts: int
    now: datetime
    seed: int = 7
    days: int = 540


def generate(parameters: PopulationParameters) -> Population:
    """Return a population in which about one lead in ten converts within 90 days of its creation."""
    rng = np.random.default_rng(parameters.seed)
    now_ms = to_ms(parameters.now)
    first_ms = now_ms - parameters.days * DAY_MS
    created = _creation_times(parameters, first_ms, rng)
    companies = draw_companies(max(1, int(parameters.contacts * 0.35)), first_ms - DAY_MS, rng)
    people = draw_people(companies, created, rng)
    leads = [
        Lead(person.email, at, person.values, company=person.company)
        for person, at in zip(people, created, strict=True)
    ]
    mailings = _mailings(created, rng)
    setting = _setting(people, created, mailings, first_ms)
    course = simulate(setting, parameters.days, parameters.days, rng)
    narrator = Narrator(Calendar(first_ms, rng), now_ms)
    for place, (lead, days) in enumerate(zip(leads, _by_lead(course, len(leads)), strict=True)):
        narrator.tell(place, lead, mailings[place], days, course)
    told = narrator.told
    return Population(
        as_of=parameters.now,
        leads=leads,
        companies=companies,
        deals=told.deals,
        activities=sorted(told.activities, key=lambda each: each.at_ms),
        mails=told.mails,
        form_fills=told.form_fills,
        page_visits=told.page_visits,
        fields=FIELDS,
        truth=_truth(course, mailings, parameters),
    )


def _creation_times(parameters: PopulationParameters, first_ms: int, rng: np.random.Generator) -> list[int]:
    """Return creation times in order; the flow of new leads grows by a third over the time."""
    share = rng.random(parameters.contacts)
    grown = (np.sqrt(1 + share * ((4 / 3) ** 2 - 1)) - 1) * 3
    times: NDArray[np.int64] = first_ms + (np.sort(grown) * (parameters.days * DAY_MS - 3_600_000)).astype(np.int64)
    return [int(each) for each in times]


def _mailings(created: list[int], rng: np.random.Generator) -> list[Mailing]:
    mailings = []
    for at in created:
        bounces = rng.random() < BOUNCE_SHARE
        opted_out = at + 10 * 60_000 + int(rng.exponential(1 / OPT_OUT_A_DAY) * DAY_MS)
        until = at + 10 * 60_000 if bounces else opted_out
        proxy, scanner = rng.random() < PROXY_SHARE, rng.random() < SCANNER_SHARE
        mailings.append(Mailing(until, bounces, opted_out, proxy, scanner))
    return mailings


def _setting(people: list[Person], created: list[int], mailings: list[Mailing], first_ms: int) -> Setting:
    """Return the process's start. Mail acts end a day before mail does, so that none precedes its cause."""
    until = [0 if each.bounces else (each.until_ms - first_ms) // DAY_MS for each in mailings]
    return Setting(
        fit=np.array([person.fit for person in people]),
        start_day=np.array([(at - first_ms) // DAY_MS for at in created]),
        mail_until=np.array(until),
        first_weekday=(first_ms // DAY_MS + 3) % 7,
    )


def _by_lead(course: Course, count: int) -> list[dict[str, list[int]]]:
    days: list[dict[str, list[int]]] = [{kind: [] for kind in course.engagement} for _ in range(count)]
    for kind, (who, when) in course.engagement.items():
        for place, day in zip(who.tolist(), when.tolist(), strict=True):
            days[place][kind].append(day)
    return days


def _truth(course: Course, mailings: list[Mailing], parameters: PopulationParameters) -> dict[int, float]:
    """Return the chance of each lead that is open and contactable at the end."""
    now_ms = to_ms(parameters.now)
    elapsed = np.maximum(parameters.days - course.deal_day, 0)
    with_deal = open_deal_chance(elapsed)
    truth = {}
    for place, mailing in enumerate(mailings):
        opted_out = mailing.opted_out_ms is not None and mailing.opted_out_ms <= now_ms
        if course.disqualified_day[place] >= 0 or mailing.bounces or opted_out:
            continue
        if course.deal_day[place] < 0:
            truth[place] = float(course.chance[place])
        elif course.close_day[place] >= parameters.days:
            truth[place] = float(with_deal[place])
    return truth
