"""What ``progress`` may be, turned into the callback that training calls."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Callback = Callable[[int, int], object]


@contextmanager
def reporting(progress: Any, verbose: int) -> Iterator[Callback | None]:
    """The callback for ``progress``: one of the caller's own, a bar, or none."""
    if callable(progress):
        yield progress
    elif progress or verbose > 0:
        bar = _bar()
        try:
            yield bar.show
        finally:
            bar.close()
    else:
        yield None


def _bar() -> _Tqdm | _Line:
    try:
        return _Tqdm(import_module("tqdm.auto").tqdm)
    except ImportError:
        return _Line()


class _Tqdm:
    """A bar of tqdm's, in a terminal or a notebook."""

    def __init__(self, tqdm: Any) -> None:
        self._bar = tqdm(unit="tree")

    def show(self, done: int, total: int) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Line:
    """One line on the error stream, written over."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, done: int, total: int) -> None:
        self._shown = True
        print(f"\r{done}/{total} trees", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._shown:
            print(file=sys.stderr)
