"""Isolation forests against their peers, in one run on the same rows.

    pip install ./python -r benches/peers/requirements.txt
    FOREWARN_DATA=... python benches/peers/iforest.py all

`quality` ranks the labelled ADBench files, `speed` trains and scores two large simulated tables,
`one-row` times single rows, `memory` measures the peak while scoring, `verdicts` lets an operator's
verdicts improve the ranking. Ratios are of CPU time, which other work on the machine disturbs
least. Tables are Markdown on stdout, progress is on stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import adbench, data_folder, environment
from iforest_quality import quality
from iforest_speed import memory, one_row, speed
from iforest_verdicts import verdicts

DISTRIBUTIONS = ("forewarn", "scikit-learn", "isotree", "coniferest", "numpy")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=[*PARTS, "all"])
    parser.add_argument("--data", type=Path, help="folder above adbench/; default $FOREWARN_DATA")
    parser.add_argument("--files", nargs="+", default=[], help="only these ADBench files")
    parser.add_argument("--seeds", type=int, default=5, help="quality, verdicts: repetitions")
    parser.add_argument("--rounds", type=int, default=5, help="speed: alternating rounds")
    parser.add_argument("--batch", type=int, default=10, help="verdicts: given at a time")
    parser.add_argument("--share", type=float, default=1.0, help="speed, memory: rows kept")
    parser.add_argument("--peers-only", action="store_true", help="leave forewarn out")
    parser.add_argument("--json", type=Path, help="also write every raw value to this file")
    options = parser.parse_args()
    for name in ("seeds", "rounds", "batch"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} is {getattr(options, name)}; it must be at least 1")
    if not 0.0 < options.share <= 1.0:
        parser.error(f"--share is {options.share}; it must be above 0 and at most 1")
    return options


def run_quality(options: argparse.Namespace) -> dict[str, Any]:
    files = adbench(data_folder(options.data), options.files)
    return quality(files, options.seeds, options.peers_only)


def run_verdicts(options: argparse.Namespace) -> dict[str, Any]:
    files = adbench(data_folder(options.data), options.files)
    return verdicts(files, options.seeds, options.batch, options.peers_only)


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "quality": run_quality,
    "speed": lambda options: speed(options.peers_only, options.rounds, options.share),
    "one-row": lambda options: one_row(options.peers_only, options.share),
    "memory": lambda options: memory(options.peers_only, options.share),
    "verdicts": run_verdicts,
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
