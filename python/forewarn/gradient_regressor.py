"""Gradient-boosted trees that say how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin  # type: ignore[import-untyped]
from sklearn.utils.validation import _check_y  # type: ignore[import-untyped]

from forewarn._boost_docs import documented
from forewarn._boost_settings import BoostSettings
from forewarn._boosting import Boosting, Labels
from forewarn._estimator import set_parameters
from forewarn._progress import Callback

__all__ = ["GradientBoostingRegressor"]

_MEASURES = {
    "squared_error": "half_squared_error",
    "absolute_error": "half_absolute_error",
    "huber": "huber_loss",
    "quantile": "pinball_loss",
    "poisson": "poisson_loss",
}


@documented(measure="half_squared_error")
class GradientBoostingRegressor(RegressorMixin, Boosting):  # type: ignore[misc]
    """Gradient-boosted trees that predict a quantity: its mean, a quantile, a rate.

    The parameters, where they mean the same, are those of scikit-learn's
    ``HistGradientBoostingRegressor``; ``max_iter`` is ``n_estimators`` here. The defaults are other
    ones: they suit tables with few failures.

    $rows

    Parameters
    ----------
    loss : {"squared_error", "absolute_error", "huber", "quantile", "poisson"}, \
            default="squared_error"
        What is minimised, and so what is predicted: the mean, the median, nearly the mean but less
        moved by outliers, a quantile, or the mean of counts, which is never negative.
    quantile : float, default=None
        Which quantile ``loss="quantile"`` predicts, in (0, 1).
    delta : float, default=1.0
        Beyond which size ``loss="huber"`` counts residuals as they are, not their squares; above 0.
    $parameters

    Attributes
    ----------
    $attributes

    Examples
    --------
    >>> from forewarn import GradientBoostingRegressor
    >>> X = [[hours] for hours in range(200)]
    >>> y = [2.0 * hours for hours in range(200)]
    >>> GradientBoostingRegressor().fit(X, y).predict([[100]]).round(-1)
    array([200.])
    """

    loss: str
    quantile: float | None
    delta: float

    _links = ("identity", "exponential")

    def __init__(
        self,
        *,
        loss: str = "squared_error",
        quantile: float | None = None,
        delta: float = 1.0,
        n_estimators: int = 200,
        learning_rate: float = 0.05,
        max_leaf_nodes: int | None = 20,
        max_depth: int | None = None,
        min_samples_leaf: int = 3,
        min_hessian: float = 1e-3,
        min_gain: float = 0.0,
        l1_regularization: float = 0.0,
        l2_regularization: float = 1.0,
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

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The predicted quantity of each row.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        quantities : ndarray of shape (n_samples,)
            One a row.
        """
        rows = self._rows(X)
        return self._model.predict(rows, self.n_jobs)[:, 0]

    def staged_predict(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """``predict`` after each round. Needs memory for the predictions of all rounds."""
        for scores in self._staged(X):
            yield np.exp(scores[:, 0]) if self._model.link == "exponential" else scores[:, 0]

    def _known_labels(self, y: Any) -> Labels:
        labels = _check_y(y, y_numeric=True, estimator=self)
        return np.ascontiguousarray(labels, dtype=np.float64)

    def _set_objective(self, settings: BoostSettings) -> str:
        settings["loss"] = self.loss
        settings["shape"] = {"huber": self.delta, "quantile": self.quantile}.get(self.loss)
        if self.loss == "quantile" and self.quantile is None:
            raise ValueError("loss is 'quantile': quantile must say which one, in (0, 1)")
        return _MEASURES.get(self.loss, "")
