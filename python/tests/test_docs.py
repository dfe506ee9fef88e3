"""The documentation's examples run, and say what comes out."""

from __future__ import annotations

import doctest
from inspect import signature
from typing import Any

import pytest

import forewarn

ROOMS = [
    getattr(room, name)
    for room in (forewarn.compare, forewarn.engine, forewarn.trend)
    for name in room.__all__
    if name not in forewarn.__all__ and not isinstance(getattr(room, name), type)
]

ESTIMATORS = [
    forewarn.FailureTimeRegressor,
    forewarn.GradientBoostingClassifier,
    forewarn.GradientBoostingRegressor,
]


@pytest.mark.parametrize(
    "documented",
    [getattr(forewarn, name) for name in forewarn.__all__ if name != "CancelledError"] + ROOMS,
)
def test_examples(documented: Any) -> None:
    name = documented.__name__
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner()
    for test in finder.find(documented, name, globs={}):
        runner.run(test)
    results = runner.summarize()
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_parameter_is_documented_with_its_default(estimator: Any) -> None:
    text = estimator.__doc__
    assert "$" not in text
    for name, parameter in list(signature(estimator.__init__).parameters.items())[1:]:
        entry = text[text.index(f"\n{name} : ") :]
        shown = entry[: entry.index("\n    ")].rpartition("default=")[2]
        assert shown.strip('"') == str(parameter.default), name
