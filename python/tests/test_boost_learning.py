"""What boosting learns: as well as scikit-learn does, and within the limits that are set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Doubles, Labelled, Modes, Quantities
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, mean_pinball_loss, mean_poisson_deviance

from forewarn import GradientBoostingClassifier, GradientBoostingRegressor

THEIRS: dict[str, Any] = {
    "n_estimators": 40,
    "learning_rate": 0.1,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 0.0,
    "subsample": 1.0,
}
"""What scikit-learn's boosting does, but for the number of rounds."""


def test_predicts_as_well_as_scikit_learn(parts: Labelled, modes: Modes) -> None:
    for x, y in (parts, modes):
        half = len(x) // 2
        losses = [
            log_loss(y[half:], model.fit(x[:half], y[:half]).predict_proba(x[half:]))
            for model in (
                GradientBoostingClassifier(**THEIRS),
                HistGradientBoostingClassifier(max_iter=40, early_stopping=False),
            )
        ]
        assert losses[0] < losses[1] + 0.02


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "quantile", "absolute_error"])
def test_regresses_as_well_as_scikit_learn(hours: Quantities, loss: str) -> None:
    x, y = hours
    half = len(x) // 2
    of_loss: dict[str, Any] = {"quantile": 0.9} if loss == "quantile" else {}
    predictions = [
        model.fit(x[:half], y[:half]).predict(x[half:])
        for model in (
            GradientBoostingRegressor(loss=loss, **THEIRS, **of_loss),
            HistGradientBoostingRegressor(loss=loss, max_iter=40, early_stopping=False, **of_loss),
        )
    ]

    def judge(prediction: Doubles) -> float:
        if loss == "squared_error":
            return float(((y[half:] - prediction) ** 2).mean())
        if loss == "poisson":
            return float(mean_poisson_deviance(y[half:], prediction))
        alpha = 0.9 if loss == "quantile" else 0.5
        return float(mean_pinball_loss(y[half:], prediction, alpha=alpha))

    ours, theirs = map(judge, predictions)
    assert ours < 1.05 * theirs


def test_huber_minds_outliers_less(hours: Quantities) -> None:
    x, y = hours
    spoilt = y.copy()
    spoilt[::50] += 1_000.0
    errors = [
        np.abs(
            GradientBoostingRegressor(random_state=0, loss=loss).fit(x, spoilt).predict(x) - y
        ).mean()
        for loss in ("huber", "squared_error")
    ]
    assert errors[0] < 0.2 * errors[1]


def test_importances_name_what_matters(parts: Labelled) -> None:
    x, y = parts
    importances = GradientBoostingClassifier(random_state=0).fit(x, y).feature_importances_
    assert importances.sum() == pytest.approx(1.0)
    assert set(np.argsort(importances)[-3:]) == {0, 1, 2}
    nothing = GradientBoostingRegressor(random_state=0).fit(np.ones((50, 2)), np.arange(50))
    assert nothing.feature_importances_.tolist() == [0.0, 0.0]


def test_limits_hold(parts: Labelled, hours: Quantities) -> None:
    x, y = parts
    stumps = GradientBoostingClassifier(random_state=0, max_leaf_nodes=None, max_depth=1).fit(x, y)
    assert stumps.apply(x).max() == 1
    broad = (
        GradientBoostingRegressor(random_state=0, min_samples_leaf=500).fit(x, hours[1]).apply(x)
    )
    assert min(np.bincount(leaves).min() for leaves in broad.T) >= 500
    # An additive model: what a column does is the same wherever the others are.
    filled = np.nan_to_num(x)
    additive = GradientBoostingClassifier(random_state=0, interaction_cst="no_interactions").fit(
        filled, y
    )
    corners = np.zeros((4, 5))
    corners[1:3, 1] = 2.0
    corners[2:, 2] = 2.0
    raw = additive.decision_function(corners)
    assert raw[0] - raw[1] == pytest.approx(raw[3] - raw[2])
    free = GradientBoostingClassifier(random_state=0).fit(filled, y).decision_function(corners)
    assert abs((free[0] - free[1]) - (free[3] - free[2])) > 0.1
    x, z = hours
    rising = GradientBoostingRegressor(random_state=0, monotonic_cst=[1, 0, 0, 0, 0]).fit(x, z)
    line = np.zeros((200, 5))
    line[:, 0] = np.linspace(-3.0, 3.0, 200)
    assert (np.diff(rising.predict(line)) >= 0.0).all()
    falling = GradientBoostingRegressor(random_state=0, monotonic_cst={"a": -1})
    falling.fit(pd.DataFrame(x, columns=list("abcde")), z)
    assert (np.diff(falling.predict(pd.DataFrame(line, columns=list("abcde")))) <= 0.0).all()


SETTINGS: list[dict[str, Any]] = [
    {},
    {"learning_rate": 0.5},
    {"max_leaf_nodes": 5},
    {"max_depth": 2},
    {"min_samples_leaf": 100},
    {"min_hessian": 20.0},
    {"min_gain": 50.0},
    {"l1_regularization": 5.0},
    {"l2_regularization": 5.0},
    {"max_bins": 15},
    {"subsample": 0.5},
    {"goss": (0.2, 0.1), "learning_rate": 0.5},
    {"max_features": 0.5},
    {"max_features_tree": 2},
    {"categorical_features": None, "interaction_cst": "pairwise", "max_leaf_nodes": 7},
    {"interaction_cst": [{0, 1}]},
    {"monotonic_cst": [-1, 0, 0, 0, 0]},
    {"class_weight": "balanced"},
    {"loss": "focal"},
    {"loss": "focal", "gamma": 1.0},
]


def test_settings_matter(parts: Labelled) -> None:
    x, y = parts
    raw = [
        GradientBoostingClassifier(n_estimators=8, random_state=0, **settings)
        .fit(x, y)
        .decision_function(x)
        .tobytes()
        for settings in SETTINGS
    ]
    assert len(set(raw)) == len(raw)
