"""The ladder of models: scorecard, logistic regression (also from a pooled prior, by hazards, with pairs), LightGBM,
a small net, blends, models of segments, and a recurrent network over the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scoring.errors import BundleError
from scoring.models import blend, cat, gbm, hazard, logistic, net, pairs, pooled, scorecard, segmented, sequence, xgb
from scoring.models.contract import Floats, Model, Training

__all__ = ["Floats", "Model", "Training", "from_json"]

_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Model]]] = {
    "scorecard": scorecard.from_json,
    "logistic": logistic.from_json,
    "hazard": hazard.from_json,
    "pairs": pairs.from_json,
    "lightgbm": gbm.from_json,
    "net": net.from_json,
    "xgboost": xgb.from_json,
    "catboost": cat.from_json,
    "pooled": pooled.from_json,
    "blend": lambda data: blend.from_json(data, from_json),
    "segmented": lambda data: segmented.from_json(data, from_json),
    "sequence": lambda data: sequence.from_json(data, from_json),
}


def from_json(data: Mapping[str, Any]) -> Model:
    """The model whose ``to_json`` gave ``data``.

    Raises:
        KeyError: a part is missing.
        BundleError: the kind is unknown, or its optional library not installed.

    """
    kind = data["kind"]
    if kind not in _READERS:
        raise BundleError(f"The model is of a kind, “{kind}”, that this program does not know. Update the program.")
    return _READERS[kind](data)
