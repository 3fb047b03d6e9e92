"""What the lead did: counts by kind and window, breadth, rates, bursts, and machine-made events set apart."""

from __future__ import annotations

import polars as pl

from scoring.features.declared import (
    ANY,
    WINDOWS_DAYS,
    Concept,
    Declared,
    Family,
    Feature,
    Side,
    count_column,
    counted,
    first_column,
    last_column,
    machine_column,
)
from scoring.features.spec import FeatureSpec

ACTIVITY = "Overall activity"
FIRST = "How they first came"
MACHINE = "Automatic mail activity"

KIND_WORDS = {
    "page_view": ("Page visits", "Visited {} page", "Visited {} pages", "visit"),
    "form_submitted": ("Forms", "Submitted {} form", "Submitted {} forms", "form"),
    "email_sent": ("E-mails received", "Received {} e-mail", "Received {} e-mails", "e-mail received"),
    "email_opened": ("Email opens", "Opened {} e-mail", "Opened {} e-mails", "e-mail opened"),
    "email_clicked": ("Email clicks", "Clicked {} link", "Clicked {} links", "link clicked"),
    "email_replied": ("Email replies", "Replied {} time", "Replied {} times", "reply"),
    "email_bounced": ("Bounced e-mails", "{} e-mail bounced", "{} e-mails bounced", "bounced e-mail"),
    "unsubscribed": ("Unsubscribes", "Unsubscribed {} time", "Unsubscribed {} times", "unsubscribe"),
    "meeting": ("Meetings", "Had {} meeting", "Had {} meetings", "meeting"),
    "call": ("Calls", "Called {} time", "Called {} times", "call"),
    "campaign_response": (
        "Campaign responses",
        "Responded to {} campaign",
        "Responded to {} campaigns",
        "campaign response",
    ),
    "download": ("Downloads", "Downloaded {} file", "Downloaded {} files", "download"),
    "order": ("Orders", "Placed {} order", "Placed {} orders", "order"),
}


def words(kind: str) -> tuple[str, str, str, str]:
    """Concept, singular, plural and noun of an event kind; unknown kinds speak for themselves."""
    plain = kind.replace("_", " ").replace("{", "(").replace("}", ")")
    return KIND_WORDS.get(kind, (plain.capitalize(), f"{{}} × {plain}", f"{{}} × {plain}", plain))


def declare(spec: FeatureSpec) -> Declared:
    """Nothing where the source has no events."""
    if not spec.kinds and not spec.machine_kinds:
        return Declared()
    kinds = [feature for kind in spec.kinds for feature in _counts(kind, words(kind)[0])]
    machine = [_machine(kind) for kind in spec.machine_kinds]
    concepts = [_concept(kind) for kind in spec.kinds]
    first = [_first(kind) for kind in spec.kinds]
    features = (*kinds, *_counts(ANY, ACTIVITY), *_breadth(), *_rates(spec), *first, *machine)
    return Declared(features, (*concepts, _activity_concept(), _first_concept(spec), _machine_concept(spec)))


def _counts(kind: str, concept: str) -> list[Feature]:
    noun = words(kind)[0] if kind != ANY else "Actions of any kind"
    return [
        Feature(
            f"events.{kind}.{days}",
            f"{noun} ever" if days == "all" else f"{noun} in the last {days} days",
            Family.BEHAVIOURAL,
            concept,
            (kind,),
            pl.col(count_column(kind, days)),
        )
        for days in (*WINDOWS_DAYS, "all")
    ]


def _breadth() -> list[Feature]:
    table = (
        ("days:30", "Active days in the last 30 days"),
        ("days:90", "Active days in the last 90 days"),
        ("kinds:30", "Different kinds of action in the last 30 days"),
        ("details:30", "Different pages, forms or campaigns in the last 30 days"),
        ("details:all", "Different pages, forms or campaigns ever"),
    )
    return [
        Feature(f"breadth.{column}", label, Family.BEHAVIOURAL, ACTIVITY, (ANY,), pl.col(column))
        for column, label in table
    ]


def _rates(spec: FeatureSpec) -> list[Feature]:
    """How much at a time; null where there is nothing to divide by."""
    month, ever = pl.col(count_column(ANY, 30)), pl.col(count_column(ANY, "all"))
    table = [
        ("rate.day", "Actions on a day with any, in the last 30 days", ACTIVITY, _ratio(month, pl.col("days:30"))),
        ("rate.week", "Actions a week since creation", ACTIVITY, 7 * ever / pl.max_horizontal(pl.col("age_days"), 1.0)),
        ("burst.30", "Most actions on one day of the last 30", ACTIVITY, pl.col("busiest:30")),
    ]
    if {"email_clicked", "email_opened"} <= set(spec.kinds):
        clicks, opens = (pl.col(count_column(kind, 90)) for kind in ("email_clicked", "email_opened"))
        label = "Links clicked for each e-mail opened, in the last 90 days"
        table.append(("rate.clicks", label, words("email_clicked")[0], _ratio(clicks, opens)))
    return [
        Feature(name, label, Family.BEHAVIOURAL, concept, (ANY,), expression)
        for name, label, concept, expression in table
    ]


def _ratio(count: pl.Expr, of: pl.Expr) -> pl.Expr:
    return pl.when(of > 0).then(count / of)


def _first(kind: str) -> Feature:
    label = f"First action: {words(kind)[0].lower()}"
    return Feature(
        f"first.{kind}", label, Family.BEHAVIOURAL, FIRST, (kind,), pl.col(first_column()).eq_missing(kind), flag=True
    )


def _first_concept(spec: FeatureSpec) -> Concept:
    said = {kind: f"First action: {words(kind)[0].lower()}" for kind in spec.kinds}
    known = pl.col(first_column()).replace_strict(said, default=None, return_dtype=pl.String)
    return Concept(FIRST, known.fill_null("No action of the usual kinds yet"), Side.ENGAGEMENT)


def _machine(kind: str) -> Feature:
    label = f"{words(kind)[0]} by machines in the last 90 days"
    return Feature(f"machine.{kind}", label, Family.BEHAVIOURAL, MACHINE, (kind,), pl.col(machine_column(kind)))


def _concept(kind: str) -> Concept:
    name, one, many, noun = words(kind)
    return Concept(name, _state(kind, one, many, noun), Side.ENGAGEMENT)


def _activity_concept() -> Concept:
    return Concept(ACTIVITY, _state(ANY, "{} action", "{} actions", "activity"), Side.ENGAGEMENT)


def _state(kind: str, one: str, many: str, noun: str) -> pl.Expr:
    month, quarter = pl.col(count_column(kind, 30)), pl.col(count_column(kind, 90))
    last = pl.col(last_column(kind)).floor().cast(pl.Int64)
    return (
        pl.when(month > 0)
        .then(counted(month, f"{one} in the last 30 days", f"{many} in the last 30 days"))
        .when(quarter > 0)
        .then(counted(quarter, f"{one} in the last 90 days", f"{many} in the last 90 days"))
        .when(last.is_not_null())
        .then(pl.format(f"No {noun} for {{}} days", last))
        .otherwise(pl.lit(f"No {noun} yet"))
    )


def _machine_concept(spec: FeatureSpec) -> Concept:
    total = pl.sum_horizontal([pl.lit(0), *(pl.col(machine_column(kind)) for kind in spec.machine_kinds)])
    said = counted(total, "{} automatic event in 90 days", "{} automatic events in 90 days")
    return Concept(MACHINE, said, Side.ENGAGEMENT)
