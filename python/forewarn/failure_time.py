"""Gradient-boosted trees that say how long is left, from lives that need not have ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._boost_settings import BoostSettings
from forewarn._boosting import Boosting, Labels, doubles
from forewarn._core import concordance
from forewarn._progress import Callback

__all__ = ["FailureTimeRegressor"]

_WIDTH = 2
"""Entries of a life: whether and when it ended, or the times it ended between."""


class FailureTimeRegressor(Boosting):
    """Gradient-boosted trees that say how long rows live, though many lives have not ended.

    y says of each row whether it failed, and when, or up to when it was seen alive. It is a
    structured array of a truth value and a time, as scikit-survival has it; an array of these two
    columns; or a structured array of two times that the failure was between: the second one may be
    infinite, the first one 0.

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
    n_estimators : int, default=200
        Rounds of boosting at most: each adds a tree.
    learning_rate : float, default=0.1
        Share of each tree's answer that is added, in (0, 1].
    max_leaf_nodes : int or None, default=20
        Leaves of a tree at most, from 2 to 65,536. None is the latter.
    max_depth : int, default=3
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
    l2_regularization : float, default=20
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
        Whether these are drawn at random, of lives that ended and others alike, or are the last
        ones: for rows in order of time.
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
        ``{"validation": {"cox": [...]}}``: the loss of the held-out rows after
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
    >>> import numpy as np
    >>> from forewarn import FailureTimeRegressor
    >>> X = np.arange(400.0)[:, None] % 100
    >>> hours = 200 - X[:, 0]
    >>> y = np.column_stack([hours < 150, np.minimum(hours, 150)])
    >>> FailureTimeRegressor(loss="log_normal").fit(X, y).predict([[90]]).round(-1)
    array([110.])
    """

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
        self.scale = scale
        self.n_periods = n_periods

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

    def _learn_labels(self, y: Any, *, more: bool) -> Labels:
        return self._known_labels(y)

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
