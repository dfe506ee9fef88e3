"""Progress, Ctrl-C, threads and forks while a forest is at work."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Doubles

import forewarn
from forewarn import IsolationForest

HERE = Path(__file__).parent
"""Where scripts start: not beside the sources, which would hide the installed package."""

LONG = 10_000_000
"""Trees that would take minutes."""


def test_a_callback_is_told_of_every_tree(rows: Doubles) -> None:
    told: list[tuple[int, int]] = []
    thread = threading.current_thread()

    def progress(done: int, total: int) -> None:
        assert threading.current_thread() is thread
        told.append((done, total))

    IsolationForest(n_estimators=50, progress=progress).fit(rows)
    done = [count for count, _ in told]
    assert done == sorted(set(done))
    assert told[-1] == (50, 50)
    assert {total for _, total in told} == {50}


def test_a_callback_can_stop(rows: Doubles) -> None:
    def stop(_done: int, _total: int) -> bool:
        return False

    forest = IsolationForest(n_estimators=LONG, progress=stop)
    with pytest.raises(forewarn.CancelledError, match=f"of {LONG} steps"):
        forest.fit(rows)
    assert not hasattr(forest, "offset_")


def test_an_exception_in_a_callback_stops(rows: Doubles) -> None:
    def fail(_done: int, _total: int) -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        IsolationForest(n_estimators=LONG, progress=fail).fit(rows)


def test_a_stopped_warm_start_leaves_the_forest(rows: Doubles) -> None:
    forest = IsolationForest(n_estimators=5, random_state=0, warm_start=True).fit(rows)
    before = forest.score_samples(rows)
    forest.set_params(n_estimators=LONG, progress=lambda _done, _total: False)
    with pytest.raises(forewarn.CancelledError):
        forest.fit(rows)
    assert forest.n_estimators_ == 5
    np.testing.assert_array_equal(forest.score_samples(rows), before)


def test_a_bar(rows: Doubles, capsys: pytest.CaptureFixture[str]) -> None:
    IsolationForest(n_estimators=30, progress=True).fit(rows)
    assert "30/30" in capsys.readouterr().err
    IsolationForest(n_estimators=30, verbose=1).fit(rows)
    assert "30/30" in capsys.readouterr().err
    IsolationForest(n_estimators=30).fit(rows)
    assert capsys.readouterr() == ("", "")


def test_a_line_without_tqdm(
    rows: Doubles, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    IsolationForest(n_estimators=30, progress=True).fit(rows)
    assert capsys.readouterr().err.endswith("\r30/30 trees\n")


def run(script: str, *, interrupt: bool = False) -> tuple[str, float]:
    """A script's output from its first line "ready" on, and how long it took from there."""
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=HERE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if interrupt:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
        start = time.monotonic()
        output, _ = process.communicate(timeout=60)
        return output, time.monotonic() - start
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize(
    "settings",
    ["n_estimators=10**7", "n_estimators=10**7, n_jobs=1", "n_estimators=10**7, progress=True"],
)
def test_ctrl_c_ends_a_fit(settings: str) -> None:
    script = f"""
import numpy as np
from forewarn import IsolationForest
forest = IsolationForest({settings}, max_samples=4_000, max_depth="unlimited")
rows = np.random.default_rng(0).normal(size=(5_000, 10))
print("ready", flush=True)
try:
    forest.fit(rows)
except KeyboardInterrupt:
    print("interrupted", hasattr(forest, "offset_"))
"""
    output, seconds = run(script, interrupt=True)
    assert output == "interrupted False\n"
    assert seconds < 5.0


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own() -> None:
    script = """
import os
import numpy as np
from forewarn import IsolationForest
rows = np.random.default_rng(0).normal(size=(5_000, 10))
forest = IsolationForest(random_state=0, n_jobs=2).fit(rows)
scores = forest.score_samples(rows)
print("ready", flush=True)
child = os.fork()
if child == 0:
    again = IsolationForest(random_state=0, n_jobs=2).fit(rows).score_samples(rows)
    explained = forest.explain(rows[:2_000])
    same = np.array_equal(again, scores) and np.array_equal(forest.score_samples(rows), scores)
    os._exit(0 if same else 1)
print(os.waitpid(child, 0)[1], np.array_equal(forest.score_samples(rows), scores))
"""
    assert run(script)[0] == "0 True\n"


def fit(_forest: IsolationForest, rows: Doubles) -> None:
    IsolationForest(n_estimators=20, max_samples=1.0, max_depth="unlimited", n_jobs=1).fit(rows)


def score(forest: IsolationForest, rows: Doubles) -> None:
    forest.score_samples(rows)


@pytest.mark.parametrize("work", [fit, score])
def test_other_threads_run_meanwhile(work: Callable[[IsolationForest, Doubles], None]) -> None:
    rows = np.random.default_rng(0).normal(size=(200_000, 10))
    forest = IsolationForest(n_estimators=500, n_jobs=1).fit(rows[:5_000])
    ticks: list[float] = []
    finished = threading.Event()

    def tick() -> None:
        while not finished.wait(0.002):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    work(forest, rows)
    end = time.monotonic()
    finished.set()
    thread.join()
    assert end - start > 0.2, "too quick to tell"
    # Were the interpreter held, no tick would fall into any tenth of the time but the ends.
    tenths = {int(10 * (tick - start) / (end - start)) for tick in ticks if start < tick < end}
    assert len(tenths) >= 7


def test_a_forest_is_scored_by_many_threads_while_another_teaches_it(rows: Doubles) -> None:
    forest = IsolationForest(random_state=0).fit(rows)
    failures: list[Exception] = []

    def use() -> None:
        try:
            for _ in range(20):
                assert np.isfinite(forest.score_samples(rows)).all()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        forest.learn(rows[:2], [True, False])
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("single_row", ["score_samples", "score_one"])
def test_a_single_row_costs_microseconds(
    forest: IsolationForest, rows: Doubles, single_row: str
) -> None:
    row = rows[0] if single_row == "score_one" else rows[:1]
    use = getattr(forest, single_row)
    best = min(_seconds(use, row) for _ in range(30))
    # Measured: 2 and 5 microseconds. Validation alone takes scikit-learn 50 and more.
    assert best < 25e-6


def _seconds(use: Callable[[Doubles], object], row: Doubles) -> float:
    start = time.perf_counter()
    for _ in range(200):
        use(row)
    return (time.perf_counter() - start) / 200
