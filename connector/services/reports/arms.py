"""The words for the arms of each kind of experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.store.experiments import HOLDOUT, LINES, MODELS


@dataclass(frozen=True, slots=True)
class Arms:
    """``title`` of the section; names of the arms; from when a lead counts; what may be said once it is certain.

    ``difference``: of what the chart is. ``share``: of what ``Experiment.share`` is.
    """

    title: str
    treated: str
    control: str
    counts: str
    better: str
    worse: str
    difference: str
    share: str


ARMS: Mapping[str, Arms] = {
    HOLDOUT: Arms(
        "Shown against held out",
        "Shown as usual",
        "Held out",
        "becoming High-Intent",
        "Leads whose score is shown convert more often: the scores are worth something to your team.",
        "Leads whose score is shown convert less often. Look at what your team does with them, or end this.",
        "Shown less held out",
        "Held out",
    ),
    MODELS: Arms(
        "Two models",
        "By the challenger",
        "By the champion",
        "their first score",
        "Leads that the challenger scores convert more often: it takes over.",
        "Leads that the challenger scores convert less often: it is taken back.",
        "Challenger less champion",
        "Scored by the challenger",
    ),
    LINES: Arms(
        "Two High-Intent lines",
        "By the other line",
        "By the usual line",
        "coming between the lines",
        "Leads between the lines convert more often by the other line. Set the band so, if your team can take them.",
        "Leads between the lines convert less often by the other line: the usual one is better.",
        "Other line less usual line",
        "By the other line",
    ),
}
