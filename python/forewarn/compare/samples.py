"""Does one sample tend to be larger, by how much, and how many values does it take to tell?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray

from forewarn import _core
from forewarn._checks import is_int, number, refuse
from forewarn._results import Result
from forewarn._series import numbers

OPEN = "between 0 and 1, both excluded"


@dataclass(frozen=True, repr=False)
class RankTest(Result):
    """Result of ``mann_whitney``."""

    u: float
    """Pairs in which the candidate's value is greater, with half of those that are equal."""
    superiority: float
    """Probability that a value of the candidate is greater, ties counted half."""
    p_value: float
    """Probability of a ``u`` at least as far out when nothing differs."""
    exact: bool
    """Whether it is from the exact distribution."""


@dataclass(frozen=True, repr=False)
class Shift(Result):
    """Result of ``shift``."""

    estimate: float
    """The median of all differences of a candidate and a baseline value."""
    low: float
    """Lower end of its interval; minus infinity where the samples are too small for one."""
    high: float
    """Upper end."""


@dataclass(frozen=True, repr=False)
class EffectSize(Result):
    """Result of ``effect_size``."""

    superiority: float
    """Probability that a value of the candidate is greater, ties counted half."""
    cliffs_delta: float
    """Share of pairs in which the candidate's value is greater, less that in which it is less."""
    mean_ratio: float | None
    """Mean of the candidate by that of the baseline; None unless both are of one sign."""
    median_ratio: float | None
    """Median of the candidate by that of the baseline; None unless both are of one sign."""


@dataclass(frozen=True, repr=False)
class ShareTest(Result):
    """Result of ``compare_shares``."""

    difference: float
    """The candidate's share less the baseline's."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end of its interval."""
    ratio: float | None
    """The candidate's share by the baseline's; None where that is 0."""
    p_value: float
    """Probability of a difference at least as far out when nothing differs."""
    exact: bool
    """Whether it is from the exact distribution."""


@dataclass(frozen=True, repr=False)
class RateTest(Result):
    """Result of ``compare_rates``."""

    ratio: float | None
    """The candidate's rate by the baseline's; None where that is 0."""
    p_value: float
    """Probability of a difference at least as far out when nothing differs."""


@dataclass(frozen=True, repr=False)
class ZeroInflatedTest(Result):
    """Result of ``compare_zero_inflated``."""

    present: ShareTest
    """How many values are not zero."""
    size: RankTest | None
    """How large those are; None where a sample has none."""
    p_value: float
    """Both together."""


def mann_whitney(
    baseline: ArrayLike,
    candidate: ArrayLike,
    *,
    alternative: str = "two-sided",
    method: str = "automatic",
) -> RankTest:
    """Whether the candidate's values tend to be greater or less, whatever their distribution.

    As ``scipy.stats.mannwhitneyu(candidate, baseline)``. The values of a sample must be independent
    of each other; for metrics over time take ``judge_canary``.

    Parameters
    ----------
    baseline, candidate : array-like of shape (n,)
        The samples, without NaN.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for; "greater" means that the candidate is.
    method : {"automatic", "exact", "asymptotic"}, default="automatic"
        Automatic is exact where the smaller sample has at most 8 values and no two are equal.

    Examples
    --------
    >>> from forewarn.compare import mann_whitney
    >>> mann_whitney([19, 22, 16, 29, 24], [20, 11, 17, 12])
    RankTest(u=3, superiority=0.15, p_value=0.111111, exact=True)
    """
    a, b = numbers("baseline", baseline), numbers("candidate", candidate)
    return RankTest(*_core.mann_whitney(a, b, str(alternative), str(method)))


def shift(baseline: ArrayLike, candidate: ArrayLike, *, confidence: float = 0.95) -> Shift:
    """By how much the candidate lies above the baseline: the estimate of Hodges and Lehmann.

    Parameters
    ----------
    baseline, candidate : array-like of shape (n,)
        The samples, without NaN.
    confidence : float, default=0.95
        How often the interval should hold it, in (0, 1).

    Examples
    --------
    >>> from forewarn.compare import shift
    >>> shift([1, 2, 3, 4, 5, 6], [5.5, 6.5, 4.5, 7.5, 9.5, 1e9], confidence=0.9)
    Shift(estimate=3.5, low=1.5, high=7.5)
    """
    level = number("confidence", confidence, OPEN)
    a, b = numbers("baseline", baseline), numbers("candidate", candidate)
    return Shift(*_core.shift(a, b, level))


def effect_size(baseline: ArrayLike, candidate: ArrayLike) -> EffectSize:
    """How large a difference is, in numbers without a unit.

    Parameters
    ----------
    baseline, candidate : array-like of shape (n,)
        The samples, without NaN.

    Examples
    --------
    >>> from forewarn.compare import effect_size
    >>> effect_size([10, 20, 30], [20, 30, 40, 30]).mean_ratio
    1.5
    """
    a, b = numbers("baseline", baseline), numbers("candidate", candidate)
    return EffectSize(*_core.effect_size(a, b))


def compare_shares(
    baseline: tuple[int, int],
    candidate: tuple[int, int],
    *,
    alternative: str = "two-sided",
    confidence: float = 0.95,
) -> ShareTest:
    """Whether events are a larger share of the candidate's trials.

    By the score test, or Fisher's exact one where few are to be expected; Newcombe's interval.

    Parameters
    ----------
    baseline, candidate : Share, or (int, int)
        Events and trials.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for.
    confidence : float, default=0.95
        Of the interval of the difference, in (0, 1).

    Examples
    --------
    >>> from forewarn.compare import compare_shares
    >>> test = compare_shares((20, 10_000), (41, 10_000), alternative="greater")
    >>> round(test.ratio, 2), test.p_value < 0.01
    (2.05, True)
    """
    sides = [_whole("baseline", baseline), _whole("candidate", candidate)]
    level = number("confidence", confidence, OPEN)
    return ShareTest(*_core.compare_shares(sides[0], sides[1], str(alternative), level))


def compare_rates(
    baseline: tuple[int, float],
    candidate: tuple[int, float],
    *,
    alternative: str = "two-sided",
) -> RateTest:
    """Whether events of the candidate are more frequent: crashes a day, errors an hour.

    Parameters
    ----------
    baseline, candidate : (int, float)
        Events, and the time (or whatever it is) in which they were counted, above 0.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for.

    Examples
    --------
    >>> from forewarn.compare import compare_rates
    >>> compare_rates((3, 20.0), (5, 4.0), alternative="greater").p_value < 0.01
    True
    """
    sides = []
    for name, side in (("baseline", baseline), ("candidate", candidate)):
        events, exposure = _two(name, side, "events and exposure")
        sides.append((_count(name, events), number(f"exposure of {name}", exposure, "above 0")))
    return RateTest(*_core.compare_rates(sides[0], sides[1], str(alternative)))


def compare_zero_inflated(
    baseline: ArrayLike, candidate: ArrayLike, *, alternative: str = "two-sided"
) -> ZeroInflatedTest:
    """Compares samples that are mostly zero: how many values are not, and how large those are.

    Parameters
    ----------
    baseline, candidate : array-like of shape (n,)
        The samples, without NaN.
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn.compare import compare_zero_inflated
    >>> before, after = np.arange(200) % 10 == 0, 6.0 * (np.arange(200) % 25 == 0)
    >>> test = compare_zero_inflated(before, after)
    >>> test.present.difference < 0, test.size.superiority, test.p_value < 1e-4
    (True, 1.0, True)
    """
    a, b = numbers("baseline", baseline), numbers("candidate", candidate)
    present, size, p_value = _core.compare_zero_inflated(a, b, str(alternative))
    return ZeroInflatedTest(ShareTest(*present), None if size is None else RankTest(*size), p_value)


def adjusted_p_values(
    p_values: ArrayLike, *, discovery: str = "benjamini-hochberg"
) -> NDArray[Any]:
    """p-values adjusted for their number, in the order given: control of false discoveries.

    As ``scipy.stats.false_discovery_control``.

    Parameters
    ----------
    p_values : array-like of shape (n,)
        In [0, 1].
    discovery : {"benjamini-hochberg", "benjamini-yekutieli"}, default="benjamini-hochberg"
        The second bears any dependence.

    Examples
    --------
    >>> from forewarn.compare import adjusted_p_values
    >>> adjusted_p_values([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    return _core.adjusted_p_values(numbers("p_values", p_values), str(discovery))


def rank_test_power(
    sizes: tuple[int, int],
    superiority: float,
    *,
    level: float = 0.05,
    alternative: str = "two-sided",
) -> float:
    """Probability that ``mann_whitney`` finds a difference (Noether 1987).

    Parameters
    ----------
    sizes : (int, int)
        Values of baseline and candidate.
    superiority : float
        Probability that a value of the candidate is greater, in (0, 1).
    level : float, default=0.05
        Level of the test, in (0, 1).
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for.

    Examples
    --------
    >>> from forewarn.compare import rank_test_power
    >>> round(rank_test_power((64, 64), 0.64), 2)
    0.78
    """
    sides = _whole("sizes", sizes)
    share, at = number("superiority", superiority, OPEN), number("level", level, OPEN)
    return _core.rank_test_power(sides, share, at, str(alternative))


def rank_test_size(
    superiority: float,
    *,
    level: float = 0.05,
    power: float = 0.8,
    alternative: str = "two-sided",
) -> int:
    """Values of each side with which ``mann_whitney`` finds a difference with such a power.

    Parameters
    ----------
    superiority : float
        Probability that a value of the candidate is greater, in (0, 1) and not 0.5.
    level, power : float
        Level of the test, and how often the difference is to be found, in (0, 1).
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for.

    Examples
    --------
    >>> from forewarn.compare import rank_test_size
    >>> rank_test_size(0.64)
    67
    """
    share, at = number("superiority", superiority, OPEN), number("level", level, OPEN)
    return _core.rank_test_size(share, at, number("power", power, OPEN), str(alternative))


def share_test_size(
    baseline: float,
    candidate: float,
    *,
    level: float = 0.05,
    power: float = 0.8,
    alternative: str = "two-sided",
) -> int:
    """Trials of each side with which ``compare_shares`` finds a difference with such a power.

    Parameters
    ----------
    baseline, candidate : float
        The shares, from 0 to 1.
    level, power : float
        Level of the test, and how often the difference is to be found, in (0, 1).
    alternative : {"two-sided", "greater", "less"}, default="two-sided"
        What is looked for.

    Examples
    --------
    >>> from forewarn.compare import share_test_size
    >>> share_test_size(0.01, 0.02)
    2319
    """
    shares = (
        number("baseline", baseline, "from 0 to 1"),
        number("candidate", candidate, "from 0 to 1"),
    )
    at, found = number("level", level, OPEN), number("power", power, OPEN)
    return _core.share_test_size(shares, at, found, str(alternative))


def _two(name: str, pair: Any, what: str) -> tuple[Any, Any]:
    try:
        first, second = pair
    except (TypeError, ValueError):
        raise refuse(name, pair, f"two numbers: {what}") from None
    return first, second


def _count(name: str, value: Any) -> int:
    if not is_int(value) or not 0 <= value < 2**64:
        raise refuse(f"a count of {name}", value, "a whole number, at least 0")
    return int(value)


def _whole(name: str, pair: Any) -> tuple[int, int]:
    first, second = _two(name, pair, "events and trials" if name != "sizes" else "of both sides")
    return _count(name, first), _count(name, second)
