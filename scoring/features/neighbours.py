"""What a lead's vector reads of other leads: whoever scores a few people need not read all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from scoring.features.declared import LONGEST_DAYS
from scoring.features.spec import FeatureSpec
from scoring.schema import Neighbours, Timing


def neighbours(spec: FeatureSpec, timing: Timing, as_of: datetime) -> Neighbours | None:
    """What the vectors of ``spec`` at ``as_of`` need beside the leads' own history; None: nothing.

    Percentiles and averages are in the bundle, which was learned on everybody.
    """
    if not spec.companies:
        return None
    # Where outcomes are not dated a lead is scored as of its own intake, which may be long ago.
    since = as_of - timedelta(days=LONGEST_DAYS) if timing is Timing.DATED else None
    return Neighbours("lead", since)
