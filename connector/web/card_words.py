"""A card for the inside of a CRM as plain JSON: sentences made here once, so that all CRMs say the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connector.services.card_changes import Change, Steady
from connector.services.card_requests import AccountState
from connector.services.cards import Action, ByHand, Card
from connector.services.feedback.reasons import DOWN, UP
from connector.web.words import chance, event_kind, percent

THUMBS: Mapping[str, list[dict[str, str]]] = {
    way: [{"value": value, "label": label} for value, label in reasons.items()]
    for way, reasons in (("up", UP), ("down", DOWN))
}
"""What may be said of a score."""


def shown(card: Card) -> dict[str, Any]:
    """Return what a card shows; times are ISO 8601 in UTC, the score a text with one decimal.

    ``state``: ``scored``, or ``set_by_hand`` where a person's word is told instead of the model's.
    """
    return {
        "state": "set_by_hand" if card.by_hand else "scored",
        "lead": card.lead_id,
        "score": f"{card.score:.1f}",
        "tier": card.tier,
        "chance": {
            "words": f"{chance(card.probability).capitalize()} such leads convert",
            "percent": percent(card.probability),
            "interval": _interval(card),
        },
        "too_little_known": card.too_little_known,
        "reasons": list(card.reasons),
        "by_hand": _by_hand(card.by_hand) if card.by_hand else None,
        "change": _change(card.change),
        "last_action": _action(card.last_action) if card.last_action else None,
        "data_as_of": card.data_as_of.isoformat(),
        "stale": card.stale,
        "model": card.model,
        "thumbs": THUMBS,
    }


def account(found: AccountState) -> dict[str, Any]:
    """Return what the settings page inside a CRM shows."""
    return {
        "account": found.account,
        "healthy": found.healthy,
        "trouble": found.trouble,
        "read_at": found.read_at.isoformat() if found.read_at else None,
        "publication": found.held or "Scores are written to this account.",
        "publishing": not found.held,
        "leads": [{"tier": tier, "count": count} for tier, count in found.leads.items()],
        "written": found.written,
        "waiting": found.waiting,
        "refused": found.refused,
    }


def _interval(card: Card) -> str | None:
    """Say what the interval is of: leads that scored alike, not this one."""
    if card.low is None or card.high is None:
        return None
    return f"Of leads that scored alike, between {percent(card.low)} and {percent(card.high)} converted"


def _by_hand(word: ByHand) -> dict[str, Any]:
    until = f", until {_day(word.until)}" if word.until else ""
    return {
        "sentence": f"Set by hand by your team on {_day(word.since)}{until}. "
        f"The model says {word.model_score:.1f} ({word.model_tier}).",
        "model_score": f"{word.model_score:.1f}",
        "model_tier": word.model_tier,
    }


def _change(found: Change | Steady | None) -> str:
    if found is None:
        return "This is the first score."
    if isinstance(found, Steady):
        return f"The model's score has not moved since {_day(found.since)}."
    if found.after == found.before:
        return (
            f"The model's score is {found.after:.1f} as before, but it was {found.tier_before} on {_day(found.until)}."
        )
    way = "up" if found.after > found.before else "down"
    moved = f"The model's score: {way} from {found.before:.1f} to {found.after:.1f} since {_day(found.until)}"
    if found.other_model:
        return f"{moved}. Another model scores since, so part of that may be the model's."
    return f"{moved}, by {_listed(found.concepts)}." if found.concepts else f"{moved}."


def _listed(concepts: tuple[str, ...]) -> str:
    return " and ".join(f"{name[:1].lower()}{name[1:]}" for name in concepts)


def _action(action: Action) -> dict[str, str]:
    return {"words": event_kind(action.kind), "at": action.at.isoformat()}


def _day(at: datetime) -> str:
    return f"{at:%-d %b %Y}"
