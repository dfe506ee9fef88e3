"""Boosted trees against their peers, in one run on the same rows.

    pip install ./python -r benches/peers/requirements.txt
    FOREWARN_DATA=... python benches/peers/boost.py all

`train` times training on simulated and real tables, `memory` measures its peak, `busy` trains while
every core has other work, `predict` times batches and single rows, `loaded` predicts while every
core has other work, `shap` explains, `calibration` compares probabilities. The peers' threads wait
passively (`OMP_WAIT_POLICY`), but where the tables say otherwise. Ratios of CPU time are the least
disturbed by other work on the machine. Tables are Markdown on stdout, progress is on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boost_calibration import calibration
from boost_predict import loaded, predict
from boost_shap import shap
from boost_train import busy, memory, train
from common import DATA_VARIABLE, environment, progress

DISTRIBUTIONS = (
    "forewarn",
    "lightgbm",
    "xgboost",
    "catboost",
    "shap",
    "perpetual",
    "scikit-learn",
    "numpy",
)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("--data", type=Path, help=f"folder of real data; default ${DATA_VARIABLE}")
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds")
    parser.add_argument("--seeds", type=int, default=5, help="calibration: repetitions")
    parser.add_argument("--share", type=float, default=1.0, help="of the simulated rows")
    parser.add_argument("--peers-only", action="store_true", help="leave forewarn out")
    parser.add_argument("--json", type=Path, help="also write every raw value to this file")
    options = parser.parse_args()
    for name in ("rounds", "seeds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} is {getattr(options, name)}; it must be at least 1")
    if not 0.0 < options.share <= 1.0:
        parser.error(f"--share is {options.share}; it must be above 0 and at most 1")
    if options.data is None and DATA_VARIABLE in os.environ:
        options.data = Path(os.environ[DATA_VARIABLE])
    return options


def run_train(options: argparse.Namespace) -> dict[str, Any]:
    if options.data is None:
        progress(f"no real tables: give --data FOLDER or set {DATA_VARIABLE}")
    return train(options.data, options.peers_only, options.rounds, options.share)


def run_calibration(options: argparse.Namespace) -> dict[str, Any]:
    if options.data is None:
        sys.exit(f"no data: give --data FOLDER or set {DATA_VARIABLE}")
    return calibration(options.data, options.seeds, options.peers_only)


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "train": run_train,
    "memory": lambda options: memory(options.peers_only, options.share),
    "busy": lambda options: busy(options.peers_only, options.share),
    "predict": lambda options: predict(options.peers_only, options.rounds, options.share),
    "loaded": lambda options: loaded(options.peers_only, options.rounds, options.share),
    "shap": lambda options: shap(options.rounds),
    "calibration": run_calibration,
}


def main() -> None:
    """Runs the parts asked for, in the order above."""
    options = arguments()
    where = environment(DISTRIBUTIONS)
    print(where, flush=True)
    chosen = list(PARTS) if options.part == "all" else [options.part]
    results: dict[str, Any] = {"environment": where}
    for part in chosen:
        results[part] = PARTS[part](options)
        sys.stdout.flush()
        if options.json is not None:
            options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
