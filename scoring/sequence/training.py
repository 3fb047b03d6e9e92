"""Training the recurrent network with PyTorch: one thread, seeded, read off as plain arrays after every pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from scoring.features.frame import GAP_CLASSES
from scoring.metrics import Floats
from scoring.models.contract import Training, rate
from scoring.models.gru import GATES, Gru, on_weight_grid

WIDTH, STEP_WIDTH = 24, 16
BATCH = 256
RATE, DECAY = 8e-3, 0.02
CHECKS, MOST_PASSES, UPDATES = 6, 30, 400
"""At how many points of the training the windows are asked whether to end it; passes over the rows."""
HIDE = 0.1
"""The share of steps that are hidden while learning, so that none is leaned on alone."""

Weights = dict[str, Any]


def fitted(training: Training, share: float) -> Gru:
    """The network after this share of its training; the columns of ``training`` are the frame alone."""
    found = path(training)
    wanted = max(round(share * CHECKS), 1)
    return next(network for place, network in enumerate(found, start=1) if place == wanted)


def path(training: Training) -> Iterator[Gru]:
    """The network after each of CHECKS equal parts of its training."""
    import torch  # An optional extra, needed for learning alone.

    # Sums over several threads come out otherwise each time.
    torch.set_num_threads(1)
    count = _passes(len(training.label))
    rng, total = np.random.default_rng(training.seed), count * -(-len(training.label) // BATCH)
    weights = _drawn(_codes(training.matrix), training)
    optimiser = torch.optim.AdamW(list(weights.values()), lr=RATE, weight_decay=DECAY)
    steering = optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=total)
    for done in range(1, count + 1):
        _one_pass(training, weights, steering, rng)
        if done % (count // CHECKS) == 0:
            yield _read_off(weights)


def _codes(frame: Floats) -> int:
    """How many steps have a code of their own in the rows."""
    return int(np.nan_to_num(frame[:, : frame.shape[1] // 2], nan=-1.0).max(initial=-1.0)) + 1


def _passes(rows: int) -> int:
    """So many that small tenants get about UPDATES of them; a multiple of CHECKS."""
    wished = UPDATES * BATCH / max(rows, 1)
    return CHECKS * int(np.clip(round(wished / CHECKS), 1, MOST_PASSES // CHECKS))


def _drawn(steps: int, training: Training) -> Weights:
    import torch

    generator = torch.Generator().manual_seed(training.seed)
    base = rate(training)

    def normal(*shape: int, scale: float) -> Any:
        return (scale * torch.randn(*shape, generator=generator)).requires_grad_()

    return {
        "step": normal(steps + 1, STEP_WIDTH, scale=0.5),
        "gap": normal(GAP_CLASSES, STEP_WIDTH, scale=0.1),
        "into": normal(STEP_WIDTH, GATES * WIDTH, scale=STEP_WIDTH**-0.5),
        "again": normal(WIDTH, GATES * WIDTH, scale=WIDTH**-0.5),
        "bias": torch.cat([torch.ones(WIDTH), torch.zeros(2 * WIDTH)]).requires_grad_(),
        "out": normal(2 * WIDTH, scale=0.1),
        "level": torch.tensor(float(np.log(base / (1 - base)))).requires_grad_(),
    }


def _one_pass(training: Training, weights: Weights, steering: tuple[Any, Any], rng: np.random.Generator) -> None:
    import torch

    optimiser, schedule = steering
    share = training.weight / training.weight.mean()
    order = rng.permutation(len(training.label))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        said = line(weights, _hidden(training.matrix[chosen], len(weights["step"]) - 1, rng))
        label, weight = (torch.tensor(side[chosen], dtype=torch.float32) for side in (training.label, share))
        # Any: PyTorch, where it is installed, does not declare the types of its methods.
        loss: Any = torch.nn.functional.binary_cross_entropy_with_logits(said, label, weight=weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        optimiser.step()
        schedule.step()


def _hidden(frame: Floats, unknown: int, rng: np.random.Generator) -> Floats:
    """The frame with some of its steps as unknown ones."""
    most = frame.shape[1] // 2
    found = frame.copy()
    found[:, :most][~np.isnan(frame[:, :most]) & (rng.random((len(frame), most)) < HIDE)] = unknown
    return found


def line(weights: Weights, frame: Floats) -> Any:
    """As ``Gru.log_odds``, off the grid and differentiable; steps that no row of the batch has are left out."""
    import torch

    most, width = frame.shape[1] // 2, len(weights["again"])
    there = ~np.isnan(frame[:, :most])
    longest = max(int(there.sum(axis=1).max(initial=0)), 1)
    mask = torch.tensor(there[:, :longest]).to(weights["again"].dtype)
    codes = torch.tensor(np.nan_to_num(frame[:, :longest]).astype(np.int64))
    classes = torch.tensor(np.nan_to_num(frame[:, most : most + longest]).astype(np.int64))
    given = (weights["step"][codes] + weights["gap"][classes]) @ weights["into"]
    state = total = torch.zeros(len(frame), width, dtype=mask.dtype)
    squashed = torch.nn.functional.softsign
    for place in range(longest - 1, -1, -1):
        kept, now, inside = state @ weights["again"] + weights["bias"], given[:, place], mask[:, place : place + 1]
        gates = 0.5 + 0.5 * squashed(now[:, : 2 * width] + kept[:, : 2 * width])
        fresh = squashed(now[:, 2 * width :] + gates[:, width:] * kept[:, 2 * width :])
        reached = fresh + gates[:, :width] * (state - fresh)
        state, total = state + inside * (reached - state), total + inside * reached
    mean = total / mask.sum(dim=1, keepdim=True).clamp(min=1.0)
    return torch.cat([state, mean], dim=1) @ weights["out"] + weights["level"]


def _read_off(weights: Weights) -> Gru:
    plain = {name: value.detach().numpy().astype(np.float64) for name, value in weights.items()}
    return Gru(
        step=on_weight_grid(plain["step"] @ plain["into"]),
        gap=on_weight_grid(plain["gap"] @ plain["into"]),
        again=on_weight_grid(plain["again"]),
        bias=on_weight_grid(plain["bias"]),
        out=on_weight_grid(plain["out"]),
        level=float(plain["level"]),
    )
