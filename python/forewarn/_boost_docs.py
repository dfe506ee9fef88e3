"""What the documentation of all boosting estimators says alike, written once."""

from __future__ import annotations

from collections.abc import Callable
from inspect import cleandoc, signature
from string import Template
from typing import Any, TypeVar

Class = TypeVar("Class", bound=type[Any])


def documented(*, measure: str, warnings: str = "") -> Callable[[Class], Class]:
    """Fills in ``$rows``, ``$parameters`` and ``$attributes`` in a class's documentation.

    Defaults are those of the class's own ``__init__``. ``measure`` is what ``evals_result_`` holds
    by default, and ``warnings`` what ``warnings_`` speaks of beside constant columns.
    """

    def fill(estimator: Class) -> Class:
        # None where Python was told to leave documentation out.
        if estimator.__doc__:
            parameters = signature(estimator.__init__).parameters.items()
            defaults = {name: _shown(parameter.default) for name, parameter in parameters}
            sections = {
                "rows": _ROWS,
                "parameters": Template(_PARAMETERS).substitute(defaults),
                "attributes": Template(_ATTRIBUTES).substitute(measure=measure, warnings=warnings),
            }
            estimator.__doc__ = Template(cleandoc(estimator.__doc__)).substitute(sections)
        return estimator

    return fill


def _shown(default: Any) -> str:
    return f'"{default}"' if isinstance(default, str) else repr(default)


_ROWS = cleandoc("""
    X may be a NumPy array of any layout, a pandas or Polars frame, a ``pyarrow.Table``, or a list
    of rows. NaN and null are missing values, for which each split learns a side; infinity is an
    error. Training reads float64 where it lies and copies float32; prediction reads either.
""")

_PARAMETERS = cleandoc("""
    n_estimators : int, default=$n_estimators
        Rounds of boosting at most: each adds a tree, or one for every class if there are more than
        two.
    learning_rate : float, default=$learning_rate
        Share of each tree's answer that is added, in (0, 1].
    max_leaf_nodes : int or None, default=$max_leaf_nodes
        Leaves of a tree at most, from 2 to 65,536. None is the latter.
    max_depth : int, default=$max_depth
        Splits on a path at most; None for no limit.
    min_samples_leaf : int, default=$min_samples_leaf
        Training rows in a leaf at least: exactly so where the loss has the same curvature for all
        rows, else an estimate, as in LightGBM.
    min_hessian : float, default=$min_hessian
        Sum of the loss's second derivatives in a leaf at least.
    min_gain : float, default=$min_gain
        What a split must lower the loss by.
    l1_regularization : float, default=$l1_regularization
        Penalty on the size of leaf values.
    l2_regularization : float, default=$l2_regularization
        Penalty on the squares of leaf values.
    max_bins : int, default=$max_bins
        Bins that a column is cut into at most, from 2 to 255. Missing values have one of their own.
    subsample : float, default=$subsample
        Share of the rows, drawn anew for each round, in (0, 1].
    goss : (float, float), default=$goss
        Gradient-based one-side sampling, instead of ``subsample``: the share of rows with the
        largest gradients, which are kept, and the share drawn from the others. ``(0.2, 0.1)`` is
        what LightGBM does.
    max_features : int or float, default=$max_features
        Columns that each split is offered: a number, or a share in (0, 1].
    max_features_tree : int or float, default=$max_features_tree
        Columns that each tree is offered; ``max_features`` is of these.
    categorical_features : "from_dtype", None or list, default=$categorical_features
        Columns that hold categories: those of a categorical type (pandas ``category``, Polars
        ``Categorical`` and ``Enum``, Arrow dictionaries), or names, positions or a mask. In tables
        the training values are remembered, and values that are not among them are all alike.
        Columns of numbers must hold codes: whole numbers from 0.
    monotonic_cst : list of int, or dict, default=$monotonic_cst
        For each column, or by name, 1 where predictions must not fall as its value rises, -1 where
        they must not rise, 0 for either.
    interaction_cst : "pairwise", "no_interactions" or list of sets of int, default=$interaction_cst
        Sets of columns that may meet on a path of a tree. Columns in none of them are one more set.
    early_stopping : bool, default=$early_stopping
        Whether to stop when held-out rows (``eval_set``, else a share of the training rows) are not
        predicted better any more, and to keep the trees up to the best round only.
    validation_fraction : float, default=$validation_fraction
        Share of the training rows to hold out for early stopping without ``eval_set``.
    validation_shuffle : bool, default=$validation_shuffle
        Whether these are drawn at random, the same share of each class and of lives that ended, or
        are the last ones: for rows in order of time.
    n_iter_no_change : int, default=$n_iter_no_change
        Rounds without a better one after which early stopping stops.
    warm_start : bool, default=$warm_start
        Whether ``fit`` adds rounds to those of the last ``fit``, up to ``n_estimators``.
    random_state : int, RandomState instance, Generator or None, default=$random_state
        An int gives the same trees each time; anything else is drawn from.
    n_jobs : int, default=$n_jobs
        Threads. None and -1 are all cores, -2 all but one. Results do not depend on it.
    verbose : int, default=$verbose
        More than 0 shows progress, as ``progress=True`` does.
    progress : bool or callable, default=$progress
        True shows a bar of tqdm's during ``fit`` where that is installed, else a line on the error
        stream. A callable is called as ``progress(done, total, held_out)``, in rounds, the last
        being what held-out rows measured, or None; it may return False to stop, which raises
        ``forewarn.CancelledError``, or raise an exception of its own.
""")

_ATTRIBUTES = cleandoc("""
    n_iter_ : int
        Rounds that were kept.
    evals_result_ : dict
        ``{"validation": {"$measure": [...]}}``: the loss of the held-out rows after each round,
        where rows were held out, named by what it is.
    warnings_ : list of str
        What looked odd about the training rows: constant columns$warnings.
    expectation_ : float, or ndarray of shape (n_classes,)
        The raw score that contributions count from: see ``explain``.
    feature_importances_ : ndarray of shape (n_features_in_,)
        By how much the splits on each column lowered the training loss, as shares of 1.
    n_features_in_ : int
        Columns of the training rows.
    feature_names_in_ : ndarray of str
        Their names, where all are strings.
""")
