"""The answer: is this machine about to fail, when, how sure is that, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from forewarn._core import least_costly
from forewarn._results import BLUE, ORANGE, Result, axes, instants, lines
from forewarn._series import Doubles
from forewarn.engine.html import bar, card, escape, table


@dataclass(frozen=True, repr=False)
class TimeToFailure(Result):
    """How long until a failure, in seconds or in the unit of the engine's clock."""

    median: float
    """As likely before as after it; infinite if beyond the limit ``cap``."""
    expected: float
    """The mean of the time left, with what is beyond the limit counted as the limit; finite."""
    earliest: float
    """The lower end of the interval."""
    latest: float
    """The upper end of the interval; infinite if beyond the limit."""
    confidence: float
    """The probability with which the interval holds the failure, 0.9 unless set otherwise."""

    def least_costly(self, late: float = 10.0, early: float = 13.0) -> float:
        """The time to plan by: what costs least where too late is worse than too early.

        Parameters
        ----------
        late : float, default=10.0
            A plan ``d`` too late costs ``exp(d / late) - 1``; from 1e-6 to 1e12, in the unit of the
            times. The defaults are those of the PHM08 challenge, in cycles.
        early : float, default=13.0
            The same for one that is too early.

        Returns
        -------
        time : float
            From 0 to ``expected``.

        Examples
        --------
        >>> from forewarn.engine import TimeToFailure
        >>> left = TimeToFailure(40.0, 41.0, earliest=21.0, latest=62.0, confidence=0.9)
        >>> round(left.least_costly())
        38
        """
        times = (self.median, self.expected, self.earliest, self.latest, self.confidence)
        return least_costly(times, float(late), float(early))


@dataclass(frozen=True, repr=False)
class TrendNote(Result):
    """A metric that clearly rises or falls. As a str it is a sentence."""

    metric: str
    """The metric."""
    slope: float
    """Change an hour, or one unit of another clock: the median of the slopes between any two
    readings."""
    lower: float
    """The lower end of the slope's 99 % interval."""
    upper: float
    """Its upper end; of the same sign as the lower one."""
    span: float
    """How long the readings span."""
    text: str = field(repr=False)
    """In words."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Reason(Result):
    """One reason. As a str it is a sentence."""

    feature: str
    """The feature, of all of its metric the one that says most; "novelty" where the reason is that
    the entity is unlike any seen."""
    value: float
    """Its value; NaN if missing."""
    usual: float
    """The median of the healthy training rows; NaN if not known."""
    weight: float
    """What all features of the metric together add to the log-odds of a failure, as a share of what
    all metrics add and take away: from -1 to 1, negative where it speaks against a failure. For an
    abnormal entity that is not likely to fail, the share of its anomaly score instead."""
    text: str = field(repr=False)
    """In words."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class Assessment(Result):
    """What an engine says of one entity at one time. As a str it is a few lines.

    Times are those of the telemetry, Unix seconds of dates; lengths of time count in the unit of
    the engine's clock.
    """

    entity: str
    """Whom it is about."""
    time: float
    """When: nothing later is known."""
    horizon: float
    """The horizon that the probability is about."""
    clock: str
    """What times count: "seconds", "cycles"."""
    failure_probability: float | None
    """The probability of a failure within the horizon, calibrated; None where the engine can only
    detect."""
    alert: bool
    """Whether the probability reaches the alert threshold: the statement is then "will fail within
    the horizon", and otherwise "will not"."""
    time_to_failure: TimeToFailure | None
    """How long until the failure; None where too few failures were seen to learn it."""
    confidence: float
    """The probability that the statement holds, from 0 to 1."""
    reliability: float
    """How far the probability itself can be relied on, from 0 to 1: what actions go by."""
    anomaly_score: float
    """The share of the healthy training rows that were less unusual, from 0 to 1."""
    abnormal: bool
    """Whether it is more unusual than nearly all of them."""
    novelty: float
    """How far it is from anything seen in training: 0 for within all bounds, 1 for beyond
    comparison."""
    trends: tuple[TrendNote, ...]
    """Metrics that clearly rise or fall."""
    reasons: tuple[Reason, ...]
    """Why, what weighs most first."""
    action: str
    """What that is worth doing: "none", "watch", "investigate", "act before" or "act now"."""
    act_before: float | None
    """The time before which to act, if that is the action."""
    text: str = field(repr=False)
    """All of it in a few lines."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        head, *rest = self.text.split("\n")
        return "\n".join([f"Assessment({head})", *rest])

    def _repr_html_(self) -> str:
        head, *rest = self.text.split("\n")
        risk = self.failure_probability
        shown = "" if risk is None else bar(risk) + "<br>"
        return card(head, shown + "<br>".join(escape(line.strip()) for line in rest))


def assessment(plain: dict[str, Any]) -> Assessment:
    """An assessment as the extension gives it."""
    left = plain["time_to_failure"]
    plain["time_to_failure"] = None if left is None else TimeToFailure(*left)
    plain["trends"] = tuple(TrendNote(*(metric, *it, text)) for metric, it, text in plain["trends"])
    plain["reasons"] = tuple(Reason(*(name, *it, text)) for name, it, text in plain["reasons"])
    return Assessment(**plain)


class Assessments(Sequence[Assessment]):
    """The assessments of many entities: a sequence that can also be asked by name."""

    def __init__(self, found: Sequence[Assessment]) -> None:
        self._found = tuple(found)
        self._places = {it.entity: place for place, it in enumerate(self._found)}

    @overload
    def __getitem__(self, key: int | str) -> Assessment: ...

    @overload
    def __getitem__(self, key: slice) -> Assessments: ...

    def __getitem__(self, key: int | str | slice) -> Assessment | Assessments:
        if isinstance(key, str):
            return self._found[self._places[key]]
        found = self._found[key]
        return found if isinstance(found, Assessment) else Assessments(found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Assessment]:
        return iter(self._found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Assessments) and self._found == other._found

    __hash__ = None  # type: ignore[assignment]

    def most_at_risk(self, count: int = 5) -> Assessments:
        """Those that are most likely to fail; the most unusual ones of an engine that only detects.

        Parameters
        ----------
        count : int, default=5
            How many.
        """
        return Assessments(sorted(self._found, key=_risk, reverse=True)[:count])

    def to_frame(self, library: str = "pandas") -> Any:
        """A DataFrame with a row an assessment.

        Its columns are the fields of ``Assessment`` that are single values, those of the time to
        failure as ``time_to_failure`` (the median), ``expected``, ``earliest`` and ``latest``, and
        ``reason``, the first one in words. What is not known is missing.

        Parameters
        ----------
        library : {"pandas", "polars"}, default="pandas"
            Whose DataFrame.
        """
        if library not in ("pandas", "polars"):
            raise ValueError(f"library is {library!r}: it must be 'pandas' or 'polars'")
        columns = _columns(self._found)
        try:
            if library == "polars":
                import polars as pl  # type: ignore[import-not-found,unused-ignore]

                return pl.DataFrame(columns, nan_to_null=True)
            import pandas as pd  # type: ignore[import-untyped,unused-ignore]

            return pd.DataFrame(columns)
        except ImportError as error:
            raise ImportError(f"to_frame needs {library}: pip install {library}") from error

    def __repr__(self) -> str:
        head = f"{len(self)} assessments"
        if not self._found:
            return head
        shown = self.most_at_risk(10)
        rows = [("entity", *_HEAD), *map(_row, shown)]
        more = f", the {len(shown)} most at risk" if len(shown) < len(self) else ""
        return lines(head + more, rows)

    def _repr_html_(self) -> str:
        shown = self.most_at_risk(20)
        rows = [
            (escape(it.entity), _bar(it), *map(escape, _row(it)[2:]), escape(_why(it)))
            for it in shown
        ]
        more = f", the {len(shown)} most at risk" if len(shown) < len(self) else ""
        return card(f"{len(self)} assessments{more}", table(("entity", *_HEAD, "why"), rows))


@dataclass(frozen=True, repr=False)
class EntityRisk(Result):
    """The risk of one entity over time."""

    entity: str
    """Whom it is about."""
    times: Doubles
    """Rising."""
    failure_probability: Doubles
    """The probability of a failure within the horizon, one a time; empty where the engine can only
    detect."""
    anomaly_score: Doubles
    """The share of the healthy training rows that were less unusual, one a time."""
    failures: Doubles
    """When it failed, in order."""

    def __len__(self) -> int:
        return len(self.times)

    def plot(self, ax: Any = None) -> Any:
        """Draws the risk and the failures; needs matplotlib. Returns the axes."""
        ax = axes(ax, "EntityRisk")
        known = len(self.failure_probability) > 0
        values = self.failure_probability if known else self.anomaly_score
        label = "failure probability" if known else "anomaly score"
        ax.plot(instants(self.times), values, color=BLUE, linewidth=1, label=label)
        for time in instants(self.failures):
            ax.axvline(time, color=ORANGE, linewidth=1)
        ax.set_ylim(0.0, 1.0)
        ax.set_title(self.entity)
        ax.legend()
        return ax


def _risk(it: Assessment) -> tuple[float, float]:
    risk = it.failure_probability
    return (0.0 if risk is None else risk, it.anomaly_score)


def _why(it: Assessment) -> str:
    return it.reasons[0].text if it.reasons else ""


def _bar(it: Assessment) -> str:
    return "" if it.failure_probability is None else bar(it.failure_probability)


def _row(it: Assessment) -> tuple[str, ...]:
    risk = "-" if it.failure_probability is None else f"{it.failure_probability:.3f}"
    left = "-" if it.time_to_failure is None else length(it.time_to_failure.median, it.clock)
    action = it.action
    if it.act_before is not None:
        action = f"act within {length(it.act_before - it.time, it.clock)}"
    return it.entity, risk, f"{it.anomaly_score:.3f}", left, f"{it.confidence:.2f}", action


def length(value: float, clock: str) -> str:
    """A length of time in a few characters."""
    if not np.isfinite(value):
        return "long"
    if clock != "seconds":
        return f"{value:.3g} {clock}"
    for unit, least, name in ((86_400.0, 4.0, "days"), (3_600.0, 2.0, "h"), (60.0, 2.0, "min")):
        if value >= least * unit:
            return f"{value / unit:.{1 if value < 10 * unit else 0}f} {name}"
    return f"{value:.0f} s"


_HEAD = ("probability", "anomaly score", "time left", "confidence", "action")

_SINGLE = (
    "entity",
    "time",
    "failure_probability",
    "alert",
    "time_to_failure",
    "expected",
    "earliest",
    "latest",
    "confidence",
    "reliability",
    "anomaly_score",
    "abnormal",
    "novelty",
    "action",
    "act_before",
    "reason",
)


def _columns(found: Sequence[Assessment]) -> dict[str, Any]:
    """By name, with types that do not depend on what is missing."""
    columns: dict[str, Any] = {}
    for name in _SINGLE:
        values = [_value(it, name) for it in found]
        if name in ("entity", "action", "reason"):
            columns[name] = values
        else:
            flags = name in ("alert", "abnormal")
            columns[name] = np.array(values, dtype=np.bool_ if flags else np.float64)
    return columns


def _value(it: Assessment, name: str) -> Any:
    if name == "reason":
        return _why(it)
    left = it.time_to_failure
    if name == "time_to_failure":
        return None if left is None else left.median
    if name in ("expected", "earliest", "latest"):
        return None if left is None else getattr(left, name)
    return getattr(it, name)
