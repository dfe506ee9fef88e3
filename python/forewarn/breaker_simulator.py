"""Dependencies that fail in ten ways, with known truth, to try circuit breakers on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, cast

from forewarn._checks import is_int, refuse
from forewarn._core import breaker_families, simulate_breaker
from forewarn.breaker_settings import BreakerSettings
from forewarn.circuit_breaker import CircuitBreaker

__all__ = ["FAMILIES", "Simulation", "simulate"]

FAMILIES: tuple[str, ...] = tuple(breaker_families())
"""What a dependency may be like when it is not well."""


class SimulationSettings(TypedDict):
    """What the extension takes."""

    family: str
    calls_per_second: float | None
    seconds: float
    timeout: float
    seed: int
    trace: int
    failed_cost: float
    held_cost: float
    objective: float


class Gate(Protocol):
    """Anything that lets calls through or not, at given times, and is told how they end."""

    def try_acquire(self, now: float, /) -> object:
        """Something true to let a call through."""

    def record(self, now: float, outcome: str, latency: float, /) -> object:
        """How a call ended: "success" or "failure", after so many seconds."""


@dataclass(frozen=True)
class Simulation:
    """What a breaker brought on a trace."""

    requests: int
    """Requests, retries not counted."""
    served: int
    """Requests that were served, at whichever attempt."""
    admitted: int
    """Calls let through: first attempts and retries."""
    rejected: int
    """Calls turned away."""
    failed: int
    """Calls let through that failed."""
    held_seconds: float
    """Seconds for which calls held their caller beyond the objective."""
    cost: float
    """``requests - served + failed_cost * failed + held_cost * held_seconds``, in good calls."""
    oracle_cost: float
    """The same of an oracle, which knows what is wrong but not how the next call will end."""
    regret: float
    """The cost over the oracle's, per 100 requests."""
    seconds: float
    """Length of the trace."""
    outages: int
    """Times in which the oracle would let nothing through."""
    false_opens: int
    """Episodes of rejections that began at other times."""
    probes: int
    """Calls let through in outages after the first rejection."""
    detect_seconds: list[float]
    """From the start of outages to the first rejection."""
    recover_seconds: list[float]
    """From their end to the first of ten requests in a row that were let through."""


def simulate(
    family: str,
    breaker: CircuitBreaker | BreakerSettings | Gate | str | None = None,
    *,
    calls_per_second: float | None = None,
    seconds: float = 600.0,
    timeout: float = 1.0,
    seed: int = 0,
    trace: int = 0,
    failed_cost: float = 0.2,
    held_cost: float = 1.0,
    objective: float = 0.25,
) -> Simulation:
    """Drives a breaker through a simulated trace of a dependency that fails in a known way.

    The same seed and trace bring the same requests with the same luck to every breaker.

    Parameters
    ----------
    family : str
        "fast outage", "hanging outage", "fast brownout", "hanging brownout", "flapping", "slow
        recovery", "slow", "retry storm", "cold restart" or "noise".
    breaker : CircuitBreaker, BreakerSettings, str or object, default=None
        A copy of a breaker as it is; one with these settings; one with the defaults of a library
        such as "pybreaker" or "resilience4j"; anything with ``try_acquire(now)`` and
        ``record(now, outcome, latency)``; or None for none.
    calls_per_second : float, default=None
        The rate of requests. None for one drawn from 3 to 150.
    seconds : float, default=600.0
        Length of the trace.
    timeout : float, default=1.0
        When callers give up.
    seed : int, default=0
        Which service of the family.
    trace : int, default=0
        Which trace of the service: learn from some, test on others.
    failed_cost : float, default=0.2
        What a failed call costs beside the good call that is lost.
    held_cost : float, default=1.0
        What each second costs by which a call keeps its caller waiting beyond the objective.
    objective : float, default=0.25
        The latency in seconds up to which nobody minds.

    Examples
    --------
    >>> from forewarn import CircuitBreaker, simulate
    >>> mine = simulate("hanging outage", CircuitBreaker(), calls_per_second=20.0)
    >>> without = simulate("hanging outage", calls_per_second=20.0)
    >>> mine.regret < without.regret
    True
    """
    settings = SimulationSettings(
        family=str(family),
        calls_per_second=None if calls_per_second is None else float(calls_per_second),
        seconds=float(seconds),
        timeout=float(timeout),
        seed=_whole("seed", seed),
        trace=_whole("trace", trace),
        failed_cost=float(failed_cost),
        held_cost=float(held_cost),
        objective=float(objective),
    )
    driven: Any = breaker
    if isinstance(breaker, CircuitBreaker):
        driven = breaker._circuit
    elif breaker is not None and not isinstance(breaker, (str, BreakerSettings)):
        for method in ("try_acquire", "record"):
            if not callable(getattr(cast(object, breaker), method, None)):
                raise TypeError(f"breaker is {breaker!r}: it has no method {method}")
    return Simulation(**simulate_breaker(settings, driven))


def _whole(name: str, value: object) -> int:
    if is_int(value) and 0 <= value < 2**64:
        return int(value)
    raise refuse(name, value, "a whole number, at least 0")
