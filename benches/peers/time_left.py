"""Time left, beside other libraries: engines that ran to failure, and lives that had not ended.

    python time_left.py --data FOLDER

One thread each. forewarn must be installed: pip install ./python
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from common import data_folder, environment
from time_left_engines import cycles_left
from time_left_lifetimes import lifetimes

LIBRARIES = ["forewarn", "lightgbm", "xgboost", "catboost", "scikit-survival", "numpy"]
PARTS = ["engines", "lifetimes"]


def main() -> None:
    """Runs what is asked for and prints the tables."""
    options = arguments()
    folder = data_folder(options.data)
    print(environment(LIBRARIES))
    results: dict[str, Any] = {}
    if "engines" in options.parts:
        results["engines"] = cycles_left(folder, options.seeds, options.peers_only)
    if "lifetimes" in options.parts:
        results["lifetimes"] = lifetimes(folder, options.splits, options.peers_only)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of real data (else FOREWARN_DATA)")
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--seeds", type=int, default=5, help="of the models that are averaged")
    parser.add_argument("--splits", type=int, default=5, help="of the lives, at random")
    parser.add_argument("--peers-only", action="store_true", help="without forewarn")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
