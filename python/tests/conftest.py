"""Data that several tests share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from forewarn import Engine, IsolationForest
from forewarn.engine import example_fleet

Doubles = NDArray[np.float64]
Labelled = tuple[Doubles, NDArray[np.str_]]
Modes = tuple[Doubles, NDArray[np.int64]]
Quantities = tuple[Doubles, Doubles]
Tables = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(scope="session")
def labelled() -> tuple[Doubles, NDArray[np.bool_]]:
    """Two correlated clusters, and 3 % of rows spread widely around both."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(6, 6))
    usual = np.concatenate(
        [random.normal(size=(1_940, 6)) @ mixing, random.normal(size=(970, 6)) * 0.5 + 8.0]
    )
    odd = random.uniform(-12.0, 18.0, size=(90, 6))
    rows = np.concatenate([usual, odd])
    anomaly = np.arange(len(rows)) >= len(usual)
    order = random.permutation(len(rows))
    return rows[order], anomaly[order]


@pytest.fixture(scope="session")
def rows(labelled: tuple[Doubles, NDArray[np.bool_]]) -> Doubles:
    """The rows alone."""
    return labelled[0]


@pytest.fixture(scope="session")
def forest(rows: Doubles) -> IsolationForest:
    """Trained on the rows. Not to be changed."""
    return IsolationForest(random_state=0).fit(rows)


@pytest.fixture(scope="session")
def parts() -> Labelled:
    """Parts that fail the sooner the hotter they run; one in ten measurements is missing."""
    random = np.random.default_rng(0)
    x = random.normal(size=(3_000, 5))
    fails = x[:, 0] + x[:, 1] * (x[:, 2] > 0) + random.normal(size=3_000) * 0.5 > 0.8
    x[random.random(x.shape) < 0.1] = np.nan
    return x, np.where(fails, "fails", "works")


@pytest.fixture(scope="session")
def modes(parts: Labelled) -> Modes:
    """Three ways to be."""
    x, _ = parts
    filled = np.nan_to_num(x)
    return x, np.digitize(filled[:, 0] + filled[:, 1], [-0.5, 1.0]) * 10


@pytest.fixture(scope="session")
def hours(parts: Labelled) -> Quantities:
    """Hours left: never negative, skewed."""
    x, _ = parts
    filled = np.nan_to_num(x)
    rate = np.exp(0.5 * filled[:, 0] + np.sin(filled[:, 1]))
    return x, np.random.default_rng(1).poisson(rate).astype(np.float64)


@pytest.fixture(scope="session")
def pumps() -> Tables:
    """Readings and failures of pumps that run hot before they fail. Not to be changed."""
    return example_fleet(8, 360)


@pytest.fixture(scope="session")
def engine(pumps: Tables) -> Engine:
    """Trained on the pumps. Not to be changed."""
    return Engine(folds=2, n_jobs=1).train(*pumps)
