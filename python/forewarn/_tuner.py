"""Settings of the threshold tuner, and what comes back from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST_GROUP = 2**64 - 1


class TunerSettings(TypedDict):
    """What the extension takes; the names of the library."""

    false_alarm: float
    miss: float
    delay_per_minute: float
    rate: float
    spread: float
    group_spread: float
    slope: float
    persistence: float
    max_step: float
    max_fall: float
    max_rise: float
    gap: float
    max_groups: int
    max_incidents: int
    max_verdicts: int


class TunedJudgement(NamedTuple):
    """The answer to one score."""

    threshold: float
    """The threshold that the score was held against."""
    exceeds: bool
    """Whether it is reached by the score, together with those before it in the incident."""
    alarm: bool
    """Whether an alarm is to be raised now: the first time in an incident that it is reached."""
    silenced: bool
    """Whether only verdicts keep the score quiet: it reaches the threshold that was asked for."""


class Incident(NamedTuple):
    """A time in which scores were high, whether or not that raised an alarm."""

    group: int
    """The number of its group."""
    start: float
    """Unix seconds of its first high score."""
    end: float
    """Unix seconds of its last high score."""
    height: float
    """What is held against the threshold: its peak, and more the longer it lasted."""
    peak: float
    """Its highest score."""
    points: int
    """Scores that reached the threshold asked for, or the learned one where that is lower."""
    raised: float | None
    """When it raised an alarm; None if it did not."""
    opinion: str | None
    """What was said of it: "false alarm", "real", "missed" or, so far, None."""


class Weekly(NamedTuple):
    """A number a week, and its 95 % interval over the next four weeks."""

    mean: float
    """The mean over the history."""
    low: float
    """The lower end."""
    high: float
    """The upper end."""


class Replayed(NamedTuple):
    """An incident, as it was and as it would have been."""

    incident: Incident
    """The incident."""
    before: bool
    """Whether it raises an alarm at the threshold that was asked for."""
    after: bool
    """Whether it raises an alarm at the learned threshold."""


@dataclass(frozen=True)
class OptimizedThreshold:
    """Learned thresholds and what they would have brought."""

    threshold: float
    """Of every group without verdicts."""
    groups: dict[int, float]
    """Of the groups that have some, by number."""
    weeks: float
    """Weeks from the first to the last time of the history."""
    alarms_per_week: Weekly
    """Alarms a week at the learned thresholds."""
    alarms_before: Weekly
    """Alarms a week at the threshold that was asked for."""
    misses_per_week: Weekly
    """Incidents a week, called real or missed, that the learned thresholds do not raise."""
    cost_per_week: float
    """What the judged incidents would have cost a week."""
    cost_before: float
    """What they did cost at the threshold that was asked for."""
    last_month: list[Replayed]
    """The incidents of the last four weeks that raise an alarm at either threshold."""
    tuner: Any
    """A ThresholdTuner that goes on from here."""


def column(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """One-dimensional doubles."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions, 1 expected")
    return array


def checked_group(group: object) -> int:
    """A group's number."""
    from forewarn._core import group_number

    if isinstance(group, str):
        return group_number(group)
    if isinstance(group, (int, np.integer)) and not isinstance(group, bool):
        number = int(group)
        if 0 <= number <= LARGEST_GROUP:
            return number
    raise ValueError(f"group is {group!r}: it must be a str or a whole number from 0 to 2**64 - 1")


def group_column(group: object, rows: int) -> NDArray[np.uint64]:
    """One number a row, of one group for all or of one a row."""
    if isinstance(group, (str, int, np.integer)):
        return np.full(rows, checked_group(group), dtype=np.uint64)
    if not isinstance(group, Iterable):
        checked_group(group)
        raise AssertionError
    known: dict[object, int] = {}
    numbers = np.array(
        [known[it] if it in known else known.setdefault(it, checked_group(it)) for it in group],
        dtype=np.uint64,
    )
    if len(numbers) != rows:
        raise ValueError(f"group has {len(numbers)} entries, {rows} expected")
    return numbers
