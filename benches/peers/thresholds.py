"""Extreme-value thresholds against libspot, in one run on the same streams.

    pip install -r benches/peers/requirements.txt
    python benches/peers/thresholds.py

Seven laws; after a warm-up every alarm of a stream is a false one, and their share should be the
rate asked for. Rows give attained / asked: the mean over the streams, and the 5th and the 95th
percentile of single ones. forewarn is run from Rust (`cargo bench --bench threshold`), libspot, a C
library, through its Python package: of its time that of as many calls of `abs` is taken off.

A second table has metrics that move: they drift, or have a daily rhythm. forewarn's three ways to
follow them are asked for the same rate.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from common import Vector, bench_binary, environment, progress, table

LENGTH = 200_000
WARM_UP = 2_000
MOVING_WARM_UP = 4_032
"""Two weeks of five minutes."""
STEP, DAY, WORKING_DAYS = 300.0, 86_400.0, 5
RATES = (1e-3, 1e-4)
POSITIVE_SHARE = 0.05
ANOMALY = 2
"""What libspot's step answers to an anomaly; 1 is an excess."""
DISTRIBUTIONS = ("libspot", "numpy")

Generator = np.random.Generator


def zero_inflated(rng: Generator, count: int) -> Vector:
    """Zeros, and exponential values in one case of twenty."""
    return np.where(rng.random(count) < POSITIVE_SHARE, rng.exponential(size=count), 0.0)


LAWS: dict[str, Callable[[Generator, int], Vector]] = {
    "exponential": lambda rng, count: rng.exponential(size=count),
    "Gaussian": lambda rng, count: rng.standard_normal(count),
    "Student-t(3)": lambda rng, count: rng.standard_t(3, count),
    "log-normal": lambda rng, count: rng.lognormal(size=count),
    "uniform": lambda rng, count: rng.random(count),
    "Poisson(2)": lambda rng, count: rng.poisson(2.0, count).astype(np.float64),
    "zero-inflated": zero_inflated,
}


def daily(rng: Generator, noise: Vector, step: float) -> Vector:
    """A rhythm of the day three times as high as the noise."""
    start = rng.random()
    return noise + 3.0 * np.sin((np.arange(len(noise)) * step / DAY + start) * 2 * np.pi)


def working_days(rng: Generator, noise: Vector, step: float) -> Vector:
    """The same, on five days of seven."""
    weekday = np.floor(np.arange(len(noise)) * step / DAY) % 7 < WORKING_DAYS
    return np.where(weekday, daily(rng, noise, step), noise)


def drifting(rng: Generator, noise: Vector, step: float) -> Vector:
    """A straight line that rises by the noise's own size in two thousand observations."""
    return noise + rng.choice([-1.0, 1.0]) * np.arange(len(noise)) / 2_000


MOVES: dict[str, Callable[[Generator, Vector, float], Vector]] = {
    "drift": drifting,
    "daily": daily,
    "working days": working_days,
}


@dataclass(frozen=True)
class Settings:
    """What both libraries are told."""

    rate: float
    level: float
    excesses: int


@dataclass(frozen=True)
class Outcome:
    """Of one stream."""

    attained: float
    nanoseconds: float


def forewarn(streams: list[Vector], settings: Settings, binary: Path) -> list[Outcome]:
    """Runs the Rust bench on the streams."""
    length = len(streams[0])
    numbers = (settings.rate, WARM_UP, settings.level, settings.excesses, length)
    command = [str(binary), "--attained", *map(str, numbers)]
    given = b"".join(stream.astype("<f8").tobytes() for stream in streams)
    output = subprocess.run(command, input=given, capture_output=True, check=True).stdout
    rows = [line.split() for line in output.decode().splitlines()]
    judged = length - WARM_UP
    return [Outcome(int(a) / judged / settings.rate, float(ns)) for a, ns in rows]


def moving(streams: list[Vector], rate: float, step: float, binary: Path) -> list[str]:
    """Attained / asked by forewarn's three ways to follow a metric, `step` seconds apart."""
    length = len(streams[0])
    numbers = (rate, MOVING_WARM_UP, step, length)
    command = [str(binary), "--moving", *map(str, numbers)]
    given = b"".join(stream.astype("<f8").tobytes() for stream in streams)
    output = subprocess.run(command, input=given, capture_output=True, check=True).stdout
    alarms = np.array([line.split() for line in output.decode().splitlines()], dtype=np.float64)
    attained = alarms / (length - MOVING_WARM_UP) / rate
    return [f"{mean:.2f}" for mean in attained.mean(axis=0)]


def libspot(streams: list[Vector], settings: Settings, discard: bool) -> list[Outcome]:
    """Runs libspot; a stream on which it does not start is NaN."""
    from libspot import Spot

    outcomes = []
    for stream in streams:
        spot = Spot(
            q=settings.rate,
            low=0,
            discard_anomalies=int(discard),
            level=settings.level,
            max_excess=settings.excesses,
        )
        values = stream[WARM_UP:].tolist()
        try:
            spot.fit(stream[:WARM_UP])
        except Exception:
            outcomes.append(Outcome(float("nan"), float("nan")))
            continue
        if not discard:
            outcomes.append(Outcome(keeping_alarms(spot, values) / settings.rate, float("nan")))
            continue
        step = spot.step
        start = time.process_time()
        alarms = sum([step(value) == ANOMALY for value in values])
        spent = time.process_time() - start - call_time(values)
        attained = alarms / len(values) / settings.rate
        outcomes.append(Outcome(attained, 1e9 * spent / len(values)))
    return outcomes


def keeping_alarms(spot: Any, values: list[float]) -> float:
    """The share of alarms where libspot learns from them too; it then does not tell them itself."""
    alarms = 0
    for value in values:
        alarms += value > spot.anomaly_threshold
        spot.step(value)
    return alarms / len(values)


def call_time(values: list[float]) -> float:
    """Seconds of as many calls of a built-in function that does next to nothing."""
    cheap = abs
    start = time.process_time()
    sum([cheap(value) == ANOMALY for value in values])
    return time.process_time() - start


def summary(outcomes: list[Outcome]) -> tuple[str, str]:
    """Attained / asked, and nanoseconds of the stream that was least disturbed."""
    attained = np.array([outcome.attained for outcome in outcomes])
    if np.isnan(attained).any():
        return "does not start", ""
    low, high = np.percentile(attained, [5, 95])
    nanoseconds = min(outcome.nanoseconds for outcome in outcomes)
    return f"{attained.mean():.2f} ({low:.2f} to {high:.2f})", f"{nanoseconds:.0f}"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=20, help="of each law")
    parser.add_argument("--length", type=int, default=LENGTH, help="after the warm-up")
    parser.add_argument("--level", type=float, default=0.95, help="where the tail begins")
    parser.add_argument("--excesses", type=int, default=96, help="kept of the tail")
    parser.add_argument("--binary", type=Path, help="the built bench; default: build it")
    return parser.parse_args()


def main() -> None:
    """Prints one table."""
    options = arguments()
    binary = options.binary or bench_binary("threshold")
    print(environment(DISTRIBUTIONS), flush=True)
    rows = []
    for law, draw in LAWS.items():
        for rate in RATES:
            progress(f"{law}, {rate:g}")
            seeds = range(options.streams)
            count = WARM_UP + options.length
            streams = [draw(np.random.default_rng([7, seed]), count) for seed in seeds]
            settings = Settings(rate, options.level, options.excesses)
            ours, our_time = summary(forewarn(streams, settings, binary))
            theirs, their_time = summary(libspot(streams, settings, True))
            keeping, _ = summary(libspot(streams, settings, False))
            rows.append([law, f"{rate:g}", ours, theirs, keeping, our_time, their_time])
    print(
        f"\n### Attained / asked (5 to 95 %), level {options.level}, {options.excesses} excesses\n"
    )
    header = [
        "law",
        "rate",
        "forewarn",
        "libspot",
        "libspot, alarms kept",
        "forewarn, ns",
        "libspot, ns",
    ]
    print(table(header, rows))
    rows = []
    for law in ("exponential", "Gaussian", "Student-t(3)"):
        for move, follow in MOVES.items():
            progress(f"{law}, {move}")
            for rate in RATES:
                streams = []
                for seed in range(options.streams):
                    rng = np.random.default_rng([8, seed])
                    noise = LAWS[law](rng, MOVING_WARM_UP + options.length)
                    streams.append(follow(rng, noise, STEP))
                rows.append([law, move, f"{rate:g}", *moving(streams, rate, STEP, binary)])
    print("\n### Attained / asked on metrics that move, every five minutes\n")
    print(table(["law", "metric", "rate", "extreme, following", "seasonal band", "monitor"], rows))


if __name__ == "__main__":
    main()
