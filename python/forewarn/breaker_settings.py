"""When a circuit opens, for how long, and how it closes again."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypedDict

from forewarn._checks import flag, is_int, number, refuse

__all__ = ["BreakerSettings"]


class SettingsChanges(TypedDict, total=False):
    """The fields of ``BreakerSettings``, as keywords."""

    consecutive: int | None
    failure_rate: float | None
    slow_rate: float | None
    last_calls: int | None
    window: float | None
    buckets: int
    minimum_calls: int | None
    tolerance: float
    failed_cost: float
    held_cost: float
    objective: float
    slow_after: float | None
    slow_in_flight: bool
    open_time: float | None
    backoff: float
    jitter: float | None
    probe_cost: float
    shortest: float
    longest: float
    probes: int
    probe_successes: int
    probe_failures: int
    lease: float
    probe_budget: tuple[float, int] | None
    ramp_share: float | None
    ramp_growth: float
    ramp_increase: float
    ramp_decrease: float
    ramp_step: float
    ramp_calls: int


@dataclass(frozen=True, kw_only=True, repr=False)
class BreakerSettings:
    """When a circuit opens, for how long it stays open, and how traffic is let back.

    What opens it is one of three rules: ``consecutive``; ``failure_rate`` or ``slow_rate`` of the
    last calls or seconds; or, without these, what calls lose. Times are in seconds.

    Parameters
    ----------
    consecutive : int, default=None
        Opens at so many calls in a row that failed or were slow.
    failure_rate : float, default=None
        Opens when this share of the calls failed; above 0, at most 1.
    slow_rate : float, default=None
        Opens when this share of the calls was slow; above 0, at most 1.
    last_calls : int, default=None
        The rates are those of exactly the last so many calls, up to 1,000,000. None for 100.
    window : float, default=None
        Instead: the rates are those of the last so many seconds.
    buckets : int, default=10
        By how many parts the window moves on, from 1 to 1,000.
    minimum_calls : int, default=None
        Calls that a rate takes. None for 20, or ``last_calls`` if that is less.
    tolerance : float, default=3.0
        Without the rules above: opens when calls have lost more than so many good calls' worth. A
        sum goes up by what a bad call costs and down by what a good one is worth, never below 0.
    failed_cost : float, default=0.2
        What a failed call costs beside the good call that is lost, in good calls.
    held_cost : float, default=1.0
        What each second costs by which a call keeps its caller waiting beyond the objective.
    objective : float, default=0.25
        The latency up to which nobody minds.
    slow_after : float, default=None
        Calls that take longer are slow, failures included. None if none is.
    slow_in_flight : bool, default=True
        Whether calls are slow as soon as they have taken so long, and not when they end.
    open_time : float, default=None
        How long the circuit stays open. None for a time that grows with the age of the outage,
        ``sqrt(2 * probe_cost * age / calls_per_second)``.
    backoff : float, default=1.0
        What each open time is of the one before: longer, up to ``longest``, or below 1 shorter,
        down to ``shortest``, where outages take much the same time. From 0.001 to 1,000.
    jitter : float, default=None
        The largest share of an open time that is taken off at random. None for 0 where
        ``open_time`` is given, and else 0.1.
    probe_cost : float, default=0.5
        What a failing probe costs, in good calls.
    shortest : float, default=0.05
        The shortest open time, where it grows with the age of the outage or shrinks.
    longest : float, default=30.0
        The longest open time, where it grows.
    probes : int, default=1
        Calls let through at a time when the open time is over.
    probe_successes : int, default=1
        How many of them must succeed.
    probe_failures : int, default=1
        How many that fail or are slow open the circuit again.
    lease : float, default=10.0
        After how long a probe that has not ended gives its place to another.
    probe_budget : tuple of float and int, default=None
        How many probes a second the server bears, and how many callers share them.
    ramp_share : float, default=0.1
        The share of the calls that is let through after the probes. None for all at once.
    ramp_growth : float, default=2.0
        What each step multiplies the share by, below the level that is known to be safe.
    ramp_increase : float, default=0.1
        What each step adds to it, above.
    ramp_decrease : float, default=0.5
        What is left of the share when calls go wrong again.
    ramp_step : float, default=1.0
        How long a step takes at least.
    ramp_calls : int, default=3
        How many calls must have gone well in it.

    Examples
    --------
    >>> from forewarn import BreakerSettings
    >>> BreakerSettings(failure_rate=0.5, window=10.0, open_time=5.0)
    BreakerSettings(failure_rate=0.5, window=10.0, open_time=5.0)
    """

    consecutive: int | None = None
    failure_rate: float | None = None
    slow_rate: float | None = None
    last_calls: int | None = None
    window: float | None = None
    buckets: int = 10
    minimum_calls: int | None = None
    tolerance: float = 3.0
    failed_cost: float = 0.2
    held_cost: float = 1.0
    objective: float = 0.25
    slow_after: float | None = None
    slow_in_flight: bool = True
    open_time: float | None = None
    backoff: float = 1.0
    jitter: float | None = None
    probe_cost: float = 0.5
    shortest: float = 0.05
    longest: float = 30.0
    probes: int = 1
    probe_successes: int = 1
    probe_failures: int = 1
    lease: float = 10.0
    probe_budget: tuple[float, int] | None = None
    ramp_share: float | None = 0.1
    ramp_growth: float = 2.0
    ramp_increase: float = 0.1
    ramp_decrease: float = 0.5
    ramp_step: float = 1.0
    ramp_calls: int = 3

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _COUNTS:
                _check_count(field.name, value)
            elif field.name not in ("slow_in_flight", "probe_budget"):
                _check_number(field.name, value, field.default is None)
        flag("slow_in_flight", self.slow_in_flight)
        if self.probe_budget is not None:
            per_second, callers = _pair("probe_budget", self.probe_budget)
            _check_number("probe_budget[0]", per_second, False)
            _check_count("probe_budget[1]", callers)

    def __repr__(self) -> str:
        """What is not as usual."""
        changed = (
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        )
        return f"BreakerSettings({', '.join(changed)})"


_COUNTS = (
    "consecutive",
    "last_calls",
    "buckets",
    "minimum_calls",
    "probes",
    "probe_successes",
    "probe_failures",
    "ramp_calls",
)


def _check_count(name: str, value: Any) -> None:
    """Whole numbers that fit; whether they are in their range, the library says."""
    if value is not None and not (is_int(value) and 0 <= value < 2**32):
        raise refuse(name, value, "a whole number, at least 1")


def _check_number(name: str, value: Any, optional: bool) -> None:
    """Any number; whether it is in its range, the library says."""
    if not (optional or name == "ramp_share") or value is not None:
        number(name, value, "a number")


def _pair(name: str, value: Any) -> tuple[Any, Any]:
    if isinstance(value, tuple) and len(value) == 2:  # noqa: PLR2004
        return value
    raise refuse(name, value, "probes a second and the number of callers, or None")
