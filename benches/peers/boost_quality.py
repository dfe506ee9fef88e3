"""Boosting at its defaults on five failure tables: average precision, log loss, and mean ranks.

    python boost_quality.py --data FOLDER --json results.json

Every model is trained and judged on the same rows. What `--json` already holds is not run again, so
that models can be added one by one. A C++ peer whose threads spin while they wait makes all others
slow: set OMP_WAIT_POLICY=passive.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, log_loss

from boost_models import MODELS, OURS, Model, from_files, installed
from boost_tables import READERS, Table, tables
from common import Vector, data_folder, environment, progress, table

MEASURES = {"average precision": average_precision_score, "log loss": log_loss}
HIGHER_IS_BETTER = {"average precision": 1, "log loss": -1}
CPU = "CPU seconds"
RESAMPLES = 10_000

Results = dict[str, dict[str, dict[str, dict[str, float]]]]
"""Table -> model -> seed -> measure -> value."""


def main() -> None:
    """Runs what is asked for and prints the tables."""
    options = arguments()
    data = tables(data_folder(options.data), options.tables)
    if options.dump:
        for each in data:
            dump(each, options.dump / each.name, options.seeds)
        return
    results: Results = {}
    if options.json and options.json.exists():
        results = json.loads(options.json.read_text())["results"]
    models = installed(options.models)
    if options.predictions and OURS not in {model.name for model in models}:
        models = [next(model for model in MODELS if model.name == OURS), *models]
    measured_on = environment(model.distribution for model in models)
    for model in models:
        for each in data:
            of_model = results.setdefault(each.name, {}).setdefault(model.name, {})
            for seed in range(options.seeds):
                if str(seed) in of_model:
                    continue
                progress(f"{model.name}, {each.name}, seed {seed}")
                of_model[str(seed)] = run(model, each, seed, options)
                if options.json:
                    content = {"environment": measured_on, "results": results}
                    options.json.write_text(json.dumps(content, indent=1))
    print(measured_on)
    report(results, [each.name for each in data], options.seeds)


def run(model: Model, data: Table, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """Trains on one side of a split and judges on the other."""
    train, test = data.split(seed)
    start = time.process_time()
    if model.name == OURS and options.predictions:
        probability = from_files(options.predictions)(data.name, seed)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            predict = model.fit(data.x.iloc[train], data.y[train], seed, options.threads)
        probability = predict(data.x.iloc[test])
    used = time.process_time() - start
    return {**judge(data.y[test], probability), CPU: used}


def judge(y: Any, probability: Vector) -> dict[str, float]:
    """All measures of some probabilities."""
    if not np.isfinite(probability).all():
        raise ValueError(f"{np.count_nonzero(~np.isfinite(probability))} probabilities not finite")
    return {name: float(measure(y, probability)) for name, measure in MEASURES.items()}


def report(results: Results, names: Sequence[str], seeds: int) -> None:
    """Ranks over all tables and seeds, then each measure by table."""
    complete = [
        model.name
        for model in MODELS
        if all(len(results.get(name, {}).get(model.name, {})) >= seeds for name in names)
    ]
    if not complete:
        return
    rows: dict[str, list[str]] = {model: [model] for model in complete}
    header = ["model"]
    for measure in MEASURES:
        ranks = ranks_of(results, names, complete, measure, seeds)
        low, high = interval(ranks)
        header.append(f"mean rank, {measure}")
        for index, model in enumerate(complete):
            mean = ranks[:, :, index].mean()
            rows[model].append(f"{mean:.2f} ({low[index]:.2f} to {high[index]:.2f})")
    header.append("CPU s a seed")
    for model in complete:
        total = sum(values_of(results, name, model, CPU, seeds).mean() for name in names)
        rows[model].append(f"{total:.1f}")
    print(f"\n### Mean ranks over {len(names)} tables and {seeds} seeds (95 % interval)\n")
    print(table(header, rows.values()))
    for measure in MEASURES:
        print(f"\n### {measure} by table, mean ± deviation between seeds\n")
        by_table = [
            [name, *(spread(values_of(results, name, model, measure, seeds)) for model in complete)]
            for name in names
        ]
        print(table(["table", *complete], by_table))


def values_of(results: Results, name: str, model: str, measure: str, seeds: int) -> Vector:
    """One value a seed."""
    return np.array([results[name][model][str(seed)][measure] for seed in range(seeds)])


def spread(values: Vector) -> str:
    """Mean and standard deviation."""
    deviation = f" ± {values.std(ddof=1):.4f}" if len(values) > 1 else ""
    return f"{values.mean():.4f}{deviation}"


def ranks_of(
    results: Results, names: Sequence[str], models: Sequence[str], measure: str, seeds: int
) -> Vector:
    """Ranks by table, seed and model: 1 is best, equals share the mean of their ranks."""
    values = np.array([[values_of(results, n, m, measure, seeds) for m in models] for n in names])
    return rankdata(-HIGHER_IS_BETTER[measure] * values, axis=1).transpose(0, 2, 1)


def interval(ranks: Vector) -> tuple[Vector, Vector]:
    """A 95 % interval of the mean rank of each model: seeds resampled within each table."""
    rng = np.random.default_rng(0)
    n_tables, seeds, _ = ranks.shape
    drawn = rng.integers(seeds, size=(RESAMPLES, n_tables, seeds))
    means = np.mean([ranks[i][drawn[:, i]].mean(axis=1) for i in range(n_tables)], axis=0)
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return low, high


def dump(data: Table, folder: Path, seeds: int) -> None:
    """Features and target as little-endian f64 by row, and the rows of every split as u32.

    Categories become their codes; `categorical.txt` holds their columns' numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    codes = {name: data.x[name].cat.codes for name in data.categorical}
    x = data.x.assign(**codes).to_numpy("<f8")
    x.tofile(folder / "x.bin")
    data.y.astype("<f8").tofile(folder / "y.bin")
    columns = [str(data.x.columns.get_loc(name)) for name in data.categorical]
    (folder / "categorical.txt").write_text(" ".join(columns))
    for seed in range(seeds):
        for side, rows in zip(("train", "test"), data.split(seed), strict=True):
            rows.astype("<u4").tofile(folder / f"{side}-{seed}.bin")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of real data (else FOREWARN_DATA)")
    parser.add_argument("--tables", nargs="*", default=[], help=f"of {', '.join(READERS)}")
    names = ", ".join(model.name for model in MODELS)
    parser.add_argument("--models", nargs="*", default=[], help=f"of {names}")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="results are kept here, and taken from here")
    parser.add_argument("--dump", type=Path, help="only write tables and splits to this folder")
    parser.add_argument("--predictions", type=Path, help=f"{OURS}'s, written by another program")
    return parser.parse_args()


if __name__ == "__main__":
    main()
