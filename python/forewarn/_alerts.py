"""Settings of the reducer of alerts, and what comes back from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from forewarn._checks import is_int, refuse

Labels = list[tuple[str, str]]
Selector = Mapping[str, str | Iterable[str]]
PlainSelector = list[tuple[str, list[str]]]
PlainWindow = tuple[float, float, PlainSelector]


class AlertSettings(TypedDict):
    """What the extension takes; the names of the library, but for ``raise``, which is Python's."""

    raise_: float
    clear: float
    hold: float
    max_gap: float
    keep_firing: float
    breadth: int
    group_by: list[str]
    reopen: float
    flap_runs: float
    flap_interval: float
    dependencies: list[tuple[PlainSelector, PlainSelector]]
    settle: float
    spread: float
    severity_score: tuple[float, float]
    severity_duration: tuple[float, float]
    severity_breadth: tuple[int, int]
    pages_per_day: int | None
    maintenance: list[PlainWindow]
    max_sources: int
    remembered: int
    lateness: float


class Outcome(NamedTuple):
    """What became of a check."""

    kind: str
    """"normal" (no anomaly), "missing" (no value), "undecided" (too early to say), "alerted" (part
    of an alert), or why it is part of none: "brief", "flapping", "inhibited", "maintenance" or
    "evicted"."""
    alert: int | None
    """The alert that it is part of, or that explains it."""
    window: int | None
    """The window of maintenance that it is within, by number."""
    text: str
    """All that in words."""


class Observed(NamedTuple):
    """The answer to one check."""

    number: int | None
    """Which anomaly it is, from 0; None for checks that are none."""
    outcome: Outcome
    """What became of it so far."""


@dataclass(frozen=True)
class Alert:
    """Anomalies that belong together and matter. Times are in the seconds that checks were given.

    As a str it is one line for people.
    """

    id: int
    """Its number, from 0 in the order of opening."""
    group: str
    """The labels that its sources have in common, ``{service="shop"}``."""
    state: str
    """"open", "resolved" or "superseded"."""
    superseded_by: int | None
    """The alert on what its sources depend on that explains it."""
    severity: str
    """How bad it was at worst: "low", "medium", "high" or "critical"."""
    paged: float | None
    """When somebody was called for it; None if nobody was."""
    not_paged: str | None
    """Why nobody was: "budget" where the pages of the day were spent; None if somebody was."""
    started: float
    """Time of its first anomaly."""
    opened: float
    """When it was raised."""
    last: float
    """Time of its last anomaly."""
    resolved: float | None
    """When it was over; None while it is open."""
    reopened: int
    """How often it was opened again."""
    sources: int
    """Different sources."""
    count: int
    """Anomalies."""
    peak_score: float
    """The highest score."""
    peak_value: float | None
    """The metric's value at the highest score, if it was given."""
    named: list[tuple[str, float]]
    """Its first sources, at most 8, with their highest scores when they joined."""
    inhibited: int
    """Anomalies of dependents that it explains, and that are part of no alert."""
    flapping: bool
    """Whether a source of it comes and goes all the time."""
    wide: bool
    """Whether ``breadth`` sources kept it open at once."""
    text: str
    """One line for people."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Notice:
    """News of an alert."""

    time: float
    """When it happened."""
    alert: int
    """The alert's number."""
    change: str
    """"opened", "reopened", "escalated" (it is worse), "widened" (it is on many sources now),
    "paged" (raised earlier, paged now), "resolved" or "superseded"."""
    superseded_by: int | None
    """The alert that explains it."""
    severity: str
    """The alert's severity then."""
    page: bool
    """Whether somebody is to be called for it now."""


@dataclass(frozen=True)
class Counts:
    """Counts since the start. The anomalies are those alerted, those undecided, and those of the
    five reasons why one is part of no alert."""

    anomalies: int
    """Checks that found an anomaly."""
    normal: int
    """Checks that found none."""
    missing: int
    """Checks without a value."""
    alerted: int
    """Anomalies that are part of an alert."""
    undecided: int
    """Anomalies of which it is too early to say."""
    brief: int
    """Anomalies that were over before they had lasted long enough."""
    flapping: int
    """Anomalies of sources that come and go, no longer than usual."""
    inhibited: int
    """Anomalies that an alert on what their source depends on explains."""
    maintenance: int
    """Anomalies within announced maintenance."""
    evicted: int
    """Anomalies that were undecided when their source was forgotten for want of room."""
    alerts: int
    """Alerts opened; opening one again is not counted."""
    pages: int
    """Alerts that were paged."""
    sources_evicted: int
    """Sources forgotten for want of room."""
    notices_lost: int
    """Notices that were forgotten before anybody took them."""


def checked_labels(labels: object) -> Labels:
    """Name and value of every label."""
    if isinstance(labels, Mapping):
        pairs = list(labels.items())
        if all(isinstance(name, str) and isinstance(value, str) for name, value in pairs):
            return pairs
    raise refuse("labels", labels, "a mapping from str to str")


def source_column(labels: object, rows: int) -> tuple[list[Labels], NDArray[np.uint64]]:
    """The different sources, and which of them each row is of: one for all, or one a row."""
    if isinstance(labels, Mapping):
        return [checked_labels(labels)], np.zeros(rows, dtype=np.uint64)
    if not isinstance(labels, Iterable) or isinstance(labels, str):
        raise refuse("labels", labels, "a mapping from str to str, or one for each row")
    known: dict[tuple[tuple[str, str], ...], int] = {}
    places = np.array(
        [known.setdefault(tuple(checked_labels(it)), len(known)) for it in labels], dtype=np.uint64
    )
    if len(places) != rows:
        raise ValueError(f"labels has {len(places)} entries, {rows} expected")
    return [list(it) for it in known], places


def checked_selector(name: str, labels: Any) -> PlainSelector:
    """Labels, each with the values that are meant."""
    allowed = "a mapping from names of labels to a value or several, all str"
    if not isinstance(labels, Mapping):
        raise refuse(name, labels, allowed)
    found = []
    for label, values in labels.items():
        several = [values] if isinstance(values, str) else values
        if not isinstance(several, Iterable):
            raise refuse(name, labels, allowed)
        several = list(several)
        if not all(isinstance(it, str) for it in (label, *several)):
            raise refuse(name, labels, allowed)
        found.append((label, several))
    return found


def checked_window(window: Any) -> PlainWindow:
    """First second, end, and sources of announced work."""
    if isinstance(window, Sequence) and len(window) == 3:  # noqa: PLR2004
        start, to, sources = window
        return float(start), float(to), checked_selector("maintenance", sources)
    raise refuse("maintenance", window, "a sequence of (start, to, sources)")


def checked_dependency(rule: Any) -> tuple[PlainSelector, PlainSelector]:
    """What is depended on, and what depends on it."""
    if isinstance(rule, Sequence) and len(rule) == 2:  # noqa: PLR2004
        upstream, dependent = rule
        named = checked_selector("dependencies", upstream)
        return named, checked_selector("dependencies", dependent)
    raise refuse("dependencies", rule, "a sequence of (upstream, dependent)")


def checked_names(names: Any) -> list[str]:
    """Names of labels."""
    if not isinstance(names, str) and isinstance(names, Iterable):
        listed = list(names)
        if all(isinstance(it, str) for it in listed):
            return listed
    raise refuse("group_by", names, "a sequence of str")


def steps(name: str, pair: Any) -> tuple[Any, Any]:
    """Two steps of severity."""
    if isinstance(pair, Sequence) and len(pair) == 2:  # noqa: PLR2004
        return pair[0], pair[1]
    raise refuse(name, pair, "two ascending numbers")


def whole(name: str, value: object) -> int:
    """A whole number from 0; whether it is in its range, the library says."""
    if is_int(value) and 0 <= value < 2**63:
        return int(value)
    raise refuse(name, value, "a whole number, at least 1")
