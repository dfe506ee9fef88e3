"""What a metric will be, with prediction intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypedDict

from numpy.typing import ArrayLike

from forewarn._checks import is_int, number, refuse
from forewarn._core import forecast_metrics
from forewarn._results import BLUE, GREY, SKY, Result, axes, instants
from forewarn._series import Doubles, Times, number_columns, time_column, timed

DAY = 86_400.0
WEEK = 7.0 * DAY
FARTHEST = 100_000

PlainAhead = tuple[float, Doubles, Doubles, Doubles, Doubles]


class ForecastSettings(TypedDict):
    """What the extension takes."""

    step: float | None
    period: float | None
    long_period: float | None
    interval: float


@dataclass(frozen=True, repr=False)
class Forecast(Result):
    """The values to come, an entry a step; times are seconds."""

    step: float
    """Seconds between two entries."""
    interval: float
    """How likely each value is to be within its interval."""
    times: Doubles
    """From one step after the last observation on."""
    values: Doubles
    """What is expected: about as likely to be exceeded as not."""
    lower: Doubles
    """The lower ends of the intervals."""
    upper: Doubles
    """The upper ends."""
    past_times: Doubles = field(repr=False, compare=False)
    """The times that it rests on."""
    past_values: Doubles = field(repr=False, compare=False)
    """The values."""

    def __len__(self) -> int:
        return len(self.times)

    def plot(self, ax: Any = None) -> Any:
        """Draws the series and what is forecast; needs matplotlib. Returns the axes."""
        ax = axes(ax, "Forecast")
        ax.plot(instants(self.past_times), self.past_values, color=GREY, linewidth=1, label="value")
        at = instants(self.times)
        label = f"{100 * self.interval:.0f} % interval"
        ax.fill_between(at, self.lower, self.upper, alpha=0.3, color=SKY, label=label)
        ax.plot(at, self.values, color=BLUE, linewidth=1, label="forecast")
        ax.legend()
        return ax


def forecast(
    times: Times,
    values: ArrayLike,
    steps: int,
    *,
    step: float | None = None,
    period: float | None = DAY,
    long_period: float | None = WEEK,
    interval: float = 0.9,
) -> Forecast:
    """Forecasts the next values of a metric, with intervals from its own errors.

    Some eighty forecasters (levels, lines and rhythms) are asked at many times of the past what
    came then, and averaged, the better the more; the errors of the average are the interval. Wild
    values, gaps, uneven times and changes of level are borne; 10,000 observations take some ten
    milliseconds.

    Parameters
    ----------
    times : array-like of shape (n,)
        Seconds, or dates (datetime64, pandas or Polars), not going back; they may repeat and be
        uneven.
    values : array-like of shape (n,)
        NaN where missing.
    steps : int
        How many steps ahead, from 1 to 100,000.
    step : float, default=None
        Seconds of a step, above 0 and at most 1e10; None for the median interval of the times.
    period : float or None, default=86400.0
        Seconds of the rhythm that the metric may have; None if it has none. One that is not in the
        data does little harm.
    long_period : float or None, default=604800.0
        The same of a longer rhythm.
    interval : float, default=0.9
        How likely each value is to be within its interval, from 0.5 to 0.99.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn.trend import forecast
    >>> hours = np.arange(21 * 24) * 3600.0
    >>> load = 50.0 + 20.0 * np.sin(2 * np.pi * hours / 86400.0)
    >>> ahead = forecast(hours, load, 24)
    >>> bool(np.all(np.abs(ahead.values - load[:24]) < 1.0))
    True
    """
    settings = _settings(step, period, long_period, interval)
    at, given = timed(times, values)
    found = forecast_metrics([(settings, at, given)], _steps(steps), 1)
    return _forecast(found[0], settings, at, given)


def forecast_frame(
    frame: Any,
    steps: int,
    time: str | None = None,
    *,
    step: float | None = None,
    period: float | None = DAY,
    long_period: float | None = WEEK,
    interval: float = 0.9,
    n_jobs: int | None = None,
) -> dict[str, Forecast]:
    """A forecast for each column of numbers of a DataFrame (pandas or Polars), in parallel.

    Parameters
    ----------
    frame : DataFrame
        A row a time.
    steps : int
        How many steps ahead, from 1 to 100,000.
    time : str, default=None
        The column of times; None for the index of a pandas frame.
    step, period, long_period, interval
        As in ``forecast``.
    n_jobs : int, default=None
        Threads. None and -1 are all cores, -2 all but one. Results do not depend on it.

    Returns
    -------
    dict of str to Forecast
        By column, in the frame's order.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from forewarn.trend import forecast_frame
    >>> hours = np.arange(100) * 3600.0
    >>> frame = pd.DataFrame({"disk": 5.0 + 0.5 * np.arange(100), "load": 7.0}, index=hours)
    >>> ahead = forecast_frame(frame, 2)
    >>> [round(float(it.values[1])) for it in ahead.values()]
    [55, 7]
    """
    at, columns = time_column(frame, time), number_columns(frame, time)
    if not columns:
        raise ValueError("the frame has no column of numbers")
    settings = _settings(step, period, long_period, interval)
    asked = [(settings, at, values) for values in columns.values()]
    found = forecast_metrics(asked, _steps(steps), n_jobs)
    return {
        name: _forecast(plain, settings, at, values)
        for (name, values), plain in zip(columns.items(), found, strict=True)
    }


def _settings(
    step: float | None, period: float | None, long_period: float | None, interval: float
) -> ForecastSettings:
    allowed = "above 0 and at most 1e10 seconds, or None"

    def seconds(name: str, value: float | None) -> float | None:
        return None if value is None else number(name, value, allowed)

    return ForecastSettings(
        step=seconds("step", step),
        period=seconds("period", period),
        long_period=seconds("long_period", long_period),
        interval=number("interval", interval, "from 0.5 to 0.99"),
    )


def _steps(steps: int) -> int:
    if not is_int(steps) or not 1 <= steps <= FARTHEST:
        raise refuse("steps", steps, "a whole number from 1 to 100,000")
    return int(steps)


def _forecast(
    plain: PlainAhead, settings: ForecastSettings, times: Doubles, values: Doubles
) -> Forecast:
    step, ahead, expected, lower, upper = plain
    return Forecast(step, settings["interval"], ahead, expected, lower, upper, times, values)
