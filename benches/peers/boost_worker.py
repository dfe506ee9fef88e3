"""What is measured of boosting, inside a process of its own."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from boost_data import Real, Simulated
from boost_methods import Booster, Method
from common import Labels, Vector
from worker import SETTLE_SECONDS, Times, Worker, median_times, peak_of, timed

LATENCY_BATCH = 50
"""Single-row calls between two readings of the clock, which itself costs about a microsecond."""
WARM_UP_CALLS = 20
WARM_UP_ROWS = 1_000
SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1 before their logarithm is taken."""


def start(method: Method, table: Simulated | Real, threads: int) -> Worker:
    """A process that holds the rows and one method's model."""
    return Worker(method.name, method.environment, Bench, method, table, threads)


class Bench:
    """The operations that are measured."""

    def __init__(self, method: Method, table: Simulated | Real, threads: int) -> None:
        self.method = method
        self.threads = threads
        self.data = table.make()
        # What a library does once in its life is no part of a training.
        self.booster: Booster = method.build(threads)
        self.booster.train(self.data.x[:WARM_UP_ROWS], self.data.y[:WARM_UP_ROWS])
        self.for_prediction: Any = None

    def train(self) -> Times:
        """A training from the rows to the model, once: the parent repeats it."""
        self.booster = self.method.build(self.threads)
        time.sleep(SETTLE_SECONDS)
        return timed(lambda: self.booster.train(self.data.x, self.data.y))

    def loss(self) -> float:
        """Log loss of the held-out rows."""
        x = self.booster.for_prediction(self.data.x_test)
        return log_loss(self.data.y_test, self.booster.predict(x))

    def trees(self) -> int:
        """How many the model has."""
        return self.booster.trees

    def memory(self) -> int:
        """Bytes of the peak while training, above the rows and what was resident before."""
        self.booster = self.method.build(self.threads)
        peak, _ = peak_of(lambda: self.booster.train(self.data.x, self.data.y))
        return peak

    def predict(self) -> Times:
        """Predicts the held-out rows at once."""
        if self.for_prediction is None:
            self.for_prediction = self.booster.for_prediction(self.data.x_test)
        x = self.for_prediction
        return median_times(lambda: self.booster.predict(x))

    def throughput(self, seconds: float) -> Times:
        """As `predict`, again and again for so many seconds: of one call on average."""
        self.predict()
        x, calls = self.for_prediction, 0

        def again_and_again() -> None:
            nonlocal calls
            until = time.perf_counter() + seconds
            while time.perf_counter() < until:
                self.booster.predict(x)
                calls += 1

        times = timed(again_and_again)
        return Times(times.wall / calls, times.cpu / calls)

    def one_row(self, calls: int) -> Times:
        """Predicts rows one by one, each as a table of one row; seconds of the median call."""
        rows = [self.booster.for_prediction(self.data.x_test[i : i + 1]) for i in range(calls)]
        predict = self.booster.predict

        def each(batch: list[Any]) -> None:
            for row in batch:
                predict(row)

        each(rows[:WARM_UP_CALLS])
        batches = []
        for first in range(0, len(rows), LATENCY_BATCH):
            batch = rows[first : first + LATENCY_BATCH]
            times = timed(partial(each, batch))
            batches.append((times.wall / len(batch), times.cpu / len(batch)))
        wall, cpu = np.median(batches, axis=0)
        return Times(float(wall), float(cpu))


def log_loss(y: Labels, probability: Vector) -> float:
    """Mean negative logarithm of the probability of what happened."""
    of_truth = np.where(y == 1, probability, 1.0 - probability)
    return float(-np.log(np.maximum(of_truth, SMALLEST)).mean())
