"""scikit-learn's own checks of an estimator."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.ensemble import IsolationForest as Peer
from sklearn.utils.estimator_checks import parametrize_with_checks

from forewarn import IsolationForest

EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": (
        "sample_weight is not equivalent to removing/repeating samples."
    ),
}


def expected_to_fail(_estimator: Any) -> dict[str, str]:
    return EXPECTED_TO_FAIL


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [
        IsolationForest(),
        IsolationForest(contamination=0.1, n_jobs=1),
        IsolationForest(preset="accurate", n_estimators=10),
        IsolationForest(ndim=2, scoring="density", missing="spread", bootstrap=True),
    ],
    expected_failed_checks=expected_to_fail,
)
def test_conventions(estimator: Any, check: Any) -> None:
    check(estimator)


def test_nothing_is_expected_to_fail_that_does_not_in_scikit_learn() -> None:
    generator = pytest.importorskip("sklearn.utils._test_common.instance_generator")
    theirs = generator.PER_ESTIMATOR_XFAIL_CHECKS[Peer]
    assert set(EXPECTED_TO_FAIL) <= set(theirs)
