"""Tables that boosting is given: layouts, frames, categories, and what is refused."""

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
from sklearn.exceptions import NotFittedError

from forewarn import GradientBoostingClassifier, GradientBoostingRegressor

SITES = ["north", "east", "south", "west", "hill", "port"]


@pytest.fixture(scope="module")
def numbers(rows: Doubles) -> tuple[Doubles, Doubles]:
    """Rows, and a quantity that depends on them."""
    return rows, rows[:, 0] + np.abs(rows[:, 1])


@pytest.fixture(scope="module")
def mixed() -> tuple[pd.DataFrame, pd.Series[Any]]:
    """A number, and a category that decides; both with gaps."""
    random = np.random.default_rng(0)
    site = random.choice(SITES, 3_000)
    load = random.normal(size=3_000)
    fails = (np.isin(site, ["east", "hill"]) & (load > -0.5)) | (load > 1.5)
    table = pd.DataFrame({"load": load, "site": pd.Series(site).astype("category")})
    table.loc[::50, "site"] = np.nan
    table.loc[::70, "load"] = np.nan
    return table, pd.Series(np.where(fails, "fails", "works"))


def polars(table: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(table)


def enum(table: pd.DataFrame) -> pl.DataFrame:
    return pl.from_pandas(table).with_columns(
        pl.col("site").cast(pl.String).cast(pl.Enum([*SITES[::-1], "laboratory"]))
    )


def arrow(table: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(table, preserve_index=False)


Maker = Callable[[pd.DataFrame], Any]


def test_every_layout_gives_the_same_bits(numbers: tuple[Doubles, Doubles]) -> None:
    x, y = numbers
    wide = np.empty((2 * len(x), 2 * x.shape[1]))
    wide[::2, ::2] = x
    packed = np.zeros(len(x), dtype=[("flag", "i1"), ("values", "f8", x.shape[1])])
    packed["values"] = x
    layouts = {
        "F": np.asfortranarray(x),
        "strided": wide[::2, ::2],
        "reversed": x[::-1, ::-1].copy()[::-1, ::-1],
        "in records": packed["values"],
        "byte-swapped": x.astype(">f8"),
        "list": x.tolist(),
        "pandas": pd.DataFrame(x).set_axis(range(x.shape[1]), axis=1),
    }
    expected = GradientBoostingRegressor(random_state=0, n_estimators=10).fit(x, y).predict(x)
    for name, table in layouts.items():
        model = GradientBoostingRegressor(random_state=0, n_estimators=10).fit(table, y)
        np.testing.assert_array_equal(model.predict(table), expected, err_msg=name)
        np.testing.assert_array_equal(model.apply(table), model.apply(x), err_msg=name)


def test_float32_is_read_exactly(numbers: tuple[Doubles, Doubles]) -> None:
    x, y = numbers
    single = x.astype(np.float32)
    of_single = GradientBoostingRegressor(random_state=0, n_estimators=10).fit(single, y)
    of_double = GradientBoostingRegressor(random_state=0, n_estimators=10).fit(
        single.astype(np.float64), y
    )
    expected = of_double.predict(single.astype(np.float64))
    np.testing.assert_array_equal(of_single.predict(single), expected)
    np.testing.assert_array_equal(of_single.predict(np.asfortranarray(single)), expected)


@pytest.mark.parametrize("library", [pd.DataFrame, polars, enum, arrow])
def test_categories_are_the_same_in_every_library(
    mixed: tuple[pd.DataFrame, pd.Series[Any]], library: Maker
) -> None:
    table, y = mixed
    codes = table.assign(
        site=table["site"].astype(object).map({name: i for i, name in enumerate(sorted(SITES))})
    ).to_numpy(dtype=np.float64)
    expected = GradientBoostingClassifier(random_state=0, categorical_features=[1]).fit(codes, y)
    model = GradientBoostingClassifier(random_state=0).fit(library(table), y)
    assert model.feature_names_in_.tolist() == ["load", "site"]
    chance = model.predict_proba(library(table))
    np.testing.assert_array_equal(chance, expected.predict_proba(codes))
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(library(table)), chance)
    assert model.score(library(table), y) > 0.98


@pytest.mark.parametrize("wanted", [["site"], [1], [False, True], np.array([1])])
def test_categorical_features_in_every_form(
    mixed: tuple[pd.DataFrame, pd.Series[Any]], wanted: Any
) -> None:
    table, y = mixed
    text = table.assign(site=table["site"].astype(object))
    model = GradientBoostingClassifier(random_state=0, categorical_features=wanted).fit(text, y)
    expected = GradientBoostingClassifier(random_state=0).fit(table, y)
    np.testing.assert_array_equal(model.predict_proba(text), expected.predict_proba(table))


@pytest.mark.parametrize("library", [pd.DataFrame, polars, arrow])
def test_new_categories_are_all_alike(
    mixed: tuple[pd.DataFrame, pd.Series[Any]], library: Maker
) -> None:
    table, y = mixed
    model = GradientBoostingClassifier(random_state=0).fit(library(table), y)

    def chance(site: str) -> Doubles:
        moved = table.assign(site=pd.Categorical([site] * len(table)))
        return model.predict_proba(library(moved))

    np.testing.assert_array_equal(chance("island"), chance("airfield"))
    assert not np.array_equal(chance("island"), chance("east"))
    assert not np.array_equal(chance("east"), chance("west"))


def test_held_out_tables_use_the_same_codes(mixed: tuple[pd.DataFrame, pd.Series[Any]]) -> None:
    table, y = mixed
    half = len(table) // 2
    held_out = table.iloc[half:].assign(
        site=table["site"].iloc[half:].cat.set_categories(["island", *SITES[::-1]])
    )
    histories = [
        GradientBoostingClassifier(random_state=0, n_estimators=10)
        .fit(table.iloc[:half], y.iloc[:half], eval_set=(given, y.iloc[half:]))
        .evals_result_
        for given in (held_out, table.iloc[half:])
    ]
    assert histories[0] == histories[1]


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity(numbers: tuple[Doubles, Doubles], value: float) -> None:
    x, y = numbers
    model = GradientBoostingRegressor(random_state=0, n_estimators=2).fit(x, y)
    bad = x.copy()
    bad[1_234, 3] = value
    message = f"row 1234, column 3 is {value}"
    for use in (model.predict, model.apply, lambda table: list(model.staged_predict(table))):
        with pytest.raises(ValueError, match=message):
            use(bad)
    with pytest.raises(ValueError, match=message):
        model.fit(bad, y)
    with pytest.raises(ValueError, match=message):
        model.fit(x, y, eval_set=(bad, y))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_estimators": 0}, "n_estimators is 0"),
        ({"n_estimators": 10.0}, "n_estimators is 10.0"),
        ({"learning_rate": 0.0}, "learning_rate is 0"),
        ({"learning_rate": 1.5}, "learning_rate is 1.5"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'"),
        ({"max_leaf_nodes": 1}, "max_leaf_nodes is 1"),
        ({"max_depth": 0}, "max_depth is 0"),
        ({"min_samples_leaf": 0}, "min_samples_leaf is 0"),
        ({"min_hessian": -1.0}, "min_hessian is -1"),
        ({"min_gain": float("nan")}, "min_gain is nan"),
        ({"l1_regularization": -1}, "l1_regularization is -1"),
        ({"l2_regularization": float("inf")}, "l2_regularization is inf"),
        ({"max_bins": 256}, "max_bins is 256: it must be a whole number from 2 to 255"),
        ({"subsample": 0.0}, "subsample is 0"),
        ({"goss": 0.2}, "goss is 0.2"),
        ({"goss": (0.9, 0.2)}, "rest is 0.2"),
        ({"max_features": 7}, "max_features is 7: .* from 1 to the 6 columns"),
        ({"max_features_tree": 0.0}, "max_features_tree is 0.0"),
        ({"monotonic_cst": [1]}, "monotonic_cst has 1 entries"),
        ({"monotonic_cst": [2, 0, 0, 0, 0, 0]}, "monotonic_cst is 2 for column 0"),
        ({"monotonic_cst": {"cpu": 1}}, "not a table whose columns have names"),
        ({"interaction_cst": "some"}, "interaction_cst is 'some'"),
        ({"interaction_cst": [{0, 6}]}, "interaction_cst has 6: .* between 0 and 5"),
        ({"early_stopping": "auto"}, "early_stopping is 'auto'"),
        ({"early_stopping": True, "n_iter_no_change": 0}, "n_iter_no_change is 0"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1.0"),
        ({"validation_shuffle": 1}, "validation_shuffle is 1"),
        ({"n_jobs": 0}, "n_jobs is 0"),
        ({"random_state": -1}, "random_state is -1"),
    ],
)
def test_parameters(
    numbers: tuple[Doubles, Doubles], parameters: dict[str, Any], message: str
) -> None:
    x, y = numbers
    for model, labels in (
        (GradientBoostingRegressor(**parameters), y),
        (GradientBoostingClassifier(**parameters), y > 1.0),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(x, labels)
        with pytest.raises(NotFittedError):
            model.predict(x)


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({}, [np.nan] * 10, "NaN"),
        ({}, [np.inf] * 10, "inf"),
        ({}, [1e19] * 10, "target is 1"),
        ({}, ["some"] * 10, "could not convert string"),
        ({"loss": "mean"}, [1.0] * 10, "loss is 'mean': it must be 'squared_error'"),
        ({"loss": "quantile"}, [1.0] * 10, "quantile must say which one"),
        ({"loss": "quantile", "quantile": 1.0}, [1.0] * 10, "quantile is 1"),
        ({"loss": "huber", "delta": 0.0}, [1.0] * 10, "delta is 0"),
        ({"loss": "poisson"}, [-1.0] * 10, "target is -1: .* at least 0 for Poisson"),
        ({"loss": "poisson"}, [0.0] * 10, "sum of the targets is 0"),
        ({"early_stopping": True}, [1.0], "two rows"),
    ],
)
def test_targets(parameters: dict[str, Any], y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GradientBoostingRegressor(**parameters).fit(np.ones((len(y), 2)), y)


@pytest.mark.parametrize(
    ("parameters", "y", "message"),
    [
        ({}, ["works"] * 30, "1 class only, 'works'"),
        ({"loss": "hinge"}, [0, 1, 0], "loss is 'hinge': it must be 'log_loss' or 'focal'"),
        ({"loss": "focal"}, [0, 1, 2], "two classes only"),
        ({"loss": "focal", "gamma": 11.0}, [0, 1, 0], "focal is 11"),
        ({"class_weight": "even"}, [0, 1, 0], "class_weight"),
        ({"class_weight": {3: 1.0}}, [0, 1, 0], "not in class_weight"),
        ({"class_weight": {0: -1.0}}, [0, 1, 0], "weight is -1"),
    ],
)
def test_classes(parameters: dict[str, Any], y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GradientBoostingClassifier(**parameters).fit(np.ones((len(y), 2)), y)


def test_held_out_rows_that_do_not_fit(numbers: tuple[Doubles, Doubles]) -> None:
    x, y = numbers
    regressor, classifier = (
        GradientBoostingRegressor(random_state=0),
        GradientBoostingClassifier(random_state=0),
    )
    for held_out, message in (
        ((x[:, :5], y), "5 features"),
        ((x, y[:-1]), "inconsistent numbers"),
        ((x,), "must be"),
        ((x, y, y, y), "eval_set must be"),
    ):
        with pytest.raises(ValueError, match=message):
            regressor.fit(x, y, eval_set=held_out)
    with pytest.raises(ValueError, match=r"no training row has: \['lost'\]"):
        classifier.fit(x, np.where(y > 1, "a", "b"), eval_set=(x, np.where(y > 1, "a", "lost")))


def test_two_columns_of_one_name(numbers: tuple[Doubles, Doubles]) -> None:
    x, y = numbers
    with pytest.raises(ValueError, match=r"unique column names|two columns have the name"):
        GradientBoostingRegressor(random_state=0).fit(pd.DataFrame(x, columns=list("abcdea")), y)
