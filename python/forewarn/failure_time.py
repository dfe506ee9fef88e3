"""Gradient-boosted trees that say how long is left, from lives that need not have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._boost_docs import documented
from forewarn._boost_settings import BoostSettings
from forewarn._boosting import Boosting, Labels, doubles
from forewarn._core import concordance
from forewarn._estimator import set_parameters
from forewarn._progress import Callback

__all__ = ["FailureTimeRegressor"]

_WIDTH = 2
"""Entries of a life: whether and when it ended, or the times it ended between."""


@documented(measure="cox")
class FailureTimeRegressor(Boosting):
    """Gradient-boosted trees that say how long rows live, though many lives have not ended.

    y says of each row whether it failed, and when, or up to when it was seen alive. It is a
    structured array of a truth value and a time, as scikit-survival has it; an array of these two
    columns; or a structured array of two times that the failure was between: the second one may be
    infinite, the first one 0.

    $rows

    Parameters
    ----------
    loss : {"cox", "hazard", "log_normal", "log_logistic", "weibull"}, default="cox"
        What is assumed of lives. "cox": hazards of any shape, proportional between rows; lives must
        have ended at a known time, or not. "hazard": constant by period, free otherwise. The
        others: features stretch a time of this distribution (accelerated failure time).
    scale : float, default=None
        Of the logarithm of the time, for the last three losses, from 0.001 to 1,000. None: the one
        under which the lives are likeliest.
    n_periods : int, default=16
        Periods of ``loss="hazard"``, from 1 to 255.
    $parameters

    Attributes
    ----------
    $attributes

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import FailureTimeRegressor
    >>> X = np.arange(400.0)[:, None] % 100
    >>> hours = 200 - X[:, 0]
    >>> y = np.column_stack([hours < 150, np.minimum(hours, 150)])
    >>> FailureTimeRegressor(loss="log_normal").fit(X, y).predict([[90]]).round(-1)
    array([110.])
    """

    loss: str
    scale: float | None
    n_periods: int

    _links = ("identity", "exponential")
    _of_times = True

    def __init__(
        self,
        *,
        loss: str = "cox",
        scale: float | None = None,
        n_periods: int = 16,
        n_estimators: int = 200,
        learning_rate: float = 0.1,
        max_leaf_nodes: int | None = 20,
        max_depth: int | None = 3,
        min_samples_leaf: int = 3,
        min_hessian: float = 1e-3,
        min_gain: float = 0.0,
        l1_regularization: float = 0.0,
        l2_regularization: float = 20.0,
        max_bins: int = 255,
        subsample: float = 0.8,
        goss: tuple[float, float] | None = None,
        max_features: int | float = 1.0,
        max_features_tree: int | float = 1.0,
        categorical_features: str | Sequence[str | int | bool] | None = "from_dtype",
        monotonic_cst: Sequence[int] | Mapping[str, int] | None = None,
        interaction_cst: str | Sequence[Iterable[int]] | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_shuffle: bool = True,
        n_iter_no_change: int = 20,
        warm_start: bool = False,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        progress: bool | Callback = False,
    ) -> None:
        set_parameters(self, locals())

    def predict(self, X: Any, age: ArrayLike | None = None) -> NDArray[np.float64]:
        """The time that half of such rows outlive; see ``predict_quantile``."""
        return self.predict_quantile(X, 0.5, age)

    def predict_quantile(
        self, X: Any, probability: float, age: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """The time by which a failure has a probability.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.
        probability : float
            In (0, 1). Nine in ten outlive the time of 0.1.
        age : array-like of shape (n_samples,), default=None
            How long each row has lived already: times count from now. None: from the start.

        Returns
        -------
        times : ndarray of shape (n_samples,)
            Infinite where the curve does not fall so low.
        """
        return self._model.time(self._table(X), probability, _ages(age), self.n_jobs)

    def predict_survival(
        self, X: Any, times: ArrayLike, age: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """The probability of being alive after each of some times.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.
        times : array-like of shape (n_times,)
            At least 0.
        age : array-like of shape (n_samples,), default=None
            As for ``predict_quantile``.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_times)
            One curve a row.
        """
        asked = np.asarray(times, dtype=np.float64).tolist()
        return self._model.survival(self._table(X), asked, _ages(age), self.n_jobs)

    def predict_risk(self, X: Any) -> NDArray[np.float64]:
        """A number for each row, higher for those that fail sooner."""
        return self._model.risk(self._table(X), self.n_jobs)

    def score(self, X: Any, y: Any) -> float:
        """Harrell's concordance index, from 0 to 1: of pairs of lives of which it is known which
        ended first, the share in which that one had the higher risk. 0.5 is chance."""
        lives = self._known_labels(y).astype(np.float64)
        return concordance(lives, self.predict_risk(X))

    def _table(self, X: Any) -> NDArray[np.float64]:
        return doubles(self._rows(X))

    def _known_labels(self, y: Any) -> Labels:
        lives = np.asarray(y)
        if lives.dtype.names is not None and len(lives.dtype.names) == _WIDTH:
            first, second = (lives[name] for name in lives.dtype.names)
            if first.dtype.kind != "b":
                return _between(first.astype(np.float64), second.astype(np.float64))
        elif lives.ndim == _WIDTH and lives.shape[1] == _WIDTH:
            first, second = lives.T
        else:
            raise ValueError(
                f"y has dtype {lives.dtype} and shape {lives.shape}: it must hold, for each row, "
                "whether it failed and when, or two times that it failed between"
            )
        failed, time = first.astype(np.float64), second.astype(np.float64)
        if not np.isin(failed, (0.0, 1.0)).all():
            raise ValueError("y must say first whether a row failed, True or False, and then when")
        return _between(time, np.where(failed == 1.0, time, np.inf))

    def _set_objective(self, settings: BoostSettings) -> str:
        settings["loss"] = self.loss
        settings["shape"] = float(self.n_periods) if self.loss == "hazard" else self.scale
        return self.loss


def _between(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack([first, second])


def _ages(age: ArrayLike | None) -> list[float] | None:
    if age is None:
        return None
    ages: list[float] = np.asarray(age, dtype=np.float64).tolist()
    return ages
