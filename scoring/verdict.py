"""Is the model ready, in words, with the rule that said so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

READY_CONVERSIONS, READY_AUC, READY_LIFT = 100, 0.65, 1.2
READY_ERROR, READY_ERROR_SHARE = 0.005, 0.15
USABLE_CONVERSIONS = 10
RULE = (
    f"not ready with a scorecard, an AUC whose lower bound is at most 0.50, or under {USABLE_CONVERSIONS} test "
    f"conversions; ready with at least {READY_CONVERSIONS} test conversions, lower bounds of at least {READY_AUC:.2f} "
    f"for the AUC and {READY_LIFT} for the lift in the top 20 %, a calibration error that exceeds what a perfectly "
    f"calibrated model would show on as many leads by at most the greater of {READY_ERROR} and {READY_ERROR_SHARE} "
    "times the conversion rate, an AUC above every simple ranking, no drift, "
    "and less than half of the weight on fields of unknown time of filling; else usable. A pooled prior that serves "
    "for want of conversions is usable at most."
)
"""What ``verdict`` asks, in words."""

PRIOR_ALONE = "prior alone"
"""In place of a kind of model: a pooled prior serves where there is too little to learn from, and was judged alone."""


def verdict(
    kind: str,
    conversions: int,
    metrics: Mapping[str, Any],
    rival: float,
    resting_on: Sequence[str],
    drift: Sequence[str] = (),
) -> tuple[str, str]:
    """One of ``ready``, ``usable``, ``not ready``, and the sentence.

    ``conversions``: distinct, in the test window; ``rival``: the AUC of the best baseline there;
    ``resting_on``: labels of fields of unknown time of filling, if most of the model rests on them;
    ``drift``: what has moved since, in words.
    """
    if kind == "scorecard":
        return "not ready", "Not ready: too few conversions to learn from; a transparent scorecard ranks the leads."
    if kind == PRIOR_ALONE:
        return _of_prior(conversions, _low(metrics["auc"]) if metrics else 0.0)
    low = _low(metrics["auc"])
    if low <= 0.5 or conversions < USABLE_CONVERSIONS:
        return (
            "not ready",
            f"Not ready: on newer leads the ranking can't be told from chance (AUC at least {low:.2f}, "
            f"{conversions} conversions; the rule asks for more than 0.50 and at least {USABLE_CONVERSIONS}).",
        )
    failed = [*drift, *_failed(conversions, metrics, rival)]
    if resting_on:
        failed.append(
            f"most of the AUC of {metrics['auc']['value']:.2f} rests on fields whose time of filling is unknown "
            f"({', '.join(resting_on)} first): confirm that they are filled in before the outcome"
        )
    if failed:
        return "usable", f"Usable: better than chance on newer leads, but {'; '.join(failed)}."
    return "ready", f"Ready: on {conversions} newer conversions every limit is held (AUC at least {low:.2f})."


def _of_prior(conversions: int, low: float) -> tuple[str, str]:
    if conversions < USABLE_CONVERSIONS:
        return (
            "not ready",
            "Not ready: a pooled prior ranks the leads, but too few have converted to learn from or to judge it by "
            f"({conversions}; the rule asks for at least {USABLE_CONVERSIONS}).",
        )
    told = f"AUC at least {low:.2f} on {conversions} conversions that it had not seen"
    if low <= 0.5:
        return "not ready", f"Not ready: a pooled prior ranks the leads, and can't be told from chance here ({told})."
    return "usable", f"Usable: a pooled prior ranks the leads better than chance ({told}); too few to learn from."


def _low(value: Mapping[str, float | None]) -> float:
    return value["low"] if value["low"] is not None else 0.0


def _failed(conversions: int, metrics: Mapping[str, Any], rival: float) -> list[str]:
    error = metrics["calibration_error"]["value"]
    # Reports of before this was measured tell of none.
    by_chance = metrics["calibration_error"].get("by_chance") or 0.0
    allowed = max(READY_ERROR, READY_ERROR_SHARE * (metrics["base_rate"] or 0.0))
    checks = (
        ((metrics["auc"]["value"] or 0.0) > rival, f"no better than the best simple ranking (AUC {rival:.2f})"),
        (
            conversions >= READY_CONVERSIONS,
            f"{conversions} of {READY_CONVERSIONS} conversions needed in the test window",
        ),
        (_low(metrics["auc"]) >= READY_AUC, f"the AUC may be as low as {_low(metrics['auc']):.2f} ({READY_AUC} asked)"),
        (
            _low(metrics["lift"]["20"]) >= READY_LIFT,
            f"the best fifth converts less than {READY_LIFT} times the average",
        ),
        (
            error is not None and error - by_chance <= allowed,
            f"the calibration error exceeds the {by_chance:.3f} of a perfectly calibrated model by over {allowed:.3f}",
        ),
    )
    return [sentence for held, sentence in checks if not held]
