"""The part of a population that one CRM knows: the CRMs of a tenant hold some of the same people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from connector.sandbox.population import Population
from connector.sandbox.population.model import Activity, Deal, FormFill, Mail, PageVisit

Happening = TypeVar("Happening", Activity, Deal, FormFill, Mail, PageVisit)


def knows(address: str, share: float) -> bool:
    """Tell whether a CRM with this share (0 to 1) of a population has the person with this address.

    A smaller share is part of a larger one.
    """
    digest = hashlib.sha256(address.strip().lower().encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def known_part(population: Population, share: float) -> Population:
    """Return the known people with what happened to them, in new places; companies stay all."""
    if share >= 1:
        return population
    known = [place for place, lead in enumerate(population.leads) if knows(lead.email, share)]
    places = {old: new for new, old in enumerate(known)}
    return replace(
        population,
        leads=[population.leads[place] for place in known],
        deals=_moved(population.deals, places),
        activities=_moved(population.activities, places),
        mails=_moved(population.mails, places),
        form_fills=_moved(population.form_fills, places),
        page_visits=_moved(population.page_visits, places),
        truth={places[old]: chance for old, chance in population.truth.items() if old in places},
    )


def _moved(happenings: Iterable[Happening], places: Mapping[int, int]) -> list[Happening]:
    return [replace(each, lead=places[each.lead]) for each in happenings if each.lead in places]
