"""MetricMonitor and common thresholds on web-service metrics with labelled incidents.

    python kpi.py [--data FOLDER] [--per-week 1]

The monitor is asked for so many false alarms a week on each metric, reads the first part without
labels, and is judged on the second as it goes on. The baselines get their score's best threshold,
one for all metrics, chosen on the labels of the second part itself: by F1, and once more as the
highest one that hits as many incidents as the monitor. An incident is hit by an alarm within seven
rows of its start; a run of alarms outside incidents is one false incident.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import forewarn
import numpy as np
import pandas as pd

from monitor_data import Count, Series, Vector, count, kpi

Scores = list[Vector]
TINY = 1e-12
FEW = 10  # Excesses that a tail is not fitted to.
MOST_ALARMS = 0.05  # A share of false rows beyond which alarms mean nothing.


def moving_average(series: Series) -> Vector:
    """Distance from an exponentially weighted mean, in such deviations (weight 0.05)."""
    values = pd.Series(series.values)
    mean = values.ewm(alpha=0.05).mean().shift(1)
    deviation = values.ewm(alpha=0.05).std().shift(1)
    return ((values - mean).abs() / (deviation + TINY)).fillna(0.0).to_numpy()


def difference(series: Series) -> Vector:
    """Distance from the value before, in standard deviations of the first part's differences."""
    steps = np.abs(np.diff(series.values, prepend=series.values[0]))
    return steps / (steps[: series.n_train].std() + TINY)


def yesterday(series: Series) -> Vector:
    """Distance from the value of a day before, in standard deviations of the first part's."""
    day = round(86_400 / series.step)
    steps = np.zeros(len(series.values))
    steps[day:] = np.abs(series.values[day:] - series.values[:-day])
    return steps / (steps[day : series.n_train].std() + TINY)


def tail_decades(values: Vector, n_train: int) -> Vector:
    """-log10 of the tail probability on either side, by generalised Pareto tails beyond the 98 %
    quantiles of the first part (probability-weighted moments, Hosking & Wallis 1987)."""
    decades = np.zeros(len(values))
    for side in (values, -values):
        start = np.quantile(side[:n_train], 0.98)
        excess = np.sort(side[:n_train][side[:n_train] > start] - start)
        if len(excess) < FEW:
            continue
        above = 1.0 - (np.arange(len(excess)) + 0.65) / len(excess)
        first, second = excess.mean(), (excess * above).mean()
        shape = min(2.0 - first / (first - 2.0 * second), 0.9)
        scale = max(2.0 * first * second / (first - 2.0 * second), TINY)
        beyond = np.maximum(side - start, 0.0) / scale
        shape = shape if shape != 0.0 else TINY
        logarithm = np.log(np.maximum(1.0 + shape * beyond, TINY)) / shape
        decades = np.maximum(decades, np.where(side > start, 1.7 + logarithm / np.log(10.0), 0.0))
    return decades


def spot(series: Series) -> Vector:
    """SPOT's score: how far out in the tail of all values (Siffer et al. 2017)."""
    return tail_decades(series.values, series.n_train)


def drift_spot(series: Series) -> Vector:
    """DSPOT's score: the same, of the distance from the mean of the last ten values."""
    mean = pd.Series(series.values).rolling(10, min_periods=1).mean().shift(1).bfill().to_numpy()
    return tail_decades(series.values - mean, series.n_train)


def spectral_residual(series: Series) -> Vector:
    """Saliency of each value in the window that ends with it (Ren et al. 2019), taken in blocks of
    half a window of 1,440."""
    window, block = 1440, 720
    scores = np.zeros(len(series.values))
    last = len(series.values)
    for end in [*range(window, last, block), last]:
        part = series.values[end - window : end]
        spectrum = np.fft.fft(part)
        logarithm = np.log(np.abs(spectrum) + TINY)
        smooth = np.convolve(logarithm, np.ones(3) / 3.0, mode="same")
        saliency = np.abs(np.fft.ifft(np.exp(logarithm - smooth + 1j * np.angle(spectrum))))
        local = pd.Series(saliency).rolling(21, min_periods=1).mean().to_numpy()
        scores[end - block : end] = ((saliency - local) / (local + TINY))[-block:]
    return scores


BASELINES: dict[str, Callable[[Series], Vector]] = {
    "DSPOT, depth 10": drift_spot,
    "moving-average z-score": moving_average,
    "difference z-score": difference,
    "same time of yesterday": yesterday,
    "SPOT": spot,
    "spectral residual": spectral_residual,
}


def judge(series: list[Series], scores: Scores, threshold: float) -> Count:
    pairs = zip(series, scores, strict=True)
    return sum((count(s[m.n_train :] >= threshold, m.labels) for m, s in pairs), Count())


def best(series: list[Series], scores: Scores, hit: int) -> tuple[Count, Count | None]:
    """At the threshold of the best F1, and at the highest one that hits as many incidents."""
    every = np.concatenate([s[m.n_train :] for m, s in zip(series, scores, strict=True)])
    shares = np.unique(np.concatenate([np.geomspace(1e-5, 0.1, 60), [0.15, 0.2, 0.3]]))
    counts = [judge(series, scores, float(np.quantile(every, 1.0 - share))) for share in shares]
    reached = (c for c in counts if c.hit >= hit and c.false_rows < MOST_ALARMS * len(every))
    return max(counts, key=lambda c: c.f1), next(reached, None)


def row(name: str, one: Count, other: Count | None) -> str:
    matched = "never" if other is None else f"{other.false:,} ({other.hit} hit)"
    return f"| {name} | {one.f1:.3f} | {one.hit} of {one.incidents} | {one.false:,} | {matched} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="the folder above kpi/; else FOREWARN_DATA")
    parser.add_argument("--per-week", type=float, default=1.0, help="false alarms asked for")
    arguments = parser.parse_args()
    folder = arguments.data or Path(os.environ.get("FOREWARN_DATA", "."))
    series = kpi(folder)
    if not series:
        sys.exit(f"no data: {folder} holds no kpi/*_train.csv.gz; give --data or set FOREWARN_DATA")
    ours = Count()
    for metric in series:
        monitor = forewarn.MetricMonitor(false_alarms_per_week=arguments.per_week)
        alarms = np.asarray(monitor.update_many(metric.times, metric.values).alarm) != 0
        one = count(alarms[metric.n_train :], metric.labels)
        print(f"{metric.name}: {one.hit} of {one.incidents} incidents hit, {one.false} false")
        ours += one
    weeks = sum((m.times[-1] - m.times[m.n_train]) / 604_800 for m in series)
    print(f"\n{ours.false / weeks:.2f} false incidents a week over {weeks:.0f} weeks\n")
    print("| method | F1 | incidents hit | false incidents | false when as many are hit |")
    print("|---|---|---|---|---|")
    print(row("MetricMonitor", ours, ours))
    for name, score in BASELINES.items():
        print(row(name, *best(series, [score(metric) for metric in series], ours.hit)), flush=True)


if __name__ == "__main__":
    main()
