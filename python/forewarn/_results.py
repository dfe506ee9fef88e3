"""What results of the rooms have in common: they read well, and some can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLUE, SKY, ORANGE, GREEN, GREY = "#0072B2", "#56B4E9", "#D55E00", "#009E73", "#777777"

FIRST_DATE = 1e8
"""Times from here on (1973) are taken for Unix seconds where something is written or drawn."""


class Result:
    """A frozen dataclass whose repr is short: six digits, arrays by their length."""

    def __repr__(self) -> str:
        shown = (it for it in fields(self) if it.repr)  # type: ignore[arg-type]
        values = ", ".join(f"{it.name}={short(getattr(self, it.name))}" for it in shown)
        return f"{type(self).__name__}({values})"


def short(value: Any) -> str:
    """A value in a few characters."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    if isinstance(value, np.ndarray):
        return f"<{len(value)} values>"
    if isinstance(value, tuple):
        if len(value) > 3 and any(isinstance(it, Result) for it in value):  # noqa: PLR2004
            return f"<{len(value)} of {type(value[0]).__name__}>"
        inner = ", ".join(short(it) for it in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def percent(share: float) -> str:
    """A relative change, with its sign."""
    return f"{100.0 * share:+.1f} %" if np.isfinite(share) else digits(share)


def digits(value: float, count: int = 4) -> str:
    """A number for a table; a dash where there is none."""
    return "-" if np.isnan(value) else f"{value:.{count}g}"


def lines(head: str, rows: Sequence[tuple[str, ...]]) -> str:
    """A headline, and below it a table: its first column to the left, all others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = [head]
    for row in rows:
        cells = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        text.append("  " + "  ".join(cells).rstrip())
    return "\n".join(text)


def axes(ax: Any, who: str, height: float = 4.0) -> Any:
    """The axes given, or new ones; matplotlib is imported only now."""
    if ax is not None:
        return ax
    try:
        from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ImportError(f"{who}.plot needs matplotlib: pip install matplotlib") from error
    return pyplot.subplots(figsize=(10, height))[1]


def instants(times: Any) -> NDArray[Any]:
    """Times for an axis: dates where they are Unix seconds, else as they are."""
    at = np.asarray(times, dtype=np.float64)
    if at.size and np.nanmin(at) >= FIRST_DATE:
        dates: NDArray[Any] = (at * 1e6).astype("datetime64[us]")
        return dates
    return at
