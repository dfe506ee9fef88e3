"""Change points against ruptures, and detectors against river, each pair in one run.

    pip install -r benches/peers/requirements.txt
    python benches/peers/change_points.py

The annotated series are those of the Turing Change Point Dataset in the folder of real data (van
den Burg & Williams, arXiv 2003.06222), measured as there: F1 with a margin of five observations
against all annotators, and how well the segments cover those of each annotator. ruptures gets each
series with mean 0 and variance 1, at several penalties, of which the best is unknown in practice;
forewarn has one setting. forewarn is run from Rust (`cargo bench --bench change`).

Detectors watch streams of normal noise. False alarms are counted where nothing changes, delays
from a shift after 1,000 observations to the first alarm after it, over 101 streams. river takes one
value a call, from Python; forewarn is called from Rust, value by value and with whole arrays.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common import Vector, bench_binary, environment, progress, table

DISTRIBUTIONS = ("ruptures", "river", "numpy")
MARGIN = 5
PENALTIES = (1, 2, 3, 4, 5, 8)
JUMPS = (1, 5)
SHIFTS = (0.5, 1.0, 2.0, 5.0)
BEFORE = 1_000
AFTER = 3_000
STREAMS = 101
CALM = 20_000
RUN_LENGTHS = (50_000, 500_000, 2_000_000, 1_700)

Annotations = dict[str, list[int]]


def hits(truth: Iterable[int], found: Iterable[int]) -> int:
    """Changes of the truth with one found within the margin, each found one used once."""
    left, count = sorted(found), 0
    for place in sorted(truth):
        near = [(abs(place - other), other) for other in left if abs(place - other) <= MARGIN]
        if near:
            left.remove(min(near)[1])
            count += 1
    return count


def f1(annotations: Annotations, found: Iterable[int]) -> float:
    """Precision against all annotators together, recall as the mean over them."""
    predicted = {0, *found}
    truths = [{0, *truth} for truth in annotations.values()]
    precision = hits(set().union(*truths), predicted) / len(predicted)
    recall = float(np.mean([hits(truth, predicted) / len(truth) for truth in truths]))
    return 2 * precision * recall / (precision + recall)


def segments(changes: Iterable[int], count: int) -> list[tuple[int, int]]:
    """From change points to pairs of start and end."""
    places = [0, *sorted({place for place in changes if 0 < place < count}), count]
    return list(itertools.pairwise(places))


def cover(annotations: Annotations, found: Sequence[int], count: int) -> float:
    """How well each annotator's segments are covered by one found, by length; the mean."""

    def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
        common = max(0, min(one[1], other[1]) - max(one[0], other[0]))
        return common / (max(one[1], other[1]) - min(one[0], other[0]))

    def covered(truth: Iterable[int]) -> float:
        mine = segments(found, count)
        parts = segments(truth, count)
        return sum((b - a) * max(overlap((a, b), it) for it in mine) for a, b in parts) / count

    return float(np.mean([covered(truth) for truth in annotations.values()]))


def annotated(folder: Path) -> dict[str, tuple[Vector, Annotations]]:
    """Every series with its annotations."""
    notes = json.loads((folder / "annotations.json").read_text())
    return {
        name: (pd.read_csv(folder / f"{name}.csv.gz")["value"].to_numpy(np.float64), note)
        for name, note in sorted(notes.items())
    }


def by_ruptures(series: Vector, method: str, penalty: float, jump: int) -> tuple[list[int], float]:
    """Change points, and nanoseconds."""
    import ruptures

    algorithm = {"binary segmentation": ruptures.Binseg, "PELT": ruptures.Pelt}[method]
    scaled = (series - series.mean()) / (series.std() or 1.0)
    start = time.perf_counter()
    fitted = algorithm(model="l2", min_size=2, jump=jump).fit(scaled)
    found = fitted.predict(pen=penalty * np.log(len(scaled)))[:-1]
    return found, 1e9 * (time.perf_counter() - start)


def by_forewarn(many: list[Vector], binary: Path) -> list[tuple[list[int], float]]:
    """Runs the Rust bench on the series."""
    given = "\n".join(" ".join(repr(float(value)) for value in series) for series in many)
    command = [str(binary), "--segments", "5"]
    output = subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout
    return [parsed(line) for line in output.splitlines()]


def parsed(line: str) -> tuple[list[int], float]:
    """Places, and nanoseconds."""
    places, nanoseconds = line.split("|")
    return [int(place) for place in places.split()], float(nanoseconds)


def segment_table(folder: Path, binary: Path) -> str:
    """One row a method and setting; the best of ruptures are found by reading it."""
    data = annotated(folder)
    rows = []

    def add(name: str, results: Sequence[tuple[list[int], float]]) -> None:
        scores, spent = [], 0.0
        for (series, note), (found, nanoseconds) in zip(data.values(), results, strict=True):
            scores.append((f1(note, found), cover(note, found, len(series))))
            spent += nanoseconds
        control = [place for place, key in enumerate(data) if key.startswith("quality_control")]
        every, some = np.mean(scores, axis=0), np.mean([scores[it] for it in control], axis=0)
        each = spent / sum(len(series) for series, _ in data.values())
        rows.append(
            [name, *(f"{value:.3f}" for value in (*every, *some)), f"{each / 1000:.2f}"],
        )

    add("forewarn", by_forewarn([series for series, _ in data.values()], binary))
    add("no change points", [([], 0.0)] * len(data))
    for method in ("binary segmentation", "PELT"):
        for penalty in PENALTIES:
            for jump in JUMPS:
                progress(f"{method}, {penalty} ln n, every {jump}")
                found = [by_ruptures(it, method, penalty, jump) for it, _ in data.values()]
                add(f"ruptures, {method}, {penalty} ln n, every {jump}", found)
    header = [f"{len(data)} series", "F1", "cover", "F1, control", "cover, control", "us a point"]
    return table(header, rows)


def autoregressive(rng: np.random.Generator, count: int, correlation: float) -> Vector:
    """Normal innovations, each value after that much of the one before, with variance 1."""
    innovations = rng.standard_normal(count + 200)
    value, values = 0.0, np.empty(count + 200)
    for place, innovation in enumerate(innovations):
        value = correlation * value + innovation
        values[place] = value
    return values[200:] * np.sqrt(1.0 - correlation**2)


Run = Callable[[list[Vector]], list[tuple[list[int], float]]]


def river_run(make: Callable[[], Any]) -> Run:
    """A detector of river's on streams; the time is that of calling it from Python, as users do."""

    def run(streams: list[Vector]) -> list[tuple[list[int], float]]:
        results = []
        for stream in streams:
            detector, noticed = make(), []
            values = stream.tolist()
            update = detector.update
            start = time.perf_counter()
            for place, value in enumerate(values):
                update(value)
                if detector.drift_detected:
                    noticed.append(place)
            results.append((noticed, 1e9 * (time.perf_counter() - start) / len(values)))
        return results

    return run


def forewarn_run(binary: Path, run_length: float, how: str = "--stream") -> Run:
    """The detector of the Rust bench, called value by value; by "--array" with a stream at once."""

    def run(streams: list[Vector]) -> list[tuple[list[int], float]]:
        given = b"".join(stream.astype("<f8").tobytes() for stream in streams)
        command = [str(binary), how, str(len(streams[0])), str(run_length)]
        output = subprocess.run(command, input=given, capture_output=True, check=True).stdout
        return [parsed(line) for line in output.decode().splitlines()]

    return run


def stream_table(binary: Path) -> str:
    """One row a detector: false alarms in 10,000, median delays, nanoseconds."""
    from river import drift

    runs: dict[str, Run] = {
        **{f"forewarn, one in {it:,}": forewarn_run(binary, it) for it in RUN_LENGTHS},
        f"forewarn, one in {RUN_LENGTHS[0]:,}, arrays": forewarn_run(
            binary, RUN_LENGTHS[0], "--array"
        ),
        "river ADWIN": river_run(drift.ADWIN),
        "river ADWIN, 0.05": river_run(lambda: drift.ADWIN(delta=0.05)),
        "river Page-Hinkley": river_run(drift.PageHinkley),
    }
    calm = {
        "independent": (0.0, 1.0),
        "independent, x 1e-6": (0.0, 1e-6),
        "independent, x 1e6": (0.0, 1e6),
        "AR(0.9)": (0.9, 1.0),
    }
    rows = []
    for name, run in runs.items():
        progress(name)
        cells, quickest = [], np.inf
        for place, (correlation, scale) in enumerate(calm.values()):
            rngs = [np.random.default_rng([11, place, seed]) for seed in range(10)]
            streams = [autoregressive(rng, CALM, correlation) * scale for rng in rngs]
            results = run(streams)
            alarms = sum(len(noticed) for noticed, _ in results)
            cells.append(f"{alarms * 10_000 / (len(streams) * CALM):.2f}")
            quickest = min(quickest, *(nanoseconds for _, nanoseconds in results))
        for scale in (1.0, 1e-6):
            delays = [f"{delay(run, shift, scale):.0f}" for shift in SHIFTS]
            cells.append(" / ".join(delays))
        rows.append([name, *cells, f"{quickest:.1f}"])
    shifts = " / ".join(f"{shift:g}" for shift in SHIFTS)
    header = ["false alarms in 10,000", *calm, f"delay of {shifts} sd", "x 1e-6", "ns"]
    return table(header, rows)


def delay(run: Run, shift: float, scale: float) -> float:
    """Median observations from the shift to the first alarm after it; infinite if most miss it."""
    streams = []
    for seed in range(STREAMS):
        values = np.random.default_rng([13, seed]).standard_normal(BEFORE + AFTER)
        values[BEFORE:] += shift
        streams.append(values * scale)
    waits = []
    for noticed, _ in run(streams):
        after = [place - BEFORE + 1 for place in noticed if place >= BEFORE]
        waits.append(after[0] if after else np.inf)
    return float(np.median(waits))


def main() -> None:
    """Prints two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of real data; else FOREWARN_DATA")
    parser.add_argument("--binary", type=Path, help="the built bench; default: build it")
    options = parser.parse_args()
    folder = (options.data or Path(os.environ.get("FOREWARN_DATA", "."))) / "change_points"
    if not folder.is_dir():
        sys.exit(f"no data: there is no {folder}; give --data or set FOREWARN_DATA")
    binary = options.binary or bench_binary("change")
    print(environment(DISTRIBUTIONS), flush=True)
    print(f"\n### Annotated series\n\n{segment_table(folder, binary)}", flush=True)
    print(f"\n### Streams\n\n{stream_table(binary)}")


if __name__ == "__main__":
    main()
