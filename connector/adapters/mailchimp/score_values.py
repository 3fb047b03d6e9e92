"""Score values ↔ what Mailchimp stores: whole points on their scale, and a tag that is there or not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from connector.adapters.mailchimp.score_fields import HIGH_INTENT, SCORE, TAG
from connector.adapters.mailchimp.values import Json, money, part, plain, rows, text
from connector.records import ScoreValues, Tier

SCORE_PLACES = 0


def written_score(values: ScoreValues) -> Decimal:
    """Return the score as it is written: whole points, or hundredths from 0 to 1."""
    return values.number(SCORE_PLACES)


def as_json(score: Decimal) -> int | float:
    """Return a written score as a JSON number: one of two places is spelled as it is."""
    return int(score) if score == score.to_integral_value() else float(score)


def wants_tag(values: ScoreValues) -> bool:
    """Tell whether a lead is to have the tag."""
    return values.tier is Tier.HIGH_INTENT


def rendered(values: ScoreValues, names: Collection[str]) -> dict[str, str]:
    """Return our field name → text, of those fields that the account has."""
    told = {SCORE: plain(written_score(values)), TAG: HIGH_INTENT if wants_tag(values) else ""}
    return {name: value for name, value in told.items() if name in names}


def as_rendered(member: Json, names: Mapping[str, str]) -> dict[str, str]:
    """Return our field name → what a member holds, in the spelling of :func:`rendered`.

    A score that a person typed over is returned as it is.
    """
    held = {TAG: HIGH_INTENT if has_tag(member, names[TAG]) else ""}
    stored = text(part(member, "merge_fields").get(names.get(SCORE, "")))
    if stored is not None:
        number = money(stored)
        held[SCORE] = stored if number is None else plain(number)
    return held


def has_tag(member: Json, name: str) -> bool:
    """Tell whether a member has the tag; its name's case does not count."""
    return any(str(each.get("name")).lower() == name.lower() for each in rows(member, "tags"))
