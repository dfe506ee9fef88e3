"""Reasons, calibrated probabilities, and models of other libraries."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Labelled, Modes, Quantities
from scipy.special import softmax
from sklearn.metrics import log_loss

from forewarn import GradientBoostingClassifier, GradientBoostingRegressor


def test_contributions_add_up(parts: Labelled, modes: Modes, hours: Quantities) -> None:
    x, y = parts
    two = GradientBoostingClassifier(random_state=0, n_estimators=20).fit(x, y)
    explained = two.explain(x[:200])
    assert explained.shape == (200, 5)
    raw = two.decision_function(x[:200])
    np.testing.assert_allclose(explained.sum(axis=1) + two.expectation_, raw, atol=1e-9)
    assert set(np.argsort(np.abs(explained).mean(axis=0))[-3:]) == {0, 1, 2}
    table = pd.DataFrame(x[:9], columns=list("abcde"), index=range(10, 19))
    named = GradientBoostingClassifier(random_state=0, n_estimators=20).fit(
        pd.DataFrame(x, columns=list("abcde")), y
    )
    in_table = named.explain(table)
    assert list(in_table.columns) == list("abcde")
    assert in_table.index.equals(table.index)
    np.testing.assert_array_equal(in_table.to_numpy(), explained[:9])

    x, three = modes
    several = GradientBoostingClassifier(random_state=0, n_estimators=5).fit(x, three)
    explained = several.explain(x[:50])
    assert explained.shape == (50, 5, 3)
    raw = several.decision_function(x[:50])
    np.testing.assert_allclose(explained.sum(axis=1) + several.expectation_, raw, atol=1e-9)

    x, z = hours
    rate = GradientBoostingRegressor(random_state=0, loss="poisson").fit(x, z)
    raw = np.log(rate.predict(x[:50].astype(np.float32)))
    explained = rate.explain(x[:50].astype(np.float32))
    np.testing.assert_allclose(explained.sum(axis=1) + rate.expectation_, raw, atol=1e-9)


@pytest.mark.parametrize("method", ["automatic", "platt", "beta", "isotonic"])
def test_calibration(parts: Labelled, method: str) -> None:
    x, y = parts
    fails = y == "fails"
    settings: dict[str, Any] = {"class_weight": {True: 6.0}, "random_state": 0}
    off = GradientBoostingClassifier(**settings).fit(x[:2_000], fails[:2_000])
    model = GradientBoostingClassifier(calibration=method, **settings)
    model.fit(x[:2_000], fails[:2_000])
    rate = fails[2_000:].mean()
    assert off.predict_proba(x[2_000:])[:, 1].mean() > rate + 0.04
    chance = model.predict_proba(x[2_000:])
    # Three standard deviations of the share of a thousand rows.
    assert abs(chance[:, 1].mean() - rate) < 3.0 * np.sqrt(rate * (1.0 - rate) / 1_000)
    np.testing.assert_allclose(chance.sum(axis=1), 1.0)
    np.testing.assert_array_equal(model.predict(x[2_000:]), chance[:, 1] > 0.5)
    # The trees are the same.
    np.testing.assert_allclose(model.decision_function(x), off.decision_function(x), atol=1e-6)
    for twin in (
        pickle.loads(pickle.dumps(model)),
        GradientBoostingClassifier.from_bytes(model.to_bytes()),
    ):
        np.testing.assert_array_equal(twin.predict_proba(x[2_000:]), chance)
        np.testing.assert_array_equal(twin.predict(x[2_000:]), model.predict(x[2_000:]))


def test_groups() -> None:
    """Machines that nothing foretells, with a column of their own: whoever judges itself by rows of
    machines that it knows thinks that it knows all."""
    rng = np.random.default_rng(0)
    machine, fails = np.repeat(np.arange(60), 20), np.repeat(rng.random(60) < 0.5, 20)
    x = np.column_stack([np.repeat(rng.normal(size=60), 20), rng.normal(size=1_200)])
    other = np.column_stack([rng.normal(size=400), rng.normal(size=400)])
    model = GradientBoostingClassifier(calibration="automatic", random_state=0)
    boasting = model.fit(x, fails).predict_proba(other).max(axis=1).mean()
    names = pd.Series([f"machine {number}" for number in machine])
    modest = model.fit(x, fails, groups=names).predict_proba(other).max(axis=1).mean()
    assert boasting > 0.85 and modest < 0.65

    early: dict[str, Any] = {"early_stopping": True, "n_iter_no_change": 5, "random_state": 0}
    assert GradientBoostingRegressor(**early).fit(x, fails, groups=machine).n_iter_ < 20
    assert GradientBoostingRegressor(**early).fit(x, fails).n_iter_ > 100
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.fit(x, fails, groups=machine[:7])
    with pytest.raises(ValueError, match=r"groups is 1.* at least 2"):
        model.fit(x, fails, groups=np.zeros(1_200))


def test_calibration_that_cannot_be(parts: Labelled, modes: Modes) -> None:
    with pytest.raises(ValueError, match="calibration is 'best': it must be None, 'automatic'"):
        GradientBoostingClassifier(random_state=0, calibration="best").fit(*parts)
    with pytest.raises(ValueError, match=r"is 'temperature': .* for two classes"):
        GradientBoostingClassifier(random_state=0, calibration="temperature").fit(*parts)
    with pytest.raises(ValueError, match=r"'platt': .* 'temperature' for more than two classes"):
        GradientBoostingClassifier(random_state=0, calibration="platt").fit(*modes)


@pytest.mark.parametrize("method", ["automatic", "temperature"])
def test_calibration_of_several_classes(method: str) -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=(3_000, 4))
    # One in six is of class 2, and nothing else is known but by the first column.
    y = np.where(random.uniform(size=3_000) < 1 / 6, 2, x[:, 0] + random.normal(size=3_000) > 0)
    settings: dict[str, Any] = {"learning_rate": 0.3, "n_estimators": 150, "random_state": 0}
    off = GradientBoostingClassifier(**settings).fit(x[:1_000], y[:1_000])
    model = GradientBoostingClassifier(calibration=method, **settings).fit(x[:1_000], y[:1_000])
    before, after = off.predict_proba(x[1_000:]), model.predict_proba(x[1_000:])
    assert log_loss(y[1_000:], after) < log_loss(y[1_000:], before) - 0.1
    # Each class is said about as often as it is, overfitted trees or not.
    shares = np.bincount(y[1_000:], minlength=3) / 2_000
    assert np.abs(before.mean(axis=0) - shares).max() > 0.04
    assert np.abs(after.mean(axis=0) - shares).max() < 0.03
    np.testing.assert_allclose(softmax(model.decision_function(x[1_000:]), axis=1), after)
    explained = model.explain(x[:50]).sum(axis=1) + model.expectation_
    np.testing.assert_allclose(explained, model.decision_function(x[:50]), atol=1e-9)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(twin.predict_proba(x[1_000:]), after)
    # Balanced, the probabilities are still those of the classes as frequent as they are.
    settings = {"class_weight": "balanced", "n_estimators": 20, "random_state": 0}
    even = GradientBoostingClassifier(**settings).fit(x[:1_000], y[:1_000])
    assert even.predict_proba(x[1_000:])[:, 2].mean() > 1 / 6 + 0.08
    even = GradientBoostingClassifier(calibration=method, **settings).fit(x[:1_000], y[:1_000])
    assert abs(even.predict_proba(x[1_000:])[:, 2].mean() - 1 / 6) < 0.05


def test_bytes_keep_the_model(modes: Modes, hours: Quantities) -> None:
    x, three = modes
    several = GradientBoostingClassifier(random_state=0, n_estimators=5).fit(x, three)
    read = GradientBoostingClassifier.from_bytes(several.to_bytes())
    assert read.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(read.predict_proba(x), several.predict_proba(x))
    x, z = hours
    rate = GradientBoostingRegressor(random_state=0, loss="poisson", n_estimators=5).fit(x, z)
    again = GradientBoostingRegressor.from_bytes(rate.to_bytes())
    np.testing.assert_array_equal(again.predict(x), rate.predict(x))
    np.testing.assert_allclose(list(again.staged_predict(x))[-1], rate.predict(x))
    with pytest.raises(ValueError, match="no settings to add trees by"):
        again.set_params(warm_start=True).fit(x, z)
    with pytest.raises(
        ValueError, match="softmax, which those of a GradientBoostingRegressor are not"
    ):
        GradientBoostingRegressor.from_bytes(several.to_bytes())
    with pytest.raises(ValueError, match="not a valid model"):
        GradientBoostingRegressor.from_bytes(rate.to_bytes()[:-9])
    with pytest.raises(ValueError, match="not a valid model"):
        GradientBoostingRegressor.from_bytes(b"")


def test_models_of_lightgbm(parts: Labelled, modes: Modes, hours: Quantities) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    for x, labels in (parts, modes):
        codes = np.unique(labels, return_inverse=True)[1]
        peer = lightgbm.LGBMClassifier(n_estimators=10, verbosity=-1).fit(x, codes)
        model = GradientBoostingClassifier.from_lightgbm(peer.booster_.model_to_string())
        np.testing.assert_allclose(model.predict_proba(x), peer.predict_proba(x), atol=1e-9)
        np.testing.assert_array_equal(model.predict(x), peer.predict(x))
        assert model.n_iter_ == 10
        back = lightgbm.Booster(model_str=model.to_lightgbm())
        expected = peer.booster_.predict(x)
        np.testing.assert_allclose(back.predict(x), expected, atol=1e-9)
    x, z = hours
    regressor = lightgbm.LGBMRegressor(n_estimators=10, verbosity=-1).fit(x, z)
    text = regressor.booster_.model_to_string()
    ours = GradientBoostingRegressor.from_lightgbm(text)
    np.testing.assert_allclose(ours.predict(x), regressor.predict(x), atol=1e-9)
    with pytest.raises(ValueError, match="predictions are identity"):
        GradientBoostingClassifier.from_lightgbm(text)
    with pytest.raises(ValueError, match="not a valid model"):
        GradientBoostingRegressor.from_lightgbm("tree")


def test_models_of_xgboost(parts: Labelled) -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y = parts
    peer = xgboost.XGBClassifier(n_estimators=10).fit(x, y == "fails")
    for form in ("json", "ubj"):
        data = bytes(peer.get_booster().save_raw(form))
        model = GradientBoostingClassifier.from_xgboost(data)
        np.testing.assert_allclose(model.predict_proba(x), peer.predict_proba(x), atol=1e-6)


def test_contributions_are_those_of_shap(parts: Labelled) -> None:
    lightgbm, shap = pytest.importorskip("lightgbm"), pytest.importorskip("shap")
    x, y = parts
    peer = lightgbm.LGBMClassifier(n_estimators=20, verbosity=-1).fit(x, y == "fails")
    model = GradientBoostingClassifier.from_lightgbm(peer.booster_.model_to_string())
    expected = shap.TreeExplainer(peer.booster_).shap_values(x[:300])
    np.testing.assert_allclose(model.explain(x[:300]), expected, atol=1e-6)
