"""Writes MetricMonitor's scores for the files of the Numenta Anomaly Benchmark.

    python nab.py RESULTS [--data FOLDER] [--scorer PATH]

Every file is read from its first row to its last by a monitor of default settings, which is told
nothing about it: strictly causal, one setting for all. RESULTS/<group>/<file>.csv gets the columns
`timestamp,value,anomaly_score`. `--scorer` is a program that takes the folder of results and that
of the benchmark's data, and prints the score.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import forewarn
import pandas as pd

from monitor_data import nab


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--data", type=Path, help="the folder above nab/; else FOREWARN_DATA")
    parser.add_argument("--scorer", type=Path, help="a program that scores RESULTS")
    arguments = parser.parse_args()
    folder = metrics_folder(arguments.data)
    rows, seconds = 0, 0.0
    for name, times, values in nab(folder):
        started = time.process_time()
        answers = forewarn.MetricMonitor().update_many(times, values)
        seconds += time.process_time() - started
        rows += len(values)
        path = arguments.results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        table = {"timestamp": times, "value": values, "anomaly_score": answers.news}
        pd.DataFrame(table).to_csv(path, index=False)
    print(f"{rows:,} rows, {seconds / rows * 1e9:.0f} ns of processor time a row")
    print(f"scores are in {arguments.results}")
    if arguments.scorer is not None:
        command = [sys.executable, arguments.scorer, arguments.results, folder / "nab"]
        subprocess.run([str(part) for part in command], check=True)


def metrics_folder(argument: Path | None) -> Path:
    """The folder of real data: the argument, else the environment variable; exits if neither."""
    folder = argument or Path(os.environ.get("FOREWARN_DATA", "."))
    if not (folder / "nab").is_dir():
        sys.exit(f"no data: {folder} holds no folder named nab; give --data or set FOREWARN_DATA")
    return folder


if __name__ == "__main__":
    main()
