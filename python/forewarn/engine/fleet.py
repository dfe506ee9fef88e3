"""Many entities, live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forewarn._core import LiveFleet
from forewarn._results import Result
from forewarn._series import Moment, moment
from forewarn.engine.assessment import Assessment, Assessments, assessment, length
from forewarn.engine.html import card, escape, table
from forewarn.engine.telemetry import named_tables, read

if TYPE_CHECKING:
    from forewarn.engine.model import Engine


@dataclass(frozen=True, repr=False)
class ActionRecord(Result):
    """One decision: what was known, what was worth doing, what was allowed, what came of it."""

    number: int
    """From 1, without gaps."""
    entity: str
    """Which machine."""
    time: float
    """When it was decided."""
    failure_probability: float
    """The probability of a failure within the horizon."""
    reliability: float
    """How far that could be relied on."""
    abnormal: bool
    """Whether the machine was unlike what is normal for it."""
    time_left: float
    """Before this long a failure was unlikely."""
    proposed: str
    """What that was worth doing: "none", "watch", "investigate", "act before" or "act now"."""
    allowed: str
    """What was allowed: the same, or "investigate" in its place."""
    act_before: float | None
    """The time before which to act, if acting before a time was proposed."""
    refusal: str | None
    """Why less was allowed than proposed: "cool-down" of the machine or "budget" of the fleet; None
    where it was not."""
    refused_until: float | None
    """When the next intervention may be; infinite where none is allowed at all."""
    outcome: str
    """"not needed" where nothing was to be done to the machine; "done" by the hand, or "failed".
    What the hand itself is given is "failed" until it comes back."""
    error: str | None
    """What the hand said when it failed."""

    @property
    def intervenes(self) -> bool:
        """Whether something is done to the machine, which is what budgets and cool-downs limit."""
        return self.allowed in ("act before", "act now")


@dataclass(frozen=True, repr=False)
class DriftNote(Result):
    """A feature that no longer looks as it did in training. As a str it is a sentence."""

    feature: str
    """The feature."""
    index: float
    """The population stability index: from 0.25 on."""
    text: str = field(repr=False)
    """In words."""

    def __str__(self) -> str:
        return self.text


class Fleet:
    """Many entities, live: readings go in as they come, and each can be judged at any time.

    ``Engine.fleet`` makes one. Nothing reads a clock: times are arguments, seconds or dates, and
    the same calls give the same answers. What is refused, such as a time before the last one of the
    entity, changes nothing. Any number of threads may use a fleet; a hand must not use the fleet
    that it acts for.

    Parameters
    ----------
    engine : Engine
        A trained engine, which judges. Training it again does not change the fleet.

    Examples
    --------
    >>> from forewarn.engine import Engine, example_fleet
    >>> engine = Engine(lifetimes=False).train(*example_fleet())
    >>> fleet = engine.fleet()
    >>> for hour in range(48):
    ...     _ = fleet.observe("calm", hour * 3600.0, {"temperature": 62.0, "pressure": 2.5})
    ...     warm = {"temperature": 60.0 + max(hour - 20, 0), "pressure": 2.5}
    ...     _ = fleet.observe("warm", hour * 3600.0, warm)
    >>> fleet.assess("warm", now=47.5 * 3600.0).alert
    True
    >>> told = []
    >>> records = fleet.act(48.0 * 3600.0, hand=told.append)
    >>> told[0].entity, told[0].allowed, records[0].outcome
    ('warm', 'act now', 'done')
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine._frozen()
        self._fleet = LiveFleet(self._engine._known, None)

    @classmethod
    def from_bytes(cls, engine: Engine, data: bytes) -> Fleet:
        """Goes on where ``to_bytes`` was called, with the same engine."""
        made = cls.__new__(cls)
        made._engine = engine._frozen()
        made._fleet = LiveFleet(made._engine._known, data)
        return made

    def to_bytes(self) -> bytes:
        """Everything that is known of the entities, decisions and verdicts, without the engine."""
        return self._fleet.to_bytes()

    @property
    def engine(self) -> Engine:
        """The engine that judges, as it was when the fleet was made."""
        return self._engine

    @property
    def entities(self) -> list[str]:
        """The entities, in the order in which they were first heard of."""
        return self._fleet.entities()

    def __len__(self) -> int:
        return len(self._fleet.entities())

    def observe(
        self,
        entity: str,
        time: Moment,
        readings: Mapping[str, float] | Sequence[float] | NDArray[np.float64],
    ) -> int:
        """Adds readings of an entity at a time.

        Parameters
        ----------
        entity : str
            Its name.
        time : float or datetime
            Not before the last one of this entity.
        readings : mapping of str to float, or sequence of float
            By metric; or of all metrics, in the order of ``engine.card.metrics``. NaN is missing,
            and so are metrics that are not named.

        Returns
        -------
        unknown : int
            How many of the metrics the engine does not know and passed over.
        """
        if isinstance(readings, Mapping):
            named = [(str(name), float(value)) for name, value in readings.items()]
            return self._fleet.observe_named(str(entity), moment(time), named)
        self._fleet.observe(str(entity), moment(time), readings)
        return 0

    def observe_many(
        self,
        history: Any,
        failures: Any = None,
        *,
        events: Any = None,
        maintenance: Any = None,
        attributes: Any = None,
    ) -> None:
        """Adds all that tables hold, in the order of time: to begin where a history ends.

        An error ends it: what was before it in time is known then.

        Parameters
        ----------
        history, failures, events, maintenance, attributes
            As in ``Engine.assess``; nothing of an entity before what is known of it.
        """
        engine = self._engine
        tables = named_tables(history, failures, events, maintenance, attributes)
        metrics = engine.card.metrics
        known = read(tables, engine._columns, engine.metrics, metrics)
        columns = dict(known.metrics)
        if metrics and not columns.keys() & set(metrics):
            raise ValueError(f"history has none of the engine's metrics: {list(metrics)}")
        values = np.full((len(known.times), len(metrics)), np.nan)
        for place, name in enumerate(metrics):
            if name in columns:
                values[:, place] = columns[name]
        fleet, (names, places) = self._fleet, known.entities
        for it in known.attributes:
            fleet.describe(*it)
        tell = {"event": fleet.event, "maintenance": fleet.maintain}
        due = [(time, 1, row) for row, time in enumerate(known.times.tolist())]
        steps: list[Callable[[], object]] = []
        for what, (whom, who), times, kind in known.happened:
            for row, time in enumerate(times.tolist()):
                due.append((time, 0, len(steps)))
                entity = whom[who[row]]
                if what == "failure" or kind is None:
                    steps.append(partial(fleet.fail, entity, time))
                else:
                    steps.append(partial(tell[what], entity, time, kind[0][kind[1][row]]))
        for time, reading, place in sorted(due):
            if reading:
                fleet.observe(names[places[place]], time, values[place])
            else:
                steps[place]()

    def event(self, entity: str, time: Moment, kind: str) -> bool:
        """Adds something that happened; False if the engine does not know its kind."""
        return self._fleet.event(str(entity), moment(time), str(kind))

    def maintain(self, entity: str, time: Moment, part: str) -> bool:
        """Adds a part that was maintained; False if the engine does not know it."""
        return self._fleet.maintain(str(entity), moment(time), str(part))

    def fail(self, entity: str, time: Moment) -> None:
        """Adds a failure: a new life begins."""
        self._fleet.fail(str(entity), moment(time))

    def describe(self, entity: str, attributes: Mapping[str, float | str]) -> None:
        """Says what an entity is: its model, its site."""
        for name, value in attributes.items():
            self._fleet.describe(str(entity), str(name), value)

    def forget(self, entity: str) -> bool:
        """Forgets an entity; False if nothing was known of it."""
        return self._fleet.forget(str(entity))

    def assess(self, entity: str, now: Moment) -> Assessment:
        """Judges one entity, with reasons and trends.

        Parameters
        ----------
        entity : str
            Its name.
        now : float or datetime
            Not before the last thing known of it.
        """
        return assessment(self._fleet.assess(str(entity), moment(now)))

    def assess_all(self, now: Moment) -> Assessments:
        """Judges every entity, in the order of ``entities``, on the engine's ``n_jobs`` threads.

        Reasons and trends are told of those with an alert, an anomaly or an action other than none.
        For entities of which something later than ``now`` is known, that time is taken.
        """
        found = self._fleet.assess_all(moment(now), self._engine.n_jobs)
        return Assessments([assessment(it) for it in found])

    def act(self, now: Moment, hand: Callable[[ActionRecord], object]) -> list[ActionRecord]:
        """Judges all, and has the hand do what is worth doing and allowed, the riskiest first.

        The budget, its window and the cool-down of the engine hold whatever the hand or the model
        does, and are charged before the hand is called.

        Parameters
        ----------
        now : float or datetime
            Not before the last time of this call.
        hand : callable
            Is called with an ``ActionRecord`` for each intervention that is allowed, and for
            nothing else; on the calling thread. An exception says why it could not act: it is
            recorded, and the others go on. Ctrl-C ends the calls and is raised at the end.

        Returns
        -------
        records : list of ActionRecord
            Of every entity for which something was worth doing.
        """
        if not callable(hand):
            raise TypeError(f"hand is a {type(hand).__name__}: it must be callable")
        at = moment(now)
        found = self._fleet.act(at, lambda *it: hand(record(it)), self._engine.n_jobs)
        return [record(it) for it in found]

    def verdict(self, entity: str, time: Moment, verdict: str) -> None:
        """Takes in what an operator says of an entity at a time; all probabilities move with it.

        Parameters
        ----------
        entity : str
            Its name.
        time : float or datetime
            It is about the highest probability given within the horizon before.
        verdict : {"false alarm", "real", "missed"}
            There was an alert for nothing; there was one rightly; it failed without one.
        """
        self._fleet.verdict(str(entity), moment(time), str(verdict))

    @property
    def threshold(self) -> float:
        """From this probability of the engine on there is an alert, as verdicts have moved it."""
        return self._fleet.threshold()

    def drift(self) -> list[DriftNote]:
        """Features assessed lately that no longer look as in training, the furthest first.

        Those with a population stability index of 0.25 or more, of 200 assessments at least.
        """
        return [DriftNote(*it) for it in self._fleet.drift()]

    @property
    def records(self) -> list[ActionRecord]:
        """The last 1,000 decisions, the newest last."""
        return [record(it) for it in self._fleet.records()]

    def budget_left(self, now: Moment) -> int:
        """Interventions that the budget has left at a time."""
        return self._fleet.budget_left(moment(now))

    def __getstate__(self) -> Mapping[str, Any]:
        return {"engine": self._engine, "state": self.to_bytes()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self._engine = state["engine"]
        self._fleet = LiveFleet(self._engine._known, state["state"])

    def __repr__(self) -> str:
        return f"Fleet({len(self)} entities, threshold={self.threshold:.4g})"

    def _repr_html_(self) -> str:
        rows = [
            (str(it.number), escape(it.entity), escape(_said(it, self.engine)), escape(it.outcome))
            for it in self.records[-10:][::-1]
        ]
        last = table(("decision", "entity", "action", "outcome"), rows) if rows else "no decisions"
        return card(repr(self), last)


def record(plain: Any) -> ActionRecord:
    """A record as the extension gives it."""
    number, entity, time, situation, proposed, allowed, refusal, outcome = plain
    why, until = (None, None) if refusal is None else refusal
    words = proposed[0], allowed[0], proposed[1]
    return ActionRecord(*(number, entity, time, *situation, *words, why, until, *outcome))


def _said(it: ActionRecord, engine: Engine) -> str:
    action = it.allowed
    if action == "act before" and it.act_before is not None:
        action = f"act within {length(it.act_before - it.time, engine.card.clock)}"
    return action if it.refusal is None else f"{action}, as the {it.refusal} allows no more"
