"""The ladder of models: scorecard, penalised logistic regression, the same with pairs, LightGBM, blends,
and a recurrent network over the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scoring.models import blend, gbm, logistic, pairs, scorecard, sequence
from scoring.models.contract import Floats, Model, Training

__all__ = ["Floats", "Model", "Training", "from_json"]

_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Model]]] = {
    "scorecard": scorecard.from_json,
    "logistic": logistic.from_json,
    "pairs": pairs.from_json,
    "lightgbm": gbm.from_json,
    "blend": lambda data: blend.from_json(data, from_json),
    "sequence": lambda data: sequence.from_json(data, from_json),
}


def from_json(data: Mapping[str, Any]) -> Model:
    """The model whose ``to_json`` gave ``data``.

    Raises:
        KeyError: the kind or a part of it is unknown.

    """
    return _READERS[data["kind"]](data)
