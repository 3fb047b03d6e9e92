"""Experiments: what the arms of a randomised trial differ by, how long it has to run, and what may be said before.

Companies (or leads without one) are randomised, not rows: people of one company share their fate, and are compared
as one unit.
"""

from scoring.experiments.comparison import UNITS, Comparison, compared
from scoring.experiments.looks import Look, looked
from scoring.experiments.planning import Plan, planned, planned_amount

__all__ = ["UNITS", "Comparison", "Look", "Plan", "compared", "looked", "planned", "planned_amount"]
