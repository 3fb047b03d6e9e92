"""Do the optional libraries work end to end? ``python -m tests.bench.extras``, where the bench group is installed.

For each method of ``scoring.models.tuning``: the search finds the same again, the same rows give the same bytes,
the model comes back from plain data bit for bit, a lead alone gets the value of the batch, contributions add up.
SMOTE adds what it should. Prints a line for each and ends with 1 where something is not so.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from scoring.metrics import auc
from scoring.models import from_json, tuning
from scoring.models.imbalance import oversampled
from scoring.models.tuning import METHODS, Method
from tests.unit.scoring.test_models import folded, made


def checked(name: str, method: Method) -> list[str]:
    """What is wrong with the method; nothing, if all is well."""
    folds, fresh = folded(400, product=1.5, plain=1.0), made(2_000, 3, product=1.5, plain=1.0)
    begun = time.process_time()
    found = tuning.search(folds, method)
    seconds = time.process_time() - begun
    one, two = (found.recipe.fit(folds[-1].train) for _ in range(2))
    said, parts = one.log_odds(fresh.matrix), one.contributions(fresh.matrix)
    again = from_json(json.loads(json.dumps(one.to_json())))
    alone = fresh.matrix[7:8]
    sys.stdout.write(f"{name}: {found.trials} trials in {seconds:.1f} s, AUC {auc(fresh.label, said):.3f}\n")
    faults = {
        "the search does not repeat": tuning.search(folds, method).recipe != found.recipe,
        "the bytes differ": one.to_json() != two.to_json(),
        "what was stored differs": (again.log_odds(fresh.matrix) != said).any(),
        "a lead alone differs": again.log_odds(alone)[0] != said[7],
        "its contributions differ": (again.contributions(alone)[0] != parts[7]).any(),
        "contributions do not add up": np.abs(parts.sum(axis=1) - said).max() > 1e-6,
        "it ranks badly": auc(fresh.label, said) < 0.7,
    }
    return [f"{name}: {fault}" for fault, wrong in faults.items() if wrong]


def main() -> int:
    """Check all, print what is wrong."""
    faults = [fault for name, method in METHODS.items() for fault in checked(name, method)]
    rare = made(2_000, 1, plain=1.0, shift=-3.0)
    more = oversampled(rare)
    if more.label.mean() != 0.5 or more.matrix[:2_000].tobytes() != rare.matrix.tobytes():
        faults.append("SMOTE: not the rows with as many converted ones added")
    sys.stdout.write("".join(f"{fault}\n" for fault in faults) or "All is well.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
