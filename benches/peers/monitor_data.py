"""Metrics with labelled incidents, and how a detector is judged on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

Vector = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

DELAY = 7  # Rows after its start within which an incident must be hit.


@dataclass(frozen=True)
class Series:
    """One metric: a part to learn on, whose labels nobody sees, and a part to be judged on."""

    name: str
    times: Vector
    values: Vector
    n_train: int
    labels: Flags  # Of the part to be judged on.

    @property
    def step(self) -> float:
        return float(np.median(np.diff(self.times)))


def kpi(folder: Path) -> list[Series]:
    """The web-service metrics of a folder that holds `kpi/NN_train.csv.gz` and `NN_test.csv.gz`."""
    series = []
    for path in sorted((folder / "kpi").glob("*_train.csv.gz")):
        train = pd.read_csv(path)
        test = pd.read_csv(path.with_name(path.name.replace("_train", "_test")))
        both = pd.concat([train, test])
        times, values = both["timestamp"].to_numpy(float), both["value"].to_numpy(float)
        labels = test["anomaly"].to_numpy() > 0
        series.append(Series(path.name.split("_")[0], times, values, len(train), labels))
    return series


def nab(folder: Path) -> Iterator[tuple[str, Vector, Vector]]:
    """Name, times and values of every Numenta file. What comes in an hour that a clock set back
    repeats comes at that hour's beginning, so that times never go back."""
    for name in json.loads((folder / "nab" / "windows.json").read_text()):
        table = pd.read_csv(folder / "nab" / f"{name}.gz", parse_dates=["timestamp"])
        times = (table["timestamp"] - pd.Timestamp(0)).dt.total_seconds().to_numpy()
        yield name, np.maximum.accumulate(times), table["value"].to_numpy(float)


def runs(flags: Flags) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First rows of the runs of true rows, and the rows after their last."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


@dataclass(frozen=True)
class Count:
    """What the alarms on some metrics came to."""

    hit: int = 0
    incidents: int = 0
    false: int = 0  # Runs of alarms outside incidents.
    true_rows: int = 0  # Rows of the incidents hit.
    rows: int = 0  # Rows of all incidents.
    false_rows: int = 0

    def __add__(self, other: Count) -> Count:
        names = self.__dataclass_fields__
        return Count(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def f1(self) -> float:
        """The event-adjusted F1: all rows of an incident hit in time count as found."""
        found = 2 * self.true_rows
        missed = self.rows - self.true_rows
        return found / max(found + self.false_rows + missed, 1)


def count(alarms: Flags, labels: Flags) -> Count:
    """Judges alarms. A run of false ones ends where an incident begins."""
    starts, ends = runs(labels)
    hit = np.array(
        [alarms[a : min(b, a + DELAY + 1)].any() for a, b in zip(starts, ends, strict=True)],
        dtype=bool,
    )
    false = alarms & ~labels
    lengths = ends - starts
    return Count(
        hit=int(hit.sum()),
        incidents=len(starts),
        false=len(runs(false)[0]),
        true_rows=int(lengths[hit].sum()),
        rows=int(lengths.sum()),
        false_rows=int(false.sum()),
    )
