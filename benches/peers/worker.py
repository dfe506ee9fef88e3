"""One process a method: its own thread pools, its own environment, its own peak of memory.

The parent alternates between the processes; only one of them works at a time. CPU time is that of
the whole process, so it counts every thread of a library, and nothing of the other libraries.
"""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from common import why_failed

SETTLE_SECONDS = 0.05
"""Rest before a measurement: thread pools of the last one stop spinning."""
REPEAT_SECONDS = 0.3
"""A quick operation is repeated for this long; the median of the repetitions counts."""
MOST_REPEATS = 15
KIB = 1024
STATUS = Path("/proc/self/status")
RESET_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Times:
    """Seconds of one operation, by the wall's clock and summed over threads."""

    wall: float
    cpu: float


class Worker:
    """A process that makes a bench and does with it what it is told."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        bench: Callable[..., Any],
        *arguments: Any,
    ) -> None:
        """Starts the process, its environment set before any library is loaded, and has it make
        the bench; a failure of that shows in `failure`."""
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.failure: str | None = None
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        before = {variable: os.environ.get(variable) for variable in environment}
        os.environ.update(environment)
        self._process.start()
        theirs.close()
        for variable, value in before.items():
            if value is None:
                del os.environ[variable]
            else:
                os.environ[variable] = value
        self.ask("make", bench, arguments)

    def ask(self, operation: str, *arguments: Any) -> Any:
        """The answer, or None once the method has failed (`failure` says why)."""
        if self.failure is not None:
            return None
        try:
            self._pipe.send((operation, arguments))
            succeeded, answer = self._pipe.recv()
        except (EOFError, BrokenPipeError):
            self._process.join()
            succeeded, answer = False, f"its process died with code {self._process.exitcode}"
        if not succeeded:
            self.failure = answer
            return None
        return answer

    def close(self) -> None:
        """Ends the process."""
        with suppress(BrokenPipeError):
            self._pipe.send(None)
        self._process.join()


def serve(pipe: Connection) -> None:
    """Answers the parent's requests until it sends None."""
    warnings.simplefilter("ignore")
    bench: Any = None
    while (request := pipe.recv()) is not None:
        operation, arguments = request
        try:
            if operation == "make":
                make, given = arguments
                bench = make(*given)
                answer = None
            else:
                answer = getattr(bench, operation)(*arguments)
            pipe.send((True, answer))
        except BaseException as error:
            pipe.send((False, why_failed(error)))


def timed(run: Callable[[], object]) -> Times:
    """Both times of one call."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Times(time.perf_counter() - wall, time.process_time() - cpu)


def median_times(run: Callable[[], object]) -> Times:
    """Medians over as many calls as fit into the time for one measurement, at least one."""
    time.sleep(SETTLE_SECONDS)
    calls = [timed(run)]
    while sum(call.wall for call in calls) < REPEAT_SECONDS and len(calls) < MOST_REPEATS:
        calls.append(timed(run))
    wall, cpu = np.median([(call.wall, call.cpu) for call in calls], axis=0)
    return Times(float(wall), float(cpu))


def release_free_memory() -> None:
    """Gives freed memory back to the system: kept, it would hide what scoring takes."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def resident(field: str) -> int:
    """Bytes of a field of Linux's process status (`VmRSS` now, `VmHWM` the peak)."""
    for line in STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * KIB
    raise OSError(f"{STATUS} has no field {field}")


def peak_of(run: Callable[[], Any]) -> tuple[int, Any]:
    """Bytes that the peak of memory rises above what was resident before, and the result."""
    release_free_memory()
    RESET_PEAK.write_text("5")
    before = resident("VmRSS")
    result = run()
    return resident("VmHWM") - before, result
