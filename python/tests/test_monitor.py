"""The monitor of one metric: answers, tables, dates, bad input, pickling."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray

from forewarn import MetricMonitor
from forewarn.metric_monitor import Readings

MINUTE = 60.0


def metric(rows: int = 3_000, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times and values of a noisy metric that jumps once."""
    values = np.random.default_rng(seed).normal(20.0, 1.0, rows).astype(np.float64)
    values[2_000:2_003] = 60.0
    return (np.arange(rows) * MINUTE).astype(np.float64), values


def test_one_by_one_is_all_at_once() -> None:
    times, values = metric()
    values[700] = np.nan
    one, many = MetricMonitor(), MetricMonitor()
    each = [one.update(*pair) for pair in zip(times, values, strict=True)]
    readings = many.update_many(times, values)
    assert len(readings) == len(values)
    for name in ("score", "alarm", "lower", "upper", "news"):
        np.testing.assert_array_equal(getattr(readings, name), [getattr(it, name) for it in each])
    assert readings.reasons.tolist() == [it.reason for it in each]
    assert (one.missing, one.step) == (many.missing, many.step) == (1, MINUTE)
    assert readings.reasons[700] == "missing"
    assert readings.alarm[2_000] == 1
    assert readings.reasons[2_000] == "too high"
    assert readings.upper[2_000] < values[2_000]
    assert (readings.alarm[200:2_000] != 0).sum() <= 3


def test_reasons_are_named_once() -> None:
    assert len(set(Readings.REASONS)) == len(Readings.REASONS)
    assert "normal" in Readings.REASONS


def test_dates_are_seconds() -> None:
    times, values = metric()
    stamps = (times * 1e6).astype("datetime64[us]")
    expected = MetricMonitor().update_many(times, values)
    for dates in (
        stamps,
        pd.DatetimeIndex(stamps),
        pd.Series(stamps),
        pd.DatetimeIndex(stamps, tz="UTC").tz_convert("Europe/Berlin"),
        pd.Series(pd.DatetimeIndex(stamps, tz="UTC").tz_convert("Asia/Tokyo")),
        pl.Series(stamps),
    ):
        readings = MetricMonitor().update_many(dates, values)
        np.testing.assert_array_equal(readings.times, times)
        np.testing.assert_array_equal(readings.score, expected.score)


@pytest.mark.parametrize("library", ["pandas", "pandas index", "polars"])
def test_frames_are_watched_by_column(library: str) -> None:
    times, values = metric()
    columns = {"at": times, "load": values, "host": ["a"] * len(times), "calls": values[::-1]}
    if library == "polars":
        found = MetricMonitor.watch(pl.DataFrame(columns), time="at", sides="upper")
    elif library == "pandas":
        found = MetricMonitor.watch(pd.DataFrame(columns), time="at", sides="upper")
    else:
        frame = pd.DataFrame(columns).set_index("at")
        found = MetricMonitor.watch(frame, sides="upper")
    assert list(found) == ["load", "calls"]
    expected = MetricMonitor(sides="upper").update_many(times, values)
    np.testing.assert_array_equal(found["load"].score, expected.score)
    with pytest.raises(ValueError, match="no column of numbers"):
        MetricMonitor.watch(pd.DataFrame({"at": times}), time="at")


def test_sides_and_rates_are_kept_to() -> None:
    times, values = metric()
    values[2_500] = -30.0
    lower = MetricMonitor(sides="lower", rate=1e-3).update_many(times, values)
    assert set(np.unique(lower.alarm)) <= {-1, 0}
    assert lower.alarm[2_500] == -1
    often = MetricMonitor(rate=0.05).update_many(times, values)
    seldom = MetricMonitor(rate=1e-4).update_many(times, values)
    assert (often.alarm != 0).sum() > 10 * (seldom.alarm != 0).sum()


def test_bad_input_is_refused_and_changes_nothing() -> None:
    times, values = metric(500)
    monitor = MetricMonitor()
    monitor.update_many(times, values)
    before = pickle.dumps(monitor)
    with pytest.raises(ValueError, match="must not go back"):
        monitor.update(0.0, 1.0)
    with pytest.raises(ValueError, match="value is inf"):
        monitor.update(1e9, np.inf)
    with pytest.raises(ValueError, match="value is -inf"):
        monitor.update_many([1e9, 2e9], [1.0, -np.inf])
    with pytest.raises(ValueError, match="time is NaN"):
        monitor.update(np.nan, 1.0)
    with pytest.raises(ValueError, match="values has 1 entries, 2 expected"):
        monitor.update_many([1e9, 2e9], [1.0])
    with pytest.raises(ValueError, match="one dimension"):
        monitor.update_many([[1e9]], [[1.0]])
    assert pickle.dumps(monitor) == before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sides": "left"}, "sides is 'left'"),
        ({"rate": 0.0}, "rate is 0"),
        ({"rate": 0.5}, "rate is 0.5"),
        ({"false_alarms_per_week": -1.0}, "rate is -1"),
        ({"false_alarms_per_week": np.nan}, "rate is NaN"),
        ({"warm_up": 3}, "warm_up is 3"),
        ({"warm_up": 1.5}, "warm_up is 1.5"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MetricMonitor(**settings)  # type: ignore[arg-type]


def test_a_pickled_monitor_goes_on() -> None:
    times, values = metric()
    whole = MetricMonitor(rate=1e-3)
    whole.update_many(times[:1_000], values[:1_000])
    copy = pickle.loads(pickle.dumps(whole))
    assert repr(copy) == repr(whole) == "MetricMonitor(rate=0.001, sides='both')"
    rest = whole.update_many(times[1_000:], values[1_000:])
    again = copy.update_many(times[1_000:], values[1_000:])
    np.testing.assert_array_equal(rest.score, again.score)
    assert pickle.dumps(whole) == pickle.dumps(copy)


def test_threads_share_a_monitor() -> None:
    monitor = MetricMonitor()
    threads = [
        threading.Thread(target=lambda: [monitor.update(5.0, 1.0) for _ in range(1_000)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert monitor.missing == 0


def test_a_plot_shows_band_and_alarms() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    axes = MetricMonitor().update_many(*metric()).plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "normal",
        "value",
        "alarm",
    ]
    matplotlib.pyplot.close("all")
