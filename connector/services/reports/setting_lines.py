"""What is set, each in a line: what it does, how it stands, what a change sets off, and where it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.records import Scale
from connector.services.champions.setting import CADENCES
from connector.services.keeping import Keeping
from connector.services.objectives.contract import BANDS, COMPLEXITIES
from connector.store.tenants import TenantSettings

_DELIVERY = {"approve": "after somebody approved the first scores of an account", "on": "at once", "dry-run": "never"}


@dataclass(frozen=True, slots=True)
class Change:
    """Who set something last, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One setting: what it does, how it stands, what a change of it sets off, and on which page it is changed.

    ``part``: where on that page.
    """

    label: str
    value: str
    does: str
    sets_off: str
    changed: Change | None = None
    page: str | None = None
    part: str | None = None


def _newest(changes: Mapping[str, Change], *names: str) -> Change | None:
    return max((changes[name] for name in names if name in changes), key=lambda change: change.at, default=None)


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def scored(held: TenantSettings, changes: Mapping[str, Change]) -> Sequence[Line]:
    """Whom a score is about."""
    band = {
        "share": f"the best {_percent(held.high_intent_share)} of the open leads",
        "capacity": f"the best {held.capacity:,} open leads",
        "probability": f"every lead with a chance of at least {_percent(held.high_intent_probability)}",
    }[held.high_intent]
    return (
        Line(
            "Horizon",
            f"{held.horizon_days} days" if held.timing == "dated" else "none: the data came without dates",
            "So many days after a look at a lead a conversion counts as its success.",
            "Another horizon is another question: scores of before and after can't be compared.",
        ),
        Line(
            "High-Intent",
            band,
            "Which leads are called High-Intent. It may be set by " + ", ".join(BANDS) + ".",
            "A new model is trained soon; the band follows once that one is published, never before.",
            _newest(changes, "high_intent", "high_intent_share", "high_intent_probability", "capacity"),
            "settings.index",
            "model",
        ),
        Line(
            "Left out leads",
            "their values are cleared" if held.excluded == "clear" else "their values stay",
            "What becomes of our values in the CRM when a lead is left out of scoring.",
            "It counts for whoever is left out from then on.",
            changes.get("excluded"),
            "feedback.index",
        ),
    )


def models(held: TenantSettings, changes: Mapping[str, Change]) -> Sequence[Line]:
    """What makes the scores."""
    often = CADENCES.get(held.retrain_days, f"Every {held.retrain_days} days")
    first = f", first on {_percent(held.canary_share)} of the companies for {held.canary_days} days"
    return (
        Line(
            "Retraining",
            often.lower() + (first if held.canary_days else ""),
            "How often a new model is trained. One that is worse is never published by itself.",
            "The training that is due next stays where it is; those after it follow.",
            _newest(changes, "retrain_days", "retrain_growth", "churn_cap", "canary_days", "canary_share"),
            "versions.show",
        ),
        Line(
            "Sooner when arrivals change",
            "yes" if held.retrain_on_drift else "no",
            "Whether an alarm of the drift watch brings the next training forward.",
            "It holds from the next alarm on.",
            changes.get("retrain_on_drift"),
            "drift.show",
        ),
        Line(
            "Complexity",
            COMPLEXITIES[held.complexity].lower(),
            "How complex a model may be.",
            "A new model is trained soon, within the new bound.",
            changes.get("complexity"),
            "settings.index",
            "model",
        ),
        Line(
            "Facts",
            f"at most {held.most_facts} about a lead" if held.most_facts else "all that help",
            "How many facts about a lead a model may look at.",
            "A new model is trained soon; its card says what was not considered.",
            changes.get("most_facts"),
            "settings.index",
            "model",
        ),
    )


def written(held: TenantSettings, changes: Mapping[str, Change], accounts: int) -> Sequence[Line]:
    """What the CRMs are told; ``accounts`` is how many there are."""
    cap, first = held.nightly_cap, held.first_records
    return (
        Line(
            "Writing",
            _DELIVERY[held.delivery],
            "When scores are written into the CRM.",
            f"What is allowed by then is written into your {accounts} account{'' if accounts == 1 else 's'} at once.",
            changes.get("delivery"),
            "publication.show",
        ),
        Line(
            "First records",
            f"{first:,} of each account" if first else "all",
            "So many records of an account are written before somebody releases the rest.",
            "It holds for accounts that are approved from then on.",
            changes.get("first_records"),
            "publication.show",
        ),
        Line(
            "Writes a night",
            f"at most {cap:,} of each account" if cap else "no limit",
            "How much is written to an account from noon to noon.",
            "What exceeds it waits for the next night; scores that are due at once go first.",
            changes.get("nightly_cap"),
            "publication.show",
        ),
        Line(
            "Overwritten scores",
            "ours is written again" if held.overwritten == "restore" else "theirs stays",
            "What becomes of a score that somebody overwrote in the CRM.",
            "Records that were left alone before stay so until somebody resets them.",
            changes.get("overwritten"),
            "publication.show",
        ),
        Line(
            "Mapping",
            "fields of our own in each account",
            "Which field of a CRM gets which value: the page Publication lists them.",
            "Their names are fixed: lists, flows and the cards inside the CRMs look for them.",
            None,
            "publication.show",
        ),
        Line(
            "Scale",
            "0–100" if held.scale == Scale.HUNDRED else "0–1: a score of 72 is written as 0.72",
            "What the number in the score's field goes up to. These pages, cards in CRMs and the API say 0–100.",
            "What was written is written again; what compares the number must be changed.",
            changes.get("scale"),
            "settings.index",
            "scale",
        ),
    )


def data(keeping: Keeping, region: str) -> Sequence[Line]:
    """Where data are, and for how long."""
    times = (
        ("Events", keeping.events, "What happened with leads, which models learn from."),
        ("Former values", keeping.values, "What fields held before, which models learn from."),
        ("Vectors behind scores", keeping.inputs, "What a recorded score can be computed again from."),
        ("Archived records", keeping.archived, "Records that left their CRM."),
        ("People who left", keeping.ended, "What the ledger says of people whom no CRM has any more."),
        ("Visits of strangers", keeping.visits, "What your sites told of people whom no CRM knows."),
        ("Disconnected accounts", keeping.after_leaving, "All that an account told, after it was disconnected."),
    )
    operator = "None of these can be changed here: the operator of this installation sets them for everybody."
    lines = [Line(label, f"{_days(span)} days", does, "") for label, span, does in times]
    where = Line("Region", region, "Which database and which machines hold your data.", operator)
    return (where, *lines)


def _days(span: timedelta) -> str:
    return f"{span.days:,}"
