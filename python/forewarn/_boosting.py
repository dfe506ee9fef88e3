"""What boosting does whatever it predicts: parameters, training, scores by round."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length  # type: ignore[import-untyped]

from forewarn._boost_settings import BoostSettings, boost_settings
from forewarn._categories import Categories
from forewarn._checks import group_numbers, seed
from forewarn._core import Boosted
from forewarn._estimator import restored_on_error, weights
from forewarn._exchange import Exchange
from forewarn._frames import Floats, frame
from forewarn._progress import Callback, reporting

Labels = NDArray[np.bool_] | NDArray[np.uint32] | NDArray[np.float64]
"""What is to be learned; the type says what kind of model is trained."""

Rows = tuple[NDArray[np.float64], Labels, NDArray[np.float64] | None]
"""A table, a label for each row, and perhaps a weight for each row."""

Self = TypeVar("Self", bound="Boosting")


class Boosting(Exchange):
    """Gradient-boosted trees.

    Every estimator's ``__init__`` takes these parameters: scikit-learn reads its signature.
    """

    n_estimators: int
    learning_rate: float
    max_leaf_nodes: int | None
    max_depth: int | None
    min_samples_leaf: int
    min_hessian: float
    min_gain: float
    l1_regularization: float
    l2_regularization: float
    max_bins: int
    subsample: float
    goss: tuple[float, float] | None
    max_features: int | float
    max_features_tree: int | float
    categorical_features: str | Sequence[str | int | bool] | None
    monotonic_cst: Sequence[int] | Mapping[str, int] | None
    interaction_cst: str | Sequence[Iterable[int]] | None
    early_stopping: bool
    validation_fraction: float
    validation_shuffle: bool
    n_iter_no_change: int
    warm_start: bool
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: int
    progress: bool | Callback

    def fit(
        self: Self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        eval_set: Any = None,
        groups: Any = None,
    ) -> Self:
        """Grows the trees. Ctrl-C stops it at once, and leaves the estimator as it was.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training rows.
        y : array-like of shape (n_samples,)
            What to learn of each row.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts: at least 0, not all 0. Rows of weight 0 are left out.
        eval_set : (X, y) or (X, y, sample_weight), or a list with one of these, default=None
            Rows to judge every round by: see ``evals_result_`` and ``early_stopping``.
        groups : array-like of shape (n_samples,), default=None
            Which machine each row is of, where many rows are of one: rows that are held out at
            random, and those that probabilities are calibrated on, are then whole machines; rows
            that are held out because they are the last are not.

        Returns
        -------
        self : object
            Fitted.
        """
        with restored_on_error(self):
            return self._fit(X, y, sample_weight, eval_set, groups)

    def apply(self, X: Any) -> NDArray[np.uint32]:
        """The leaf that each row falls into, by its number in the tree.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_trees) or (n_samples, n_iter_, n_classes)
            The latter with more than two classes, where each round has a tree for every class.
        """
        rows = self._rows(X)
        leaves = self._model.leaves(rows, self.n_jobs)
        outputs = self._model.n_outputs
        return leaves if outputs == 1 else leaves.reshape(len(leaves), -1, outputs)

    def explain(self, X: Any) -> Any:
        """What each column adds to the raw score of each row: exact Shapley values.

        A row's contributions add up to its raw score (what ``decision_function`` gives, or
        ``predict`` before an exponential) minus ``expectation_``.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        contributions : table, or ndarray of shape (n_samples, n_features[, n_classes])
            In the same kind of table as X, with its column names; an array with a last axis for the
            classes, where there are more than two.
        """
        rows = self._rows(X)
        found = self._model.contributions(doubles(rows), self.n_jobs)[:, :, :-1]
        if found.shape[1] > 1:
            return found.transpose(0, 2, 1)
        table = frame(X)
        return found[:, 0] if table is None else table.rebuild(found[:, 0])

    @property
    def expectation_(self) -> Any:
        """What contributions count from: a raw score, or one for each of more than two classes."""
        self._check_fitted()
        expected = self._model.expectation()
        return float(expected[0]) if len(expected) == 1 else expected

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """By how much the splits on each column lowered the training loss, as shares of 1."""
        self._check_fitted()
        gains = self._model.gains()
        total = gains.sum()
        return gains / total if total > 0.0 else gains

    def _raw(self, X: Any) -> NDArray[np.float64]:
        rows = self._rows(X)
        return self._model.raw(rows, self.n_jobs)

    def _staged(self, X: Any) -> Iterator[NDArray[np.float64]]:
        rows = self._rows(X)
        yield from self._model.staged(rows, self.n_jobs)

    def _learn_labels(self, y: Any, *, more: bool) -> Labels:
        """Labels to train on; `more` of them must be like those that were trained on before."""
        return self._known_labels(y)

    @abstractmethod
    def _known_labels(self, y: Any) -> Labels:
        """Labels of the same kind as those that are trained on."""

    @abstractmethod
    def _set_objective(self, settings: BoostSettings) -> str:
        """Fills in what is to be learned, and names what is measured of held-out rows."""

    def _weigh(
        self, labels: Labels, weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        """The weights, with what the labels weigh."""
        return weight

    def _fit(self: Self, X: Any, y: Any, sample_weight: Any, eval_set: Any, groups: Any) -> Self:
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        fitted = self.__sklearn_is_fitted__()
        grown = self._model if self.warm_start and fitted else None
        table, categories = self._training_rows(X, more=grown is not None)
        check_consistent_length(table, y, groups)
        labels = self._learn_labels(y, more=grown is not None)
        rows = (doubles(table), labels, self._weigh(labels, weights(sample_weight, table)))
        numbers = group_numbers(groups)
        held_out = self._held_out(eval_set, categories)
        names = [str(name) for name in getattr(self, "feature_names_in_", ())]
        params = self.get_params(deep=False)
        columns = int(self.n_features_in_)
        chosen = boost_settings(params, names, columns, categories.columns)
        measure = self._set_objective(chosen)
        if grown is None:
            chosen["seed"] = seed(self.random_state)
        else:
            self._continue(chosen)
        with reporting(self.progress, self.verbose, "round") as callback:
            model, (rounds, history, warnings) = Boosted.train(
                rows, numbers, held_out, names, chosen, grown, self.n_jobs, callback
            )
        self._model = model
        self._settings = chosen
        self._categories = categories
        self.n_iter_ = rounds + (0 if grown is None else self.n_iter_)
        self.evals_result_ = {"validation": {measure: history.tolist()}} if len(history) else {}
        self.warnings_ = [
            text if column is None or not names else f"{text} ({names[column]!r})"
            for text, column in warnings
        ]
        return self

    def _continue(self, chosen: BoostSettings) -> None:
        """Settings for the rounds that ``warm_start`` adds."""
        if self._settings is None:
            raise ValueError("trees that were read have no settings to add trees by")
        if chosen["n_trees"] <= self.n_iter_:
            raise ValueError(
                f"n_estimators={chosen['n_trees']} must be above {self.n_iter_}, the rounds that "
                "there are already, when warm_start is True"
            )
        chosen["n_trees"] -= self.n_iter_
        chosen["seed"] = self._settings["seed"]

    def _held_out(self, eval_set: Any, categories: Categories) -> Rows | None:
        if eval_set is None:
            return None
        entries = list(eval_set)
        if len(entries) == 1:
            # A list of pairs, as other libraries have it.
            entries = list(entries[0])
        if len(entries) not in (2, 3):
            raise ValueError(
                "eval_set must be (X, y) or (X, y, sample_weight), or a list with one of these"
            )
        table, y, *weight = entries
        rows = self._rows_for(table, categories)
        check_consistent_length(rows, y)
        labels = self._known_labels(y)
        return (
            doubles(rows),
            labels,
            self._weigh(labels, weights(weight[0] if weight else None, rows)),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")


def doubles(rows: Floats) -> NDArray[np.float64]:
    """Training reads float64: float32 is copied, in the order that it has."""
    return np.asarray(rows, dtype=np.float64)
