"""Did a benchmark become slower? Two runs of a set of them, or one run after run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike

from forewarn import _core
from forewarn._checks import is_int, number, refuse
from forewarn._core import History
from forewarn._results import BLUE, GREY, ORANGE, Result, axes, digits, instants, lines, percent
from forewarn._series import Doubles, Moment, Times, moment, numbers, timed
from forewarn.compare.canary import COLOURS, sided

PlainChange = tuple[int, int, float, float, float, float]
PlainRun = tuple[int, str, PlainChange | None, float, float, int | None]


class ComparisonSettings(TypedDict):
    """What the extension takes; the names of the library."""

    direction: str
    effect: float
    alpha: float
    power: float
    discovery: str


class HistorySettings(TypedDict):
    """What the extension takes; the names of the library."""

    direction: str
    effect: float
    alpha: float
    same_conditions: float
    remembered: int


@dataclass(frozen=True, repr=False)
class BenchmarkJudgement(Result):
    """A benchmark of two runs, with the evidence; pairs are of baseline and candidate."""

    name: str
    """Its name."""
    outcome: str
    """"worse" or "better", by the effect and beyond chance; "same", if the interval excludes such a
    change; "unsure", if it does not; "no data" where either side has no value."""
    effect: float
    """Relative change: 0.1 for 10 % more, whatever is worse. NaN without data."""
    low: float
    """Lower end of its interval, which holds it with probability 1 - 2 alpha."""
    high: float
    """Upper end; infinite where there are too few values."""
    p_value: float = field(repr=False)
    """Probability of a change at least as far to either side when nothing differs."""
    adjusted: float
    """The same, with all benchmarks considered: compared with alpha."""
    typical: tuple[float, float] = field(repr=False)
    """Medians; NaN without values."""
    values: tuple[int, int]
    """How many there are."""
    needed: int | None
    """Values that each side must have for a change by the effect to be found; None without data."""


@dataclass(frozen=True, repr=False)
class RunComparison(Result):
    """Two runs, benchmark by benchmark. As a str it is one line."""

    benchmarks: tuple[BenchmarkJudgement, ...]
    """The benchmarks, in the order given."""
    still_needed: int
    """More values that each side needs before nothing is unsure; 0 when none is lacking."""
    text: str
    """What changed and what is unsure, in one line."""

    def __getitem__(self, name: str) -> BenchmarkJudgement:
        for benchmark in self.benchmarks:
            if benchmark.name == name:
                return benchmark
        raise KeyError(name)

    def named(self, outcome: str) -> list[str]:
        """Names of the benchmarks with this outcome."""
        return [it.name for it in self.benchmarks if it.outcome == outcome]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        rows = [("benchmark", "outcome", "baseline", "candidate", "change", "interval", "p")]
        for it in self.benchmarks:
            before, after = map(digits, it.typical)
            ends = f"{percent(it.low)} to {percent(it.high)}"
            p = digits(it.adjusted, 2)
            rows.append((it.name, it.outcome, before, after, percent(it.effect), ends, p))
        return lines(f"RunComparison({self.text})", rows)

    def plot(self, ax: Any = None) -> Any:
        """Draws each benchmark's change and its interval; needs matplotlib. Returns the axes."""
        ax = axes(ax, "RunComparison", 1.5 + 0.4 * len(self.benchmarks))
        for place, it in enumerate(self.benchmarks[::-1]):
            if np.isfinite(it.effect):
                ends = 100 * np.clip([it.low, it.high], -1.0, 10.0)
                ax.plot(ends, [place, place], color=COLOURS[it.outcome], linewidth=2)
                ax.plot(100 * it.effect, place, "o", color=COLOURS[it.outcome])
        ax.axvline(0.0, color=GREY, linewidth=0.5)
        ax.set_yticks(range(len(self.benchmarks)), [it.name for it in self.benchmarks[::-1]])
        ax.set_xlabel("change, %")
        ax.set_title(self.text)
        return ax


def compare_runs(
    baseline: Any,
    candidate: Any,
    *,
    direction: str = "higher_is_worse",
    effect: float = 0.1,
    alpha: float = 0.05,
    power: float = 0.8,
    discovery: str = "benjamini-hochberg",
) -> RunComparison:
    """Compares two runs of a set of benchmarks: which became slower, and which faster?

    A change is reported when it is no chance, with all benchmarks considered, and its estimate is
    the effect or more. Conditions that all values of a run share look like a change: run both in
    turns, or keep a ``BenchmarkHistory``.

    Parameters
    ----------
    baseline, candidate : mapping of str to array-like, DataFrame, or array-like
        What was measured of each benchmark before and now, above 0: times mostly, of any unit and
        number. One that is new or gone has no data. A single array is a benchmark "value".
    direction : {"higher_is_worse", "lower_is_worse", "either"}, default="higher_is_worse"
        Which way benchmarks get worse; times are worse when higher.
    effect : float, default=0.1
        Relative change that matters, above 0 and at most 10: 0.1 for times 10 % longer, or shorter
        by the same factor.
    alpha : float, default=0.05
        Share of false ones among the changes reported, in (0, 0.5).
    power : float, default=0.8
        Probability with which such a change is to be told from none, in (0, 1): it sets how many
        values are needed.
    discovery : {"benjamini-hochberg", "benjamini-yekutieli"}, default="benjamini-hochberg"
        How false discoveries are controlled.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import compare_runs
    >>> random = np.random.default_rng(0)
    >>> before = {name: random.normal(40.0, 1.0, 20) for name in ("parse", "print")}
    >>> after = {"parse": random.normal(46.0, 1.0, 20), "print": random.normal(40.0, 1.0, 20)}
    >>> found = compare_runs(before, after)
    >>> found.named("worse"), found.named("same"), str(found)[:20]
    (['parse'], ['print'], '1 of 2 worse: parse ')
    """
    sides = sided(baseline, candidate, ("baseline", "candidate"))
    nothing = np.empty(0)
    asked = [
        (name, *(numbers(name, side.get(name, nothing)) for side in sides))
        for name in dict.fromkeys([*sides[0], *sides[1]])
    ]
    settings: ComparisonSettings = {
        "direction": str(direction),
        "effect": number("effect", effect, "above 0 and at most 10"),
        "alpha": number("alpha", alpha, "between 0 and 0.5, both excluded"),
        "power": number("power", power, "between 0 and 1, both excluded"),
        "discovery": str(discovery),
    }
    text, found, still_needed = _core.compare_runs(settings, asked)  # type: ignore[arg-type]
    benchmarks = []
    for (name, outcome), numbers_, values, needed in found:
        before, after, change, low, high, p_value, adjusted = numbers_
        typical = (before, after)
        benchmarks.append(
            BenchmarkJudgement(
                name, outcome, change, low, high, p_value, adjusted, typical, values, needed
            )
        )
    return RunComparison(tuple(benchmarks), still_needed, text)


@dataclass(frozen=True, repr=False)
class PerformanceChange(Result):
    """A change of a benchmark that was reported."""

    since: int
    """The first run after it, from 0."""
    reported: int
    """The run at which it was reported."""
    effect: float
    """Relative change of the values: 0.1 for 10 % more, whatever is worse."""
    low: float
    """Lower end of its 90 % interval."""
    high: float
    """Upper end of its 90 % interval."""
    p_value: float
    """p-value of the rank test, of these runs alone."""


@dataclass(frozen=True, repr=False)
class RunJudgement(Result):
    """A run of a benchmark, judged."""

    run: int
    """Its number, from 0."""
    outcome: str
    """"learning", of the first runs; "usual"; "unusual", far from others, which alone is no change;
    "regression" or "improvement", where with this run it is clear that there is one."""
    change: PerformanceChange | None
    """The regression or improvement."""
    typical: float
    """The middle of the runs since the last change."""
    relative: float
    """The run's value by that, less 1."""
    runs_needed: int | None
    """How many runs a change of the effect takes to be found at the present noise; None while there
    are too few runs to tell."""


@dataclass(frozen=True, repr=False)
class RunJudgements(Result):
    """Many runs, judged in order."""

    runs: tuple[RunJudgement, ...]
    """An entry a run."""
    values: Doubles = field(repr=False, compare=False)
    """What was measured."""
    times: Doubles | None = field(default=None, repr=False, compare=False)
    """When, in seconds, if it was said."""

    @property
    def changes(self) -> list[PerformanceChange]:
        """The changes that were reported in these runs."""
        return [run.change for run in self.runs if run.change is not None]

    def __len__(self) -> int:
        return len(self.runs)

    def __getitem__(self, place: int) -> RunJudgement:
        return self.runs[place]

    def __repr__(self) -> str:
        return f"RunJudgements({len(self)} runs, {len(self.changes)} changes)"

    def plot(self, ax: Any = None) -> Any:
        """Draws the runs, what was typical, and the changes; needs matplotlib. Returns the axes."""
        ax = axes(ax, "RunJudgements")
        numbers_ = [run.run for run in self.runs]
        at = np.asarray(numbers_) if self.times is None else instants(self.times)
        ax.plot(at, self.values, ".", color=BLUE, label="run")
        ax.plot(at, [run.typical for run in self.runs], color=GREY, linewidth=1, label="typical")
        places = {number: place for place, number in enumerate(numbers_)}
        for change in self.changes:
            if change.since in places:
                here = at[places[change.since]]
                ax.axvline(here, color=ORANGE, linewidth=1, label=percent(change.effect))
        ax.legend()
        return ax


class BenchmarkHistory:
    """A benchmark whose every run is judged by those since its last change.

    A change is reported when the last 3 to 10 runs differ from all before them, up to the last
    change, beyond chance, even without the run that speaks most for it, and by about the effect. So
    one slow day or an outlier is no change, and neither is a certain shift of two per cent.

    Parameters
    ----------
    direction : {"higher_is_worse", "lower_is_worse", "either"}, default="higher_is_worse"
        Which way the benchmark gets worse; times are worse when higher.
    effect : float, default=0.1
        Relative change that matters, above 0 and at most 10.
    alpha : float, default=0.015
        Level of the rank tests that a change must pass, in (0, 0.5).
    same_conditions : float, default=64800.0
        Seconds within which runs share their conditions and count as one, from 0 to 1e9; only for
        runs with a time. The default is 18 hours: nightly runs each count.
    remembered : int, default=100
        Most runs that are remembered, from 20 to 10,000.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import BenchmarkHistory
    >>> times = np.random.default_rng(0).normal(250.0, 6.0, 60)
    >>> times[25] *= 1.8  # an outlier
    >>> times[40:] *= 1.12
    >>> [change] = BenchmarkHistory().update_many(times).changes
    >>> abs(change.since - 40) < 3, change.reported < 45, round(change.effect, 1)
    (True, True, 0.1)
    """

    def __init__(
        self,
        *,
        direction: str = "higher_is_worse",
        effect: float = 0.1,
        alpha: float = 0.015,
        same_conditions: float = 64_800.0,
        remembered: int = 100,
    ) -> None:
        if not is_int(remembered) or remembered < 0:
            raise refuse("remembered", remembered, "a whole number from 20 to 10,000")
        self._settings = HistorySettings(
            direction=str(direction),
            effect=number("effect", effect, "above 0 and at most 10"),
            alpha=number("alpha", alpha, "between 0 and 0.5, both excluded"),
            same_conditions=number("same_conditions", same_conditions, "from 0 to 1e9 seconds"),
            remembered=int(remembered),
        )
        self._history = History.start(self._settings)

    def update(self, value: float, time: Moment | None = None) -> RunJudgement:
        """Judges a run: what was measured, above 0, and when, if runs may share their conditions.

        An error changes nothing.
        """
        return _run(self._history.update(float(value), None if time is None else moment(time)))

    def update_many(self, values: ArrayLike, times: Times | None = None) -> RunJudgements:
        """Judges runs in order. An error leaves the history as it was.

        Parameters
        ----------
        values : array-like of shape (n,)
            What was measured, above 0.
        times : array-like of shape (n,), default=None
            Seconds, or dates, not going back. None where each run counts by itself.
        """
        if times is None:
            at, given = None, numbers("values", values)
        else:
            at, given = timed(times, values)
        found: Iterable[PlainRun] = self._history.update_many(given, at)
        return RunJudgements(tuple(map(_run, found)), given, at)

    @property
    def runs(self) -> int:
        """Runs seen."""
        return self._history.runs

    @property
    def changes(self) -> list[PerformanceChange]:
        """The last 100 changes that were reported, oldest first."""
        return [PerformanceChange(*change) for change in self._history.changes]

    def __getstate__(self) -> Mapping[str, Any]:
        return {"settings": self._settings, "state": self._history.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._history = History(state["state"])

    def __repr__(self) -> str:
        settings = self._settings
        return (
            f"BenchmarkHistory(direction={settings['direction']!r}, effect={settings['effect']:g})"
        )


def _run(plain: PlainRun) -> RunJudgement:
    run, outcome, change, typical, relative, needed = plain
    told = None if change is None else PerformanceChange(*change)
    return RunJudgement(run, outcome, told, typical, relative, needed)
