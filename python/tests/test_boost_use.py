"""Boosting from day to day: labels, weights, held-out rows, stages, more rounds, copies."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import Doubles, Labelled, Modes, Quantities
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import forewarn
from forewarn import GradientBoostingClassifier, GradientBoostingRegressor


def test_labels_are_those_given(parts: Labelled, modes: Modes) -> None:
    x, y = parts
    of_two = GradientBoostingClassifier(random_state=0, n_estimators=20).fit(x, y)
    assert of_two.classes_.tolist() == ["fails", "works"]
    assert set(of_two.predict(x)) == {"fails", "works"}
    chance = of_two.predict_proba(x)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    raw = of_two.decision_function(x)
    np.testing.assert_allclose(chance[:, 1], 1.0 / (1.0 + np.exp(-raw)))
    np.testing.assert_array_equal(of_two.predict(x) == "works", raw > 0.0)
    flipped = GradientBoostingClassifier(random_state=0, n_estimators=20).fit(x, y == "fails")
    np.testing.assert_allclose(flipped.decision_function(x), -raw, atol=0.05)

    x, three = modes
    of_three = GradientBoostingClassifier(random_state=0, n_estimators=20).fit(x, three)
    assert of_three.classes_.tolist() == [0, 10, 20]
    chance = of_three.predict_proba(x)
    assert chance.shape == (len(x), 3)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    np.testing.assert_array_equal(of_three.predict(x), of_three.classes_[chance.argmax(axis=1)])
    assert of_three.score(x, three) > 0.9


def test_weights_count(parts: Labelled) -> None:
    x, y = parts
    weight = np.where(y == "fails", 5.0, 1.0)
    weighted = (
        GradientBoostingClassifier(random_state=0).fit(x, y, sample_weight=weight).predict_proba(x)
    )
    by_class = (
        GradientBoostingClassifier(random_state=0, class_weight={"fails": 5.0})
        .fit(x, y)
        .predict_proba(x)
    )
    np.testing.assert_array_equal(weighted, by_class)
    plain = GradientBoostingClassifier(random_state=0).fit(x, y).predict_proba(x)
    assert weighted[:, 0].mean() > plain[:, 0].mean() + 0.05
    balanced = GradientBoostingClassifier(random_state=0, class_weight="balanced").fit(x, y)
    assert abs((balanced.predict(x) == "fails").mean() - (y == "fails").mean()) < 0.1
    # Rows that weigh nothing might as well not be there.
    kept = np.arange(len(x)) % 3 > 0
    without = GradientBoostingClassifier(random_state=0).fit(x[kept], y[kept])
    zero = GradientBoostingClassifier(random_state=0).fit(x, y, sample_weight=kept)
    np.testing.assert_allclose(zero.predict_proba(x), without.predict_proba(x), atol=1e-6)


def test_held_out_rows_are_judged_every_round(parts: Labelled) -> None:
    x, y = parts
    half = len(x) // 2
    held_out = (x[half:], y[half:])
    model = GradientBoostingClassifier(random_state=0, n_estimators=30).fit(
        x[:half], y[:half], eval_set=held_out
    )
    history = model.evals_result_["validation"]["log_loss"]
    expected = [log_loss(y[half:], stage) for stage in model.staged_predict_proba(x[half:])]
    np.testing.assert_allclose(history, expected, rtol=1e-9)
    assert model.n_iter_ == len(history) == 30
    # Watching changes nothing, nor does the form in which it is asked for.
    plain = GradientBoostingClassifier(random_state=0, n_estimators=30).fit(x[:half], y[:half])
    np.testing.assert_array_equal(plain.predict_proba(x), model.predict_proba(x))
    assert plain.evals_result_ == {}
    listed = GradientBoostingClassifier(random_state=0, n_estimators=30)
    listed.fit(x[:half], y[:half], eval_set=[(*held_out, np.ones(len(x) - half))])
    np.testing.assert_allclose(listed.evals_result_["validation"]["log_loss"], history)


@pytest.mark.parametrize("given", [True, False])
def test_early_stopping_keeps_the_best_round(parts: Labelled, given: bool) -> None:
    x, y = parts
    half = len(x) // 2
    model = GradientBoostingClassifier(
        random_state=0, n_estimators=500, learning_rate=0.3, early_stopping=True, n_iter_no_change=5
    )
    model.fit(x[:half], y[:half], eval_set=(x[half:], y[half:]) if given else None)
    history = model.evals_result_["validation"]["log_loss"]
    assert model.n_iter_ == np.argmin(history) + 1
    assert len(history) == model.n_iter_ + 5
    if given:
        assert log_loss(y[half:], model.predict_proba(x[half:])) == pytest.approx(min(history))


def test_the_last_rows_are_held_out_in_order_of_time(parts: Labelled) -> None:
    x, y = parts
    settings: dict[str, Any] = {"n_estimators": 50, "early_stopping": True, "random_state": 0}
    last = GradientBoostingClassifier(validation_shuffle=False, **settings).fit(x, y)
    by_hand = GradientBoostingClassifier(**settings)
    by_hand.fit(x[:2_700], y[:2_700], eval_set=(x[2_700:], y[2_700:]))
    np.testing.assert_array_equal(last.predict_proba(x), by_hand.predict_proba(x))


def test_stages_end_in_the_prediction(parts: Labelled, modes: Modes, hours: Quantities) -> None:
    for x, y in (parts, modes):
        model = GradientBoostingClassifier(random_state=0, n_estimators=7).fit(x, y)
        for staged, whole in (
            (model.staged_predict, model.predict),
            (model.staged_predict_proba, model.predict_proba),
            (model.staged_decision_function, model.decision_function),
        ):
            stages = list(staged(x[:100]))
            assert len(stages) == 7
            if stages[-1].dtype.kind == "f":
                np.testing.assert_allclose(stages[-1], whole(x[:100]), rtol=1e-12)
            else:
                np.testing.assert_array_equal(stages[-1], whole(x[:100]))
    x, z = hours
    for loss in ("squared_error", "poisson"):
        regressor = GradientBoostingRegressor(random_state=0, loss=loss, n_estimators=7).fit(x, z)
        stages = list(regressor.staged_predict(x))
        assert len(stages) == 7
        np.testing.assert_allclose(stages[-1], regressor.predict(x), rtol=1e-12)


def test_leaves(parts: Labelled, modes: Modes) -> None:
    x, y = parts
    leaves = (
        GradientBoostingClassifier(random_state=0, n_estimators=4, max_leaf_nodes=8)
        .fit(x, y)
        .apply(x)
    )
    assert leaves.shape == (len(x), 4)
    assert leaves.max() == 7
    x, three = modes
    assert GradientBoostingClassifier(random_state=0, n_estimators=4).fit(x, three).apply(
        x
    ).shape == (len(x), 4, 3)


@pytest.mark.parametrize("n_jobs", [2, 8, -1])
def test_threads_do_not_show(parts: Labelled, n_jobs: int) -> None:
    x, y = parts
    one, more = (
        GradientBoostingClassifier(
            random_state=0, n_jobs=jobs, subsample=0.7, max_features=0.7, early_stopping=True
        ).fit(x, y)
        for jobs in (1, n_jobs)
    )
    np.testing.assert_array_equal(one.decision_function(x), more.decision_function(x))


def test_random_state_decides(parts: Labelled) -> None:
    x, y = parts

    def raw(state: Any) -> Doubles:
        model = GradientBoostingClassifier(n_estimators=5, subsample=0.5, random_state=state)
        return model.fit(x, y).decision_function(x)

    np.testing.assert_array_equal(raw(3), raw(3))
    assert not np.array_equal(raw(3), raw(4))
    np.testing.assert_array_equal(raw(np.random.RandomState(3)), raw(np.random.RandomState(3)))


@pytest.mark.parametrize("subsample", [1.0, 0.5])
def test_warm_start_is_training_at_once(parts: Labelled, subsample: float) -> None:
    x, y = parts
    settings: dict[str, Any] = {"random_state": 0, "subsample": subsample}
    model = GradientBoostingClassifier(n_estimators=6, warm_start=True, **settings).fit(x, y)
    model.set_params(n_estimators=10).fit(x, y)
    at_once = GradientBoostingClassifier(n_estimators=10, **settings).fit(x, y)
    assert model.n_iter_ == 10
    np.testing.assert_allclose(model.decision_function(x), at_once.decision_function(x), rtol=1e-9)
    with pytest.raises(ValueError, match="must be above 10"):
        model.fit(x, y)
    with pytest.raises(ValueError, match="same classes"):
        model.set_params(n_estimators=12).fit(x, y == "fails")
    assert model.n_iter_ == 10


def test_copies(parts: Labelled, tmp_path: Path) -> None:
    x, y = parts
    model = GradientBoostingClassifier(random_state=0, n_estimators=7, class_weight="balanced").fit(
        x, y
    )
    joblib.dump(model, tmp_path / "model.joblib")
    for twin in (
        pickle.loads(pickle.dumps(model)),
        copy.deepcopy(model),
        joblib.load(tmp_path / "model.joblib"),
    ):
        np.testing.assert_array_equal(twin.predict_proba(x), model.predict_proba(x))
        np.testing.assert_array_equal(twin.predict(x), model.predict(x))
        assert twin.evals_result_ == model.evals_result_
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(clone(model), "n_iter_")


def test_in_a_search_and_a_pipeline(parts: Labelled) -> None:
    x, y = parts
    search = GridSearchCV(
        GradientBoostingClassifier(random_state=0, n_estimators=60),
        {"max_leaf_nodes": [2, 15]},
        cv=3,
    )
    assert search.fit(x, y).best_score_ > 0.8
    scores = cross_val_score(make_pipeline(StandardScaler(), search.best_estimator_), x, y, cv=3)
    assert scores.min() > 0.8


def test_warnings_are_data() -> None:
    random = np.random.default_rng(0)
    y = random.random(500) < 0.3
    table = pd.DataFrame(
        {"load": random.random(500), "site": 3.0, "repaired": y + random.random(500) * 0.1}
    )
    model = GradientBoostingClassifier(random_state=0, n_estimators=2).fit(table, y)
    assert len(model.warnings_) == 2
    assert "constant ('site')" in model.warnings_[0]
    assert "ROC AUC of 1.0000" in model.warnings_[1]
    assert "('repaired')" in model.warnings_[1]
    assert (
        GradientBoostingClassifier(random_state=0, n_estimators=2).fit(table[["load"]], y).warnings_
        == []
    )


def test_a_failed_fit_leaves_the_model(parts: Labelled) -> None:
    x, y = parts
    model = GradientBoostingClassifier(random_state=0, n_estimators=5).fit(x, y)
    before = model.predict_proba(x)
    model.set_params(n_estimators=10_000, progress=lambda *_: False)
    with pytest.raises(forewarn.CancelledError, match="of 10000 steps"):
        model.fit(x[:, :2], y == "fails")
    assert model.n_features_in_ == 5
    np.testing.assert_array_equal(model.predict_proba(x), before)
