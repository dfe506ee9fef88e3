"""Prediction: batches at every number of threads, and one row at a time."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import Any

from boost_data import Simulated
from boost_methods import PREDICTION
from boost_train import THREADS, every_core_busy, failure_rows, median, simulated
from boost_worker import start
from common import installed, progress, table
from worker import Times

CALLS = 2_000
SECONDS = 2.0
"""Other work takes its turn for milliseconds: many calls are needed to see it on average."""


def predict(peers_only: bool, rounds: int, share: float) -> dict[str, Any]:
    """All held-out rows at once, in rounds in which the methods take turns."""
    data = simulated(share)[0]
    results: dict[str, Any] = {}
    for threads in THREADS:
        measured = measure(data, peers_only, threads, rounds)
        done = {name: m for name, m in measured.items() if m["failure"] is None}
        times = {name: median(m["times"]) for name, m in done.items()}
        header = ["method", "trees", "wall ms", "CPU ms", "CPU ns / row", "log loss"]
        header += ["one row, µs"] if threads == 1 else []
        rows = []
        for name, of_method in done.items():
            cells = [name, str(of_method["trees"])]
            cells += [f"{1e3 * seconds:.1f}" for seconds in (times[name].wall, times[name].cpu)]
            cells += [f"{1e9 * times[name].cpu / data.test_rows:.0f}", f"{of_method['loss']:.4f}"]
            if threads == 1:
                cells.append(f"{1e6 * of_method['one row'].wall:.1f}")
            rows.append(cells)
        print(
            f"\n### Prediction of {data.test_rows:,} x 28, threads: {threads}, "
            f"median of {rounds} alternating rounds\n"
        )
        print(table(header, rows + failure_rows(measured, len(header))), flush=True)
        results[str(threads)] = {
            name: {"times": [[t.wall, t.cpu] for t in m["times"]], "trees": m["trees"]}
            for name, m in measured.items()
        }
    return results


def measure(
    data: Simulated, peers_only: bool, threads: int, rounds: int
) -> dict[str, dict[str, Any]]:
    """One training a method, then the rounds; single rows from one thread only."""
    measured: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        workers = [start(method, data, threads) for method in installed(PREDICTION, peers_only)]
        for worker in workers:
            stack.callback(worker.close)
            progress(f"prediction, {threads} threads: training {worker.name}")
            worker.ask("train")
            measured[worker.name] = {"times": []}
        for turn in range(rounds):
            progress(f"prediction, {threads} threads: round {turn + 1} of {rounds}")
            first = turn % len(workers)
            for worker in workers[first:] + workers[:first]:
                if (times := worker.ask("predict")) is not None:
                    measured[worker.name]["times"].append(times)
        for worker in workers:
            of_worker = measured[worker.name]
            of_worker["loss"], of_worker["trees"] = worker.ask("loss"), worker.ask("trees")
            if threads == 1:
                of_worker["one row"] = worker.ask("one_row", CALLS)
            of_worker["failure"] = worker.failure
    return measured


def loaded(peers_only: bool, rounds: int, share: float) -> dict[str, Any]:
    """Throughput while every core has other work, beside the share of the processors that is left.

    A method that waits for threads which do not run keeps less of its throughput than of its share.
    """
    data, threads = simulated(share)[0], THREADS[-1]
    rest: dict[str, list[Times]] = {}
    busy: dict[str, list[Times]] = {}
    with ExitStack() as stack:
        workers = [start(method, data, threads) for method in installed(PREDICTION, peers_only)]
        for worker in workers:
            stack.callback(worker.close)
            progress(f"throughput: training {worker.name}")
            worker.ask("train")
        for turn in range(rounds):
            progress(f"throughput: round {turn + 1} of {rounds}")
            for worker in workers:
                for measured, others in ((rest, nullcontext), (busy, every_core_busy)):
                    with others():
                        times = worker.ask("throughput", SECONDS)
                    if times is not None:
                        measured.setdefault(worker.name, []).append(times)
    header = ["method", "rows / s at rest", "rows / s with busy cores", "throughput kept"]
    header += ["processor time kept", "of what the time allows"]
    rows = []
    for name in (worker.name for worker in workers if worker.name in busy):
        at_rest, under_load = median(rest[name]), median(busy[name])
        kept = at_rest.wall / under_load.wall
        allowed = (under_load.cpu / under_load.wall) / (at_rest.cpu / at_rest.wall)
        cells = [f"{data.test_rows / times.wall:,.0f}" for times in (at_rest, under_load)]
        rows.append([name, *cells, *(f"{value:.2f}" for value in (kept, allowed, kept / allowed))])
    print(
        f"\n### Prediction of {data.test_rows:,} x 28 with every core busy, threads: {threads}, "
        f"median of {rounds} rounds\n"
    )
    failed = {w.name: {"failure": w.failure} for w in workers}
    print(table(header, rows + failure_rows(failed, len(header))), flush=True)
    return {
        when: {name: [[t.wall, t.cpu] for t in times] for name, times in measured.items()}
        for when, measured in (("rest", rest), ("busy", busy))
    }
