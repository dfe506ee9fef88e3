"""A made-up fleet, to try the engine on."""

from __future__ import annotations

import numpy as np

from forewarn._series import Doubles

HOUR = 3_600.0

Column = Doubles | list[str]


def example_fleet(
    pumps: int = 12, hours: int = 480, start: float = 1_699_999_200.0
) -> tuple[dict[str, Column], dict[str, Column]]:
    """Pumps that run hotter and hotter before they fail, and are then replaced.

    Parameters
    ----------
    pumps : int, default=12
        How many, at least 1.
    hours : int, default=480
        How long each is read once an hour, at least 1.
    start : float, default=1699999200.0
        The time of the first reading, in Unix seconds: 14 November 2023, 22:00 UTC.

    Returns
    -------
    history : dict of str to column
        Columns ``entity``, ``time``, ``temperature`` and ``pressure``, which tells nothing.
    failures : dict of str to column
        Columns ``entity`` and ``time``.

    Examples
    --------
    >>> from forewarn.engine import example_fleet
    >>> history, failures = example_fleet()
    >>> len(history["time"]), len(failures["time"])
    (5760, 26)
    """
    random = np.random.default_rng(0)
    hour = np.arange(hours)
    names: list[str] = []
    failed: list[str] = []
    times, temperatures, ends = [], [], []
    for pump in range(pumps):
        life = 150 + 17 * pump % 90
        left = life - hour % life
        heat = 60.0 + 0.8 * np.maximum(40 - left, 0) + random.normal(0.0, 2.0, hours)
        names += [f"pump {pump + 1}"] * hours
        times.append(start + HOUR * hour)
        temperatures.append(heat)
        last = hour[left == 1]
        failed += [f"pump {pump + 1}"] * len(last)
        ends.append(start + HOUR * (last + 0.5))
    history: dict[str, Column] = {
        "entity": names,
        "time": np.concatenate(times),
        "temperature": np.concatenate(temperatures),
        "pressure": random.normal(2.5, 0.1, pumps * hours),
    }
    return history, {"entity": failed, "time": np.concatenate(ends)}
