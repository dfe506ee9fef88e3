"""May this canary be promoted? Metric by metric, with the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

import numpy as np

from forewarn import _core
from forewarn._checks import flag, is_int, number, refuse
from forewarn._frames import frame
from forewarn._results import BLUE, GREEN, GREY, ORANGE, Result, axes, digits, lines, percent
from forewarn._series import Doubles, number_columns, numbers

COLOURS = {"worse": ORANGE, "better": GREEN, "same": BLUE, "unsure": GREY, "no data": GREY}


class Share(NamedTuple):
    """Events out of trials: failed requests of all requests."""

    events: int
    """How many of the trials."""
    trials: int
    """How many trials, at least 1."""


class CanarySettings(TypedDict):
    """What the extension takes; the names of the library."""

    alpha: float
    tolerance: float
    margin: float
    power: float
    least_values: int
    discovery: str


class MetricSettings(TypedDict):
    """What the extension takes of a metric."""

    name: str
    evidence: tuple[Doubles, Doubles] | tuple[Share, Share]
    direction: str
    critical: bool
    independent: bool
    missing: str
    tolerance: float | None
    margin: float | None


@dataclass(frozen=True, repr=False)
class MetricJudgement(Result):
    """A metric, with the evidence; pairs are of baseline and canary."""

    name: str
    """Its name."""
    outcome: str
    """"worse" or "better" beyond chance; "same", on enough values to have found the margin;
    "unsure", on too few for that; "no data", on too few to be judged at all."""
    relative: float
    """The shift by the size of the baseline; infinite for a change from 0, NaN without data."""
    p_value: float
    """Probability of a change at least as far for the worse when nothing differs."""
    adjusted: float
    """The same, with all metrics considered: compared with alpha."""
    typical: tuple[float, float]
    """Medians, or shares; NaN without values."""
    shift: tuple[float, float, float] = field(repr=False)
    """By how much the canary lies above the baseline, with the lower and upper end of an interval
    that holds it with probability 1 - 2 alpha."""
    superiority: float = field(repr=False)
    """Probability that a value of the canary is greater than one of the baseline, ties counted
    half."""
    direction: str = field(repr=False)
    """"higher_is_worse", "lower_is_worse" or "either"."""
    critical: bool = field(repr=False)
    """Whether it can roll the canary back."""
    values: tuple[int, int] = field(repr=False)
    """Values that were judged, or trials."""
    effective: tuple[float, float] = field(repr=False)
    """How many independent values they are worth."""
    missing: tuple[int, int] = field(repr=False)
    """Values that were NaN."""
    needed: int | None = field(repr=False)
    """Values that each side must have for a worsening by the margin to be found; None where nothing
    is relative to a baseline of 0."""


@dataclass(frozen=True, repr=False)
class CanaryJudgement(Result):
    """What to do with a canary, and why. As a str it is one line."""

    verdict: str
    """"promote": no metric is worse, and the critical ones were seen for long enough; "hold": a
    critical one was not, or one that is not critical is worse; "roll back": a critical one is."""
    metrics: tuple[MetricJudgement, ...]
    """The metrics, in the order given."""
    still_needed: int
    """More values that each side needs before the canary can be promoted; 0 when none is."""
    text: str
    """The verdict and what led to it, in one line."""

    def __getitem__(self, name: str) -> MetricJudgement:
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(name)

    def named(self, outcome: str) -> list[str]:
        """Names of the metrics with this outcome."""
        return [it.name for it in self.metrics if it.outcome == outcome]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        rows = [("metric", "outcome", "baseline", "canary", "change", "adjusted p", "values")]
        for it in self.metrics:
            before, after = map(digits, it.typical)
            counts = f"{it.values[0]}, {it.values[1]}"
            change, p = percent(it.relative), digits(it.adjusted, 2)
            rows.append((it.name, it.outcome, before, after, change, p, counts))
        return lines(f"CanaryJudgement({self.text})", rows)

    def plot(self, ax: Any = None) -> Any:
        """Draws each metric's relative change and its interval; needs matplotlib.

        Returns the axes.
        """
        ax = axes(ax, "CanaryJudgement", 1.5 + 0.4 * len(self.metrics))
        for place, it in enumerate(self.metrics[::-1]):
            estimate, low, high = it.shift
            # In the unit that the relative change is told in.
            unit = it.relative / estimate if estimate else 1.0 / (abs(it.typical[0]) or 1.0)
            ends = np.clip(np.array([low, high]) * unit, -10.0, 10.0)
            if np.isfinite(it.relative):
                colour = COLOURS[it.outcome]
                ax.plot(100 * ends, [place, place], color=colour, linewidth=2)
                ax.plot(100 * it.relative, place, "o", color=colour)
        ax.axvline(0.0, color=GREY, linewidth=0.5)
        ax.set_yticks(range(len(self.metrics)), [it.name for it in self.metrics[::-1]])
        ax.set_xlabel("change of the canary, %")
        ax.set_title(self.text)
        return ax


def judge_canary(
    baseline: Any,
    canary: Any,
    *,
    metrics: Iterable[str] | None = None,
    direction: str | Mapping[str, str] = "higher_is_worse",
    critical: Iterable[str] | None = None,
    independent: bool | Iterable[str] = False,
    missing: str | Mapping[str, str] = "skip",
    tolerance: float | Mapping[str, float] = 0.0,
    margin: float | Mapping[str, float] = 0.1,
    alpha: float = 0.05,
    power: float = 0.8,
    least_values: int = 10,
    discovery: str = "benjamini-hochberg",
) -> CanaryJudgement:
    """Judges a canary by its metrics against a baseline that ran at the same time.

    Each metric is put to a rank test that accounts for the memory of values which follow each
    other; false discoveries over the metrics are controlled.

    Parameters
    ----------
    baseline, canary : DataFrame, mapping of str to array-like or Share, or array-like
        The values of each metric in the order of time, both sides of any length; NaN where missing.
        ``Share(events, trials)`` for a share of independent events. A single array is a metric of
        the name "value". Columns of a frame that are not of numbers are left out.
    metrics : sequence of str, default=None
        The metrics to judge; None for all of either side. One that is on one side only has no data.
    direction : str or mapping of str to str, default="higher_is_worse"
        Which way a metric gets worse: "higher_is_worse", "lower_is_worse" or "either". A mapping
        names those of some metrics; others are "higher_is_worse".
    critical : sequence of str, default=None
        The metrics that roll the canary back when they are worse, and hold it while they cannot be
        judged; None for all. When another is worse, the canary is held.
    independent : bool or sequence of str, default=False
        Whether values are known to be independent of each other, as times of single requests nearly
        are; or of which metrics.
    missing : {"skip", "zero", "refuse"} or mapping of str to str, default="skip"
        What becomes of values that are NaN.
    tolerance : float or mapping of str to float, default=0.0
        Relative worsening up to which a metric is not called worse however certain it is.
    margin : float or mapping of str to float, default=0.1
        Relative worsening that must not be missed: until there are enough values to find it, the
        canary is held.
    alpha : float, default=0.05
        Share of false ones among the metrics that are called worse, in (0, 0.5); also the
        probability that a canary in which nothing differs is rolled back.
    power : float, default=0.8
        Probability with which a worsening by the margin has to be found, in (0, 1).
    least_values : int, default=10
        Fewest values of either side that a metric is judged on, at least 2.
    discovery : {"benjamini-hochberg", "benjamini-yekutieli"}, default="benjamini-hochberg"
        How false discoveries are controlled; the second bears any dependence of the metrics.

    Returns
    -------
    CanaryJudgement
        The verdict, the evidence of each metric, and how many values are still needed.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import judge_canary
    >>> random = np.random.default_rng(0)
    >>> before = {"latency": random.gamma(9.0, 10.0, 200), "hits": random.normal(900.0, 20.0, 200)}
    >>> after = {"latency": random.gamma(9.0, 13.0, 200), "hits": random.normal(900.0, 20.0, 200)}
    >>> judged = judge_canary(before, after, direction={"hits": "lower_is_worse"})
    >>> judged.verdict, judged.named("worse"), judged["hits"].outcome
    ('roll back', ['latency'], 'same')
    """
    sides = sided(baseline, canary, ("baseline", "canary"))
    names = list(dict.fromkeys([*sides[0], *sides[1]])) if metrics is None else list(metrics)
    for name in names:
        if name not in sides[0] and name not in sides[1]:
            raise ValueError(f"metric {name!r} is on neither side")
    for what, given in (
        ("direction", direction),
        ("critical", critical),
        ("independent", independent),
        ("missing", missing),
        ("tolerance", tolerance),
        ("margin", margin),
    ):
        if isinstance(given, Iterable) and not isinstance(given, str):
            _check_names(what, given, names)
    held = None if critical is None else frozenset(critical)
    if not isinstance(independent, Iterable):
        flag("independent", independent)
    alone = frozenset(independent) if isinstance(independent, Iterable) else independent
    if not is_int(least_values) or least_values < 0:
        raise refuse("least_values", least_values, "a whole number, at least 2")
    settings: CanarySettings = {
        "alpha": number("alpha", alpha, "between 0 and 0.5, both excluded"),
        "tolerance": 0.0 if isinstance(tolerance, Mapping) else _level("tolerance", tolerance),
        "margin": 0.1 if isinstance(margin, Mapping) else _level("margin", margin),
        "power": number("power", power, "between 0 and 1, both excluded"),
        "least_values": int(least_values),
        "discovery": str(discovery),
    }
    asked: list[MetricSettings] = [
        {
            "name": name,
            "evidence": _evidence(name, *(side.get(name) for side in sides)),
            "direction": _word(direction, name, "higher_is_worse"),
            "critical": held is None or name in held,
            "independent": name in alone if isinstance(alone, frozenset) else bool(alone),
            "missing": _word(missing, name, "skip"),
            "tolerance": _own("tolerance", tolerance, name),
            "margin": _own("margin", margin, name),
        }
        for name in names
    ]
    verdict, text, found, still_needed = _core.judge_canary(settings, asked)
    return CanaryJudgement(verdict, tuple(map(_judgement, found)), still_needed, text)


def sided(first: Any, second: Any, names: tuple[str, str]) -> list[dict[str, Any]]:
    """Both sides by metric."""
    found = []
    for name, side in zip(names, (first, second), strict=True):
        if isinstance(side, Mapping):
            columns = {str(key): value for key, value in side.items()}
        elif frame(side) is not None:
            columns = dict(number_columns(side))
        else:
            columns = {"value": side if isinstance(side, Share) else numbers(name, side)}
        found.append(columns)
    return found


def _evidence(name: str, before: Any, after: Any) -> tuple[Any, Any]:
    if isinstance(before, Share) and isinstance(after, Share):
        for side in (before, after):
            for count in side:
                if not is_int(count) or not 0 <= count < 2**64:
                    raise refuse(f"a count of {name}", count, "a whole number, at least 0")
        return tuple(map(int, before)), tuple(map(int, after))
    if isinstance(before, Share) or isinstance(after, Share):
        raise ValueError(f"metric {name!r} is a Share on one side only")
    nothing = np.empty(0)
    values = (nothing if side is None else numbers(name, side) for side in (before, after))
    return tuple(values)  # type: ignore[return-value]


def _check_names(what: str, given: Iterable[str], names: list[str]) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{what} names {name!r}, which is no metric; there are {names}")


def _word(given: str | Mapping[str, str], name: str, usual: str) -> str:
    return str(given.get(name, usual)) if isinstance(given, Mapping) else str(given)


def _level(name: str, value: Any) -> float:
    return number(name, value, "a number, or a mapping from names of metrics to numbers")


def _own(what: str, given: float | Mapping[str, float], name: str) -> float | None:
    if isinstance(given, Mapping) and name in given:
        return _level(what, given[name])
    return None


def _judgement(plain: Any) -> MetricJudgement:
    (name, outcome, direction, critical), evidence, counts, needed = plain
    before, after, estimate, low, high, relative, superiority, p_value, adjusted = evidence
    values, effective, missing = counts
    return MetricJudgement(
        name,
        outcome,
        relative,
        p_value,
        adjusted,
        (before, after),
        (estimate, low, high),
        superiority,
        direction,
        critical,
        (int(values[0]), int(values[1])),
        effective,
        (int(missing[0]), int(missing[1])),
        needed,
    )
