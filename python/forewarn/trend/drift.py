"""Whether features have drifted from their baseline, how badly, and what moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn import _core
from forewarn._checks import is_int, number, refuse
from forewarn._frames import Frame, Kind, frame
from forewarn._results import GREY, ORANGE, SKY, Result, axes, lines
from forewarn._series import Doubles, numbers

Categories = tuple[NDArray[np.int64], list[str]]
Column = Doubles | Categories

COLOURS = {"none": GREY, "slight": SKY, "moderate": "#E69F00", "severe": ORANGE}


@dataclass(frozen=True, repr=False)
class StabilityIndex(Result):
    """How far a sample is from its baseline: the population stability index."""

    index: float
    """Sum of (a - b) ln(a / b) over the shares of the bins; 0 is no difference."""
    critical: float
    """What it exceeds with a probability of alpha while nothing has changed."""
    p_value: float
    """Probability of such an index, or a greater one, while nothing has changed."""
    bins: int
    """Bins that occur, that of missing values included."""


@dataclass(frozen=True, repr=False)
class KolmogorovSmirnov(Result):
    """The outcome of the test of Kolmogorov and Smirnov."""

    statistic: float
    """The greatest difference of the two shares of values up to any number."""
    location: float
    """The number at which the shares differ most."""
    higher: bool
    """Whether, there, more of the second sample is above than of the first."""
    p_value: float
    """Probability of such a statistic, or a greater one, if both samples are of one law."""


@dataclass(frozen=True, repr=False)
class ContingencyTest(Result):
    """The outcome of a test of whether shares of categories are the same."""

    statistic: float
    """Pearson's sum, or twice the log-likelihood ratio."""
    degrees_of_freedom: int
    """Categories that occur, less one."""
    p_value: float
    """Probability of such a statistic, or a greater one, if the shares are the same."""
    moved: float
    """The share of all that is in another category now, from 0 to 1."""
    association: float
    """Cramér's V, from 0 to 1."""


@dataclass(frozen=True, repr=False)
class CategoryShare(Result):
    """How the share of a category changed."""

    category: str
    """The category."""
    before: float
    """Its share before; 0 if it is new."""
    after: float
    """Its share after; 0 if it is gone."""


@dataclass(frozen=True, repr=False)
class FeatureDrift(Result):
    """How one feature differs from its baseline."""

    name: str
    """Its name."""
    severity: str
    """"none" unless both significant and large enough; "slight", "moderate" or "severe"."""
    effect: float
    """Share of values that are elsewhere now, from 0 to 1."""
    p_value: float
    """Probability of such a difference by chance."""
    adjusted: float
    """The same, adjusted for the number of features (Benjamini and Hochberg 1995)."""
    stability: StabilityIndex = field(repr=False)
    """The stability index, missing values and all."""
    missing: tuple[float, float] = field(repr=False)
    """Share of missing values before and after."""
    median: tuple[float, float] | None = field(repr=False)
    """Of numbers, medians before and after; None for categories."""
    spread: tuple[float, float] | None = field(repr=False)
    """Of numbers, distances from lower to upper quartile before and after."""
    location: float | None = field(repr=False)
    """Of numbers, the one at which the shares of values up to it differ most."""
    categories: tuple[CategoryShare, ...] = field(repr=False)
    """Categories whose share changed, at most eight, the greatest change first."""

    @property
    def what(self) -> str:
        """What moved, in a few words."""
        if abs(self.missing[1] - self.missing[0]) >= self.effect > 0.0:
            return f"missing {self.missing[0]:.1%} → {self.missing[1]:.1%}"
        if self.median is not None:
            return f"median {self.median[0]:.4g} → {self.median[1]:.4g}"
        if self.categories:
            most = self.categories[0]
            return f"{most.category!r} {most.before:.1%} → {most.after:.1%}"
        return "nothing"


@dataclass(frozen=True, repr=False)
class DriftReport(Result):
    """How a table differs from its baseline, the worst features first. As a str it is a table."""

    features: tuple[FeatureDrift, ...]
    """The features in order of severity, then effect."""

    @property
    def severity(self) -> str:
        """The worst severity of all."""
        return self.features[0].severity

    @property
    def drifted(self) -> list[str]:
        """Names of the features that drifted, the worst first."""
        return [it.name for it in self.features if it.severity != "none"]

    def __getitem__(self, name: str) -> FeatureDrift:
        for feature in self.features:
            if feature.name == name:
                return feature
        raise KeyError(name)

    def __len__(self) -> int:
        return len(self.features)

    def __repr__(self) -> str:
        names = ", ".join(self.drifted) or "none"
        head = f"DriftReport({self.severity}; drifted of {len(self)}: {names})"
        rows = [
            (it.name, it.severity, f"{it.effect:.3f}", f"p = {it.adjusted:.2g}", it.what)
            for it in self.features[:10]
        ]
        return lines(head, rows)

    def plot(self, ax: Any = None) -> Any:
        """Draws the features' effects, coloured by severity; needs matplotlib. Returns the axes."""
        ax = axes(ax, "DriftReport", 1.0 + 0.35 * len(self))
        features = self.features[::-1]
        colours = [COLOURS[it.severity] for it in features]
        ax.barh([it.name for it in features], [it.effect for it in features], color=colours)
        ax.set_xlabel("share of values that are elsewhere now")
        return ax


class DriftMonitor:
    """Holds later tables against a baseline, feature by feature.

    Numbers are compared by the test of Kolmogorov and Smirnov, categories by the likelihood-ratio
    test; shares of missing values too. A drift must be significant, with all features considered,
    and large enough to matter.

    Parameters
    ----------
    baseline : DataFrame or mapping of str to array-like
        The features as they should be. NaN, None and null are missing values. Strings and
        categoricals are categories, all else must be numbers.
    columns : sequence of str, default=None
        The features to watch; None for all.
    categorical : sequence of str, default=()
        Columns of numbers that are categories: status codes.
    alpha : float, default=0.01
        Share of false ones among the drifts found, in (0, 1).
    floor : float, default=0.1
        Least effect of a drift: the share of values that are elsewhere now, from 0 to 1. It is
        slight from here, moderate from twice and severe from four times as much.
    bins : int, default=10
        Bins of the stability index, from 2 to 1,000.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import DriftMonitor
    >>> random = np.random.default_rng(0)
    >>> usual = {"latency": random.gamma(4.0, size=1_000), "client": ["web"] * 1_000}
    >>> monitor = DriftMonitor(usual)
    >>> later = {"latency": random.gamma(4.0, size=500), "client": ["web"] * 300 + ["app"] * 200}
    >>> report = monitor.check(later)
    >>> report.drifted, report["client"].severity, report["client"].what
    (['client'], 'severe', "'app' 0.0% → 40.0%")
    """

    def __init__(
        self,
        baseline: Any,
        *,
        columns: Iterable[str] | None = None,
        categorical: Iterable[str] = (),
        alpha: float = 0.01,
        floor: float = 0.1,
        bins: int = 10,
    ) -> None:
        if not is_int(bins) or bins < 0:
            raise refuse("bins", bins, "a whole number from 2 to 1,000")
        level = number("alpha", alpha, "between 0 and 1")
        self._settings = (level, number("floor", floor, "from 0 to 1"), int(bins))
        self._categorical = frozenset(categorical)
        wanted = None if columns is None else list(columns)
        self._baseline = _columns(baseline, wanted, self._categorical)
        for name in self._categorical:
            if name not in self._baseline:
                raise ValueError(f"categorical names {name!r}: the baseline has no such column")
        # What a bad baseline raises is raised now.
        self._check(self._baseline)

    def check(self, sample: Any) -> DriftReport:
        """Holds a later table against the baseline.

        Parameters
        ----------
        sample : DataFrame or mapping of str to array-like
            It must have the baseline's columns; others are left out.

        Returns
        -------
        DriftReport
            The features, the worst first.
        """
        return self._check(_columns(sample, list(self._baseline), self._categorical))

    def _check(self, sample: Mapping[str, Column]) -> DriftReport:
        pairs = [(name, before, sample[name]) for name, before in self._baseline.items()]
        return DriftReport(tuple(map(_feature, _core.drift_table(self._settings, pairs))))

    @property
    def features(self) -> list[str]:
        """Names of the features that are watched."""
        return list(self._baseline)

    def __repr__(self) -> str:
        alpha, floor, _ = self._settings
        return f"DriftMonitor({len(self._baseline)} features, alpha={alpha:g}, floor={floor:g})"


def kolmogorov_smirnov(
    first: ArrayLike, second: ArrayLike, *, method: str = "automatic"
) -> KolmogorovSmirnov:
    """Whether two samples are of one law: the two-sided test of Kolmogorov and Smirnov.

    As ``scipy.stats.ks_2samp``.

    Parameters
    ----------
    first, second : array-like of shape (n,)
        The samples; NaN is left out.
    method : {"automatic", "exact", "asymptotic"}, default="automatic"
        Automatic is exact up to samples of 10,000.

    Examples
    --------
    >>> from forewarn.trend import kolmogorov_smirnov
    >>> test = kolmogorov_smirnov(range(40), range(15, 55))
    >>> test.statistic, test.higher, test.p_value < 0.01
    (0.375, True, True)
    """
    a, b = numbers("first", first), numbers("second", second)
    return KolmogorovSmirnov(*_core.kolmogorov_smirnov(a, b, str(method)))


def stability_index(
    before: ArrayLike, after: ArrayLike, *, bins: int = 10, alpha: float = 0.01
) -> StabilityIndex:
    """The population stability index of two samples of numbers, and what to hold it against.

    The bins hold about equally many values of the first sample; missing values are one of their
    own. Fixed limits such as 0.1 and 0.25 are exceeded by chance in small samples: compare with
    ``critical`` instead.

    Parameters
    ----------
    before, after : array-like of shape (n,)
        The samples; NaN where missing.
    bins : int, default=10
        From 2 to 1,000.
    alpha : float, default=0.01
        Probability with which ``critical`` is exceeded while nothing has changed, in (0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn.trend import stability_index
    >>> values = np.random.default_rng(0).normal(size=2_000)
    >>> found = stability_index(values[:1_000], values[1_000:] + 0.5)
    >>> found.index > found.critical, found.bins
    (True, 10)
    """
    if not is_int(bins) or bins < 0:
        raise refuse("bins", bins, "a whole number from 2 to 1,000")
    level = number("alpha", alpha, "between 0 and 1")
    a, b = numbers("before", before), numbers("after", after)
    return StabilityIndex(*_core.stability_index(a, b, int(bins), level))


def chi_squared_test(before: Any, after: Any) -> ContingencyTest:
    """Pearson's test of whether two lists of counts, by category, have the same shares.

    Without Yates's correction.

    Parameters
    ----------
    before, after : sequence of int, or mapping of category to int
        How often each category was seen. Of mappings, what one does not name was not seen.

    Examples
    --------
    >>> from forewarn.trend import chi_squared_test
    >>> before, after = {"web": 50, "app": 30, "api": 20}, {"web": 30, "app": 40, "api": 30}
    >>> test = chi_squared_test(before, after)
    >>> round(test.statistic, 2), test.degrees_of_freedom, round(test.moved, 2)
    (8.43, 2, 0.2)
    """
    return ContingencyTest(*_core.chi_squared_test(*_counts(before, after)))


def g_test(before: Any, after: Any) -> ContingencyTest:
    """The likelihood-ratio test of the same question as ``chi_squared_test``.

    Better where counts are small.

    Parameters
    ----------
    before, after : sequence of int, or mapping of category to int
        How often each category was seen.

    Examples
    --------
    >>> from forewarn.trend import g_test
    >>> g_test([50, 30, 20], [30, 40, 30]).p_value < 0.02
    True
    """
    return ContingencyTest(*_core.g_test(*_counts(before, after)))


def _counts(before: Any, after: Any) -> tuple[list[int], list[int]]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = list(dict.fromkeys([*before, *after]))
        before, after = ([side.get(name, 0) for name in names] for side in (before, after))
    sides = []
    for side, given in (("before", before), ("after", after)):
        counts = list(given)
        for count in counts:
            if not is_int(count) or not 0 <= count < 2**64:
                raise refuse(f"a count of {side}", count, "a whole number, at least 0")
        sides.append([int(count) for count in counts])
    return sides[0], sides[1]


def _columns(
    table: Any, wanted: list[str] | None, categorical: frozenset[str]
) -> dict[str, Column]:
    """The columns of a table or mapping, all or those wanted, as numbers or categories."""
    known = frame(table)
    if known is None and not isinstance(table, Mapping):
        kind = type(table).__name__
        raise TypeError(f"a DataFrame, or a mapping from names to columns, expected, not {kind}")
    names = list(table if known is None else known.names)
    if not names:
        raise ValueError("the table has no columns")
    found: dict[str, Column] = {}
    for name in names if wanted is None else wanted:
        if name not in names:
            raise ValueError(f"column {name!r} is not there; there are {names}")
        if known is None:
            found[name] = _column(name, table[name], name in categorical)
        else:
            found[name] = _of_frame(known, names.index(name), name in categorical)
    return found


def _of_frame(table: Frame, place: int, categorical: bool) -> Column:
    name, kind = table.names[place], table.kind(place)
    if categorical or kind in (Kind.CATEGORY, Kind.TEXT):
        codes, values = table.factors(place)
        return np.ascontiguousarray(codes), [str(value) for value in values]
    if kind is Kind.NUMBER:
        return numbers(name, table.numbers(place))
    raise ValueError(
        f"column {name!r} is of type {table.dtype(place)}, neither numbers nor categories: "
        "name the columns to watch"
    )


def _column(name: str, values: Any, categorical: bool) -> Column:
    array = np.asarray(values)
    if array.dtype.kind in "fiub" and not categorical:
        return numbers(name, values)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions, 1 expected")
    places: dict[str, int] = {}
    codes = np.empty(len(array), dtype=np.int64)
    for row, value in enumerate(array.tolist()):
        gone = value is None or value != value  # noqa: PLR0124
        codes[row] = -1 if gone else places.setdefault(str(value), len(places))
    return codes, list(places)


def _feature(plain: Any) -> FeatureDrift:
    (name, severity), (p_value, adjusted, effect), stability, missing, (moved, shares) = plain
    median, spread, location = None, None, None
    if moved is not None:
        median, spread, location = moved[:2], moved[2:4], moved[4]
    return FeatureDrift(
        name,
        severity,
        effect,
        p_value,
        adjusted,
        StabilityIndex(*stability),
        missing,
        median,
        spread,
        location,
        tuple(CategoryShare(*share) for share in shares),
    )
