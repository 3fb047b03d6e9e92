"""How long an experiment has to run, before it is begun."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import norm

POWER, ERROR = 0.8, 0.05
SEQUENTIAL = 1.25
"""So many times the leads of one fixed look, for looking each week: (boundary + power)² over the same of one look,
at the boundaries of some ten to thirty looks."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``leads`` of both arms together and ``weeks`` of arrivals; ``design``: how many times as many as if leads of one
    company had nothing in common. ``days`` until the last outcome is known."""

    leads: int
    weeks: int
    days: int
    design: float


def planned_amount(
    *,
    mean: float,
    deviation: float,
    lift: float,
    held_out: float,
    leads_a_week: float,
    company_leads: float = 1.0,
    alikeness: float = 0.05,
) -> Plan:
    """The same for what leads bring that is more than yes or no: its usual ``mean`` a lead and standard ``deviation``.

    ``days`` are those of arrivals alone. Both arms are taken to vary alike.

    Raises:
        ValueError: a number outside of what can be planned for; the sentence says which.

    """
    if mean <= 0 or deviation <= 0 or lift <= 0 or not 0 < held_out < 1 or leads_a_week <= 0:
        raise ValueError("What leads usually bring, how it varies, the lift and the leads a week are above zero.")
    reach = float(norm.isf(ERROR / 2) + norm.ppf(POWER))
    noise = deviation**2 * (1 / held_out + 1 / (1 - held_out))
    design = 1 + (max(company_leads, 1.0) - 1) * alikeness
    leads = math.ceil(reach**2 * noise / (mean * lift) ** 2 * design * SEQUENTIAL)
    weeks = math.ceil(leads / leads_a_week)
    return Plan(leads, weeks, weeks * 7, design)


def planned(
    *,
    rate: float,
    lift: float,
    held_out: float,
    leads_a_week: float,
    horizon_days: int,
    company_leads: float = 1.0,
    alikeness: float = 0.05,
    sequential: bool = True,
) -> Plan:
    """Plan for finding a relative ``lift`` (.1: a tenth more) of ``rate`` with a power of .8 at an error of .05.

    ``held_out``: the control's share of the leads (0 to 1). ``company_leads``: leads a company of the experiment, on
    average; ``alikeness``: the intraclass correlation of their outcomes (design effect 1 + (m − 1) ρ, Kish 1965).

    Raises:
        ValueError: a number outside of what can be planned for; the sentence says which.

    """
    if not 0 < rate < 1 or not 0 < held_out < 1:
        raise ValueError("The usual rate and the share held out lie between 0 and 1.")
    if lift <= 0 or rate * (1 + lift) >= 1:
        raise ValueError("The lift to be found is above zero, and leads to a rate below 1.")
    if leads_a_week <= 0:
        raise ValueError("Without new leads an experiment never ends.")
    more = rate * (1 + lift)
    reach = float(norm.isf(ERROR / 2) + norm.ppf(POWER))
    noise = rate * (1 - rate) / held_out + more * (1 - more) / (1 - held_out)
    design = 1 + (max(company_leads, 1.0) - 1) * alikeness
    leads = math.ceil(reach**2 * noise / (more - rate) ** 2 * design * (SEQUENTIAL if sequential else 1.0))
    weeks = math.ceil(leads / leads_a_week)
    return Plan(leads, weeks, weeks * 7 + horizon_days, design)
