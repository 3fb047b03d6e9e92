"""Our own recipe on the same rows: chosen over rolling origins before the test, refitted, calibrated out of fold."""

from __future__ import annotations

import time

from scoring.courses import known_at
from scoring.learning import folds, out_of_fold
from scoring.models.choose import choose
from scoring.past import Past
from scoring.schema import Timing
from scoring.splits import origins
from tests.bench.quality.cases import Part
from tests.bench.quality.peers import Predicted


def predicted(part: Part) -> Predicted:
    """What ``scoring.learning`` says of the test window."""
    begun = time.process_time()
    whole, split = part.whole, part.split
    found = origins(part.rows, split, dated=part.goal.timing is Timing.DATED)
    choice = choose(folds(part.rows, whole, found))
    order = part.rows["order"].to_numpy()
    until = int(order[split.test].min())
    past = Past.asked(part.rows, whole, split.dev, None, until)
    before = past.learned(known_at(whole, order, split.dev, until))
    raw = choice.recipe.fit(before).log_odds(whole.matrix[split.test])
    windows = list(zip((origin.window for origin in found), choice.log_odds, strict=True))
    log_odds = out_of_fold(part.rows, windows).apply(raw)
    return Predicted(log_odds, choice.candidates[choice.name], time.process_time() - begun, choice.name)
