"""Thresholds that learn from verdicts."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from conftest import Doubles

from forewarn import ThresholdTuner, group_number
from forewarn._core import tuner_defaults

HOUR = 3600.0


def history() -> tuple[Doubles, Doubles]:
    """Six weeks of hours: a harmless job scores 4.5 every third day, two failures 9."""
    hours = np.arange(1_008)
    scores: Doubles = np.where(hours % 72 == 3, 4.5, 1.0).astype(np.float64)
    scores[[500, 900]] = 9.0
    times: Doubles = (hours * HOUR).astype(np.float64)
    return times, scores


def test_defaults_are_the_librarys() -> None:
    parameters = list(inspect.signature(ThresholdTuner).parameters.values())
    numbers, counts = tuner_defaults()
    assert [it.default for it in parameters] == [*numbers, *counts]
    assert list(ThresholdTuner().get_params()) == [it.name for it in parameters]


def test_verdicts_move_the_threshold_of_their_group_and_a_little_the_others() -> None:
    tuner = ThresholdTuner(rate=1e-3)
    assert tuner.threshold("a") == 3.0
    answer = tuner.judge(0.0, 3.2, "a")
    assert answer.alarm and answer.exceeds and answer.threshold == 3.0
    tuner.false_alarm(0.0, "a")
    assert 3.0 < tuner.threshold("b") < tuner.threshold("a") <= 3.5
    assert not tuner.judge(HOUR, 0.0, "a").silenced
    assert tuner.judge(2 * HOUR, 3.01, "a").silenced
    assert tuner.thresholds[1] == {group_number("a"): tuner.threshold("a")}
    before = tuner.threshold("a")
    tuner.real(0.0, "a")
    assert tuner.threshold("a") < before
    assert [it.opinion for it in tuner.verdicts()] == ["real"]


def test_many_scores_are_judged_as_one_by_one() -> None:
    times, scores = history()
    scores[700] = np.nan
    groups = np.where(np.arange(len(times)) % 2 == 0, "even", "odd").tolist()
    one, many = ThresholdTuner(), ThresholdTuner()
    answers = [one.judge(*row) for row in zip(times, scores, groups, strict=True)]
    thresholds, exceeds, alarms = many.judge_many(times, scores, groups)
    assert thresholds.tolist() == [it.threshold for it in answers]
    assert exceeds.tolist() == [it.exceeds for it in answers]
    assert alarms.tolist() == [it.alarm for it in answers]
    assert alarms.sum() == 16
    assert one.incidents() == many.incidents()
    assert one.to_bytes() == many.to_bytes()
    assert many.missing == 1


def test_a_pickled_tuner_goes_on_as_the_first_would() -> None:
    tuner = ThresholdTuner(miss=10.0)
    times, scores = history()
    tuner.judge_many(times, scores)
    tuner.false_alarm(3 * HOUR)
    copy = pickle.loads(pickle.dumps(tuner))
    assert copy.get_params() == tuner.get_params()
    for it in (tuner, copy):
        it.false_alarm(75 * HOUR)
        it.missed(times[-1])
    assert copy.to_bytes() == tuner.to_bytes()
    assert copy.thresholds == tuner.thresholds


def test_a_history_is_learned_from_at_once() -> None:
    times, scores = history()
    verdicts = [(hour * HOUR, "false alarm") for hour in range(3, 504, 72)]
    found = ThresholdTuner().optimize(times, scores, [*verdicts, (500 * HOUR, "real")])
    assert 4.5 < found.tuner.threshold() < 9.0
    assert found.alarms_before.mean == pytest.approx(16 / found.weeks)
    assert found.alarms_per_week.mean == pytest.approx(2 / found.weeks)
    assert found.alarms_per_week.low <= 2 / found.weeks <= found.alarms_per_week.high
    assert found.cost_before == pytest.approx(7 / found.weeks)
    assert found.cost_per_week == 0.0
    month = found.last_month
    assert [it.incident.peak for it in month if it.after] == [9.0, 9.0]
    assert all(it.before for it in month)
    assert not found.tuner.judge(times[-1] + HOUR, 4.5).alarm


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rate": 0.0}, "rate is 0: it must be above 0 and below 1"),
        ({"rate": float("nan")}, "rate is NaN"),
        ({"miss": -1.0}, "costs.miss is -1"),
        ({"false_alarm": 0.0}, "costs.false_alarm is 0"),
        ({"max_groups": 0}, "max_groups is 0"),
        ({"max_verdicts": -1}, "max_verdicts is -1"),
        ({"max_incidents": 2.5}, "max_incidents is 2.5"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ThresholdTuner(**settings)  # type: ignore[arg-type]


def test_what_cannot_be_leaves_the_tuner_as_it_was() -> None:
    tuner = ThresholdTuner()
    tuner.judge(100.0, 6.0)
    before = tuner.to_bytes()
    with pytest.raises(ValueError, match="times must not go back"):
        tuner.judge(99.0, 1.0)
    with pytest.raises(ValueError, match="score is inf"):
        tuner.judge_many([200.0, 300.0], [7.0, np.inf])
    with pytest.raises(ValueError, match="scores has 1 entries, 2 expected"):
        tuner.judge_many([200.0, 300.0], [7.0])
    with pytest.raises(ValueError, match="group has 1 entries, 2 expected"):
        tuner.judge_many([200.0, 300.0], [7.0, 7.0], ["a"])
    with pytest.raises(ValueError, match="times has 2 dimensions"):
        tuner.judge_many([[200.0]], [7.0])
    with pytest.raises(ValueError, match="opinion is 'nonsense'"):
        tuner.observe(100.0, "nonsense")
    with pytest.raises(ValueError, match="verdict's time is 5000"):
        tuner.false_alarm(5_000.0)
    with pytest.raises(ValueError, match="group is -1"):
        tuner.judge(200.0, 1.0, -1)
    with pytest.raises(ValueError, match="group is None"):
        tuner.judge_many([200.0], [1.0], None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="history is empty"):
        tuner.optimize([], [], [])
    assert tuner.to_bytes() == before
