"""What no account's catalogue has, facts of other sources and texts of what people did, and what models see of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import polars as pl

from connector.adapters.enrichment.registry import fields_of, label_of
from connector.services.privacy.sensitivity import Sensitivity, of_words, reason, tells_special
from connector.store.enrichment import Source

TEXTS = "events.detail"
"""The name of the texts under which an admin decides on them."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A field of another source, or the texts. ``allowed`` is an admin's word on it, None where there is none."""

    name: str
    label: str
    type: str
    source: str
    sensitivity: Sensitivity
    allowed: bool | None

    @property
    def barred(self) -> str | None:
        """Why models must not see it, None where they may."""
        return reason(self.sensitivity, self.allowed)


def listed(sources: Sequence[Source], decided: Mapping[str, bool]) -> list[Elsewhere]:
    """Return what there is to decide on; ``decided``: name → an admin's word."""
    facts = [
        Elsewhere(
            name := f"{source.name}.{item.name}",
            item.label,
            item.type,
            label_of(source.name, source.config),
            of_words(item.name, item.label),
            decided.get(name),
        )
        for source in sources
        for item in fields_of(source.name, source.config)
    ]
    return [*facts, texts(decided)]


def texts(decided: Mapping[str, bool]) -> Elsewhere:
    """Return the texts of what people did that tell of a special category."""
    label = "Pages, forms, campaigns and events whose names tell of a special category"
    return Elsewhere(TEXTS, label, "text", "Engagement", Sensitivity.SPECIAL, decided.get(TEXTS))


def readable(events: pl.DataFrame, decided: Mapping[str, bool]) -> pl.DataFrame:
    """Return events without details that models must not see; that the events happened stays."""
    if events.is_empty() or texts(decided).barred is None:
        return events
    # Few texts are many events'.
    told = events["detail"].unique().drop_nulls().cast(pl.String)
    special = [text for text in told if tells_special(unquote(text))]
    if not special:
        return events
    kept = pl.when(pl.col("detail").cast(pl.String).is_in(special)).then(None).otherwise(pl.col("detail"))
    return events.with_columns(kept.cast(events.schema["detail"]).alias("detail"))
