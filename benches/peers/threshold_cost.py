"""What watching a metric costs: nanoseconds an observation and bytes a metric, beside the peers.

    pip install ./python -r benches/peers/requirements.txt
    python benches/peers/threshold_cost.py

One run, one core, the same week of observations every five minutes, many times over. Peers that
are called once an observation from Python have the time of as many calls of `abs` taken off;
those that cannot learn as they go (augurs) are fitted once a day on the last week and asked for
the next day, which is shared among that day's observations. Bytes are what a fresh process grows by
with a thousand detectors that have seen two weeks.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from common import Vector, environment, progress, table

DAY = 288
WEEK = 7 * DAY
STEP = 300.0
MANY = 1_000
"""Detectors kept for the memory of one."""
AUGURS = "augurs MSTL, once a day"
DISTRIBUTIONS = ("forewarn", "libspot", "river", "augurs", "numpy")

Observe = Callable[[Vector], object]
"""Takes the observations of a metric, the first weeks of which may have been learned before."""


def metric(days: int, seed: int) -> Vector:
    """A daily rhythm with noise."""
    rng = np.random.default_rng(seed)
    place = np.arange(days * DAY) / DAY * 2 * np.pi
    return 100.0 + 20.0 * np.sin(place) + rng.normal(0.0, 3.0, days * DAY)


def one_by_one(step: Callable[[float], object]) -> Observe:
    """Calls once an observation."""

    def observe(values: Vector) -> None:
        for value in values.tolist():
            step(value)

    return observe


def monitor() -> Observe:
    """A `MetricMonitor`, given an array."""
    from forewarn import MetricMonitor

    watch = MetricMonitor()
    now = [0]

    def observe(values: Vector) -> object:
        times = STEP * (now[0] + np.arange(len(values)))
        now[0] += len(values)
        return watch.update_many(times, values)

    return observe


def monitor_one_by_one() -> Observe:
    """A `MetricMonitor`, called once an observation."""
    from forewarn import MetricMonitor

    watch = MetricMonitor()
    now = [0.0]

    def step(value: float) -> object:
        now[0] += STEP
        return watch.update(now[0], value)

    return one_by_one(step)


def libspot() -> Observe:
    """Its thresholds, at the settings of `thresholds.py`."""
    from libspot import Spot

    spot = Spot(q=1e-3, low=0, discard_anomalies=1, level=0.95, max_excess=96)
    spot.fit(metric(7, 1))
    return one_by_one(spot.step)


def river_quantile() -> Observe:
    """A threshold at a quantile of what was seen: one Gaussian's scores, filtered."""
    from river import anomaly

    scorer = anomaly.QuantileFilter(anomaly.GaussianScorer(), q=0.999)

    def step(value: float) -> None:
        scorer.classify(scorer.score_one(None, value))
        scorer.learn_one(None, value)

    return one_by_one(step)


def river_seasonal() -> Observe:
    """Its prediction with a season, and how far a value is from it."""
    from river import anomaly, time_series

    forecaster = time_series.HoltWinters(alpha=0.3, beta=0.01, gamma=0.3, seasonality=DAY)
    scorer = anomaly.PredictiveAnomalyDetection(forecaster, horizon=1, n_std=4.0, warmup_period=DAY)
    # It cannot be asked before it knows a season.
    for value in metric(2, 1).tolist():
        scorer.learn_one(None, value)

    def step(value: float) -> None:
        scorer.score_one(None, value)
        scorer.learn_one(None, value)

    return one_by_one(step)


def augurs() -> Observe:
    """Seasons and trend of the last week, and an interval for the next day."""
    from augurs import MSTL

    known = [metric(7, 1)]

    def observe(values: Vector) -> None:
        for day in values.reshape(-1, DAY):
            model: Any = MSTL.ets([DAY])
            model.fit(known[0])
            model.predict(DAY, 0.999)
            known[0] = np.concatenate([known[0][DAY:], day])

    return observe


METHODS: dict[str, tuple[Callable[[], Observe], bool]] = {
    "forewarn MetricMonitor, arrays": (monitor, False),
    "forewarn MetricMonitor, calls": (monitor_one_by_one, True),
    "libspot": (libspot, True),
    "river QuantileFilter(GaussianScorer)": (river_quantile, True),
    "river PredictiveAnomalyDetection(HoltWinters)": (river_seasonal, True),
    AUGURS: (augurs, False),
}


def nanoseconds(make: Callable[[], Observe], called: bool, days: int) -> float:
    """An observation, after two weeks."""
    observe = make()
    observe(metric(14, 2))
    values = metric(days, 3)
    start = time.process_time()
    observe(values)
    spent = time.process_time() - start
    if called:
        cheap = one_by_one(abs)
        start = time.process_time()
        cheap(values)
        spent -= time.process_time() - start
    return 1e9 * spent / len(values)


def bytes_a_metric(make: Callable[[], Observe]) -> float:
    """Of a detector that has seen two weeks."""
    values = metric(14, 2)
    make()(values)
    gc.collect()
    before = resident()
    kept = [make() for _ in range(MANY)]
    for observe in kept:
        observe(values)
    gc.collect()
    return (resident() - before) / len(kept)


def bytes_alone(name: str) -> str:
    """The same in a process of its own, where nothing was freed that could be used again."""
    command = [sys.executable, __file__, "--memory", name]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"{float(output):,.0f}"


def resident() -> int:
    """Bytes that the process holds in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Prints one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds")
    parser.add_argument("--days", type=int, default=100, help="of observations")
    parser.add_argument("--memory", choices=METHODS, help="print the bytes of one method only")
    options = parser.parse_args()
    if options.memory:
        print(bytes_a_metric(METHODS[options.memory][0]))
        return
    print(environment(DISTRIBUTIONS), flush=True)
    spent: dict[str, list[float]] = {name: [] for name in METHODS}
    for turn in range(options.rounds):
        progress(f"round {turn + 1} of {options.rounds}")
        for name, (make, called) in METHODS.items():
            # The one fitted once a day takes a thousand times as long.
            days = max(options.days // 20, 1) if name == AUGURS else options.days
            spent[name].append(nanoseconds(make, called, days))
    rows = []
    for name in METHODS:
        progress(f"memory: {name}")
        size = "the last week" if name == AUGURS else bytes_alone(name)
        rows.append([name, f"{statistics.median(spent[name]):,.0f}", size])
    print(f"\n{table(['method', 'ns an observation', 'bytes a metric'], rows)}")


if __name__ == "__main__":
    main()
