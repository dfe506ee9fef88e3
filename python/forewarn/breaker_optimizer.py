"""Settings of circuit breakers, learned from the history of calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from forewarn._checks import is_int, refuse
from forewarn._core import optimize_breaker
from forewarn._progress import reporting
from forewarn.breaker_settings import BreakerSettings
from forewarn.call_log import CallLog

__all__ = ["BreakerOptimizer", "Recommendation"]


class OptimizerSettings(TypedDict):
    """What the extension takes."""

    failed_cost: float
    held_cost: float
    objective: float
    current: BreakerSettings | None
    max_false_opens: float | None
    max_probe_share: float | None
    candidates: int
    confidence: float
    resamples: int
    courses: int
    seed: int


class Estimate(NamedTuple):
    """A figure, and between which two it lies with the confidence asked for."""

    mean: float
    """The figure."""
    low: float
    """The lower end."""
    high: float
    """The upper end."""


class Delay(NamedTuple):
    """How long something took."""

    median: float
    """Seconds, half of the time."""
    p95: float
    """Seconds, 95 % of the time."""
    seen: int
    """How often."""


@dataclass(frozen=True)
class Assessment:
    """What settings would have brought on the log: per 100 calls, in good calls or seconds."""

    settings: BreakerSettings | None
    """The settings; None for no breaker."""
    cost: Estimate
    """Good calls lost, and in units of them what failed and what was held too long."""
    lost_good: float
    """Good calls that were rejected."""
    failed: float
    """Calls that were let through and failed."""
    wasted_seconds: float
    """Seconds that callers waited for failures."""
    probes: float
    """Calls that were let through as probes."""
    opens_an_hour: float
    """Times an hour and dependency that the circuit opened."""
    false_opens_an_hour: float
    """Of them, while the dependency was up."""


class PeerComparison(NamedTuple):
    """Another library's default settings, on the same log."""

    assessment: Assessment
    """What they would have brought."""
    saving: Estimate
    """What the settings found save against them, per 100 calls."""


class FrontPoint(NamedTuple):
    """Settings that no others beat in lost good calls, wasted seconds and probes at once."""

    settings: BreakerSettings
    """The settings."""
    lost_good: float
    """Good calls that were rejected, per 100 calls."""
    wasted_seconds: float
    """Seconds that callers waited for failures, per 100 calls."""
    probes: float
    """Calls that were let through as probes, per 100 calls."""
    cost: float
    """What all of it costs, per 100 calls."""


class Export(NamedTuple):
    """The nearest settings of another library."""

    text: str
    """In its own language."""
    lost: list[str]
    """What it cannot do."""


class LogSummary(NamedTuple):
    """What a log is like."""

    calls: int
    """Rows."""
    keys: int
    """Dependencies."""
    seconds: float
    """Seconds from first to last call, summed over dependencies."""
    usable: float
    """Share of the calls whose outcome is known; that of the others was drawn."""
    rate: float
    """Calls a second to one dependency."""
    outages: int
    """Outages that came and went, as far as the calls tell."""
    mean_outage: float
    """Their mean length in seconds."""
    failure_cost: float
    """What a failed call costs on average, in good calls."""
    trip_share: float
    """The share of failures from which on theory would let nothing through."""
    open_time: float
    """The constant open time that theory asks for, in seconds."""
    feels_load: bool
    """Whether the dependency seems to suffer from the calls themselves."""


@dataclass(frozen=True, repr=False)
class Recommendation:
    """What a log recommends; printed, a report."""

    advice: str
    """"adopt", or why to keep what there is: "not better", "no failures", "no successes",
    "too short", "constrained"."""
    settings: BreakerSettings | None
    """What to run from now on: those found if the advice is to adopt them, else those in use; None
    for no breaker at all, which is not what ``CircuitBreaker(None)`` makes."""
    found: Assessment | None
    """The best settings found, recommended or not; None where nothing could be learned."""
    current: Assessment
    """Those in use."""
    saving: Estimate
    """What those found save against those in use, per 100 calls; where those never opened on the
    log and are advised against, on outages as they might as well have been."""
    saving_bounds: tuple[float, float]
    """The saving if all that is unknown was good, and if all of it was bad."""
    peers: dict[str, PeerComparison]
    """Other libraries' defaults, by name."""
    front: list[FrontPoint]
    """What can be had for what, ascending in lost good calls."""
    detect: Delay | None
    """How long after an outage began the first call was rejected."""
    recover: Delay | None
    """How long after an outage ended the circuit was closed again."""
    log: LogSummary
    """What the log is like."""
    confidence: float
    """How often intervals hold."""
    exports: dict[str, Export]
    """The nearest that other libraries can do, by name."""
    text: str
    """The report."""

    @property
    def adopt(self) -> bool:
        """Whether there is a recommendation."""
        return self.advice == "adopt"

    def rows(self) -> list[dict[str, Any]]:
        """A row for the settings found, for those in use, and for each library's defaults."""
        named: list[tuple[str, Assessment | None, Estimate | None]]
        named = [("found", self.found, None), ("current", self.current, self.saving)]
        named += [(name, peer.assessment, peer.saving) for name, peer in self.peers.items()]
        return [
            {
                "name": name,
                "cost": it.cost.mean,
                "cost_low": it.cost.low,
                "cost_high": it.cost.high,
                "lost_good": it.lost_good,
                "failed": it.failed,
                "wasted_seconds": it.wasted_seconds,
                "probes": it.probes,
                "opens_an_hour": it.opens_an_hour,
                "false_opens_an_hour": it.false_opens_an_hour,
                "saved": None if saving is None else saving.mean,
            }
            for name, it, saving in named
            if it is not None
        ]

    def to_frame(self) -> Any:
        """``rows`` as a pandas DataFrame with the names as its index."""
        try:
            import pandas as pd  # type: ignore[import-untyped,unused-ignore]
        except ImportError as error:
            raise ImportError("Recommendation.to_frame needs pandas: pip install pandas") from error
        return pd.DataFrame(self.rows()).set_index("name")

    def __repr__(self) -> str:
        return self.text


class BreakerOptimizer:
    """Learns the settings of a circuit breaker from a log of calls.

    Candidates are replayed on what the log knows; what a breaker hid is drawn in several ways, and
    never taken for good or bad. Nothing is recommended that does not surely beat what is in use.

    Parameters
    ----------
    failed_cost : float, default=0.2
        What a failed call costs beside the good call that is lost, in good calls.
    held_cost : float, default=1.0
        What each second costs by which a call keeps its caller waiting beyond the objective.
    objective : float, default=0.25
        The latency in seconds up to which nobody minds.
    current : BreakerSettings, default=None
        Those in use, which a recommendation must beat. None for no breaker.
    max_false_opens : float, default=None
        The most times an hour that a circuit may open while the dependency is up.
    max_probe_share : float, default=None
        The largest share of all calls that may be probes.
    candidates : int, default=500
        Settings to try, from 20 to 100,000.
    confidence : float, default=0.95
        How often intervals should hold, and how sure a recommendation must be; in [0.5, 1).
    resamples : int, default=1000
        Bootstrap resamples behind the intervals.
    courses : int, default=4
        Courses of events drawn where a breaker hid what happened, from 1 to 100.
    seed : int, default=0
        Everything random follows from it.
    n_jobs : int, default=None
        Threads, as joblib counts them; None for all cores. The result is the same.
    progress : bool or callable, default=False
        True for a bar; or what is told the candidates done and their total, and may return False
        to stop. Ctrl-C does, too.

    Examples
    --------
    >>> import numpy as np
    >>> from forewarn import BreakerOptimizer, CallLog, CircuitBreaker
    >>> start = np.arange(0.0, 1800.0, 0.2)
    >>> down = start % 150.0 > 120.0
    >>> log = CallLog(start, np.where(down, 1.0, 0.03), ~down)
    >>> found = BreakerOptimizer(candidates=50).optimize(log)
    >>> found.adopt, found.saving.low > 0.0
    (True, True)
    >>> if found.adopt:
    ...     breaker = CircuitBreaker(found.settings)
    """

    def __init__(
        self,
        *,
        failed_cost: float = 0.2,
        held_cost: float = 1.0,
        objective: float = 0.25,
        current: BreakerSettings | None = None,
        max_false_opens: float | None = None,
        max_probe_share: float | None = None,
        candidates: int = 500,
        confidence: float = 0.95,
        resamples: int = 1_000,
        courses: int = 4,
        seed: int = 0,
        n_jobs: int | None = None,
        progress: bool | Callable[[int, int], object] = False,
    ) -> None:
        if current is not None and not isinstance(current, BreakerSettings):
            raise TypeError(f"current is {current!r}: it must be BreakerSettings, or None")
        self._settings = OptimizerSettings(
            failed_cost=float(failed_cost),
            held_cost=float(held_cost),
            objective=float(objective),
            current=current,
            max_false_opens=None if max_false_opens is None else float(max_false_opens),
            max_probe_share=None if max_probe_share is None else float(max_probe_share),
            candidates=_whole("candidates", candidates),
            confidence=float(confidence),
            resamples=_whole("resamples", resamples),
            courses=_whole("courses", courses),
            seed=_whole("seed", seed),
        )
        self._n_jobs = n_jobs
        self._progress = progress

    def get_params(self) -> dict[str, Any]:
        """The settings by name."""
        return {**self._settings, "n_jobs": self._n_jobs, "progress": self._progress}

    def optimize(self, log: CallLog) -> Recommendation:
        """Learns from a log. Other threads of Python run meanwhile."""
        if not isinstance(log, CallLog):
            raise TypeError(f"log is {log!r}: it must be a CallLog")
        with reporting(self._progress, 0, "candidate") as callback:
            found = optimize_breaker(log._calls, self._settings, self._n_jobs, callback)
        peers = {
            name: PeerComparison(_assessment(it), Estimate(*saving))
            for name, it, saving in found["peers"]
        }
        front = [
            FrontPoint(BreakerSettings(**settings), *figures)
            for settings, *figures in found["front"]
        ]
        detect, recover = found["detect"], found["recover"]
        return Recommendation(
            advice=found["advice"],
            settings=_settings(found["settings"]),
            found=None if found["found"] is None else _assessment(found["found"]),
            current=_assessment(found["current"]),
            saving=Estimate(*found["saving"]),
            saving_bounds=found["saving_bounds"],
            peers=peers,
            front=front,
            detect=None if detect is None else Delay(*detect),
            recover=None if recover is None else Delay(*recover),
            log=LogSummary(**found["log"]),
            confidence=found["confidence"],
            exports={name: Export(text, lost) for name, text, lost in found["exports"]},
            text=found["text"],
        )

    def __repr__(self) -> str:
        settings = self._settings
        costs = (f"{name}={settings[name]}" for name in ("failed_cost", "held_cost", "objective"))
        return f"BreakerOptimizer({', '.join(costs)})"


def _settings(plain: Mapping[str, Any] | None) -> BreakerSettings | None:
    return None if plain is None else BreakerSettings(**plain)


def _assessment(plain: Mapping[str, Any]) -> Assessment:
    settings, cost = _settings(plain["settings"]), Estimate(*plain["cost"])
    return Assessment(**{**plain, "settings": settings, "cost": cost})


def _whole(name: str, value: object) -> int:
    if is_int(value) and 0 <= value < 2**64:
        return int(value)
    raise refuse(name, value, "a whole number, at least 0")
