"""Forests that learn as they go."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Doubles

from forewarn import StreamingForest
from forewarn._core import streaming_defaults


def moments(count: int) -> Doubles:
    """Load and the latency that follows it, some values missing."""
    random = np.random.default_rng(0)
    load = 50.0 + 40.0 * np.sin(np.arange(count) / 10.0)
    x: Doubles = np.column_stack([load, 10.0 + 0.2 * load + random.normal(size=count) * 0.3])
    x[random.random(x.shape) < 0.02] = np.nan
    return x


def test_defaults_are_the_librarys_and_documented() -> None:
    parameters = inspect.signature(StreamingForest).parameters
    defaults = {name: it.default for name, it in parameters.items()}
    assert defaults == {**streaming_defaults(), "n_jobs": None}
    assert StreamingForest().get_params() == defaults
    text = StreamingForest.__doc__
    assert text is not None
    entries = [line.strip() for line in text.splitlines() if "default=" in line]
    documented = [(line.split(" : ")[0], line.partition("default=")[2]) for line in entries]
    assert documented == [(name, str(it)) for name, it in defaults.items()]


def test_settings_reach_the_library() -> None:
    settings: dict[str, Any] = {
        "n_trees": 3,
        "sample_size": 16,
        "half_life": 40.0,
        "shingle": 2,
        "seed": 2**64 - 1,
    }
    forest = StreamingForest(**settings)
    forest.update([1.0, 2.0])
    assert StreamingForest.from_bytes(forest.to_bytes()).get_params() == {
        **settings,
        "n_jobs": None,
    }


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_many_rows_are_taken_as_one_by_one(n_jobs: int) -> None:
    x = moments(600)
    one = StreamingForest(seed=1, shingle=2)
    many = StreamingForest(seed=1, shingle=2, n_jobs=n_jobs)
    scores = np.array([one.update(row) for row in x])
    in_two = [many.update_many(x[:123]), many.update_many(np.asfortranarray(x[123:]))]
    np.testing.assert_array_equal(np.concatenate(in_two), scores)
    assert many.to_bytes() == one.to_bytes()
    assert many.count == 600
    assert scores[0] == 0.0
    other = StreamingForest(seed=2, shingle=2).update_many(x)
    assert not np.array_equal(other, scores)


def test_what_is_odd_scores_highest_and_is_explained() -> None:
    forest = StreamingForest()
    scores = forest.update_many(moments(1_500))
    before = forest.to_bytes()
    # As slow as under full load, but idle; and a latency far beyond any.
    idle, slow = forest.explain([12.0, 28.0]), forest.explain([50.0, 200.0])
    assert idle.score > scores[500:].max()
    assert slow.contributions[1] > slow.contributions[0]
    for it in (idle, slow):
        assert it.baseline + it.contributions.sum() == pytest.approx(it.score)
        assert (it.contributions >= 0.0).all()
    assert forest.score([12.0, 28.0]) == idle.score
    assert forest.to_bytes() == before
    assert forest.update([12.0, 28.0]) == idle.score
    assert forest.to_bytes() != before


def test_tables_are_read_as_arrays() -> None:
    x = moments(300)
    expected = StreamingForest().update_many(x)
    columns = {"load": x[:, 0], "latency": x[:, 1]}
    for table in (pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        forest = StreamingForest()
        np.testing.assert_array_equal(forest.update_many(table), expected)
        assert forest.n_features_in_ == 2
        assert list(forest.feature_names_in_) == ["load", "latency"]
        copy = pickle.loads(pickle.dumps(forest))
        with pytest.raises(ValueError, match="in this order"):
            copy.update_many(pd.DataFrame(columns)[["latency", "load"]])
        assert copy.to_bytes() == forest.to_bytes()
    unnamed = StreamingForest()
    np.testing.assert_array_equal(unnamed.update_many(x.tolist()), expected)
    assert not hasattr(unnamed, "feature_names_in_")


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_forest_goes_on_with_the_same_bits(protocol: int) -> None:
    x = moments(700)
    forest = StreamingForest(n_trees=10, shingle=3, n_jobs=1)
    forest.update_many(x[:400])
    copies = [
        pickle.loads(pickle.dumps(forest, protocol)),
        StreamingForest.from_bytes(forest.to_bytes()),
    ]
    assert copies[0].get_params() == forest.get_params()
    assert [it.n_features_in_ for it in copies] == [2, 2]
    expected = forest.update_many(x[400:])
    for copy in copies:
        np.testing.assert_array_equal(copy.update_many(x[400:]), expected)
    new = pickle.loads(pickle.dumps(StreamingForest(seed=5), protocol))
    assert new.update_many(x).tolist() == StreamingForest(seed=5).update_many(x).tolist()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_trees": 0}, "n_trees is 0: it must be from 1 to 1,000"),
        ({"n_trees": 2.5}, "n_trees is 2.5"),
        ({"sample_size": 1}, "sample_size is 1"),
        ({"half_life": 0.5}, "half_life is 0.5"),
        ({"half_life": float("nan")}, "half_life is NaN"),
        ({"shingle": 1_001}, "shingle is 1001"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StreamingForest(**settings)


def test_bad_rows_leave_the_forest_as_it_was() -> None:
    forest = StreamingForest()
    for call in (forest.score, forest.explain):
        with pytest.raises(ValueError, match="no row yet"):
            call([1.0, 2.0])
    bad: list[tuple[Any, str]] = [
        ([[1.0, 2.0], [np.inf, 2.0]], "inf"),
        ([1.0, 2.0], "X has 1 dimensions"),
        ([["a", "b"]], "could not convert string to float"),
        (pd.DataFrame({"a": ["x"], "b": [1.0]}), "column 'a' holds strings"),
        (np.empty((3, 0)), "columns"),
    ]
    for x, message in bad:
        with pytest.raises(ValueError, match=message):
            forest.update_many(x)
    assert forest.count == 0 and not hasattr(forest, "n_features_in_")
    forest.update([1.0, 2.0])
    before = forest.to_bytes()
    for x, message in [*bad, ([[1.0, 2.0, 3.0]], "3 columns given, 2 expected")]:
        with pytest.raises(ValueError, match=message):
            forest.update_many(x)
    bad_rows: list[tuple[Any, str]] = [
        ([1.0], "1 columns given, 2 expected"),
        ([1.0, np.inf], "inf"),
        ([[1.0, 2.0]], "2 dimensions"),
    ]
    for row, message in bad_rows:
        for of_row in (forest.update, forest.score, forest.explain):
            with pytest.raises(ValueError, match=message):
                of_row(row)
    forest.n_jobs = 0
    with pytest.raises(ValueError, match="n_jobs is 0"):
        forest.update_many([[1.0, 2.0]])
    assert forest.to_bytes() == before
    with pytest.raises(ValueError, match="not a valid model"):
        StreamingForest.from_bytes(before[:-1])
