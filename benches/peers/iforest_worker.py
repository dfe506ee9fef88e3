"""What is measured of isolation forests, inside a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from common import Matrix
from iforest_methods import Detector, Method
from worker import Times, Worker, median_times, peak_of, timed

LATENCY_BATCH = 50
"""Single-row calls between two readings of the clock, which itself costs about a microsecond."""
WARM_UP_CALLS = 20
MEMORY_TRAINING_ROWS = 20_000


def start(method: Method, shape: Shape, threads: int) -> Worker:
    """A process that holds the rows and one method's model."""
    return Worker(method.name, method.environment, Bench, method, shape, threads)


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
        peak, output = peak_of(lambda: self.detector.score(x))
        return peak - int(output.nbytes)
