"""From scores to the few alerts that matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._alerts import (
    Alert,
    AlertSettings,
    Counts,
    Notice,
    Observed,
    Outcome,
    Selector,
    checked_dependency,
    checked_labels,
    checked_names,
    checked_selector,
    checked_window,
    source_column,
    steps,
    whole,
)
from forewarn._checks import is_int, refuse
from forewarn._core import Reducer
from forewarn._tuner import column

__all__ = ["Alert", "AlertReducer", "Counts", "Notice", "Observed", "Outcome"]


class AlertReducer:
    """Turns raw anomalies into few alerts, and knows of every one where it went.

    Give it every check, or anomalies alone, in the order of time (``observe``); tell it the time
    where nothing happens (``advance``); take its ``notices``. It looks at no clock: times are
    seconds since 1970 or of any other clock that does not go back, and a replay gives what the live
    system gave.

    A source is the labels of a check together. Sources with the same values of the labels
    ``group_by`` share an alert. The defaults suit scores that are minus the decimal logarithm of a
    probability, from checks a few seconds to a minute apart. For checks every five minutes set
    ``hold`` to 0 and ``max_gap`` and ``keep_firing`` to 600 or more.

    Parameters
    ----------
    raise_ : float, default=3.0
        Score from which on a check is an anomaly.
    clear : float, default=2.0
        Score below which a source that is anomalous is normal again, at most ``raise_``.
    hold : float, default=30.0
        Seconds that a source must have been anomalous to raise an alert, at least 0.
    max_gap : float, default=60.0
        Seconds between two anomalies of a source within which they are one run, above 0: at least
        the time between two checks.
    keep_firing : float, default=300.0
        Seconds without anomalies after which a source is over, and an alert with its last source;
        above 0.
    breadth : int, default=3
        Sources of a group that, when anomalous at once, raise an alert without being held; at
        least 1.
    group_by : sequence of str, default=('service',)
        Labels whose values tell one alert from another. A source with none of them has alerts of
        its own.
    reopen : float, default=900.0
        Seconds after its end within which an alert is opened again instead of a new one, at least
        0.
    flap_runs : float, default=3.0
        Runs of anomalies from which on a source flaps, above 1. It is then heard only once a run is
        twice as long as is usual for it.
    flap_interval : float, default=1800.0
        Seconds in which one run is forgotten, above 0.
    dependencies : sequence of (upstream, dependent), default=()
        While ``upstream`` has an alert, anomalies of ``dependent`` that began about when it did are
        explained by it. Each is a mapping from names of labels to a value or several: sources
        that have one of them for every name. Name the symptoms that spread among the dependent's
        metrics. At most 10,000.
    settle : float, default=20.0
        Seconds that an alert waits for one on what its sources depend on, while there are anomalies
        upstream; at least 0.
    spread : float, default=900.0
        Seconds around the beginning of an alert within which what depends on it must have begun to
        be explained by it, at least 0.
    severity_score : (float, float), default=(6.0, 12.0)
        Two ascending steps of the highest score. Every step reached, of these and the next two
        settings, is a point: 0 points are low, 1 is medium, 2 or 3 are high, more are critical.
    severity_duration : (float, float), default=(300.0, 1800.0)
        Two ascending steps of the seconds from the first to the last anomaly, at least 0.
    severity_breadth : (int, int), default=(3, 10)
        Two ascending steps of the number of sources.
    pages_per_day : int or None, default=None
        Most pages in any 24 hours, critical ones excepted, from 1 to 100,000; None for any number.
        The milder an alert, the sooner it is refused as they are spent.
    maintenance : sequence of (start, to, sources), default=()
        Announced work, from the second ``start`` up to before ``to``; sources as in
        ``dependencies``, ``{}`` for all. They are numbered from 0. At most 10,000.
    max_sources : int, default=10000
        Sources that are remembered, from 1 to 10,000,000; beyond, the one that was not heard of
        for longest is forgotten.
    remembered : int, default=10000
        Anomalies, and alerts that are over, that can still be asked about, from 1 to 100,000,000.
    lateness : float, default=0.0
        Seconds by which a check may be late and count as one of the present, at least 0. Later ones
        are refused.

    Examples
    --------
    >>> from forewarn import AlertReducer
    >>> shop = {"service": "shop", "metric": ["latency", "errors"]}
    >>> reducer = AlertReducer(dependencies=[({"service": "database"}, shop)])
    >>> for time in range(0, 600, 15):
    ...     _ = reducer.observe(time, {"service": "database", "metric": "disk"}, 7.0)
    ...     seen = reducer.observe(time, {"service": "shop", "metric": "latency"}, 7.0)
    >>> seen.outcome.text
    'suppressed: explained by alert 0, which it depends on'
    >>> reducer.advance(3600)
    >>> [it.change for it in reducer.notices()]
    ['opened', 'escalated', 'resolved']
    >>> reducer.counts.anomalies, reducer.counts.alerts
    (80, 1)
    """

    def __init__(
        self,
        *,
        raise_: float = 3.0,
        clear: float = 2.0,
        hold: float = 30.0,
        max_gap: float = 60.0,
        keep_firing: float = 300.0,
        breadth: int = 3,
        group_by: Sequence[str] = ("service",),
        reopen: float = 900.0,
        flap_runs: float = 3.0,
        flap_interval: float = 1_800.0,
        dependencies: Iterable[tuple[Selector, Selector]] = (),
        settle: float = 20.0,
        spread: float = 900.0,
        severity_score: tuple[float, float] = (6.0, 12.0),
        severity_duration: tuple[float, float] = (300.0, 1_800.0),
        severity_breadth: tuple[int, int] = (3, 10),
        pages_per_day: int | None = None,
        maintenance: Iterable[tuple[float, float, Selector]] = (),
        max_sources: int = 10_000,
        remembered: int = 10_000,
        lateness: float = 0.0,
    ) -> None:
        score = steps("severity_score", severity_score)
        duration = steps("severity_duration", severity_duration)
        sources = steps("severity_breadth", severity_breadth)
        settings = AlertSettings(
            raise_=float(raise_),
            clear=float(clear),
            hold=float(hold),
            max_gap=float(max_gap),
            keep_firing=float(keep_firing),
            breadth=whole("breadth", breadth),
            group_by=checked_names(group_by),
            reopen=float(reopen),
            flap_runs=float(flap_runs),
            flap_interval=float(flap_interval),
            dependencies=[checked_dependency(it) for it in dependencies],
            settle=float(settle),
            spread=float(spread),
            severity_score=(float(score[0]), float(score[1])),
            severity_duration=(float(duration[0]), float(duration[1])),
            severity_breadth=(
                whole("severity_breadth", sources[0]),
                whole("severity_breadth", sources[1]),
            ),
            pages_per_day=None if pages_per_day is None else whole("pages_per_day", pages_per_day),
            maintenance=[checked_window(it) for it in maintenance],
            max_sources=whole("max_sources", max_sources),
            remembered=whole("remembered", remembered),
            lateness=float(lateness),
        )
        self._reducer = Reducer.start(settings)

    def observe(
        self,
        time: float,
        labels: Mapping[str, str],
        score: float,
        value: float | None = None,
        severity: str | None = None,
    ) -> Observed:
        """Takes a check and says what becomes of it, as far as that is known already.

        Parameters
        ----------
        time : float
            Seconds; must not go back by more than ``lateness``.
        labels : mapping from str to str
            The source: 1 to 32 labels, 1,024 bytes in all.
        score : float
            How anomalous, finite; higher is worse. NaN says that the check found no value.
        value : float or None, default=None
            The metric's value, for the alert to tell.
        severity : str or None, default=None
            The least severity of an alert with this check, if it is an anomaly: "low", "medium",
            "high" or "critical".
        """
        number, outcome = self._reducer.observe(
            time, checked_labels(labels), score, value, severity
        )
        return Observed(number, Outcome(*outcome))

    def observe_many(
        self,
        times: ArrayLike,
        labels: Mapping[str, str] | Iterable[Mapping[str, str]],
        scores: ArrayLike,
    ) -> NDArray[np.int64]:
        """Takes many checks in turn, of one source or with the labels of each.

        Returns the number of the anomaly for each check, -1 for checks that are none; ``explain``
        tells what became of the last ``remembered`` ones. At most 10,000 notices wait to be taken.
        An error leaves the reducer as it was. Other threads of Python run meanwhile.
        """
        rows = column("times", times), column("scores", scores)
        if len(rows[0]) != len(rows[1]):
            raise ValueError(f"scores has {len(rows[1])} entries, {len(rows[0])} expected")
        sources, places = source_column(labels, len(rows[0]))
        return self._reducer.observe_many(rows[0], sources, places, rows[1])

    def advance(self, time: float) -> None:
        """Lets time pass: alerts that are over, or had to wait, up to before ``time``."""
        self._reducer.advance(time)

    def alerts(self) -> list[Alert]:
        """All alerts that are open or still remembered, by number."""
        return [Alert(**it) for it in self._reducer.alerts()]

    def alert(self, number: int) -> Alert | None:
        """The alert of this number; None if there is none, or it is too long ago."""
        found = self._reducer.alert(_number(number))
        return None if found is None else Alert(**found)

    def notices(self) -> list[Notice]:
        """Takes what happened since the last call, in order."""
        return [Notice(**it) for it in self._reducer.notices()]

    def explain(self, number: int) -> Outcome | None:
        """What became of an anomaly; None if there is none of this number, or too long ago."""
        found = self._reducer.explain(_number(number))
        return None if found is None else Outcome(*found)

    def add_maintenance(self, start: float, to: float, sources: Selector) -> int:
        """Announces work from the second ``start`` up to before ``to``; its number.

        ``sources`` is a mapping from names of labels to a value or several, ``{}`` for all.
        """
        window = float(start), float(to), checked_selector("sources", sources)
        return self._reducer.add_maintenance(window)

    @property
    def counts(self) -> Counts:
        """What became of all checks since the start."""
        return Counts(**self._reducer.counts())

    def to_bytes(self) -> bytes:
        """The settings and the whole state as bytes."""
        return self._reducer.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> AlertReducer:
        """Goes on where ``to_bytes`` was called."""
        made = cls.__new__(cls)
        made._reducer = Reducer(data)
        return made

    def __repr__(self) -> str:
        counts = self.counts
        return f"AlertReducer(anomalies={counts.anomalies}, alerts={counts.alerts})"


def _number(number: object) -> int:
    if is_int(number) and 0 <= number < 2**64:
        return int(number)
    raise refuse("number", number, "a whole number, at least 0")
