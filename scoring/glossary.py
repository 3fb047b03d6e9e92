"""The words of model pages and cards: what each figure is called and how to read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A figure's name, how to read it, and its unit: "" (plain number), "%" (a share) or "×"."""

    label: str
    meaning: str
    unit: str = ""


METRICS = {
    "auc": Term(
        "Ranking quality (AUC)",
        "The chance that a lead who converted stood above one who did not. 0.5 is a coin toss, 1 is perfect.",
    ),
    "auc_within_dates": Term(
        "Ranking within one date",
        "The same, comparing only leads of the same two weeks: what remains when the calendar can't help.",
    ),
    "auc_at_intake": Term(
        "Ranking of new leads",
        "The same for leads at most two weeks old, when little has happened with them yet.",
    ),
    "precision_at_k": Term(
        "Hit rate of the top {k}",
        "Of the {k} leads with the highest scores, the share that converted within the horizon.",
        "%",
    ),
    "lift_at_5": Term("Lift in the top 5 %", "How many times more conversions than in as many leads at random.", "×"),
    "lift_at_10": Term("Lift in the top 10 %", "The same for the best tenth.", "×"),
    "lift_at_20": Term("Lift in the top 20 %", "The same for the best fifth.", "×"),
    "lift_at_30": Term("Lift in the top 30 %", "The same for the best three tenths.", "×"),
    "pr_auc": Term(
        "Average precision (PR-AUC)",
        "The hit rate averaged down the list to the last conversion. Compare it with the conversion rate.",
    ),
    "calibration_error": Term(
        "Calibration error",
        "How far the stated chance is from what happened, on average. 0 means that of leads at 10 % one in ten "
        "converted. On few leads a perfectly calibrated model shows some, too: the verdict asks for what exceeds that.",
    ),
    "brier": Term(
        "Brier score",
        "The mean squared error of the stated chance. 0 is perfect; lower is better.",
    ),
}

_RANKINGS = {
    "model": ("This model", "Leads by their score."),
    "random": ("Random", "Leads in any order."),
    "age": ("Newest first", "Leads by the date of their creation alone."),
    "recency": ("Last active first", "Leads by the time since they last did something."),
    "crm_score": ("The CRM's own score", "Leads by the score that the CRM has already."),
    "previous": ("Previous model", "Leads by the model that was replaced."),
}

FAMILIES = {
    "demographic": "Who they are",
    "behavioural": "What they did",
    "temporal": "When it happened",
    "derived": "What it adds up to",
    "interaction": "Fit and interest together",
    "seller": "What your team did",
}

KINDS = {
    "scorecard": "Transparent scorecard",
    "logistic": "Penalised logistic regression",
    "pooled": "Logistic regression that starts from other tenants' models",
    "lightgbm": "Gradient-boosted trees (LightGBM)",
    "pairs": "Penalised logistic regression with pairs of facts",
    "blend": "Weighted sum of logistic regression and LightGBM",
    "segmented": "The best common model, with models of their own for some segments",
    "sequence": "Recurrent network over the steps, beside the best other model",
}


def ranking(name: str) -> tuple[str, str]:
    """Return label and meaning of a way to rank leads."""
    return _RANKINGS.get(name, (name.replace("_", " ").capitalize(), ""))
