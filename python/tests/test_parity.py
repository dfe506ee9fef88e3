"""What someone who comes from scikit-learn's isolation forest relies on."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from conftest import Doubles
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest as Peer
from sklearn.metrics import roc_auc_score

from forewarn import IsolationForest


def standard(seed: int) -> IsolationForest:
    """The kind of forest that scikit-learn grows."""
    return IsolationForest(preset="standard", random_state=seed)


def test_parameters_are_those_of_scikit_learn_first() -> None:
    theirs = list(inspect.signature(Peer).parameters.values())
    ours = list(inspect.signature(IsolationForest).parameters.values())
    for their, our in zip(theirs, ours, strict=False):
        assert (our.name, our.kind) == (their.name, their.kind)
        # None is the preset's number of trees: 100 in the standard one.
        assert our.default == (None if our.name == "n_estimators" else their.default)
    assert len(ours) > len(theirs)
    for method in ("fit", "score_samples", "decision_function", "predict", "fit_predict"):
        names = [
            list(inspect.signature(getattr(c, method)).parameters) for c in (IsolationForest, Peer)
        ]
        assert names[0] == names[1]


def test_as_many_trees_as_scikit_learn(forest: IsolationForest) -> None:
    assert forest.n_estimators_ == Peer().n_estimators


def test_ranks_as_well(labelled: tuple[Doubles, NDArray[np.bool_]]) -> None:
    rows, anomaly = labelled
    seeds = range(6)
    ours, theirs = (
        [roc_auc_score(~anomaly, make(seed).fit(rows).score_samples(rows)) for seed in seeds]
        for make in (standard, lambda seed: Peer(random_state=seed))
    )
    # Four standard errors of the difference of two means of six runs, from the runs themselves.
    noise = 4.0 * np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / len(seeds))
    assert np.mean(theirs) > 0.9
    assert abs(np.mean(ours) - np.mean(theirs)) < noise + 0.002


def test_the_default_ranks_no_worse(labelled: tuple[Doubles, NDArray[np.bool_]]) -> None:
    rows, anomaly = labelled
    scores = IsolationForest(random_state=0).fit(rows).score_samples(rows)
    theirs = Peer(random_state=0).fit(rows).score_samples(rows)
    assert roc_auc_score(~anomaly, scores) > roc_auc_score(~anomaly, theirs) - 0.02


def test_scores_mean_the_same(rows: Doubles) -> None:
    ours = standard(0).fit(rows).score_samples(rows)
    theirs = Peer(random_state=0).fit(rows).score_samples(rows)
    # Two forests of 100 trees: the spread of a mean of 100 path lengths.
    assert np.abs(ours - theirs).mean() < 0.02
    assert np.corrcoef(ours, theirs)[0, 1] > 0.97
    assert ours.min() > -1.0
    assert ours.max() < 0.0


def test_auto_draws_the_line_at_a_half(rows: Doubles, forest: IsolationForest) -> None:
    assert forest.offset_ == Peer().fit(rows).offset_ == -0.5
    decision = forest.decision_function(rows)
    np.testing.assert_array_equal(decision, forest.score_samples(rows) + 0.5)
    np.testing.assert_array_equal(forest.predict(rows), np.where(decision < 0, -1, 1))


def test_the_toy_example_of_scikit_learn() -> None:
    toy = [[-2, -1], [-1, -1], [-1, -2], [1, 1], [1, 2], [2, 1], [7, 4], [-5, 9]]
    forest = IsolationForest(random_state=1, contamination=0.25).fit(toy)
    assert forest.predict(toy).tolist() == [1] * 6 + [-1] * 2
    decision = forest.decision_function(toy)
    assert decision[:6].min() > decision[6:].max()


@pytest.mark.parametrize("contamination", [0.001, 0.01, 0.1, 0.5])
def test_contamination_is_an_exact_share(rows: Doubles, contamination: float) -> None:
    forest = IsolationForest(random_state=0, contamination=contamination).fit(rows)
    assert (forest.predict(rows) == -1).sum() == round(contamination * len(rows))
    assert (forest.fit_predict(rows) == -1).sum() == round(contamination * len(rows))


def test_an_offset_of_ones_own_decides(rows: Doubles) -> None:
    forest = IsolationForest(random_state=0).fit(rows)
    forest.offset_ = -0.6
    np.testing.assert_array_equal(forest.predict(rows) == -1, forest.score_samples(rows) < -0.6)


def test_max_samples_and_max_features_count_as_theirs(rows: Doubles) -> None:
    for max_samples in ("auto", 100, 0.1, 1.0):
        ours = IsolationForest(n_estimators=1, max_samples=max_samples).fit(rows)
        theirs = Peer(n_estimators=1, max_samples=max_samples).fit(rows)
        assert ours.max_samples_ == theirs.max_samples_
    with pytest.warns(UserWarning, match="greater than the total number"):
        assert IsolationForest(max_samples=10_000).fit(rows).max_samples_ == len(rows)
    # Three of six columns a tree, whether as a count or as a share.
    by_count, by_share = (
        IsolationForest(random_state=0, max_features=three).fit(rows).score_samples(rows)
        for three in (3, 0.5)
    )
    np.testing.assert_array_equal(by_count, by_share)


def test_random_state_in_all_forms(rows: Doubles) -> None:
    def scores(random_state: object) -> Doubles:
        forest = IsolationForest(n_estimators=10, random_state=random_state)  # type: ignore[arg-type]
        return forest.fit(rows).score_samples(rows)

    np.testing.assert_array_equal(scores(3), scores(np.int64(3)))
    assert not np.array_equal(scores(3), scores(4))
    for make in (np.random.RandomState, np.random.default_rng):
        np.testing.assert_array_equal(scores(make(3)), scores(make(3)))
        state = make(3)
        assert not np.array_equal(scores(state), scores(state))
    assert not np.array_equal(scores(None), scores(None))
