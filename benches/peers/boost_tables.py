"""The five failure tables on which boosting is judged, and how each is split.

Whatever a model must not see is left out here: names, dates, targets in other words. A split is
what the table's use asks for: rows at random (each class in the same share) where rows are things
of their own, whole units where rows are moments of a unit's life, before and after a date where
time goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import train_test_split

Rows = npt.NDArray[np.intp]
Split = tuple[Rows, Rows]
"""Rows to train on, rows to judge by."""

TEST_SHARE = 0.3
FAILS_WITHIN_CYCLES = 30
RECENT_CYCLES = 10
HORIZON_SECONDS = 24 * 3600
"""Azure's target looks this far ahead: rows just before the cut would know what comes after it."""
EARLIEST_CUT, LATEST_CUT = 0.55, 0.80
AI4I_MODES = ["TWF", "HDF", "PWF", "OSF", "RNF"]


@dataclass(frozen=True)
class Table:
    """Features (categories have that dtype), 1 where a row fails, a split for every seed."""

    name: str
    x: pd.DataFrame
    y: npt.NDArray[np.int64]
    split: Callable[[int], Split]
    units: npt.NDArray[np.int64] | None = None
    """The machine that each row is of, where there are many rows of one."""

    @property
    def categorical(self) -> list[str]:
        """Names of the columns that hold categories."""
        return list(self.x.select_dtypes("category").columns)


def tables(folder: Path, only: list[str]) -> list[Table]:
    """The tables in the folder of real data; `only` keeps those it names."""
    names = only or list(READERS)
    unknown = sorted(set(names) - set(READERS))
    if unknown:
        raise SystemExit(f"no such table: {', '.join(unknown)}; there are {', '.join(READERS)}")
    return [READERS[name](folder) for name in names]


def stratified(y: npt.NDArray[np.int64]) -> Callable[[int], Split]:
    """Rows at random, each class in the same share."""

    def split(seed: int) -> Split:
        rows = np.arange(len(y))
        train, test = train_test_split(rows, test_size=TEST_SHARE, stratify=y, random_state=seed)
        return np.sort(train), np.sort(test)

    return split


def by_unit(units: npt.NDArray[np.int64]) -> Callable[[int], Split]:
    """All rows of a unit on the same side."""

    def split(seed: int) -> Split:
        of_test = train_test_split(np.unique(units), test_size=TEST_SHARE, random_state=seed)[1]
        test = np.isin(units, of_test)
        return np.flatnonzero(~test), np.flatnonzero(test)

    return split


def by_time(seconds: npt.NDArray[np.int64]) -> Callable[[int], Split]:
    """Before and after a moment that the seed draws, with the target's horizon between them."""

    def split(seed: int) -> Split:
        share = np.random.default_rng(seed).uniform(EARLIEST_CUT, LATEST_CUT)
        cut = seconds.min() + share * (seconds.max() - seconds.min())
        return np.flatnonzero(seconds < cut - HORIZON_SECONDS), np.flatnonzero(seconds >= cut)

    return split


def ai4i(folder: Path) -> Table:
    """Milling machine: ten thousand short records."""
    frame = pd.read_csv(folder / "ai4i2020.csv.gz").drop(columns=AI4I_MODES)
    y = frame.pop("Machine failure").to_numpy(np.int64)
    # XGBoost takes no brackets in names.
    frame.columns = frame.columns.str.replace(r" \[.*", "", regex=True)
    return Table("ai4i", frame.astype({"Type": "category"}), y, stratified(y))


def backblaze(folder: Path) -> Table:
    """Disk drives of one model on their last day in a quarter."""
    path = folder / "backblaze" / "ST4000DM000_last_day_all_q_normalised.csv.gz"
    frame = pd.read_csv(path).drop(columns=["date", "serial_number", "model"])
    y = frame.pop("failure").to_numpy(np.int64)
    return Table("backblaze", frame, y, stratified(y))


def cmapss(folder: Path) -> Table:
    """Turbofans that run to failure: does this one fail within thirty cycles?

    Features: settings, sensors, each sensor's mean over the last ten cycles, and the cycle.
    """
    paths = [folder / "cmapss" / f"train_{name}.csv.gz" for name in ("FD001", "FD003")]
    frames = [pd.read_csv(path) for path in paths]
    frames[1]["unit"] += frames[0]["unit"].max()
    frame = pd.concat(frames, ignore_index=True)
    units = frame.pop("unit")
    left = frame.groupby(units)["cycle"].transform("max") - frame["cycle"]
    sensors = [name for name in frame if name.startswith("sensor_")]
    recent = frame[sensors].groupby(units).rolling(RECENT_CYCLES, min_periods=1).mean()
    recent = recent.reset_index(level=0, drop=True).add_suffix("_recent")
    y = (left <= FAILS_WITHIN_CYCLES).to_numpy(np.int64)
    units = units.to_numpy()
    return Table("cmapss", frame.join(recent), y, by_unit(units), units)


def hdfs(folder: Path) -> Table:
    """Blocks of a distributed file system: how often each kind of log line occurs."""
    frame = pd.read_csv(folder / "hdfs_event_counts.csv.gz").drop(columns=["block", "split"])
    y = frame.pop("label").to_numpy(np.int64)
    return Table("hdfs", frame, y, stratified(y))


def azure(folder: Path) -> Table:
    """A hundred machines over a year, every three hours: errors and ages of components."""
    frame = pd.read_csv(folder / "azure_pdm_events_3h.csv.gz").drop(columns=["ttf_h"])
    y = frame.pop("y").to_numpy(np.int64)
    seconds, units = frame.pop("t").to_numpy(), frame.pop("machineID").to_numpy()
    return Table("azure", frame, y, by_time(seconds), units)


READERS: dict[str, Callable[[Path], Table]] = {
    "ai4i": ai4i,
    "backblaze": backblaze,
    "cmapss": cmapss,
    "hdfs": hdfs,
    "azure": azure,
}
