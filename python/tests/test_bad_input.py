"""One clear error for each thing that can be wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import Doubles
from scipy import sparse
from sklearn.exceptions import NotFittedError

from forewarn import IsolationForest


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_estimators": 0}, "n_estimators is 0"),
        ({"n_estimators": 2.5}, "n_estimators is 2.5"),
        ({"n_estimators": True}, "n_estimators is True"),
        ({"max_samples": 0}, "max_samples is 0"),
        ({"max_samples": 0.0}, "max_samples is 0.0"),
        ({"max_samples": 1.5}, "max_samples is 1.5"),
        ({"max_samples": "all"}, "max_samples is 'all'"),
        ({"contamination": 0}, "contamination is 0"),
        ({"contamination": 0.51}, "contamination is 0.51"),
        ({"contamination": float("nan")}, "contamination is nan"),
        ({"contamination": "some"}, "contamination is 'some'"),
        ({"max_features": 0}, "max_features is 0"),
        ({"max_features": 7}, "max_features is 7: .* from 1 to the 6 columns"),
        ({"max_features": 0.0}, "max_features is 0.0"),
        ({"bootstrap": "yes"}, "bootstrap is 'yes'"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"random_state": -1}, "random_state is -1"),
        ({"random_state": "seed"}, "seed"),
        ({"preset": "best"}, "preset is 'best': it must be None, 'standard', 'fast' or 'accurate'"),
        ({"preset": 3}, "preset is 3"),
        ({"ndim": 0}, "ndim is 0"),
        ({"guided": 1.1}, "guided is 1.1"),
        ({"gain": "most", "guided": 1.0}, "gain is 'most'"),
        ({"gain": "pooled", "guided": 0.0}, "there are none"),
        ({"n_candidates": 3, "preset": "standard"}, "there are none"),
        ({"n_candidates": 0, "guided": 1.0}, "n_candidates is 0"),
        ({"range_penalty": 1}, "range_penalty is 1"),
        ({"max_depth": 0}, "max_depth is 0"),
        ({"max_depth": "deep"}, "max_depth is 'deep'"),
        ({"scoring": "mean"}, "scoring is 'mean'"),
        ({"missing": "drop"}, "missing is 'drop'"),
        ({"normalisation": "none"}, "normalisation is 'none'"),
    ],
)
def test_parameters(rows: Doubles, parameters: dict[str, Any], message: str) -> None:
    forest = IsolationForest(**parameters)
    with pytest.raises(ValueError, match=message):
        forest.fit(rows)
    with pytest.raises(NotFittedError):
        forest.predict(rows)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_infinity(rows: Doubles, forest: IsolationForest, value: float, dtype: Any) -> None:
    bad = rows.astype(dtype)
    bad[1_234, 3] = value
    message = f"row 1234, column 3 is {value}: every value must be finite or NaN"
    with pytest.raises(ValueError, match=message):
        IsolationForest().fit(bad)
    for use in (forest.score_samples, forest.predict, forest.explain, forest.rank):
        with pytest.raises(ValueError, match=message):
            use(bad)
    with pytest.raises(ValueError, match="column 3 is"):
        forest.score_one(bad[1_234].astype(np.float64))


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (np.empty((0, 6)), ValueError, "0 sample"),
        (np.empty((5, 0)), ValueError, "0 feature"),
        (np.ones(6), ValueError, "1D array"),
        (np.ones((2, 2, 2)), ValueError, "dim 3|Expected 2D"),
        (np.ones((3, 6), dtype=complex), ValueError, "Complex data"),
        ([["a", "b"], ["c", "d"]], ValueError, "X holds strings.*frame"),
        (np.array([["a", 1.0]], dtype=object), ValueError, "X holds strings.*frame"),
        (sparse.csr_array(np.eye(6)), TypeError, "[Ss]parse"),
        (None, ValueError, "None|scalar"),
    ],
)
def test_tables(forest: IsolationForest, table: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        IsolationForest().fit(table)
    with pytest.raises(error, match=message):
        forest.score_samples(table)


def test_width(rows: Doubles, forest: IsolationForest) -> None:
    for use in (forest.score_samples, forest.predict, forest.explain):
        with pytest.raises(ValueError, match="5 features, but IsolationForest is expecting 6"):
            use(rows[:, :5])
    with pytest.raises(ValueError, match="5 columns given, 6 expected"):
        forest.score_one(rows[0, :5])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (-1.0, "weight is -1"),
        (np.nan, "NaN"),
        (np.inf, "inf"),
    ],
)
def test_weights(rows: Doubles, weight: float, message: str) -> None:
    weights = np.ones(len(rows))
    weights[7] = weight
    with pytest.raises(ValueError, match=message):
        IsolationForest().fit(rows, sample_weight=weights)


def test_weights_of_zero_or_another_length(rows: Doubles) -> None:
    with pytest.raises(ValueError, match="weight"):
        IsolationForest().fit(rows, sample_weight=np.zeros(len(rows)))
    with pytest.raises(ValueError, match="sample_weight"):
        IsolationForest().fit(rows, sample_weight=np.ones(3))


@pytest.mark.parametrize("method", ["score_samples", "decision_function", "predict", "explain"])
def test_unfitted(rows: Doubles, method: str) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(IsolationForest(), method)(rows)


def test_unfitted_attributes() -> None:
    for name in ("feature_importances_", "expectation_", "offset_"):
        assert not hasattr(IsolationForest(), name)


@pytest.mark.parametrize(
    ("verdicts", "message"),
    [
        ([-1, 1, 1], "verdict -1"),
        (["maybe", "rejected", "confirmed"], "verdict 'maybe'"),
        ([0.5, 1, 0], "verdict 0.5"),
        ([[True], [False], [True]], "one for each row"),
        ([True, False], "2 entries, 3 expected"),
    ],
)
def test_verdicts(rows: Doubles, forest: IsolationForest, verdicts: Any, message: str) -> None:
    before = forest.score_samples(rows)
    with pytest.raises(ValueError, match=message):
        forest.learn(rows[:3], verdicts)
    np.testing.assert_array_equal(forest.score_samples(rows), before)


@pytest.mark.parametrize("rows", [[[1.0, 2.0]], [[3.0, 3.0]] * 20, [[1.0], [2.0]]])
def test_too_little_to_tell_anything_apart(rows: list[list[float]]) -> None:
    scores = IsolationForest(random_state=0).fit(rows).score_samples(rows)
    np.testing.assert_allclose(scores, -0.5)


def test_damaged_bytes(forest: IsolationForest) -> None:
    data = forest.to_bytes()
    altered = bytearray(data)
    altered[200] ^= 1
    for damaged in (b"", b"no model", data[:-1], bytes(altered), data + b"?"):
        with pytest.raises(ValueError, match="not a valid model"):
            IsolationForest.from_bytes(damaged)


@pytest.mark.parametrize("bad", [{"contamination": 2.0}, {"preset": "best"}, {}])
def test_a_failed_fit_leaves_the_forest_before_it(rows: Doubles, bad: dict[str, Any]) -> None:
    forest = IsolationForest(random_state=0).fit(rows)
    before = forest.score_samples(rows)
    narrow = np.where(rows[:, :3] > 5.0, np.nan if bad else np.inf, rows[:, :3])
    with pytest.raises(ValueError, match=r"contamination|preset|inf"):
        forest.set_params(**bad).fit(narrow)
    np.testing.assert_array_equal(forest.score_samples(rows), before)
