"""From a boosting estimator's parameters to the settings of the library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any, TypedDict

from forewarn._checks import count, flag, is_int, is_real, number, refuse


class BoostSettings(TypedDict):
    """What ``_core.Boosted.train`` reads."""

    loss: str
    shape: float | None
    calibration: str | None
    failure_weight: float | None
    balanced: bool
    n_trees: int
    learning_rate: float
    max_leaves: int
    max_depth: int | None
    min_rows: int
    min_hessian: float
    min_gain: float
    l1: float
    l2: float
    max_bins: int
    row_share: float
    goss: tuple[float, float] | None
    column_share: float
    column_share_split: float
    categorical: list[int]
    monotone: list[tuple[int, int]]
    interactions: list[list[int]]
    patience: int | None
    hold_out: float
    hold_out_last: bool
    watch_only: bool
    seed: int


def boost_settings(
    params: Mapping[str, Any], names: list[str], columns: int, categorical: list[int]
) -> BoostSettings:
    """Settings for an estimator's ``get_params()``, but for the objective and the seed.

    Ranges are checked by the library, but for those whose names differ there.
    """
    stops = flag("early_stopping", params["early_stopping"])
    return {
        "loss": "",
        "shape": None,
        "calibration": None,
        "failure_weight": None,
        "balanced": False,
        "n_trees": _at_least("n_estimators", params["n_estimators"], 1, 2**20),
        "learning_rate": number("learning_rate", params["learning_rate"], "in (0, 1]"),
        "max_leaves": (
            # With a depth, its leaves are limit enough; the library's own limit is the other one.
            2**16
            if params["max_leaf_nodes"] is None
            else _at_least("max_leaf_nodes", params["max_leaf_nodes"], 2, 2**16)
        ),
        "max_depth": count("max_depth", params["max_depth"]),
        "min_rows": _at_least("min_samples_leaf", params["min_samples_leaf"], 1, 2**32),
        "min_hessian": _penalty("min_hessian", params["min_hessian"]),
        "min_gain": _penalty("min_gain", params["min_gain"]),
        "l1": _penalty("l1_regularization", params["l1_regularization"]),
        "l2": _penalty("l2_regularization", params["l2_regularization"]),
        "max_bins": _at_least("max_bins", params["max_bins"], 2, 255),
        "row_share": _share("subsample", params["subsample"]),
        "goss": _goss(params["goss"]),
        "column_share": _columns("max_features_tree", params["max_features_tree"], columns),
        "column_share_split": _columns("max_features", params["max_features"], columns),
        "categorical": categorical,
        "monotone": _monotone(params["monotonic_cst"], names, columns),
        "interactions": _interactions(params["interaction_cst"], columns),
        "patience": (
            _at_least("n_iter_no_change", params["n_iter_no_change"], 1, 2**20) if stops else None
        ),
        "hold_out": _open_share("validation_fraction", params["validation_fraction"]),
        "hold_out_last": not flag("validation_shuffle", params["validation_shuffle"]),
        "watch_only": not stops,
        "seed": 0,
    }


def _at_least(name: str, value: Any, least: int, most: int) -> int:
    if is_int(value) and least <= value <= most:
        return int(value)
    raise refuse(name, value, f"a whole number from {least:,} to {most:,}")


def _penalty(name: str, value: Any) -> float:
    allowed = "a finite number of at least 0"
    checked = number(name, value, allowed)
    if 0.0 <= checked < float("inf"):
        return checked
    raise refuse(name, value, allowed)


def _share(name: str, value: Any) -> float:
    allowed = "a share in (0, 1]"
    checked = number(name, value, allowed)
    if 0.0 < checked <= 1.0:
        return checked
    raise refuse(name, value, allowed)


def _open_share(name: str, value: Any) -> float:
    if is_real(value) and 0.0 < value < 1.0:
        return float(value)
    raise refuse(name, value, "a share in (0, 1)")


def _columns(name: str, value: Any, columns: int) -> float:
    if is_int(value) and 1 <= value <= columns:
        return int(value) / columns
    if is_real(value) and 0 < value <= 1:
        return float(value)
    allowed = f"a whole number from 1 to the {columns} columns, or a share in (0, 1]"
    raise refuse(name, value, allowed)


def _goss(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    shares = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else ()
    if len(shares) == 2 and all(is_real(share) for share in shares):  # noqa: PLR2004
        return float(shares[0]), float(shares[1])
    raise refuse("goss", value, "None or two shares: of the rows kept, and of those drawn")


def _monotone(wanted: Any, names: list[str], columns: int) -> list[tuple[int, int]]:
    if wanted is None:
        return []
    if isinstance(wanted, Mapping):
        pairs = [(_position(name, names), sign) for name, sign in wanted.items()]
    else:
        signs = list(wanted)
        if len(signs) != columns:
            raise ValueError(
                f"monotonic_cst has {len(signs)} entries: it must have one for each of the "
                f"{columns} columns"
            )
        pairs = list(enumerate(signs))
    for column, sign in pairs:
        if sign not in (-1, 0, 1):
            raise ValueError(
                f"monotonic_cst is {sign!r} for column {column}: it must be -1, 0 or 1"
            )
    return [(column, int(sign)) for column, sign in pairs if sign]


def _position(name: Any, names: list[str]) -> int:
    if not names:
        raise ValueError(
            f"monotonic_cst names {name!r}, but X is not a table whose columns have names"
        )
    if name not in names:
        raise ValueError(f"monotonic_cst names {name!r}: there is no such column")
    return names.index(name)


def _interactions(wanted: Any, columns: int) -> list[list[int]]:
    if wanted is None:
        return []
    if isinstance(wanted, str):
        if wanted == "no_interactions":
            return [[column] for column in range(columns)]
        if wanted == "pairwise":
            return [list(pair) for pair in combinations(range(columns), 2)] or [[0]]
        raise refuse(
            "interaction_cst", wanted, "None, 'pairwise', 'no_interactions' or sets of positions"
        )
    groups = [sorted(set(group)) for group in wanted]
    for position in (position for group in groups for position in group):
        if not is_int(position) or not 0 <= position < columns:
            raise ValueError(
                f"interaction_cst has {position!r}: positions must be between 0 and {columns - 1}"
            )
    # As in scikit-learn, columns that no set names are one more set.
    others = set(range(columns)).difference(*groups)
    return [[int(position) for position in group] for group in (*groups, sorted(others)) if group]
