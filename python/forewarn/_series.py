"""Series in all their forms as one-dimensional doubles; contiguous ones are not copied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._frames import Kind, frame
from forewarn.metric_monitor import seconds

Doubles = NDArray[np.float64]
Moment = float | datetime | np.datetime64
Times = ArrayLike | Sequence[date]


def numbers(name: str, values: Any) -> Doubles:
    """Values of one dimension: arrays, lists, pandas and Polars series; NaN where missing."""
    dtype = getattr(values, "dtype", None)
    if type(values).__module__.partition(".")[0] == "pandas" and not isinstance(dtype, np.dtype):
        values = values.to_numpy(dtype=np.float64, na_value=np.nan)
    array = np.asarray(values)
    if array.dtype.kind in "mMc":
        raise ValueError(f"{name} are of type {array.dtype}: they must be real numbers")
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions, 1 expected")
    return np.ascontiguousarray(array, dtype=np.float64)


def moments(times: Any) -> Doubles:
    """Unix seconds of numbers (which are that already) or dates; those without a zone are UTC."""
    if isinstance(times, (list, tuple)):
        times = np.asarray(times)
    if np.ndim(times) != 1:
        raise ValueError(f"times has {np.ndim(times)} dimensions, 1 expected")
    if getattr(times, "dtype", None) == np.dtype(object):
        return np.array([moment(time) for time in times], dtype=np.float64)
    return seconds(times)


def moment(time: Any) -> float:
    """The Unix seconds of one time; NaN for those that are none (NaT)."""
    if time != time:  # noqa: PLR0124
        return np.nan
    if isinstance(time, datetime):
        zoned = time if time.tzinfo is not None else time.replace(tzinfo=timezone.utc)
        return zoned.timestamp()
    if isinstance(time, (np.datetime64, date)):
        return float(seconds([np.datetime64(time)])[0])
    return float(time)


def timed(times: Any, values: Any) -> tuple[Doubles, Doubles]:
    """Times and values, as many of both."""
    at, given = moments(times), numbers("values", values)
    if len(at) != len(given):
        raise ValueError(f"values has {len(given)} entries, {len(at)} expected")
    return at, given


def paired(baseline: Any, candidate: Any) -> tuple[Doubles, Doubles]:
    """Values of both sides, as many of both."""
    before, after = numbers("baseline", baseline), numbers("candidate", candidate)
    if len(before) != len(after):
        raise ValueError(f"candidate has {len(after)} entries, {len(before)} expected")
    return before, after


def number_columns(table: Any, time: str | None = None) -> dict[str, Doubles]:
    """The columns of numbers of a DataFrame, that of times left out."""
    known = frame(table)
    if known is None:
        kind = type(table).__name__
        raise TypeError(f"a DataFrame of pandas or Polars, or an Arrow table, expected, not {kind}")
    return {
        str(name): numbers(str(name), known.numbers(place))
        for place, name in enumerate(known.names)
        if name != time and known.kind(place) is Kind.NUMBER
    }


def time_column(table: Any, time: str | None) -> Doubles:
    """The times of a DataFrame's rows: a column's, or the index of a pandas frame."""
    if time is not None:
        return moments(table[time])
    index = getattr(table, "index", None)
    if index is None:
        raise ValueError("time is None: it must name a column where the frame has no index")
    return moments(index)
