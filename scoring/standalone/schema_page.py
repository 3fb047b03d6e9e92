"""``schema``: what the files hold, column by column."""

from __future__ import annotations

import click

_FILES = {
    "leads (first argument)": (
        ("lead_id", "text or whole number", "names the lead; no two rows share one"),
        ("created_at", "time", "optional; without it only the order of the rows is known"),
        ("company_key", "text", "optional; leads of one company share it (such as the domain of the address)"),
        ("email_kind", "business, free, disposable, role", "optional"),
        (
            "any other",
            "number, text, date, true/false",
            "a field; its type is told from its values unless --fields says",
        ),
    ),
    "events (second argument, optional)": (
        ("lead_id", "as in leads", ""),
        ("at", "time", "when it happened"),
        ("kind", "text", "page_view, form_submitted, email_opened, email_clicked, meeting … or a word of your own"),
        ("actor", "lead, seller, machine", "optional; lead unless said"),
        ("detail", "text", "optional; page, form or campaign"),
    ),
    "--values (optional)": (
        ("lead_id", "as in leads", ""),
        ("field", "text", "the field's name"),
        ("value", "text", "what it became; empty: it was cleared"),
        ("known_at", "time", "since when"),
    ),
    "--conversions (or --label and --label-date)": (
        ("lead_id", "as in leads", ""),
        ("at", "time", "optional; without it no horizon is claimed"),
        ("amount", "number", "optional; what the conversion brought: leads then get an expected value"),
        ("currency", "text", "optional; of several the most frequent one counts"),
    ),
    "--fields (optional; .toml or .json): a table for each field": (
        ("label", "text", "what people call it"),
        ("type", "number, date, boolean, category, multi, text", "multi: several values, parted by semicolons"),
        ("knowledge", "dated, intake, undated", "intake: fixed at creation"),
        ("system", "true/false", "it means the outcome or the stage of the sale: never used"),
        ("blocked", "true/false", "no model may see it"),
        ("options", "table", "value → what people read"),
    ),
    "scores (what score writes)": (
        ("lead_id", "as given", ""),
        ("score", "0–100", "keeps its meaning as long as the model's score map does"),
        ("probability", "0–1", "chance of a conversion within the horizon"),
        ("low, high", "0–1", "ends of the probability's 95 % interval"),
        ("little_known", "true/false", "the interval spans more than 30 points of the score"),
        ("expected_value", "number", "chance × expected amount, in ``currency``; empty where no amounts are known"),
        ("tier", "High-Intent, Medium, Low", ""),
        ("reasons", "list of sentences", "up to three that raise, then up to two that lower, strongest first"),
        ("reason_log_odds", "list of numbers", "what each reason adds to the log-odds (.parquet alone)"),
        ("evidence", "list of sentences", "the past cases behind each reason (.parquet alone)"),
        ("fit, engagement", "log-odds", "subtotals: what the lead is, what it does"),
    ),
}


@click.command()
def schema() -> None:
    """Say which columns the files have."""
    for file, columns in _FILES.items():
        click.echo(f"{file}\n")
        for name, kind, told in columns:
            click.echo(f"  {name:<16} {kind:<48} {told}".rstrip())
        click.echo()
    click.echo(
        "Times carry their offset (2026-03-01T09:30:00Z) or are days; --assume-utc takes times without one for UTC."
    )
