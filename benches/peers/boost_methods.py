"""The boosting libraries that are compared: one adapter a library, one entry a configuration.

Settings are equal where the libraries have them: 100 trees of 31 leaves, rate 0.1, 255 bins, every
other one at its own default. Each gets the rows as row-major float64; its cutting them into bins
is part of its training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from common import Labels, Matrix, Vector

TREES = 100
LEAVES = 31
RATE = 0.1
BINS = 255
PATIENT = {"OMP_WAIT_POLICY": "passive"}
"""Without it, waiting OpenMP threads spin, which is their default, and ruin busy machines."""


class Booster(Protocol):
    """What the benches ask of a library."""

    trees: int

    def train(self, x: Matrix, y: Labels) -> None:
        """Trains on row-major rows."""

    def for_prediction(self, x: Matrix) -> Any:
        """The rows in the form that the library predicts fastest, prepared outside the clock."""

    def predict(self, x: Any) -> Vector:
        """The probability of class 1, for rows from `for_prediction`."""


class LightGbm:
    """LightGBM's own training loop, without its scikit-learn wrapper."""

    def __init__(self, threads: int, settings: Mapping[str, Any]) -> None:
        import lightgbm

        self.library = lightgbm
        self.trees = TREES
        self.settings = {
            "objective": "binary",
            "num_leaves": LEAVES,
            "learning_rate": RATE,
            "max_bin": BINS,
            "num_threads": threads,
            "verbosity": -1,
            **settings,
        }

    def train(self, x: Matrix, y: Labels) -> None:
        data = self.library.Dataset(x, y, params=self.settings)
        self.model = self.library.train(self.settings, data, TREES)

    def for_prediction(self, x: Matrix) -> Matrix:
        return x

    def predict(self, x: Matrix) -> Vector:
        threads = self.settings["num_threads"]
        probabilities: Vector = self.model.predict(x, num_threads=threads)
        return probabilities


class XGBoost:
    """XGBoost's hist, with trees grown leaf by leaf."""

    def __init__(self, threads: int, settings: Mapping[str, Any]) -> None:
        import xgboost

        self.library = xgboost
        self.trees = TREES
        self.settings = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "grow_policy": "lossguide",
            "max_leaves": LEAVES,
            "max_depth": 0,
            "eta": RATE,
            "max_bin": BINS,
            "nthread": threads,
            **settings,
        }

    def train(self, x: Matrix, y: Labels) -> None:
        threads = self.settings["nthread"]
        data = self.library.QuantileDMatrix(x, y, max_bin=BINS, nthread=threads)
        self.model = self.library.train(self.settings, data, TREES)

    def for_prediction(self, x: Matrix) -> Matrix:
        # Read in place, where float64 would be converted.
        return np.ascontiguousarray(x, dtype=np.float32)

    def predict(self, x: Matrix) -> Vector:
        probabilities: Vector = self.model.inplace_predict(x)
        return probabilities


class CatBoost:
    """CatBoost's symmetric trees of depth 5: at most 32 leaves."""

    def __init__(self, threads: int, settings: Mapping[str, Any]) -> None:
        from catboost import CatBoostClassifier

        self.trees = TREES
        self.threads = threads
        self.model = CatBoostClassifier(
            iterations=TREES,
            depth=5,
            learning_rate=RATE,
            border_count=BINS - 1,
            thread_count=threads,
            allow_writing_files=False,
            verbose=False,
            **settings,
        )

    def train(self, x: Matrix, y: Labels) -> None:
        self.model.fit(x, y)

    def for_prediction(self, x: Matrix) -> Any:
        from catboost import FeaturesData

        # The documented form without a conversion: float32 columns of numbers alone.
        return FeaturesData(num_feature_data=np.ascontiguousarray(x, dtype=np.float32))

    def predict(self, x: Any) -> Vector:
        probabilities = self.model.predict_proba(x, thread_count=self.threads)
        return np.asarray(probabilities[:, 1], dtype=np.float64)


class Perpetual:
    """perpetual decides the number of its trees itself, by a budget."""

    def __init__(self, threads: int, settings: Mapping[str, Any]) -> None:
        from perpetual import PerpetualBooster

        self.trees = 0
        self.parallel = threads > 1
        self.model = PerpetualBooster(objective="LogLoss", num_threads=threads, **settings)

    def train(self, x: Matrix, y: Labels) -> None:
        self.model.fit(np.asfortranarray(x), y.astype(np.float64))
        self.trees = int(self.model.number_of_trees)

    def for_prediction(self, x: Matrix) -> Matrix:
        return np.asfortranarray(x)

    def predict(self, x: Matrix) -> Vector:
        return np.asarray(self.model.predict_proba(x, parallel=self.parallel))[:, 1]


class ScikitLearn:
    """scikit-learn's histogram boosting; its threads are OpenMP's."""

    def __init__(self, threads: int, settings: Mapping[str, Any]) -> None:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        # Kept alive: the limit ends with it.
        self.limits = threadpool_limits(threads)
        self.trees = TREES
        self.model = HistGradientBoostingClassifier(
            max_iter=TREES,
            max_leaf_nodes=LEAVES,
            learning_rate=RATE,
            max_bins=BINS,
            early_stopping=False,
            **settings,
        )

    def train(self, x: Matrix, y: Labels) -> None:
        self.model.fit(x, y)

    def for_prediction(self, x: Matrix) -> Matrix:
        return x

    def predict(self, x: Matrix) -> Vector:
        probabilities: Vector = self.model.predict_proba(x)[:, 1]
        return probabilities


class Forewarn:
    """forewarn through its Python wheel."""

    def __init__(self, threads: int, settings: Mapping[str, Any]) -> None:
        from forewarn import GradientBoostingClassifier

        self.trees = TREES
        self.model = GradientBoostingClassifier(
            n_estimators=TREES,
            max_leaf_nodes=LEAVES,
            learning_rate=RATE,
            max_bins=BINS,
            # As the others have them: ours differ.
            min_samples_leaf=20,
            l2_regularization=0.0,
            subsample=1.0,
            random_state=0,
            n_jobs=threads,
            **settings,
        )

    def train(self, x: Matrix, y: Labels) -> None:
        self.model.fit(x, y)

    def for_prediction(self, x: Matrix) -> Matrix:
        return x

    def predict(self, x: Matrix) -> Vector:
        probabilities: Vector = self.model.predict_proba(x)[:, 1]
        return probabilities


@dataclass(frozen=True)
class Method:
    """A library in one configuration."""

    name: str
    distribution: str
    adapter: type[LightGbm | XGBoost | CatBoost | Perpetual | ScikitLearn | Forewarn]
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: PATIENT)
    """Variables that must be set before the library is loaded."""

    def build(self, threads: int) -> Booster:
        """An untrained model."""
        return self.adapter(threads, self.settings)


LIGHTGBM = Method("LightGBM, its choice", "lightgbm", LightGbm)
COLUMNS = Method("LightGBM, col-wise", "lightgbm", LightGbm, {"force_col_wise": True})
ROWS = Method("LightGBM, row-wise", "lightgbm", LightGbm, {"force_row_wise": True})
QUANTISED = Method("LightGBM, quantised", "lightgbm", LightGbm, {"use_quantized_grad": True})
XGBOOST = Method("XGBoost hist, lossguide", "xgboost", XGBoost)
CATBOOST = Method("CatBoost, symmetric", "catboost", CatBoost)
PERPETUAL = Method("perpetual, budget 0.5", "perpetual", Perpetual, {"budget": 0.5})
SCIKIT_LEARN = Method("scikit-learn hist", "scikit-learn", ScikitLearn)
FOREWARN = Method("forewarn", "forewarn", Forewarn)

TRAINING = (COLUMNS, ROWS, QUANTISED, XGBOOST, FOREWARN)
SMALL_TRAINING = (LIGHTGBM, COLUMNS, ROWS, QUANTISED, XGBOOST, FOREWARN)
BUSY = (COLUMNS, ROWS, XGBOOST, SCIKIT_LEARN, FOREWARN)
PREDICTION = (LIGHTGBM, XGBOOST, CATBOOST, PERPETUAL, SCIKIT_LEARN, FOREWARN)
BASE = ("LightGBM",)
"""What names of the reference begin with: the best of these is what others are divided by."""


def waiting_as_shipped(method: Method) -> Method:
    """The same, its threads waiting as they do by default."""
    return Method(
        f"{method.name}, default waiting", method.distribution, method.adapter, method.settings, {}
    )
