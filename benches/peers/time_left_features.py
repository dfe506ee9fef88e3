"""Engines of C-MAPSS as rows: what each cycle of a life knows of the cycles before it.

Every feature of a cycle is computed from that cycle and earlier ones of its engine. What is learned
for it (the scale of a healthy fleet, the directions in which sensors drift) is learned from all
training engines, without their times to failure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import eigh

from common import Vector

CAP = 125.0
"""Cycles left beyond which all engines count as equally far from failure, as in the literature."""
HEALTHY = 20
"""First cycles of an engine, before wear shows."""
INDICES = 3
"""Directions of common drift that are followed: health indices."""
WHOLE = 1_000
"""A window longer than any life."""

Matrix = npt.NDArray[np.float64]
Units = npt.NDArray[np.int64]
OfLife = Callable[[Matrix], Matrix]
"""From the rows of one engine, in order of time, to as many rows of features."""


@dataclass(frozen=True)
class Cycles:
    """Rows of engines, the engine and the cycle of each, and the cycles left, up to `CAP`."""

    x: Matrix
    unit: Units
    cycle: Vector
    left: Vector


def engines(folder: Path, name: str) -> tuple[Cycles, Cycles]:
    """Training engines, which run to failure, and the last cycle of each test engine."""
    train, test = (pd.read_csv(folder / "cmapss" / f"{s}_{name}.csv.gz") for s in ("train", "test"))
    truth = pd.read_csv(folder / "cmapss" / f"rul_{name}.csv.gz")["rul_cycles"].to_numpy(np.float64)
    sensors = [c for c in train if c.startswith("sensor") and train[c].nunique() > 2]  # noqa: PLR2004
    rows = pd.concat([train, test.assign(unit=test["unit"] + train["unit"].max())])
    unit, cycle = rows["unit"].to_numpy(np.int64), rows["cycle"].to_numpy(np.float64)
    known = np.arange(len(rows)) < len(train)
    x = features(rows[sensors].to_numpy(np.float64), unit, cycle, known)
    left = train.groupby("unit")["cycle"].transform("max") - train["cycle"]
    capped = np.minimum(left.to_numpy(np.float64), CAP)
    last = np.flatnonzero(~known & np.append(unit[1:] != unit[:-1], True))
    return (
        Cycles(x[known], unit[known], cycle[known], capped),
        Cycles(x[last], unit[last], cycle[last], np.minimum(truth, CAP)),
    )


def features(sensors: Matrix, unit: Units, cycle: Vector, known: npt.NDArray[np.bool_]) -> Matrix:
    """All columns, of all rows; `known` are those of training engines."""
    healthy = sensors[known & (cycle <= HEALTHY)]
    z = (sensors - healthy.mean(axis=0)) / healthy.std(axis=0)
    of_sensors: list[OfLife] = [
        lambda s: mean(s, 8.0),
        lambda s: slope(s, 30),
        lambda s: slope(s, 50),
        lambda s: mean(s, 8.0) - start(s),
    ]
    of_either: list[OfLife] = [
        *(lambda s, window=window: slope(s, window) for window in (10, 20, 30, 50, WHOLE)),
        lambda s: mean(s, 3.0) - start(s),
        lambda s: mean(s, 8.0) - start(s),
    ]
    of_common: list[OfLife] = [
        *(
            lambda s, half_life=half_life: mean(s, half_life)
            for half_life in (2.0, 5.0, 10.0, 20.0)
        ),
        *(lambda s, ago=ago: since(mean(s, 5.0), ago) for ago in (10, 20, 40, 60)),
        *of_either,
    ]
    of_clear: list[OfLife] = [lambda s: mean(s, 3.0), lambda s: mean(s, 8.0), *of_either]
    common, clear = z @ common_drift(z, unit, known), z @ clear_drift(z, unit, known)
    columns = [cycle[:, None]]
    columns += [by_engine(z, unit, make) for make in of_sensors]
    columns += [by_engine(common, unit, make) for make in of_common]
    columns += [by_engine(clear, unit, make) for make in of_clear]
    return np.hstack(columns)


def by_engine(rows: Matrix, unit: Units, make: OfLife) -> Matrix:
    """Features of each engine's own rows, in the order of the rows."""
    edges = np.flatnonzero(np.diff(unit)) + 1
    return np.concatenate([make(life) for life in np.split(rows, edges)])


def mean(rows: Matrix, half_life: float) -> Matrix:
    """Exponentially weighted means of the rows so far."""
    weighted: Matrix = pd.DataFrame(rows).ewm(halflife=half_life).mean().to_numpy(np.float64)
    return weighted


def start(rows: Matrix) -> Matrix:
    """Means of the first cycles, as far as they have been seen."""
    so_far: Matrix = pd.DataFrame(rows).expanding().mean().to_numpy(np.float64)
    return so_far[np.minimum(np.arange(len(rows)), HEALTHY - 1)]


def since(rows: Matrix, ago: int) -> Matrix:
    """Change over some cycles, or since the first."""
    return rows - rows[np.maximum(np.arange(len(rows)) - ago, 0)]


def slope(rows: Matrix, window: int) -> Matrix:
    """Least-squares slopes over the last cycles; 0 where there are fewer than 5."""
    after = np.arange(1, len(rows) + 1)
    before = np.maximum(after - window, 0)
    count = (after - before)[:, None].astype(np.float64)
    time = np.arange(len(rows), dtype=np.float64)[:, None]

    def total(values: Matrix) -> Matrix:
        sums: Matrix = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        return sums[after] - sums[before]

    apart = total(time * time) - total(time) ** 2 / count
    together = total(rows * time) - total(rows) * total(time) / count
    slopes: Matrix = np.where(count >= 5, together / np.maximum(apart, 1.0), 0.0)  # noqa: PLR2004
    return slopes


def common_drift(z: Matrix, unit: Units, known: npt.NDArray[np.bool_]) -> Matrix:
    """First principal components of smoothed sensors."""
    smooth = by_engine(z, unit, lambda s: mean(s, 10.0))[known]
    return np.linalg.eigh(np.cov(smooth.T))[1][:, : -INDICES - 1 : -1]


def clear_drift(z: Matrix, unit: Units, known: npt.NDArray[np.bool_]) -> Matrix:
    """The two directions in which engines leave their own start farthest, in units of the noise
    around their means (a linear discriminant without labels)."""
    moved = by_engine(z, unit, lambda s: mean(s, 5.0) - start(s))[known]
    noise = np.cov(by_engine(z, unit, lambda s: s - mean(s, 5.0))[known].T)
    directions: Matrix = eigh(np.cov(moved.T), noise + 0.02 * np.eye(len(noise)))[1]
    return directions[:, :-3:-1]
