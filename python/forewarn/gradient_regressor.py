"""Gradient-boosted trees that say how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin  # type: ignore[import-untyped]
from sklearn.utils.validation import _check_y  # type: ignore[import-untyped]

from forewarn._boost_settings import BoostSettings
from forewarn._boosting import Boosting, Labels
from forewarn._progress import Callback

__all__ = ["GradientBoostingRegressor"]

_MEASURES = {
    "squared_error": "half_squared_error",
    "absolute_error": "half_absolute_error",
    "huber": "huber_loss",
    "quantile": "pinball_loss",
    "poisson": "poisson_loss",
}


class GradientBoostingRegressor(RegressorMixin, Boosting):  # type: ignore[misc]
    """Gradient-boosted trees that predict a quantity: its mean, a quantile, a rate.

    The parameters, where they mean the same, are those of scikit-learn's
    ``HistGradientBoostingRegressor``; ``max_iter`` is ``n_estimators`` here. The defaults are other
    ones: they suit tables with few failures.

    X may be a NumPy array of any layout, a pandas or Polars frame, a ``pyarrow.Table``, or a list
    of rows. NaN and null are missing values, for which each split learns a side; infinity is an
    error. Training reads float64 where it lies and copies float32; prediction reads either.

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
    n_estimators : int, default=200
        Rounds of boosting at most: each adds a tree.
    learning_rate : float, default=0.05
        Share of each tree's answer that is added, in (0, 1].
    max_leaf_nodes : int or None, default=20
        Leaves of a tree at most, from 2 to 65,536. None is the latter.
    max_depth : int, default=None
        Splits on a path at most; None for no limit.
    min_samples_leaf : int, default=3
        Training rows in a leaf at least: exactly so where the loss has the same curvature for all
        rows, else an estimate, as in LightGBM.
    min_hessian : float, default=1e-3
        Sum of the loss's second derivatives in a leaf at least.
    min_gain : float, default=0
        What a split must lower the loss by.
    l1_regularization : float, default=0
        Penalty on the size of leaf values.
    l2_regularization : float, default=1
        Penalty on the squares of leaf values.
    max_bins : int, default=255
        Bins that a column is cut into at most, from 2 to 255. Missing values have one of their own.
    subsample : float, default=0.8
        Share of the rows, drawn anew for each tree, in (0, 1].
    goss : (float, float), default=None
        Gradient-based one-side sampling, instead of ``subsample``: the share of rows with the
        largest gradients, which are kept, and the share drawn from the others. ``(0.2, 0.1)`` is
        what LightGBM does.
    max_features : int or float, default=1.0
        Columns that each split is offered: a number, or a share in (0, 1].
    max_features_tree : int or float, default=1.0
        Columns that each tree is offered; ``max_features`` is of these.
    categorical_features : "from_dtype", None, or list of str, int or bool, default="from_dtype"
        Columns that hold categories: those of a categorical type (pandas ``category``, Polars
        ``Categorical`` and ``Enum``, Arrow dictionaries), or names, positions or a mask. In tables
        the training values are remembered, and values that are not among them are all alike.
        Columns of numbers must hold codes: whole numbers from 0.
    monotonic_cst : list of int, or dict, default=None
        For each column, or by name, 1 where predictions must not fall as its value rises, -1 where
        they must not rise, 0 for either.
    interaction_cst : "pairwise", "no_interactions" or list of sets of int, default=None
        Sets of columns that may meet on a path of a tree. Columns in none of them are one more set.
    early_stopping : bool, default=False
        Whether to stop when held-out rows (``eval_set``, else a share of the training rows) are not
        predicted better any more, and to keep the trees up to the best round only.
    validation_fraction : float, default=0.1
        Share of the training rows to hold out for early stopping without ``eval_set``.
    validation_shuffle : bool, default=True
        Whether these are drawn at random, or are the last ones: for rows in order of
        time.
    n_iter_no_change : int, default=20
        Rounds without a better one after which early stopping stops.
    warm_start : bool, default=False
        Whether ``fit`` adds rounds to those of the last ``fit``, up to ``n_estimators``.
    random_state : int, RandomState instance, Generator or None, default=None
        An int gives the same trees each time; anything else is drawn from.
    n_jobs : int, default=None
        Threads. None and -1 are all cores, -2 all but one. Results do not depend on it.
    verbose : int, default=0
        More than 0 shows progress, as ``progress=True`` does.
    progress : bool or callable, default=False
        True shows a bar of tqdm's during ``fit`` where that is installed, else a line on the error
        stream. A callable is called as ``progress(done, total, held_out)``, in rounds, the last
        being what held-out rows measured, or None; it may return False to stop, which raises
        ``forewarn.CancelledError``, or raise an exception of its own.

    Attributes
    ----------
    n_iter_ : int
        Rounds that were kept.
    evals_result_ : dict
        ``{"validation": {"half_squared_error": [...]}}``: the loss of the held-out rows after
        each round, where rows were held out, named by what it is.
    warnings_ : list of str
        What looked odd about the training rows: constant columns.
    feature_importances_ : ndarray of shape (n_features_in_,)
        By how much the splits on each column lowered the training loss, as shares of 1.
    n_features_in_ : int
        Columns of the training rows.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.

    Examples
    --------
    >>> from forewarn import GradientBoostingRegressor
    >>> X = [[hours] for hours in range(200)]
    >>> y = [2.0 * hours for hours in range(200)]
    >>> GradientBoostingRegressor().fit(X, y).predict([[100]]).round(-1)
    array([200.])
    """

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
        super().__init__(
            n_estimators=n_estimators,
            learning_rate=learning_rate,
            max_leaf_nodes=max_leaf_nodes,
            max_depth=max_depth,
            min_samples_leaf=min_samples_leaf,
            min_hessian=min_hessian,
            min_gain=min_gain,
            l1_regularization=l1_regularization,
            l2_regularization=l2_regularization,
            max_bins=max_bins,
            subsample=subsample,
            goss=goss,
            max_features=max_features,
            max_features_tree=max_features_tree,
            categorical_features=categorical_features,
            monotonic_cst=monotonic_cst,
            interaction_cst=interaction_cst,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            validation_shuffle=validation_shuffle,
            n_iter_no_change=n_iter_no_change,
            warm_start=warm_start,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
            progress=progress,
        )
        self.loss = loss
        self.quantile = quantile
        self.delta = delta

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

    def _learn_labels(self, y: Any, *, more: bool) -> Labels:
        return self._known_labels(y)

    def _known_labels(self, y: Any) -> Labels:
        labels = _check_y(y, y_numeric=True, estimator=self)
        return np.ascontiguousarray(labels, dtype=np.float64)

    def _set_objective(self, settings: BoostSettings) -> str:
        settings["loss"] = self.loss
        settings["shape"] = {"huber": self.delta, "quantile": self.quantile}.get(self.loss)
        if self.loss == "quantile" and self.quantile is None:
            raise ValueError("loss is 'quantile': quantile must say which one, in (0, 1)")
        return _MEASURES.get(self.loss, "")
