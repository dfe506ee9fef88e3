"""Contributions of columns: forewarn against the shap package, on a model of LightGBM's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from boost_data import Simulated
from boost_methods import BINS, LEAVES, PATIENT, RATE, TREES
from boost_train import THREADS, failure_rows, median
from common import Matrix, progress, table
from worker import Times, Worker, median_times

TRAINING_ROWS = 20_000
ROWS = 5_000


class Bench:
    """One way to explain, inside a process of its own. All train the same model."""

    def __init__(self, name: str, threads: int) -> None:
        import lightgbm

        data = Simulated("explained", TRAINING_ROWS, ROWS).make()
        settings = {
            "objective": "binary",
            "num_leaves": LEAVES,
            "learning_rate": RATE,
            "max_bin": BINS,
            "num_threads": threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        self.rows = data.x_test
        model = lightgbm.train(settings, lightgbm.Dataset(data.x, data.y), TREES)
        self.explain = EXPLAINERS[name](model, threads)

    def time(self) -> Times:
        """Explains all rows."""
        return median_times(lambda: self.explain(self.rows))

    def values(self) -> Matrix:
        """What the others are compared by."""
        return self.explain(self.rows)


def with_shap(model: Any, _threads: int) -> Callable[[Matrix], Matrix]:
    """The shap package, which knows LightGBM and has it do the work."""
    from shap import TreeExplainer

    explain: Callable[[Matrix], Matrix] = TreeExplainer(model).shap_values
    return explain


def with_shap_alone(model: Any, _threads: int) -> Callable[[Matrix], Matrix]:
    """The shap package's own C code, on one thread, as for models whose library cannot explain."""
    from shap import TreeExplainer

    explainer = TreeExplainer(model)
    explainer.model.model_type = "internal"

    def explain(rows: Matrix) -> Matrix:
        return np.asarray(explainer.shap_values(rows, check_additivity=False))

    return explain


def with_forewarn(model: Any, threads: int) -> Callable[[Matrix], Matrix]:
    """forewarn, after reading LightGBM's text."""
    from forewarn import GradientBoostingClassifier

    ours = GradientBoostingClassifier.from_lightgbm(model.model_to_string())
    ours.n_jobs = threads

    def explain(rows: Matrix) -> Matrix:
        return np.asarray(ours.explain(rows))

    return explain


EXPLAINERS: dict[str, Callable[[Any, int], Callable[[Matrix], Matrix]]] = {
    "shap, through LightGBM": with_shap,
    "shap, its own code": with_shap_alone,
    "forewarn": with_forewarn,
}


def shap(rounds: int) -> dict[str, Any]:
    """Rounds in which the ways to explain take turns, and how far their values are apart."""
    results: dict[str, Any] = {}
    for threads in THREADS:
        measured: dict[str, dict[str, Any]] = {name: {"times": []} for name in EXPLAINERS}
        with ExitStack() as stack:
            workers = [Worker(name, PATIENT, Bench, name, threads) for name in EXPLAINERS]
            for worker in workers:
                stack.callback(worker.close)
            for turn in range(rounds):
                progress(f"shap, {threads} threads: round {turn + 1} of {rounds}")
                for worker in workers[turn % len(workers) :] + workers[: turn % len(workers)]:
                    if (times := worker.ask("time")) is not None:
                        measured[worker.name]["times"].append(times)
            reference = workers[0].ask("values")
            for worker in workers:
                values = worker.ask("values")
                of_worker = measured[worker.name]
                of_worker["failure"] = worker.failure
                if values is not None and reference is not None:
                    of_worker["apart"] = float(np.abs(values - reference).max())
        header = ["method", "wall ms", "CPU ms", "CPU µs / row", "largest difference"]
        rows = []
        for name, of_method in measured.items():
            if of_method["failure"] is None:
                times = median(of_method["times"])
                cells = [f"{1e3 * times.wall:.1f}", f"{1e3 * times.cpu:.1f}"]
                apart = of_method.get("apart")
                cells += [f"{1e6 * times.cpu / ROWS:.1f}", "-" if apart is None else f"{apart:.0e}"]
                rows.append([name, *cells])
        print(f"\n### Contributions of {ROWS:,} x 28, {TREES} trees, threads: {threads}\n")
        print(table(header, rows + failure_rows(measured, len(header))), flush=True)
        results[str(threads)] = {
            name: {"times": [[t.wall, t.cpu] for t in m["times"]], "apart": m.get("apart")}
            for name, m in measured.items()
        }
    return results
