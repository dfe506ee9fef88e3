"""Thresholds by cost."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from forewarn import choose_threshold


def risks() -> tuple[np.ndarray[Any, np.dtype[np.bool_]], np.ndarray[Any, np.dtype[np.float64]]]:
    """Rows that fail as often as their risk says."""
    random = np.random.default_rng(3)
    risk = random.beta(0.5, 4.0, size=2_000).round(3)
    return random.random(2_000) < risk, risk


def cost(failed: Any, risk: Any, threshold: float, miss: float, false_alarm: float) -> float:
    alert = risk > threshold
    return float(np.mean(np.where(failed, miss * ~alert, false_alarm * alert)))


@pytest.mark.parametrize(("miss", "false_alarm"), [(10.0, 1.0), (1.0, 1.0), (3.0, 7.0)])
def test_no_threshold_costs_less(miss: float, false_alarm: float) -> None:
    failed, risk = risks()
    decision = choose_threshold(failed, risk, miss=miss, false_alarm=false_alarm)
    costs = [cost(failed, risk, at, miss, false_alarm) for at in np.append(np.unique(risk), -1.0)]
    assert decision.chosen.cost == pytest.approx(min(costs), abs=1e-12)
    choices = [decision.chosen, decision.nothing, decision.everything, decision.theoretical]
    for choice in [*choices, decision.fewer, decision.more]:
        found = cost(failed, risk, choice.threshold, miss, false_alarm)
        assert choice.cost == pytest.approx(found, abs=1e-12)
    assert decision.nothing.precision is None
    assert decision.nothing.recall == 0.0
    assert decision.everything.recall == 1.0
    alert = risk > decision.chosen.threshold
    assert decision.chosen.recall == pytest.approx(failed[alert].sum() / failed.sum())
    assert decision.chosen.alert_share == pytest.approx(alert.mean())
    assert decision.chosen.precision == pytest.approx(failed[alert].mean())
    # The risks are exact, so what theory says is about what is chosen.
    low, high = decision.threshold_interval
    assert low <= decision.chosen.threshold <= high
    assert decision.cost_interval[0] <= decision.theoretical.cost


def test_capacity_groups_and_threads() -> None:
    failed, risk = risks()
    choose = partial(choose_threshold, miss=20.0, false_alarm=1.0)
    few = choose(failed.astype(int), risk, capacity=(5, 100))
    assert few.chosen.alert_share <= 0.05
    assert few.chosen.cost > choose(failed, risk).chosen.cost
    # As many machines as rows are the same as none.
    each = [f"machine {row}" for row in range(len(risk))]
    assert choose(failed, risk, groups=each) == choose(failed, risk, n_jobs=1)
    # Twenty machines say less than two thousand rows: the interval is of whole machines.
    twenty = choose(failed, risk, groups=np.sort(risk).round(1))
    assert twenty.chosen == choose(failed, risk).chosen
    assert twenty.threshold_interval != choose(failed, risk).threshold_interval


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"miss": 0}, "miss is 0: it must be from 1e-100"),
        ({"miss": None}, "miss is None: it must be above 0"),
        ({"false_alarm": -1.0}, "false_alarm is -1: it must be from 1e-100"),
        ({"y_true": [0, 2]}, "y_true must say"),
        ({"y_true": [0, 0]}, "all 2 labels are false"),
        ({"y_prob": [0.1, 1.5]}, "1.5"),
        ({"y_prob": [0.1, np.nan]}, "not a number|NaN"),
        ({"y_prob": [0.1]}, "inconsistent numbers of samples"),
        ({"groups": [1]}, "inconsistent numbers of samples"),
        ({"capacity": 5}, "capacity is 5: it must be None or two numbers"),
        ({"capacity": (1, 0)}, "capacity rows is 0: it must be above 0"),
        ({"n_resamples": 9}, "resamples is 9: it must be from 100"),
        ({"n_resamples": 0.5}, "n_resamples is 0.5: it must be a whole number"),
        ({"confidence_level": 1.0}, "confidence is 1: it must be at least 0.5"),
    ],
)
def test_what_cannot_be(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "y_true": [0, 1],
        "y_prob": [0.1, 0.9],
        "miss": 2.0,
        "false_alarm": 1.0,
    }
    with pytest.raises((ValueError, TypeError), match=message):
        choose_threshold(**{**arguments, **change})
