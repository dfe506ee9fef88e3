"""A live fleet: as the batch, within its limits whatever the hand does, from several threads."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
from datetime import datetime, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Tables
from test_running import run

from forewarn import Engine, Fleet
from forewarn.engine import ActionRecord, example_fleet

HOUR = 3_600.0


@pytest.fixture(scope="module")
def small() -> Engine:
    """An engine whose fleets may act twice in six hours, and once in eight on a machine."""
    params: dict[str, Any] = {"budget": 2, "budget_window": 6 * HOUR, "cool_down": 8 * HOUR}
    return Engine(folds=2, lifetimes=False, n_jobs=2, **params).train(*example_fleet(8, 360))


def warm(fleet: Fleet, hour: int, names: list[str]) -> None:
    """An hour of machines that are about to fail."""
    heat = 66.0 + 0.75 * min(hour, 24)
    for place, name in enumerate(names):
        readings = {"temperature": heat + np.sin(7.0 * hour + place), "pressure": 2.5}
        fleet.observe(name, hour * HOUR, readings)


def alarmed(engine: Engine, names: list[str]) -> Fleet:
    """Machines of which each deserves an intervention at hour 40."""
    fleet = engine.fleet()
    for hour in range(40):
        warm(fleet, hour, names)
    return fleet


def test_streaming_is_the_batch(engine: Engine, pumps: Tables) -> None:
    history, failures = pumps
    fleet, live = engine.fleet(), engine.fleet()
    fleet.observe_many(history, failures)
    rows = pd.DataFrame(history).sort_values("time", kind="stable")
    ends = sorted(zip(failures["time"], failures["entity"], strict=True), reverse=True)
    for entity, time, *values in rows.itertuples(index=False):
        while ends and ends[-1][0] <= time:
            end, failed = ends.pop()
            live.fail(failed, end)
        live.observe(entity, time, values)
    for end, failed in reversed(ends):
        live.fail(failed, end)
    now = engine.card.last_time + HOUR
    batch = engine.assess(history, failures, now=now)
    assert len(fleet) == len(live) == len(batch) == 8
    assert fleet.to_bytes() == live.to_bytes()
    for expected in batch:
        found = fleet.assess(expected.entity, now)
        assert found.failure_probability == pytest.approx(expected.failure_probability, abs=1e-9)
        assert found.action == expected.action
        assert [it.feature for it in found.reasons] == [it.feature for it in expected.reasons]
        reading = datetime.fromtimestamp(now, timezone.utc)
        assert repr(fleet.assess(expected.entity, reading)) == repr(found)
    every = fleet.assess_all(now)
    assert [it.entity for it in every] == fleet.entities
    risks = [it.failure_probability for it in every]
    assert risks == [fleet.assess(it, now).failure_probability for it in fleet.entities]


def test_what_is_not_known_is_counted(engine: Engine) -> None:
    fleet = engine.fleet()
    assert fleet.observe("a", 0.0, {"temperature": 60.0, "noise": 1.0, "smell": 2.0}) == 2
    assert fleet.observe("a", 1.0, np.array([60.0, 2.5])) == 0
    assert not fleet.event("a", 2.0, "overload") and not fleet.maintain("a", 3.0, "seal")
    before = fleet.to_bytes()
    for use, words in (
        (lambda: fleet.observe("a", 1.0, [60.0, 2.5]), "time"),
        (lambda: fleet.observe("a", 4.0, [60.0]), "1"),
        (lambda: fleet.observe("a", 4.0, {"temperature": np.inf}), "inf"),
        (lambda: fleet.observe("", 4.0, [60.0, 2.5]), "a name is empty"),
        (lambda: fleet.assess("b", 4.0), '"b" was never heard of'),
        (lambda: fleet.assess("a", 1.0), "time"),
        (lambda: fleet.verdict("a", 4.0, "real"), "assess"),
        (lambda: fleet.verdict("a", 4.0, "maybe"), "verdict is 'maybe'"),
        (lambda: fleet.observe_many({"entity": ["a"], "time": [9.0], "x": [1.0]}), "none of"),
        (lambda: fleet.describe("a", {"model": "A"}), '"model" is not known'),
    ):
        with pytest.raises(ValueError, match=words):
            use()
        assert fleet.to_bytes() == before
    with pytest.raises(TypeError, match="hand is a NoneType: it must be callable"):
        fleet.act(9.0, None)  # type: ignore[arg-type]
    assert fleet.forget("a") and not fleet.forget("a") and fleet.entities == []


@pytest.mark.parametrize("seed", range(4))
def test_no_hand_goes_beyond_the_limits(small: Engine, seed: int) -> None:
    """Random times, and hands that fail as they like."""
    random = np.random.default_rng(seed)
    names = [f"m{place}" for place in range(5)]
    fleet = alarmed(small, names)
    told: list[ActionRecord] = []
    returned: list[ActionRecord] = []
    failing: dict[int, str] = {}

    def hand(record: ActionRecord) -> None:
        assert record.intervenes and record.allowed == record.proposed and record.refusal is None
        assert record.outcome == "failed"  # Until it comes back.
        told.append(record)
        if random.random() < 0.4:
            failing[record.number] = f"no. {record.number}"
            raise RuntimeError(failing[record.number])

    now = 40 * HOUR
    for _ in range(25):
        left = fleet.budget_left(now)
        acted = len(told)
        records = fleet.act(now, hand)
        assert [it.entity for it in told[acted:]] == [it.entity for it in records if it.intervenes]
        assert len(told) - acted <= left
        assert {it.entity for it in records} <= set(names)
        returned += records
        now += random.choice([0.0, 0.5, 1.0, 3.0]) * HOUR
        if random.random() < 0.2:
            fleet = pickle.loads(pickle.dumps(fleet))
    times = np.array([it.time for it in told])
    assert len(times) > 4
    for time in times:
        assert np.sum((times >= time) & (times < time + 6 * HOUR)) <= 2
    for name in names:
        gaps = np.diff([it.time for it in told if it.entity == name])
        assert np.all(gaps >= 8 * HOUR)
    assert [it.number for it in returned] == list(range(1, len(returned) + 1))
    assert fleet.records == returned
    for it in returned:
        if it.intervenes:
            why = failing.get(it.number)
            assert it.outcome == ("done" if why is None else "failed")
            assert it.error == (None if why is None else f"RuntimeError: {why}")
        else:
            assert it.outcome == "not needed"
        if it.refusal is not None:
            assert it.allowed == "investigate" and it.proposed in ("act now", "act before")
            assert it.refused_until is not None and it.refused_until > it.time
    assert {"budget", "cool-down"} <= {it.refusal for it in returned}
    with pytest.raises(ValueError, match="time"):
        fleet.act(39 * HOUR, hand)


def test_a_hand_is_called_where_it_was_given(small: Engine) -> None:
    fleet = alarmed(small, ["a", "b", "c"])
    threads: list[threading.Thread] = []
    seen: list[str] = []

    def hand(_: ActionRecord) -> None:
        threads.append(threading.current_thread())
        for use in (lambda: fleet.assess("a", 41 * HOUR), lambda: len(fleet)):
            try:
                use()
            except RuntimeError as error:
                seen.append(str(error))

    records = fleet.act(40 * HOUR, hand)
    assert set(threads) == {threading.current_thread()}
    assert seen == ["a hand must not use the fleet that it acts for: use it after act()"] * 4
    assert [it.outcome for it in records] == ["done", "done", "not needed"]
    assert "3 entities" in repr(fleet) and "as the budget allows no more" in fleet._repr_html_()

    def interrupted(_: ActionRecord) -> None:
        seen.append("once")
        raise KeyboardInterrupt

    other = alarmed(small, ["a", "b", "c"])
    with pytest.raises(KeyboardInterrupt):
        other.act(40 * HOUR, interrupted)
    assert seen.count("once") == 1
    assert [it.outcome for it in other.records] == ["failed", "failed", "not needed"]


def test_verdicts_move_the_odds(small: Engine) -> None:
    fleet = alarmed(small, ["a", "b"])
    now = 40 * HOUR
    before = fleet.assess("a", now).failure_probability
    threshold = fleet.threshold
    assert threshold == small.threshold and before is not None
    for _ in range(5):
        fleet.verdict("a", now, "false alarm")
    after = fleet.assess("b", now).failure_probability
    assert fleet.threshold > threshold
    assert after is not None and after < before
    for _ in range(20):
        fleet.verdict("a", now, "missed")
    assert fleet.threshold < threshold


def test_drift_is_named(engine: Engine) -> None:
    fleet = engine.fleet()
    for hour in range(260):
        fleet.observe("a", hour * HOUR, {"temperature": 60.0 + hour % 3, "pressure": 7.0})
        fleet.assess("a", hour * HOUR)
    notes = fleet.drift()
    assert notes[0].feature.startswith("pressure") and notes[0].index >= 0.25
    assert str(notes[0]) == notes[0].text and "pressure" in notes[0].text
    assert engine.fleet().drift() == []


def test_a_fleet_goes_on_from_its_state(small: Engine) -> None:
    fleet = alarmed(small, ["a", "b"])
    fleet.act(40 * HOUR, lambda _: None)
    fleet.verdict("a", 40 * HOUR, "real")
    others = [
        Fleet.from_bytes(small, fleet.to_bytes()),
        pickle.loads(pickle.dumps(fleet)),
        copy.deepcopy(fleet),
    ]
    for hour in range(41, 60):
        for it in (fleet, *others):
            warm(it, hour, ["a", "b"])
    expected = [repr(it.act(60 * HOUR, lambda _: None)) for it in (fleet, *others)]
    assert len(set(expected)) == 1 and "number=3" in expected[0]
    states = [(repr(list(it.assess_all(61 * HOUR))), it.threshold) for it in (fleet, *others)]
    assert all(it == states[0] for it in states)
    with pytest.raises(ValueError, match="not a valid model"):
        Fleet.from_bytes(small, b"no fleet")
    with pytest.raises(ValueError, match="a gate of another policy than the engine's"):
        Fleet.from_bytes(Engine().train(example_fleet(1, 60)[0]), fleet.to_bytes())
    other = copy.copy(small).train({"entity": ["a"] * 9, "time": range(9), "load": [0.5] * 9})
    with pytest.raises(
        ValueError, match="the state is of another plan of features than the engine"
    ):
        Fleet.from_bytes(other, fleet.to_bytes())


def test_training_again_leaves_a_fleet_alone(small: Engine) -> None:
    engine = copy.copy(small)
    fleet = alarmed(engine, ["a"])
    expected = repr(fleet.assess("a", 40 * HOUR))
    engine.train(example_fleet(2, 60)[0])
    assert engine.card.mode == "detect only" and fleet.engine.card.mode == "predict"
    assert repr(fleet.assess("a", 40 * HOUR)) == expected


def test_threads_share_a_fleet(small: Engine) -> None:
    fleet = small.fleet()
    names = [f"m{place}" for place in range(4)]

    def feed(name: str) -> None:
        for hour in range(200):
            fleet.observe(name, hour * HOUR, [60.0 + hour % 5, 2.5])
            if hour % 50 == 49:
                fleet.assess_all(hour * HOUR)

    threads = [threading.Thread(target=feed, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    alone = small.fleet()
    for name in names:
        feed_alone = [alone.observe(name, h * HOUR, [60.0 + h % 5, 2.5]) for h in range(200)]
        assert feed_alone == [0] * 200
    for name in names:
        assert repr(fleet.assess(name, 200 * HOUR)) == repr(alone.assess(name, 200 * HOUR))


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_a_training() -> None:
    script = """
from forewarn.engine import Engine, example_fleet
engine, tables = Engine(folds=20, n_jobs=1), example_fleet(24, 720)
print("ready", flush=True)
try:
    engine.train(*tables)
except KeyboardInterrupt:
    print("interrupted", engine.__sklearn_is_fitted__())
"""
    output, seconds = run(script, interrupt=True)
    assert output == "interrupted False\n"
    assert seconds < 10.0
