"""Who meets: the model that scores, and the training of the one that would take its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from scoring.bundle import Bundle
from scoring.learning import Fitted, Task, Trial
from scoring.schema import History


@dataclass(frozen=True, slots=True)
class Champion:
    """The model that scores and its trial's (None: stored by a release that kept none).

    ``begins``: the trial's model has learned from rows of an earlier ``order`` alone; None: from no row at all.
    """

    serving: Bundle
    trial: Bundle | None
    begins: int | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Ground:
    """What both are tried on: the challenger's training and all that is known at ``as_of``.

    ``scores`` are the challenger's of the leads that are open then.
    """

    history: History
    as_of: datetime
    task: Task
    fitted: Fitted
    trial: Trial
    scores: pl.DataFrame
