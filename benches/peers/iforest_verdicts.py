"""Learning from verdicts: how many more true anomalies the next rows hold after some were judged.

The file's labels play the operator. A detector is trained without labels; the operator judges the
top-ranked rows not judged yet, a batch at a time, and the detector learns after each batch. What
counts is the number of true anomalies among the next top-ranked rows that nobody has judged. The
same detector that is not told the verdicts gives the base: its ranking never changes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from common import (
    LabelledFile,
    Labels,
    Matrix,
    Vector,
    installed,
    mean_and_spread,
    progress,
    table,
    why_failed,
)
from iforest_methods import ACCURATE, DEFAULT, STANDARD, SUBSAMPLE, TREES, Method
from iforest_quality import EXPECTED_WARNINGS

JUDGED = 30
"""Verdicts that the operator gives."""
EXAMINED = 30
"""Rows after them in which true anomalies are counted."""
FEWEST_ANOMALIES = JUDGED + EXAMINED
"""A file needs as many, else the rows examined could not all be anomalies."""
THREADS = 2

Rows = npt.NDArray[np.intp]


class Learner(Protocol):
    """A trained detector that takes verdicts; higher abnormality is worse."""

    def abnormality(self, x: Matrix) -> Vector:
        """Scores, higher for more abnormal rows."""

    def learn(self, x: Matrix, batch: Rows, judged: Rows, y: Labels) -> None:
        """Takes the verdicts on a new batch; `judged` are all rows judged so far, with it."""


class ForewarnLearner:
    """forewarn: verdicts accumulate inside the forest, so each call passes the new ones."""

    def __init__(self, method: Method, run: int, x: Matrix) -> None:
        self.detector = method.build(run, THREADS)
        self.detector.train(self.detector.for_training(x))

    def abnormality(self, x: Matrix) -> Vector:
        return self.detector.sign * self.detector.score(x)

    def learn(self, x: Matrix, batch: Rows, judged: Rows, y: Labels) -> None:
        self.detector.learn(x[batch], y[batch])  # type: ignore[attr-defined]


class AadLearner:
    """coniferest's active anomaly discovery: each call passes all verdicts so far."""

    def __init__(self, settings: Mapping[str, Any], run: int, x: Matrix) -> None:
        from coniferest.aadforest import AADForest

        self.model = AADForest(
            n_trees=TREES, n_subsamples=SUBSAMPLE, n_jobs=THREADS, random_seed=1 + run, **settings
        )
        self.model.fit(x)

    def abnormality(self, x: Matrix) -> Vector:
        scores: Vector = self.model.score_samples(x)
        return -scores

    def learn(self, x: Matrix, batch: Rows, judged: Rows, y: Labels) -> None:
        from coniferest.label import Label

        self.model.fit_known(x, x[judged], np.where(y[judged] == 1, Label.ANOMALY, Label.REGULAR))


AAD_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "coniferest AAD, defaults": {},
    "coniferest AAD, budget 3 %": {"budget": 0.03},
}
FOREWARN_METHODS = (STANDARD, DEFAULT, ACCURATE)


@dataclass
class Found:
    """True anomalies of one method on one file, one entry a seed."""

    without: list[int] = field(default_factory=list)
    """Among the rows examined, had nothing been learned."""
    learned: list[int] = field(default_factory=list)
    """Among the rows examined, after learning."""
    judged: list[int] = field(default_factory=list)
    """Among the rows judged while learning."""
    judged_without: list[int] = field(default_factory=list)
    """Among the rows judged, had nothing been learned."""
    failure: str | None = None


def verdicts(
    files: Sequence[LabelledFile], seeds: int, batch: int, peers_only: bool
) -> dict[str, Any]:
    """Runs the protocol on every file with enough anomalies and prints the tables."""
    ours = {m.name: m for m in installed(FOREWARN_METHODS, peers_only)}
    enough = [f for f in files if f.y.sum() >= FEWEST_ANOMALIES]
    found: dict[str, dict[str, Found]] = {name: {} for name in (*ours, *AAD_SETTINGS)}
    for number, file in enumerate(enough, 1):
        progress(f"verdicts: {number} of {len(enough)}, {file.name} {file.x.shape}")
        for name, of_method in found.items():
            settings = AAD_SETTINGS.get(name, {})
            of_method[file.name] = repeat(ours.get(name), settings, file, seeds, batch)
    print(
        f"\n### True anomalies among the next {EXAMINED} rows after {JUDGED} verdicts in batches "
        f"of {batch}, {seeds} seeds, {len(enough)} files with >= {FEWEST_ANOMALIES} anomalies\n"
    )
    print(means_table(found))
    print("\n### The same by file: without learning -> with\n")
    print(files_table(found, enough))
    return {n: {file: vars(f) for file, f in of_method.items()} for n, of_method in found.items()}


def repeat(
    method: Method | None, settings: Mapping[str, Any], file: LabelledFile, seeds: int, batch: int
) -> Found:
    """One method on one file over all seeds."""
    found = Found()
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        try:
            for run in range(seeds):
                learner: Learner
                if method is None:
                    learner = AadLearner(settings, run, file.x)
                else:
                    learner = ForewarnLearner(method, run, file.x)
                protocol(learner, file, batch, found)
        except BaseException as error:
            found.failure = why_failed(error)
    return found


def protocol(learner: Learner, file: LabelledFile, batch: int, found: Found) -> None:
    """One seed: judge, learn, count."""
    start = ranking(learner, file.x)
    found.judged_without.append(int(file.y[start[:JUDGED]].sum()))
    found.without.append(int(file.y[start[JUDGED : JUDGED + EXAMINED]].sum()))
    judged = np.array([], dtype=np.intp)
    while len(judged) < JUDGED:
        size = min(batch, JUDGED - len(judged))
        new = unjudged(ranking(learner, file.x), judged)[:size]
        judged = np.concatenate([judged, new])
        learner.learn(file.x, new, judged, file.y)
    found.judged.append(int(file.y[judged].sum()))
    examined = unjudged(ranking(learner, file.x), judged)[:EXAMINED]
    found.learned.append(int(file.y[examined].sum()))


def ranking(learner: Learner, x: Matrix) -> Rows:
    """Rows from the most abnormal on; equal scores in the rows' order."""
    return np.argsort(-learner.abnormality(x), kind="stable")


def unjudged(order: Rows, judged: Rows) -> Rows:
    """The ranking without the rows judged already."""
    return order[~np.isin(order, judged)]


def means_table(found: Mapping[str, Mapping[str, Found]]) -> str:
    """Means over the files that every method finished."""
    names = next(iter(found.values())).keys()
    finished = [n for n in names if all(of[n].failure is None for of in found.values())]
    header = [
        "method",
        "without learning",
        "with learning",
        "change of the mean",
        "mean change by file (files whose base is above 0)",
        "files: more / fewer",
        f"all {JUDGED + EXAMINED} rows: without",
        "with",
    ]
    rows = []
    for name, of_method in found.items():
        chosen = [of_method[file] for file in finished]
        if not chosen:
            continue
        without = np.array([f.without for f in chosen])
        learned = np.array([f.learned for f in chosen])
        judged = np.array([f.judged for f in chosen])
        judged_without = np.array([f.judged_without for f in chosen])
        base, now = without.mean(axis=1), learned.mean(axis=1)
        some = base > 0
        rows.append(
            [
                name,
                mean_and_spread(list(without.mean(axis=0)), digits=2),
                mean_and_spread(list(learned.mean(axis=0)), digits=2),
                f"{100 * (now.mean() / base.mean() - 1):+.0f} %",
                f"{100 * (now[some] / base[some] - 1).mean():+.0f} % ({some.sum()})",
                f"{(now > base).sum()} / {(now < base).sum()}",
                f"{(judged_without + without).mean():.2f}",
                f"{(judged + learned).mean():.2f}",
            ]
        )
    return table(header, rows)


def files_table(found: Mapping[str, Mapping[str, Found]], files: Sequence[LabelledFile]) -> str:
    """Means over the seeds, file by file; failures with their reason."""
    rows = []
    for file in files:
        cells = []
        for of_method in found.values():
            entry = of_method[file.name]
            if entry.failure is None:
                cells.append(f"{np.mean(entry.without):.1f} -> {np.mean(entry.learned):.1f}")
            else:
                cells.append(f"failed: {entry.failure}")
        rows.append([f"{file.name} ({file.y.sum():,} anomalies)", *cells])
    return table(["file", *found], rows)
