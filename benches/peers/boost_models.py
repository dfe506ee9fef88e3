"""The boosting libraries that are compared, each with its own defaults.

What is set is not the model: the seed, the threads, silence, and which columns hold categories,
which each library is told in its own way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common import Vector, version

Fit = Callable[[pd.DataFrame, Vector, int, int], Callable[[pd.DataFrame], Vector]]
"""From features, target, seed and threads to a function that gives the probability of class 1."""


@dataclass(frozen=True)
class Model:
    """One library at its defaults."""

    name: str
    distribution: str
    fit: Fit


def of_class_1(estimator: Any) -> Callable[[pd.DataFrame], Vector]:
    """Probability of class 1, from an estimator with scikit-learn's conventions."""
    return lambda x: np.asarray(estimator.predict_proba(x), dtype=np.float64)[:, 1]


def categories(x: pd.DataFrame) -> list[str]:
    """Names of the categorical columns."""
    return list(x.select_dtypes("category").columns)


def forewarn(x: pd.DataFrame, y: Vector, seed: int, threads: int) -> Any:
    """`categorical_features="from_dtype"` is the default; threads are the pool's."""
    from forewarn import GradientBoostingClassifier

    return of_class_1(GradientBoostingClassifier(random_state=seed, n_jobs=threads).fit(x, y))


def lightgbm(x: pd.DataFrame, y: Vector, seed: int, threads: int) -> Any:
    """Takes categories by their dtype."""
    from lightgbm import LGBMClassifier

    return of_class_1(LGBMClassifier(random_state=seed, n_jobs=threads, verbose=-1).fit(x, y))


def xgboost(x: pd.DataFrame, y: Vector, seed: int, threads: int) -> Any:
    """Takes categories by their dtype, if told to."""
    from xgboost import XGBClassifier

    model = XGBClassifier(random_state=seed, n_jobs=threads, enable_categorical=True)
    return of_class_1(model.fit(x, y))


def catboost(x: pd.DataFrame, y: Vector, seed: int, threads: int) -> Any:
    """Is told the categories' names."""
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(
        random_seed=seed, thread_count=threads, verbose=False, allow_writing_files=False
    )
    return of_class_1(model.fit(x, y, cat_features=categories(x)))


def scikit_learn(x: pd.DataFrame, y: Vector, seed: int, threads: int) -> Any:
    """Takes categories by their dtype. Threads are OpenMP's."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads):
        return of_class_1(HistGradientBoostingClassifier(random_state=seed).fit(x, y))


def perpetual(x: pd.DataFrame, y: Vector, seed: int, threads: int) -> Any:
    """Takes categories by their dtype."""
    from perpetual import PerpetualBooster

    model = PerpetualBooster(objective="LogLoss", seed=seed, num_threads=threads)
    return of_class_1(model.fit(x, y))


def from_files(folder: Path) -> Callable[[str, int], Vector]:
    """Probabilities that another program wrote, little-endian f64: `<table>-<seed>.bin`."""
    return lambda table, seed: np.fromfile(folder / f"{table}-{seed}.bin", dtype="<f8")


OURS = "forewarn"
MODELS = [
    Model(OURS, "forewarn", forewarn),
    Model("LightGBM", "lightgbm", lightgbm),
    Model("XGBoost", "xgboost", xgboost),
    Model("HistGradientBoosting", "scikit-learn", scikit_learn),
    Model("perpetual", "perpetual", perpetual),
    Model("CatBoost", "catboost", catboost),
]


def installed(only: list[str]) -> list[Model]:
    """Models whose library can be imported; `only` keeps those it names."""
    unknown = sorted(set(only) - {model.name for model in MODELS})
    if unknown:
        raise SystemExit(f"no such model: {', '.join(unknown)}")
    chosen = [model for model in MODELS if not only or model.name in only]
    return [model for model in chosen if version(model.distribution) is not None]
