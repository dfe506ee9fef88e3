"""From the parameters of an engine to the settings of the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from forewarn._checks import flag, is_int, number, refuse, seed
from forewarn._core import engine_defaults, report_defaults

Costs = tuple[float, float, float, float]

_COSTS = ("failure", "action", "look", "prevented")


class EngineSettings(TypedDict):
    """What the extension takes; the names of the library, ``costs`` as a tuple."""

    preset: str
    clock: str
    horizon: float
    windows: Sequence[float]
    half_lives: Sequence[float]
    event_windows: Sequence[float]
    new_life: bool
    hold_out: float
    hold_out_by: str
    costs: Costs
    least_confidence: float
    lead_time: float
    budget: int
    budget_window: float
    cool_down: float
    lifetimes: bool
    cap: float | None
    coverage: float
    contamination: float | None
    folds: int
    least_failures: int
    most_rows: int
    most_reasons: int
    most_entities: int
    seed: int


class ReportSettings(TypedDict):
    """What the extension takes of a report; the names of the library."""

    title: str
    noun: str
    entity: str | None
    at_risk: int
    listed: int
    over_time: int
    columns: int
    metrics: int


def engine_settings(params: Mapping[str, Any]) -> EngineSettings:
    """Settings for an engine's parameters; None takes the preset's value."""
    preset = params["preset"]
    if not isinstance(preset, str):
        raise refuse("preset", preset, "'telemetry' or 'cycles'")
    usual = engine_defaults(preset)

    def own(name: str, read: Any, allowed: str) -> Any:
        value = params[name]
        return usual[name] if value is None else read(name, value, allowed)  # type: ignore[literal-required]

    return {
        "preset": preset,
        "clock": own("clock", _text, "a string, such as 'seconds' or 'cycles'"),
        "horizon": own("horizon", number, "a number above 0 and at most 1e12"),
        "windows": own("windows", _lengths, "rising lengths of time"),
        "half_lives": own("half_lives", _lengths, "rising lengths of time"),
        "event_windows": own("event_windows", _lengths, "rising lengths of time"),
        "new_life": flag("new_life", params["new_life"]),
        "hold_out": number("hold_out", params["hold_out"], "a share from 0.05 to 0.5"),
        "hold_out_by": own("hold_out_by", _text, "'time', 'entities' or 'both'"),
        "costs": _costs(params["costs"], usual["costs"]),
        "least_confidence": number(
            "least_confidence", params["least_confidence"], "a number from 0 to 1"
        ),
        "lead_time": own("lead_time", number, "a number from 0 to 1e9"),
        "budget": whole("budget", params["budget"], "a whole number from 0 to 1,000,000"),
        "budget_window": number(
            "budget_window", params["budget_window"], "a number above 0 and at most 1e9"
        ),
        "cool_down": number("cool_down", params["cool_down"], "a number from 0 to 1e9"),
        "lifetimes": flag("lifetimes", params["lifetimes"]),
        "cap": own("cap", number, "at least the horizon and at most 1e13, or None"),
        "coverage": number("coverage", params["coverage"], "between 0 and 1, both excluded"),
        "contamination": own("contamination", number, "a share above 0 and at most 0.5, or None"),
        "folds": whole("folds", params["folds"], "a whole number from 2 to 20"),
        "least_failures": whole("least_failures", params["least_failures"], _FROM_2),
        "most_rows": whole("most_rows", params["most_rows"], "a whole number of at least 1,000"),
        "most_reasons": whole("most_reasons", params["most_reasons"], "a whole number, at least 0"),
        "most_entities": whole("most_entities", params["most_entities"], _FROM_1),
        "seed": seed(params["random_state"]),
    }


def engine_params(settings: EngineSettings) -> dict[str, Any]:
    """The parameters of an engine with these settings."""
    params: dict[str, Any] = dict(settings)
    params["random_state"] = params.pop("seed")
    params["costs"] = dict(zip(_COSTS, settings["costs"], strict=True))
    for name in ("windows", "half_lives", "event_windows"):
        params[name] = tuple(params[name])
    return params


def report_settings(given: Mapping[str, Any]) -> ReportSettings:
    """Settings for what was asked of a report; what was not is as usual."""
    settings = report_defaults()
    for name, value in given.items():
        if name not in settings:
            known = ", ".join(settings)
            raise TypeError(f"{name!r} is nothing that a report can be told: there are {known}")
        count = isinstance(settings[name], int)  # type: ignore[literal-required]
        settings[name] = (  # type: ignore[literal-required]
            whole(name, value, "a whole number, at least 0")
            if count
            else _text_or_none(name, value)
        )
    return settings


def whole(name: str, value: Any, allowed: str) -> int:
    """A count; whether it is in its range, the library says."""
    if is_int(value) and 0 <= value < 2**32:
        return int(value)
    raise refuse(name, value, allowed)


_FROM_1 = "a whole number of at least 1"
_FROM_2 = "a whole number of at least 2"


def _text(name: str, value: Any, allowed: str) -> str:
    if isinstance(value, str):
        return value
    raise refuse(name, value, allowed)


def _text_or_none(name: str, value: Any) -> str | None:
    return None if value is None and name == "entity" else str(value)


def _lengths(name: str, value: Any, allowed: str) -> list[float]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise refuse(name, value, allowed)
    return [number(f"an entry of {name}", it, "a length of time above 0") for it in value]


def _costs(given: Any, usual: Costs) -> Costs:
    if given is None:
        return usual
    if not isinstance(given, Mapping):
        raise refuse("costs", given, f"a mapping of some of {', '.join(_COSTS)}, or None")
    for name in given:
        if name not in _COSTS:
            raise ValueError(f"costs names {name!r}: it can name {', '.join(_COSTS)}")
    own = [
        number(f"costs[{name!r}]", given.get(name, value), "a number")
        for name, value in zip(_COSTS, usual, strict=True)
    ]
    return own[0], own[1], own[2], own[3]
