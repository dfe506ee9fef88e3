"""Change points: of whole series, and of streams as they happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from forewarn import _core
from forewarn._checks import is_int, number, refuse
from forewarn._core import Detector
from forewarn._results import BLUE, GREY, ORANGE, Result, axes
from forewarn._series import Doubles, number_columns, numbers


@dataclass(frozen=True, repr=False)
class Segment(Result):
    """A stretch of a series in which nothing changes."""

    start: int
    """Index of its first value."""
    end: int
    """Index just past its last value."""
    count: int
    """Values that are not missing."""
    mean: float
    """Mean of the values."""
    spread: float
    """Standard deviation about the mean, with ``count`` as divisor."""
    slope: float
    """Slope of the line through the values, by observation; 0 for shapes other than "trend"."""


@dataclass(frozen=True, repr=False)
class ChangePoint(Result):
    """A change between two segments."""

    index: int
    """Index of the first value after it."""
    before: float
    """Mean before, back to the change before."""
    after: float
    """Mean after, up to the next change."""
    strength: float
    """What the change explains, by what it must explain to be reported."""


@dataclass(frozen=True, repr=False)
class Noise(Result):
    """What the noise of a series was taken for."""

    spread: float
    """Standard deviation of a value about its segment, in the unit of the series."""
    autocorrelation: float
    """Correlation of neighbours, from 0 to 0.97."""
    wandering: bool
    """The series has no level but moves on at every scale, or is too short to tell: its changes are
    a summary then."""


@dataclass(frozen=True, repr=False)
class Segmentation(Result):
    """A series cut into segments."""

    changes: tuple[ChangePoint, ...]
    """The changes, in order."""
    segments: tuple[Segment, ...]
    """The segments, in order; at least one. Together they are the whole series."""
    shape: str
    """What was taken to change: "level", "trend", "level_and_spread" or "ranks"."""
    noise: Noise
    """The noise."""
    penalty: float
    """What a change had to explain, as ``fixed_penalty`` has it."""
    values: Doubles = field(repr=False, compare=False)
    """The series."""

    @property
    def change_points(self) -> list[int]:
        """Index of the first value after each change, in order."""
        return [change.index for change in self.changes]

    def __len__(self) -> int:
        return len(self.changes)

    def plot(self, ax: Any = None) -> Any:
        """Draws the series, its segments and changes; needs matplotlib. Returns the axes."""
        ax = axes(ax, "Segmentation")
        ax.plot(self.values, color=BLUE, linewidth=1, label="value")
        for place, it in enumerate(self.segments):
            middle = (it.start + it.end - 1) / 2
            ends = np.array([it.start, it.end - 1])
            level = it.mean + it.slope * (ends - middle)
            ax.plot(ends, level, color=ORANGE, label="segment" if place == 0 else None)
        for index in self.change_points:
            ax.axvline(index - 0.5, color=GREY, linewidth=0.5)
        ax.legend()
        return ax


def find_change_points(
    values: ArrayLike,
    *,
    shape: str = "automatic",
    penalty: float = 1.0,
    fixed_penalty: float | None = None,
    min_length: int = 5,
    clip: float | None = 4.0,
) -> Segmentation:
    """Cuts a series into segments: the optimum, by pruned dynamic programming.

    The noise is estimated from the series, with its autocorrelation, so that noise with a memory is
    not taken for changes.

    Parameters
    ----------
    values : array-like of shape (n,)
        The series in order of time; NaN where missing.
    shape : {"automatic", "level", "trend", "level_and_spread", "ranks"}, default="automatic"
        What may change: a level that jumps; a straight line that bends or jumps; level, spread or
        both; a level by ranks, for one-sided laws such as those of latencies. Automatic takes
        levels or lines, whichever has the lower Bayesian information criterion.
    penalty : float, default=1.0
        What a change must explain, as a multiple of the Bayesian information criterion's, from 0.1
        to 100; more finds fewer changes.
    fixed_penalty : float, default=None
        Instead: a sum of squares, in squared units of the series (in units of minus twice the
        log-likelihood for "level_and_spread", of normal scores for "ranks"); above 0.
    min_length : int, default=5
        Observations that a segment must have, from 2 to 10,000; 1 will do for "level" and "ranks".
        What lasts less is an outlier, not a change.
    clip : float or None, default=4.0
        Values so many spreads beyond the median of their neighbourhood are drawn in to there first:
        spikes are no changes. From 2 to 1,000; None takes all values as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import find_change_points
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> found = find_change_points(np.where(np.arange(300) < 180, 20.0, 24.0) + noise)
    >>> found.change_points, found.shape
    ([180], 'level')
    """
    given = numbers("values", values)
    if not is_int(min_length) or min_length < 0:
        raise refuse("min_length", min_length, "a whole number from 1 to 10,000")
    fixed = fixed_penalty is not None
    weight = fixed_penalty if fixed_penalty is not None else penalty
    segments, changes, found, noise, paid = _core.find_change_points(
        given,
        str(shape),
        number("fixed_penalty" if fixed else "penalty", weight, "above 0"),
        fixed,
        int(min_length),
        None if clip is None else number("clip", clip, "from 2 to 1,000 spreads, or None"),
    )
    return Segmentation(
        tuple(ChangePoint(*change) for change in changes),
        tuple(Segment(*segment) for segment in segments),
        found,
        Noise(*noise),
        paid,
        given,
    )


def change_points_frame(
    frame: Any, time: str | None = None, **settings: Any
) -> dict[str, Segmentation]:
    """The change points of each column of numbers of a DataFrame (pandas or Polars).

    Parameters
    ----------
    frame : DataFrame
        A row a time, in order.
    time : str, default=None
        A column of times, which is left out.
    settings
        As of ``find_change_points``.

    Returns
    -------
    dict of str to Segmentation
        By column, in the frame's order.

    Examples
    --------
    >>> import pandas as pd
    >>> from forewarn.trend import change_points_frame
    >>> frame = pd.DataFrame({"load": [0.0] * 50 + [1.0] * 50, "host": ["a"] * 100})
    >>> change_points_frame(frame)["load"].change_points
    [50]
    """
    columns = number_columns(frame, time)
    if not columns:
        raise ValueError("the frame has no column of numbers")
    return {name: find_change_points(it, **settings) for name, it in columns.items()}


@dataclass(frozen=True, repr=False)
class DetectedChange(Result):
    """A change of a stream that was noticed."""

    index: int
    """Likeliest index of the first value after the change, missing values counted, from 0."""
    noticed: int
    """Index of the value that gave it away."""
    before: float
    """Level before."""
    after: float
    """Level after, by the values up to ``noticed``."""
    spread: float
    """Standard deviation of values about their level."""


class ChangeDetector:
    """Notices changes of the level of a stream, at a stated rate of false alarms.

    Scale, autocorrelation and level are learned from the stream. A value costs less than a
    microsecond and the state at most 4 KiB. A single outlier is no change; after a change the new
    level is watched in turn.

    Parameters
    ----------
    method : {"focus", "cusum", "bayesian"}, default="focus"
        "focus" is the likelihood ratio of a change of any size at any time; "cusum" (also known as
        Page-Hinkley's test) is the quickest for a change of the size ``shift``; "bayesian" alarms
        once a change is more likely than none.
    run_length : float, default=50000.0
        Observations from one false alarm to the next, on average; from 100 to 1e9.
    warm_up : int, default=100
        Observations before the first alarm, from 16 to 10,000.
    shift : float, default=1.0
        Of "cusum": the size of change to be found first, in spreads of the noise, from 0.1 to 10.
    reach : float, default=3.0
        Of "bayesian": how far the level goes in a change, as a standard deviation in spreads of the
        noise, from 0.1 to 100.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import ChangeDetector
    >>> stream = np.random.default_rng(0).normal(size=1_000)
    >>> stream[600:] += 2.0
    >>> [change] = ChangeDetector().update_many(stream)
    >>> abs(change.index - 600) < 10, change.noticed - 600 < 30
    (True, True)
    """

    def __init__(
        self,
        method: str = "focus",
        *,
        run_length: float = 50_000.0,
        warm_up: int = 100,
        shift: float = 1.0,
        reach: float = 3.0,
    ) -> None:
        if not is_int(warm_up) or warm_up < 0:
            raise refuse("warm_up", warm_up, "a whole number from 16 to 10,000")
        size = number("reach", reach, "from 0.1 to 100 spreads")
        if method != "bayesian":
            size = number("shift", shift, "from 0.1 to 10 spreads")
        length = number("run_length", run_length, "from 100 to 1e9 observations")
        self._settings = (str(method), size, length, int(warm_up))
        self._detector = Detector.start(*self._settings)

    def update(self, value: float) -> DetectedChange | None:
        """Takes the next value; the change that it gives away, if it does. NaN is missing."""
        found = self._detector.update(value)
        return None if found is None else DetectedChange(*found)

    def update_many(self, values: ArrayLike) -> list[DetectedChange]:
        """Takes values in order; the changes noticed. An error leaves the detector as it was."""
        found = self._detector.update_many(numbers("values", values))
        return [DetectedChange(*change) for change in found]

    @property
    def count(self) -> int:
        """Observations, missing ones included."""
        return self._detector.count

    @property
    def missing(self) -> int:
        """Values so far that were NaN."""
        return self._detector.missing

    @property
    def changes(self) -> int:
        """Changes noticed."""
        return self._detector.changes

    @property
    def autocorrelation(self) -> float:
        """The correlation of neighbours that is taken out; NaN during the warm-up."""
        return self._detector.autocorrelation

    def __getstate__(self) -> Mapping[str, Any]:
        return {"settings": self._settings, "state": self._detector.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._detector = Detector(state["state"])

    def __repr__(self) -> str:
        method, _, run_length, warm_up = self._settings
        return f"ChangeDetector({method!r}, run_length={run_length:g}, warm_up={warm_up})"
