"""What every estimator does with its tables, whatever it learns from them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator  # type: ignore[import-untyped]
from sklearn.utils import check_array  # type: ignore[import-untyped]
from sklearn.utils.validation import (  # type: ignore[import-untyped]
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from forewarn._categories import Categories, find
from forewarn._frames import Floats, frame

_FLOATS: dict[str, Any] = {
    # The first is what other numbers become.
    "dtype": [np.float64, np.float32],
    "ensure_all_finite": False,
}


class TableEstimator(BaseEstimator):  # type: ignore[misc]
    """Reads arrays, pandas and Polars frames and Arrow tables."""

    categorical_features: Any
    _categories: Categories

    @abstractmethod
    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a model."""

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            # Raises scikit-learn's own error, in its own words.
            check_is_fitted(self)

    def _training_rows(self, X: Any, *, more: bool) -> tuple[Floats, Categories]:
        """Rows to train on, and the categories in them; `more` rows of what was trained on before
        must have the same columns."""
        table = frame(X)
        if table is None:
            rows = self._array(X, reset=not more)
        else:
            validate_data(self, X, reset=not more, skip_check_array=True)
        columns = int(self.n_features_in_)
        if more:
            categories = self._categories.copy()
        else:
            categories = Categories(find(self.categorical_features, table, columns))
        if table is not None:
            rows = self._checked(categories.encode(table, learn=True))
        return rows, categories

    def _rows(self, X: Any) -> Floats:
        """Rows to judge, as an array of floats."""
        if type(X) is np.ndarray and self._is_plain(X):
            return X
        # Nothing else is worth saying before that it is not fitted.
        self._check_fitted()
        return self._rows_for(X, self._categories)

    def _rows_for(self, X: Any, categories: Categories) -> Floats:
        table = frame(X)
        if table is None:
            return self._array(X, reset=False)
        validate_data(self, X, reset=False, skip_check_array=True)
        return self._checked(categories.encode(table, learn=False))

    def _is_plain(self, X: NDArray[Any]) -> bool:
        """Whether there is nothing to check or convert: a shortcut that matters for single rows."""
        return (
            X.ndim == 2  # noqa: PLR2004
            and X.dtype.char in "df"
            and X.flags.aligned
            and X.dtype.isnative
            and X.shape[0] > 0
            and X.shape[1] == getattr(self, "n_features_in_", None)
            and not hasattr(self, "feature_names_in_")
        )

    def _array(self, X: Any, *, reset: bool) -> Floats:
        try:
            rows = validate_data(self, X, reset=reset, **_FLOATS)
        except ValueError as error:
            if "could not convert string to float" not in str(error):
                raise
            raise ValueError(
                f"X holds strings ({error}): pass a pandas or Polars frame, with those columns "
                "categorical or named in categorical_features, or leave them out"
            ) from error
        return _aligned(rows)

    def _checked(self, rows: Floats) -> Floats:
        return _aligned(check_array(rows, estimator=self, **_FLOATS))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def set_parameters(estimator: BaseEstimator, given: Mapping[str, Any]) -> None:
    """Keeps what ``__init__`` was given (its ``locals()``) as scikit-learn wants it.

    Each value is kept unchanged, under its own name.
    """
    for name, value in given.items():
        if name != "self":
            setattr(estimator, name, value)


@contextmanager
def restored_on_error(estimator: BaseEstimator) -> Iterator[None]:
    """Whatever goes wrong inside, an estimator that was fitted before goes on as it was."""
    before = dict(estimator.__dict__)
    try:
        yield
    except BaseException:
        estimator.__dict__.clear()
        estimator.__dict__.update(before)
        raise


def weights(sample_weight: ArrayLike | None, rows: Floats) -> NDArray[np.float64] | None:
    """One weight a row, or None."""
    if sample_weight is None:
        return None
    checked = _check_sample_weight(sample_weight, rows, dtype=np.float64)
    return np.asarray(checked, dtype=np.float64)


def _aligned(rows: Floats) -> Floats:
    """Views into packed records can lie between the places where a processor reads floats."""
    return rows if rows.flags.aligned else rows.copy()
