"""One case: ours and every peer at all origins and seeds, and how they differ."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from scoring.evaluation import Window
from scoring.metrics import auc
from tests.bench.quality import ours, peers
from tests.bench.quality.calibrated import calibrations
from tests.bench.quality.cases import Case, Part, parts
from tests.bench.quality.measure import NAMES, OURS, Judged, best_peer, interval, measured
from tests.bench.quality.peers import Predicted

Found = Mapping[str, list[list[Predicted]]]
"""By method: origins × seeds."""


def real(case: Case, seeds: Sequence[int], seconds: float) -> dict[str, Any]:
    """Every seed at every origin of one data set."""
    origins = [list(group) for group in zip(*(parts(case, seed) for seed in seeds), strict=True)]
    return _row(case.name, origins, seconds) | {"canary": case.canary}


def generated(
    make: Callable[[int, int], Case], conversions: int, seeds: Sequence[int], seconds: float
) -> dict[str, Any]:
    """A tenant for each seed; also what is reached of the attainable, (AUC - .5) / (AUC* - .5), with the least."""
    cases = [make(conversions, seed) for seed in seeds]
    origins = [parts(case, seed) for case, seed in zip(cases, seeds, strict=True)]
    row = _row(
        cases[0].name, origins, seconds, [case.truth[case.splits[0].test] for case in cases if case.truth is not None]
    )
    return row | {"seeds": list(seeds)}


def _row(name: str, origins: Sequence[Sequence[Part]], seconds: float, truths: Sequence[Any] = ()) -> dict[str, Any]:
    methods: dict[str, Callable[[Part], Predicted]] = {OURS: ours.predicted}
    for peer in peers.PEERS:
        methods[peer] = lambda part, peer=peer: peers.predicted(peer, part, seconds)  # type: ignore[misc]
    found: Found = {method: [] for method in methods}
    for seeds in origins:
        for method, predict in methods.items():
            sys.stderr.write(f"{name}: {method}\n")
            found[method].append([predict(part) for part in seeds])
    judged = {method: _judged(origins, said) for method, said in found.items()}
    draws = {method: measured(one) for method, one in judged.items()}
    best = best_peer({peer: _mean(found[peer], "valid_auc") for peer in peers.PEERS})
    shares = _attained(origins, found, truths) if truths else {}
    return {
        "name": name,
        "rows": [int(seeds[0].split.dev.sum()) for seeds in origins],
        "test_conversions": sum(int(_label(seeds[0]).sum()) for seeds in origins),
        "best_peer": best,
        "difference": _triple(draws[OURS][:, 0] - draws[best][:, 0]),
        "calibration": calibrations(origins, judged[OURS]),
        "chosen": dict(Counter(one.chosen for seeds in found[OURS] for one in seeds)),
        "methods": {
            method: {metric: _triple(draw[:, place]) for place, metric in enumerate(NAMES)}
            | {"valid_auc": _mean(found[method], "valid_auc"), "seconds": _mean(found[method], "seconds")}
            | ({"attained": shares[method]} if shares else {})
            for method, draw in draws.items()
        },
    }


def _label(part: Part) -> Any:
    return part.whole.label[part.split.test]


def _judged(origins: Sequence[Sequence[Part]], said: Sequence[Sequence[Predicted]]) -> list[list[Judged]]:
    result = []
    for seeds, predictions in zip(origins, said, strict=True):
        rows = seeds[0].rows.filter(pl.Series(seeds[0].split.test))
        result.append([Judged(Window.of(rows, one.log_odds), one.log_odds) for one in predictions])
    return result


def _attained(origins: Sequence[Sequence[Part]], found: Found, truths: Sequence[Any]) -> dict[str, dict[str, float]]:
    shares: dict[str, list[float]] = defaultdict(list)
    for place, (seeds, truth) in enumerate(zip(origins, truths, strict=True)):
        label = _label(seeds[0])
        best = auc(label, truth) - 0.5
        for method, said in found.items():
            shares[method].append((auc(label, said[place][0].log_odds) - 0.5) / best)
    return {method: {"mean": float(np.mean(values)), "least": min(values)} for method, values in shares.items()}


def _mean(said: Sequence[Sequence[Predicted]], name: str) -> float:
    return float(np.mean([getattr(one, name) for seeds in said for one in seeds]))


def _triple(draws: Any) -> dict[str, float]:
    value, low, high = interval(draws)
    return {"value": round(value, 5), "low": round(low, 5), "high": round(high, 5)}
