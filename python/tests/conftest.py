"""Data that several tests share."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from forewarn import IsolationForest

Doubles = NDArray[np.float64]


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
