"""The history of calls to the dependencies of a service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._core import Calls
from forewarn.metric_monitor import seconds

__all__ = ["CallLog"]

_OUTCOMES: dict[Any, int] = {
    "ok": 0,
    "success": 0,
    True: 0,
    "fail": 1,
    "failed": 1,
    "failure": 1,
    "error": 1,
    False: 1,
    "timeout": 2,
    "ignored": 3,
    "rejected": 4,
    "cancelled": 5,
}

_STATES: dict[Any, int] = {
    "closed": 0,
    "open": 1,
    "half_open": 2,
    "half-open": 2,
    "ramping": 3,
    "forced_open": 4,
    "forced-open": 4,
    "forced_closed": 5,
    "forced-closed": 5,
    "disabled": 6,
}

_COLUMNS = ("start", "latency", "outcome", "key", "attempt", "admitted", "state")


class ExtraColumns(TypedDict):
    """What the extension takes beside start, latency and outcome."""

    keys: tuple[list[str], NDArray[np.int64]] | None
    attempt: NDArray[np.int64] | None
    admitted: NDArray[np.float64] | None
    state: NDArray[np.int64] | None


class CallLog:
    """The calls of one or more dependencies, for ``BreakerOptimizer`` to learn from.

    A rejected call has no outcome: the dependency may have been up or down. Rows of rejected calls
    are needed nevertheless, since they say how many calls there would have been.

    Parameters
    ----------
    start : array-like
        When each call was made: seconds from any fixed moment, from 0 to 1e10, or dates. In any
        order.
    latency : array-like
        How many seconds it took, from 0 to 1e6; NaN where it was rejected or cancelled.
    outcome : array-like of str or bool
        How it ended: "ok", "fail", "timeout", "ignored", "rejected" or "cancelled"; or whether it
        succeeded. "success", "failed", "failure" and "error" are known, too.
    key : array-like of str or str, default=None
        The dependency: a host, a service, an endpoint. None if it is one.
    attempt : array-like of int, default=None
        1 for first attempts, 2 for first retries. None for all 1.
    admitted : array-like of float, default=None
        The probability with which a breaker let calls pass at that moment. None for all 1.
    state : array-like of str, default=None
        What the breaker was doing: "closed", "open", "half_open", "ramping", ...; None or "" where
        there was none.

    Examples
    --------
    >>> from forewarn import CallLog
    >>> log = CallLog(start=[0.0, 0.4, 1.9], latency=[0.012, 1.0, float("nan")],
    ...               outcome=["ok", "timeout", "rejected"], key="search")
    >>> len(log), log.counts["timeout"]
    (3, 1)
    """

    def __init__(
        self,
        start: ArrayLike,
        latency: ArrayLike,
        outcome: ArrayLike,
        *,
        key: ArrayLike | None = None,
        attempt: ArrayLike | None = None,
        admitted: ArrayLike | None = None,
        state: ArrayLike | None = None,
    ) -> None:
        starts = _column("start", seconds(start), None)
        rows = len(starts)
        keys = None if key is None else _keys(key, rows)
        extra = ExtraColumns(
            keys=keys,
            attempt=None if attempt is None else _whole(attempt, rows),
            admitted=None if admitted is None else _column("admitted", admitted, rows),
            state=None if state is None else _codes("state", state, rows, _STATES, unknown=-1),
        )
        took = _column("latency", latency, rows)
        outcomes = _codes("outcome", outcome, rows, _OUTCOMES, unknown=None)
        self._calls = Calls(starts, took, outcomes, extra)

    @classmethod
    def _of(cls, calls: Calls) -> CallLog:
        made = cls.__new__(cls)
        made._calls = calls
        return made

    @classmethod
    def from_dataframe(
        cls,
        frame: Any,
        *,
        start: str = "start",
        latency: str = "latency",
        outcome: str = "outcome",
        key: str | None = "key",
        attempt: str | None = "attempt",
        admitted: str | None = "admitted",
        state: str | None = "state",
    ) -> CallLog:
        """A log from a DataFrame (pandas or Polars), a row a call; for columns of other names.

        Those of key, attempt, admitted and state need not be there unless they are named.
        """
        named = dict(
            zip(_COLUMNS, (start, latency, outcome, key, attempt, admitted, state), strict=True)
        )
        columns = list(frame.columns)
        taken = {}
        for role, name in named.items():
            if name in columns:
                taken[role] = frame[name]
            elif name is not None and (role in _COLUMNS[:3] or name != role):
                raise ValueError(f"the frame has no column {name!r} for {role}")
        return cls(**taken)

    @classmethod
    def from_csv(cls, source: str | PathLike[str]) -> CallLog:
        """A log from a CSV file, or from CSV text, which is what has more than one line.

        The header names ``start``, ``latency`` and ``outcome``, and maybe ``key``, ``attempt``,
        ``admitted`` and ``state``. Names that end in ``_ms`` are in milliseconds.
        """
        if isinstance(source, str) and "\n" in source:
            return cls._of(Calls.from_csv(source))
        return cls._of(Calls.from_csv(Path(source).read_text(encoding="utf-8")))

    def to_csv(self) -> str:
        """The rows as CSV text that ``from_csv`` reads, here and in Rust."""
        return self._calls.to_csv()

    def columns(self) -> dict[str, Any]:
        """The rows, column by column: arrays of numbers, lists of words."""
        return dict(zip(_COLUMNS, self._calls.columns(), strict=True))

    def dedup(self) -> CallLog:
        """A log without the rows that equal an earlier one in every column."""
        return self._of(self._calls.dedup())

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome."""
        return dict(self._calls.counts())

    @property
    def keys(self) -> list[str]:
        """The dependencies, in the order in which they were first seen."""
        return self._calls.keys

    @property
    def seconds(self) -> float:
        """Seconds from the first start to the last."""
        return self._calls.seconds

    @property
    def out_of_order(self) -> int:
        """Rows that start before the row ahead of them; they do no harm."""
        return self._calls.out_of_order

    @property
    def duplicates(self) -> int:
        """Rows that equal an earlier one in every column; they count."""
        return self._calls.duplicates

    def __len__(self) -> int:
        return len(self._calls)

    def __getstate__(self) -> Mapping[str, Any]:
        return {"csv": self.to_csv()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._calls = Calls.from_csv(state["csv"])

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {word}" for word, count in self.counts.items() if count)
        return f"<CallLog of {len(self)} calls to {len(self.keys)} keys: {counts or 'none'}>"


def _column(name: str, values: ArrayLike, rows: int | None) -> NDArray[np.float64]:
    column = np.ascontiguousarray(values, dtype=np.float64)
    _check_shape(name, column, rows)
    return column


def _check_shape(name: str, column: NDArray[Any], rows: int | None) -> None:
    if column.ndim != 1:
        raise ValueError(f"{name} has {column.ndim} dimensions, 1 expected")
    if rows is not None and len(column) != rows:
        raise ValueError(f"{name} has {len(column)} entries, {rows} expected")


def _whole(values: ArrayLike, rows: int) -> NDArray[np.int64]:
    column = np.asarray(values)
    _check_shape("attempt", column, rows)
    if column.dtype.kind not in "iu":
        raise ValueError("attempt must hold whole numbers")
    return np.ascontiguousarray(column, dtype=np.int64)


def _words(name: str, values: Any, rows: int) -> list[Any]:
    """A column of words, of whatever library."""
    words = values.to_list() if hasattr(values, "to_list") else np.asarray(values).tolist()
    if not isinstance(words, list):
        raise ValueError(f"{name} has 0 dimensions, 1 expected")
    if len(words) != rows:
        raise ValueError(f"{name} has {len(words)} entries, {rows} expected")
    return words


def _codes(
    name: str, values: Any, rows: int, known: Mapping[Any, int], unknown: int | None
) -> NDArray[np.int64]:
    """Words by their numbers."""
    words = _words(name, values, rows)
    numbers: dict[Any, int | None] = {}
    for word in _distinct(name, words):
        plain = word.strip().lower() if isinstance(word, str) else word
        numbers[word] = known.get(plain) if isinstance(plain, (str, bool)) else None
        if numbers[word] is None:
            if unknown is None or not _is_nothing(plain):
                allowed = ", ".join(repr(it) for it in known if isinstance(it, str))
                raise ValueError(f"{name} is {word!r}: it must be one of {allowed}")
            numbers[word] = unknown
    return np.array([numbers[word] for word in words], dtype=np.int64)


def _distinct(name: str, words: Iterable[Any]) -> set[Any]:
    try:
        return set(words)
    except TypeError:
        raise ValueError(f"{name} must have 1 dimension, and words in it") from None


def _is_nothing(word: Any) -> bool:
    """None, an empty string or NaN."""
    return word is None or word == "" or word != word  # noqa: PLR0124


def _keys(key: Any, rows: int) -> tuple[list[str], NDArray[np.int64]]:
    """Names, and the place of each row's name."""
    if isinstance(key, str):
        return [key], np.zeros(rows, dtype=np.int64)
    words = _words("key", key, rows)
    places = {word: place for place, word in enumerate(dict.fromkeys(words))}
    names = ["" if _is_nothing(word) else str(word) for word in places]
    return names, np.array([places[word] for word in words], dtype=np.int64)
