"""Which columns hold categories, and the code that stands for each value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from forewarn._frames import Floats, Frame, Kind

MOST = 65_535
"""Codes are whole numbers from 0 to this; the last one is for what training never saw."""


class Categories:
    """The categorical columns of the training table, with the values that each of them had.

    Values are coded in sorted order, so that the same table from another library, or with its rows
    in another order, gets the same codes.
    """

    def __init__(self, columns: list[int]) -> None:
        self.columns = columns
        self.values: dict[int, list[Any]] = {}

    def copy(self) -> Categories:
        """Another that can learn more without this one noticing."""
        copy = Categories(self.columns)
        copy.values = dict(self.values)
        return copy

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categories):
            return NotImplemented
        return self.columns == other.columns and self.values == other.values

    __hash__ = None  # type: ignore[assignment]

    def encode(self, table: Frame, *, learn: bool) -> Floats:
        """The table as numbers. What was never seen gets a code that no training row had; with
        ``learn`` it is remembered first."""
        wanted = set(self.columns)
        if not wanted and (whole := table.whole()) is not None:
            return whole
        single = all(table.dtype(column).lower() == "float32" for column in range(len(table.names)))
        rows = np.empty(
            (len(table.table), len(table.names)),
            dtype=np.float32 if single else np.float64,
            order="F",
        )
        for column in range(len(table.names)):
            if column in wanted and table.kind(column) is not Kind.NUMBER:
                rows[:, column] = self._codes(table, column, learn=learn)
            else:
                rows[:, column] = _numbers(table, column)
        return rows

    def _codes(self, table: Frame, column: int, *, learn: bool) -> NDArray[np.float64]:
        positions, values = table.factors(column)
        if learn:
            present = np.unique(positions[positions >= 0])
            self._learn(table.names[column], column, [values[index] for index in present])
        known = {value: code for code, value in enumerate(self.values.get(column, []))}
        codes = [known.get(value, MOST) for value in values]
        # The last entry is what position -1, a missing value, picks.
        return np.array([*codes, np.nan], dtype=np.float64)[positions]

    def _learn(self, name: Any, column: int, present: list[Any]) -> None:
        known = self.values.get(column, [])
        new = [value for value in present if value not in set(known)]
        try:
            new.sort()
        except TypeError:
            new.sort(key=lambda value: (type(value).__name__, str(value)))
        if len(known) + len(new) > MOST:
            raise ValueError(
                f"column {name!r} has {len(known) + len(new)} categories: it must have at most "
                f"{MOST}"
            )
        self.values[column] = known + new


def _numbers(table: Frame, column: int) -> NDArray[Any]:
    kind, name = table.kind(column), table.names[column]
    if kind is Kind.TEXT:
        raise ValueError(
            f"column {name!r} holds strings (dtype {table.dtype(column)}), could not convert "
            "string to float: leave it out, make it a categorical column of the table, or name it "
            "in categorical_features"
        )
    if kind is Kind.CATEGORY:
        raise ValueError(
            f"column {name!r} holds categories (dtype {table.dtype(column)}) but is not among the "
            "categorical_features that training was given"
        )
    if kind is Kind.OTHER:
        raise ValueError(
            f"column {name!r} has dtype {table.dtype(column)}: it must hold numbers; times, for "
            "one, can be turned into seconds, or an hour of the day"
        )
    return table.numbers(column)


def find(wanted: Any, table: Frame | None, columns: int) -> list[int]:
    """The positions that ``categorical_features`` means, ascending."""
    if wanted is None:
        return []
    if isinstance(wanted, str):
        if wanted != "from_dtype":
            raise ValueError(
                f"categorical_features is {wanted!r}: it must be 'from_dtype', None, or a list of "
                "names or positions, or a mask"
            )
        kinds = [] if table is None else [table.kind(column) for column in range(columns)]
        return [column for column, kind in enumerate(kinds) if kind is Kind.CATEGORY]
    entries = list(wanted)
    if entries and all(isinstance(entry, (bool, np.bool_)) for entry in entries):
        if len(entries) != columns:
            raise ValueError(
                f"categorical_features has {len(entries)} entries: a mask must have one for each "
                f"of the {columns} columns"
            )
        return [column for column, chosen in enumerate(entries) if chosen]
    names = [] if table is None else table.names
    return sorted({_position(entry, names, columns) for entry in entries})


def _position(entry: Any, names: list[Any], columns: int) -> int:
    if isinstance(entry, str):
        if not names:
            raise ValueError(
                f"categorical_features names {entry!r}, but X is not a table with named columns"
            )
        if entry not in names:
            raise ValueError(f"categorical_features names {entry!r}: there is no such column")
        return names.index(entry)
    if isinstance(entry, (int, np.integer)) and not isinstance(entry, bool):
        if not 0 <= entry < columns:
            raise ValueError(
                f"categorical_features has {entry}: positions must be between 0 and {columns - 1}"
            )
        return int(entry)
    raise ValueError(f"categorical_features has {entry!r}: entries must be names or positions")
