"""When a resource runs out, and whether to alert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._checks import flag, number
from forewarn._core import Exhaustion, forecast_exhaustion
from forewarn._results import BLUE, FIRST_DATE, GREY, ORANGE, SKY, Result, axes, instants
from forewarn._series import Doubles, Moment, Times, moment, number_columns, time_column, timed

DAY = 86_400.0

PlainForecast = tuple[str, list[float], str]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class ExhaustionSettings(TypedDict):
    """What the extension takes; the names of the library, but for ``raise``, which is Python's."""

    capacity: float
    falling: bool
    horizon: float
    raise_: float
    clear: float
    interval: float
    history: float
    period: float | None


@dataclass(frozen=True, repr=False)
class ExhaustionForecast(Result):
    """The time left until a capacity is reached; times are seconds.

    As a str it is a sentence, with the day where times are Unix seconds: from 1e8, in 1973, on.
    """

    outlook: str
    """"filling"; "exhausted" already; "never" at this rate; or "unknown", of fewer than eight
    different times."""
    time: float
    """The time that the question was asked at."""
    left: float
    """Time left: as likely to be more as to be less. Infinite where it is more likely never to run
    out, NaN while nothing is known."""
    earliest: float
    """The lower end of the interval of the time left."""
    latest: float
    """The upper end; infinite where things may well turn."""
    interval: float
    """How likely the time left is to be in the interval."""
    probability: float
    """The probability of exhaustion within the horizon."""
    horizon: float
    """The horizon."""
    rate: float
    """The growth towards the capacity in the metric's unit a second; negative when it shrinks."""
    room: float
    """What is left until the capacity, in the metric's unit; negative once it is passed."""
    capacity: float = field(repr=False)
    """The value at which the resource is exhausted."""
    text: str = field(repr=False)
    """The time left in words, without a date."""
    times: Doubles | None = field(default=None, repr=False, compare=False)
    """The times that it rests on; None of a stream."""
    values: Doubles | None = field(default=None, repr=False, compare=False)
    """The values."""

    def __str__(self) -> str:
        if self.outlook != "filling" or not np.isfinite(self.latest) or self.time < FIRST_DATE:
            return self.text
        return f"{self.text}; not before {_date(self.time, self.earliest)}"

    def plot(self, ax: Any = None) -> Any:
        """Draws the series, its capacity, and when it is reached; needs matplotlib.

        Returns the axes.
        """
        ax = axes(ax, "ExhaustionForecast")
        value = self.capacity - self.room
        if self.times is not None and self.values is not None:
            ax.plot(instants(self.times), self.values, color=BLUE, linewidth=1, label="value")
            known = np.flatnonzero(~np.isnan(self.values))
            value = float(self.values[known[-1]]) if len(known) else np.nan
        ax.axhline(self.capacity, color=ORANGE, linewidth=1, label="capacity")
        shown = min(self.latest, 2.0 * self.left, 10.0 * max(self.earliest, self.horizon))
        if self.outlook == "filling" and np.isfinite(shown) and np.isfinite(value):
            ends = instants([self.time, self.time + self.left])
            ax.plot(ends, [value, self.capacity], "--", color=GREY, linewidth=1)
            label = f"{100 * self.interval:.0f} % interval"
            low, high = instants([self.time + self.earliest, self.time + shown])
            ax.axvspan(low, high, alpha=0.3, color=SKY, label=label)
        ax.set_title(str(self))
        ax.legend()
        return ax


@dataclass(frozen=True, repr=False)
class ExhaustionDecision(Result):
    """Whether to alert, and why."""

    alert: bool
    """Whether there is an alert now."""
    changed: bool
    """Whether it began or ended with this question."""
    forecast: ExhaustionForecast
    """What it rests on."""

    def __bool__(self) -> bool:
        return self.alert


@dataclass(frozen=True, repr=False)
class ExhaustionDecisions(Result):
    """The decisions of a replay, an entry each; all times are seconds."""

    times: NDArray[np.float64]
    """When each was made."""
    alert: NDArray[np.bool_]
    """Whether there was an alert."""
    probability: NDArray[np.float64]
    """The probability of exhaustion within the horizon."""
    left: NDArray[np.float64]
    """Time left, infinite or NaN as in a forecast."""
    earliest: NDArray[np.float64]
    """The lower end of its interval."""
    latest: NDArray[np.float64]
    """The upper end."""

    def __len__(self) -> int:
        return len(self.times)

    @property
    def episodes(self) -> list[tuple[float, float]]:
        """First and last time of each alert."""
        edges = np.diff(self.alert.astype(np.int8), prepend=0, append=0)
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
        return [
            (float(self.times[start]), float(self.times[end]))
            for start, end in zip(starts, ends, strict=True)
        ]

    def plot(self, ax: Any = None) -> Any:
        """Draws the probability and the alerts; needs matplotlib. Returns the axes."""
        ax = axes(ax, "ExhaustionDecisions")
        at = instants(self.times)
        ax.plot(at, self.probability, color=BLUE, linewidth=1, label="within the horizon")
        ax.fill_between(at, 0.0, 1.0, where=self.alert, alpha=0.3, color=ORANGE, label="alert")
        ax.set_ylabel("probability")
        ax.legend()
        return ax


class ExhaustionForecaster:
    """Tells when a resource will be exhausted, with an interval, and decides whether to alert.

    Growth, noise and rhythm are described by some hundred structural models, each believed as far
    as the past speaks for it: straight lines and random walks, with a daily rhythm or not,
    accelerating, with a memory; the drops of a sawtooth are taken out first. There is no clock
    inside: times are seconds, Unix seconds or of any other clock that does not go back.

    Give it a whole series (``forecast``), or a stream: ``update`` with every observation, and
    ``decide`` as often as you like. An update takes less than a microsecond, a decision about half
    a millisecond.

    Parameters
    ----------
    capacity : float
        The value at which the resource is exhausted, in the metric's unit.
    falling : bool, default=False
        Whether the metric falls to it, as free space does, rather than rises.
    horizon : float, default=86400.0
        Seconds ahead that alerts look, above 0 and at most 1e10.
    raise_ : float, default=0.65
        The probability of exhaustion within the horizon from which there is an alert, in (0, 1).
    clear : float, default=0.5
        The probability below which an alert ends, above 0 and at most ``raise_``.
    interval : float, default=0.9
        How likely the time left is to be within its interval, from 0.5 to 0.99.
    history : float, default=604800.0
        Seconds of the past that are looked at, from 60 to 1e10.
    period : float or None, default=86400.0
        Seconds of the rhythm that the metric may have, from 1 to 1e10; None if it has none. One
        that is not in the data does no harm.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import ExhaustionForecaster
    >>> hours = np.arange(48) * 3600.0
    >>> forecaster = ExhaustionForecaster(capacity=500.0)
    >>> forecast = forecaster.forecast(hours, 206.0 + 2.0 * np.arange(48))
    >>> forecast.outlook, str(forecast)[:32]
    ('filling', 'full in 4.2 days, 90 % interval ')

    A stream:

    >>> for hour in range(48):
    ...     forecaster.update(hour * 3600.0, 206.0 + 6.0 * hour)
    >>> forecaster.decide().alert
    True
    """

    def __init__(
        self,
        capacity: float,
        *,
        falling: bool = False,
        horizon: float = DAY,
        raise_: float = 0.65,
        clear: float = 0.5,
        interval: float = 0.9,
        history: float = 7.0 * DAY,
        period: float | None = DAY,
    ) -> None:
        allowed = "from 1 to 1e10 seconds, or None"
        self._settings = ExhaustionSettings(
            capacity=number("capacity", capacity, "a number"),
            falling=flag("falling", falling),
            horizon=number("horizon", horizon, "above 0 and at most 1e10 seconds"),
            raise_=number("raise_", raise_, "above 0 and below 1"),
            clear=number("clear", clear, "above 0 and at most raise_"),
            interval=number("interval", interval, "from 0.5 to 0.99"),
            history=number("history", history, "from 60 to 1e10 seconds"),
            period=None if period is None else number("period", period, allowed),
        )
        self._watch = Exhaustion.start(self._settings)

    def forecast(
        self,
        times: Times | None = None,
        values: ArrayLike | None = None,
        *,
        now: Moment | None = None,
    ) -> ExhaustionForecast:
        """When the capacity will be reached.

        Parameters
        ----------
        times : array-like of shape (n,), default=None
            Seconds, or dates (datetime64, pandas or Polars), not going back; they may repeat and be
            uneven. The forecast is made at the last one, and what was streamed is left alone.
            Without them the forecast is of what ``update`` was given.
        values : array-like of shape (n,), default=None
            NaN where missing.
        now : float or datetime, default=None
            Of a stream: the time to ask at, not before the last observation, which is the default.

        Returns
        -------
        ExhaustionForecast
            As a str: ``full in 6.8 days, 90 % interval 5.9-8.1 days; not before Tuesday``.
        """
        if times is None and values is None:
            return self._forecast(self._watch.forecast(None if now is None else moment(now)))
        if times is None or values is None or now is not None:
            raise ValueError("give both times and values, or neither, and now only with neither")
        at, given = timed(times, values)
        found = forecast_exhaustion([(self._settings, at, given)], 1)[0]
        return self._forecast(found, at, given)

    @classmethod
    def forecast_frame(
        cls,
        frame: Any,
        capacity: float | Mapping[str, float],
        time: str | None = None,
        *,
        n_jobs: int | None = None,
        **settings: Any,
    ) -> dict[str, ExhaustionForecast]:
        """A forecast for each column of numbers of a DataFrame (pandas or Polars), in parallel.

        Parameters
        ----------
        frame : DataFrame
            A row a time.
        capacity : float or mapping of str to float
            One for all columns, or those of the columns that are to be forecast.
        time : str, default=None
            The column of times; None for the index of a pandas frame.
        n_jobs : int, default=None
            Threads. None and -1 are all cores, -2 all but one. Results do not depend on it.
        settings
            As for the class.

        Returns
        -------
        dict of str to ExhaustionForecast
            By column, in the frame's order.
        """
        at, columns = time_column(frame, time), number_columns(frame, time)
        if isinstance(capacity, Mapping):
            unknown = [name for name in capacity if name not in columns]
            if unknown:
                raise ValueError(
                    f"capacity names {unknown[0]!r}: no column of numbers is called so"
                )
            columns = {name: it for name, it in columns.items() if name in capacity}
        if not columns:
            raise ValueError("the frame has no column of numbers")
        makers = {
            name: cls(capacity[name] if isinstance(capacity, Mapping) else capacity, **settings)
            for name in columns
        }
        asked = [(makers[name]._settings, at, values) for name, values in columns.items()]
        found = zip(columns.items(), forecast_exhaustion(asked, n_jobs), strict=True)
        return {name: makers[name]._forecast(plain, at, it) for (name, it), plain in found}

    def update(self, time: Moment, value: float) -> None:
        """Adds a value at a time; NaN is a missing value. An error changes nothing."""
        try:
            self._watch.update(time, value)  # type: ignore[arg-type]
        except TypeError:
            self._watch.update(moment(time), float(value))

    def update_many(self, times: Times, values: ArrayLike) -> None:
        """Adds values in order. An error leaves the forecaster as it was."""
        self._watch.update_many(*timed(times, values))

    def decide(self, now: Moment | None = None) -> ExhaustionDecision:
        """Whether to alert: from a probability of ``raise_`` on, and until it is below ``clear``.

        Parameters
        ----------
        now : float or datetime, default=None
            Not before the last observation, whose time is the default.
        """
        alert, changed, found = self._watch.decide(None if now is None else moment(now))
        return ExhaustionDecision(alert, changed, self._forecast(found))

    def replay(
        self, times: Times, values: ArrayLike, *, every: float = 1800.0
    ) -> ExhaustionDecisions:
        """Adds values in order, and decides every so many seconds from the first time on.

        Every decision rests on what there was until then, as live. An error leaves the forecaster
        as it was.

        Parameters
        ----------
        times : array-like of shape (n,)
            As in ``forecast``.
        values : array-like of shape (n,)
            NaN where missing.
        every : float, default=1800.0
            Seconds from one decision to the next, above 0.
        """
        at, given = timed(times, values)
        return ExhaustionDecisions(*self._watch.replay(at, given, float(every)))

    @property
    def alert(self) -> bool:
        """Whether there was an alert at the last decision."""
        return self._watch.alert

    @property
    def missing(self) -> int:
        """Values of the stream so far that were NaN."""
        return self._watch.missing

    def _forecast(
        self, plain: PlainForecast, times: Doubles | None = None, values: Doubles | None = None
    ) -> ExhaustionForecast:
        outlook, (time, left, earliest, latest, interval, probability, *others), text = plain
        horizon, rate, room = others
        return ExhaustionForecast(
            outlook,
            time,
            left,
            earliest,
            latest,
            interval,
            probability,
            horizon,
            rate,
            room,
            self._settings["capacity"],
            text,
            times,
            values,
        )

    def __getstate__(self) -> Mapping[str, Any]:
        watch = self._watch
        return {"settings": self._settings, "state": watch.to_bytes(), "last": watch.last}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._watch = Exhaustion(state["state"], state["last"])

    def __repr__(self) -> str:
        settings = self._settings
        return f"ExhaustionForecaster({settings['capacity']:g}, horizon={settings['horizon']:g})"


def _date(now: float, seconds: float) -> str:
    """The day, in UTC, or the time of today."""
    try:
        today = datetime.fromtimestamp(now, timezone.utc)
        then = today + timedelta(seconds=seconds)
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.3g} seconds from now"
    if then.date() == today.date():
        return f"{then:%H:%M} today"
    if then.date() < today.date() + timedelta(days=7):
        return _DAYS[then.weekday()]
    year = "" if then.year == today.year else f" {then.year}"
    return f"{then.day} {_MONTHS[then.month - 1]}{year}"
