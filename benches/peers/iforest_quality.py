"""Ranking quality on labelled files: every method on every file, repeated over seeds."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from common import LabelledFile, installed, mean_and_spread, progress, table, why_failed
from iforest_methods import ACCURATE, QUALITY_METHODS, SCIKIT_LEARN, STANDARD, Method

THREADS = 2
MEASURES = {"ROC AUC": roc_auc_score, "average precision": average_precision_score}
EXPECTED_WARNINGS = ("Input data has fewer rows than sample_size", "population should be greater")
"""Two files have fewer rows than the subsample; the libraries say that they take all rows."""


@dataclass
class Outcome:
    """What one method reached on one file."""

    values: dict[str, list[float]] = field(default_factory=lambda: {m: [] for m in MEASURES})
    """Measure -> one value a seed."""
    cpu_seconds: float = 0.0
    failure: str | None = None


Outcomes = dict[str, dict[str, Outcome]]
"""Method -> file -> outcome."""


def quality(files: Sequence[LabelledFile], seeds: int, peers_only: bool) -> dict[str, Any]:
    """Runs everything, prints the tables, gives the raw values."""
    methods = installed(QUALITY_METHODS, peers_only)
    outcomes: Outcomes = {method.name: {} for method in methods}
    for number, file in enumerate(files, 1):
        progress(f"quality: {number} of {len(files)}, {file.name} {file.x.shape}")
        for method in methods:
            outcomes[method.name][file.name] = run(method, file, seeds)
    finished = [f for f in files if all(o[f.name].failure is None for o in outcomes.values())]
    print_means(outcomes, finished, len(files), seeds)
    print_differences(outcomes, finished, seeds)
    print_failures(outcomes)
    for measure in MEASURES:
        print_files(outcomes, files, measure)
    return {
        name: {
            file: {**o.values, "CPU seconds": o.cpu_seconds, "failure": o.failure}
            for file, o in of_method.items()
        }
        for name, of_method in outcomes.items()
    }


def run(method: Method, file: LabelledFile, seeds: int) -> Outcome:
    """Trains and scores on the file's own rows, once a seed."""
    outcome = Outcome()
    start = time.process_time()
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        try:
            for repetition in range(seeds):
                detector = method.build(repetition, THREADS)
                detector.train(detector.for_training(file.x))
                scores = detector.sign * detector.score(detector.for_scoring(file.x))
                if not np.isfinite(scores).all():
                    raise ValueError(f"{np.count_nonzero(~np.isfinite(scores))} scores not finite")
                for measure, function in MEASURES.items():
                    outcome.values[measure].append(float(function(file.y, scores)))
        except BaseException as error:
            outcome.failure = why_failed(error)
    outcome.cpu_seconds = time.process_time() - start
    return outcome


def means_by_seed(
    of_method: dict[str, Outcome], files: Sequence[LabelledFile], measure: str, seeds: int
) -> list[float]:
    """For each seed, the mean over the files."""
    by_file = np.array([of_method[f.name].values[measure] for f in files]).reshape(-1, seeds)
    return [float(mean) for mean in by_file.mean(axis=0)] if len(by_file) else []


def print_means(
    outcomes: Outcomes, finished: Sequence[LabelledFile], n_files: int, seeds: int
) -> None:
    """The table for the README: means over the files that every method finished."""
    print(
        f"\n### Quality: means over {len(finished)} of {n_files} ADBench files "
        f"(those every method finished), ± deviation between {seeds} seeds\n"
    )
    rows = []
    for name, of_method in outcomes.items() if finished else ():
        means = [means_by_seed(of_method, finished, measure, seeds) for measure in MEASURES]
        cpu = sum(of_method[f.name].cpu_seconds for f in finished) / seeds
        rows.append([name, *(mean_and_spread(mean) for mean in means), f"{cpu:.1f}"])
    print(table(["method", *MEASURES, "CPU s a seed"], rows))


def print_differences(outcomes: Outcomes, finished: Sequence[LabelledFile], seeds: int) -> None:
    """How far our presets are from each peer, and on how many files they are ahead."""
    pairs = [(STANDARD.name, SCIKIT_LEARN.name)]
    pairs += [(ACCURATE.name, name) for name in outcomes if name != ACCURATE.name]
    rows = []
    for ours, theirs in pairs if finished else ():
        if ours not in outcomes or theirs not in outcomes:
            continue
        cells = [f"{ours} - {theirs}"]
        for measure in MEASURES:
            a, b = (means_by_seed(outcomes[n], finished, measure, seeds) for n in (ours, theirs))
            ahead = sum(
                np.mean(outcomes[ours][f.name].values[measure])
                > np.mean(outcomes[theirs][f.name].values[measure])
                for f in finished
            )
            cells += [f"{np.mean(a) - np.mean(b):+.4f}", f"{ahead} of {len(finished)}"]
        rows.append(cells)
    if rows:
        header = ["difference", *(c for measure in MEASURES for c in (measure, "files ahead"))]
        print("\n### Differences of the means\n")
        print(table(header, rows))


def print_failures(outcomes: Outcomes) -> None:
    """Which method did not finish which file, and why."""
    for name, of_method in outcomes.items():
        for file, outcome in of_method.items():
            if outcome.failure is not None:
                print(f"\n{name} failed on {file}: {outcome.failure}")


def print_files(outcomes: Outcomes, files: Sequence[LabelledFile], measure: str) -> None:
    """One measure file by file."""
    print(f"\n### {measure} by file\n")
    rows = []
    for file in files:
        shape = f"{file.name} ({len(file.x):,} x {file.x.shape[1]}, {100 * file.y.mean():.1f} %)"
        cells = [
            "failed" if o.failure is not None else mean_and_spread(o.values[measure], digits=3)
            for o in (of_method[file.name] for of_method in outcomes.values())
        ]
        rows.append([shape, *cells])
    print(table(["file (rows x columns, anomalies)", *outcomes], rows))
