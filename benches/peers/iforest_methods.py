"""The isolation forests that are compared: one adapter a library, one entry a configuration.

Each library gets its input in the layout that it reads without a copy, prepared outside the clock:
scikit-learn float32 (it would cast), isotree column-major for training and row-major for scoring
(as its documentation prefers), coniferest and forewarn row-major float64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from common import Matrix, Vector, simd_flags

TREES = 100
SUBSAMPLE = 256
CONTAMINATION = 0.01
SIMD_VARIABLE = "FOREWARN_SIMD"
SIMD_LEVELS = {"scalar": None, "avx2": "avx2", "avx512": "avx512bw"}
"""Level that forewarn can be held to -> processor flag that it needs."""

ISOTREE_COMMON: Mapping[str, Any] = {
    "ntrees": TREES,
    "sample_size": SUBSAMPLE,
    "missing_action": "fail",
}
ISOTREE_2008: Mapping[str, Any] = {**ISOTREE_COMMON, "ndim": 1, "max_depth": "auto"}
ISOTREE_FAIR_CUT: Mapping[str, Any] = {
    **ISOTREE_COMMON,
    "ntrees": 200,
    "ndim": 2,
    "ntry": 1,
    "prob_pick_pooled_gain": 1.0,
    "max_depth": None,
    "coefs": "normal",
}
ISOTREE_SCIFOREST: Mapping[str, Any] = {
    **ISOTREE_COMMON,
    "ndim": 2,
    "ntry": 10,
    "prob_pick_avg_gain": 1.0,
    "penalize_range": True,
    "max_depth": None,
    "coefs": "normal",
}
ISOTREE_SCIFOREST_PLAIN: Mapping[str, Any] = {**ISOTREE_SCIFOREST, "standardize_data": False}
"""As SCiForest, columns not standardised in the nodes: better on some files, worse on others."""

ACCURATE_TREES = 200
"""Trees of forewarn's accurate preset; used for times per tree only."""
ISOTREE_LIKE_ACCURATE: Mapping[str, Any] = {**ISOTREE_SCIFOREST, "ntrees": ACCURATE_TREES}
"""isotree's forest of the same kind as forewarn's accurate preset: trees, subsample, the best of
ten hyperplanes at every node, a range penalty, no limit to the depth. isotree knows no gain by
variance; two columns in a hyperplane are its own best."""
FAST_TREES = 50
"""Trees of forewarn's fast preset."""
SAME_SPLITS: Mapping[str, Any] = {"preset": "accurate", "gain": "averaged", "ndim": 2}
"""forewarn with exactly isotree's splits: as deep trees, for the speed of the same work."""


class Detector(Protocol):
    """What the benches ask of a library."""

    sign: ClassVar[float]
    """+1 where the library's score is higher for abnormal rows, -1 where it is lower."""

    def for_training(self, x: Matrix) -> Matrix:
        """The rows in the layout that the library trains on without a copy."""

    def for_scoring(self, x: Matrix) -> Matrix:
        """The rows in the layout that the library scores without a copy."""

    def train(self, x: Matrix) -> None:
        """Trains on rows from `for_training`."""

    def score(self, x: Matrix) -> Vector:
        """The library's own score of rows from `for_scoring`."""


class ScikitLearn:
    """scikit-learn: its `n_jobs` reaches training only, so scoring runs in a joblib context."""

    sign: ClassVar[float] = -1.0

    def __init__(self, seed: int, threads: int, settings: Mapping[str, Any]) -> None:
        from sklearn.ensemble import IsolationForest

        self.threads = threads
        self.model = IsolationForest(random_state=seed, n_jobs=threads, **settings)

    def for_training(self, x: Matrix) -> Matrix:
        return np.ascontiguousarray(x, dtype=np.float32)

    for_scoring = for_training

    def train(self, x: Matrix) -> None:
        self.model.fit(x)

    def score(self, x: Matrix) -> Vector:
        if self.threads == 1:
            scores: Vector = self.model.score_samples(x)
            return scores
        import joblib

        with joblib.parallel_config(backend="threading", n_jobs=self.threads):
            parallel_scores: Vector = self.model.score_samples(x)
            return parallel_scores


class Isotree:
    """isotree: tree t of seed s is tree t - 1 of seed s + 1, so seeds must lie far apart."""

    sign: ClassVar[float] = 1.0

    def __init__(self, seed: int, threads: int, settings: Mapping[str, Any]) -> None:
        from isotree import IsolationForest

        self.model = IsolationForest(random_seed=seed, nthreads=threads, **settings)

    def for_training(self, x: Matrix) -> Matrix:
        return np.asfortranarray(x, dtype=np.float64)

    def for_scoring(self, x: Matrix) -> Matrix:
        return np.ascontiguousarray(x, dtype=np.float64)

    def train(self, x: Matrix) -> None:
        self.model.fit(x)

    def score(self, x: Matrix) -> Vector:
        scores: Vector = self.model.predict(x)
        return scores


class IsotreeRowMajor(Isotree):
    """isotree trained on row-major rows, as NumPy users have them: it copies them all."""

    def for_training(self, x: Matrix) -> Matrix:
        return np.ascontiguousarray(x, dtype=np.float64)


class Coniferest:
    """coniferest: a Rust core; float32 and float64 take the same time."""

    sign: ClassVar[float] = -1.0

    def __init__(self, seed: int, threads: int, settings: Mapping[str, Any]) -> None:
        from coniferest.isoforest import IsolationForest

        self.model = IsolationForest(random_seed=seed, n_jobs=threads, **settings)

    def for_training(self, x: Matrix) -> Matrix:
        return np.ascontiguousarray(x, dtype=np.float64)

    for_scoring = for_training

    def train(self, x: Matrix) -> None:
        self.model.fit(x)

    def score(self, x: Matrix) -> Vector:
        scores: Vector = self.model.score_samples(x)
        return scores


class Forewarn:
    """forewarn through its Python wheel."""

    sign: ClassVar[float] = -1.0

    def __init__(self, seed: int, threads: int, settings: Mapping[str, Any]) -> None:
        from forewarn import IsolationForest

        self.model = IsolationForest(random_state=seed, n_jobs=threads, **settings)

    def for_training(self, x: Matrix) -> Matrix:
        return np.ascontiguousarray(x, dtype=np.float64)

    for_scoring = for_training

    def train(self, x: Matrix) -> None:
        self.model.fit(x)

    def score(self, x: Matrix) -> Vector:
        scores: Vector = self.model.score_samples(x)
        return scores

    def learn(self, x: Matrix, verdicts: Sequence[int]) -> None:
        """Takes an operator's verdicts: 1 confirmed, 0 rejected."""
        self.model.learn(x, np.asarray(verdicts, dtype=np.int64))


@dataclass(frozen=True)
class Method:
    """A library in one configuration."""

    name: str
    distribution: str
    adapter: type[ScikitLearn | Isotree | Coniferest | Forewarn]
    settings: Mapping[str, Any] = field(default_factory=dict)
    trees: int = TREES
    seed_step: int = 1
    """Distance between the random seeds of repeated runs."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that must be set before the library is loaded."""

    def build(self, run: int, threads: int) -> Detector:
        """An untrained detector for the given repetition."""
        return self.adapter(1 + run * self.seed_step, threads, self.settings)


def scikit_learn(name: str, **settings: Any) -> Method:
    return Method(name, "scikit-learn", ScikitLearn, settings)


def isotree(name: str, settings: Mapping[str, Any], adapter: type[Isotree] = Isotree) -> Method:
    return Method(name, "isotree", adapter, settings, settings["ntrees"], seed_step=1000)


def coniferest(name: str) -> Method:
    settings = {"n_trees": TREES, "n_subsamples": SUBSAMPLE}
    return Method(name, "coniferest", Coniferest, settings)


def forewarn(name: str, trees: int = TREES, simd: str | None = None, **settings: Any) -> Method:
    variables = {} if simd is None else {SIMD_VARIABLE: simd}
    return Method(name, "forewarn", Forewarn, settings, trees, environment=variables)


SCIKIT_LEARN = scikit_learn("scikit-learn", n_estimators=TREES)
ISOTREE = isotree("isotree, 2008 forest", ISOTREE_2008)
CONIFEREST = coniferest("coniferest")
STANDARD = forewarn("forewarn standard", preset="standard")
DEFAULT = forewarn("forewarn default")
FAST = forewarn("forewarn fast", trees=FAST_TREES, preset="fast")
ACCURATE = forewarn("forewarn accurate", trees=ACCURATE_TREES, preset="accurate")
LIKE_ACCURATE = isotree("isotree, same kind as accurate", ISOTREE_LIKE_ACCURATE)
LIKE_ISOTREE = forewarn("forewarn, isotree's splits", trees=ACCURATE_TREES, **SAME_SPLITS)

QUALITY_METHODS = (
    SCIKIT_LEARN,
    CONIFEREST,
    ISOTREE,
    isotree("isotree fair-cut", ISOTREE_FAIR_CUT),
    isotree("isotree SCiForest, no depth limit", ISOTREE_SCIFOREST),
    isotree("isotree SCiForest, not standardised", ISOTREE_SCIFOREST_PLAIN),
    STANDARD,
    DEFAULT,
    FAST,
    ACCURATE,
)
SPEED_METHODS = (
    SCIKIT_LEARN,
    ISOTREE,
    isotree("isotree, trained on row-major", ISOTREE_2008, IsotreeRowMajor),
    CONIFEREST,
    STANDARD,
    *(
        forewarn(f"forewarn standard, {level} only", simd=level, preset="standard")
        for level, flag in SIMD_LEVELS.items()
        if flag is None or flag in simd_flags()
    ),
    DEFAULT,
    FAST,
)
ACCURATE_PAIR = (ACCURATE, LIKE_ISOTREE, LIKE_ACCURATE)
CONTAMINATION_METHODS = (
    scikit_learn("scikit-learn", n_estimators=TREES, contamination=CONTAMINATION),
    forewarn("forewarn standard", preset="standard", contamination=CONTAMINATION),
    forewarn("forewarn default", contamination=CONTAMINATION),
)
LATENCY_METHODS = (SCIKIT_LEARN, ISOTREE, CONIFEREST, STANDARD, DEFAULT, FAST, ACCURATE)
MEMORY_METHODS = LATENCY_METHODS
