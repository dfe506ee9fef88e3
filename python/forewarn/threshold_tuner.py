"""Thresholds that learn from what operators say of alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from forewarn._core import Tuner
from forewarn._tuner import (
    Incident,
    OptimizedThreshold,
    Replayed,
    TunedJudgement,
    TunerSettings,
    Weekly,
    checked_group,
    column,
    group_column,
)

__all__ = ["ThresholdTuner"]


class ThresholdTuner:
    """A threshold on scores that learns from what operators say of its alarms.

    Scores are those of any detector that says how surprising a value is: minus the decimal
    logarithm of the probability of one at least as extreme. High scores at most ``gap`` seconds
    apart, and consecutive ones at most a day apart, are one incident and raise one alarm.

    Groups are what is watched together: a metric, or several that fail together. Each has a
    threshold of its own, held near the common one until it has verdicts of its own. They are named
    by a str, or numbered from 0 to ``2**64 - 1``; ``forewarn.group_number`` tells a name's number.

    Parameters
    ----------
    false_alarm : float, default=1.0
        What an alarm for nothing costs, in any currency.
    miss : float, default=4.0
        What a real incident costs that raises no alarm.
    delay_per_minute : float, default=0.0
        What each minute costs between the first sign of a real incident and its alarm. A late alarm
        costs at most what none does.
    rate : float, default=1e-4
        The rate of false alarms an observation that is asked for, in (0, 1): before any verdict the
        threshold is ``-log10(rate)``.
    spread : float, default=1.0
        How far the common threshold is expected to lie from there once verdicts are in.
    group_spread : float, default=1.5
        How far the threshold of a group is expected to lie from the common one.
    slope : float, default=1.0
        By how much the log odds of being real rise a unit of the score.
    persistence : float, default=1.0
        What each doubling of the scores of an incident counts, up to four doublings: what lasts is
        seldom nothing. Matters only where verdicts have raised a threshold.
    max_step : float, default=0.5
        How far one verdict may move any threshold at most.
    max_fall : float, default=2.0
        No verdict lowers a threshold by more than this below the one asked for.
    max_rise : float, default=8.0
        No verdict raises a threshold by more than this above the one asked for: what is higher is
        always raised, so verdicts on it move nothing.
    gap : float, default=600.0
        Seconds.
    max_groups : int, default=1024
        Groups whose open incident is kept.
    max_incidents : int, default=2048
        Incidents that are remembered until a verdict comes.
    max_verdicts : int, default=512
        Verdicts that are learned from, the latest ones.

    Examples
    --------
    >>> from forewarn import ThresholdTuner
    >>> tuner = ThresholdTuner(rate=1e-4)
    >>> tuner.judge(60.0, 4.8, "checkout").alarm
    True
    >>> tuner.false_alarm(60.0, "checkout")
    >>> tuner.threshold("checkout") > 4.0
    True
    """

    def __init__(
        self,
        *,
        false_alarm: float = 1.0,
        miss: float = 4.0,
        delay_per_minute: float = 0.0,
        rate: float = 1e-4,
        spread: float = 1.0,
        group_spread: float = 1.5,
        slope: float = 1.0,
        persistence: float = 1.0,
        max_step: float = 0.5,
        max_fall: float = 2.0,
        max_rise: float = 8.0,
        gap: float = 600.0,
        max_groups: int = 1_024,
        max_incidents: int = 2_048,
        max_verdicts: int = 512,
    ) -> None:
        self._settings = TunerSettings(
            false_alarm=float(false_alarm),
            miss=float(miss),
            delay_per_minute=float(delay_per_minute),
            rate=float(rate),
            spread=float(spread),
            group_spread=float(group_spread),
            slope=float(slope),
            persistence=float(persistence),
            max_step=float(max_step),
            max_fall=float(max_fall),
            max_rise=float(max_rise),
            gap=float(gap),
            max_groups=_count("max_groups", max_groups),
            max_incidents=_count("max_incidents", max_incidents),
            max_verdicts=_count("max_verdicts", max_verdicts),
        )
        self._tuner = Tuner.start(self._settings)

    @classmethod
    def _of(cls, settings: TunerSettings, state: bytes) -> ThresholdTuner:
        made = cls.__new__(cls)
        made._settings = settings
        made._tuner = Tuner(state)
        return made

    def get_params(self) -> dict[str, Any]:
        """The settings by name."""
        return dict(self._settings)

    def judge(self, time: float, score: float, group: str | int = 0) -> TunedJudgement:
        """Judges one score; NaN is a missing one. Within a group, times must not go back."""
        return TunedJudgement(*self._tuner.judge(time, score, checked_group(group)))

    def judge_many(
        self, times: ArrayLike, scores: ArrayLike, group: str | int | Sequence[str | int] = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Judges many scores in turn.

        Returns the thresholds, whether scores reach them, and where alarms begin. An error leaves
        the tuner as it was.
        """
        rows = column("times", times), column("scores", scores)
        if len(rows[0]) != len(rows[1]):
            raise ValueError(f"scores has {len(rows[1])} entries, {len(rows[0])} expected")
        return self._tuner.judge_many(*rows, group_column(group, len(rows[0])))

    def observe(self, time: float, opinion: str, group: str | int = 0) -> None:
        """Learns from a verdict: "false alarm", "real" or "missed".

        The time is one within the incident, or within the gap of it. The same verdict again changes
        nothing; of contradictory ones the later holds.
        """
        self._tuner.observe(time, opinion, checked_group(group))

    def false_alarm(self, time: float, group: str | int = 0) -> None:
        """The alarm at this time was for nothing."""
        self.observe(time, "false alarm", group)

    def real(self, time: float, group: str | int = 0) -> None:
        """The alarm at this time was right."""
        self.observe(time, "real", group)

    def missed(self, time: float, group: str | int = 0) -> None:
        """Something happened at this time and no alarm was raised."""
        self.observe(time, "missed", group)

    def threshold(self, group: str | int = 0) -> float:
        """The threshold of a group: incidents from this height on are alarms."""
        return self._tuner.threshold(checked_group(group))

    @property
    def thresholds(self) -> tuple[float, dict[int, float]]:
        """The threshold of groups without verdicts, and those of the others by number."""
        common, groups = self._tuner.thresholds()
        return common, dict(groups)

    @property
    def missing(self) -> int:
        """Scores that were NaN."""
        return self._tuner.missing

    def incidents(self) -> list[Incident]:
        """The remembered incidents, then those that may go on."""
        return [Incident(*it) for it in self._tuner.incidents()]

    def verdicts(self) -> list[Incident]:
        """The incidents that were judged and are learned from, oldest verdict first."""
        return [Incident(*it) for it in self._tuner.verdicts()]

    def optimize(
        self,
        times: ArrayLike,
        scores: ArrayLike,
        verdicts: Iterable[tuple[float, str] | tuple[float, str, str | int]],
        group: str | int | Sequence[str | int] = 0,
    ) -> OptimizedThreshold:
        """Learns from a history and all verdicts on it at once, and replays it.

        Uses the settings of this tuner, which stays as it is. Verdicts are ``(time, opinion)`` or
        ``(time, opinion, group)``, in the order in which they were given; without a group they
        speak of ``group``, which must then be one for all.
        """
        rows = column("times", times), column("scores", scores)
        if len(rows[0]) != len(rows[1]):
            raise ValueError(f"scores has {len(rows[1])} entries, {len(rows[0])} expected")
        said = []
        for time, opinion, *of in verdicts:
            number = checked_group(of[0] if of else group)
            said.append((number, float(time), opinion))
        groups = group_column(group, len(rows[0]))
        found = Tuner.optimize(self._settings, *rows, groups, said)
        return OptimizedThreshold(
            threshold=found.threshold,
            groups=dict(found.groups),
            weeks=found.weeks,
            alarms_per_week=Weekly(*found.alarms_per_week),
            alarms_before=Weekly(*found.alarms_before),
            misses_per_week=Weekly(*found.misses_per_week),
            cost_per_week=found.cost_per_week,
            cost_before=found.cost_before,
            last_month=[
                Replayed(Incident(*it), before, after) for it, before, after in found.last_month
            ],
            tuner=ThresholdTuner._of(self._settings, found.state),
        )

    def to_bytes(self) -> bytes:
        """The whole state as bytes."""
        return self._tuner.to_bytes()

    def __repr__(self) -> str:
        common, groups = self.thresholds
        return f"ThresholdTuner(common={common:.3g}, groups={len(groups)})"


def _count(name: str, value: int) -> int:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= 0:
        return int(value)
    raise ValueError(f"{name} is {value!r}: it must be a whole number, at least 1")
