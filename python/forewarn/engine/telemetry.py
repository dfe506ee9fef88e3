"""From tables of readings and of what happened to the telemetry of the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from forewarn._core import Telemetry
from forewarn._frames import Frame, Kind, frame
from forewarn._series import Doubles, moments, numbers

Named = tuple[list[str], NDArray[np.int64]]
"""Names, and for each row the place of its own; -1 where it has none."""
Happened = tuple[str, Named, Doubles, Named | None]
Attribute = tuple[str, str, float | str]


@dataclass(frozen=True)
class Columns:
    """What the columns are called that are no metrics."""

    entity: str
    time: str
    kind: str
    part: str


class Table:
    """A DataFrame of pandas or Polars, an Arrow table, or a mapping of names to columns."""

    def __init__(self, what: str, table: Any, wanted: tuple[str, ...]) -> None:
        self.what = what
        if isinstance(table, Mapping):
            self._frame: Frame | None = None
            self._table: Any = {str(name): _column(what, name, it) for name, it in table.items()}
            self.names = list(self._table)
            self._check_lengths()
        else:
            self._frame = frame(_with_index(table, wanted))
            if self._frame is None:
                kind = type(table).__name__
                raise TypeError(
                    f"{what} is a {kind}: it must be a DataFrame of pandas or Polars, an Arrow "
                    "table, or a mapping of names to columns"
                )
            self._table = self._frame.table
            self.names = [str(name) for name in self._frame.names]
        for name in wanted:
            self._check_there(name)

    def times(self, name: str) -> Doubles:
        """A column of seconds, or dates, none of them missing."""
        if self._kind(name) is Kind.TEXT:
            raise ValueError(
                f"column {name!r} of {self.what} holds strings: make them dates first, as "
                "pandas.to_datetime does, or seconds"
            )
        # Columns of pandas need not be called by strings.
        key = name if self._frame is None else self._frame.names[self._place(name)]
        found = moments(self._table[key])
        missing = np.flatnonzero(np.isnan(found))
        if len(missing):
            raise ValueError(f"column {name!r} of {self.what} is missing in row {missing[0]}")
        return found

    def words(self, name: str, *, missing: bool = False) -> Named:
        """A column of names: strings, categories, or numbers in words."""
        if self._frame is None:
            places: dict[str, int] = {}
            found = [_word(value) for value in np.asarray(self._table[name]).tolist()]
            codes = [-1 if it is None else places.setdefault(it, len(places)) for it in found]
            named: Named = list(places), np.array(codes, dtype=np.int64)
        else:
            rows, values = self._frame.factors(self._place(name))
            named = [str(value) for value in values], np.ascontiguousarray(rows, dtype=np.int64)
        nowhere = np.flatnonzero(named[1] < 0)
        if len(nowhere) and not missing:
            raise ValueError(f"column {name!r} of {self.what} is missing in row {nowhere[0]}")
        return named

    def metrics(self, names: Iterable[str]) -> list[tuple[str, Doubles]]:
        """Columns of numbers, NaN where missing."""
        return [(name, self._numbers(name)) for name in names]

    def attributes(self, entity: str) -> Iterator[Attribute]:
        """What each entity is: every column but that of entities, where it is not missing."""
        names, codes = self.words(entity)
        for name in self.names:
            if name == entity:
                continue
            if self._kind(name) is Kind.NUMBER:
                for code, value in zip(codes, self._numbers(name), strict=True):
                    if not np.isnan(value):
                        yield names[code], name, float(value)
            else:
                values, places = self.words(name, missing=True)
                for code, place in zip(codes, places, strict=True):
                    if place >= 0:
                        yield names[code], name, values[place]

    def _numbers(self, name: str) -> Doubles:
        self._check_there(name)
        if self._kind(name) is not Kind.NUMBER:
            raise ValueError(
                f"column {name!r} of {self.what} does not hold numbers: name the metrics with "
                "metrics=[...], and give what an entity is as attributes"
            )
        own = self._table[name] if self._frame is None else self._frame.numbers(self._place(name))
        return numbers(name, own)

    def _kind(self, name: str) -> Kind:
        if self._frame is not None:
            return self._frame.kind(self._place(name))
        values = np.asarray(self._table[name])
        if values.dtype.kind == "O":
            known = [it for it in values.tolist() if not _is_missing(it)]
            if all(isinstance(it, (Real, np.bool_)) for it in known):
                return Kind.NUMBER
            return Kind.TEXT if any(isinstance(it, str) for it in known) else Kind.OTHER
        return {"U": Kind.TEXT, "S": Kind.TEXT, "M": Kind.OTHER, "m": Kind.OTHER}.get(
            values.dtype.kind, Kind.NUMBER
        )

    def _place(self, name: str) -> int:
        return self.names.index(name)

    def _check_there(self, name: str) -> None:
        if self.names.count(name) == 1:
            return
        if name in self.names:
            raise ValueError(f"{self.what} has more than one column {name!r}")
        raise ValueError(f"{self.what} has no column {name!r}: it has {self.names}")

    def _check_lengths(self) -> None:
        lengths = {name: len(it) for name, it in self._table.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the columns of {self.what} have different lengths: {lengths}")


class Known(NamedTuple):
    """What is known of a fleet, as the extension takes it."""

    entities: Named
    times: Doubles
    metrics: list[tuple[str, Doubles]]
    happened: list[Happened]
    attributes: list[Attribute]


def named_tables(*tables: Any) -> dict[str, Any]:
    """What an engine is given, by name."""
    names = ("history", "failures", "events", "maintenance", "attributes")
    return dict(zip(names, tables, strict=True))


def telemetry(
    tables: Mapping[str, Any],
    columns: Columns,
    metrics: Iterable[str] | None,
    known: Sequence[str] | None = None,
) -> Telemetry:
    """What ``read`` reads, for the library."""
    return Telemetry.of(*read(tables, columns, metrics, known))


def read(
    tables: Mapping[str, Any],
    columns: Columns,
    metrics: Iterable[str] | None,
    known: Sequence[str] | None = None,
) -> Known:
    """A history and what happened, with all columns of readings, or those named in ``metrics``.

    Of an engine's ``known`` metrics, those are read that the history has: it counts the others as
    missing.
    """
    history = Table("history", tables["history"], (columns.entity, columns.time))
    if metrics is None:
        metrics = [it for it in history.names if it not in (columns.entity, columns.time)]
    elif isinstance(metrics, str):
        raise TypeError(f"metrics is the string {metrics!r}: it must be a list of names")
    if known is not None:
        there = [it for it in known if it in history.names]
        metrics = there if there or not known else metrics
    happened: list[Happened] = []
    for what, name, key, needed in (
        ("failure", "failures", columns.kind, False),
        ("event", "events", columns.kind, True),
        ("maintenance", "maintenance", columns.part, True),
    ):
        if tables[name] is None:
            continue
        wanted = (columns.entity, columns.time, *((key,) if needed else ()))
        given = Table(name, tables[name], wanted)
        kinds = given.words(key, missing=not needed) if key in given.names else None
        happened.append((what, given.words(columns.entity), given.times(columns.time), kinds))
    attributes: list[Attribute] = []
    if tables["attributes"] is not None:
        given = Table("attributes", tables["attributes"], (columns.entity,))
        attributes = list(given.attributes(columns.entity))
    names, times = history.words(columns.entity), history.times(columns.time)
    return Known(names, times, history.metrics(metrics), happened, attributes)


def _column(what: str, name: Any, values: Any) -> Any:
    """A column of a mapping: an array, a list, or a series."""
    if isinstance(values, (list, tuple, range)) or hasattr(values, "__array__"):
        if np.ndim(values) == 1:
            return values
        raise ValueError(
            f"column {str(name)!r} of {what} has {np.ndim(values)} dimensions: 1 expected"
        )
    kind = type(values).__name__
    raise TypeError(f"column {str(name)!r} of {what} is a {kind}: it must be a list or an array")


def _word(value: Any) -> str | None:
    """A name as a string, of numbers too."""
    return None if _is_missing(value) else str(value)


def _is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value)  # noqa: PLR0124
    except TypeError:
        # What pandas calls NA is neither equal nor unequal to anything.
        return True


def _with_index(table: Any, wanted: tuple[str, ...]) -> Any:
    """pandas may have entities and times in the index."""
    levels = getattr(getattr(table, "index", None), "names", None) or ()
    needed = [it for it in levels if it in wanted and it not in table.columns]
    return table.reset_index(level=needed) if needed else table
