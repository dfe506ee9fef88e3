"""scikit-learn's own checks of the boosting estimators."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from forewarn import (
    FailureTimeRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
)
from forewarn._core import boost_defaults

EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": (
        "sample_weight is not equivalent to removing/repeating samples."
    ),
}

FEW: dict[str, Any] = {"n_estimators": 10, "min_samples_leaf": 5, "learning_rate": 0.1}
"""Much as scikit-learn checks its own boosting: the checks' tables are small."""


def expected_to_fail(_estimator: Any) -> dict[str, str]:
    return EXPECTED_TO_FAIL


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [
        GradientBoostingClassifier(**FEW),
        GradientBoostingClassifier(loss="log_loss", early_stopping=True, n_jobs=1, **FEW),
        GradientBoostingRegressor(**FEW),
        GradientBoostingRegressor(loss="huber", subsample=0.9, max_features=0.9, **FEW),
    ],
    expected_failed_checks=expected_to_fail,
)
def test_conventions(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "model"),
    [
        (GradientBoostingClassifier, "failures"),
        (GradientBoostingClassifier, "classes"),
        (GradientBoostingRegressor, "quantities"),
        (FailureTimeRegressor, "times"),
    ],
)
def test_defaults_are_those_of_the_library(estimator: Any, model: str) -> None:
    params = estimator().get_params()
    assert {name: params[name] for name, _ in boost_defaults(model)} == dict(boost_defaults(model))


def test_nothing_is_expected_to_fail_that_does_not_in_scikit_learn() -> None:
    generator = pytest.importorskip("sklearn.utils._test_common.instance_generator")
    for peer in (HistGradientBoostingClassifier, HistGradientBoostingRegressor):
        assert set(EXPECTED_TO_FAIL) <= set(generator.PER_ESTIMATOR_XFAIL_CHECKS[peer])
