"""Keeping, combining, explaining and teaching forests."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import Doubles
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from forewarn import IsolationForest

SETTINGS: list[dict[str, Any]] = [
    {},
    {"preset": "standard"},
    {"preset": "fast"},
    {"preset": "accurate", "n_estimators": 20},
    {"preset": "accurate", "n_estimators": 20, "guided": 0.5},
    {"preset": "standard", "guided": 0.5, "range_penalty": True},
    {"gain": "averaged"},
    {"guided": 1.0},
    {"guided": 0.0, "ndim": 2},
    {"ndim": 2},
    {"ndim": 3, "scoring": "density", "max_depth": "unlimited"},
    {"guided": 0.25, "gain": "pooled", "n_candidates": 3, "ndim": 2},
    {"bootstrap": True, "max_features": 2, "max_samples": 0.5, "max_depth": 4},
    {"normalisation": "scikit-learn", "contamination": 0.1},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled(rows: Doubles, settings: dict[str, Any], protocol: int) -> None:
    forest = IsolationForest(random_state=0, **settings).fit(rows)
    twin = pickle.loads(pickle.dumps(forest, protocol))
    np.testing.assert_array_equal(twin.score_samples(rows), forest.score_samples(rows))
    assert twin.offset_ == forest.offset_
    assert twin.get_params() == forest.get_params()


def test_bytes_keep_the_forest(rows: Doubles) -> None:
    forest = IsolationForest(random_state=0, contamination=0.1).fit(rows)
    twin = IsolationForest.from_bytes(forest.to_bytes())
    np.testing.assert_array_equal(twin.decision_function(rows), forest.decision_function(rows))
    np.testing.assert_array_equal(twin.rank(rows), forest.rank(rows))
    assert twin.n_features_in_ == 6
    assert twin.max_samples_ == 256
    with pytest.raises(ValueError, match="4 features"):
        twin.predict(rows[:, :4])
    with pytest.raises(ValueError, match="no settings to add trees by"):
        twin.set_params(warm_start=True).fit(rows)
    assert twin.set_params(warm_start=False).fit(rows[:, :4]).n_features_in_ == 4


def test_copied_and_kept_by_joblib(rows: Doubles, forest: IsolationForest, tmp_path: Path) -> None:
    joblib.dump(forest, tmp_path / "forest.joblib")
    for twin in (copy.deepcopy(forest), joblib.load(tmp_path / "forest.joblib")):
        np.testing.assert_array_equal(twin.predict(rows), forest.predict(rows))


def test_used_by_worker_processes(rows: Doubles, forest: IsolationForest) -> None:
    parts = np.array_split(rows, 4)
    scores = joblib.Parallel(n_jobs=2)(joblib.delayed(forest.score_samples)(p) for p in parts)
    np.testing.assert_array_equal(np.concatenate(scores), forest.score_samples(rows))


def test_cloned(rows: Doubles) -> None:
    forest = IsolationForest(n_estimators=7, ndim=2, random_state=3, progress=print)
    twin = clone(forest)
    assert twin.get_params() == forest.get_params()
    assert not hasattr(twin, "offset_")
    assert clone(forest.set_params(progress=False).fit(rows)).get_params() == forest.get_params()


def test_in_a_pipeline(rows: Doubles) -> None:
    pipeline = make_pipeline(StandardScaler(), IsolationForest(random_state=0))
    assert set(pipeline.fit(rows).predict(rows)) == {-1, 1}


def test_settings_matter(rows: Doubles) -> None:
    scores = [
        IsolationForest(random_state=0, **settings).fit(rows).score_samples(rows).tobytes()
        for settings in SETTINGS
    ]
    assert len(set(scores)) == len(scores)


def test_preset_gives_way_to_what_is_set(rows: Doubles) -> None:
    assert IsolationForest(preset="accurate").fit(rows).n_estimators_ == 200
    assert IsolationForest(preset="fast").fit(rows).n_estimators_ == 50
    assert IsolationForest(preset="accurate", n_estimators=3).fit(rows).n_estimators_ == 3


def test_warm_start_is_the_forest_grown_at_once(rows: Doubles) -> None:
    forest = IsolationForest(n_estimators=6, random_state=0, warm_start=True, contamination=0.1)
    forest.fit(rows).set_params(n_estimators=10).fit(rows)
    at_once = IsolationForest(n_estimators=10, random_state=0, contamination=0.1).fit(rows)
    assert forest.n_estimators_ == 10
    assert forest.offset_ == at_once.offset_
    np.testing.assert_array_equal(forest.score_samples(rows), at_once.score_samples(rows))
    with pytest.warns(UserWarning, match="does not grow new trees"):
        forest.fit(rows)
    with pytest.raises(ValueError, match="n_estimators=4 must be at least 10"):
        forest.set_params(n_estimators=4).fit(rows)
    with pytest.raises(ValueError, match="ndim was None in the first fit and is 2 now"):
        forest.set_params(n_estimators=12, ndim=2).fit(rows)
    np.testing.assert_array_equal(forest.score_samples(rows), at_once.score_samples(rows))


def test_a_fit_starts_anew(rows: Doubles) -> None:
    forest = IsolationForest(random_state=0)
    first = forest.fit(rows).score_samples(rows)
    np.testing.assert_array_equal(forest.fit(rows[:, :3]).fit(rows).score_samples(rows), first)


def test_rows_without_weight_are_not_drawn(rows: Doubles) -> None:
    drawn = rows[:, 0] > np.quantile(rows[:, 0], 0.9)
    forest = IsolationForest(random_state=0, max_samples=1.0)
    scores = forest.fit(rows, sample_weight=drawn.astype(float)).score_samples(rows)
    assert forest.max_samples_ == drawn.sum()
    # Even weights change nothing; uneven ones among the drawn rows do.
    alone = IsolationForest(random_state=0, max_samples=1.0).fit(rows[drawn])
    assert np.corrcoef(scores, alone.score_samples(rows))[0, 1] > 0.97
    assert roc_auc_score(drawn, scores) > 0.7


def test_merged_forests_average_path_lengths(rows: Doubles) -> None:
    parts = [
        IsolationForest(n_estimators=trees, random_state=seed).fit(rows[seed::3])
        for seed, trees in enumerate((10, 20, 30))
    ]
    # All have the same c(psi): the merged score is the geometric mean, weighted by trees.
    logs = sum(w * np.log(-p.score_samples(rows)) for w, p in zip((1, 2, 3), parts, strict=True))
    merged = copy.deepcopy(parts[0]).merge(parts[1:])
    np.testing.assert_allclose(merged.score_samples(rows), -np.exp(logs / 6), rtol=1e-12)
    assert merged.n_estimators_ == 60
    assert merged.offset_ == -0.5
    with pytest.raises(ValueError, match="no ranks"):
        merged.rank(rows)
    merged.calibrate(rows, contamination=0.02)
    assert (merged.predict(rows) == -1).sum() == round(0.02 * len(rows))
    assert merged.rank(rows).max() > 0.99
    assert copy.deepcopy(parts[0]).merge(parts[1]).n_estimators_ == 30


def test_forests_that_do_not_fit_together(rows: Doubles) -> None:
    forest = IsolationForest(n_estimators=3).fit(rows)
    named = IsolationForest(n_estimators=3).fit(pd.DataFrame(rows, columns=list("abcdef")))
    coded = IsolationForest(n_estimators=3, categorical_features=[0]).fit(np.floor(np.abs(rows)))
    dense = IsolationForest(n_estimators=3, scoring="density").fit(rows)
    narrow = IsolationForest(n_estimators=3).fit(rows[:, :4])
    for other, message in [
        (named, "without names"),
        (coded, "different categories"),
        (dense, "Density"),
        (narrow, "4 columns given, 6 expected"),
        (IsolationForest(), "not fitted"),
    ]:
        with pytest.raises(ValueError, match=message):
            forest.merge([other])
    assert forest.n_estimators_ == 3


@pytest.mark.parametrize("settings", SETTINGS)
def test_explanations_add_up(rows: Doubles, settings: dict[str, Any]) -> None:
    forest = IsolationForest(random_state=0, **settings).fit(rows)
    for table in (rows[:400], rows[:400].astype(np.float32)):
        explained = forest.explain(table)
        assert explained.shape == table.shape
        np.testing.assert_allclose(
            explained.sum(axis=1),
            -forest.score_samples(table) - forest.expectation_,
            rtol=0,
            atol=1e-9,
        )
    np.testing.assert_allclose(forest.explain_one(rows[3]), forest.explain(rows[3:4])[0])


def test_what_changed_is_told_from_what_had_drifted_before(
    rows: Doubles, forest: IsolationForest
) -> None:
    before, during = rows[:30].copy(), rows[30:40].copy()
    before[:, 0] += 40.0
    during[:, 0] += 40.0
    during[:, 3] -= 8.0
    change = forest.explain_change(before, during)
    assert forest.explain(during).mean(axis=0).argmax() == 0
    assert change.contributions.argmax() == 3
    assert change.contributions[0] < 0.0
    np.testing.assert_allclose(change.before, -forest.score_samples(before).mean())
    np.testing.assert_allclose(change.during, -forest.score_samples(during).mean())
    means = [forest.explain(part).mean(axis=0) for part in (before, during)]
    np.testing.assert_allclose(change.contributions, means[1] - means[0], atol=1e-12)
    again = forest.explain_change(during.astype(np.float32).tolist(), before)
    np.testing.assert_allclose(again.contributions, -change.contributions, atol=1e-4)
    with pytest.raises(ValueError, match="0 sample"):
        forest.explain_change(before[:0], during)


def test_explanations_name_the_cause(rows: Doubles) -> None:
    random = np.random.default_rng(0)
    usual = random.normal(size=(2_000, 6))
    forest = IsolationForest(random_state=0).fit(usual)
    named = 0
    for column in range(6):
        odd = random.normal(size=(50, 6))
        odd[:, column] = 6.0
        named += (forest.explain(odd).argmax(axis=1) == column).sum()
    assert named > 0.95 * 300


def test_importances_are_shares(forest: IsolationForest) -> None:
    importances = forest.feature_importances_
    assert importances.shape == (6,)
    assert importances.min() >= 0.0
    assert importances.sum() == pytest.approx(1.0)


def test_ranks_are_shares_of_the_training_rows(rows: Doubles) -> None:
    forest = IsolationForest(random_state=0, contamination=0.1).fit(rows)
    scores = forest.score_samples(rows)
    expected = np.array([(scores > score).mean() for score in scores])
    np.testing.assert_allclose(forest.rank(rows), expected, atol=0.02)


@pytest.mark.parametrize("spelling", ["bool", "int", "word"])
def test_verdicts_move_scores(labelled: tuple[Doubles, NDArray[np.bool_]], spelling: str) -> None:
    rows, anomaly = labelled
    forest = IsolationForest(random_state=0).fit(rows)
    before, offset = forest.score_samples(rows), forest.offset_
    # Anomalies and usual rows by turns.
    judged = np.column_stack([np.flatnonzero(anomaly)[:15], np.flatnonzero(~anomaly)[:15]]).ravel()
    verdicts: Any = {
        "bool": anomaly[judged],
        "int": anomaly[judged].astype(int),
        "word": ["confirmed" if yes else "rejected" for yes in anomaly[judged]],
    }[spelling]
    forest.learn(rows[judged[:15]], verdicts[:15]).learn(rows[judged[15:]], verdicts[15:])
    moved = forest.score_samples(rows) - before
    assert moved[judged[anomaly[judged]]].mean() < moved[judged[~anomaly[judged]]].mean()
    assert forest.offset_ == offset
    twin = pickle.loads(pickle.dumps(forest))
    np.testing.assert_array_equal(twin.score_samples(rows), forest.score_samples(rows))


def test_verdicts_in_every_spelling_teach_the_same(rows: Doubles) -> None:
    spellings: list[Any] = [[True, False], np.array([1, 0]), ["confirmed", "rejected"]]
    scores = [
        IsolationForest(random_state=0).fit(rows).learn(rows[:2], verdicts).score_samples(rows)
        for verdicts in spellings
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[0], scores[2])
