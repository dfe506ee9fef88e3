"""Circuit breakers among asyncio tasks."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from test_breaker import Clock, make, trip

from forewarn import CircuitBreaker, Rejected

Use = Callable[[CircuitBreaker, Callable[[], Awaitable[Any]]], Awaitable[Any]]


async def decorated(breaker: CircuitBreaker, work: Callable[[], Awaitable[Any]]) -> Any:
    @breaker
    async def run() -> Any:
        return await work()

    return await run()


async def block(breaker: CircuitBreaker, work: Callable[[], Awaitable[Any]]) -> Any:
    async with breaker:
        return await work()


async def plain_block(breaker: CircuitBreaker, work: Callable[[], Awaitable[Any]]) -> Any:
    with breaker:
        return await work()


async def permit(breaker: CircuitBreaker, work: Callable[[], Awaitable[Any]]) -> Any:
    with breaker.acquire():
        return await work()


async def returned(breaker: CircuitBreaker, work: Callable[[], Awaitable[Any]]) -> Any:
    """A plain function that returns a coroutine."""
    return await breaker(partial(_call, work))()


def _call(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


USES = [decorated, block, plain_block, permit, returned]


@pytest.mark.parametrize("use", USES)
def test_failures_are_counted(use: Use) -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise OSError

    async def main() -> None:
        breaker = make()
        for _ in range(3):
            with pytest.raises(OSError):
                await use(breaker, work)
        assert breaker.metrics.failures == 3
        assert breaker.state == "open"
        with pytest.raises(Rejected):
            await use(breaker, work)

    asyncio.run(main())


@pytest.mark.parametrize("use", USES)
def test_cancelled_tasks_give_their_place_back(use: Use) -> None:
    async def main() -> None:
        clock = Clock()
        breaker = make(clock)
        trip(breaker)
        clock.now = 5.0
        probe = asyncio.ensure_future(use(breaker, lambda: asyncio.sleep(60)))
        await asyncio.sleep(0.01)
        assert breaker.try_acquire() is None, "the probe has the only place"
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        assert await use(breaker, lambda: asyncio.sleep(0, "through")) == "through"
        assert breaker.state == "closed"

    asyncio.run(main())


class Step:
    """Something to await that asks to be resumed so many times."""

    def __init__(self, times: int) -> None:
        self.times = times

    def __await__(self) -> Any:
        for _ in range(self.times):
            yield


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("how", ["close", "throw", "drop"])
def test_cancellation_at_every_await(use: Use, how: str) -> None:
    awaits = 5
    for resumed in range(awaits + 1):
        clock = Clock()
        breaker = make(clock)
        trip(breaker)
        clock.now = 5.0
        coroutine: Any = use(breaker, lambda: _steps(awaits))
        for _ in range(resumed):
            coroutine.send(None)
        assert (breaker.try_acquire() is None) == (resumed > 0)
        if how == "close":
            coroutine.close()
        elif how == "throw":
            with pytest.raises(asyncio.CancelledError):
                coroutine.throw(asyncio.CancelledError())
        if how == "drop" and resumed == 0:
            coroutine.close()
        del coroutine
        probe = breaker.try_acquire()
        assert probe is not None, f"no place after {resumed} steps"
        probe.success()
        assert breaker.state == "closed"
        assert breaker.metrics.successes == 1


async def _steps(times: int) -> None:
    await Step(times)


def test_a_timeout_counts_as_asked() -> None:
    async def main(cancelled: str | None) -> tuple[int, int]:
        breaker = make(cancelled=cancelled)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(decorated(breaker, lambda: asyncio.sleep(60)), 0.01)
        return breaker.metrics.failures, breaker.metrics.cancelled

    assert asyncio.run(main(None)) == (0, 1)
    assert asyncio.run(main("failure")) == (1, 0)

    async def inside() -> int:
        breaker = make()
        with pytest.raises(asyncio.TimeoutError):
            await decorated(breaker, lambda: asyncio.wait_for(asyncio.sleep(60), 0.01))
        return breaker.metrics.failures

    assert asyncio.run(inside()) == 1


def test_tasks_do_not_mix_up_their_blocks() -> None:
    async def main() -> None:
        breaker = CircuitBreaker(consecutive=1_000)

        async def work(number: int) -> None:
            with breaker:
                await asyncio.sleep(0.001 * (number * 7 % 13))
                async with breaker:
                    await asyncio.sleep(0.001 * (number * 5 % 11))
                    if number % 3 == 0:
                        raise OSError

        await asyncio.gather(*(work(number) for number in range(90)), return_exceptions=True)
        assert breaker.metrics.failures == 60
        assert breaker.metrics.successes == 120
        assert breaker.metrics.cancelled == 0

    asyncio.run(main())


def test_a_hundred_tasks_wait_together() -> None:
    async def main() -> float:
        breaker = CircuitBreaker()
        start = time.monotonic()
        await asyncio.gather(*(decorated(breaker, lambda: asyncio.sleep(0.1)) for _ in range(100)))
        assert breaker.metrics.successes == 100
        return time.monotonic() - start

    assert asyncio.run(main()) < 1.0


def test_threads_and_tasks_on_one_breaker() -> None:
    breaker = CircuitBreaker(consecutive=10_000)
    guarded = breaker(lambda: None)

    @breaker
    async def later(number: int) -> None:
        await asyncio.sleep(0)
        if number % 2:
            raise OSError

    async def tasks() -> None:
        await asyncio.gather(*(later(number) for number in range(500)), return_exceptions=True)

    def calls() -> None:
        for _ in range(5_000):
            guarded()

    threads = [threading.Thread(target=calls) for _ in range(3)]
    threads += [threading.Thread(target=lambda: asyncio.run(tasks())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaker.metrics.successes == 3 * 5_000 + 2 * 250
    assert breaker.metrics.failures == 2 * 250
    assert breaker.metrics.cancelled == 0


def test_what_is_a_coroutine_function_stays_one() -> None:
    breaker = make()

    async def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    class Adder:
        async def __call__(self, a: int, b: int) -> int:
            return a + b

    guarded = breaker(add)
    assert inspect.iscoroutinefunction(guarded)
    assert (guarded.__name__, guarded.__doc__) == ("add", "Adds.")
    assert asyncio.run(guarded(1, b=2)) == 3
    assert asyncio.run(breaker(partial(add, 1))(2)) == 3
    assert asyncio.run(breaker(Adder())(1, 2)) == 3
    assert breaker.metrics.successes == 3

    async def numbers() -> AsyncIterator[int]:
        yield 1

    with pytest.raises(TypeError, match="is a generator function"):
        breaker(numbers)


def test_results_of_coroutines_are_judged() -> None:
    breaker = make(is_failure=lambda status: status >= 500)

    async def fetch(status: int) -> int:
        return status

    async def main() -> None:
        for guarded in [breaker(fetch), breaker(partial(_call, fetch))]:
            assert await guarded(200) == 200
            assert await guarded(503) == 503

    asyncio.run(main())
    assert (breaker.metrics.successes, breaker.metrics.failures) == (2, 2)


def test_tasks_of_an_adaptive_breaker() -> None:
    async def main() -> None:
        breaker = CircuitBreaker.adaptive()
        for use in USES:
            assert await use(breaker, lambda: asyncio.sleep(0, 5)) == 5
            task = asyncio.ensure_future(use(breaker, lambda: asyncio.sleep(60)))
            await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert breaker.metrics.successes == breaker.metrics.cancelled == len(USES)

    asyncio.run(main())


def test_a_task_started_in_a_block_has_blocks_of_its_own() -> None:
    async def main() -> None:
        breaker = CircuitBreaker(consecutive=1_000)

        async def child() -> None:
            with pytest.raises(OSError), breaker:
                await asyncio.sleep(0.02)
                raise OSError

        async with breaker:
            task = asyncio.create_task(child())
            await asyncio.sleep(0.01)
        await task
        assert (breaker.metrics.successes, breaker.metrics.failures) == (1, 1)

    asyncio.run(main())
