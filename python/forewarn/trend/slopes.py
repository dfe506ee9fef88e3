"""Robust slopes: of whole series, and of a stream's last observations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn import _core
from forewarn._checks import is_int, number, refuse
from forewarn._core import Rolling
from forewarn._results import BLUE, ORANGE, SKY, Result, axes, instants
from forewarn._series import Doubles, Moment, Times, moment, timed


@dataclass(frozen=True, repr=False)
class TrendLine(Result):
    """A straight line through a series; slopes are in the value's unit a second."""

    slope: float
    """The change of the value in a second."""
    intercept: float
    """The value at time 0."""
    lower: float
    """The lower end of the slope's confidence interval; NaN where there is none."""
    upper: float
    """The upper end."""
    times: Doubles = field(repr=False, compare=False)
    """The times that it rests on."""
    values: Doubles = field(repr=False, compare=False)
    """The values."""

    def at(self, time: Moment) -> float:
        """The value of the line at a time."""
        return self.intercept + self.slope * moment(time)

    def plot(self, ax: Any = None) -> Any:
        """Draws the series and the line; needs matplotlib. Returns the axes."""
        ax = axes(ax, "TrendLine")
        ends = np.array([self.times.min(), self.times.max()])
        ax.plot(instants(self.times), self.values, ".", color=BLUE, label="value")
        ax.plot(instants(ends), self.intercept + self.slope * ends, color=ORANGE, label="trend")
        ax.legend()
        return ax


def theil_sen(times: Times, values: ArrayLike, *, confidence: float = 0.95) -> TrendLine:
    """The median of the slopes of all pairs of observations: it bears 29 % of wild values.

    In O(n log n). The interval is that of Kendall's rank correlation, and takes residuals to be
    independent. As ``scipy.stats.theilslopes``, ties and all.

    Parameters
    ----------
    times : array-like of shape (n,)
        Seconds, or dates, in any order.
    values : array-like of shape (n,)
        NaN where missing.
    confidence : float, default=0.95
        The probability that the interval holds the slope, in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn.trend import theil_sen
    >>> times = np.arange(50.0)
    >>> values = 3.0 + 0.5 * times
    >>> values[10] = 1e6
    >>> theil_sen(times, values)
    TrendLine(slope=0.5, intercept=3.5, lower=0.5, upper=0.5)
    """
    at, given = timed(times, values)
    level = number("confidence", confidence, "between 0 and 1, both excluded")
    return TrendLine(*_core.theil_sen(at, given, level), at, given)


def repeated_medians(times: Times, values: ArrayLike) -> TrendLine:
    """The median over all observations of the median slope to all others: half may be wild.

    O(n log n) in time on average, O(n²) at worst. There is no interval: ``lower`` and ``upper`` are
    NaN.

    Parameters
    ----------
    times : array-like of shape (n,)
        Seconds, or dates, in any order.
    values : array-like of shape (n,)
        NaN where missing.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn.trend import repeated_medians
    >>> times = np.arange(50.0)
    >>> values = np.where(times < 20, 1e6, 3.0 + 0.5 * times)
    >>> repeated_medians(times, values).slope
    0.5
    """
    at, given = timed(times, values)
    return TrendLine(*_core.repeated_medians(at, given), at, given)


@dataclass(frozen=True, repr=False)
class Slopes(Result):
    """The slope after each of many observations, NaN where there is none yet."""

    times: NDArray[np.float64]
    """Seconds."""
    slope: NDArray[np.float64]
    """The slope, in the value's unit a second."""
    lower: NDArray[np.float64]
    """The lower end of its interval."""
    upper: NDArray[np.float64]
    """The upper end."""

    def __len__(self) -> int:
        return len(self.times)

    def plot(self, ax: Any = None) -> Any:
        """Draws the slope and its interval; needs matplotlib. Returns the axes."""
        ax = axes(ax, "Slopes")
        at = instants(self.times)
        ax.fill_between(at, self.lower, self.upper, alpha=0.3, color=SKY, label="interval")
        ax.plot(at, self.slope, color=BLUE, linewidth=1, label="slope")
        ax.axhline(0.0, color=ORANGE, linewidth=0.5)
        ax.legend()
        return ax


class RollingTrend:
    """The robust slope over the last observations of a stream, up to date after each.

    Each observation is paired with the one two thirds of the window before it, and the slope is the
    median of the pairs' slopes: Theil's incomplete method. A sixth of the observations may be wild.
    An update takes less than a microsecond.

    Parameters
    ----------
    window : int, default=288
        Observations that are looked at, from 12 to 4,096; 288 are a day of every five minutes.
    confidence : float, default=0.95
        The probability that the interval holds the slope, from 0.5 to 0.999.

    Examples
    --------
    >>> from forewarn import RollingTrend
    >>> trend = RollingTrend(window=60)
    >>> for minute in range(200):
    ...     slope = trend.update(60.0 * minute, 5.0 + 0.6 * minute)
    >>> round(slope, 9), trend.slope == slope
    (0.01, True)
    """

    def __init__(self, window: int = 288, *, confidence: float = 0.95) -> None:
        if not is_int(window) or window < 0:
            raise refuse("window", window, "a whole number from 12 to 4,096")
        self._settings = (int(window), number("confidence", confidence, "from 0.5 to 0.999"))
        self._trend = Rolling.start(*self._settings)

    def update(self, time: Moment, value: float) -> float | None:
        """Adds a value at a time; the slope then. NaN is a missing value. Errors change nothing."""
        try:
            return self._trend.update(time, value)  # type: ignore[arg-type]
        except TypeError:
            return self._trend.update(moment(time), float(value))

    def update_many(self, times: Times, values: ArrayLike) -> Slopes:
        """Adds values in order; the slope after each. An error leaves the trend as it was."""
        at, given = timed(times, values)
        return Slopes(at, *self._trend.update_many(at, given))

    @property
    def slope(self) -> float | None:
        """The slope, in the value's unit a second; None before the first pair."""
        return self._trend.slope

    @property
    def interval(self) -> tuple[float, float] | None:
        """The slope's confidence interval; None before there are pairs enough for it."""
        return self._trend.interval

    @property
    def missing(self) -> int:
        """Values so far that were NaN."""
        return self._trend.missing

    def __getstate__(self) -> Mapping[str, Any]:
        return {"settings": self._settings, "state": self._trend.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._trend = Rolling(state["state"])

    def __repr__(self) -> str:
        window, confidence = self._settings
        return f"RollingTrend(window={window}, confidence={confidence:g})"
