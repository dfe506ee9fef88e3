"""One monitor for any metric over time: nothing to set, nothing to train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._core import Monitor, monitor_reasons

__all__ = ["MetricMonitor", "Reading", "Readings"]

_REASONS = tuple(monitor_reasons())


class MonitorSettings(TypedDict):
    """What the extension takes."""

    per_week: float | None
    per_observation: float | None
    sides: str
    warm_up: int


class Reading(NamedTuple):
    """The answer to one observation."""

    score: float
    """How surprising it was: minus the decimal logarithm of the probability of one as extreme."""
    alarm: int
    """1 above the band, -1 below it, 0 for no alarm."""
    lower: float
    """The lowest value that raises no alarm."""
    upper: float
    """The highest value that raises no alarm."""
    news: float
    """The score as news: 6 or more deserves a look whatever the metric; told once an incident."""
    reason: str
    """What led to the answer: 'normal', 'too high', 'too low', 'novel', 'level shift', ..."""
    season: str | None
    """The rhythm found so far: None, 'daily' or 'weekly'."""


@dataclass(frozen=True)
class Readings:
    """The answers to many observations, an entry each."""

    times: NDArray[np.float64]
    """Unix seconds."""
    values: NDArray[np.float64]
    """As they were given; NaN where missing."""
    score: NDArray[np.float64]
    """How surprising each was."""
    alarm: NDArray[np.int8]
    """1 above the band, -1 below it, 0 for no alarm."""
    lower: NDArray[np.float64]
    """The lowest value that raised no alarm."""
    upper: NDArray[np.float64]
    """The highest value that raised no alarm."""
    news: NDArray[np.float64]
    """The score as news: 6 or more deserves a look whatever the metric; told once an incident."""
    reason_codes: NDArray[np.uint8]
    """Places in ``Readings.REASONS``."""

    REASONS = _REASONS

    @property
    def reasons(self) -> NDArray[np.str_]:
        """What led to each answer."""
        return np.asarray(_REASONS)[self.reason_codes]

    def __len__(self) -> int:
        return len(self.score)

    def plot(self, ax: Any = None) -> Any:
        """Draws the metric, its band and its alarms; needs matplotlib. Returns the axes."""
        try:
            from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]
        except ImportError as error:
            raise ImportError("Readings.plot needs matplotlib: pip install matplotlib") from error
        if ax is None:
            _, ax = pyplot.subplots(figsize=(10, 4))
        times = (self.times * 1e6).astype("datetime64[us]")
        known = np.isfinite(self.lower) & np.isfinite(self.upper)
        ax.fill_between(
            times, self.lower, self.upper, where=known, alpha=0.3, color="#56B4E9", label="normal"
        )
        ax.plot(times, self.values, color="#0072B2", linewidth=1, label="value")
        alarms = self.alarm != 0
        ax.plot(times[alarms], self.values[alarms], "o", color="#D55E00", label="alarm")
        ax.legend()
        return ax


class MetricMonitor:
    """Watches one metric: give it times and values, and nothing else.

    It finds the step and the season, warms up, bridges gaps, follows a level that has moved for
    good, and knows counters and flat lines. What it answers about a value rests on what came before
    it alone.

    Parameters
    ----------
    false_alarms_per_week : float, default=1.0
        Alarms for nothing that are allowed in a week of the metric's own time; above 0, at most
        1,000.
    rate : float, default=None
        Instead: the probability that an observation of a healthy metric raises an alarm; above 0,
        at most 0.1.
    sides : {"both", "lower", "upper"}, default="both"
        The sides that raise alarms.
    warm_up : int, default=200
        Observations before the first alarm, from 32 to 1,000,000.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import MetricMonitor
    >>> times = np.arange(2_000) * 60.0
    >>> values = np.random.default_rng(0).normal(20.0, 1.0, 2_000)
    >>> values[1_500] = 35.0
    >>> readings = MetricMonitor().update_many(times, values)
    >>> bool(readings.alarm[1_500] == 1), str(readings.reasons[1_500])
    (True, 'too high')
    """

    def __init__(
        self,
        *,
        false_alarms_per_week: float = 1.0,
        rate: float | None = None,
        sides: str = "both",
        warm_up: int = 200,
    ) -> None:
        if not isinstance(warm_up, (int, np.integer)) or warm_up < 0:
            raise ValueError(f"warm_up is {warm_up!r}: it must be a whole number from 32")
        self._settings = MonitorSettings(
            per_week=float(false_alarms_per_week),
            per_observation=None if rate is None else float(rate),
            sides=str(sides),
            warm_up=int(warm_up),
        )
        self._monitor = Monitor.start(self._settings)

    @classmethod
    def watch(cls, frame: Any, time: str | None = None, **settings: Any) -> dict[str, Readings]:
        """A monitor for each column of numbers of a DataFrame (pandas or Polars).

        Parameters
        ----------
        frame : DataFrame
            A row a time.
        time : str, default=None
            The column of times; None for the index of a pandas frame.
        settings
            As for the class.

        Returns
        -------
        dict of str to Readings
            By column, in the frame's order.
        """
        times = seconds(frame.index if time is None else frame[time])
        found = {}
        for name in frame.columns:
            values = np.asarray(frame[name])
            if name != time and values.dtype.kind in "fiub":
                found[str(name)] = cls(**settings).update_many(times, values)
        if not found:
            raise ValueError("the frame has no column of numbers")
        return found

    def update(self, time: float, value: float) -> Reading:
        """Judges a value at a time (Unix seconds), then learns from it; NaN is a missing value."""
        return Reading(*self._monitor.update(time, value))

    def update_many(self, times: ArrayLike, values: ArrayLike) -> Readings:
        """Judges values in order, then learns from them. An error leaves the monitor as it was.

        Parameters
        ----------
        times : array-like of shape (n,)
            Unix seconds, or dates (datetime64, pandas or Polars), not going back.
        values : array-like of shape (n,)
            NaN where missing; infinite ones are refused.
        """
        at = seconds(times)
        given = np.ascontiguousarray(values, dtype=np.float64)
        if at.ndim != 1 or given.ndim != 1:
            raise ValueError("times and values must have one dimension")
        if len(at) != len(given):
            raise ValueError(f"values has {len(given)} entries, {len(at)} expected")
        answers = self._monitor.update_many(at, given)
        return Readings(at, given, *answers)

    @property
    def step(self) -> float | None:
        """Seconds between two observations, mostly; None before the second."""
        return self._monitor.step

    @property
    def missing(self) -> int:
        """Values so far that were NaN."""
        return self._monitor.missing

    def __getstate__(self) -> Mapping[str, Any]:
        return {"settings": self._settings, "state": self._monitor.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._monitor = Monitor(state["state"])

    def __repr__(self) -> str:
        settings = self._settings
        if settings["per_observation"] is None:
            rate = f"false_alarms_per_week={settings['per_week']}"
        else:
            rate = f"rate={settings['per_observation']}"
        return f"MetricMonitor({rate}, sides={settings['sides']!r})"


def seconds(times: Any) -> NDArray[np.float64]:
    """Unix seconds of numbers (which are that already) or dates; those without a zone are UTC."""
    zoned = getattr(times, "dt", times)
    if getattr(zoned, "tz", None) is not None and hasattr(zoned, "tz_convert"):
        times = zoned.tz_convert(None)
    at = np.asarray(times)
    if at.dtype.kind == "M":
        whole = at.astype("datetime64[us]").astype(np.int64)
        return np.where(np.isnat(at), np.nan, whole / 1e6)
    return np.ascontiguousarray(at, dtype=np.float64)
