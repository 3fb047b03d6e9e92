"""What a training tells of the pooled prior that it was handed."""

from __future__ import annotations

from typing import Any

from scoring.models import Model, pooled
from scoring.models.blend import Blend
from scoring.models.segmented import Segmented
from scoring.models.sequence import WithSteps
from scoring.prior import Prior


def told_prior(prior: Prior | None, model: Model) -> dict[str, Any] | None:
    """The prior itself with its hash, so that the training can be explained later; None where there was none."""
    if prior is None:
        return None
    return {"sha256": prior.sha256, "tenants": prior.tenants, "serves": _serves(model), "prior": prior.to_json()}


def notes(prior: Prior | None, model: Model, *, judged_alone: bool) -> list[str]:
    """In words, for the model's page."""
    if prior is None:
        return []
    whence = f"what the models of {prior.tenants} other tenants have in common (coefficients only)"
    if not _serves(model):
        return [f"Was tried and not needed: {whence}."]
    said = [f"It starts from {whence}, and moves away from it as your own conversions say."]
    if judged_alone:
        said.append("The figures are of that start alone, which has not seen your leads; the serving model has.")
    return said


def _serves(model: Model) -> bool:
    if isinstance(model, WithSteps):
        return _serves(model.rest)
    if isinstance(model, Segmented):
        return _serves(model.parent)
    members = model.members if isinstance(model, Blend) else (model,)
    return any(member.kind == pooled.KIND for member in members)
