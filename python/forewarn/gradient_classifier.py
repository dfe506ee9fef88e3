"""Gradient-boosted trees that say how likely each class is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax  # type: ignore[import-untyped]
from sklearn.base import ClassifierMixin  # type: ignore[import-untyped]
from sklearn.utils import compute_class_weight  # type: ignore[import-untyped]
from sklearn.utils.multiclass import (  # type: ignore[import-untyped]
    check_classification_targets,
)
from sklearn.utils.validation import _check_y  # type: ignore[import-untyped]

from forewarn._boost_docs import documented
from forewarn._boost_settings import BoostSettings
from forewarn._boosting import Boosting, Labels
from forewarn._core import Boosted
from forewarn._estimator import set_parameters
from forewarn._progress import Callback

__all__ = ["GradientBoostingClassifier"]


@documented(measure="log_loss", warnings=",\n    columns that alone nearly separate two classes")
class GradientBoostingClassifier(ClassifierMixin, Boosting):  # type: ignore[misc]
    """Gradient-boosted trees that say how likely each class is.

    The parameters, where they mean the same, are those of scikit-learn's
    ``HistGradientBoostingClassifier``; ``max_iter`` is ``n_estimators`` here. The defaults are
    other ones: they suit tables with few failures.

    $rows

    Parameters
    ----------
    loss : {"log_loss", "focal"}, default="log_loss"
        What is minimised. Focal loss, for two classes, makes training care less about rows that are
        right already; it does not give probabilities.
    gamma : float, default=2.0
        The exponent of focal loss, above 0 and at most 10.
    class_weight : "balanced" or dict, default=None
        What each row of a class weighs, on top of ``sample_weight``: a number for each label (1 for
        those left out), or such that all classes weigh the same in all. Predicted probabilities are
        those of classes as frequent as their weights make them, unless they are calibrated: what
        weights did is then taken off again, but for a dict of more than two classes.
    calibration : {"automatic", "platt", "beta", "isotonic", "temperature"}, default=None
        How probabilities are made to mean what they say: on the held-out rows where there are
        any, else on all rows, each scored by trees that were not grown on it (nor on others of
        its machine: ``groups`` of ``fit``), which takes five more trainings. Of two classes,
        "automatic" takes what does best on rows left out of "platt", "beta", "isotonic" and
        nothing; ``predict_proba`` and ``predict`` change, not raw scores or stages. Of more,
        "automatic" is "temperature": raw scores are divided by a number, and to those of each
        class another is added, which may change the likeliest of near equals.
    $parameters

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    $attributes

    Examples
    --------
    >>> from forewarn import GradientBoostingClassifier
    >>> X = [[load] for load in range(100)]
    >>> y = ["works"] * 60 + ["fails"] * 40
    >>> GradientBoostingClassifier().fit(X, y).predict([[20], [80]])
    array(['works', 'fails'], dtype='<U5')
    """

    loss: str
    gamma: float
    class_weight: str | Mapping[Any, float] | None
    calibration: str | None

    _links = ("logistic", "softmax", "each logistic")

    def __init__(
        self,
        *,
        loss: str = "log_loss",
        gamma: float = 2.0,
        class_weight: str | Mapping[Any, float] | None = None,
        calibration: str | None = None,
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

    def predict(self, X: Any) -> NDArray[Any]:
        """The most likely class of each row.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            One of ``classes_`` a row.
        """
        scores = self._raw(X)
        if not self._model.calibrated:
            return self._labels(scores)
        labels: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """How likely each class is.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``; each row adds up to 1.
        """
        rows = self._rows(X)
        return _of_all_classes(self._model.predict(rows, self.n_jobs))

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Raw scores: log-odds of the second of two classes, or one score for each of more.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Higher is more likely.
        """
        return _squeezed(self._raw(X))

    def staged_predict(self, X: Any) -> Iterator[NDArray[Any]]:
        """``predict`` after each round. Needs memory for the scores of all rounds."""
        for scores in self._staged(X):
            yield self._labels(scores)

    def staged_predict_proba(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """``predict_proba`` after each round, as ``staged_predict``."""
        for scores in self._staged(X):
            yield _of_all_classes(_probabilities(scores))

    def staged_decision_function(self, X: Any) -> Iterator[NDArray[np.float64]]:
        """``decision_function`` after each round, as ``staged_predict``."""
        for scores in self._staged(X):
            yield _squeezed(scores)

    def _labels(self, scores: NDArray[np.float64]) -> NDArray[Any]:
        codes = scores[:, 0] > 0.0 if scores.shape[1] == 1 else scores.argmax(axis=1)
        labels: NDArray[Any] = self.classes_[codes.astype(np.intp)]
        return labels

    def _learn_labels(self, y: Any, *, more: bool) -> Labels:
        labels = _check_y(y, estimator=self)
        classes = _classes_of(labels)
        # It would sort a copy of many labels. None may come alone: that looks like regression.
        check_classification_targets(np.repeat(classes, 3))
        if len(classes) < 2:  # noqa: PLR2004
            raise ValueError(
                f"y has 1 class only, {classes.tolist()[0]!r}: at least two classes are needed"
            )
        if more and not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start needs the same classes: they were {list(self.classes_)} and are "
                f"{list(classes)} now"
            )
        self.classes_: NDArray[Any] = classes
        self._class_weights: NDArray[np.float64] | None = None
        if self.class_weight is not None:
            self._class_weights = compute_class_weight(self.class_weight, classes=classes, y=labels)
        return self._codes_of(labels)

    def _known_labels(self, y: Any) -> Labels:
        labels = _check_y(y, estimator=self)
        unknown = np.setdiff1d(labels, self.classes_).tolist()
        if unknown:
            raise ValueError(f"eval_set holds labels that no training row has: {unknown}")
        return self._codes_of(labels)

    def _codes_of(self, labels: NDArray[Any]) -> Labels:
        # An inverse by `np.unique` would take five times the memory of the labels.
        if len(self.classes_) == 2:  # noqa: PLR2004
            return self._coded(labels == self.classes_[1])
        return self._coded(np.searchsorted(self.classes_, labels))

    def _take_foreign(self, model: Boosted) -> GradientBoostingClassifier:
        super()._take_foreign(model)
        self.classes_ = np.arange(max(2, model.n_outputs))
        self._class_weights = None
        return self

    def _coded(self, codes: NDArray[np.intp]) -> Labels:
        if len(self.classes_) == 2:  # noqa: PLR2004
            return codes.astype(np.bool_)
        return codes.astype(np.uint32)

    def _weigh(
        self, labels: Labels, weight: NDArray[np.float64] | None
    ) -> NDArray[np.float64] | None:
        if self._class_weights is None or self._weighs_in_training_alone:
            return weight
        of_classes = self._class_weights[labels.astype(np.intp)]
        return of_classes if weight is None else of_classes * weight

    def _set_objective(self, settings: BoostSettings) -> str:
        settings["loss"] = self.loss
        settings["shape"] = self.gamma if self.loss == "focal" else None
        settings["calibration"] = self.calibration
        if self._weighs_in_training_alone and self._class_weights is not None:
            if len(self.classes_) == 2:  # noqa: PLR2004
                settings["failure_weight"] = float(self._class_weights[1] / self._class_weights[0])
            else:
                settings["balanced"] = True
        return self.loss

    @property
    def _weighs_in_training_alone(self) -> bool:
        """Whether probabilities are to be those of the classes as frequent as they are."""
        balanced = isinstance(self.class_weight, str)
        return self.calibration is not None and (balanced or len(self.classes_) == 2)  # noqa: PLR2004


def _squeezed(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores[:, 0] if scores.shape[1] == 1 else scores


def _probabilities(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the outputs, as the library computes them from its raw scores."""
    link = expit if scores.shape[1] == 1 else partial(softmax, axis=1)
    probabilities: NDArray[np.float64] = link(scores)
    return probabilities


def _of_all_classes(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of two classes, the second one alone is predicted."""
    if probabilities.shape[1] > 1:
        return probabilities
    return np.concatenate((1.0 - probabilities, probabilities), axis=1)


def _classes_of(labels: NDArray[Any]) -> NDArray[Any]:
    """The labels that occur, sorted: a part at a time, since `np.unique` sorts a copy."""
    starts = range(0, max(1, len(labels)), 65_536)
    return np.unique(np.concatenate([np.unique(labels[at : at + 65_536]) for at in starts]))
