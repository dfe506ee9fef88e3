"""Rows for boosting as arrays: a simulated table of any size, and the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boost_tables import tables
from common import Labels, Matrix, Vector

JETS = 4


@dataclass(frozen=True)
class Split:
    """Rows to train on and rows to judge by."""

    x: Matrix
    y: Labels
    x_test: Matrix
    y_test: Labels
    units: Labels | None = None
    """The machine of each row to train on, where many rows are of one."""


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
        """Row-major float64, categories as codes; held out are those of the table's own split."""
        (table,) = tables(self.folder, [self.name])
        codes = {column: table.x[column].cat.codes for column in table.categorical}
        x = table.x.assign(**codes).to_numpy(dtype=np.float64)
        train, test = table.split(self.seed)
        units = None if table.units is None else table.units[train]
        return Split(x[train], table.y[train], x[test], table.y[test], units)


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
