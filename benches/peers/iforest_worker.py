"""One process a method: its own thread pools, its own environment, its own peak of memory.

The parent alternates between the processes; only one of them works at a time. CPU time is that of
the whole process, so it counts every thread of a library, and nothing of the other libraries.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from common import Matrix, why_failed
from iforest_methods import Detector, Method

SETTLE_SECONDS = 0.05
"""Rest before a measurement: thread pools of the last one stop spinning."""
REPEAT_SECONDS = 0.3
"""A quick operation is repeated for this long; the median of the repetitions counts."""
MOST_REPEATS = 15
LATENCY_BATCH = 50
"""Single-row calls between two readings of the clock, which itself costs about a microsecond."""
WARM_UP_CALLS = 20
MEMORY_TRAINING_ROWS = 20_000
KIB = 1024
STATUS = Path("/proc/self/status")
RESET_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Shape:
    """A simulated table: clusters of normal rows and a few rows scattered far and wide."""

    name: str
    rows: int
    columns: int
    seed: int
    clusters: int = 6
    outlier_share: float = 0.002
    centre_spread: float = 3.0
    outlier_spread: float = 12.0

    def make(self) -> Matrix:
        """The rows, row-major float64: a Gaussian mixture, its outliers uniform."""
        rng = np.random.default_rng(self.seed)
        centres = rng.normal(0.0, self.centre_spread, (self.clusters, self.columns))
        widths = rng.uniform(0.5, 1.5, (self.clusters, self.columns))
        cluster = rng.integers(self.clusters, size=self.rows)
        x = rng.standard_normal((self.rows, self.columns))
        x *= widths[cluster]
        x += centres[cluster]
        far = rng.choice(self.rows, round(self.outlier_share * self.rows), replace=False)
        limits = (-self.outlier_spread, self.outlier_spread)
        x[far] = rng.uniform(*limits, (len(far), self.columns))
        return x


@dataclass(frozen=True)
class Times:
    """Seconds of one operation, by the wall's clock and summed over threads."""

    wall: float
    cpu: float


class Worker:
    """A process that holds the rows and one method's model and does what it is told."""

    def __init__(self, method: Method, shape: Shape, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        """Starts the process and has it make the rows; a failure of that shows in `failure`."""
        self.method = method
        self.failure: str | None = None
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        before = {name: os.environ.get(name) for name in method.environment}
        os.environ.update(method.environment)
        self._process.start()
        theirs.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self.ask("load", method, shape, threads)

    def ask(self, operation: str, *arguments: Any) -> Any:
        """The answer, or None once the method has failed (`failure` says why)."""
        if self.failure is not None:
            return None
        try:
            self._pipe.send((operation, arguments))
            succeeded, answer = self._pipe.recv()
        except (EOFError, BrokenPipeError):
            self._process.join()
            succeeded, answer = False, f"its process died with code {self._process.exitcode}"
        if not succeeded:
            self.failure = answer
            return None
        return answer

    def close(self) -> None:
        """Ends the process."""
        with suppress(BrokenPipeError):
            self._pipe.send(None)
        self._process.join()


def serve(pipe: Connection) -> None:
    """Answers the parent's requests until it sends None."""
    warnings.simplefilter("ignore")
    bench: Bench | None = None
    while (request := pipe.recv()) is not None:
        operation, arguments = request
        try:
            if operation == "load":
                bench = Bench(*arguments)
                answer = None
            else:
                answer = getattr(bench, operation)(*arguments)
            pipe.send((True, answer))
        except BaseException as error:
            pipe.send((False, why_failed(error)))


class Bench:
    """The operations that are measured, inside the worker's process."""

    def __init__(self, method: Method, shape: Shape, threads: int) -> None:
        self.method = method
        self.threads = threads
        self.trainings = 0
        self.rows = shape.make()
        self.detector: Detector = method.build(0, threads)

    def train(self) -> Times:
        """Trains fresh detectors, each with another seed, so that each draws other rows."""
        x = self.detector.for_training(self.rows)

        def run() -> None:
            self.trainings += 1
            self.detector = self.method.build(self.trainings, self.threads)
            self.detector.train(x)

        return median_times(run)

    def score(self) -> Times:
        """Scores all rows."""
        x = self.detector.for_scoring(self.rows)
        return median_times(lambda: self.detector.score(x))

    def one_row(self, calls: int) -> Times:
        """Scores rows one by one, each as a table of one row; seconds of the median call."""
        self.detector.train(self.detector.for_training(self.rows))
        x = self.detector.for_scoring(self.rows[:calls])
        rows = [x[i : i + 1] for i in range(len(x))]
        self.score_each(rows[:WARM_UP_CALLS])
        batches = []
        for start in range(0, len(rows), LATENCY_BATCH):
            batch = rows[start : start + LATENCY_BATCH]
            times = timed(partial(self.score_each, batch))
            batches.append((times.wall / len(batch), times.cpu / len(batch)))
        wall, cpu = np.median(batches, axis=0)
        return Times(float(wall), float(cpu))

    def score_each(self, rows: Sequence[Matrix]) -> None:
        """One call a row."""
        for row in rows:
            self.detector.score(row)

    def memory(self) -> int:
        """Bytes of the peak while scoring, above what was resident before, without the output."""
        self.detector.train(self.detector.for_training(self.rows[:MEMORY_TRAINING_ROWS]))
        self.rows = x = self.detector.for_scoring(self.rows)
        self.detector.score(x[:WARM_UP_CALLS])
        release_free_memory()
        RESET_PEAK.write_text("5")
        before = resident("VmRSS")
        output = self.detector.score(x)
        return resident("VmHWM") - before - output.nbytes


def timed(run: Callable[[], object]) -> Times:
    """Both times of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Times(time.perf_counter() - wall, time.process_time() - cpu)


def median_times(run: Callable[[], object]) -> Times:
    """Medians over as many calls as fit into the time for one measurement, at least one."""
    time.sleep(SETTLE_SECONDS)
    calls = [timed(run)]
    while sum(call.wall for call in calls) < REPEAT_SECONDS and len(calls) < MOST_REPEATS:
        calls.append(timed(run))
    wall, cpu = np.median([(call.wall, call.cpu) for call in calls], axis=0)
    return Times(float(wall), float(cpu))


def release_free_memory() -> None:
    """Gives freed memory back to the system: kept, it would hide what scoring takes."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def resident(field: str) -> int:
    """Bytes of a field of Linux's process status (`VmRSS` now, `VmHWM` the peak)."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * KIB
    raise OSError(f"{STATUS} has no field {field}")
