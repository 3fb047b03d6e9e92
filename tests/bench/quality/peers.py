"""The usual peers, each tuned by Optuna on the validation rows within the same time, then refitted on both parts."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import catboost
import lightgbm
import numpy as np
import optuna
import xgboost
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from scoring.learning import out_of_fold
from scoring.metrics import Floats, auc
from scoring.models import Training
from tests.bench.quality.cases import Part

PATIENCE, MAX_ROUNDS = 50, 1_000

Predict = Callable[[Floats], Floats]
"""Matrix to log-odds."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One way to fit a peer: parameters and, once validation has stopped it, the number of rounds."""

    params: Mapping[str, Any]
    rounds: int | None = None


Fit = Callable[[Tried, Training, Training | None], tuple[Predict, int | None]]
Suggest = Callable[[optuna.Trial], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Predicted:
    """What a method says of the test rows, how it did on validation, and the seconds that it took."""

    log_odds: Floats
    valid_auc: float
    seconds: float
    chosen: str


def predicted(name: str, part: Part, seconds: float) -> Predicted:
    """Tune the peer for ``seconds`` of processor time, refit it once, calibrate it on validation.

    A trial that has begun ends, so that there is at least one.
    """
    suggest, fit = PEERS[name]
    begun = time.process_time()
    train, valid = part.whole.where(part.split.train), part.whole.where(part.split.valid)
    best: dict[str, Any] = {"auc": -1.0}

    def objective(trial: optuna.Trial) -> float:
        params = suggest(trial)
        model, rounds = fit(Tried(params), train, valid)
        log_odds = model(valid.matrix)
        reached = auc(valid.label, log_odds, valid.weight)
        if reached > best["auc"]:
            best.update(auc=reached, tried=Tried(params, rounds), log_odds=log_odds)
        return reached

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=part.whole.seed))

    def stop(running: optuna.Study, _trial: optuna.trial.FrozenTrial) -> None:
        if time.process_time() - begun >= seconds:
            running.stop()

    study.optimize(objective, callbacks=[stop])
    model, _ = fit(best["tried"], part.whole.where(part.split.dev), None)
    calibration = out_of_fold(part.rows, [(part.split.valid, best["log_odds"])])
    log_odds = calibration.apply(model(part.whole.matrix[part.split.test]))
    return Predicted(log_odds, best["auc"], time.process_time() - begun, f"{len(study.trials)} trials")


def _logistic_space(trial: optuna.Trial) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-5, 100.0, log=True)}


def _logistic(tried: Tried, train: Training, valid: Training | None) -> tuple[Predict, None]:
    return _linear(LogisticRegression(C=tried.params["C"], max_iter=1_000), train), None


def _mlp_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "width": trial.suggest_categorical("width", [8, 16, 32, 64]),
        "layers": trial.suggest_int("layers", 1, 2),
        "alpha": trial.suggest_float("alpha", 1e-5, 10.0, log=True),
        "learning_rate_init": trial.suggest_float("learning_rate_init", 1e-4, 1e-2, log=True),
        "max_iter": trial.suggest_int("max_iter", 5, 60),
    }


def _mlp(tried: Tried, train: Training, valid: Training | None) -> tuple[Predict, None]:
    settings = {name: value for name, value in tried.params.items() if name not in {"width", "layers"}}
    hidden = (tried.params["width"],) * tried.params["layers"]
    network = MLPClassifier(hidden, random_state=train.seed, batch_size=min(200, len(train.label)), **settings)
    return _linear(network, train), None


def _linear(last: Any, train: Training) -> Predict:
    line = make_pipeline(SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler(), last)
    name = line.steps[-1][0]
    with warnings.catch_warnings():
        # A fixed number of passes is what is tuned.
        warnings.simplefilter("ignore")
        line.fit(train.matrix, train.label, **{f"{name}__sample_weight": train.weight})
    return lambda matrix: _log_odds(line, matrix)


def _log_odds(line: Pipeline, matrix: Floats) -> Floats:
    chance = np.clip(line.predict_proba(matrix)[:, 1], 1e-9, 1 - 1e-9)
    return np.asarray(np.log(chance / (1 - chance)))


def _lightgbm_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "num_leaves": trial.suggest_int("num_leaves", 3, 63, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1.0),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 1e-3, 100.0, log=True),
    }


def _lightgbm(tried: Tried, train: Training, valid: Training | None) -> tuple[Predict, int]:
    fixed = {"objective": "binary", "metric": "auc", "num_threads": 1, "verbosity": -1, "bagging_freq": 1}
    data = lightgbm.Dataset(train.matrix, train.label, weight=train.weight, params={"verbosity": -1})
    judge = [] if valid is None else [data.create_valid(valid.matrix, valid.label, weight=valid.weight)]
    stop = [lightgbm.early_stopping(PATIENCE, verbose=False)] if judge else []
    params = {**fixed, **tried.params, "seed": train.seed}
    booster = lightgbm.train(params, data, tried.rounds or MAX_ROUNDS, valid_sets=judge, callbacks=stop)
    return lambda matrix: np.asarray(booster.predict(matrix, raw_score=True)), max(booster.best_iteration, 1)


def _xgboost_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 1, 8),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.2, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 50.0, log=True),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
        "subsample": trial.suggest_float("subsample", 0.5, 1.0),
        "lambda": trial.suggest_float("lambda", 1e-3, 100.0, log=True),
    }


def _xgboost(tried: Tried, train: Training, valid: Training | None) -> tuple[Predict, int]:
    fixed = {"objective": "binary:logistic", "eval_metric": "auc", "nthread": 1, "verbosity": 0, "tree_method": "hist"}
    data = xgboost.DMatrix(train.matrix, train.label, weight=train.weight)
    judge = [] if valid is None else [(xgboost.DMatrix(valid.matrix, valid.label, weight=valid.weight), "valid")]
    params = {**fixed, **tried.params, "seed": train.seed}
    stop = PATIENCE if judge else None
    rounds = tried.rounds or MAX_ROUNDS
    booster = xgboost.train(params, data, rounds, evals=judge, early_stopping_rounds=stop, verbose_eval=False)
    used = booster.best_iteration + 1 if judge else rounds

    def predict(matrix: Floats) -> Floats:
        raw = booster.predict(xgboost.DMatrix(matrix), output_margin=True, iteration_range=(0, used))
        return np.asarray(raw, dtype=np.float64)

    return predict, used


def _catboost_space(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "depth": trial.suggest_int("depth", 2, 8),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.3, log=True),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.5, 50.0, log=True),
        "random_strength": trial.suggest_float("random_strength", 0.1, 10.0, log=True),
        "rsm": trial.suggest_float("rsm", 0.3, 1.0),
    }


def _catboost(tried: Tried, train: Training, valid: Training | None) -> tuple[Predict, int]:
    fixed = {"thread_count": 1, "verbose": False, "allow_writing_files": False, "eval_metric": "AUC"}
    rounds = tried.rounds or MAX_ROUNDS
    model = catboost.CatBoostClassifier(iterations=rounds, random_seed=train.seed, **fixed, **tried.params)
    judge = None if valid is None else catboost.Pool(valid.matrix, valid.label, weight=valid.weight)
    stop = None if judge is None else PATIENCE
    data = catboost.Pool(train.matrix, train.label, weight=train.weight)
    model.fit(data, eval_set=judge, use_best_model=judge is not None, early_stopping_rounds=stop)
    return lambda matrix: np.asarray(model.predict(matrix, prediction_type="RawFormulaVal")), model.tree_count_ or 1


PEERS: Mapping[str, tuple[Suggest, Fit]] = {
    "logistic regression": (_logistic_space, _logistic),
    "LightGBM": (_lightgbm_space, _lightgbm),
    "XGBoost": (_xgboost_space, _xgboost),
    "CatBoost": (_catboost_space, _catboost),
    "MLP": (_mlp_space, _mlp),
}
