"""Why people say something of a score: short lists, in words."""

from __future__ import annotations

from collections.abc import Mapping

UP: Mapping[str, str] = {
    "talked": "Talked to them: the score fits",
    "fits": "The score fits what I know",
}
DOWN: Mapping[str, str] = {
    "not_a_lead": "Not a real lead",
    "wrong_data": "Their data are wrong or old",
    "no_need": "They have no need or no budget",
    "bad_time": "Not now, perhaps later",
    "better": "They deserve a better score",
    "other": "Something else",
}
"""Reasons of thumbs."""

DOUBT = frozenset({"not_a_lead", "wrong_data"})
"""Reasons by which the outcome of a lead may teach a model nothing."""

BY_HAND: Mapping[str, str] = {
    "known": "Set by hand: your team knows more about this lead",
    "strategic": "Set by hand: a strategic account",
    "bad_data": "Set by hand: what the CRM holds of this lead is wrong",
    "timing": "Set by hand: their time has not come, or has come now",
}
"""Reasons of scores that are set by hand, as the CRM is told them."""

LEFT_OUT: Mapping[str, str] = {
    "competitor": "A competitor",
    "employee": "One of our own people",
    "partner": "A partner or supplier",
    "customer": "A customer already",
    "other": "Something else",
}
"""Reasons of exclusions."""

LONGEST_NOTE = 300
