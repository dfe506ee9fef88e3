"""Progress, Ctrl-C, threads and forks while boosting is at work."""

from __future__ import annotations

import sys
import threading
import time

import numpy as np
import pytest
from conftest import Labelled
from test_running import run

import forewarn
from forewarn import GradientBoostingClassifier, GradientBoostingRegressor

LONG = 1_000_000
"""Rounds that would take minutes."""


@pytest.mark.parametrize("held_out", [True, False])
def test_a_callback_is_told_of_every_round(parts: Labelled, held_out: bool) -> None:
    x, y = parts
    told: list[tuple[int, int, float | None]] = []
    thread = threading.current_thread()

    def progress(done: int, total: int, measure: float | None) -> None:
        assert threading.current_thread() is thread
        told.append((done, total, measure))

    model = GradientBoostingClassifier(random_state=0, n_estimators=12, progress=progress)
    model.fit(x, y, eval_set=(x, y) if held_out else None)
    assert [done for done, _, _ in told] == list(range(1, 13))
    assert {total for _, total, _ in told} == {12}
    measures = [measure for _, _, measure in told]
    if held_out:
        assert measures == model.evals_result_["validation"]["log_loss"]
    else:
        assert measures == [None] * 12


def test_a_callback_can_stop(parts: Labelled) -> None:
    x, y = parts
    model = GradientBoostingClassifier(
        random_state=0, n_estimators=LONG, progress=lambda done, *_: done < 3
    )
    with pytest.raises(forewarn.CancelledError, match=f"of {LONG} steps"):
        model.fit(x, y)
    assert not hasattr(model, "n_iter_")


def test_an_exception_in_a_callback_stops(parts: Labelled) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        GradientBoostingClassifier(random_state=0, n_estimators=LONG, progress=fail).fit(*parts)


def test_a_bar(parts: Labelled, capsys: pytest.CaptureFixture[str]) -> None:
    GradientBoostingClassifier(random_state=0, n_estimators=30, verbose=1).fit(
        *parts, eval_set=parts
    )
    shown = capsys.readouterr().err
    assert "30/30" in shown
    assert "held_out" in shown
    GradientBoostingClassifier(random_state=0, n_estimators=30).fit(*parts)
    assert capsys.readouterr() == ("", "")


def test_a_line_without_tqdm(
    parts: Labelled, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    GradientBoostingClassifier(random_state=0, n_estimators=30, progress=True).fit(*parts)
    assert capsys.readouterr().err.endswith("\r30/30 rounds\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize("settings", ["", "n_jobs=1", "verbose=1"])
def test_ctrl_c_ends_a_fit(settings: str) -> None:
    script = f"""
import numpy as np
from forewarn import GradientBoostingRegressor
model = GradientBoostingRegressor(n_estimators={LONG}, min_samples_leaf=1, {settings})
x = np.random.default_rng(0).normal(size=(5_000, 10))
print("ready", flush=True)
try:
    model.fit(x, x.sum(axis=1))
except KeyboardInterrupt:
    print("interrupted", hasattr(model, "n_iter_"))
"""
    output, seconds = run(script, interrupt=True)
    assert output == "interrupted False\n"
    assert seconds < 5.0


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own() -> None:
    script = """
import os
import numpy as np
from forewarn import GradientBoostingRegressor
x = np.random.default_rng(0).normal(size=(20_000, 5))
y = x.sum(axis=1)
model = GradientBoostingRegressor(random_state=0, n_estimators=5, n_jobs=2).fit(x, y)
expected = model.predict(x)
print("ready", flush=True)
child = os.fork()
if child == 0:
    again = GradientBoostingRegressor(random_state=0, n_estimators=5, n_jobs=2).fit(x, y).predict(x)
    same = np.array_equal(again, expected) and np.array_equal(model.predict(x), expected)
    os._exit(0 if same else 1)
print(os.waitpid(child, 0)[1], np.array_equal(model.predict(x), expected))
"""
    assert run(script)[0] == "0 True\n"


def test_other_threads_run_meanwhile() -> None:
    x = np.random.default_rng(0).normal(size=(100_000, 10))
    y = x.sum(axis=1)
    ticks: list[float] = []
    finished = threading.Event()

    def tick() -> None:
        while not finished.wait(0.002):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    GradientBoostingRegressor(random_state=0, n_estimators=60, n_jobs=1).fit(x, y)
    end = time.monotonic()
    finished.set()
    thread.join()
    assert end - start > 0.2, "too quick to tell"
    # Were the interpreter held, no tick would fall into any tenth of the time but the ends.
    tenths = {int(10 * (tick - start) / (end - start)) for tick in ticks if start < tick < end}
    assert len(tenths) >= 7
