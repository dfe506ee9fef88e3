"""Whether a configuration has drifted from its baseline: which keys changed, and how badly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from forewarn import _core
from forewarn._results import Result, lines


@dataclass(frozen=True, repr=False)
class ConfigChange(Result):
    """A key whose value changed."""

    key: str
    """The key; those of nested mappings and lists are joined by dots."""
    before: str | None
    """Its value in the baseline; None if it was not there."""
    after: str | None
    """Its value now; None if it is not there any more."""
    factor: float
    """How many times the value it was it is now, for numbers of one sign and unit; else NaN."""
    severity: str
    """"none", "slight", "moderate" or "severe"."""


@dataclass(frozen=True, repr=False)
class ConfigDrift(Result):
    """The keys of a configuration that changed, the worst first."""

    changes: tuple[ConfigChange, ...]
    """Each key that has another value, harmless ones last."""

    @property
    def severity(self) -> str:
        """The worst severity of all."""
        return self.changes[0].severity if self.changes else "none"

    @property
    def drifted(self) -> list[str]:
        """The keys whose change has a severity, the worst first."""
        return [it.key for it in self.changes if it.severity != "none"]

    def __len__(self) -> int:
        return len(self.changes)

    def __repr__(self) -> str:
        head = f"ConfigDrift({self.severity}; {len(self)} changes)"
        if not self.changes:
            return head
        rows = [
            (it.key, it.severity, f"{_shown(it.before)} → {_shown(it.after)}")
            for it in self.changes[:10]
        ]
        return lines(head, rows)


def compare_configurations(
    before: Mapping[str, Any], after: Mapping[str, Any], *, rules: Mapping[str, str] | None = None
) -> ConfigDrift:
    """Which keys of a configuration changed, and how bad that is.

    Without a rule, a number that became up to twice or half of what it was, and any other text, is
    slight; a number up to ten times or a tenth, and a key that is new, is moderate; any other
    number, a switch that was turned, and a key that is gone, is severe. Units of time and of bytes
    are converted: 30s and 0.5m are the same.

    Parameters
    ----------
    before, after : mapping of str
        The configurations, nested ones too: of mappings and lists the keys are joined by dots.
    rules : mapping of str to str, default=None
        Severities of keys whatever their values: patterns, in which ``*`` stands for any text, and
        "none", "slight", "moderate" or "severe". The first that fits decides.

    Examples
    --------
    >>> from forewarn.trend import compare_configurations
    >>> before = {"build": 811, "db": {"timeout": "30s", "pool": 20}}
    >>> after = {"build": 812, "db": {"timeout": "0.5m", "pool": 200}}
    >>> drift = compare_configurations(before, after, rules={"build*": "none"})
    >>> drift.severity, drift.drifted, drift.changes[0].factor
    ('moderate', ['db.pool'], 10.0)
    """
    for name, given in (("before", before), ("after", after)):
        if not isinstance(given, Mapping):
            raise TypeError(f"{name} is a {type(given).__name__}: it must be a mapping")
    asked = [(str(pattern), str(severity)) for pattern, severity in (rules or {}).items()]
    found = _core.compare_configurations(_flat(before), _flat(after), asked)
    return ConfigDrift(tuple(ConfigChange(*change) for change in found))


def _flat(configuration: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _leaves("", configuration):
        if key in found:
            raise ValueError(f"key {key!r} is there twice, once nested and once with dots")
        found[key] = value
    return found


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        inner = [(str(key), it) for key, it in value.items()]
    elif isinstance(value, (list, tuple)):
        inner = [(str(place), it) for place, it in enumerate(value)]
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield prefix, "null" if value is None else text
        return
    for key, it in inner:
        yield from _leaves(f"{prefix}.{key}" if prefix else key, it)


def _shown(value: str | None) -> str:
    return "absent" if value is None else value
