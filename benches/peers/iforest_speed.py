"""Speed, latency of one row, and memory: rounds in which the methods take turns."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from common import installed, progress, table
from iforest_methods import (
    ACCURATE,
    ACCURATE_PAIR,
    CONTAMINATION,
    CONTAMINATION_METHODS,
    ISOTREE,
    LATENCY_METHODS,
    MEMORY_METHODS,
    SPEED_METHODS,
    STANDARD,
    SUBSAMPLE,
    TREES,
    Method,
)
from iforest_worker import Shape, start
from worker import Times

SHAPES = (
    Shape("a", rows=284_807, columns=29, seed=29),
    Shape("b", rows=1_000_000, columns=10, seed=10),
)
THREADS = 2
LATENCY_CALLS = 2_000
LATENCY_ROUNDS = 3
CONTAMINATION_ROUNDS = 2
PAIR_ROUNDS = 3
PAIR_SHARE = 0.2
"""Share of the rows for the accurate pair: isotree would take minutes a round for all of them."""
MIB = 1024 * 1024
REFERENCES = (STANDARD.name, ACCURATE.name, ISOTREE.name)
"""The first of them in a table is what the others' times are divided by."""

Measured = dict[str, dict[str, list[Times]]]
"""Method -> operation -> one entry a round."""


def shrunk(shape: Shape, share: float) -> Shape:
    """The same kind of table with a share of its rows, for trying the script out."""
    rows = max(2 * SUBSAMPLE, round(shape.rows * share))
    return Shape(shape.name, rows, shape.columns, shape.seed)


def alternate(
    methods: Sequence[Method],
    shape: Shape,
    operations: Sequence[tuple[Any, ...]],
    rounds: int,
    threads: int,
) -> tuple[Measured, dict[str, str]]:
    """Each round runs every method once, starting one method later than the round before."""
    measured: Measured = {m.name: {operation[0]: [] for operation in operations} for m in methods}
    with ExitStack() as stack:
        workers = [start(method, shape, threads) for method in methods]
        for worker in workers:
            stack.callback(worker.close)
        for turn in range(rounds):
            progress(f"{shape.rows} x {shape.columns}: round {turn + 1} of {rounds}")
            first = turn % len(workers)
            for worker in workers[first:] + workers[:first]:
                for operation, *arguments in operations:
                    if (times := worker.ask(operation, *arguments)) is not None:
                        measured[worker.name][operation].append(times)
        failures = {w.name: w.failure for w in workers if w.failure is not None}
    return measured, failures


def median(times: Sequence[Times]) -> Times:
    """Medians over the rounds."""
    wall, cpu = np.median([(t.wall, t.cpu) for t in times], axis=0)
    return Times(float(wall), float(cpu))


def failure_rows(failures: dict[str, str], columns: int) -> list[list[str]]:
    """Rows that say which method failed and why."""
    return [[f"{name}: failed, {why}", *["-"] * (columns - 1)] for name, why in failures.items()]


def speed(peers_only: bool, rounds: int, share: float) -> dict[str, Any]:
    """Training and scoring of both tables, a contamination threshold, the accurate pair."""
    methods = installed(SPEED_METHODS, peers_only)
    thresholds = installed(CONTAMINATION_METHODS, peers_only)
    pair = installed(ACCURATE_PAIR, peers_only)
    results: dict[str, Any] = {}
    for full in SHAPES:
        shape = shrunk(full, share)
        operations = (("train",), ("score",))
        measured, failures = alternate(methods, shape, operations, rounds, THREADS)
        print(
            f"\n### Speed, {shape.rows:,} x {shape.columns}, {TREES} trees of {SUBSAMPLE} rows, "
            f"{THREADS} threads, median of {rounds} alternating rounds\n"
        )
        print(speed_table(methods, shape, measured, failures))
        fits, fit_failures = alternate(
            thresholds, shape, operations[:1], min(rounds, CONTAMINATION_ROUNDS), THREADS
        )
        print(f"\n### Training with contamination={CONTAMINATION}, same rows\n")
        print(threshold_table(measured, fits, fit_failures))
        few = shrunk(shape, PAIR_SHARE)
        slow, slow_failures = alternate(pair, few, operations, min(rounds, PAIR_ROUNDS), THREADS)
        print(f"\n### The accurate preset's kind of forest, {few.rows:,} x {few.columns}\n")
        print(speed_table(pair, few, slow, slow_failures))
        results[shape.name] = {
            "rows": shape.rows,
            "columns": shape.columns,
            "plain": as_numbers(measured),
            "contamination": as_numbers(fits),
            "accurate": {"rows": few.rows, **as_numbers(slow)},
            "failures": failures | fit_failures | slow_failures,
        }
    return results


def speed_table(
    methods: Sequence[Method], shape: Shape, measured: Measured, failures: dict[str, str]
) -> str:
    """Times, nanoseconds per row and tree, and how many times the reference's CPU time it takes."""
    done = [method.name for method in methods if method.name not in failures]
    if not done:
        return table(["method"], failure_rows(failures, 1))
    base_name = next((name for name in REFERENCES if name in done), done[0])
    base = {op: median(measured[base_name][op]).cpu for op in ("train", "score")}
    header = [
        "method",
        "train wall ms",
        "train CPU ms",
        "score wall ms",
        "score CPU ms",
        "score CPU ns/row/tree",
        f"train CPU / {base_name}",
        f"score CPU / {base_name}",
    ]
    rows = []
    for method in methods:
        if method.name not in done:
            continue
        train, score = (median(measured[method.name][op]) for op in ("train", "score"))
        visits = shape.rows * method.trees
        rows.append(
            [
                method.name,
                *(
                    f"{1e3 * seconds:.1f}"
                    for seconds in (train.wall, train.cpu, score.wall, score.cpu)
                ),
                f"{1e9 * score.cpu / visits:.2f}",
                f"{train.cpu / base['train']:.2f}",
                f"{score.cpu / base['score']:.2f}",
            ]
        )
    return table(header, rows + failure_rows(failures, len(header)))


def threshold_table(plain: Measured, fits: Measured, failures: dict[str, str]) -> str:
    """What a contamination threshold adds to training, in scoring passes of the same method."""
    header = [
        "method",
        "train wall ms",
        "train CPU ms",
        "CPU / plain training",
        "extra, scoring passes",
    ]
    rows = []
    for name, operations in fits.items():
        if name in failures or not plain.get(name, {}).get("score"):
            continue
        with_threshold = median(operations["train"])
        train, score = median(plain[name]["train"]), median(plain[name]["score"])
        rows.append(
            [
                name,
                f"{1e3 * with_threshold.wall:.1f}",
                f"{1e3 * with_threshold.cpu:.1f}",
                f"{with_threshold.cpu / train.cpu:.1f}",
                f"{(with_threshold.cpu - train.cpu) / score.cpu:.2f}",
            ]
        )
    return table(header, rows + failure_rows(failures, len(header)))


def one_row(peers_only: bool, share: float) -> dict[str, Any]:
    """Latency of scoring one row through Python, one thread."""
    methods = installed(LATENCY_METHODS, peers_only)
    shape = shrunk(SHAPES[0], min(share, 0.1))
    operations = (("one_row", max(round(LATENCY_CALLS * share), 100)),)
    measured, failures = alternate(methods, shape, operations, LATENCY_ROUNDS, threads=1)
    header = ["method", "CPU microseconds", "wall microseconds"]
    rows = []
    for method in methods:
        if method.name not in failures:
            times = median(measured[method.name]["one_row"])
            rows.append([method.name, f"{1e6 * times.cpu:.1f}", f"{1e6 * times.wall:.1f}"])
    print(f"\n### One row of {shape.columns} columns through Python, one thread, median\n")
    print(table(header, rows + failure_rows(failures, len(header))))
    return {"latency": as_numbers(measured), "failures": failures}


def memory(peers_only: bool, share: float) -> dict[str, Any]:
    """Peak of resident memory while scoring, beyond the input and the output."""
    methods = installed(MEMORY_METHODS, peers_only)
    extra: dict[str, dict[str, int]] = {m.name: {} for m in methods}
    failures: dict[str, str] = {}
    shapes = [shrunk(shape, share) for shape in SHAPES]
    for shape in shapes:
        for method in methods:
            progress(f"memory: {shape.rows} x {shape.columns}, {method.name}")
            worker = start(method, shape, THREADS)
            peak = worker.ask("memory")
            worker.close()
            if worker.failure is None:
                extra[method.name][shape.name] = peak
            else:
                failures[method.name] = worker.failure
    header = ["method", *(f"{s.rows:,} x {s.columns}, MiB" for s in shapes)]
    rows = [
        [name, *(f"{of_shape[s.name] / MIB:.1f}" for s in shapes)]
        for name, of_shape in extra.items()
        if name not in failures
    ]
    print("\n### Peak memory while scoring, beyond input and output\n")
    print(table(header, rows + failure_rows(failures, len(header))))
    return {"bytes": extra, "failures": failures}


def as_numbers(measured: Measured) -> dict[str, dict[str, list[list[float]]]]:
    """For JSON: [wall, CPU] seconds of every round."""
    return {
        name: {op: [[t.wall, t.cpu] for t in times] for op, times in operations.items()}
        for name, operations in measured.items()
    }
