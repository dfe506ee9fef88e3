"""What every peer comparison needs: labelled files, the machine's description, Markdown tables."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

Matrix = npt.NDArray[np.floating]
Vector = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

DATA_VARIABLE = "FOREWARN_DATA"
LABEL_COLUMN = "anomaly"
SIMD_FLAGS = ("avx2", "avx512f", "avx512bw", "avx512vl", "avx512vbmi")
CPU_DESCRIPTION = Path("/proc/cpuinfo")
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class LabelledFile:
    """One benchmark file: rows, and 1 where a row is a true anomaly."""

    name: str
    x: Matrix
    y: Labels


def data_folder(argument: Path | None) -> Path:
    """The folder of real data: the argument, else the environment variable; exits if neither."""
    folder = argument or (Path(os.environ[DATA_VARIABLE]) if DATA_VARIABLE in os.environ else None)
    if folder is None:
        sys.exit(f"no data: give --data FOLDER or set {DATA_VARIABLE} (the folder above adbench/)")
    if not (folder / "adbench").is_dir():
        sys.exit(f"no data: {folder} holds no folder named adbench")
    return folder


def adbench(folder: Path, only: Sequence[str] = ()) -> list[LabelledFile]:
    """Every ADBench file in the folder, by name; `only` keeps those it names."""
    paths = sorted((folder / "adbench").glob("*.csv.gz"), key=lambda path: path.name.lower())
    names = [path.name.removesuffix(".csv.gz") for path in paths]
    unknown = sorted(set(only) - set(names))
    if unknown:
        sys.exit(f"no such ADBench file: {', '.join(unknown)}; there are {', '.join(names)}")
    chosen = [(n, p) for n, p in zip(names, paths, strict=True) if not only or n in only]
    return [read_labelled(name, path) for name, path in chosen]


def read_labelled(name: str, path: Path) -> LabelledFile:
    """Reads a CSV whose label column is `anomaly` and whose other columns are all numbers."""
    frame = pd.read_csv(path)
    y = frame.pop(LABEL_COLUMN).to_numpy(dtype=np.int64)
    x = np.ascontiguousarray(frame.to_numpy(dtype=np.float64))
    return LabelledFile(name, x, y)


def cpu_fields() -> dict[str, str]:
    """Fields of the first processor in Linux's description; empty elsewhere."""
    if not CPU_DESCRIPTION.exists():
        return {}
    first = CPU_DESCRIPTION.read_text().split("\n\n", 1)[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def simd_flags() -> tuple[str, ...]:
    """Those of the vector extensions that matter here which this processor has."""
    present = set(cpu_fields().get("flags", "").split())
    return tuple(flag for flag in SIMD_FLAGS if flag in present)


def version(distribution: str) -> str | None:
    """Installed version of a distribution, or None."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


class Configured(Protocol):
    """A library in one configuration."""

    @property
    def distribution(self) -> str:
        """As pip knows the library."""


OfLibrary = TypeVar("OfLibrary", bound=Configured)


def installed(methods: Sequence[OfLibrary], peers_only: bool) -> list[OfLibrary]:
    """The methods to run; exits with the reason if a library is missing and was not waived."""
    wanted = [m for m in methods if not (peers_only and m.distribution == "forewarn")]
    missing = {m.distribution: reason for m in wanted if (reason := why_missing(m.distribution))}
    if not missing:
        return wanted
    lines = [f"cannot measure {name}: {reason}" for name, reason in missing.items()]
    lines.append("peers: pip install -r benches/peers/requirements.txt")
    lines.append("forewarn: pip install ./python")
    lines.append("(--peers-only measures the peers without forewarn)")
    sys.exit("\n".join(lines))


def why_missing(distribution: str) -> str | None:
    """Why a library cannot be used, or None if it can."""
    if version(distribution) is None:
        return "it is not installed"
    module = {"scikit-learn": "sklearn"}.get(distribution, distribution)
    try:
        importlib.import_module(module)
    except ImportError as error:
        return f"it is installed but does not import: {error}"
    return None


def environment(distributions: Iterable[str]) -> str:
    """One line that says on what a table was measured."""
    model = cpu_fields().get("model name") or platform.processor() or platform.machine()
    versions = [f"{name} {version(name) or 'not installed'}" for name in distributions]
    parts = [
        f"{model}, {os.cpu_count()} cores",
        f"SIMD {' '.join(simd_flags()) or 'unknown'}",
        f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown",
        f"Python {platform.python_version()}",
        *versions,
    ]
    return "; ".join(parts)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: first column to the left, numbers to the right."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def bench_binary(name: str) -> Path:
    """Builds a Rust bench; cargo names the file on stderr."""
    command = ["cargo", "bench", "--bench", name, "--no-run"]
    built = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        sys.exit(built.stderr)
    return REPOSITORY / built.stderr.rsplit("(", 1)[1].split(")", 1)[0]


def mean_and_spread(values: Sequence[float], digits: int = 4) -> str:
    """`mean ± standard deviation` of repeated measurements; the mean alone if there is one."""
    mean = f"{np.mean(values):.{digits}f}"
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else mean


def why_failed(error: BaseException) -> str:
    """The reason in one line; passes on the user's own interruption.

    Libraries written in Rust panic with an exception that is no `Exception`, so the callers catch
    everything. A vertical bar would end a table's cell.
    """
    if isinstance(error, KeyboardInterrupt | SystemExit):
        raise error
    first, *_ = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {first}".replace("|", "/")


def progress(message: str) -> None:
    """Says on stderr what is being measured, so that stdout holds nothing but the tables."""
    print(message, file=sys.stderr, flush=True)
