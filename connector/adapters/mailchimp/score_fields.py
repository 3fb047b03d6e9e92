"""What holds a score in Mailchimp: a merge field and a tag, made in every audience without harm.

A merge field's tag has at most ten capital letters, digits and underscores. It is not public: a
public one would stand on the sign-up form. There are 30 fields to an audience, 80 in Premium.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.mailchimp.values import Json

SCORE = "lead_score"
TAG = "lead_score_tier"
HIGH_INTENT = "High-Intent"

TAGS = ("LEADSCORE", "LEADSCORE2", "LEADSCORE3", "LEADSCORE4")
"""Tried in turn where a tag is taken by a field that is not ours."""

MARK = "Written by the lead scoring connector."
"""The help text by which our field is known again; people may rename the field."""

DEFAULT_NAMES: Mapping[str, str] = {SCORE: TAGS[0], TAG: HIGH_INTENT}


def definition(tag: str) -> Json:
    """Return what Mailchimp needs to make the score's field."""
    return {"name": "Lead score", "tag": tag, "type": "number", "required": False, "public": False, "help_text": MARK}


def is_ours(raw: Json) -> bool:
    """Tell whether a merge field is the one that we made."""
    return raw.get("type") == "number" and raw.get("help_text") == MARK


def choose(audiences: Sequence[Sequence[Json]]) -> str | None:
    """Return the first tag that is free or ours in every audience, None where there is none.

    ``audiences`` are the merge fields of each. One tag for all of them, so that segments and mails
    can be made alike. One that is ours somewhere goes before one that is free everywhere.
    """
    good = [tag for tag in TAGS if not any(_taken(tag, fields) for fields in audiences)]
    ours = {raw.get("tag") for fields in audiences for raw in fields if is_ours(raw)}
    return next((tag for tag in good if tag in ours), good[0] if good else None)


def _taken(tag: str, fields: Sequence[Json]) -> bool:
    return any(raw.get("tag") == tag and not is_ours(raw) for raw in fields)
