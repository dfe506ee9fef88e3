"""Trends: exhaustion, slopes and change points, beside scipy and the obvious."""

from __future__ import annotations

import inspect
import pickle
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import Doubles
from scipy import stats

from forewarn import ChangeDetector, ExhaustionForecaster, RollingTrend, find_change_points
from forewarn._core import (
    change_point_defaults,
    detector_defaults,
    exhaustion_defaults,
    forecast_defaults,
    rolling_defaults,
)
from forewarn._series import numbers
from forewarn.trend import (
    change_points_frame,
    forecast,
    forecast_frame,
    repeated_medians,
    theil_sen,
)

START = 1_700_000_000.0
HOUR = 3600.0


def disk(hours: int = 200) -> tuple[Doubles, Doubles]:
    """A disk that takes 2 GB an hour, 100 of them used at the start; a value every ten minutes."""
    steps = np.arange(6 * hours, dtype=np.float64)
    noise = np.random.default_rng(0).normal(size=len(steps))
    times: Doubles = START + steps * 600.0
    return times, 100.0 + steps / 3.0 + noise


def defaults(of: Callable[..., object]) -> dict[str, Any]:
    parameters = inspect.signature(of).parameters.values()
    return {it.name: it.default for it in parameters if it.default is not inspect.Parameter.empty}


def test_defaults_are_the_librarys() -> None:
    assert defaults(ExhaustionForecaster) | {"capacity": 1.0} == exhaustion_defaults(1.0)
    assert tuple(defaults(RollingTrend).values()) == rolling_defaults()
    assert defaults(forecast) == forecast_defaults()
    framed = defaults(forecast_frame)
    assert {name: framed[name] for name in forecast_defaults()} == forecast_defaults()
    usual = defaults(find_change_points)
    assert (usual["penalty"], usual["min_length"], usual["clip"]) == change_point_defaults()
    usual = defaults(ChangeDetector)
    assert (usual["run_length"], usual["warm_up"]) == detector_defaults()


def test_a_rhythm_is_forecast_with_an_interval() -> None:
    hours = START + HOUR * np.arange(21 * 24 + 24, dtype=np.float64)
    noise = np.random.default_rng(2).normal(size=len(hours))
    load = 50.0 + 20.0 * np.sin(2.0 * np.pi * hours / 86_400.0) + noise
    load[100:110] = np.nan
    past = slice(0, 21 * 24)
    ahead = forecast(hours[past], load[past], 24)
    assert len(ahead) == 24
    assert ahead.step == HOUR
    np.testing.assert_array_equal(ahead.times, hours[-24:])
    assert np.mean(np.abs(ahead.values - load[-24:])) < 1.5
    assert np.mean((ahead.lower <= load[-24:]) & (load[-24:] <= ahead.upper)) >= 0.7
    assert repr(ahead).startswith("Forecast(step=3600, interval=0.9, times=<24 values>")
    frame = pd.DataFrame({"load": load[past], "twice": 2.0 * load[past]}, index=hours[past])
    both = forecast_frame(frame, 24, n_jobs=2)
    np.testing.assert_array_equal(both["load"].values, ahead.values)
    np.testing.assert_array_equal(both["twice"].upper, 2.0 * ahead.upper)


def test_a_disk_fills_when_it_fills() -> None:
    times, values = disk()
    forecast = ExhaustionForecaster(700.0).forecast(times, values)
    # 499.7 at the end: 200.3 left, at 2 an hour.
    assert forecast.outlook == "filling"
    assert forecast.left / HOUR == pytest.approx(100.0, rel=0.02)
    assert forecast.earliest < forecast.left < forecast.latest
    assert forecast.room == 700.0 - values[-1]
    assert forecast.rate * HOUR == pytest.approx(2.0, rel=0.02)
    assert forecast.probability < 0.1
    day = datetime.fromtimestamp(times[-1] + forecast.earliest, timezone.utc).strftime("%A")
    assert str(forecast).startswith("full in 4.")
    assert str(forecast).endswith(f"; not before {day}")
    never = ExhaustionForecaster(700.0).forecast(times, values[::-1])
    assert never.outlook == "never"
    assert str(never).startswith("never, at this rate")
    assert ExhaustionForecaster(400.0).forecast(times, values).outlook == "exhausted"
    assert ExhaustionForecaster(400.0).forecast(times[:2], values[:2]).outlook == "unknown"


@pytest.mark.parametrize(
    ("hours", "ending"),
    [(30.0, "Thursday"), (9.0, "07:13 today"), (24.0 * 20, "4 December"), (24.0 * 90, "2024")],
)
def test_dates_are_told_as_people_do(hours: float, ending: str) -> None:
    # The clock stands at 22:13 on Tuesday 14 November 2023 in UTC; a straight line has no spread.
    times = START - 15 * HOUR * (hours == 9.0) + np.arange(-300.0, 1.0) * HOUR
    forecast = ExhaustionForecaster(hours).forecast(times, (times - times[-1]) / HOUR)
    found = forecast.earliest / HOUR
    assert found == pytest.approx(hours, rel=0.02)
    then = datetime.fromtimestamp(times[-1], timezone.utc) + timedelta(seconds=forecast.earliest)
    if ending.endswith("today"):
        ending = f"{then:%H:%M} today"
    assert str(forecast).endswith(ending)


def test_streams_are_forecast_as_whole_series() -> None:
    times, values = disk()
    values[7] = np.nan
    forecaster, many = ExhaustionForecaster(560.0), ExhaustionForecaster(560.0)
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        forecaster.update(time, value)
    many.update_many(times, values)
    whole = ExhaustionForecaster(560.0).forecast(times, values)
    assert forecaster.forecast() == many.forecast() == whole
    assert forecaster.missing == 1
    decision = forecaster.decide()
    # 30 hours are left, a day is looked ahead; an hour later it is not much more than that.
    assert not decision.alert and not decision.changed and decision.forecast == whole
    assert not decision
    later = forecaster.decide(times[-1] + 12 * HOUR)
    assert later.alert and later.changed and forecaster.alert
    assert later.forecast.time == times[-1] + 12 * HOUR


def test_a_replay_decides_as_live() -> None:
    times, values = disk()
    replayed = ExhaustionForecaster(450.0)
    decisions = replayed.replay(times, values, every=1800.0)
    live = ExhaustionForecaster(450.0)
    alerts, probabilities = [], []
    for place, (time, value) in enumerate(zip(times.tolist(), values.tolist(), strict=True)):
        live.update(time, value)
        if place and place % 3 == 0:
            decision = live.decide()
            alerts.append(decision.alert)
            probabilities.append(decision.forecast.probability)
    np.testing.assert_array_equal(decisions.alert, alerts)
    np.testing.assert_array_equal(decisions.probability, probabilities)
    np.testing.assert_array_equal(decisions.times, times[3::3])
    [(start, end)] = decisions.episodes
    # Full after 175 hours: the alert begins about a day before.
    assert (START + 175 * HOUR - start) / HOUR == pytest.approx(24.0, abs=3.0)
    assert end == decisions.times[-1]
    assert pickle.dumps(replayed) == pickle.dumps(live)


def test_dates_are_seconds() -> None:
    times, values = disk(20)
    stamps = (times * 1e6).astype("datetime64[us]")
    expected = ExhaustionForecaster(500.0).forecast(times, values)
    for dates in (
        stamps,
        list(stamps),
        pd.DatetimeIndex(stamps, tz="UTC").tz_convert("Europe/Berlin"),
        pl.Series(stamps),
        [datetime.fromtimestamp(time, timezone.utc) for time in times],
        [datetime.fromtimestamp(time, timezone.utc).replace(tzinfo=None) for time in times],
    ):
        assert ExhaustionForecaster(500.0).forecast(dates, values) == expected
    forecaster = ExhaustionForecaster(500.0)
    for stamp, value in zip(stamps, values, strict=True):
        forecaster.update(stamp.item(), value)
    assert forecaster.decide(stamps[-1]).forecast == expected


@pytest.mark.parametrize("library", ["pandas", "pandas index", "polars"])
def test_frames_are_forecast_by_column(library: str) -> None:
    times, values = disk(50)
    columns = {"at": times, "used": values, "host": ["a"] * len(times), "twice": 2.0 * values}
    time: str | None = "at"
    frame: Any = pd.DataFrame(columns)
    if library == "polars":
        frame = pl.DataFrame(columns)
    elif library == "pandas index":
        frame, time = frame.set_index("at"), None
    found = ExhaustionForecaster.forecast_frame(frame, 500.0, time, horizon=HOUR)
    assert list(found) == ["used", "twice"]
    assert found["used"] == ExhaustionForecaster(500.0, horizon=HOUR).forecast(times, values)
    some = ExhaustionForecaster.forecast_frame(frame, {"twice": 1000.0}, time, n_jobs=1)
    assert list(some) == ["twice"]
    assert some["twice"] == ExhaustionForecaster(1000.0).forecast(times, 2.0 * values)
    with pytest.raises(ValueError, match="no column of numbers is called so"):
        ExhaustionForecaster.forecast_frame(frame, {"free": 1.0}, time)
    segments = change_points_frame(frame, "at", shape="level")
    assert list(segments) == ["used", "twice"]
    assert segments["used"] == find_change_points(values, shape="level")


@pytest.mark.parametrize("ties", [False, True])
def test_slopes_are_scipys(ties: bool) -> None:
    random = np.random.default_rng(1)
    times = random.uniform(0.0, 50.0, 60)
    values = 0.3 * times + random.standard_cauchy(60)
    if ties:
        times, values = times.round(), values.round()
    line = theil_sen(times, values, confidence=0.9)
    theirs = stats.theilslopes(values, times, alpha=0.9)
    expected = [theirs.slope, theirs.intercept, theirs.low_slope, theirs.high_slope]
    np.testing.assert_allclose([line.slope, line.intercept, line.lower, line.upper], expected)
    assert line.at(10.0) == line.intercept + 10.0 * line.slope
    if not ties:
        siegel = stats.siegelslopes(values, times)
        line = repeated_medians(times, values)
        np.testing.assert_allclose([line.slope, line.intercept], [siegel.slope, siegel.intercept])
    assert np.isnan(repeated_medians(times, values).lower)


def test_the_rolling_slope_is_the_median_of_its_pairs() -> None:
    times, values = disk(20)
    trend, one = RollingTrend(30), RollingTrend(30)
    found = trend.update_many(times, values)
    slopes = [one.update(*pair) for pair in zip(times.tolist(), values.tolist(), strict=True)]
    for last in (50, len(times) - 1):
        ends = np.arange(last - 9, last + 1)
        pairs = (values[ends] - values[ends - 20]) / (times[ends] - times[ends - 20])
        assert found.slope[last] == pytest.approx(np.median(pairs), rel=1e-12)
        assert slopes[last] == found.slope[last]
    assert np.isnan(found.slope[:20]).all() and slopes[19] is None
    assert trend.slope == found.slope[-1]
    assert trend.interval == (found.lower[-1], found.upper[-1])


def test_change_points_are_found() -> None:
    random = np.random.default_rng(2)
    values = np.repeat([0.0, 5.0, 1.0], 100) + random.normal(size=300)
    values[50] = np.nan
    found = find_change_points(values, shape="level")
    assert found.change_points == [100, 200] and len(found) == 2
    assert [(it.start, it.end) for it in found.segments] == [(0, 100), (100, 200), (200, 300)]
    assert found.segments[0].count == 99
    assert found.segments[1].mean == pytest.approx(values[100:200].mean())
    assert found.changes[0].after == pytest.approx(values[100:200].mean())
    assert found.noise.spread == pytest.approx(1.0, abs=0.2) and not found.noise.wandering
    paid = find_change_points(values, shape="level", fixed_penalty=found.penalty)
    assert paid.change_points == found.change_points
    assert not find_change_points(values, fixed_penalty=1e9).changes
    assert find_change_points(pl.Series(values)) == find_change_points(pd.Series(values))


@pytest.mark.parametrize("method", ["focus", "cusum", "bayesian"])
def test_streams_are_watched_for_changes(method: str) -> None:
    values = np.random.default_rng(3).normal(size=2_000)
    values[1_000:] += 3.0
    whole, one, pieces = (ChangeDetector(method) for _ in range(3))
    found = whole.update_many(values)
    assert [abs(change.index - 1_000) <= 2 for change in found] == [True]
    assert found[0].noticed < 1_010 and found[0].after > found[0].before + 2.0
    assert [change for value in values if (change := one.update(value)) is not None] == found
    assert pieces.update_many(values[:700]) == []
    copy = pickle.loads(pickle.dumps(pieces))
    assert repr(copy) == repr(pieces)
    assert copy.update_many(values[700:]) == found
    assert copy.count == 2_000 and copy.changes == 1 and copy.missing == 0
    assert pickle.dumps(copy) == pickle.dumps(one)


def test_pickled_states_go_on() -> None:
    times, values = disk(20)
    forecaster, trend = ExhaustionForecaster(150.0, horizon=HOUR), RollingTrend(30)
    for it in (forecaster, trend):
        it.update_many(times[:90], values[:90])
        copy = pickle.loads(pickle.dumps(it))
        assert repr(copy) == repr(it)
        for each in (it, copy):
            each.update_many(times[90:], values[90:])
        assert pickle.dumps(copy) == pickle.dumps(it)
    copy = pickle.loads(pickle.dumps(forecaster))
    assert copy.decide() == forecaster.decide()
    forecast = forecaster.forecast(times, values)
    assert pickle.loads(pickle.dumps(forecast)) == forecast


def test_series_that_lie_side_by_side_are_not_copied() -> None:
    values = np.arange(1_000.0)
    for series in (values, pd.Series(values), pl.Series(values)):
        assert np.shares_memory(numbers("values", series), np.asarray(series))
    missing = pd.Series([1, None], dtype="Int64")
    np.testing.assert_array_equal(numbers("values", missing), [1.0, np.nan])


def test_bad_input_is_refused_and_changes_nothing() -> None:
    times, values = disk(20)
    forecaster, trend, detector = ExhaustionForecaster(200.0), RollingTrend(), ChangeDetector()
    watched: list[ExhaustionForecaster | RollingTrend] = [forecaster, trend]
    for it in watched:
        it.update_many(times, values)
        before = pickle.dumps(it)
        with pytest.raises(ValueError, match="must not go back"):
            it.update(0.0, 1.0)
        with pytest.raises(ValueError, match="value is inf"):
            it.update_many(times + 1e6, np.where(values > 120.0, np.inf, values))
        with pytest.raises(ValueError, match="values has 1 entries, 2 expected"):
            it.update_many([1e10, 2e10], [1.0])
        with pytest.raises(ValueError, match="values has 2 dimensions, 1 expected"):
            it.update_many([1e10], [[1.0]])
        with pytest.raises(ValueError, match="could not convert"):
            it.update_many([1e10], ["high"])
        assert pickle.dumps(it) == before
    with pytest.raises(ValueError, match="must not go back"):
        forecaster.replay(times - 1e6, values)
    with pytest.raises(ValueError, match="every is 0"):
        forecaster.replay(times + 1e6, values, every=0.0)
    with pytest.raises(ValueError, match=r"every is 0\.000000001"):
        forecaster.replay(times + 1e6, values, every=1e-9)
    with pytest.raises(ValueError, match="both times and values"):
        forecaster.forecast(times)
    with pytest.raises(ValueError, match="observations is empty"):
        ExhaustionForecaster(1.0).forecast([], [])
    with pytest.raises(ValueError, match="observations is empty"):
        ExhaustionForecaster(1.0).decide()
    with pytest.raises(ValueError, match="time is NaN"):
        forecaster.update_many(np.array(["NaT"], dtype="datetime64[us]"), [1.0])
    for never in (pd.NaT, np.datetime64("NaT")):
        with pytest.raises(ValueError, match="time is NaN"):
            forecaster.update(never, 1.0)
    with pytest.raises(ValueError, match="value is inf"):
        detector.update_many([1.0, np.inf])
    assert detector.count == 0
    with pytest.raises(ValueError, match="series is empty"):
        find_change_points([np.nan])
    with pytest.raises(ValueError, match="real numbers"):
        find_change_points(np.array(["2020-01-01"], dtype="datetime64[D]"))
    with pytest.raises(ValueError, match="different times"):
        theil_sen([1.0, 1.0], [1.0, 2.0])
    with pytest.raises(TypeError, match="a DataFrame"):
        change_points_frame(values)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ExhaustionForecaster(np.nan), "capacity is NaN"),
        (lambda: ExhaustionForecaster("full"), "capacity is 'full'"),  # type: ignore[arg-type]
        (lambda: ExhaustionForecaster(1.0, horizon=0.0), "horizon is 0"),
        (lambda: ExhaustionForecaster(1.0, raise_=1.0), "raise is 1"),
        (lambda: ExhaustionForecaster(1.0, clear=0.7), "clear is 0.7"),
        (lambda: ExhaustionForecaster(1.0, interval=0.2), "interval is 0.2"),
        (lambda: ExhaustionForecaster(1.0, period=0.5), "period is 0.5"),
        (lambda: ExhaustionForecaster(1.0, falling=1), "falling is 1"),  # type: ignore[arg-type]
        (lambda: forecast([0.0], [0.0], 0), "steps is 0"),
        (lambda: forecast([0.0], [0.0], 1.5), "steps is 1.5"),  # type: ignore[arg-type]
        (lambda: forecast([0.0], [0.0], 1, step=0.0), "step is 0"),
        (lambda: forecast([0.0], [0.0], 1, long_period=-1.0), "long_period is -1"),
        (lambda: forecast([0.0], [0.0], 1, interval=1.0), "interval is 1"),
        (lambda: forecast([0.0], [0.0], 1), "cells with values is 1"),
        (lambda: RollingTrend(11), "window is 11"),
        (lambda: RollingTrend(1.5), "window is 1.5"),  # type: ignore[arg-type]
        (lambda: RollingTrend(confidence=1.0), "confidence is 1"),
        (lambda: theil_sen([0, 1], [0, 1], confidence=0.0), "confidence is 0"),
        (lambda: find_change_points([1.0], shape="wave"), "shape is 'wave'"),
        (lambda: find_change_points([1.0], penalty=0.0), "penalty is 0"),
        (lambda: find_change_points([1.0], fixed_penalty=-1.0), "penalty is -1"),
        (lambda: find_change_points([1.0], min_length=0), "min_length is 0"),
        (lambda: find_change_points([1.0], clip=1.0), "clip is 1"),
        (lambda: ChangeDetector("page"), "method is 'page'"),
        (lambda: ChangeDetector(run_length=1.0), "run_length is 1"),
        (lambda: ChangeDetector(warm_up=3), "warm_up is 3"),
        (lambda: ChangeDetector("cusum", shift=0.0), "shift is 0"),
        (lambda: ChangeDetector("bayesian", reach=0.0), "reach is 0"),
    ],
)
def test_settings_out_of_range_are_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_threads_share_a_forecaster() -> None:
    times, values = disk(20)
    forecaster = ExhaustionForecaster(200.0)
    forecaster.update_many(times, values)
    expected, found = forecaster.decide(), []

    def decide() -> None:
        for _ in range(20):
            forecaster.update(times[-1], np.nan)
            found.append(forecaster.decide())

    threads = [threading.Thread(target=decide) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert forecaster.missing == 80
    assert {it.forecast.left for it in found} == {expected.forecast.left}


def test_plots_show_what_was_found() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    times, values = disk(60)
    forecaster = ExhaustionForecaster(230.0)
    forecast = forecaster.forecast(times, values)
    drawn: list[tuple[Any, list[str]]] = [
        (forecast, ["value", "capacity", "90 % interval"]),
        (forecaster.replay(times, values), ["within the horizon", "alert"]),
        (theil_sen(times, values), ["value", "trend"]),
        (RollingTrend(30).update_many(times, values), ["interval", "slope"]),
        (find_change_points(values), ["value", "segment"]),
    ]
    for it, labels in drawn:
        axes = it.plot()
        assert [text.get_text() for text in axes.get_legend().get_texts()] == labels
    assert forecast.plot(ax=axes) is axes
    assert axes.get_title() == str(forecast)
    matplotlib.pyplot.close("all")
