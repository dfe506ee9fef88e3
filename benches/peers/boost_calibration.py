"""What probabilities are worth: expected calibration error and log loss on held-out rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedGroupKFold

from boost_data import Real, Split
from boost_tables import READERS
from boost_worker import log_loss
from common import Labels, Vector, mean_and_spread, progress, table

BINS = 10
METHODS = ("automatic", "platt", "beta", "isotonic")
FOLDS = 5


def forewarn(calibration: str | None, data: Split, seed: int) -> Any:
    """forewarn's classifier at its defaults, told which rows are of one machine."""
    from forewarn import GradientBoostingClassifier

    model = GradientBoostingClassifier(calibration=calibration, random_state=seed)
    return model.fit(data.x, data.y, groups=data.units)


def scikit_learn(calibration: str | None, data: Split, seed: int) -> Any:
    """scikit-learn's boosting, calibrated in its own way: by five-fold cross-validation, which does
    not divide machines."""
    model = HistGradientBoostingClassifier(early_stopping=False, random_state=seed)
    if calibration is not None:
        folds: Any = FOLDS
        if data.units is not None:
            folds = list(StratifiedGroupKFold(FOLDS).split(data.x, data.y, data.units))
        model = CalibratedClassifierCV(model, method=calibration, cv=folds)
    return model.fit(data.x, data.y)


MODELS: dict[str, Callable[[Split, int], Any]] = {
    "forewarn": lambda data, seed: forewarn(None, data, seed),
    **{
        f"forewarn, {method}": lambda data, seed, method=method: forewarn(method, data, seed)
        for method in METHODS
    },
    "scikit-learn": lambda data, seed: scikit_learn(None, data, seed),
    "scikit-learn, sigmoid": lambda data, seed: scikit_learn("sigmoid", data, seed),
    "scikit-learn, isotonic": lambda data, seed: scikit_learn("isotonic", data, seed),
}


def calibration(folder: Path, seeds: int, peers_only: bool) -> dict[str, Any]:
    """Every model on every real table; the seed decides which rows are held out."""
    models = {n: m for n, m in MODELS.items() if not (peers_only and n.startswith("forewarn"))}
    results: dict[str, Any] = {}
    for name in READERS:
        errors: dict[str, list[float]] = {model: [] for model in models}
        losses: dict[str, list[float]] = {model: [] for model in models}
        for seed in range(seeds):
            data = Real(name, folder, seed).make()
            for model, fit in models.items():
                progress(f"calibration: {name}, seed {seed}, {model}")
                chance = fit(data, seed).predict_proba(data.x_test)[:, 1]
                errors[model].append(expected_calibration_error(data.y_test, chance))
                losses[model].append(log_loss(data.y_test, chance))
        print(f"\n### Calibration, {name}, seeds: {seeds}\n")
        rows = [[m, mean_and_spread(errors[m]), mean_and_spread(losses[m])] for m in models]
        print(table(["method", "expected calibration error", "log loss"], rows), flush=True)
        results[name] = {"errors": errors, "losses": losses}
    return results


def expected_calibration_error(y: Labels, probability: Vector) -> float:
    """Mean distance of predicted and true shares over bins of equal width, by rows (Guo 2017)."""
    bins = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    apart = np.bincount(bins, probability - y, minlength=BINS)
    return float(np.abs(apart).sum() / len(y))
