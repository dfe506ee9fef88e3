"""Tables for boosting: a simulated one of any size, and real ones of machines that fail."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from common import Labels, Matrix, Vector

JETS = 4
WINDOW = 30
"""Cycles before the end of a turbofan that count as failing."""


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to judge by."""

    x: Matrix
    y: Labels
    x_test: Matrix
    y_test: Labels


@dataclass(frozen=True)
class Simulated:
    """Collisions after the pattern of HIGGS: 21 columns measured and 7 computed from them."""

    name: str
    rows: int
    test_rows: int = 100_000
    seed: int = 28

    def make(self) -> Split:
        """Row-major float64; half of the rows are of either class."""
        x, y = collisions(self.rows, self.seed)
        return Split(x, y, *collisions(self.test_rows, self.seed + 1))


@dataclass(frozen=True)
class Real:
    """A table of the data folder."""

    name: str
    folder: Path
    seed: int = 0

    def make(self) -> Split:
        """A fifth of the rows, or of the machines where they are known, is held out."""
        x, y, group = READERS[self.name](self.folder)
        members = np.unique(group)
        np.random.default_rng(self.seed).shuffle(members)
        held = np.isin(group, members[: len(members) // 5])
        return Split(
            np.ascontiguousarray(x[~held]), y[~held], np.ascontiguousarray(x[held]), y[held]
        )


def collisions(rows: int, seed: int) -> tuple[Matrix, Labels]:
    """A lepton, missing energy and four jets with tags; then invariant masses. In signal rows two
    jets stem from one heavy particle, whose mass the detector smears."""
    rng = np.random.default_rng(seed)
    signal = rng.random(rows) < 0.5  # noqa: PLR2004
    pt = rng.gamma(2.0, 0.5, (rows, JETS + 1)) + 0.2
    eta = np.clip(rng.normal(0.0, 1.0, (rows, JETS + 1)), -2.5, 2.5)
    phi = rng.uniform(-np.pi, np.pi, (rows, JETS + 1))
    # The second jet's energy is such that both together have the particle's mass.
    opening = np.cosh(eta[:, 1] - eta[:, 2]) - np.cos(phi[:, 1] - phi[:, 2]) + 0.05
    needed = rng.normal(1.2, 0.12, rows) ** 2 / (2.0 * pt[:, 1] * opening)
    resonant = signal & (needed < 6.0) & (rng.random(rows) < 0.7)  # noqa: PLR2004
    pt[:, 2] = np.where(resonant, needed, pt[:, 2])
    pt *= rng.normal(1.0, 0.08, pt.shape)
    tagged = rng.random((rows, JETS)) < np.where(signal, 0.45, 0.3)[:, None]
    tags = np.where(tagged, rng.choice([1.1, 2.2], size=(rows, JETS)), 0.0)
    missing = rng.gamma(2.0, 0.5, rows) * np.where(signal, 1.15, 1.0)
    missing_phi = rng.uniform(-np.pi, np.pi, rows)
    lepton, *jets = range(JETS + 1)
    measured = [pt[:, lepton], eta[:, lepton], phi[:, lepton], missing, missing_phi]
    for jet in jets:
        measured += [pt[:, jet], eta[:, jet], phi[:, jet], tags[:, jet - 1]]
    masses = [
        mass(pt, eta, phi, pair)
        for pair in ([1, 2], [3, 4], [1, 2, 3], [0, 1], [0, 1, 2], [1, 2, 3, 4], [0, 1, 2, 3, 4])
    ]
    return np.column_stack([*measured, *masses]), signal.astype(np.int64)


def mass(pt: Matrix, eta: Matrix, phi: Matrix, members: list[int]) -> Vector:
    """Invariant mass of massless particles together."""
    pt, eta, phi = pt[:, members], eta[:, members], phi[:, members]
    energy, along = (pt * np.cosh(eta)).sum(axis=1), (pt * np.sinh(eta)).sum(axis=1)
    across = (pt * np.cos(phi)).sum(axis=1), (pt * np.sin(phi)).sum(axis=1)
    squared = energy**2 - along**2 - across[0] ** 2 - across[1] ** 2
    return np.sqrt(np.maximum(squared, 0.0))


def ai4i(folder: Path) -> tuple[Matrix, Labels, Labels]:
    """Milling machines: does a row fail. The modes of failure are no features."""
    frame = pd.read_csv(folder / "ai4i2020.csv.gz")
    y = frame["Machine failure"].to_numpy(dtype=np.int64)
    left_out = ["UDI", "Product ID", "Machine failure", "TWF", "HDF", "PWF", "OSF", "RNF"]
    frame = frame.drop(columns=[name for name in left_out if name in frame])
    frame["Type"] = frame["Type"].map({"L": 0, "M": 1, "H": 2})
    return frame.to_numpy(dtype=np.float64), y, np.arange(len(y))


def backblaze(folder: Path) -> tuple[Matrix, Labels, Labels]:
    """Drives by their normalised SMART values: is it the last day."""
    (path,) = (folder / "backblaze").glob("*.csv.gz")
    frame = pd.read_csv(path)
    y = frame["failure"].to_numpy(dtype=np.int64)
    frame = frame.drop(columns=["failure", "date", "serial_number", "model"])
    return frame.to_numpy(dtype=np.float64), y, np.arange(len(y))


def cmapss(folder: Path) -> tuple[Matrix, Labels, Labels]:
    """Turbofans: does one fail within the window. Held out by unit."""
    frame = pd.read_csv(folder / "cmapss" / "train_FD001.csv.gz")
    left = frame.groupby("unit")["cycle"].transform("max") - frame["cycle"]
    y = (left < WINDOW).to_numpy(dtype=np.int64)
    unit = frame["unit"].to_numpy(dtype=np.int64)
    return frame.drop(columns=["unit", "cycle"]).to_numpy(dtype=np.float64), y, unit


READERS = {"AI4I": ai4i, "Backblaze": backblaze, "C-MAPSS": cmapss}
