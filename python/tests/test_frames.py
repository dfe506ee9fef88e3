"""pandas, Polars and Arrow tables, and the categories in them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Doubles

from forewarn import IsolationForest

NAMES = ["cpu", "memory", "disk", "network", "errors", "latency"]
HOSTS = ["web", "database", "cache", "queue"]


def polars(table: pd.DataFrame) -> pl.DataFrame:
    frame = pl.DataFrame({name: pl.Series(name, _values(table[name])) for name in table})
    categories = [name for name in table if isinstance(table[name].dtype, pd.CategoricalDtype)]
    return frame.with_columns(pl.col(name).cast(pl.Categorical) for name in categories)


def enum(table: pd.DataFrame) -> pl.DataFrame:
    frame = polars(table)
    categories = [name for name in frame.columns if frame.schema[name] == pl.Categorical]
    return frame.with_columns(
        pl.col(name).cast(pl.Enum(frame[name].drop_nulls().cast(pl.String).unique()))
        for name in categories
    )


def arrow(table: pd.DataFrame) -> pa.Table:
    return pa.table(
        {
            name: (
                pa.chunked_array(
                    [pa.array(part).dictionary_encode() for part in np.array_split(values, 2)]
                )
                if isinstance(table[name].dtype, pd.CategoricalDtype)
                else pa.array(values, from_pandas=True)
            )
            for name in table
            for values in [np.array(_values(table[name]), dtype=object)]
        }
    )


def _values(series: pd.Series[Any]) -> list[Any]:
    return [None if pd.isna(value) else value for value in series.tolist()]


Maker = Callable[[pd.DataFrame], Any]
LIBRARIES: list[Maker] = [pd.DataFrame, polars, arrow]


@pytest.fixture(scope="module")
def numbers(rows: Doubles) -> pd.DataFrame:
    return pd.DataFrame(rows[:1_500], columns=NAMES)


@pytest.fixture(scope="module")
def mixed(numbers: pd.DataFrame) -> pd.DataFrame:
    """Numbers and a category, both with gaps."""
    random = np.random.default_rng(0)
    hosts = pd.Series(random.choice(HOSTS, size=len(numbers))).astype("category")
    table = numbers.assign(host=hosts, up=random.random(len(numbers)) < 0.9)
    table.loc[::50, "host"] = np.nan
    table.loc[::70, "cpu"] = np.nan
    return table


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_table_scores_as_its_values(numbers: pd.DataFrame, library: Maker) -> None:
    table = library(numbers)
    forest = IsolationForest(random_state=0, contamination=0.1).fit(table)
    plain = IsolationForest(random_state=0, contamination=0.1).fit(numbers.to_numpy())
    assert forest.feature_names_in_.tolist() == NAMES
    assert forest.offset_ == plain.offset_
    np.testing.assert_array_equal(
        forest.score_samples(table), plain.score_samples(numbers.to_numpy())
    )
    assert not hasattr(plain, "feature_names_in_")


def test_columns_of_many_types(numbers: pd.DataFrame) -> None:
    whole = numbers.round()
    expected = IsolationForest(random_state=0).fit(whole.to_numpy())
    typed = whole.astype(
        {"cpu": "float32", "memory": "int64", "disk": "Int64", "network": "Float64", "errors": "O"}
    )
    shrunk = pl.DataFrame({name: whole[name].tolist() for name in whole}).cast(
        {"cpu": pl.Float32, "memory": pl.Int16, "disk": pl.Decimal(20, 2)}
    )
    for table in (typed, shrunk):
        forest = IsolationForest(random_state=0).fit(table)
        np.testing.assert_array_equal(
            forest.score_samples(table), expected.score_samples(whole.to_numpy())
        )


@pytest.mark.parametrize("library", [pd.DataFrame, polars, enum, arrow])
def test_categories_are_the_same_in_every_library(mixed: pd.DataFrame, library: Maker) -> None:
    codes = mixed.assign(
        host=mixed["host"].astype(object).map({name: i for i, name in enumerate(sorted(HOSTS))})
    ).to_numpy(dtype=np.float64)
    expected = IsolationForest(random_state=0, categorical_features=[6]).fit(codes)
    table = library(mixed)
    forest = IsolationForest(random_state=0).fit(table)
    np.testing.assert_array_equal(forest.score_samples(table), expected.score_samples(codes))
    copy = pickle.loads(pickle.dumps(forest))
    np.testing.assert_array_equal(copy.score_samples(table), expected.score_samples(codes))


def test_order_of_rows_and_categories_does_not_change_codes(mixed: pd.DataFrame) -> None:
    forest = IsolationForest(random_state=0).fit(mixed)
    relabelled = mixed.assign(host=mixed["host"].cat.set_categories(["unused", *HOSTS[::-1]]))
    np.testing.assert_array_equal(forest.score_samples(relabelled), forest.score_samples(mixed))
    np.testing.assert_array_equal(
        IsolationForest(random_state=0).fit(relabelled).score_samples(mixed),
        forest.score_samples(mixed),
    )


@pytest.mark.parametrize("wanted", [["host"], [6], [False] * 6 + [True, False], np.array([6])])
def test_categorical_features_in_every_form(mixed: pd.DataFrame, wanted: Any) -> None:
    text = mixed.assign(host=mixed["host"].astype(object))
    forest = IsolationForest(random_state=0, categorical_features=wanted).fit(text)
    expected = IsolationForest(random_state=0).fit(mixed)
    np.testing.assert_array_equal(forest.score_samples(text), expected.score_samples(mixed))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_new_category_is_more_abnormal(library: Maker) -> None:
    random = np.random.default_rng(0)
    usual = pd.DataFrame({"load": random.normal(size=500), "host": random.choice(HOSTS, 500)})
    usual["host"] = usual["host"].astype("category")
    forest = IsolationForest(random_state=0).fit(library(usual))
    new = usual.assign(host=pd.Categorical(["laptop"] * 500))
    known, unknown = forest.score_samples(library(usual)), forest.score_samples(library(new))
    assert (unknown < known).mean() > 0.9
    # All new ones are alike.
    other = usual.assign(host=pd.Categorical(["phone"] * 500))
    np.testing.assert_array_equal(forest.score_samples(library(other)), unknown)


def test_names_are_checked(numbers: pd.DataFrame) -> None:
    forest = IsolationForest(random_state=0).fit(numbers)
    with pytest.raises(ValueError, match="same order"):
        forest.score_samples(numbers[NAMES[::-1]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        forest.score_samples(numbers.rename(columns={"cpu": "gpu"}))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        forest.score_samples(numbers.to_numpy())


@pytest.mark.parametrize("library", LIBRARIES)
def test_explanations_come_in_the_same_table(mixed: pd.DataFrame, library: Maker) -> None:
    table = library(mixed)
    forest = IsolationForest(random_state=0).fit(table)
    explained = forest.explain(table)
    assert type(explained) is type(table)
    names = explained.column_names if library is arrow else list(explained.columns)
    assert names == [*NAMES, "host", "up"]
    values = np.column_stack([np.asarray(explained[name]) for name in names])
    sums = values.sum(axis=1)
    np.testing.assert_allclose(
        sums, -forest.score_samples(table) - forest.expectation_, atol=1e-9, rtol=0
    )


def test_explanations_keep_the_index(mixed: pd.DataFrame) -> None:
    few = mixed.iloc[5:20:3]
    explained = IsolationForest(random_state=0, n_estimators=5).fit(mixed).explain(few)
    assert explained.index.equals(few.index)


@pytest.mark.parametrize("library", LIBRARIES)
def test_text_is_refused_by_name(numbers: pd.DataFrame, library: Maker) -> None:
    table = library(numbers.assign(host=["web"] * len(numbers)))
    with pytest.raises(ValueError, match=r"'host' holds strings.*categorical"):
        IsolationForest().fit(table)


@pytest.mark.parametrize("library", LIBRARIES)
def test_times_are_refused_by_name(numbers: pd.DataFrame, library: Maker) -> None:
    times = pd.date_range("2024-01-01", periods=len(numbers), freq="h")
    with pytest.raises(ValueError, match="'when' has dtype"):
        IsolationForest().fit(library(numbers.assign(when=times)))


def test_a_column_that_turned_categorical_is_refused(mixed: pd.DataFrame) -> None:
    coded = mixed.assign(host=mixed["host"].cat.codes)
    forest = IsolationForest(random_state=0).fit(coded)
    with pytest.raises(ValueError, match="'host' holds categories"):
        forest.score_samples(mixed)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (["nothing"], "no such column"),
        ([8], "between 0 and 7"),
        ([-1], "between 0 and 7"),
        ([True], "one for each of the 8 columns"),
        ([1.5], "names or positions"),
        ("host", "must be 'from_dtype'"),
    ],
)
def test_bad_categorical_features(mixed: pd.DataFrame, wanted: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        IsolationForest(categorical_features=wanted).fit(mixed)


def test_codes_in_an_array(rows: Doubles) -> None:
    coded = rows.copy()
    coded[:, 2] = np.arange(len(rows)) % 3
    forest = IsolationForest(random_state=0, categorical_features=[2]).fit(coded)
    as_numbers = IsolationForest(random_state=0).fit(coded)
    assert not np.array_equal(forest.score_samples(coded), as_numbers.score_samples(coded))
    with pytest.raises(ValueError, match=r"column 2.*whole numbers from 0 to 65535"):
        forest.score_samples(coded + 0.5)
    with pytest.raises(ValueError, match="not a table with named columns"):
        IsolationForest(categorical_features=["cpu"]).fit(coded)


def test_a_whole_frame_of_floats_is_not_copied(numbers: pd.DataFrame) -> None:
    from forewarn._categories import Categories
    from forewarn._frames import frame

    for library in (pd.DataFrame, polars):
        table = frame(library(numbers))
        assert table is not None
        assert Categories([]).encode(table, learn=True) is not None
    pandas = frame(numbers)
    assert pandas is not None
    assert np.shares_memory(Categories([]).encode(pandas, learn=True), numbers.to_numpy())
