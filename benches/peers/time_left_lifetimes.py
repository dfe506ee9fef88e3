"""Lives of graphics processors of which most had not ended: who ranks them, who draws the curves.

The lives are those of the Titan supercomputer of Oak Ridge (Ostrouchov et al., SC 2020): place and
batch of each unit that lived for a day at least, the years it lived, and whether it had died.
Concordance of ranks (Harrell's, and Uno's with weights for censoring, up to five years) and the
Brier score over 0.3 to 5 years are scikit-survival's own, for every method.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from common import Matrix, Vector, mean_and_spread, progress, table

PLACE = ["col", "row", "cage", "slot", "node"]
TRAIN, TEST = 12_000, 6_000
SLOW_ROWS = 4_000
"""scikit-survival's boosting takes time with the square of the rows: it gets the first of them."""
HORIZON = 5.0
TIMES: Vector = np.linspace(0.3, HORIZON, 60)
MEASURES = ["Harrell's C", "IPCW C", "integrated Brier", "CPU s"]

Events = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lives:
    """What is known of units, the years each was watched, and whether it died then."""

    x: Matrix
    years: Vector
    died: Events

    def first(self, rows: int) -> Lives:
        """The first rows."""
        return Lives(self.x[:rows], self.years[:rows], self.died[:rows])

    @property
    def signed(self) -> Vector:
        """Years, negative where the unit was alive: how XGBoost and CatBoost are told."""
        return np.where(self.died, self.years, -self.years)

    @property
    def structured(self) -> Any:
        """As scikit-survival and forewarn have it."""
        from sksurv.util import Surv

        return Surv.from_arrays(self.died, self.years)


Answer = tuple[Vector, Matrix]
"""Of each test row: its risk in any unit, and the chance to live beyond each of `TIMES`."""
Method = Callable[[Lives, Matrix, int], Answer]


def forewarn(train: Lives, x: Matrix, seed: int) -> Answer:
    """Cox at its defaults; the curves are the library's own."""
    from forewarn import FailureTimeRegressor

    model = FailureTimeRegressor(random_state=seed, n_jobs=1).fit(train.x, train.structured)
    return model.predict_risk(x), model.predict_survival(x, TIMES)


def catboost(train: Lives, x: Matrix, seed: int, **settings: Any) -> Answer:
    """Cox, for which CatBoost has no baseline: Breslow's is added."""
    from catboost import CatBoostRegressor

    model = CatBoostRegressor(
        loss_function="Cox",
        random_seed=seed,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
        **settings,
    ).fit(train.x, train.signed)
    risk = [model.predict(rows, prediction_type="RawFormulaVal") for rows in (train.x, x)]
    return risk[1], breslow(train, risk[0], risk[1])


def xgboost_cox(train: Lives, x: Matrix, seed: int) -> Answer:
    """Cox, for which XGBoost has no baseline: Breslow's is added."""
    from xgboost import DMatrix
    from xgboost import train as boost

    settings = {"objective": "survival:cox", "max_depth": 4, "eta": 0.05, "nthread": 1}
    model = boost(settings | {"seed": seed}, DMatrix(train.x, label=train.signed), 200)
    risk = [model.predict(DMatrix(rows), output_margin=True) for rows in (train.x, x)]
    return risk[1], breslow(train, risk[0], risk[1])


def xgboost_aft(train: Lives, x: Matrix, seed: int, distribution: str, scale: float) -> Answer:
    """Accelerated failure time; the curve is the distribution around the predicted time."""
    from xgboost import DMatrix
    from xgboost import train as boost

    data = DMatrix(train.x)
    data.set_float_info("label_lower_bound", train.years)
    data.set_float_info("label_upper_bound", np.where(train.died, train.years, np.inf))
    settings = {
        "objective": "survival:aft",
        "aft_loss_distribution": distribution,
        "aft_loss_distribution_scale": scale,
        "max_depth": 4,
        "eta": 0.05,
        "nthread": 1,
        "seed": seed,
    }
    margin = boost(settings, data, 200).predict(DMatrix(x), output_margin=True).astype(np.float64)
    late = (np.log(TIMES)[None, :] - margin[:, None]) / scale
    alive = ndtr(-late) if distribution == "normal" else np.exp(-np.exp(late))
    return -margin, alive


def scikit_survival(train: Lives, x: Matrix, seed: int) -> Answer:
    """Gradient boosting of Cox's loss on the first rows only."""
    from sksurv.ensemble import GradientBoostingSurvivalAnalysis

    few = train.first(SLOW_ROWS)
    model = GradientBoostingSurvivalAnalysis(random_state=seed).fit(few.x, few.structured)
    curves = model.predict_survival_function(x)
    return model.predict(x), np.array([curve(TIMES) for curve in curves])


METHODS: dict[str, tuple[str, Method]] = {
    "forewarn, Cox": ("forewarn", forewarn),
    "CatBoost, Cox + Breslow, 300 rounds at 0.05": (
        "catboost",
        lambda train, x, seed: catboost(train, x, seed, iterations=300, learning_rate=0.05),
    ),
    "CatBoost, Cox + Breslow, defaults": ("catboost", catboost),
    "XGBoost, Cox + Breslow": ("xgboost", xgboost_cox),
    "XGBoost, AFT, normal": (
        "xgboost",
        lambda train, x, seed: xgboost_aft(train, x, seed, "normal", 0.8),
    ),
    "XGBoost, AFT, extreme": (
        "xgboost",
        lambda train, x, seed: xgboost_aft(train, x, seed, "extreme", 0.6),
    ),
    f"scikit-survival, Cox, {SLOW_ROWS:,} rows": ("scikit-survival", scikit_survival),
}


def lifetimes(folder: Path, splits: int, peers_only: bool) -> dict[str, Any]:
    """Every method on the same random splits; prints means over them."""
    every = read(folder / "titan_gpu_lifetimes.csv.gz")
    chosen = {n: m for n, (of, m) in METHODS.items() if not (peers_only and of == "forewarn")}
    results: dict[str, Any] = {name: [] for name in chosen}
    for seed in range(splits):
        train, test = split(every, seed)
        for name, method in chosen.items():
            progress(f"lifetimes: split {seed}, {name}")
            results[name].append(judge(method, train, test, seed))
    print(f"\n### Censored lives of graphics processors, {splits} splits\n")
    digits = [4, 4, 5, 1]
    rows = [
        [
            name,
            *(
                mean_and_spread(list(v), d)
                for v, d in zip(zip(*runs, strict=True), digits, strict=True)
            ),
        ]
        for name, runs in results.items()
    ]
    print(table(["method", *MEASURES], rows), flush=True)
    return results


def read(path: Path) -> Lives:
    """All units that lived for more than a day."""
    frame = pd.read_csv(path)
    frame = frame[frame["days"] > 1.0]
    x = frame[PLACE].assign(new=frame["batch"] == "new").to_numpy(dtype=np.float64)
    return Lives(x, frame["years"].to_numpy(np.float64), frame["dead"].to_numpy(np.bool_))


def split(lives: Lives, seed: int) -> tuple[Lives, Lives]:
    """Rows to train on and rows to judge by, drawn from all."""
    order = np.random.default_rng(seed).permutation(len(lives.years))
    sides = order[:TRAIN], order[TRAIN : TRAIN + TEST]
    train, test = (Lives(lives.x[rows], lives.years[rows], lives.died[rows]) for rows in sides)
    return train, test


def judge(method: Method, train: Lives, test: Lives, seed: int) -> list[float]:
    """All measures of one method on one split."""
    from sksurv import metrics

    start = time.process_time()
    risk, alive = method(train, test.x, seed)
    used = time.process_time() - start
    known, truth = train.structured, test.structured
    return [
        float(metrics.concordance_index_censored(test.died, test.years, risk)[0]),
        float(metrics.concordance_index_ipcw(known, truth, risk, tau=HORIZON)[0]),
        float(metrics.integrated_brier_score(known, truth, alive, TIMES)),
        used,
    ]


def breslow(train: Lives, risk: Vector, risk_of_test: Vector) -> Matrix:
    """Survival curves from logarithms of hazards: the baseline's steps are deaths by the summed
    hazard of those who were still there (Breslow 1974)."""
    order = np.argsort(train.years)
    years, died = train.years[order], train.died[order]
    there = np.cumsum(np.exp(risk[order])[::-1])[::-1]
    steps = died / there[np.searchsorted(years, years)]
    baseline = np.concatenate([[0.0], np.cumsum(steps)])
    hazard = baseline[np.searchsorted(years, TIMES, side="right")]
    return np.exp(-np.outer(np.exp(risk_of_test), hazard))
