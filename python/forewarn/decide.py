"""When to alert: the threshold on probabilities that costs least."""

from __future__ import annotations

from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_consistent_length, column_or_1d  # type: ignore[import-untyped]

from forewarn import _core
from forewarn._checks import group_numbers, is_int, number, refuse, seed

__all__ = ["Choice", "Decision", "choose_threshold"]


class DecisionSettings(TypedDict):
    """What ``_core.choose_threshold`` reads."""

    miss: float
    false_alarm: float
    capacity: tuple[float, float] | None
    resamples: int
    confidence: float
    seed: int


class Choice(NamedTuple):
    """A threshold, and what it would have brought."""

    threshold: float
    """Alert where the probability is above it; 1 for no alert at all."""
    alert_share: float
    """Share of the rows with an alert."""
    recall: float
    """Share of the failures with an alert."""
    precision: float | None
    """Share of the alerts that were failures; None without alerts."""
    cost: float
    """Mean cost a row."""


class Decision(NamedTuple):
    """The threshold of least cost, and what else could have been chosen."""

    chosen: Choice
    """The least mean cost within the capacity; of equal ones, that with fewest alerts."""
    nothing: Choice
    """No alert at all."""
    everything: Choice
    """An alert on every row, whatever the capacity."""
    theoretical: Choice
    """What were best if probabilities were exact, whatever the capacity."""
    fewer: Choice
    """At most half as many alerts as chosen."""
    more: Choice
    """About twice as many alerts as chosen, whatever the capacity."""
    threshold_interval: tuple[float, float]
    """Between which thresholds the choice falls on other rows of the kind."""
    cost_interval: tuple[float, float]
    """Between which the mean cost a row of the chosen threshold lies."""


def choose_threshold(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    *,
    miss: float,
    false_alarm: float,
    capacity: tuple[float, float] | None = None,
    groups: ArrayLike | None = None,
    n_resamples: int = 1_000,
    confidence_level: float = 0.95,
    random_state: int | np.random.RandomState | np.random.Generator | None = 0,
    n_jobs: int | None = None,
) -> Decision:
    """Chooses the threshold that would have cost least on rows that no training has seen.

    Where probabilities are exact, an alert pays from ``false_alarm / (miss + false_alarm)`` on.
    They seldom are, so what is chosen is what was cheapest on the labelled rows given, with
    bootstrap intervals of how sure that is.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        Whether each row failed: True or False, 1 or 0. There must be rows of both kinds.
    y_prob : array-like of shape (n_samples,)
        How likely each was called to fail, in [0, 1]: ``predict_proba(X)[:, 1]``.
    miss : float
        What a failure without an alert costs, above 0, in any currency.
    false_alarm : float
        What an alert without a failure costs, above 0, in the same currency.
    capacity : (float, float), default=None
        How many alerts can be handled, and of how many rows: ``(5, 100)`` where there are 100 rows
        a day and time for five alerts. None for any number.
    groups : array-like of shape (n_samples,), default=None
        The machine of each row. The bootstrap draws machines as a whole: without this, intervals
        are too narrow where a machine has many rows.
    n_resamples : int, default=1000
        Bootstrap resamples, from 100 to 1,000,000.
    confidence_level : float, default=0.95
        How often intervals should hold, in [0.5, 1).
    random_state : int, RandomState instance, Generator or None, default=0
        What the resamples follow from.
    n_jobs : int, default=None
        Threads. None and -1 are all cores, -2 all but one. Results do not depend on it.

    Returns
    -------
    decision : Decision
        ``decision.chosen.threshold``, and what it and others would have brought.

    Examples
    --------
    >>> from forewarn import choose_threshold
    >>> failed = [False, False, True, False, True, True]
    >>> risk = [0.05, 0.1, 0.2, 0.4, 0.6, 0.9]
    >>> decision = choose_threshold(failed, risk, miss=10.0, false_alarm=1.0)
    >>> round(decision.chosen.threshold, 2), decision.chosen.recall
    (0.15, 1.0)
    """
    labels, probabilities = column_or_1d(y_true), column_or_1d(y_prob)
    check_consistent_length(labels, probabilities, groups)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("y_true must say of each row whether it failed: True or False, 1 or 0")
    if not is_int(n_resamples) or n_resamples < 0:
        raise refuse("n_resamples", n_resamples, "a whole number from 100 to 1,000,000")
    settings: DecisionSettings = {
        "miss": number("miss", miss, "above 0"),
        "false_alarm": number("false_alarm", false_alarm, "above 0"),
        "capacity": _pair(capacity),
        "resamples": int(n_resamples),
        "confidence": number("confidence_level", confidence_level, "in [0.5, 1)"),
        "seed": seed(random_state),
    }
    outcomes, threshold_interval, cost_interval = _core.choose_threshold(
        labels.astype(np.bool_),
        probabilities.astype(np.float64),
        group_numbers(groups),
        settings,
        n_jobs,
    )
    chosen, nothing, everything, theoretical, fewer, more = (
        Choice(*outcome) for outcome in outcomes
    )
    return Decision(
        chosen, nothing, everything, theoretical, fewer, more, threshold_interval, cost_interval
    )


def _pair(capacity: Any) -> tuple[float, float] | None:
    if capacity is None:
        return None
    allowed = "None or two numbers: of the alerts that can be handled, and of the rows"
    try:
        alerts, rows = capacity
    except (TypeError, ValueError):
        raise refuse("capacity", capacity, allowed) from None
    return number("capacity", alerts, allowed), number("capacity", rows, allowed)
