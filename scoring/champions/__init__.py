"""Whether a new model may take the place of the one that scores: comparison, churn, and the rule."""

from scoring.champions.comparison import Comparison, compared
from scoring.champions.contest import Champion, Contest, contest
from scoring.champions.rule import CHURN_CAP, Decision, Outcome, Standing, decide

__all__ = [
    "CHURN_CAP",
    "Champion",
    "Comparison",
    "Contest",
    "Decision",
    "Outcome",
    "Standing",
    "compared",
    "contest",
    "decide",
]
