"""pandas, Polars and Arrow tables, column by column: which kind each is, and its values.

None of the libraries is imported here: a table of theirs shows that its library is there already.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64] | NDArray[np.float32]


class Kind(Enum):
    """What a column holds."""

    NUMBER = "numbers"
    CATEGORY = "categories"
    TEXT = "strings"
    OTHER = "neither numbers nor categories"


class Frame(ABC):
    """A table of one of the libraries."""

    def __init__(self, table: Any) -> None:
        self.table = table

    @property
    @abstractmethod
    def names(self) -> list[Any]:
        """The columns' names."""

    @abstractmethod
    def kind(self, column: int) -> Kind:
        """What the column holds."""

    @abstractmethod
    def dtype(self, column: int) -> str:
        """The column's type as its library calls it."""

    @abstractmethod
    def numbers(self, column: int) -> NDArray[Any]:
        """A column of numbers, with NaN for what is missing."""

    @abstractmethod
    def factors(self, column: int) -> tuple[NDArray[np.int64], list[Any]]:
        """For each row the position of its value in the list of values; -1 for what is missing."""

    @abstractmethod
    def rebuild(self, values: NDArray[np.float64]) -> Any:
        """A table of the same library, names and index around other values."""

    def whole(self) -> Floats | None:
        """All values at once, where they are floats of one type: mostly without a copy."""
        if len({self.dtype(column).lower() for column in range(len(self.names))}) != 1:
            return None
        if self.dtype(0).lower() not in ("float64", "float32"):
            return None
        floats: Floats = self.table.to_numpy()
        return floats


def frame(x: Any) -> Frame | None:
    """``x`` as a table, if it is one."""
    library = type(x).__module__.partition(".")[0]
    for name, attribute, kind in _LIBRARIES:
        # A subclass (geopandas has one) is of another module: look by class then.
        module = sys.modules.get(name)
        if module is not None and (library == name or hasattr(x, "columns")):
            of = getattr(module, attribute, None)
            if of is not None and isinstance(x, of):
                return kind(x)
    return None


def _library(name: str) -> Any:
    """What a table came from is loaded, and need be known to nobody else."""
    return sys.modules[name]


class PandasFrame(Frame):
    """``pandas.DataFrame``."""

    @property
    def names(self) -> list[Any]:
        return list(self.table.columns)

    def _column(self, column: int) -> Any:
        return self.table.iloc[:, column]

    def dtype(self, column: int) -> str:
        return str(self.table.dtypes.iloc[column])

    def kind(self, column: int) -> Kind:
        pd = _library("pandas")
        dtype = self.table.dtypes.iloc[column]
        if isinstance(dtype, pd.CategoricalDtype):
            return Kind.CATEGORY
        if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
            return Kind.NUMBER
        if not pd.api.types.is_object_dtype(dtype):
            return Kind.TEXT if pd.api.types.is_string_dtype(dtype) else Kind.OTHER
        values = self._column(column).dropna()
        if any(isinstance(value, str) for value in values):
            return Kind.TEXT
        return Kind.NUMBER if pd.to_numeric(values, errors="coerce").notna().all() else Kind.OTHER

    def numbers(self, column: int) -> NDArray[Any]:
        values: NDArray[Any] = self._column(column).to_numpy(dtype=np.float64, na_value=np.nan)
        return values

    def factors(self, column: int) -> tuple[NDArray[np.int64], list[Any]]:
        pd = _library("pandas")
        series = self._column(column)
        if isinstance(series.dtype, pd.CategoricalDtype):
            return series.cat.codes.to_numpy(dtype=np.int64), list(series.cat.categories)
        codes, values = pd.factorize(series)
        return np.asarray(codes, dtype=np.int64), list(values)

    def rebuild(self, values: NDArray[np.float64]) -> Any:
        pd = _library("pandas")
        return pd.DataFrame(values, columns=self.table.columns, index=self.table.index)


class PolarsFrame(Frame):
    """``polars.DataFrame``."""

    @property
    def names(self) -> list[Any]:
        return list(self.table.columns)

    def dtype(self, column: int) -> str:
        return str(self.table.dtypes[column])

    def kind(self, column: int) -> Kind:
        pl = _library("polars")
        dtype = self.table.dtypes[column]
        if dtype in (pl.Categorical, pl.Enum):
            return Kind.CATEGORY
        if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
            return Kind.NUMBER
        return Kind.TEXT if dtype == pl.String else Kind.OTHER

    def numbers(self, column: int) -> NDArray[Any]:
        pl = _library("polars")
        values: NDArray[Any] = self.table.to_series(column).cast(pl.Float64).to_numpy()
        return values

    def factors(self, column: int) -> tuple[NDArray[np.int64], list[Any]]:
        pl = _library("polars")
        series = self.table.to_series(column)
        if not series.dtype.is_numeric() and series.dtype != pl.Boolean:
            series = series.cast(pl.String)
        values = series.drop_nulls().unique().to_list()
        positions = pl.Series(range(len(values)), dtype=pl.Int64)
        codes = series.replace_strict(
            pl.Series(values, dtype=series.dtype), positions, default=None, return_dtype=pl.Int64
        )
        return codes.fill_null(-1).to_numpy(), values

    def rebuild(self, values: NDArray[np.float64]) -> Any:
        pl = _library("polars")
        return pl.DataFrame(values, schema=self.names)


class ArrowFrame(Frame):
    """``pyarrow.Table``."""

    @property
    def names(self) -> list[Any]:
        return list(self.table.column_names)

    def dtype(self, column: int) -> str:
        return str(self.table.schema.field(column).type)

    def kind(self, column: int) -> Kind:
        pa = _library("pyarrow")
        dtype, types = self.table.schema.field(column).type, pa.types
        if types.is_dictionary(dtype):
            return Kind.CATEGORY
        numeric = (types.is_integer, types.is_floating, types.is_boolean, types.is_null)
        if any(is_kind(dtype) for is_kind in (*numeric, types.is_decimal)):
            return Kind.NUMBER
        text = (types.is_string, types.is_large_string, types.is_string_view)
        return Kind.TEXT if any(is_kind(dtype) for is_kind in text) else Kind.OTHER

    def numbers(self, column: int) -> NDArray[Any]:
        pa = _library("pyarrow")
        values = self.table.column(column)
        if pa.types.is_boolean(values.type):
            values = values.cast(pa.uint8())
        floats: NDArray[Any] = values.cast(pa.float64()).to_numpy()
        return floats

    def factors(self, column: int) -> tuple[NDArray[np.int64], list[Any]]:
        pa = _library("pyarrow")
        values = self.table.column(column)
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        encoded = values.unify_dictionaries().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = pa.concat_arrays(encoded.chunks)
        codes = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        return codes, encoded.dictionary.to_pylist()

    def whole(self) -> Floats | None:
        return None

    def rebuild(self, values: NDArray[np.float64]) -> Any:
        pa = _library("pyarrow")
        return pa.table([pa.array(column) for column in values.T], names=self.names)


_LIBRARIES: tuple[tuple[str, str, type[Frame]], ...] = (
    ("pandas", "DataFrame", PandasFrame),
    ("polars", "DataFrame", PolarsFrame),
    ("pyarrow", "Table", ArrowFrame),
)
