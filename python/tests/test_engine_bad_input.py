"""What an engine cannot work with, it refuses in clear words, and stays as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from conftest import Tables

from forewarn import Engine

SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"preset": "planes"}, "preset is 'planes': it must be 'telemetry' or 'cycles'"),
    ({"preset": None}, "preset is None"),
    ({"horizon": 0.0}, "horizon"),
    ({"horizon": "a day"}, "horizon is 'a day': it must be a number above 0"),
    ({"windows": 3_600.0}, "windows is 3600.0: it must be rising lengths of time"),
    ({"windows": [7_200.0, 3_600.0]}, "windows"),
    ({"half_lives": []}, "half_lives"),
    ({"half_lives": ["x"]}, "an entry of half_lives is 'x'"),
    ({"hold_out": 0.9}, "hold_out"),
    ({"hold_out_by": "luck"}, "hold_out_by is 'luck'"),
    ({"costs": {"failures": 1.0}}, "costs names 'failures': it can name failure, action, look"),
    ({"costs": 5.0}, "costs is 5.0: it must be a mapping"),
    ({"costs": {"failure": -1.0}}, "costs.failure"),
    ({"budget": -1}, "budget is -1: it must be a whole number from 0"),
    ({"budget": 1.5}, "budget is 1.5"),
    ({"folds": 1}, "folds"),
    ({"cap": 10.0}, "cap"),
    ({"coverage": 1.0}, "coverage"),
    ({"contamination": 0.9}, "contamination"),
    ({"least_failures": 1}, "least_failures"),
    ({"lifetimes": "yes"}, "lifetimes is 'yes': it must be True or False"),
    ({"clock": " "}, "clock"),
    ({"n_jobs": 0}, "n_jobs"),
    ({"random_state": -1}, "random_state"),
]


@pytest.mark.parametrize(("params", "words"), SETTINGS)
def test_settings(params: dict[str, Any], words: str, pumps: Tables) -> None:
    engine = Engine(**params)
    with pytest.raises(ValueError, match=words):
        engine.train(*pumps)
    assert not engine.__sklearn_is_fitted__()


def changed(**columns: Any) -> dict[str, Any]:
    """Three rows, some columns of which are replaced, or left out if None."""
    table = {"entity": ["a", "a", "b"], "time": [0.0, 1.0, 0.0], "load": [1.0, 2.0, 3.0]}
    return {name: it for name, it in (table | columns).items() if it is not None}


TABLES: list[tuple[dict[str, Any], str]] = [
    ({"entity": None}, r"history has no column 'entity': it has \['time', 'load'\]"),
    ({"time": None}, "history has no column 'time'"),
    ({"time": ["2024-01-01"] * 3}, "column 'time' of history holds strings: make them dates"),
    ({"time": [0.0, np.nan, 1.0]}, "column 'time' of history is missing in row 1"),
    ({"time": [0.0, 1e13, 1.0]}, "time"),
    ({"time": [0.0, 1.0]}, "columns of history have different lengths"),
    ({"entity": ["a", None, "b"]}, "column 'entity' of history is missing in row 1"),
    ({"entity": ["a", "", "b"]}, "a name is empty: every entity needs one"),
    ({"load": ["low", "high", "low"]}, "column 'load' of history does not hold numbers"),
    ({"load": [1.0, np.inf, 2.0]}, "inf"),
    ({"load": [1.0, 1e200, 2.0]}, "value is 10{200}: it must be from -1e150 to 1e150"),
    ({"load": np.zeros((3, 2))}, "column 'load' of history has 2 dimensions"),
]


@pytest.mark.parametrize(("columns", "words"), TABLES)
def test_histories(columns: dict[str, Any], words: str) -> None:
    table = changed(**columns)
    with pytest.raises(ValueError, match=words):
        Engine().train(table)
    try:
        frames = [pd.DataFrame(table), pl.DataFrame(table)]
    except (ValueError, pl.exceptions.PolarsError):
        return
    for frame in frames:
        with pytest.raises(ValueError, match=words):
            Engine().train(frame)


def test_other_tables() -> None:
    for table, words in (
        ([1, 2], "history is a list: it must be a DataFrame of pandas or Polars, an Arrow table"),
        (None, "history is a NoneType"),
        (changed(load=3.0), "column 'load' of history is a float: it must be a list or an array"),
    ):
        with pytest.raises(TypeError, match=words):
            Engine().train(table)
    with pytest.raises(ValueError, match="no column 'power'"):
        Engine(metrics=["power"]).train(changed())
    with pytest.raises(TypeError, match="metrics is the string 'load'"):
        Engine(metrics="load").train(changed())
    with pytest.raises(TypeError, match="entity is 3: it must be a column's name"):
        Engine(entity=3).train(changed())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="rows is empty: at least one is needed"):
        Engine().train({"entity": [], "time": [], "load": []})
    twice = pd.DataFrame([["a", 0.0, 1.0, 2.0]], columns=["entity", "time", "load", "load"])
    with pytest.raises(ValueError, match="history has more than one column 'load'"):
        Engine().train(twice)
    with pytest.raises(ValueError, match="failures has no column 'time'"):
        Engine().train(changed(), {"entity": ["a"]})
    with pytest.raises(ValueError, match="events has no column 'kind'"):
        Engine().train(changed(), events={"entity": ["a"], "time": [0.0]})
    with pytest.raises(ValueError, match="column 'kind' of events is missing in row 0"):
        Engine().train(changed(), events={"entity": ["a"], "time": [0.0], "kind": [None]})
    with pytest.raises(ValueError, match="attributes has no column 'entity'"):
        Engine().train(changed(), attributes={"model": ["A"]})


def test_odd_histories_are_learned_from() -> None:
    """One row of an entity, failures of the unknown, columns of NaN alone: told, not refused."""
    engine = Engine().train(
        changed(other=[np.nan] * 3), {"entity": ["a", "ghost"], "time": [5.0, 7.0]}
    )
    assert engine.card.mode == "detect only"
    assert any("ghost" in it for it in engine.warnings)
    assert len(engine.assess(changed(other=[np.nan] * 3))) == 2


def test_assessing_what_is_not_known(engine: Engine, pumps: Tables) -> None:
    history = pd.DataFrame(pumps[0])
    expected = repr(list(engine.assess(history)))
    more = history.assign(noise=1.0, remark="text")
    assert repr(list(engine.assess(more))) == expected
    without = engine.assess(history.drop(columns="pressure"))
    assert any("pressure" in it.text for found in without for it in found.reasons)
    with pytest.raises(ValueError, match="none of the plan's metrics is there: temperature"):
        engine.assess(history[["entity", "time"]].assign(noise=1.0))
    with pytest.raises(ValueError, match="time"):
        engine.assess(history, now=1e13)
    with pytest.raises(ValueError, match="step"):
        engine.assess_history(history, step=0.0)
    assert repr(list(engine.assess(history))) == expected


def test_a_failed_training_changes_nothing(engine: Engine, pumps: Tables) -> None:
    before = engine.to_bytes()
    with pytest.raises(ValueError, match="entity"):
        engine.train(changed(entity=["a", None, "b"]))
    assert engine.to_bytes() == before
    assert engine.report(None, *pumps) == engine.report()
