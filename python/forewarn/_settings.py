"""From an estimator's parameters to the settings of the library, checked in Python's names."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, TypedDict, TypeGuard

import numpy as np
from sklearn.utils import check_random_state  # type: ignore[import-untyped]


class Settings(TypedDict):
    """What ``_core.Forest.train`` reads; None takes the preset's value."""

    preset: str | None
    n_trees: int | None
    subsample: int | float | None
    replacement: bool
    feature_share: float
    depth_limit: int | str | None
    ndim: int | None
    guided: float | None
    gain: str | None
    candidates: int | None
    scoring: str | None
    range_penalty: bool | None
    missing: str | None
    normalisation: str | None
    categorical: list[int]
    contamination: float | None
    seed: int


def settings(params: dict[str, Any], rows: int, columns: int, categorical: list[int]) -> Settings:
    """Settings for an estimator's ``get_params()``, but for the seed, which is left at 0."""
    return {
        "preset": _word("preset", params["preset"]),
        "n_trees": _count("n_estimators", params["n_estimators"]),
        "subsample": _max_samples(params["max_samples"], rows),
        "replacement": _flag("bootstrap", params["bootstrap"]),
        "feature_share": _feature_share(params["max_features"], columns),
        "depth_limit": _max_depth(params["max_depth"]),
        "ndim": _count("ndim", params["ndim"]),
        "guided": _guided(params["guided"]),
        "gain": _word("gain", params["gain"]),
        "candidates": _count("n_candidates", params["n_candidates"]),
        "scoring": _word("scoring", params["scoring"]),
        "range_penalty": (
            None
            if params["range_penalty"] is None
            else _flag("range_penalty", params["range_penalty"])
        ),
        "missing": _word("missing", params["missing"]),
        "normalisation": _word("normalisation", params["normalisation"]),
        "categorical": categorical,
        "contamination": _contamination(params["contamination"]),
        "seed": 0,
    }


def seed(random_state: Any) -> int:
    """An integer as it is; anything else is drawn from."""
    if _is_int(random_state):
        if not 0 <= random_state < 2**64:
            raise ValueError(f"random_state is {random_state}: it must be between 0 and 2**64 - 1")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    return int(check_random_state(random_state).randint(2**63 - 1, dtype=np.int64))


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_real(value: Any) -> TypeGuard[float]:
    """A number that is no whole one by type: 1.0 is a share, 1 is a count."""
    return isinstance(value, Real) and not isinstance(value, Integral)


def _refuse(name: str, value: Any, allowed: str) -> ValueError:
    return ValueError(f"{name} is {value!r}: it must be {allowed}")


def _word(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise _refuse(name, value, "a string or None")


def _flag(name: str, value: Any) -> bool:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise _refuse(name, value, "True or False")


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if _is_int(value) and value >= 1:
        return int(value)
    raise _refuse(name, value, "a whole number of at least 1, or None")


def _guided(value: Any) -> float | None:
    if value is None:
        return None
    if (_is_real(value) or _is_int(value)) and 0 <= value <= 1:
        return float(value)
    raise _refuse("guided", value, "a share between 0 and 1, or None")


def _max_samples(value: Any, rows: int) -> int | float | None:
    allowed = "'auto', a whole number of at least 1, or a share in (0, 1]"
    if isinstance(value, str) and value == "auto":
        return None
    if _is_int(value) and value >= 1:
        if value > rows:
            warnings.warn(
                f"max_samples ({value}) is greater than the total number of samples ({rows}): "
                "all of them are used",
                stacklevel=4,
            )
        return int(value)
    if _is_real(value) and 0 < value <= 1:
        return float(value)
    raise _refuse("max_samples", value, allowed)


def _feature_share(value: Any, columns: int) -> float:
    if _is_int(value) and 1 <= value <= columns:
        # Half a column more, so that rounding down gives the count and not one less.
        return min(1.0, (int(value) + 0.5) / columns)
    if _is_real(value) and 0 < value <= 1:
        return float(value)
    allowed = f"a whole number from 1 to the {columns} columns, or a share in (0, 1]"
    raise _refuse("max_features", value, allowed)


def _max_depth(value: Any) -> int | str | None:
    if value is None or isinstance(value, str):
        return value
    if _is_int(value) and 1 <= value < 2**32:
        return int(value)
    raise _refuse("max_depth", value, "None, 'balanced', 'unlimited' or a number of splits")


def _contamination(value: Any) -> float | None:
    if isinstance(value, str) and value == "auto":
        return None
    if _is_real(value) and 0 < value <= 0.5:  # noqa: PLR2004
        return float(value)
    raise _refuse("contamination", value, "'auto' or a share in (0, 0.5]")
