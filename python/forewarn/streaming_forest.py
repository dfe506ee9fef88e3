"""Isolation forests that learn as they go: several metrics at once, one row at a time."""

from __future__ import annotations

from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._checks import is_int, refuse
from forewarn._core import Streaming
from forewarn._frames import Kind, frame

__all__ = ["StreamingExplanation", "StreamingForest"]


class StreamingSettings(TypedDict):
    """What the extension takes; the names of the library."""

    n_trees: int
    sample_size: int
    half_life: float
    shingle: int
    seed: int


class StreamingExplanation(NamedTuple):
    """Why a row is abnormal."""

    score: float
    """The score, higher is worse."""
    baseline: float
    """The part of the score that no metric is to blame for: of rows seen before."""
    contributions: NDArray[np.float64]
    """A part for each metric, at least 0; with the baseline they add up to the score."""


class StreamingForest:
    """A random cut forest that learns from one row at a time.

    A row is judged before it is learned from. About 1 is a row like any other;
    ``log2(sample_size + 1)``, 8 for 256 rows, is the most. Scores of the first ``sample_size`` rows
    are rough, and the first is 0. NaN is a missing value. The units of columns do not matter. The
    same rows under the same seed give the same bits, in batches or one at a time, on any number of
    threads. Threads of Python may share a forest once it has seen a row.

    Scores are no probabilities: a threshold of its own makes alarms of them. It grows to about
    ``n_trees * sample_size * (3 * n_features * shingle + 7) * 8`` bytes.

    Parameters
    ----------
    n_trees : int, default=50
        From 1 to 1,000.
    sample_size : int, default=256
        Rows that each tree holds, from 2 to 65,536.
    half_life : float, default=2560.0
        After how many further rows one is half as likely to be held as a new one, at least 1;
        infinite to forget nothing.
    shingle : int, default=1
        Rows that are looked at together, the newest included, from 1 to 1,000.
    seed : int, default=0
        Everything random follows from it.
    n_jobs : int or None, default=None
        Threads of ``update_many``; None and -1 are all cores. Changes no result.

    Attributes
    ----------
    n_features_in_ : int
        Columns, known from the first row on.
    feature_names_in_ : ndarray of str
        Names of the columns, where the first rows were a table with names.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import StreamingForest
    >>> load = 50 + 40 * np.sin(np.arange(1000) / 10)
    >>> forest = StreamingForest()
    >>> scores = forest.update_many(np.column_stack([load, 10 + load / 5]))
    >>> odd = forest.explain([12.0, 28.0])  # as slow as under full load, but idle
    >>> bool(odd.score > scores[500:].max())
    True
    """

    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def __init__(
        self,
        *,
        n_trees: int = 50,
        sample_size: int = 256,
        half_life: float = 2_560.0,
        shingle: int = 1,
        seed: int = 0,
        n_jobs: int | None = None,
    ) -> None:
        self._settings = StreamingSettings(
            n_trees=_whole("n_trees", n_trees),
            sample_size=_whole("sample_size", sample_size),
            half_life=float(half_life),
            shingle=_whole("shingle", shingle),
            seed=_whole("seed", seed),
        )
        self._forest: Streaming | None = None
        self.n_jobs = n_jobs
        # Settings out of their range are refused before there are rows.
        Streaming.start(self._settings, 1)

    def get_params(self) -> dict[str, Any]:
        """The settings by name."""
        return {**self._settings, "n_jobs": self.n_jobs}

    def update(self, row: ArrayLike) -> float:
        """Scores a row, then learns from it: one number for each column, in their order."""
        values = _row(row)
        forest = self._started(len(values))
        score = forest.update(values)
        self._keep(forest)
        return score

    def update_many(self, X: Any) -> NDArray[np.float64]:
        """Scores and learns from each row in turn; the scores.

        X is an array, or a pandas or Polars frame or Arrow table of numbers. The trees work in
        parallel, and other threads of Python run meanwhile. An error leaves the forest as it was.
        """
        rows, names = _rows(X)
        if names is not None:
            self._check_names(names)
        forest = self._started(rows.shape[1])
        scores = forest.update_many(rows, self.n_jobs)
        if self._forest is None and names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)
        self._keep(forest)
        return scores

    def score(self, row: ArrayLike) -> float:
        """What ``update`` would answer, without learning."""
        return self._known().score(_row(row))

    def explain(self, row: ArrayLike) -> StreamingExplanation:
        """Why a row, seen now, would score what it does. Learns nothing."""
        return StreamingExplanation(*self._known().explain(_row(row)))

    @property
    def count(self) -> int:
        """Rows learned from."""
        return 0 if self._forest is None else self._forest.count

    def to_bytes(self) -> bytes:
        """The forest as bytes, without names of columns; there must have been a row."""
        return self._known().to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> StreamingForest:
        """Goes on, with the same bits, where ``to_bytes`` was called."""
        forest = Streaming(data)
        made = cls(**forest.settings())
        made._keep(forest)
        return made

    def _started(self, columns: int) -> Streaming:
        """The forest, a new one before the first row."""
        return self._forest or Streaming.start(self._settings, columns)

    def _keep(self, forest: Streaming) -> None:
        if self._forest is None:
            self._forest, self.n_features_in_ = forest, forest.n_features

    def _known(self) -> Streaming:
        if self._forest is None:
            raise ValueError("the forest has seen no row yet")
        return self._forest

    def _check_names(self, names: list[str]) -> None:
        known = getattr(self, "feature_names_in_", None)
        if known is not None and list(known) != names:
            raise ValueError(f"X has the columns {names}, {list(known)} expected, in this order")

    def __repr__(self) -> str:
        return f"StreamingForest(n_trees={self._settings['n_trees']}, count={self.count})"


def _row(row: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(row, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"row has {values.ndim} dimensions, 1 expected")
    return values


def _rows(X: Any) -> tuple[NDArray[np.float64], list[str] | None]:
    """Rows, and the names of their columns where all are str."""
    table = frame(X)
    if table is None:
        rows = np.asarray(X, dtype=np.float64)
        if rows.ndim != 2:  # noqa: PLR2004
            raise ValueError(f"X has {rows.ndim} dimensions, 2 expected")
        return rows, None
    names = table.names
    for column, name in enumerate(names):
        if table.kind(column) is not Kind.NUMBER:
            raise ValueError(f"column {name!r} holds {table.kind(column).value}: numbers expected")
    values = [np.asarray(table.numbers(column), dtype=np.float64) for column in range(len(names))]
    if not values:
        raise ValueError("X has no columns: at least one is needed")
    named = all(isinstance(name, str) for name in names)
    return np.column_stack(values), names if named else None


def _whole(name: str, value: object) -> int:
    """Whether it is in its range, the library says."""
    if is_int(value) and 0 <= value < 2**64:
        return int(value)
    raise refuse(name, value, "a whole number from 0 to 2**64 - 1")
