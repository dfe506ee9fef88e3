"""Checks of parameters, in Python's names, that several estimators share."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state  # type: ignore[import-untyped]


def seed(random_state: Any) -> int:
    """An integer as it is; anything else is drawn from."""
    if is_int(random_state):
        if not 0 <= random_state < 2**64:
            raise ValueError(f"random_state is {random_state}: it must be between 0 and 2**64 - 1")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    return int(check_random_state(random_state).randint(2**63 - 1, dtype=np.int64))


def group_numbers(groups: Any) -> NDArray[np.int64] | None:
    """A number for each row's group, where there are groups."""
    return None if groups is None else np.unique(groups, return_inverse=True)[1].astype(np.int64)


def is_int(value: Any) -> TypeGuard[int]:
    """Whether it is a whole number by type."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_real(value: Any) -> TypeGuard[float]:
    """A number that is no whole one by type: 1.0 is a share, 1 is a count."""
    return isinstance(value, Real) and not isinstance(value, Integral)


def refuse(name: str, value: Any, allowed: str) -> ValueError:
    """The error for a parameter out of its range."""
    return ValueError(f"{name} is {value!r}: it must be {allowed}")


def word(name: str, value: Any) -> str | None:
    """A string or None."""
    if value is None or isinstance(value, str):
        return value
    raise refuse(name, value, "a string or None")


def flag(name: str, value: Any) -> bool:
    """True or False."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise refuse(name, value, "True or False")


def count(name: str, value: Any) -> int | None:
    """A whole number of at least 1, or None."""
    if value is None:
        return None
    if is_int(value) and value >= 1:
        return int(value)
    raise refuse(name, value, "a whole number of at least 1, or None")


def number(name: str, value: Any, allowed: str) -> float:
    """Any number; whether it is in its range, the library says."""
    if is_real(value) or is_int(value):
        return float(value)
    raise refuse(name, value, allowed)
