"""Models of LightGBM and XGBoost, read by forewarn and written back: do predictions stay the same?

    pip install lightgbm==4.7.0 xgboost==3.2.0 -r benches/peers/requirements.txt
    python benches/peers/exchange.py target/models               # through a Rust test
    python benches/peers/exchange.py target/models --wheel       # through the Python package

Trains some forty models (`tests/golden/make_models.py`), lets forewarn predict 10,000 rows with
missing values and unseen categories from each file, writes each, and three of its own, as LightGBM
text, and lets LightGBM predict from that. Models that are in the folder already, of other versions
for instance, take part. Differences are relative where a number is over 1; the exit code is not 0
if any is over 1e-6.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-6


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    ours = np.asarray(ours).reshape(theirs.shape)
    return float(np.max(np.abs(ours - theirs) / np.maximum(1.0, np.abs(theirs))))


def read_by_rust(folder: Path) -> int:
    """Prints a line a model; leaves `NAME.written` beside each."""
    command = ["cargo", "test", "--release", "--test", "golden", "folder_of_models"]
    command += ["--", "--ignored", "--nocapture"]
    environment = os.environ | {"FOREWARN_MODELS": str(folder.resolve())}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def read_by_wheel(folder: Path) -> int:
    """As `read_by_rust`, with what the Python package's estimators are made of."""
    from forewarn._core import Boosted

    failed = 0
    for table_file in sorted(folder.glob("*.csv")):
        path = next(
            p for s in ("txt", "json", "ubj") if (p := table_file.with_suffix(f".{s}")).exists()
        )
        if path.suffix == ".txt":
            model = Boosted.from_lightgbm(path.read_text())
        else:
            model = Boosted.from_xgboost(path.read_bytes())
        x, raw, predictions = split(table_file, model.n_features)
        errors = (
            difference(model.raw(x, None), raw),
            difference(model.predict(x, None), predictions),
        )
        print(f"{path.stem:36} raw {errors[0]:.1e}  {errors[1]:.1e}")
        failed += max(errors) > TOLERANCE
        table_file.with_suffix(".written").write_text(model.to_lightgbm())
    return failed


def split(table_file: Path, columns: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, raw scores and predictions of a table."""
    table = np.loadtxt(table_file, delimiter=",", skiprows=2)
    outputs = (table.shape[1] - columns) // 2
    return table[:, :columns], table[:, columns : columns + outputs], table[:, columns + outputs :]


def read_by_lightgbm(folder: Path) -> int:
    """Predicts from what forewarn has written."""
    failed, worst = 0, 0.0
    written = sorted(folder.glob("*.written"))
    for path in written:
        model = lightgbm.Booster(model_str=path.read_text())
        tables = [path.with_suffix(".csv"), path.with_suffix(".predicted")]
        table_file = next(table for table in tables if table.exists())
        x, raw, predictions = split(table_file, model.num_feature())
        errors = (
            difference(model.predict(x, raw_score=True), raw),
            difference(model.predict(x), predictions),
        )
        worst = max(worst, *errors)
        if max(errors) > TOLERANCE:
            print(f"written {path.stem}: raw {errors[0]:.1e}  {errors[1]:.1e}")
            failed += 1
    print(f"{len(written)} models as LightGBM text, read by LightGBM {lightgbm.__version__}: "
          f"off by {worst:.1e} at most")  # fmt: skip
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the models go")
    parser.add_argument("--rows", type=int, default=10_000, help="rows to predict")
    parser.add_argument("--wheel", action="store_true", help="the Python package, not cargo")
    options = parser.parse_args()
    script = ROOT / "tests" / "golden" / "make_models.py"
    command = [sys.executable, str(script), str(options.folder), "--rows", str(options.rows)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    failed = (read_by_wheel if options.wheel else read_by_rust)(options.folder)
    return 1 if failed + read_by_lightgbm(options.folder) else 0


if __name__ == "__main__":
    sys.exit(main())
