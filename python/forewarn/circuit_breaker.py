"""Circuit breakers for threads and asyncio tasks alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import update_wrapper, wraps
from types import CoroutineType, MethodType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypedDict, TypeVar

from forewarn._checks import is_int, refuse
from forewarn._core import Circuit, Guarded, Permit, breakers_text
from forewarn.breaker_settings import BreakerSettings

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from forewarn.breaker_settings import SettingsChanges

__all__ = ["BreakerMetrics", "CircuitBreaker", "Transition", "openmetrics"]

P = ParamSpec("P")
T = TypeVar("T")

Exceptions = type[BaseException] | tuple[type[BaseException], ...]


class CallRules(TypedDict):
    """What the extension takes: what exceptions and results say of what was called."""

    failures: tuple[type[BaseException], ...]
    ignored: tuple[type[BaseException], ...]
    usual: type[BaseException]
    is_failure: Callable[[Any], object] | None
    cancelled: str | None


class Transition(NamedTuple):
    """A circuit's way from one state to another."""

    before: str
    """The state before: 'closed', 'open', 'half_open', 'ramping', 'forced_open', ..."""
    after: str
    """The state since; equal to the one before where a ramp is cut, and in shadow."""
    at: float
    """When, by the breaker's clock."""
    generation: int
    """The number of the generation that begins: results of earlier calls no longer count."""
    reason: str
    """Why: 'failure rate', 'calls lost', 'open time over', 'probes succeeded', ..."""
    open_for: float | None
    """For how many seconds the circuit stays open; None where it does not open."""


class BreakerMetrics(NamedTuple):
    """What a circuit has counted since its beginning."""

    successes: int
    """Calls that ended well, slow ones included."""
    failures: int
    """Calls that failed."""
    ignored: int
    """Calls that ended otherwise, which says nothing of what was called."""
    cancelled: int
    """Calls that were given up before they ended."""
    rejected: int
    """Calls not let through."""
    would_reject: int
    """Calls let through in shadow that would not have been."""
    slow: int
    """Of the successes and failures that counted, those that were slow."""
    overdue: int
    """Calls that were slow before they ended."""
    stale: int
    """Results that came too late to count: the circuit had gone on to another generation."""
    probes: int
    """Probes let through."""
    expired_probes: int
    """Probes that lost their place because they did not end."""
    opened: int
    """How often the circuit opened."""
    transitions: int
    """All transitions."""
    clock_steps_back: int
    """Times that were before one seen already: the latest was taken instead."""


_entered: ContextVar[tuple[Any, Permit, Any] | None] = ContextVar("forewarn_permits", default=None)
"""The permits of ``with`` blocks in this thread or task: circuit, permit, and what is around."""


class CircuitBreaker:
    """Lets calls through while they are worth it, and spares everybody those that are not.

    One breaker serves any number of threads and of asyncio tasks at once: as a decorator of
    functions, methods and coroutine functions, by ``with`` and ``async with``, or by permits. No
    lock is held while a call is under way. A call that is not let through raises
    ``forewarn.Rejected``, which says when to come back.

    Cancelled tasks, ``KeyboardInterrupt``, closed generators and permits that are dropped give
    their place back and count as nothing. A result counts only if the circuit has not changed its
    state since the call began.

    Parameters
    ----------
    settings : BreakerSettings, default=None
        When to open, for how long, and how to close again; of ``BreakerOptimizer``, too. None for
        the defaults of ``BreakerSettings``, which open when calls lose more than they bring.
    name : str, default="breaker"
        For metrics.
    failures : exception or tuple of exceptions, default=Exception
        What counts as a failure. Other exceptions are ignored, but those that are no ``Exception``:
        they cancel a call.
    ignored : exception or tuple of exceptions, default=()
        What says nothing of what was called, such as "not found".
    is_failure : callable, default=None
        Is given each result and says whether it is a failure.
    cancelled : {"failure"}, default=None
        What a cancelled call counts as; None for nothing. A timeout around a call, such as
        ``asyncio.timeout``, cancels it.
    clock : callable, default=None
        Returns seconds, from 0 to 1e10. If it goes back, time stands still. None for the system's
        monotonic clock.
    seed : int, default=0
        Of jitter and ramps; give each service of a fleet another.
    **changes
        Fields of ``BreakerSettings``, instead of those of ``settings``.

    Examples
    --------
    >>> from forewarn import CircuitBreaker
    >>> breaker = CircuitBreaker(failure_rate=0.5, window=10.0, minimum_calls=2, open_time=5.0)
    >>> @breaker
    ... def ask(question):
    ...     return 1 / question
    >>> ask(2)
    0.5
    >>> for question in [0, 1, 1]:
    ...     try:
    ...         ask(question)
    ...     except Exception as error:
    ...         print(type(error).__name__)
    ZeroDivisionError
    Rejected
    Rejected
    >>> breaker.state
    'open'
    """

    def __init__(
        self,
        settings: BreakerSettings | None = None,
        *,
        name: str = "breaker",
        failures: Exceptions = Exception,
        ignored: Exceptions = (),
        is_failure: Callable[[Any], object] | None = None,
        cancelled: str | None = None,
        clock: Callable[[], float] | None = None,
        seed: int = 0,
        **changes: Unpack[SettingsChanges],
    ) -> None:
        chosen = replace(_settings(settings), **changes)
        rules = _rules(failures, ignored, is_failure, cancelled)
        self._outside(name, clock, rules)
        self._circuit = Circuit.start(chosen, _seed(seed), self._clock, self._rules)

    @classmethod
    def adaptive(
        cls,
        *,
        failed_cost: float = 0.2,
        held_cost: float = 1.0,
        objective: float = 0.25,
        name: str = "breaker",
        failures: Exceptions = Exception,
        ignored: Exceptions = (),
        is_failure: Callable[[Any], object] | None = None,
        cancelled: str | None = None,
        clock: Callable[[], float] | None = None,
        seed: int = 0,
    ) -> CircuitBreaker:
        """A breaker with nothing to set but what calls cost.

        It learns what latency and what load are usual, how many lost calls are worth an alarm, and
        how long outages last, from its own calls. At the default costs it opens after some 36
        fast failures in a row, and after some 20 once there was an outage; where a failure costs as
        much as a good call is worth, after 13 and 5; sooner where calls hang. Its ``settings`` are
        those that it is nearest to at the moment, and cannot be assigned.

        Parameters
        ----------
        failed_cost : float, default=0.2
            What a failed call costs beside the good call that is lost, in good calls.
        held_cost : float, default=1.0
            What each second costs by which a call keeps its caller waiting beyond the objective.
        objective : float, default=0.25
            The latency in seconds up to which nobody minds.
        name, failures, ignored, is_failure, cancelled, clock, seed
            As for the class.
        """
        made = cls.__new__(cls)
        made._outside(name, clock, _rules(failures, ignored, is_failure, cancelled))
        costs = float(failed_cost), float(held_cost), float(objective)
        made._circuit = Circuit.adaptive(costs, _seed(seed), clock, made._rules)
        return made

    def _outside(self, name: str, clock: Callable[[], float] | None, rules: CallRules) -> None:
        """What is not of the machine's."""
        if clock is not None and not callable(clock):
            raise TypeError(f"clock is {clock!r}: it must be callable, or None")
        self.name = str(name)
        self._clock = clock
        self._rules = rules

    # Calls.

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """The function behind this breaker: a decorator of functions and coroutine functions.

        What a coroutine function gives is judged when it is awaited. Generators do their work after
        the call, so put ``with breaker:`` into them instead.
        """
        return _guard(self._circuit, function)

    def __enter__(self) -> Permit:
        """Raises ``Rejected`` if the call is not let through.

        Blocks may be nested, and be open in many threads and tasks. In generators that take turns,
        ``with breaker.acquire():`` tells whose block is whose.
        """
        permit = self._circuit.acquire(None)
        _entered.set((self._circuit, permit, _entered.get()))
        return permit

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Records how the call ended."""
        permit = self._leave()
        if permit is not None:
            permit.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Permit:
        """As ``with``."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """As ``with``."""
        self.__exit__(kind, error, traceback)

    def _leave(self) -> Permit | None:
        """The permit of the innermost block of this breaker."""
        entry = _entered.get()
        if entry is not None and entry[0] is self._circuit:
            _entered.set(entry[2])
            return entry[1]
        between: list[tuple[Any, Permit]] = []
        while entry is not None:
            circuit, permit, around = entry
            if circuit is self._circuit:
                for other in reversed(between):
                    around = (*other, around)
                _entered.set(around)
                return permit
            between.append((circuit, permit))
            entry = around
        return None

    def acquire(self, now: float | None = None) -> Permit:
        """The permit to make one call; raises ``Rejected`` if it is not let through.

        Record how the call ended: by ``permit.success()``, ``failure()``, ``record(...)``, or with
        the permit as a context manager. One that is dropped gives its place back.

        Given the time ``now``, in seconds since any start, the clock is not asked. Such a permit
        need not be kept: :meth:`record` finds the call by its start.
        """
        return self._circuit.acquire(now)

    def try_acquire(self, now: float | None = None) -> Permit | None:
        """As ``acquire``, with None for a call that is not let through."""
        return self._circuit.try_acquire(now)

    def record(self, now: float, outcome: str | bool, latency: float) -> None:
        """Tells how a call ended that was let through at a given time, and whose permit is gone.

        It is taken for the outstanding one that began nearest to ``now - latency``; at most 100,000
        are kept. A call that was not asked for counts while the circuit is closed.

        Parameters
        ----------
        now : float
            When it ended, in seconds since the same start.
        outcome : {"success", "failure", "timeout", "ignored"} or bool
            How; or whether it succeeded.
        latency : float
            How long it took, in seconds.
        """
        self._circuit.record(now, outcome, latency)

    # What there is to know and to say.

    def tick(self, now: float | None = None) -> None:
        """Lets time act where no call does: open times end, calls become overdue, ramps go on."""
        self._circuit.tick(now)

    def force(self, state: str | None, now: float | None = None) -> None:
        """Imposes a state: "open", "closed", or "shadow", which decides and counts but lets all
        calls through. None lets the circuit decide for itself again."""
        self._circuit.force(state, now)

    def listen(self, listener: Callable[[Transition], object]) -> None:
        """Has a function called at every transition, one at a time and in their order.

        It is called in the thread of a call that brought a transition about, outside any lock, and
        may use the breaker. What it raises goes to ``sys.unraisablehook``.
        """
        if not callable(listener):
            raise TypeError(f"listener is {listener!r}: it must be callable")
        self._circuit.listen(lambda *transition: listener(Transition(*transition)))

    @property
    def state(self) -> str:
        """What the circuit does with calls; time alone does not change it, ``tick`` does.

        "closed", "open", "half_open", "ramping", "forced_open", "forced_closed" or "disabled", the
        shadow.
        """
        return self._circuit.state

    @property
    def inner_state(self) -> str:
        """What the state would be if nobody had imposed one."""
        return self._circuit.inner_state

    @property
    def share(self) -> float:
        """The share of the calls that is let through, probes aside."""
        return self._circuit.share

    @property
    def outstanding(self) -> int:
        """Calls let through at a given time of which nobody has told yet how they ended."""
        return self._circuit.outstanding

    @property
    def settings(self) -> BreakerSettings:
        """The settings. Assigned others, the circuit keeps its state and what it has counted."""
        return BreakerSettings(**self._circuit.settings())

    @settings.setter
    def settings(self, settings: BreakerSettings) -> None:
        self._circuit.set_settings(_settings(settings))

    @property
    def metrics(self) -> BreakerMetrics:
        """What has been counted."""
        return BreakerMetrics(**self._circuit.metrics())

    def metrics_text(self) -> str:
        """State and counts as OpenMetrics text; ``openmetrics`` has it of several breakers."""
        return openmetrics([self])

    # Saving.

    def to_bytes(self) -> bytes:
        """Settings and state as bytes, which Rust programs read, too. Permits are not in it."""
        return self._circuit.to_bytes()

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        *,
        name: str = "breaker",
        failures: Exceptions = Exception,
        ignored: Exceptions = (),
        is_failure: Callable[[Any], object] | None = None,
        cancelled: str | None = None,
        clock: Callable[[], float] | None = None,
    ) -> CircuitBreaker:
        """Goes on where ``to_bytes`` was called; with a clock of its own, no time has passed."""
        made = cls.__new__(cls)
        made._outside(name, clock, _rules(failures, ignored, is_failure, cancelled))
        made._circuit = Circuit(data, made._clock, made._rules)
        return made

    def __getstate__(self) -> Mapping[str, Any]:
        """Everything but permits and listeners."""
        outside = {"name": self.name, "clock": self._clock, "rules": self._rules}
        return {**outside, "circuit": self.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.name, self._clock, self._rules = state["name"], state["clock"], state["rules"]
        self._circuit = Circuit(state["circuit"], self._clock, self._rules)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r}: {self.state}>"


def openmetrics(breakers: Iterable[CircuitBreaker]) -> str:
    """State and counts of breakers, whose names must differ, as OpenMetrics text."""
    known: dict[str, CircuitBreaker] = {}
    for breaker in breakers:
        if known.setdefault(breaker.name, breaker) is not breaker:
            raise ValueError(f"there are two breakers named {breaker.name!r}")
    return breakers_text([(name, breaker._circuit) for name, breaker in known.items()])


def _rules(
    failures: Exceptions,
    ignored: Exceptions,
    is_failure: Callable[[Any], object] | None,
    cancelled: str | None,
) -> CallRules:
    if is_failure is not None and not callable(is_failure):
        raise TypeError(f"is_failure is {is_failure!r}: it must be callable, or None")
    return CallRules(
        failures=_exceptions("failures", failures),
        ignored=_exceptions("ignored", ignored),
        usual=Exception,
        is_failure=is_failure,
        cancelled=cancelled,
    )


def _settings(given: object) -> BreakerSettings:
    if given is None:
        return BreakerSettings()
    if isinstance(given, BreakerSettings):
        return given
    raise TypeError(f"settings are {given!r}: they must be BreakerSettings")


def _seed(given: object) -> int:
    if is_int(given) and 0 <= given < 2**64:
        return int(given)
    raise refuse("seed", given, "a whole number from 0 to 2**64 - 1")


def _exceptions(name: str, given: Any) -> tuple[type[BaseException], ...]:
    classes = given if isinstance(given, tuple) else (given,)
    if all(isinstance(it, type) and issubclass(it, BaseException) for it in classes):
        return classes
    raise TypeError(f"{name} is {given!r}: it must be an exception class or a tuple of them")


def _guard(circuit: Circuit, function: Callable[P, T]) -> Callable[P, T]:
    """A function whose calls go through a circuit."""
    if isinstance(function, (staticmethod, classmethod)):
        inside: Any = _guard(circuit, function.__func__)
        return type(function)(inside)
    if not callable(function):
        raise TypeError(f"{function!r} cannot be called: a breaker decorates functions")
    kinds = function, type(function).__call__
    generators = inspect.isgeneratorfunction, inspect.isasyncgenfunction
    if any(is_one(kind) for is_one in generators for kind in kinds):
        raise TypeError(
            f"{function!r} is a generator function, which does its work after the call: use "
            "'with breaker:' in it"
        )
    if any(inspect.iscoroutinefunction(kind) for kind in kinds):
        wrapper: Callable[P, T] = _guard_async(circuit, function)
        return wrapper
    guarded: Any = Guarded(circuit, function, CoroutineType, _later, MethodType)
    wrapped: Callable[P, T] = update_wrapper(guarded, function)
    return wrapped


def _guard_async(circuit: Circuit, function: Any) -> Any:
    @wraps(function)
    async def guarded(*args: Any, **kwargs: Any) -> Any:
        permit = circuit.acquire(None)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            permit.raised(error)
            raise
        permit.returned(result)
        return result

    return guarded


async def _later(permit: Permit, coroutine: Any) -> Any:
    """A coroutine whose call was let through already, to the end."""
    try:
        result = await coroutine
    except BaseException as error:
        permit.raised(error)
        raise
    permit.returned(result)
    return result
