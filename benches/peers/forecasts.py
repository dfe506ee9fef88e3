"""Forecasts a day ahead with intervals: forewarn, statsmodels, augurs, the day before, in one run.

    pip install -r benches/peers/requirements.txt
    python benches/peers/forecasts.py

Real metrics of the Numenta and KPI collections, anomalies and all, as means by the hour, the last
four weeks at most. Each is forecast 24 hours ahead from several times in its second half. Errors
are counted in those that the day before makes in the same past (MASE), the interval score of 90 %
intervals (Gneiting & Raftery 2007; lower is better) in the same unit, and medians over series are
given beside means, for single series are wild. Peers get gaps filled by lines, for they take none.
forewarn is run from Rust (`cargo bench --bench forecast`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from common import Vector, bench_binary, environment, progress, table

DISTRIBUTIONS = ("statsmodels", "augurs", "numpy")
HOUR = 3600.0
DAY = 24
LONGEST = 28 * DAY
SHORTEST = 9 * DAY
LEVEL = 0.9
NORMAL = 1.6448536269514722
FOLDERS = ("nab/realAWSCloudwatch", "nab/realKnownCause", "kpi")

Ends = npt.NDArray[np.float64]
"""A row an hour ahead: lower end, value, upper end."""
Method = Callable[[Vector], Ends]


def hourly(path: Path) -> Vector:
    """Means by the hour up to the last one, NaN where there is nothing."""
    frame = pd.read_csv(path)
    stamps = frame["timestamp"]
    if not pd.api.types.is_numeric_dtype(stamps):
        stamps = (pd.to_datetime(stamps) - pd.Timestamp(0)).dt.total_seconds()
    hours = np.floor(stamps.to_numpy(np.float64) / HOUR).astype(np.int64)
    means = frame["value"].astype(float).groupby(hours).mean()
    whole = means.reindex(range(int(means.index[0]), int(means.index[-1]) + 1))
    return whole.to_numpy(np.float64)[-LONGEST:]


def filled(past: Vector) -> Vector:
    """Without gaps: lines between what is there."""
    return pd.Series(past).interpolate(limit_direction="both").to_numpy()


def day_before(past: Vector) -> Ends:
    """The last day again, with the normal interval of its errors in the past."""
    past = filled(past)
    away = NORMAL * np.std(past[DAY:] - past[:-DAY])
    return np.stack([past[-DAY:] - away, past[-DAY:], past[-DAY:] + away], axis=1)


def exponential_smoothing(past: Vector) -> Ends:
    """statsmodels: additive errors, damped additive trend, additive season."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    series = pd.Series(filled(past))
    model = ETSModel(series, trend="add", damped_trend=True, seasonal="add", seasonal_periods=DAY)
    first = len(past)
    ahead = model.fit(disp=False).get_prediction(start=first, end=first + DAY - 1)
    frame = ahead.summary_frame(alpha=1.0 - LEVEL)
    return frame[["pi_lower", "mean", "pi_upper"]].to_numpy(np.float64)


def augurs_mstl(past: Vector) -> Ends:
    """augurs: days and, where there are two, weeks taken out, exponential smoothing of the rest."""
    import augurs

    periods = [period for period in (DAY, 7 * DAY) if 2 * period <= len(past)]
    model = augurs.MSTL.ets(periods)
    model.fit(filled(past))
    ahead = model.predict(DAY, level=LEVEL)
    ends = [ahead.lower(), ahead.point(), ahead.upper()]
    return np.stack([np.asarray(end, dtype=np.float64) for end in ends], axis=1)


def by_forewarn(pasts: list[Vector], binary: Path) -> list[tuple[Ends, float]]:
    """Forecasts of the Rust bench, and their nanoseconds."""
    given = "\n".join(" ".join(repr(float(value)) for value in past) for past in pasts)
    command = [str(binary), "--ahead", str(HOUR), str(DAY)]
    output = subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout
    answers = []
    for line in output.splitlines():
        numbers, nanoseconds = line.split("|")
        ends = np.array(numbers.split(), dtype=np.float64).reshape(DAY, 3)
        answers.append((ends, float(nanoseconds)))
    return answers


def by_peer(pasts: list[Vector], method: Method) -> list[tuple[Ends, float]]:
    """Forecasts of a method in Python, and their nanoseconds."""
    answers = []
    for past in pasts:
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ends = method(past)
        answers.append((ends, 1e9 * (time.perf_counter() - start)))
    return answers


def judged(ends: Ends, past: Vector, truth: Vector) -> tuple[float, float, float]:
    """Mean error and interval score in errors of the day before, and the share that is covered."""
    there = ~np.isnan(truth)
    unit = np.nanmean(np.abs(past[DAY:] - past[:-DAY]))
    lower, value, upper = ends[there].T
    truth = truth[there]
    beyond = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
    score = (upper - lower) + 2.0 / (1.0 - LEVEL) * beyond
    return (
        float(np.mean(np.abs(value - truth)) / unit),
        float(np.mean(score) / unit),
        float(np.mean((lower <= truth) & (truth <= upper))),
    )


def questions(folder: Path, each: int) -> list[tuple[int, Vector, Vector]]:
    """Series, past and the day that followed."""
    paths = [path for name in FOLDERS for path in sorted((folder / name).glob("*.csv.gz"))]
    asked = []
    for series, path in enumerate(path for path in paths if "_test." not in path.name):
        values = hourly(path)
        if len(values) < SHORTEST:
            continue
        for end in np.linspace(len(values) // 2, len(values) - DAY, each).astype(int):
            past, truth = values[:end], values[end : end + DAY]
            if np.nanmean(np.abs(past[DAY:] - past[:-DAY])) > 0.0 and not np.isnan(truth).all():
                asked.append((series, past, truth))
    return asked


def main() -> None:
    """Prints one row a method."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of real data; else FOREWARN_DATA")
    parser.add_argument("--binary", type=Path, help="the built bench; default: build it")
    parser.add_argument("--each", type=int, default=4, help="times of each series; default 4")
    options = parser.parse_args()
    folder = options.data or Path(os.environ.get("FOREWARN_DATA", "."))
    if not (folder / "nab").is_dir():
        sys.exit(f"no data: there is no {folder / 'nab'}; give --data or set FOREWARN_DATA")
    binary = options.binary or bench_binary("forecast")
    asked = questions(folder, options.each)
    numbers = [series for series, _, _ in asked]
    pasts = [past for _, past, _ in asked]
    peers: dict[str, Method] = {
        "statsmodels ETS": exponential_smoothing,
        "augurs MSTL": augurs_mstl,
        "the day before": day_before,
    }
    print(environment(DISTRIBUTIONS), flush=True)
    results = {"forewarn": by_forewarn(pasts, binary)}
    for name, method in peers.items():
        progress(name)
        results[name] = by_peer(pasts, method)
    rows = []
    for name, answers in results.items():
        scores = [
            judged(ends, past, truth)
            for (ends, _), (_, past, truth) in zip(answers, asked, strict=True)
        ]
        means = pd.DataFrame(scores).groupby(numbers).mean()
        spent = np.median([nanoseconds for _, nanoseconds in answers]) / 1e6
        error, interval, covered = (means[place] for place in range(3))
        rows.append(
            [
                name,
                *(f"{it:.2f}" for it in (error.mean(), error.median())),
                *(f"{it:.1f}" for it in (interval.mean(), interval.median())),
                f"{100.0 * covered.mean():.1f} %",
                f"{spent:.2f}",
            ]
        )
    header = [
        f"{len(set(numbers))} series, {len(asked)} forecasts",
        *("MASE", "median", "interval score", "median", "covered of 90 %", "ms"),
    ]
    print(table(header, rows))


if __name__ == "__main__":
    main()
