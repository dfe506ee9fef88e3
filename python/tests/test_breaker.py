"""Circuit breakers: what counts, what opens, what is told, what is refused."""

from __future__ import annotations

import contextlib
import copy
import gc
import inspect
import math
import pickle
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from forewarn import BreakerSettings, CircuitBreaker, Rejected
from forewarn._core import breaker_defaults
from forewarn.breaker_settings import SettingsChanges
from forewarn.circuit_breaker import Transition, openmetrics


class Clock:
    """Time that stands still."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def fail() -> None:
    raise ZeroDivisionError("mine")


def trip(breaker: CircuitBreaker, times: int = 3) -> None:
    for _ in range(times):
        with pytest.raises(ZeroDivisionError), breaker:
            fail()


def make(clock: Clock | None = None, **changes: Any) -> CircuitBreaker:
    """Opens at three failures in a row, for five seconds."""
    settings = BreakerSettings(consecutive=3, open_time=5.0, ramp_share=None)
    return CircuitBreaker(settings, clock=Clock() if clock is None else clock, **changes)


def test_a_circuit_opens_says_when_to_come_back_and_closes() -> None:
    clock = Clock()
    breaker = make(clock)
    trip(breaker)
    assert breaker.state == "open"
    clock.now = 2.0
    with pytest.raises(Rejected, match=r"open; come back in 3\.000 s") as rejection, breaker:
        raise AssertionError
    assert (rejection.value.state, rejection.value.retry_after) == ("open", 3.0)
    assert breaker.try_acquire() is None
    clock.now = 5.0
    with breaker as permit:
        assert permit.is_probe
        assert breaker.try_acquire() is None, "one probe at a time"
    assert breaker.state == "closed"
    assert breaker.metrics.rejected == 3
    copied = pickle.loads(pickle.dumps(rejection.value))
    assert copied.retry_after == 3.0


def test_a_function_keeps_its_looks() -> None:
    @make()
    def add(a: int, b: int = 2, *more: int, **named: int) -> int:
        """Adds."""
        return a + b + sum(more) + sum(named.values())

    assert add(1) == 3
    assert add(1, 2, 3, four=4) == 10
    assert add.__name__ == "add"
    assert add.__doc__ == "Adds."
    assert list(inspect.signature(add).parameters) == ["a", "b", "more", "named"]
    with pytest.raises(TypeError):
        add()  # type: ignore[call-arg]


class Client:
    """Has its methods behind a breaker."""

    breaker = make()

    @breaker
    def name(self) -> str:
        return type(self).__name__

    @classmethod
    @breaker
    def made(cls) -> str:
        return cls.__name__

    @breaker
    @staticmethod
    def plain(x: int) -> int:
        return x


class Special(Client):
    """Inherits them."""


def test_methods() -> None:
    assert Client().name() == "Client"
    assert Special().name() == "Special"
    assert Special.made() == "Special"
    assert Client.plain(3) == Client().plain(4) - 1
    assert Client.breaker.metrics.successes == 5


def test_what_exceptions_count_as() -> None:
    breaker = make(failures=OSError, ignored=FileNotFoundError)
    for error in [ConnectionError, FileNotFoundError, KeyError, KeyboardInterrupt, GeneratorExit]:
        with pytest.raises(error), breaker:
            raise error
    metrics = breaker.metrics
    assert (metrics.failures, metrics.ignored, metrics.cancelled) == (1, 2, 2)
    strict = make(cancelled="failure")
    with pytest.raises(KeyboardInterrupt), strict:
        raise KeyboardInterrupt
    assert strict.metrics.failures == 1
    named = make(failures=(Exception, KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt), named:
        raise KeyboardInterrupt
    assert named.metrics.failures == 1


def test_what_results_count_as() -> None:
    breaker = make(is_failure=lambda status: status >= 500)

    @breaker
    def fetch(status: int) -> int:
        return status

    assert [fetch(status) for status in [200, 404, 503]] == [200, 404, 503]
    assert (breaker.metrics.successes, breaker.metrics.failures) == (2, 1)

    broken = make(is_failure=lambda _status: 1 / 0)(fetch)
    with pytest.raises(ZeroDivisionError):
        broken(200)


def test_a_dropped_permit_gives_its_place_back() -> None:
    clock = Clock()
    breaker = make(clock)
    trip(breaker)
    clock.now = 5.0
    permit = breaker.try_acquire()
    assert permit is not None
    assert breaker.try_acquire() is None
    del permit
    probe = breaker.try_acquire()
    assert probe is not None
    probe.release()
    probe.success()  # too late
    assert breaker.state == "half_open"
    with breaker.acquire() as probe:
        probe.failure()
    assert breaker.state == "open"
    assert breaker.metrics.cancelled == 2


def test_late_answers_change_nothing() -> None:
    clock = Clock()
    breaker = make(clock)
    late = [breaker.acquire() for _ in range(4)]
    trip(breaker)
    late[0].success()
    assert breaker.state == "open"
    clock.now = 5.0
    probe = breaker.acquire()
    late[1].success()
    late[2].failure()
    assert breaker.state == "half_open"
    probe.success()
    assert breaker.state == "closed"
    late[3].failure()
    assert breaker.metrics.stale == 4


def test_a_hung_probe_loses_its_place() -> None:
    clock = Clock()
    breaker = make(clock, lease=1.0)
    trip(breaker)
    clock.now = 5.0
    hung = breaker.acquire()
    clock.now = 6.5
    second = breaker.acquire()
    hung.success()
    assert breaker.state == "half_open"
    second.success()
    assert breaker.state == "closed"


def test_blocks_may_be_nested() -> None:
    outer, inner = make(), make()
    with pytest.raises(ZeroDivisionError), outer, inner, outer:
        fail()
    assert outer.metrics.failures == 2
    assert inner.metrics.failures == 1
    with outer, inner:
        pass
    assert outer.metrics.successes == inner.metrics.successes == 1


def test_generators_that_take_turns() -> None:
    breaker = make()

    def work(error: Exception | None) -> Iterator[None]:
        with breaker.acquire():
            yield
            if error is not None:
                raise error

    one, two, three = work(None), work(OSError()), work(None)
    for it in (one, two, three):
        next(it)
    assert next(one, "over") == "over"
    with pytest.raises(OSError):
        next(two)
    three.close()  # type: ignore[attr-defined]
    assert (breaker.metrics.successes, breaker.metrics.failures) == (1, 1)
    assert breaker.metrics.cancelled == 1


def test_listeners_are_told_in_order_and_may_call_back() -> None:
    clock = Clock()
    breaker = make(clock)
    told: list[Transition] = []

    def listen(transition: Transition) -> None:
        told.append(transition)
        assert breaker.state
        if transition.after == "open":
            breaker.force("closed")

    breaker.listen(listen)
    trip(breaker)
    breaker.force(None)
    assert [(it.before, it.after, it.reason) for it in told] == [
        ("closed", "open", "consecutive failures"),
        ("open", "forced_closed", "forced"),
        ("forced_closed", "closed", "forced"),
    ]
    assert [it.generation for it in told] == [1, 2, 3]
    assert told[0].open_for == 5.0


def test_what_a_listener_raises_is_not_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)
    breaker = make()
    breaker.listen(lambda _transition: fail())
    breaker.listen(lambda transition: seen.append(transition.after))
    trip(breaker)
    assert seen[0].exc_type is ZeroDivisionError
    assert seen[1] == "open"


def test_forced_states() -> None:
    breaker = make()
    breaker.force("open")
    with pytest.raises(Rejected) as rejection, breaker:
        pass
    assert rejection.value.retry_after is None
    assert breaker.share == 0.0
    breaker.force("shadow")
    trip(breaker)
    assert (breaker.state, breaker.inner_state) == ("disabled", "open")
    with breaker:
        pass
    assert breaker.metrics.would_reject == 1
    with pytest.raises(ValueError, match="state is 'shut'"):
        breaker.force("shut")


def test_settings_change_while_running() -> None:
    breaker = make()
    trip(breaker, 2)
    breaker.settings = replace(breaker.settings, consecutive=5)
    trip(breaker, 2)
    assert breaker.state == "closed", "four so far, and the window is kept"
    trip(breaker, 1)
    assert breaker.state == "open"
    with pytest.raises(ValueError, match="consecutive is 0"):
        breaker.settings = replace(breaker.settings, consecutive=0)
    assert breaker.settings.consecutive == 5
    with pytest.raises(TypeError, match="must be BreakerSettings"):
        breaker.settings = {}  # type: ignore[assignment]


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_saved_breaker_goes_on(copy_of: Callable[[CircuitBreaker], CircuitBreaker]) -> None:
    breaker = CircuitBreaker(consecutive=3, open_time=60.0, name="saved", ignored=KeyError)
    trip(breaker)
    again = copy_of(breaker)
    assert (again.state, again.name, again.metrics) == ("open", "saved", breaker.metrics)
    assert again.settings == breaker.settings
    with pytest.raises(Rejected) as rejection:
        again.acquire()
    assert 59.0 < (rejection.value.retry_after or 0.0) <= 60.0
    other = CircuitBreaker.from_bytes(breaker.to_bytes(), clock=lambda: 1e6)
    assert other.try_acquire() is not None


def test_bytes_that_were_altered() -> None:
    data = make().to_bytes()
    for bad in [b"", data[:-1], data[:20], bytes([data[0] ^ 1]) + data[1:], b"nonsense" * 9]:
        with pytest.raises(ValueError, match="not a valid model"):
            CircuitBreaker.from_bytes(bad)


def test_openmetrics() -> None:
    one, two = make(name="one"), make(name='t"wo')
    trip(two)
    text = openmetrics([one, two])
    lines = text.splitlines()
    assert lines[-1] == "# EOF"
    assert 'breaker_calls_total{breaker="t\\"wo",outcome="failure"} 3' in lines
    assert 'breaker_state{breaker="one",breaker_state="closed"} 1' in lines
    samples = [line.rpartition(" ")[0] for line in lines if not line.startswith("#")]
    assert len(samples) == len(set(samples))
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families)) > 5
    with pytest.raises(ValueError, match="two breakers named 'one'"):
        openmetrics([one, make(name="one")])
    assert one.metrics_text().count("# EOF") == 1


def test_a_breaker_in_a_cycle_is_collected() -> None:
    def cycle() -> tuple[Any, Any]:
        breaker = make()
        breaker.listen(lambda _transition: breaker.state)
        inside: list[Any] = []
        guarded = breaker(inside.copy)
        inside.append(guarded)
        return weakref.ref(breaker), weakref.ref(guarded)

    seen = cycle()
    gc.collect()
    assert [it() for it in seen] == [None, None]


# Settings.


def test_the_defaults_are_the_librarys() -> None:
    defaults = BreakerSettings(**breaker_defaults())
    assert replace(defaults, jitter=None) == BreakerSettings()
    assert defaults.jitter == 0.1
    names = [field.name for field in fields(BreakerSettings)]
    assert list(SettingsChanges.__annotations__) == names
    text = BreakerSettings.__doc__ or ""
    for field in fields(BreakerSettings):
        entry = text[text.index(f"\n    {field.name} : ") + 1 :]
        assert entry[: entry.index("\n")].endswith(f"default={field.default}")


RULES: list[SettingsChanges] = [
    {"consecutive": 4},
    {"failure_rate": 0.5, "last_calls": 30, "minimum_calls": 10},
    {"slow_rate": 0.5, "slow_after": 0.2, "slow_in_flight": False},
    {"failure_rate": 0.1, "window": 30.0, "buckets": 6},
    {"tolerance": 5.0, "failed_cost": 0.5, "held_cost": 0.0, "objective": 1.0},
    {"open_time": 2.0},
    {"open_time": 2.0, "backoff": 2.0, "longest": 60.0, "jitter": 0.5},
    {"open_time": 9.0, "backoff": 0.1, "shortest": 2.0, "jitter": 0.1},
    {"open_time": 2.0, "jitter": 0.5},
    {"probe_cost": 2.0, "shortest": 0.1, "longest": 5.0},
    {"probes": 3, "probe_successes": 2, "probe_failures": 2, "probe_budget": (1.0, 20)},
    {"ramp_share": 0.2, "ramp_step": 0.5, "ramp_calls": 1, "ramp_growth": 3.0},
    {"ramp_share": None},
]


@pytest.mark.parametrize("changes", RULES)
def test_settings_come_back_as_they_were_given(changes: SettingsChanges) -> None:
    settings = CircuitBreaker(**changes).settings
    for name, value in changes.items():
        assert getattr(settings, name) == value, name
    assert CircuitBreaker(settings).settings == settings


BAD: list[tuple[dict[str, Any], str]] = [
    ({"consecutive": 0}, "consecutive is 0: it must be at least 1"),
    ({"consecutive": -1}, "consecutive is -1"),
    ({"consecutive": 2.5}, "consecutive is 2.5"),
    ({"consecutive": True}, "consecutive is True"),
    ({"consecutive": 2**32}, "consecutive is 4294967296"),
    ({"consecutive": 3, "failure_rate": 0.5}, "only one can open"),
    ({"failure_rate": 0.0}, "failure_rate is 0: it must be above 0"),
    ({"failure_rate": 1.5}, "failure_rate is 1.5"),
    ({"failure_rate": math.nan}, "failure_rate is NaN"),
    ({"failure_rate": 0.5, "window": 0.0}, "window is 0"),
    ({"failure_rate": 0.5, "window": -1.0}, "window is -1"),
    ({"failure_rate": 0.5, "window": math.inf}, "window is inf"),
    ({"failure_rate": 0.5, "window": math.nan}, "window is NaN"),
    ({"failure_rate": 0.5, "window": 1.0, "last_calls": 5}, "only one can be"),
    ({"failure_rate": 0.5, "last_calls": 5, "minimum_calls": 6}, "minimum_calls is 6"),
    ({"window": 5.0}, "need a failure_rate"),
    ({"tolerance": 0.0}, "tolerance is 0"),
    ({"failed_cost": -0.1}, "failed_cost is -0.1"),
    ({"held_cost": math.inf}, "held_cost is inf"),
    ({"objective": math.nan}, "objective is NaN"),
    ({"slow_after": 0.0}, "slow_after is 0"),
    ({"open_time": 0.0}, "open_time is 0"),
    ({"open_time": math.inf}, "open_time is inf"),
    ({"open_time": "5 s"}, "open_time is '5 s': it must be a number"),
    ({"open_time": 9.0, "backoff": 2.0, "longest": 5.0}, "longest is 5: it must be at least open"),
    ({"backoff": 0.0, "open_time": 1.0}, "backoff is 0"),
    ({"backoff": 0.5, "open_time": 1.0, "shortest": 2.0}, "shortest is 2: it must be at most open"),
    ({"jitter": 1.5}, "jitter is 1.5"),
    ({"probes": 0}, "probes is 0"),
    ({"probe_failures": 0}, "probe_failures is 0"),
    ({"lease": 0.0}, "lease is 0"),
    ({"probe_budget": (0.0, 5)}, r"probe_budget\[0\] is 0"),
    ({"probe_budget": 5}, "probe_budget is 5"),
    ({"ramp_share": 0.0}, "ramp_share is 0"),
    ({"ramp_calls": 0}, "ramp_calls is 0"),
    ({"slow_in_flight": 1}, "slow_in_flight is 1"),
    ({"seed": -1}, "seed is -1"),
    ({"cancelled": "success"}, "cancelled is 'success'"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_bad_settings_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CircuitBreaker(**changes)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"window_length": 1.0}, "window_length"),
    ({"settings": {"consecutive": 3}}, "must be BreakerSettings"),
    ({"failures": "OSError"}, "failures is 'OSError'"),
    ({"ignored": (OSError, int)}, "ignored is"),
    ({"is_failure": 500}, "is_failure is 500"),
    ({"clock": 1.0}, r"clock is 1\.0"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_arguments_of_a_wrong_type_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        CircuitBreaker(**changes)


def test_what_cannot_be_guarded() -> None:
    breaker = make()
    with pytest.raises(TypeError, match="cannot be called"):
        breaker(5)  # type: ignore[arg-type]

    def numbers() -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="is a generator function"):
        breaker(numbers)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1.0, 1e11])
def test_bad_times_leave_the_breaker_as_it_was(bad: float) -> None:
    breaker = CircuitBreaker(consecutive=3)
    assert breaker.try_acquire(1.0)
    before = breaker.to_bytes(), breaker.outstanding
    attempts: list[Callable[[], object]] = [
        lambda: breaker.acquire(bad),
        lambda: breaker.try_acquire(bad),
        lambda: breaker.record(bad, True, 0.0),
        lambda: breaker.record(1.0, True, bad),
        lambda: breaker.tick(bad),
        lambda: breaker.force("open", bad),
    ]
    for attempt in attempts:
        with pytest.raises(ValueError, match="it must be a number of seconds from 0 to 1e10"):
            attempt()
    assert (breaker.to_bytes(), breaker.outstanding) == before
    ticking = CircuitBreaker(clock=lambda: bad)
    with pytest.raises(ValueError, match=r"clock\(\) is"), ticking:
        raise AssertionError
    assert ticking.metrics.transitions == 0


def test_a_clock_that_fails_later_keeps_no_place() -> None:
    clock = Clock()
    breaker = make(clock)
    trip(breaker)
    clock.now = 5.0

    @breaker
    def spoil() -> None:
        clock.now = math.nan

    with pytest.raises(ValueError, match=r"clock\(\) is NaN"):
        spoil()
    clock.now = 6.0
    assert breaker.try_acquire() is not None


def test_a_clock_that_goes_back_stands_still() -> None:
    clock = Clock()
    clock.now = 100.0
    breaker = make(clock)
    trip(breaker)
    clock.now = 50.0
    with pytest.raises(Rejected) as rejection:
        breaker.acquire()
    assert rejection.value.retry_after == 5.0
    assert breaker.metrics.clock_steps_back == 1
    clock.now = 105.0
    assert breaker.try_acquire() is not None


@pytest.mark.parametrize("outcome", ["Success", "", None, 3.5, b"success", object()])
def test_unknown_outcomes_are_refused(outcome: Any) -> None:
    breaker = make()
    permit = breaker.acquire()
    with pytest.raises(ValueError, match="outcome is"):
        permit.record(outcome)
    with pytest.raises(ValueError, match="outcome is"):
        breaker.record(1.0, outcome, 0.5)
    permit.success()
    assert breaker.metrics.successes == 1


# A breaker that tunes itself.


def test_an_adaptive_breaker_needs_no_settings() -> None:
    clock = Clock()
    breaker = CircuitBreaker.adaptive(clock=clock, name="own")
    told: list[Transition] = []
    breaker.listen(told.append)
    guarded = breaker(lambda: None)
    for _ in range(200):
        clock.now += 0.05
        guarded()
    while breaker.state == "closed":
        clock.now += 0.05
        with pytest.raises(ZeroDivisionError), breaker:
            fail()
    assert 3 < breaker.metrics.failures < 60
    with pytest.raises(Rejected) as rejection:
        guarded()
    assert (rejection.value.retry_after or 0.0) > 0.0
    assert breaker.metrics.rejected == 1
    for _ in range(2_000):
        clock.now += 0.05
        with contextlib.suppress(Rejected):
            guarded()
    assert breaker.state == "closed"
    assert told[0].after == "open"
    assert told[-1].after == "closed"
    assert [it.generation for it in told] == list(range(1, len(told) + 1))
    assert breaker.metrics.transitions == len(told)
    assert "own" in repr(breaker)
    CircuitBreaker(breaker.settings)
    with pytest.raises(ValueError, match="finds its settings itself"):
        breaker.settings = BreakerSettings()
    with pytest.raises(ValueError, match="failed_cost is -1"):
        CircuitBreaker.adaptive(failed_cost=-1.0)


def test_an_adaptive_breaker_is_forced_and_saved() -> None:
    breaker = CircuitBreaker.adaptive()
    guarded = breaker(lambda: 5)
    told: list[str] = []
    breaker.listen(lambda transition: told.append(transition.after))
    breaker.force("open")
    with pytest.raises(Rejected) as rejection:
        guarded()
    assert rejection.value.retry_after is None
    breaker.force("shadow")
    assert guarded() == 5
    breaker.force("closed")
    assert guarded() == 5
    breaker.force(None)
    assert told == ["forced_open", "disabled", "forced_closed", "closed"]
    assert (breaker.metrics.successes, breaker.metrics.rejected) == (2, 1)
    again = pickle.loads(pickle.dumps(breaker))
    assert (again.state, again.settings) == (breaker.state, breaker.settings)
    assert again(lambda: 5)() == 5
    with pytest.raises(ValueError, match="not a valid model"):
        CircuitBreaker.from_bytes(breaker.to_bytes()[:-1])
