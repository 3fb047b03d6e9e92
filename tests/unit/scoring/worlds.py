"""Small made-up histories for the scoring tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from scoring.schema import (
    CONVERSIONS,
    EVENTS,
    EXCLUSIONS,
    LEADS,
    UTC_TIME,
    VALUES,
    Complexity,
    Field,
    FieldType,
    Goal,
    History,
    Knowledge,
    Timing,
)

START = datetime(2024, 1, 1, tzinfo=UTC)
AS_OF = datetime(2025, 1, 1, tzinfo=UTC)
DATED_GOAL = Goal("Deal won", Timing.DATED, horizon_days=30)
ORDERED_GOAL = Goal("Converted", Timing.ORDERED)
PLAIN_GOAL = replace(DATED_GOAL, complexity=Complexity.INTERPRETABLE)
"""For tests that want any model: climbing the whole ladder takes the longest."""
CREATED_GOAL = Goal("Converted", Timing.CREATED, maturity_days=60)

TITLES = ("Marketing Director", "Sales Manager", "Software Engineer", "Assistant", "CEO")
FIELDS = (
    Field("title", "Job title", FieldType.TEXT, Knowledge.INTAKE),
    Field("size", "Company size", FieldType.NUMBER, Knowledge.INTAKE),
    Field("source", "Lead source", FieldType.CATEGORY, Knowledge.INTAKE),
    Field("stage", "Stage", FieldType.CATEGORY, Knowledge.DATED, system=True),
    Field("name", "Full name", FieldType.TEXT, Knowledge.INTAKE, blocked=True),
)


def frame(columns: dict[str, object], schema: pl.Schema) -> pl.DataFrame:
    """A frame of the documented schema."""
    return pl.DataFrame(columns, schema=schema)


def history(
    leads: pl.DataFrame,
    *,
    values: pl.DataFrame | None = None,
    events: pl.DataFrame | None = None,
    conversions: pl.DataFrame | None = None,
    exclusions: pl.DataFrame | None = None,
    fields: tuple[Field, ...] = (),
) -> History:
    """A history whose missing frames are empty."""
    return History(
        leads,
        pl.DataFrame(schema=VALUES) if values is None else values,
        pl.DataFrame(schema=EVENTS) if events is None else events,
        pl.DataFrame(schema=CONVERSIONS) if conversions is None else conversions,
        pl.DataFrame(schema=EXCLUSIONS) if exclusions is None else exclusions,
        fields,
    )


def dated(count: int = 600, seed: int = 0, strength: float = 1.5) -> History:
    """Leads over a year whose chance of conversion grows with eager behaviour, size and source."""
    rng = np.random.default_rng(seed)
    created = [START + timedelta(days=float(day)) for day in rng.uniform(0, 330, count)]
    eager = rng.normal(size=count)
    size = np.exp(rng.normal(4, 1, count)).round()
    source = rng.choice(["web", "event", "ads"], count)
    pull = strength * (eager + 0.5 * (np.log(size) - 4) + (source == "event")) - 1.5
    won = rng.random(count) < 1 / (1 + np.exp(-pull))
    delay = rng.exponential(25, count) + 3
    ids = np.arange(1, count + 1)
    leads = frame(
        {
            "lead_id": ids,
            "created_at": created,
            "intake_order": [None] * count,
            "company_key": [f"c{index // 3}" if index % 2 else None for index in range(count)],
            "email_kind": rng.choice(["business", "free", "disposable"], count, p=[0.6, 0.35, 0.05]),
        },
        LEADS,
    )
    values = _values(ids, created, size, source, rng)
    sold = [(int(i), at + timedelta(days=float(d))) for i, at, d, w in zip(ids, created, delay, won, strict=True) if w]
    sold = [(lead, at) for lead, at in sold if at < AS_OF]
    conversions = frame({"lead_id": [lead for lead, _ in sold], "at": [at for _, at in sold]}, CONVERSIONS)
    return history(
        leads, values=values, events=_events(ids, created, eager, rng), conversions=conversions, fields=FIELDS
    )


def ordered(count: int = 1_000, seed: int = 0, leak: float = 0.0) -> History:
    """Leads in order only, with a strong honest number, an honest category and, for a share of leads, a leak."""
    rng = np.random.default_rng(seed)
    label = rng.random(count) < 0.3
    honest = rng.normal(size=count) + 1.2 * label
    source = np.where(rng.random(count) < 0.2 + 0.3 * label, "referral", "web")
    told = rng.random(count) < leak
    remark = np.where(told, np.where(label, "will enrol", "not interested"), "unknown")
    twin = np.where(rng.random(count) < 0.9, remark, "unknown")
    columns = {"honest": honest.round(4).astype(str), "source": source, "remark": remark, "twin": twin}
    ids = np.arange(1, count + 1)
    leads = frame(
        {
            "lead_id": ids,
            "created_at": [None] * count,
            "intake_order": ids,
            "company_key": [None] * count,
            "email_kind": [None] * count,
        },
        LEADS,
    )
    values = pl.concat(
        frame({"lead_id": ids, "field": [n] * count, "value": list(c), "known_at": [None] * count}, VALUES)
        for n, c in columns.items()
    )
    won = frame({"lead_id": ids[label], "at": [None] * int(label.sum())}, CONVERSIONS)
    fields = tuple(
        Field(n, n.title(), FieldType.NUMBER if n == "honest" else FieldType.CATEGORY, Knowledge.UNDATED)
        for n in columns
    )
    return history(leads, values=values, conversions=won, fields=fields)


def _values(
    ids: np.ndarray, created: list[datetime], size: np.ndarray, source: np.ndarray, rng: np.random.Generator
) -> pl.DataFrame:
    count = len(ids)
    columns = {
        "title": rng.choice(TITLES, count).tolist(),
        "size": [str(int(value)) for value in size],
        "source": source.tolist(),
        "name": [f"Person {index}" for index in ids],
    }
    parts = [
        frame({"lead_id": ids, "field": [n] * count, "value": c, "known_at": [None] * count}, VALUES)
        for n, c in columns.items()
    ]
    stage = frame({"lead_id": ids, "field": ["stage"] * count, "value": ["lead"] * count, "known_at": created}, VALUES)
    return pl.concat([*parts, stage])


def _events(ids: np.ndarray, created: list[datetime], eager: np.ndarray, rng: np.random.Generator) -> pl.DataFrame:
    counts = rng.poisson(np.exp(1.2 + 0.7 * eager))
    lead = np.repeat(ids, counts)
    total = len(lead)
    start = np.repeat(np.array([at.timestamp() for at in created]), counts)
    at = (start + rng.exponential(40, total) * 86_400) * 1e6
    kinds = rng.choice(["page_view", "email_clicked", "form_submitted", "email_opened"], total)
    actor = np.where((kinds == "email_opened") & (rng.random(total) < 0.5), "machine", "lead")
    actor = np.where(rng.random(total) < 0.1, "seller", actor)
    return pl.DataFrame(
        {
            "lead_id": lead,
            "at": pl.Series(at.astype(np.int64)).cast(UTC_TIME),
            "kind": kinds,
            "actor": actor,
            "detail": rng.choice(["/pricing", "/blog", "/demo"], total),
        },
        schema=EVENTS,
    )
