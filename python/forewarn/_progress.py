"""What ``progress`` may be, turned into the callback that training calls."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Callback = Callable[..., object]
"""Is told the steps that are done, their total, and what else there is to say of a step."""


@contextmanager
def reporting(progress: Any, verbose: int, unit: str = "tree") -> Iterator[Callback | None]:
    """The callback for ``progress``: one of the caller's own, a bar, or none."""
    if callable(progress):
        yield progress
    elif progress or verbose > 0:
        bar = _bar(unit)
        try:
            yield bar.show
        finally:
            bar.close()
    else:
        yield None


def _bar(unit: str) -> _Tqdm | _Line:
    try:
        return _Tqdm(import_module("tqdm.auto").tqdm, unit)
    except ImportError:
        return _Line(unit)


class _Tqdm:
    """A bar of tqdm's, in a terminal or a notebook."""

    def __init__(self, tqdm: Any, unit: str) -> None:
        self._bar = tqdm(unit=unit)

    def show(self, done: int, total: int, more: float | str | None = None) -> None:
        self._bar.total = total
        if isinstance(more, str):
            self._bar.set_postfix_str(more, refresh=False)
        elif more is not None:
            self._bar.set_postfix(held_out=f"{more:.5g}", refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Line:
    """One line on the error stream, written over."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._width = 0

    def show(self, done: int, total: int, more: float | str | None = None) -> None:
        measure = f"held out {more:.5g}" if isinstance(more, float) else more
        text = f"{done}/{total} {self._unit}s" + ("" if measure is None else f", {measure}")
        # As wide as the one before, which it covers.
        print(f"\r{text:<{self._width}}", end="", file=sys.stderr, flush=True)
        self._width = len(text)

    def close(self) -> None:
        if self._width:
            print(file=sys.stderr)
