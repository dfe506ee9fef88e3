"""From an estimator's parameters to the settings of the library, checked in Python's names."""

from __future__ import annotations

import warnings
from typing import Any, TypedDict

from forewarn._checks import count, flag, is_int, is_real, refuse, word


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
        "preset": word("preset", params["preset"]),
        "n_trees": count("n_estimators", params["n_estimators"]),
        "subsample": _max_samples(params["max_samples"], rows),
        "replacement": flag("bootstrap", params["bootstrap"]),
        "feature_share": _feature_share(params["max_features"], columns),
        "depth_limit": _max_depth(params["max_depth"]),
        "ndim": count("ndim", params["ndim"]),
        "guided": _guided(params["guided"]),
        "gain": word("gain", params["gain"]),
        "candidates": count("n_candidates", params["n_candidates"]),
        "scoring": word("scoring", params["scoring"]),
        "range_penalty": (
            None
            if params["range_penalty"] is None
            else flag("range_penalty", params["range_penalty"])
        ),
        "missing": word("missing", params["missing"]),
        "normalisation": word("normalisation", params["normalisation"]),
        "categorical": categorical,
        "contamination": _contamination(params["contamination"]),
        "seed": 0,
    }


def _guided(value: Any) -> float | None:
    if value is None:
        return None
    if (is_real(value) or is_int(value)) and 0 <= value <= 1:
        return float(value)
    raise refuse("guided", value, "a share between 0 and 1, or None")


def _max_samples(value: Any, rows: int) -> int | float | None:
    allowed = "'auto', a whole number of at least 1, or a share in (0, 1]"
    if isinstance(value, str) and value == "auto":
        return None
    if is_int(value) and value >= 1:
        if value > rows:
            warnings.warn(
                f"max_samples ({value}) is greater than the total number of samples ({rows}): "
                "all of them are used",
                stacklevel=4,
            )
        return int(value)
    if is_real(value) and 0 < value <= 1:
        return float(value)
    raise refuse("max_samples", value, allowed)


def _feature_share(value: Any, columns: int) -> float:
    if is_int(value) and 1 <= value <= columns:
        # Half a column more, so that rounding down gives the count and not one less.
        return min(1.0, (int(value) + 0.5) / columns)
    if is_real(value) and 0 < value <= 1:
        return float(value)
    allowed = f"a whole number from 1 to the {columns} columns, or a share in (0, 1]"
    raise refuse("max_features", value, allowed)


def _max_depth(value: Any) -> int | str | None:
    if value is None or isinstance(value, str):
        return value
    if is_int(value) and 1 <= value < 2**32:
        return int(value)
    raise refuse("max_depth", value, "None, 'balanced', 'unlimited' or a number of splits")


def _contamination(value: Any) -> float | None:
    if isinstance(value, str) and value == "auto":
        return None
    if is_real(value) and 0 < value <= 0.5:  # noqa: PLR2004
        return float(value)
    raise refuse("contamination", value, "'auto' or a share in (0, 0.5]")
