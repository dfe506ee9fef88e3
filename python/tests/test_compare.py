"""Canaries, benchmarks, sequential tests and plain samples, beside scipy and the obvious."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import Doubles
from scipy import stats

from forewarn import BenchmarkHistory, SequentialTest, compare_runs, judge_canary
from forewarn._core import (
    canary_defaults,
    comparison_defaults,
    history_defaults,
    sequential_defaults,
)
from forewarn.compare import (
    Share,
    adjusted_p_values,
    compare_rates,
    compare_shares,
    compare_zero_inflated,
    effect_size,
    mann_whitney,
    rank_test_power,
    rank_test_size,
    share_test_size,
    shift,
)

SIDES = ["two-sided", "greater", "less"]


def metrics(seed: int, slower: float = 1.0) -> dict[str, Doubles]:
    random = np.random.default_rng(seed)
    return {
        "latency": slower * random.gamma(100.0, size=300),
        "hits": random.normal(900.0, 20.0, 300),
        "errors": random.poisson(50.0, 300).astype(np.float64),
    }


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (judge_canary, canary_defaults()),
        (compare_runs, comparison_defaults()),
        (BenchmarkHistory, history_defaults()),
        (SequentialTest, sequential_defaults()),
    ],
)
def test_defaults_are_the_librarys(of: Callable[..., object], expected: dict[str, Any]) -> None:
    parameters = inspect.signature(of).parameters
    assert {name: parameters[name].default for name in expected} == expected


@pytest.mark.parametrize("alternative", SIDES)
@pytest.mark.parametrize("sizes", [(6, 7), (40, 60)])
def test_samples_are_compared_as_scipy_does(alternative: str, sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(sum(sizes))
    a, b = random.normal(size=sizes[0]), random.normal(0.4, 1.0, size=sizes[1])
    found = mann_whitney(a, b, alternative=alternative)
    theirs = stats.mannwhitneyu(b, a, alternative=alternative)
    assert found.u == theirs.statistic
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.exact == (sizes == (6, 7))
    differences = np.subtract.outer(b, a)
    assert shift(a, b).estimate == pytest.approx(np.median(differences), rel=1e-12)
    effect = effect_size(a, b)
    assert effect.superiority == pytest.approx((differences > 0).mean())
    assert effect.cliffs_delta == pytest.approx(np.sign(differences).mean())
    rounded = mann_whitney(a.round(), b.round(), alternative=alternative, method="asymptotic")
    theirs = stats.mannwhitneyu(b.round(), a.round(), alternative=alternative, method="asymptotic")
    assert rounded.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_counts_are_compared_as_scipy_does() -> None:
    large = compare_shares((200, 10_000), Share(260, 10_000))
    tables = np.array([[200, 9_800], [260, 9_740]])
    expected = stats.chi2_contingency(tables, correction=False).pvalue
    assert large.p_value == pytest.approx(expected, rel=1e-9)
    assert large.ratio == pytest.approx(1.3) and not large.exact
    small = compare_shares((1, 50), (7, 60), alternative="greater")
    expected = stats.fisher_exact([[7, 53], [1, 49]], alternative="greater").pvalue
    assert small.p_value == pytest.approx(expected, rel=1e-9) and small.exact
    rates = compare_rates((3, 20.0), (5, 4.0), alternative="greater")
    expected = stats.binomtest(5, 8, 4.0 / 24.0, alternative="greater").pvalue
    assert rates.p_value == pytest.approx(expected, rel=1e-9)
    assert rates.ratio == pytest.approx(5 / 4.0 / (3 / 20.0))
    sparse = compare_zero_inflated([0, 0, 0, 2.0], [0, 1.0, 3.0, 4.0])
    assert sparse.present.difference == 0.5 and sparse.size is not None
    p_values = [0.01, 0.04, 0.03, 0.5]
    for ours, theirs in (("benjamini-hochberg", "bh"), ("benjamini-yekutieli", "by")):
        expected = stats.false_discovery_control(p_values, method=theirs)
        np.testing.assert_allclose(adjusted_p_values(p_values, discovery=ours), expected)


def test_sizes_give_the_power_asked_for() -> None:
    for alternative, superiority in (("two-sided", 0.6), ("greater", 0.6), ("less", 0.4)):
        size = rank_test_size(superiority, power=0.9, alternative=alternative)
        power = rank_test_power((size, size), superiority, alternative=alternative)
        assert power == pytest.approx(0.9, abs=0.01)
    # Fleiss, Levin and Paik (2003), without correction.
    same, different = 2 * 0.015 * 0.985, 0.01 * 0.99 + 0.02 * 0.98
    sum_ = stats.norm.isf(0.025) * same**0.5 + stats.norm.isf(0.2) * different**0.5
    assert share_test_size(0.01, 0.02) == np.ceil((sum_ / 0.01) ** 2) == 2_319


def test_a_canary_is_rolled_back_with_the_evidence() -> None:
    baseline, canary = metrics(1), metrics(2, slower=1.1)
    judged = judge_canary(baseline, canary, independent=True, direction={"hits": "lower_is_worse"})
    assert judged.verdict == "roll back" and str(judged) == "roll back: latency worse"
    assert [it.name for it in judged.metrics] == ["latency", "hits", "errors"]
    assert judged.named("worse") == ["latency"] and judged["hits"].outcome == "same"
    latency, hits = judged["latency"], judged["hits"]
    for it, side in ((latency, "greater"), (hits, "less")):
        theirs = stats.mannwhitneyu(canary[it.name], baseline[it.name], alternative=side)
        assert it.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
        assert it.typical[1] == np.median(canary[it.name])
        assert it.values == (300, 300) and it.missing == (0, 0)
    adjusted = stats.false_discovery_control([it.p_value for it in judged.metrics])
    np.testing.assert_allclose([it.adjusted for it in judged.metrics], adjusted)
    assert latency.relative == pytest.approx(0.1, abs=0.02)
    assert latency.shift[1] < latency.shift[0] < latency.shift[2]
    assert hits.direction == "lower_is_worse" and hits.critical
    assert repr(judged).splitlines()[0] == "CanaryJudgement(roll back: latency worse)"
    assert pickle.loads(pickle.dumps(judged)) == judged
    held = judge_canary(baseline, canary, independent=["latency"], critical=["hits", "errors"])
    assert held.verdict == "hold" and not held["latency"].critical
    kept = judge_canary(baseline, canary, tolerance={"latency": 0.5})
    assert kept.verdict == "promote" and kept.still_needed == 0


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_are_judged_by_column(library: str) -> None:
    sides = [metrics(1), metrics(2, slower=1.1)]
    kind: Any = pd.DataFrame if library == "pandas" else pl.DataFrame
    frames = [kind(side | {"host": ["a"] * 300}) for side in sides]
    assert judge_canary(*frames) == judge_canary(*sides)
    some = judge_canary(*frames, metrics=["errors"])
    assert [it.name for it in some.metrics] == ["errors"]
    single = judge_canary(frames[0]["latency"], frames[1]["latency"])
    assert single.metrics[0].name == "value"
    assert single["value"].p_value == judge_canary(*sides)["latency"].p_value
    assert compare_runs(*frames) == compare_runs(*sides)


def test_what_is_lacking_is_said() -> None:
    random = np.random.default_rng(3)
    few = {"latency": random.gamma(4.0, size=30), "new": [np.nan] * 20}
    judged = judge_canary(few, {"latency": random.gamma(4.0, size=30)})
    assert judged.verdict == "hold" and judged["new"].outcome == "no data"
    assert judged["new"].missing == (20, 0)
    latency = judged["latency"]
    assert latency.outcome == "unsure" and latency.needed is not None
    assert judged.still_needed == latency.needed - 30
    shares = judge_canary({"failed": Share(20, 10_000)}, {"failed": Share(60, 10_000)})
    assert shares.verdict == "roll back" and shares["failed"].typical == (0.002, 0.006)
    zeros = judge_canary({"n": [np.nan] * 20}, {"n": [1.0] * 20}, missing="zero")
    assert zeros.verdict == "roll back" and zeros["n"].relative == np.inf


def test_runs_are_compared_benchmark_by_benchmark() -> None:
    random = np.random.default_rng(4)
    before = {name: random.normal(40.0, 1.0, 20) for name in ("parse", "print", "gone")}
    after = {"parse": 1.2 * random.normal(40.0, 1.0, 20), "print": random.normal(40.0, 1.0, 20)}
    found = compare_runs(before, after)
    assert [it.outcome for it in found.benchmarks] == ["worse", "same", "no data"]
    parse = found["parse"]
    ratios = np.log(np.divide.outer(after["parse"], before["parse"]))
    assert parse.effect == pytest.approx(np.expm1(np.median(ratios)), rel=1e-9)
    theirs = stats.mannwhitneyu(after["parse"], before["parse"])
    assert parse.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert parse.typical[0] == pytest.approx(np.median(before["parse"]), rel=1e-3)
    assert parse.low < parse.effect < parse.high and parse.values == (20, 20)
    assert found.named("worse") == ["parse"]
    assert str(found).startswith("1 of 3 worse: parse +")
    assert repr(found).startswith(f"RunComparison({found})\n")
    assert compare_runs(before, after, direction="lower_is_worse")["parse"].outcome == "better"
    assert pickle.loads(pickle.dumps(found))["parse"] == parse


def test_a_history_reports_changes_and_nothing_else() -> None:
    values = np.random.default_rng(5).normal(250.0, 6.0, 80)
    values[25] *= 1.8
    values[40:] *= 1.15
    history, one = BenchmarkHistory(), BenchmarkHistory()
    found = history.update_many(values)
    assert [one.update(value) for value in values] == list(found.runs)
    [change] = found.changes
    assert abs(change.since - 40) <= 2 and change.reported < 46
    assert change.low < 0.15 < change.high and change.p_value < 0.02
    assert found[change.reported].outcome == "regression" and found[25].outcome == "unusual"
    assert found[0].outcome == "learning" and found[20].outcome == "usual"
    assert history.changes == [change] and history.runs == len(found) == 80
    better = BenchmarkHistory(direction="lower_is_worse").update_many(values)
    assert better[change.reported].outcome == "improvement"
    nights = np.arange(80) * 86_400.0
    assert BenchmarkHistory().update_many(values, nights).changes == [change]
    # Within an hour all runs share their conditions.
    assert not BenchmarkHistory().update_many(values, np.arange(80.0)).changes


def test_a_sequential_test_stops_by_itself() -> None:
    random = np.random.default_rng(6)
    baseline, candidate = random.normal(size=2_000), random.normal(0.3, 1.0, size=2_000)
    test, pairs, singles = SequentialTest(), SequentialTest(), SequentialTest()
    assert test.still_needed > 100 and test.p_value == 1.0
    assert test.update_many(baseline, candidate) == "worse"
    for before, after in zip(baseline, candidate, strict=True):
        if pairs.update_pair(before, after) != "continue":
            break
    for place in range(2_000):
        singles.update("candidate", candidate[place])
        if singles.update("baseline", baseline[place]) != "continue":
            break
    state = test.state
    assert state == pairs.state == singles.state
    assert state.decision == "worse" and state.pairs < 1_000 and state.p_value <= 0.05
    # The truth is within: one value is above the other with probability 0.584.
    assert state.low < stats.norm.cdf(0.3 / np.sqrt(2.0)) < state.high
    assert state.estimate > 0.5 and state.still_needed == 0
    same = SequentialTest("means", margin=0.2, direction="either")
    assert same.update_many(baseline, random.permutation(baseline)) == "harmless"
    limited = SequentialTest("shares", most_pairs=50)
    assert limited.update_many([0, 1] * 25, [1, 0] * 25) == "undecided"
    bounded = SequentialTest(bounds=(0.0, 1.0))
    assert bounded.update_many([0.5] * 9, [0.5] * 9) == "continue"
    with pytest.raises(ValueError, match="value is 2: it must be in the range"):
        bounded.update_pair(0.5, 2.0)


def test_pickled_states_go_on() -> None:
    values = np.random.default_rng(7).normal(250.0, 6.0, 60)
    history, test = BenchmarkHistory(effect=0.2), SequentialTest("means")
    history.update_many(values[:30])
    test.update_many(values[:30], values[30:])
    test.update("baseline", 250.0)
    history_copy, test_copy = pickle.loads(pickle.dumps((history, test)))
    assert repr(history_copy) == repr(history) and repr(test_copy) == repr(test)
    assert history_copy.update_many(values[30:]).runs == history.update_many(values[30:]).runs
    assert test_copy.update("candidate", 260.0) == test.update("candidate", 260.0)
    assert test_copy.state == test.state and test.state.pairs == 31


GOOD = {"a": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: judge_canary({}, {}), "metrics is empty"),
        (lambda: judge_canary(GOOD, GOOD, alpha=0.5), "alpha is 0.5"),
        (lambda: judge_canary(GOOD, GOOD, power=1.0), "power is 1"),
        (lambda: judge_canary(GOOD, GOOD, margin=0.0), "margin is 0"),
        (lambda: judge_canary(GOOD, GOOD, tolerance={"a": -1.0}), "tolerance is -1"),
        (lambda: judge_canary(GOOD, GOOD, least_values=1), "least_values is 1"),
        (lambda: judge_canary(GOOD, GOOD, direction="up"), "direction is 'up'"),
        (lambda: judge_canary(GOOD, GOOD, direction={"b": "either"}), "direction names 'b'"),
        (lambda: judge_canary(GOOD, GOOD, critical=["b"]), "critical names 'b'"),
        (lambda: judge_canary(GOOD, GOOD, metrics=["b"]), "'b' is on neither side"),
        (lambda: judge_canary(GOOD, GOOD, discovery="none"), "discovery is 'none'"),
        (lambda: judge_canary(GOOD, {"a": [np.nan]}, missing="refuse"), "candidate 0 is NaN"),
        (lambda: judge_canary(GOOD, {"a": Share(1, 2)}), "a Share on one side only"),
        (lambda: judge_canary(*[{"a": Share(30, 20)}] * 2), "baseline is 30"),
        (lambda: judge_canary(*[{"a": Share(-1, 20)}] * 2), "a count of a is -1"),
        (lambda: judge_canary(*[{"a": [1e200] * 20}] * 2), "must be from -1e150 to 1e150"),
        (lambda: compare_runs({}, {}), "benchmarks is empty"),
        (lambda: compare_runs(GOOD, {"a": [0.0]}), "candidate is 0"),
        (lambda: compare_runs(GOOD, {"a": [np.nan]}), "candidate 0 is NaN"),
        (lambda: compare_runs(GOOD, GOOD, effect=0.0), "effect is 0"),
        (lambda: compare_runs(GOOD, GOOD, power=0.0), "power is 0"),
        (lambda: BenchmarkHistory(effect=11.0), "effect is 11"),
        (lambda: BenchmarkHistory(remembered=1), "remembered is 1"),
        (lambda: BenchmarkHistory(remembered=50.5), "remembered is 50.5"),  # type: ignore[arg-type]
        (lambda: BenchmarkHistory().update(-1.0), "value is -1"),
        (lambda: BenchmarkHistory().update_many([1.0, 2.0], [1.0, 0.0]), "must not go back"),
        (lambda: SequentialTest("medians"), "measure is 'medians'"),
        (lambda: SequentialTest(effect=0.0), "effect is 0"),
        (lambda: SequentialTest(margin=-1.0), "margin is -1"),
        (lambda: SequentialTest(most_pairs=0), "most_pairs is 0"),
        (lambda: SequentialTest(bounds=(1.0, 0.0)), "high is 0"),
        (lambda: SequentialTest(bounds=3.0), "bounds is 3.0"),  # type: ignore[arg-type]
        (lambda: SequentialTest("shares", bounds=(0.0, 1.0)), "bounds are for means"),
        (lambda: SequentialTest("shares").update_pair(0.0, 0.5), "value is 0.5"),
        (lambda: SequentialTest().update("canary", 0.5), "side is 'canary'"),
        (lambda: SequentialTest().update_many([1.0], [1.0, 2.0]), "candidate has 2 entries"),
        (lambda: mann_whitney([], [1.0]), "baseline is empty"),
        (lambda: mann_whitney([1.0], [1.0], alternative="up"), "alternative is 'up'"),
        (lambda: shift([1.0], [1.0], confidence=1.0), "confidence is 1"),
        (lambda: compare_shares((1, 0), (1, 2)), "baseline is empty"),
        (lambda: compare_shares(0.5, (1, 2)), "two numbers"),  # type: ignore[arg-type]
        (
            lambda: compare_rates((1, 0.0), (1, 2.0)),
            "baseline is 0: it must be of an exposure above 0",
        ),
        (lambda: adjusted_p_values([1.5]), "p_value is 1.5"),
        (lambda: rank_test_size(0.5), "superiority is 0.5"),
    ],
)
def test_what_cannot_be_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_plots_show_what_was_found() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    judged = judge_canary(metrics(1), metrics(2, slower=1.1))
    found = compare_runs(metrics(1), metrics(2, slower=1.2))
    drawn: list[tuple[Any, str]] = [(judged, str(judged)), (found, str(found))]
    for it, title in drawn:
        axes = it.plot()
        assert [text.get_text() for text in axes.get_yticklabels()] == ["errors", "hits", "latency"]
        assert axes.get_title() == title
    values = np.repeat([250.0, 300.0], 30) + np.random.default_rng(8).normal(size=60)
    axes = BenchmarkHistory().update_many(values).plot()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[:2] == ["run", "typical"] and labels[2].startswith("+19.") and len(labels) == 3
    matplotlib.pyplot.close("all")
