"""The isolation forest as a scikit-learn estimator, with scikit-learn's sign.

Here, and only here, lower scores are more abnormal.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin  # type: ignore[import-untyped]

from forewarn import _verdicts
from forewarn._categories import Categories
from forewarn._checks import seed
from forewarn._core import Forest
from forewarn._estimator import TableEstimator, restored_on_error, weights
from forewarn._frames import frame
from forewarn._progress import Callback, reporting
from forewarn._settings import Settings, settings

__all__ = ["Change", "IsolationForest"]


class Change(NamedTuple):
    """Why some rows are more abnormal than rows before them: what ``explain_change`` finds."""

    before: float
    """The mean of the rows before, as ``-score_samples``."""
    during: float
    """The mean of the later rows."""
    contributions: NDArray[np.float64]
    """One a column; positive where it makes the later rows more abnormal than those before."""


class IsolationForest(OutlierMixin, TableEstimator):  # type: ignore[misc]
    """Isolation forest: rows that random cuts set apart quickly are abnormal.

    Drop-in for ``sklearn.ensemble.IsolationForest``: the same parameters, attributes and sign
    (``score_samples`` and ``decision_function`` are lower for more abnormal rows; ``predict`` gives
    -1 for them), many times faster and without rounding to float32. ``preset="standard"`` grows the
    very kind of forest that scikit-learn grows, though with other random numbers.

    X may be a NumPy array (float32 and float64 are read where they lie, in any memory order; other
    numbers are converted), a pandas or Polars frame, a ``pyarrow.Table``, or a list of rows. NaN
    and null are missing values; infinity is an error.

    Parameters
    ----------
    n_estimators : int, default=None
        Trees, at least 1. None takes the preset's: 100, as in scikit-learn, but for "fast" and
        "accurate".
    max_samples : "auto", int or float, default="auto"
        Rows that each tree is grown on: the preset's, which is ``min(256, n_samples)``; a number of
        at least 1; or a share of the rows in (0, 1].
    contamination : "auto" or float, default="auto"
        Share of the training rows to call anomalies, in (0, 0.5]; exactly that many rows (rounded)
        get -1 from ``predict``, unless scores tie. "auto" draws the line at a score of -0.5.
    max_features : int or float, default=1.0
        Columns that each tree is offered: a number, or a share in (0, 1].
    bootstrap : bool, default=False
        Whether a row may be drawn more than once for a tree.
    n_jobs : int, default=None
        Threads for training and scoring. None and -1 are all cores, -2 all but one. Results do not
        depend on it.
    random_state : int, RandomState instance, Generator or None, default=None
        An int gives the same forest each time; anything else is drawn from.
    verbose : int, default=0
        More than 0 shows progress, as ``progress=True`` does.
    warm_start : bool, default=False
        Whether ``fit`` adds trees to the forest of the last ``fit``, up to ``n_estimators``,
        instead of growing a new one.
    preset : {"standard", "fast", "accurate"}, default=None
        Where parameters left at None take their values from. "standard" is the forest of Liu, Ting
        and Zhou (2008), which is scikit-learn's. None is the library's default: the same, but for a
        quarter of the splits, which are guided; it costs no more to score with and ranks better on
        most data. "fast" is half of its trees. "accurate" ranks best: 200 trees without a limit to
        their depth, all splits guided hyperplanes; a row takes several times as long.
    ndim : int, default=None
        Columns that take part in each split: 1 cuts parallel to an axis, more by hyperplanes (the
        extended isolation forest).
    guided : float, default=None
        Share of the splits, in [0, 1], for which the best of several random candidates is taken
        (SCiForest, "fair-cut" forests); the others are random.
    gain : {"averaged", "averaged-variance", "pooled"}, default=None
        What is best among candidates: "averaged" is SCiForest's criterion, "averaged-variance" the
        same with variances, "pooled" that of fair-cut forests.
    n_candidates : int, default=None
        Candidates for each guided split.
    max_depth : {"balanced", "unlimited"} or int, default=None
        Splits from the root to a leaf at most: "balanced" is ``ceil(log2(max_samples_))``.
    scoring : {"depth", "density"}, default=None
        Whether leaves say how deep they lie, or how dense.
    range_penalty : bool, default=None
        Whether paths get shorter where a row is outside the range of the rows that a node was
        trained on. Only with ``scoring="depth"``.
    missing : {"majority", "spread"}, default=None
        Whether a row lacking a value goes where most training rows went, or down both sides by
        their shares.
    normalisation : {"exact", "scikit-learn"}, default=None
        The average path length that scores are measured against: its exact value or scikit-learn's
        approximation, which differs in small samples only.
    categorical_features : "from_dtype", None, or list of str, int or bool, default="from_dtype"
        Columns that hold categories: those of a categorical type (pandas ``category``, Polars
        ``Categorical`` and ``Enum``, Arrow dictionaries), or names, positions or a mask. In tables
        the training values are remembered, and a value that is not among them counts as one never
        seen, which is more of an anomaly. Columns of numbers must hold codes from 0 to 65,535.
    progress : bool or callable, default=False
        True shows a bar of tqdm's during ``fit`` where that is installed, else a line on the error
        stream. A callable is called as ``progress(done, total)``, in trees; it may return False to
        stop, which raises ``forewarn.CancelledError``, or raise an exception of its own.

    Attributes
    ----------
    offset_ : float
        ``decision_function = score_samples - offset_``.
    n_features_in_ : int
        Columns of the training rows.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.
    max_samples_ : int
        Rows that each tree was grown on.
    n_estimators_ : int
        Trees.
    expectation_ : float
        The score that contributions count from; see ``explain``.
    feature_importances_ : ndarray of shape (n_features_in_,)
        The share of each column in what sets scores apart.

    Examples
    --------
    >>> from forewarn import IsolationForest
    >>> X = [[-1.1], [0.3], [0.5], [100]]
    >>> forest = IsolationForest(random_state=0).fit(X)
    >>> forest.predict([[0.1], [0], [90]])
    array([ 1,  1, -1])
    """

    def __init__(
        self,
        *,
        n_estimators: int | None = None,
        max_samples: str | int | float = "auto",
        contamination: str | float = "auto",
        max_features: int | float = 1.0,
        bootstrap: bool = False,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        preset: str | None = None,
        ndim: int | None = None,
        guided: float | None = None,
        gain: str | None = None,
        n_candidates: int | None = None,
        max_depth: str | int | None = None,
        scoring: str | None = None,
        range_penalty: bool | None = None,
        missing: str | None = None,
        normalisation: str | None = None,
        categorical_features: str | Sequence[str | int | bool] | None = "from_dtype",
        progress: bool | Callback = False,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.contamination = contamination
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.preset = preset
        self.ndim = ndim
        self.guided = guided
        self.gain = gain
        self.n_candidates = n_candidates
        self.max_depth = max_depth
        self.scoring = scoring
        self.range_penalty = range_penalty
        self.missing = missing
        self.normalisation = normalisation
        self.categorical_features = categorical_features
        self.progress = progress

    def fit(
        self, X: Any, y: object = None, sample_weight: ArrayLike | None = None
    ) -> IsolationForest:
        """Grows the forest. Ctrl-C stops it at once and leaves no half-grown forest.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training rows.
        y : Ignored
            For scikit-learn's conventions.
        sample_weight : array-like of shape (n_samples,), default=None
            How likely each row is drawn, relative to the others: at least 0, not all 0.

        Returns
        -------
        self : IsolationForest
            Fitted.
        """
        with restored_on_error(self):
            return self._fit(X, sample_weight)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """The opposite of the anomaly score: in [-1, 0], lower for more abnormal rows.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            One score a row.
        """
        scores = self._trained.score(self._rows(X), self.n_jobs)
        return np.negative(scores, out=scores)

    def score_one(self, row: Sequence[float] | NDArray[np.float64]) -> float:
        """The score of one row of numbers, as ``score_samples`` gives it, in a microsecond or two.

        Values are taken by position; categories must be codes.
        """
        return -self._trained.score_one(row)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """``score_samples(X) - offset_``: negative for anomalies.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            One score a row.
        """
        scores = self.score_samples(X)
        scores -= self.offset_
        return scores

    def predict(self, X: Any) -> NDArray[np.int64]:
        """-1 for anomalies, 1 for all other rows.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            One label a row.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def rank(self, X: Any) -> NDArray[np.float64]:
        """For each row, the share of the training rows that were less abnormal, in [0, 1].

        0.999 is a row that one in a thousand exceeds, whatever the parameters of the forest.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ranks : ndarray of shape (n_samples,)
            One rank a row; higher is more abnormal.
        """
        return self._trained.rank(-self.score_samples(X))

    def explain(self, X: Any) -> Any:
        """What each column adds to the abnormality of each row.

        Positive where it makes the row more abnormal. A row's contributions add up to
        ``-score_samples(X) - expectation_``.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        contributions : ndarray of shape (n_samples, n_features), or a table
            In the same kind of table as X, with its column names.
        """
        contributions = self._trained.explain(self._rows(X), self.n_jobs)
        table = frame(X)
        return contributions if table is None else table.rebuild(contributions)

    def explain_change(self, before: Any, during: Any) -> Change:
        """Why some rows are more abnormal than rows before them, one contribution a column.

        ``explain`` asks what sets a row apart from the training rows; where the data has drifted
        since training, that is the drift. This asks what is different from just before.

        Parameters
        ----------
        before : table of shape (n_rows_before, n_features)
            The rows ahead of an incident, free of it: 15 to 120 of them average out what is usual.
        during : table of shape (n_rows_during, n_features)
            The rows of the incident, or only its most abnormal one.

        Returns
        -------
        change : Change
            ``contributions`` add up to ``during - before``.
        """
        forest = self._trained
        earlier = np.asarray(self._rows(before), dtype=np.float64)
        later = np.asarray(self._rows(during), dtype=np.float64)
        return Change(*forest.explain_change(earlier, later, self.n_jobs))

    def explain_one(self, row: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """As ``explain``, for one row of numbers; cheap enough to ask for every alert."""
        return self._trained.explain_one(row)

    def learn(self, X: Any, verdicts: Any) -> IsolationForest:
        """Learns from an operator's verdicts on rows, on top of those it learned from before.

        Rows like the confirmed ones become more abnormal, rows like the rejected ones less. Trees
        and ``offset_`` stay as they are; call ``calibrate`` to move the offset too.

        Parameters
        ----------
        X : table of shape (n_rows, n_features)
            The rows that were judged.
        verdicts : array-like of shape (n_rows,)
            For each row True, 1 or "confirmed" where it is an anomaly indeed; False, 0 or
            "rejected" where it is none.

        Returns
        -------
        self : IsolationForest
            Having learned.
        """
        forest = self._trained
        rows = np.asarray(self._rows(X), dtype=np.float64)
        confirmed = _verdicts.confirmed(verdicts)
        return self._take(forest.learn(rows, confirmed, self.n_jobs), move_offset=False)

    def merge(self, others: IsolationForest | Iterable[IsolationForest]) -> IsolationForest:
        """Adds the trees of other forests, trained on other parts of the data, to this one.

        ``offset_`` becomes -0.5, and there are no ranks until ``calibrate`` is shown some rows:
        what a forest knows of its own part says nothing about the others.

        Parameters
        ----------
        others : IsolationForest, or several
            Fitted on the same columns, with the same scoring and categories.

        Returns
        -------
        self : IsolationForest
            With the trees of all.
        """
        several = [others] if isinstance(others, IsolationForest) else list(others)
        for other in several:
            self._check_mergeable(other)
        forest = Forest.merge([self._trained, *(other._trained for other in several)])
        self.n_estimators = forest.n_trees
        return self._take(forest, move_offset=True)

    def calibrate(self, X: Any, contamination: str | float = "auto") -> IsolationForest:
        """Learns from rows what is usual: the ranks, and the offset that this share of them lies
        below ("auto": -0.5).

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows to call usual.
        contamination : "auto" or float, default="auto"
            Share of them to call anomalies, in (0, 0.5].

        Returns
        -------
        self : IsolationForest
            With a new ``offset_``.
        """
        forest = self._trained
        rows = np.asarray(self._rows(X), dtype=np.float64)
        share = None if isinstance(contamination, str) else float(contamination)
        if share is None and contamination != "auto":
            raise ValueError(f"contamination is {contamination!r}: it must be 'auto' or a share")
        return self._take(forest.calibrate(rows, share, self.n_jobs), move_offset=True)

    def to_bytes(self) -> bytes:
        """The trained forest in the compact binary form that Rust programs read, too.

        Parameters, ``offset_`` if set by hand, the columns' names and the values behind the codes
        of categories are not in it: pickle the estimator to keep those.
        """
        return self._trained.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> IsolationForest:
        """A fitted estimator around a forest that ``to_bytes``, here or in Rust, has written.

        Columns go by position, and categories must be codes. Bytes that are truncated, edited or of
        a newer format are refused with a ValueError.
        """
        forest = Forest(data)
        estimator = cls(n_estimators=forest.n_trees)
        estimator.n_features_in_ = forest.n_features
        estimator._settings = None
        estimator._categories = Categories([])
        return estimator._take(forest, move_offset=True)

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """The share of each column in what sets scores apart; sums to 1."""
        return self._trained.importance()

    @property
    def expectation_(self) -> float:
        """The score that contributions count from, higher being worse: see ``explain``."""
        return self._trained.expectation

    def _fit(self, X: Any, sample_weight: ArrayLike | None) -> IsolationForest:
        grown: Forest | None = getattr(self, "_forest", None) if self.warm_start else None
        rows, categories = self._training_rows(X, more=grown is not None)
        weight = weights(sample_weight, rows)
        many, wide = rows.shape
        chosen = settings(self.get_params(deep=False), many, wide, categories.columns)
        with reporting(self.progress, self.verbose) as callback:
            if grown is None:
                chosen["seed"] = seed(self.random_state)
                forest = Forest.train(rows, weight, chosen, self.n_jobs, callback)
            else:
                more = self._more_trees(grown, chosen)
                forest = grown.extend(rows, weight, more, self.n_jobs, callback)
        self._settings: Settings | None = chosen
        self._categories = categories
        return self._take(forest, move_offset=True)

    @property
    def _trained(self) -> Forest:
        self._check_fitted()
        return self._forest

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_forest")

    def _take(self, forest: Forest, *, move_offset: bool) -> IsolationForest:
        self._forest: Forest = forest
        self.max_samples_ = forest.sample_size
        self.n_estimators_ = forest.n_trees
        if move_offset:
            self.offset_ = -forest.threshold
        return self

    def _more_trees(self, grown: Forest, chosen: Settings) -> int:
        """How many trees ``warm_start`` adds; the others must be of the same kind."""
        before = self._settings
        if before is None:
            raise ValueError("a forest made by from_bytes has no settings to add trees by")
        # What trees are grown by must be as it was; how many is what changes.
        for name in sorted(set(chosen) - {"n_trees", "seed"}):
            was, now = before.get(name), chosen.get(name)
            if was != now:
                raise ValueError(
                    f"warm_start adds trees of the same kind: {name} was {was!r} in the first fit "
                    f"and is {now!r} now; set warm_start=False to start anew"
                )
        wanted = chosen["n_trees"] or grown.n_trees
        if wanted < grown.n_trees:
            raise ValueError(
                f"n_estimators={wanted} must be at least {grown.n_trees}, the trees that there are "
                "already, when warm_start is True"
            )
        if wanted == grown.n_trees:
            warnings.warn(
                "Warm-start fitting without increasing n_estimators does not grow new trees.",
                stacklevel=3,
            )
        chosen["seed"] = before["seed"]
        return wanted - grown.n_trees

    def _check_mergeable(self, other: IsolationForest) -> None:
        names = getattr(self, "feature_names_in_", None)
        others_names = getattr(other, "feature_names_in_", None)
        if (names is None) != (others_names is None) or not np.array_equal(
            [] if names is None else names, [] if others_names is None else others_names
        ):
            raise ValueError(
                f"forests with the columns {_listed(names)} and {_listed(others_names)} cannot be "
                "merged"
            )
        if self._trained and other._trained and self._categories != other._categories:
            raise ValueError(
                "forests that were trained with different categories cannot be merged: give the "
                "columns the same categories by training each on a row of every one, or on codes"
            )


def _listed(names: Any) -> str:
    return "without names" if names is None else str(list(names))
