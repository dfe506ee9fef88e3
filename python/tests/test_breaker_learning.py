"""Logs of calls, settings learned from them, and simulated dependencies."""

from __future__ import annotations

import math
import pickle
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import forewarn
from forewarn import BreakerOptimizer, BreakerSettings, CallLog, CircuitBreaker, simulate
from forewarn.breaker_optimizer import Recommendation

START = np.arange(0.0, 1_800.0, 0.1)


def outages(length: float = 30.0) -> CallLog:
    """Down for half a minute of each 150 s, and calls hang then."""
    random = np.random.default_rng(0)
    down = START % 150.0 + length > 150.0
    latency = np.where(down, 1.0, random.lognormal(-3.0, 0.3, len(START)))
    return CallLog(START, latency, np.where(down, "timeout", "ok"), key="search")


@pytest.fixture(scope="module")
def found() -> Recommendation:
    return BreakerOptimizer().optimize(outages())


def test_a_recommendation(found: Recommendation) -> None:
    assert found.adopt
    assert found.saving.low > 0.0
    assert found.current.settings is None
    assert found.log.calls == len(START)
    assert found.log.usable == 1.0
    assert found.found is not None
    assert found.settings == found.found.settings
    assert found.found.cost.low <= found.found.cost.mean <= found.found.cost.high
    assert found.detect is not None
    assert 0.0 < found.detect.median <= found.detect.p95
    # In 2 of 10 calls the dependency is down: without a breaker each costs 1 + 0.2 + 0.75.
    down = 100.0 * np.mean(START % 150.0 > 120.0)
    assert found.current.cost.mean == pytest.approx(down * 0.95 + 0.0, rel=0.01)


def test_a_report_to_read_and_a_table(found: Recommendation) -> None:
    text = repr(found)
    assert text.startswith("adopt these settings")
    assert "pybreaker" in text
    table = found.to_frame()
    assert list(table.index[:2]) == ["found", "current"]
    assert {"pybreaker", "resilience4j", "Polly"} <= set(table.index)
    assert table.loc["found", "cost"] == table["cost"].min()
    assert math.isnan(table.loc["found", "saved"])
    assert table.loc["pybreaker", "saved"] == found.peers["pybreaker"].saving.mean
    assert set(found.exports) == {"resilience4j", "Polly", "Envoy", "gobreaker", "Semian"}
    assert "ConsecutiveFailures" in found.exports["gobreaker"].text
    front = [(it.lost_good, it.wasted_seconds, it.probes) for it in found.front]
    assert front == sorted(front)
    for one in front:
        beaten = [other for other in front if all(np.array(other) <= np.array(one))]
        assert beaten == [one]


def test_a_breaker_takes_what_was_learned(found: Recommendation) -> None:
    breaker = CircuitBreaker(found.settings)
    assert breaker.settings == found.settings
    again = BreakerOptimizer(current=found.settings).optimize(outages())
    assert not again.adopt
    assert again.settings == found.settings
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_same_bits_on_any_number_of_threads_and_in_any_order(found: Recommendation) -> None:
    columns = outages().columns()
    order = np.random.default_rng(1).permutation(len(START))
    mixed = CallLog(
        columns["start"][order],
        columns["latency"][order],
        np.asarray(columns["outcome"])[order],
        key="another name",
    )
    again = BreakerOptimizer(n_jobs=1).optimize(mixed)
    assert again == found


def test_nothing_is_learned_from_nothing() -> None:
    good = CallLog(START, np.full(len(START), 0.05), np.full(len(START), True))
    assert BreakerOptimizer(candidates=20).optimize(good).advice == "no failures"
    assert BreakerOptimizer(candidates=20).optimize(good).settings is None
    bad = CallLog(START, np.full(len(START), 0.05), np.full(len(START), False))
    assert BreakerOptimizer(candidates=20).optimize(bad).advice == "no successes"
    one = BreakerOptimizer(candidates=20).optimize(CallLog([1.0], [0.1], [False]))
    assert (one.advice, one.found, one.front) == ("too short", None, [])
    with pytest.raises(ValueError, match="rows is empty"):
        BreakerOptimizer().optimize(CallLog([], [], []))


def test_progress_and_stopping() -> None:
    told: list[tuple[int, int]] = []
    log = outages()
    BreakerOptimizer(candidates=20, progress=lambda *it: told.append(it)).optimize(log)
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    with pytest.raises(forewarn.CancelledError, match="cancelled after"):
        BreakerOptimizer(candidates=20, progress=lambda *_: False).optimize(log)
    with pytest.raises(ZeroDivisionError):
        BreakerOptimizer(candidates=20, progress=lambda *_: 1 / 0).optimize(log)


def test_other_threads_run_meanwhile() -> None:
    ticks: list[float] = []
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.002):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    log = outages()
    thread.start()
    start = time.monotonic()
    BreakerOptimizer(candidates=300, n_jobs=1).optimize(log)
    end = time.monotonic()
    over.set()
    thread.join()
    tenths = {int(10 * (at - start) / (end - start)) for at in ticks if start < at < end}
    assert len(tenths) >= 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"failed_cost": -1.0}, "failed_cost is -1"),
        ({"held_cost": math.nan}, "held_cost is NaN"),
        ({"objective": -1.0}, "objective is -1"),
        ({"confidence": 1.0}, "confidence is 1"),
        ({"candidates": 5}, "candidates is 5"),
        ({"candidates": 5.5}, "candidates is 5.5"),
        ({"max_probe_share": 0.0}, "max_probe_share is 0"),
        ({"current": BreakerSettings(consecutive=0)}, "consecutive is 0"),
        ({"n_jobs": 0}, "n_jobs is 0"),
    ],
)
def test_bad_settings_of_the_optimizer(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BreakerOptimizer(**settings).optimize(outages())
    with pytest.raises(TypeError, match="must be BreakerSettings"):
        BreakerOptimizer(current=5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a CallLog"):
        BreakerOptimizer().optimize([1, 2])  # type: ignore[arg-type]


# Logs.

ROWS: dict[str, Any] = {
    "start": [0.0, 0.4, 1.9, 2.5],
    "latency": [0.012, 1.0, math.nan, 0.02],
    "outcome": ["ok", "timeout", "rejected", "fail"],
    "key": ["a", "b", "a", "a"],
    "attempt": [1, 2, 1, 1],
    "admitted": [1.0, 0.5, 0.25, 1.0],
    "state": ["closed", "half_open", "open", None],
}


def same(log: CallLog) -> None:
    columns = log.columns()
    for name, values in ROWS.items():
        if isinstance(values[0], float):
            np.testing.assert_array_equal(columns[name], values)
        else:
            assert list(columns[name]) == values, name


def test_frames_arrays_and_files(tmp_path: Path) -> None:
    from_arrays = CallLog(**ROWS)
    same(from_arrays)
    same(CallLog.from_dataframe(pd.DataFrame(ROWS)))
    same(CallLog.from_dataframe(pl.DataFrame(ROWS)))
    renamed = pd.DataFrame(ROWS).rename(columns={"start": "at", "key": "host"})
    same(CallLog.from_dataframe(renamed, start="at", key="host"))
    same(CallLog.from_csv(from_arrays.to_csv()))
    file = tmp_path / "calls.csv"
    file.write_text(from_arrays.to_csv())
    same(CallLog.from_csv(file))
    same(CallLog.from_csv(str(file)))
    same(pickle.loads(pickle.dumps(from_arrays)))
    assert from_arrays.keys == ["a", "b"]
    assert from_arrays.counts["rejected"] == 1
    assert repr(from_arrays).startswith("<CallLog of 4 calls to 2 keys: 1 ok, 1 fail")


def test_dates_and_words() -> None:
    at = pd.to_datetime(["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"])
    log = CallLog(pd.Series(at), [0.1, 0.2], ["SUCCESS", " error "])
    assert log.seconds == 1.0
    assert (log.counts["ok"], log.counts["fail"]) == (1, 1)
    categories = pd.Series(["ok", "ok"], dtype="category")
    assert CallLog([1.0, 2.0], [0.1, 0.2], categories).counts["ok"] == 2
    assert CallLog([1.0, 2.0], [0.1, 0.2], np.array([True, False])).counts["fail"] == 1


def test_order_and_duplicates() -> None:
    log = CallLog([2.0, 1.0, 1.0], [0.1, 0.2, 0.2], [True, True, True])
    assert (log.out_of_order, log.duplicates, len(log.dedup())) == (1, 1, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": [0.0, math.nan, 1.0, 2.0]}, "start of row 1 is NaN"),
        ({"start": [0.0, -1.0, 1.0, 2.0]}, "start is -1"),
        ({"start": [0.0, math.inf, 1.0, 2.0]}, "start is inf"),
        ({"latency": [0.1, math.nan, 0.1, 0.1]}, "latency of row 1 is NaN"),
        ({"latency": [0.1, -0.5, 0.1, 0.1]}, "latency is -0.5"),
        ({"latency": [0.1, math.inf, 0.1, 0.1]}, "latency is inf"),
        ({"latency": [0.1]}, "latency has 1 entries, 4 expected"),
        ({"outcome": ["ok", "ok", "ok", "maybe"]}, "outcome is 'maybe'"),
        ({"outcome": ["ok", "ok", "ok", None]}, "outcome is None"),
        ({"outcome": [["ok"], ["ok"], ["ok"], ["ok"]]}, "outcome must have 1 dimension"),
        ({"attempt": [1, 0, 1, 1]}, "attempt is 0"),
        ({"attempt": [1.5, 1, 1, 1]}, "attempt must hold whole numbers"),
        ({"admitted": [1.0, 1.5, 1.0, 1.0]}, "admitted is 1.5"),
        ({"state": ["ajar", "open", "open", ""]}, "state is 'ajar'"),
        ({"key": ["a"]}, "key has 1 entries, 4 expected"),
    ],
)
def test_bad_rows_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CallLog(**{**ROWS, **changes})


def test_bad_frames_and_files() -> None:
    with pytest.raises(ValueError, match="no column 'outcome'"):
        CallLog.from_dataframe(pd.DataFrame(ROWS).drop(columns="outcome"))
    with pytest.raises(ValueError, match="no column 'host'"):
        CallLog.from_dataframe(pd.DataFrame(ROWS), key="host")
    with pytest.raises(ValueError, match="line 2 of the log"):
        CallLog.from_csv("start,latency,outcome\n1,nonsense,ok\n")
    with pytest.raises(FileNotFoundError):
        CallLog.from_csv("there is no such file.csv")


# Simulations.


def test_simulations_are_repeatable_and_compare() -> None:
    first = simulate("fast outage", CircuitBreaker(), seed=4, calls_per_second=20.0)
    assert simulate("fast outage", CircuitBreaker(), seed=4, calls_per_second=20.0) == first
    assert simulate("fast_outage", CircuitBreaker(), seed=4, calls_per_second=20.0) == first
    other = simulate("fast outage", CircuitBreaker(), seed=4, calls_per_second=20.0, trace=1)
    assert other != first
    without = simulate("fast outage", seed=4, calls_per_second=20.0)
    peer = simulate("fast outage", "pybreaker", seed=4, calls_per_second=20.0)
    assert without.requests == peer.requests == first.requests
    assert without.rejected == 0
    assert 0.0 < first.regret < peer.regret
    # A failure costs 0.2, and nothing else happens.
    assert without.cost - without.oracle_cost == pytest.approx(
        0.2 * without.failed + (without.requests - without.served) - without.oracle_cost, abs=3.0
    )


def test_bad_simulations() -> None:
    with pytest.raises(ValueError, match="family is 'weekend'"):
        simulate("weekend")
    with pytest.raises(ValueError, match="breaker is 'mybreaker'"):
        simulate("noise", "mybreaker")
    with pytest.raises(ValueError, match="calls_per_second is 0"):
        simulate("noise", calls_per_second=0.0)
    with pytest.raises(ValueError, match="length is -1"):
        simulate("noise", seconds=-1.0)
    with pytest.raises(ValueError, match="seed is -1"):
        simulate("noise", seed=-1)
    with pytest.raises(TypeError, match="no method try_acquire"):
        simulate("noise", 5)  # type: ignore[arg-type]

    class Broken:
        def try_acquire(self, now: float) -> bool:
            return now < 10.0

        def record(self, _now: float, _outcome: str, _latency: float) -> None:
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        simulate("noise", Broken())
