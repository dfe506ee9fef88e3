"""Times to failure, from lives many of which have not ended."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Doubles
from numpy.typing import NDArray

from forewarn import FailureTimeRegressor, GradientBoostingRegressor

LOSSES = ["cox", "hazard", "log_normal", "log_logistic", "weibull"]


@pytest.fixture(scope="module")
def lives() -> tuple[Doubles, Doubles, NDArray[np.void]]:
    """Rows, when each fails, and what is known of that by hour 100."""
    random = np.random.default_rng(0)
    x = random.normal(size=(2_000, 4))
    time = 60.0 * np.exp(-0.8 * x[:, 0] + 0.4 * x[:, 1] ** 2 + 0.4 * random.normal(size=2_000))
    y = np.array(
        list(zip(time <= 100.0, np.minimum(time, 100.0), strict=True)),
        dtype=[("event", "?"), ("time", "f8")],
    )
    return x, time, y


@pytest.mark.parametrize("loss", LOSSES)
def test_times_are_ranked(lives: tuple[Doubles, Doubles, Any], loss: str) -> None:
    x, time, y = lives
    model = FailureTimeRegressor(random_state=0, loss=loss).fit(x[:1_500], y[:1_500])
    assert model.score(x[1_500:], y[1_500:]) > 0.8
    risk = model.predict_risk(x[1_500:])
    assert (
        np.corrcoef(np.argsort(np.argsort(risk)), np.argsort(np.argsort(-time[1_500:])))[0, 1] > 0.8
    )
    # Half of the rows outlive the median, nine in ten the 0.1 quantile, where these are known.
    median, early = model.predict(x[1_500:]), model.predict_quantile(x[1_500:], 0.1)
    assert (early <= median).all()
    soon = early < 100.0
    assert 0.8 < (time[1_500:][soon] > early[soon]).mean() < 0.99
    known = median < 100.0
    assert 0.35 < (time[1_500:][known] > median[known]).mean() < 0.65


@pytest.mark.parametrize("loss", LOSSES)
def test_curves(lives: tuple[Doubles, Doubles, Any], loss: str) -> None:
    x, _, y = lives
    model = FailureTimeRegressor(random_state=0, loss=loss, n_estimators=30).fit(x, y)
    times = np.linspace(0.0, 99.0, 40)
    curves = model.predict_survival(x[:50], times)
    assert curves.shape == (50, 40)
    np.testing.assert_array_equal(curves[:, 0], 1.0)
    assert (np.diff(curves, axis=1) <= 0.0).all()
    # Of those that are alive at 20, the share alive 30 later: a quotient of the curve.
    later = model.predict_survival(x[:50], [30.0], age=np.full(50, 20.0))[:, 0]
    expected = model.predict_survival(x[:50], [20.0, 50.0])
    np.testing.assert_allclose(later, expected[:, 1] / expected[:, 0], rtol=1e-9)
    half = model.predict(x[:50])
    known = np.flatnonzero(half < 99.0)
    assert len(known) > 10
    at_half = model.predict_survival(x[known], half[known]).diagonal()
    assert (at_half < 0.5 + 1e-9).all()


def test_lives_in_every_form(lives: tuple[Doubles, Doubles, Any]) -> None:
    x, _, y = lives
    plain = np.column_stack([y["event"], y["time"]])
    bounds = np.zeros(len(y), dtype=[("from", "f8"), ("to", "f8")])
    bounds["from"] = y["time"]
    bounds["to"] = np.where(y["event"], y["time"], np.inf)
    expected = FailureTimeRegressor(random_state=0, n_estimators=5).fit(x, y).predict_risk(x)
    for form in (plain, bounds, pd.DataFrame(plain)):
        risk = FailureTimeRegressor(random_state=0, n_estimators=5).fit(x, form).predict_risk(x)
        np.testing.assert_array_equal(risk, expected)


def test_inspections(lives: tuple[Doubles, Doubles, Any]) -> None:
    """Failures that are only found every 25 hours teach nearly as much."""
    x, time, _ = lives
    bounds = np.zeros(len(x), dtype=[("from", "f8"), ("to", "f8")])
    bounds["from"] = np.minimum(np.floor(time / 25.0) * 25.0, 100.0)
    bounds["to"] = np.where(time < 100.0, bounds["from"] + 25.0, np.inf)
    model = FailureTimeRegressor(random_state=0, loss="log_normal").fit(x, bounds)
    known = np.isfinite(bounds["to"])
    error = np.abs(np.log(model.predict(x)[known] / time[known]))
    assert np.median(error) < 0.4
    with pytest.raises(ValueError, match="only Failed and Alive"):
        FailureTimeRegressor(random_state=0, loss="cox").fit(x, bounds)


def test_early_stopping_and_copies(lives: tuple[Doubles, Doubles, Any]) -> None:
    x, _, y = lives
    model = FailureTimeRegressor(
        random_state=0, early_stopping=True, n_estimators=500, learning_rate=0.3
    )
    model.fit(x[:1_500], y[:1_500], eval_set=(x[1_500:], y[1_500:]))
    history = model.evals_result_["validation"]["cox"]
    assert model.n_iter_ == np.argmin(history) + 1
    twin = pickle.loads(pickle.dumps(model))
    read = FailureTimeRegressor.from_bytes(model.to_bytes())
    for copy in (twin, read):
        np.testing.assert_array_equal(copy.predict_risk(x), model.predict_risk(x))
        np.testing.assert_array_equal(copy.predict(x), model.predict(x))
    with pytest.raises(ValueError, match="exponential and of times, which those of a Grad"):
        GradientBoostingRegressor.from_bytes(model.to_bytes())


def test_agrees_with_scikit_survival(lives: tuple[Doubles, Doubles, Any]) -> None:
    ensemble = pytest.importorskip("sksurv.ensemble")
    metrics = pytest.importorskip("sksurv.metrics")
    x, _, y = lives
    ours = FailureTimeRegressor(random_state=0).fit(x[:1_500], y[:1_500])
    theirs = ensemble.GradientBoostingSurvivalAnalysis(max_depth=5).fit(x[:1_500], y[:1_500])
    held = y[1_500:]
    index = metrics.concordance_index_censored(
        held["event"], held["time"], ours.predict_risk(x[1_500:])
    )
    assert ours.score(x[1_500:], held) == pytest.approx(index[0], abs=1e-9)
    assert index[0] > theirs.score(x[1_500:], held) - 0.01


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({}, np.ones(30), "whether it failed and when"),
        ({}, np.ones((30, 3)), "whether it failed and when"),
        ({}, np.full((30, 2), 2.0), "True or False"),
        ({}, np.column_stack([np.zeros(30), np.ones(30)]), "fail"),
        ({}, np.column_stack([np.ones(30), -np.ones(30)]), "-1"),
        ({"loss": "gamma"}, np.ones((30, 2)), "loss is 'gamma': it must be 'cox'"),
        ({"loss": "hazard", "n_periods": 0}, np.ones((30, 2)), "periods"),
        ({"loss": "weibull", "scale": 0.0}, np.ones((30, 2)), "scale is 0"),
    ],
)
def test_refused(parameters: dict[str, Any], y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FailureTimeRegressor(random_state=0, **parameters).fit(np.arange(60.0).reshape(30, 2), y)
