"""Results that come without a permit, at times of the caller's."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np
import pytest
from test_breaker import make

from forewarn import CircuitBreaker, simulate
from forewarn.breaker_simulator import FAMILIES


def test_results_find_their_calls_in_any_order() -> None:
    breaker = make()
    starts = [0.0, 0.1, 0.2, 0.3]
    assert all(breaker.try_acquire(start) for start in starts)
    for start, latency in [(0.2, 0.2), (0.0, 0.5), (0.3, 0.25), (0.1, 1.0)]:
        breaker.record(start + latency, "success", latency)
    assert breaker.outstanding == 0
    assert breaker.metrics.successes == 4


def test_late_results_are_those_of_earlier_generations() -> None:
    breaker = make()
    assert breaker.try_acquire(0.0)  # answers late
    for start in (1.0, 1.1, 1.2):
        assert breaker.try_acquire(start)
        breaker.record(start + 0.01, "failure", 0.01)
    assert breaker.state == "open"
    assert breaker.try_acquire(3.0) is None
    assert breaker.try_acquire(6.3), "the probe"
    assert breaker.try_acquire(6.31) is None
    breaker.record(6.4, "success", 6.4)
    assert breaker.state == "half_open", "the answer was to the first call"
    breaker.record(6.5, "timeout", 0.2)
    assert breaker.state == "open"
    assert (breaker.metrics.stale, breaker.outstanding) == (1, 0)


BREAKERS: list[Callable[[], CircuitBreaker]] = [
    CircuitBreaker,
    CircuitBreaker.adaptive,
    lambda: CircuitBreaker(slow_after=0.2, probes=3, probe_successes=2),
    lambda: CircuitBreaker(failure_rate=0.5, last_calls=20, open_time=1.0),
]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("make_breaker", BREAKERS)
def test_a_driver_without_permits_sees_the_breaker_itself(
    family: str, make_breaker: Callable[[], CircuitBreaker]
) -> None:
    """Calls overlap, and answers come out of order; every decision and count is the same."""
    breaker = make_breaker()
    wanted = simulate(family, breaker, calls_per_second=30.0, seconds=300.0, seed=11)
    assert breaker.metrics.successes == 0, "a copy is driven"
    if family == "hanging outage":
        assert wanted.rejected > 100

    class Driver:
        def try_acquire(self, now: float) -> bool:
            return bool(breaker.try_acquire(now))

        def record(self, now: float, outcome: str, latency: float) -> None:
            breaker.record(now, outcome, latency)

    assert simulate(family, Driver(), calls_per_second=30.0, seconds=300.0, seed=11) == wanted
    assert breaker.outstanding == 0


def test_an_independent_driver() -> None:
    """Outages of known times: they are noticed soon, probed seldom and left soon."""
    random = np.random.default_rng(3)
    breaker = CircuitBreaker()
    arrivals = np.cumsum(random.exponential(0.05, 12_000))
    answers: list[tuple[float, int, bool, float]] = []
    lost = wasted = 0
    for number, now in enumerate(arrivals.tolist()):
        while answers and answers[0][0] <= now:
            at, _, good, latency = heapq.heappop(answers)
            breaker.record(at, good, latency)
        down = now % 200.0 > 150.0
        if breaker.try_acquire(now):
            latency = 1.0 if down else float(random.lognormal(-3.0, 0.3))
            heapq.heappush(answers, (now + latency, number, not down, latency))
            wasted += down
        else:
            lost += not down
    outages = 3
    assert 590.0 < arrivals[-1] < 610.0
    # Of 1,000 calls an outage: 20 until the first time-out is known, some 25 probes; and it takes
    # some seconds to let everything back.
    assert 20 < wasted / outages < 60
    assert lost / outages < 60


def test_permits_of_given_times_need_not_be_kept_but_may() -> None:
    breaker = make()
    kept = breaker.try_acquire(1.0)
    breaker.try_acquire(1.5)
    assert breaker.outstanding == 2
    assert kept is not None
    kept.record("failure", now=1.75, latency=0.75)
    assert breaker.outstanding == 1
    kept.success(2.0)
    breaker.record(1.75, "success", 0.75)
    assert breaker.outstanding == 0, "the nearest, for want of a better one"
    assert (breaker.metrics.successes, breaker.metrics.failures) == (1, 1)


def test_results_of_calls_that_nobody_asked_for() -> None:
    breaker = make()
    breaker.record(1.0, False, 0.5)
    breaker.record(1.1, False, 0.5)
    assert breaker.metrics.failures == 2
    breaker.record(1.2, False, 0.5)
    assert breaker.state == "open"
    breaker.record(1.3, True, 0.5)
    assert (breaker.state, breaker.metrics.successes) == ("open", 0)


def test_calls_that_never_end_are_bounded() -> None:
    breaker = make()
    for number in range(100_003):
        breaker.try_acquire(number * 1e-3)
    assert breaker.outstanding == 100_000
    assert breaker.metrics.cancelled == 3
    breaker.record(200.0, "failure", 200.0)
    assert breaker.outstanding == 99_999


def test_numpy_scalars_and_bools_are_taken() -> None:
    breaker = make()
    assert breaker.try_acquire(np.float64(1.0))
    breaker.record(np.float64(1.5), bool(np.True_), np.float64(0.5))
    assert breaker.try_acquire(np.float32(2.0))
    breaker.record(3, np.bool_(False), 1)  # type: ignore[arg-type]
    assert (breaker.metrics.successes, breaker.metrics.failures) == (1, 1)
