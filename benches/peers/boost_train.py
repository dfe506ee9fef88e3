"""Training time, held-out loss and peak memory: rounds in which the methods take turns."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from boost_data import Real, Simulated
from boost_methods import BASE, BUSY, SMALL_TRAINING, TRAINING, TREES, Method, waiting_as_shipped
from boost_worker import start
from common import installed, progress, table
from worker import Times

SIZES = (100_000, 1_000_000)
THREADS = (1, 2)
BUSY_ROUNDS = 3
TABLES = ("ai4i", "backblaze", "cmapss")
"""The real tables that are timed."""
MIB = 1024 * 1024
TURNS = 1_000_000

Measured = dict[str, dict[str, Any]]
"""Method -> "times": one entry a round, "loss", "trees"; or "failure"."""


def simulated(share: float) -> list[Simulated]:
    """The simulated tables, with a share of their rows for trying the script out."""
    sizes = [max(2_000, round(rows * share)) for rows in SIZES]
    return [Simulated(f"{rows:,} x 28", rows) for rows in sizes]


def alternate(
    methods: Sequence[Method], data: Simulated | Real, threads: int, rounds: int
) -> Measured:
    """Each round trains every method once, starting one method later than the round before."""
    measured: Measured = {method.name: {"times": []} for method in methods}
    with ExitStack() as stack:
        workers = [start(method, data, threads) for method in methods]
        for worker in workers:
            stack.callback(worker.close)
        for turn in range(rounds):
            progress(f"{data.name}, {threads} threads: round {turn + 1} of {rounds}")
            first = turn % len(workers)
            for worker in workers[first:] + workers[:first]:
                if (times := worker.ask("train")) is not None:
                    measured[worker.name]["times"].append(times)
        for worker in workers:
            of_worker = measured[worker.name]
            of_worker["loss"], of_worker["trees"] = worker.ask("loss"), worker.ask("trees")
            of_worker["failure"] = worker.failure
    return measured


def median(times: Sequence[Times]) -> Times:
    """Medians over the rounds."""
    wall, cpu = np.median([(t.wall, t.cpu) for t in times], axis=0)
    return Times(float(wall), float(cpu))


def train(folder: Path | None, peers_only: bool, rounds: int, share: float) -> dict[str, Any]:
    """Every table at every number of threads."""
    results: dict[str, Any] = {}
    real = [] if folder is None else [Real(name, folder) for name in TABLES]
    jobs = [(data, installed(TRAINING, peers_only)) for data in simulated(share)]
    jobs += [(data, installed(SMALL_TRAINING, peers_only)) for data in real]
    for data, methods in jobs:
        for threads in THREADS:
            measured = alternate(methods, data, threads, rounds)
            print(
                f"\n### Training, {data.name}, {TREES} trees, threads: {threads}, "
                f"median of {rounds} alternating rounds\n"
            )
            print(train_table(measured), flush=True)
            results[f"{data.name}, {threads}"] = as_numbers(measured)
    return results


def train_table(measured: Measured) -> str:
    """Times, how many times the quickest LightGBM's they are, and the held-out loss."""
    done = {name: median(m["times"]) for name, m in measured.items() if m["failure"] is None}
    base = [times for name, times in done.items() if name.startswith(BASE)]
    header = [
        "method",
        "wall s",
        "CPU s",
        "wall / best LightGBM",
        "CPU / best LightGBM",
        "log loss",
    ]
    rows = []
    for name, times in done.items():
        ratios = ["-", "-"]
        if base:
            wall, cpu = min(t.wall for t in base), min(t.cpu for t in base)
            ratios = [f"{times.wall / wall:.2f}", f"{times.cpu / cpu:.2f}"]
        loss = f"{measured[name]['loss']:.4f}"
        rows.append([name, f"{times.wall:.3f}", f"{times.cpu:.3f}", *ratios, loss])
    return table(header, rows + failure_rows(measured, len(header)))


def failure_rows(measured: Measured, columns: int) -> list[list[str]]:
    """Rows that say which method failed and why."""
    failed = {name: m["failure"] for name, m in measured.items() if m["failure"] is not None}
    return [[f"{name}: failed, {why}", *["-"] * (columns - 1)] for name, why in failed.items()]


def memory(peers_only: bool, share: float) -> dict[str, Any]:
    """Peak of memory while training, each method in a process of its own."""
    methods = installed(TRAINING, peers_only)
    tables = simulated(share)
    peaks: dict[str, dict[str, int | None]] = {method.name: {} for method in methods}
    for data in tables:
        for method in methods:
            progress(f"memory: {data.name}, {method.name}")
            worker = start(method, data, THREADS[-1])
            peaks[method.name][data.name] = worker.ask("memory")
            worker.close()
    rows = [
        [name, *("failed" if peak is None else f"{peak / MIB:.0f}" for peak in of_table.values())]
        for name, of_table in peaks.items()
    ]
    print("\n### Peak memory while training, beyond the rows (float64), MiB\n")
    print(table(["method", *(data.name for data in tables)], rows), flush=True)
    return {"bytes": peaks}


def busy(peers_only: bool, share: float) -> dict[str, Any]:
    """Training while every core has other work, by threads that wait passively or as shipped."""
    methods = installed(BUSY, peers_only)
    others = [waiting_as_shipped(method) for method in methods if method.distribution != "forewarn"]
    data = simulated(share)[0]
    threads = THREADS[-1]
    at_rest = alternate([*methods, *others], data, threads, BUSY_ROUNDS)
    with every_core_busy():
        loaded = alternate([*methods, *others], data, threads, BUSY_ROUNDS)
    header = ["method", "wall s at rest", "wall s with busy cores", "times longer", "CPU s, busy"]
    rows = []
    for name, of_method in loaded.items():
        if of_method["failure"] is None and at_rest[name]["failure"] is None:
            rest, load = median(at_rest[name]["times"]), median(of_method["times"])
            seconds = [f"{value:.3f}" for value in (rest.wall, load.wall)]
            rows.append([name, *seconds, f"{load.wall / rest.wall:.2f}", f"{load.cpu:.3f}"])
    print(f"\n### Training with every core busy, {data.name}, threads: {threads}\n")
    print(table(header, rows + failure_rows(loaded, len(header))), flush=True)
    return {"rest": as_numbers(at_rest), "busy": as_numbers(loaded)}


@contextmanager
def every_core_busy() -> Iterator[None]:
    """A process on every core that does nothing but turn."""
    context = multiprocessing.get_context("spawn")
    turning = [
        context.Process(target=turn_for_ever, daemon=True) for _ in range(os.cpu_count() or 1)
    ]
    for process in turning:
        process.start()
    try:
        yield
    finally:
        for process in turning:
            process.terminate()
            process.join()


def turn_for_ever() -> None:
    """Work that never waits, for as long as somebody measures."""
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(TURNS))


def as_numbers(measured: Measured) -> Measured:
    """For JSON: [wall, CPU] seconds of every round."""
    return {
        name: {**m, "times": [[t.wall, t.cpu] for t in m["times"]]} for name, m in measured.items()
    }
