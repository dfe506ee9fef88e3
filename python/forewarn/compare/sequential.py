"""Tests of baseline and candidate that may be looked at any time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from numpy.typing import ArrayLike

from forewarn._checks import is_int, number, refuse
from forewarn._core import Sequential
from forewarn._results import Result
from forewarn._series import paired


class SequentialSettings(TypedDict):
    """What the extension takes; the names of the library."""

    measure: str
    bounds: tuple[float, float] | None
    direction: str
    alpha: float
    effect: float
    margin: float | None
    most_pairs: int | None


@dataclass(frozen=True, repr=False)
class SequentialState(Result):
    """Where a test stands."""

    decision: str
    """"continue", or where the test has stopped: "worse", "harmless" or "undecided"."""
    pairs: int
    """Pairs seen."""
    log_evidence: float
    """Logarithm of the evidence against equality now."""
    p_value: float
    """The always-valid p-value: however one looks and stops, it is at most p with probability at
    most p when nothing differs."""
    estimate: float
    """The difference, candidate less baseline; for ranks the probability that a value of the
    candidate is greater, ties counted half. NaN before the first pair."""
    low: float
    """Lower end of the confidence sequence: with probability 1 - alpha the truth is between the
    ends at every time."""
    high: float
    """Its upper end."""
    still_needed: int
    """More pairs until the candidate will be called worse, about, if from now on it is worse by the
    effect; 0 when the test has stopped."""


class SequentialTest:
    """Is the candidate worse? A test that may be looked at after every value.

    Values are paired in the order in which they come. The evidence is an e-process: when it reaches
    1 / alpha the candidate is called worse, which happens to equal versions with probability alpha
    at most, over all time. Values of one side must be independent of each other.

    Parameters
    ----------
    measure : {"ranks", "means", "shares"}, default="ranks"
        Which of two values is larger, whatever their distribution; means; or shares, of values that
        are 0 or 1.
    bounds : (float, float), default=None
        For means of values that lie in a range: its ends. Exact whatever the values are.
    direction : {"higher_is_worse", "lower_is_worse", "either"}, default="higher_is_worse"
        Which way it gets worse.
    alpha : float, default=0.05
        Probability that equal versions are ever called different, in (0, 0.5).
    effect : float, default=0.2
        Effect that the test is best at, in standard deviations of single values, from 0.001 to 10.
    margin : float, default=None
        Worsening from which on it matters, above 0, in the unit of the estimate (for ranks above
        0.5): as soon as the confidence sequence excludes it the test ends as "harmless".
    most_pairs : int, default=None
        Pairs after which the test ends as "undecided", at least 1. From 100 on, tests of ranks and
        means then ask for less evidence.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import SequentialTest
    >>> random = np.random.default_rng(0)
    >>> test = SequentialTest()
    >>> while test.decision == "continue":
    ...     decision = test.update_pair(random.normal(100.0, 10.0), random.normal(104.0, 10.0))
    >>> decision, test.p_value <= 0.05, test.state.pairs < 1_000
    ('worse', True, True)
    """

    def __init__(
        self,
        measure: str = "ranks",
        *,
        bounds: tuple[float, float] | None = None,
        direction: str = "higher_is_worse",
        alpha: float = 0.05,
        effect: float = 0.2,
        margin: float | None = None,
        most_pairs: int | None = None,
    ) -> None:
        if most_pairs is not None and not (is_int(most_pairs) and 0 <= most_pairs < 2**64):
            raise refuse("most_pairs", most_pairs, "a whole number of at least 1, or None")
        if bounds is not None and measure not in ("ranks", "means"):
            raise ValueError(f"bounds are for means: measure is {measure!r}")
        self._settings = SequentialSettings(
            measure=str(measure),
            bounds=None if bounds is None else _ends(bounds),
            direction=str(direction),
            alpha=number("alpha", alpha, "between 0 and 0.5, both excluded"),
            effect=number("effect", effect, "from 0.001 to 10 standard deviations"),
            margin=None if margin is None else number("margin", margin, "above 0, or None"),
            most_pairs=None if most_pairs is None else int(most_pairs),
        )
        self._test = Sequential.start(self._settings)

    def update(self, side: str, value: float) -> str:
        """Takes a value of one side, "baseline" or "candidate", and says what to do.

        Each side's values wait for a partner, the last 10,000 of them. After the test has stopped
        values change nothing, and neither does an error.
        """
        return self._test.update(side, value)

    def update_pair(self, baseline: float, candidate: float) -> str:
        """Takes a pair, and says what to do."""
        return self._test.update_pair(baseline, candidate)

    def update_many(self, baseline: ArrayLike, candidate: ArrayLike) -> str:
        """Takes pairs in order, and says what to do. An error leaves the test as it was."""
        return self._test.update_many(*paired(baseline, candidate))

    @property
    def decision(self) -> str:
        """What to do: "continue", or stop: "worse", "harmless" or "undecided"."""
        return self._test.decision

    @property
    def state(self) -> SequentialState:
        """Where the test stands: p-value, estimate, interval, and pairs still needed."""
        return SequentialState(*self._test.stand())

    @property
    def p_value(self) -> float:
        """The always-valid p-value."""
        return self.state.p_value

    @property
    def still_needed(self) -> int:
        """More pairs that it takes, about, if the candidate is worse by the effect."""
        return self.state.still_needed

    def __getstate__(self) -> Mapping[str, Any]:
        return {"settings": self._settings, "state": self._test.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._settings = state["settings"]
        self._test = Sequential(state["state"])

    def __repr__(self) -> str:
        state = self.state
        told = f"{state.decision!r}, pairs={state.pairs}, p_value={state.p_value:.3g}"
        return f"SequentialTest({self._settings['measure']!r}, {told})"


def _ends(bounds: Any) -> tuple[float, float]:
    allowed = "two ascending numbers, or None"
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise refuse("bounds", bounds, allowed) from None
    return number("bounds", low, allowed), number("bounds", high, allowed)
