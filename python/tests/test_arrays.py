"""Arrays of any type and layout: the same bits, and no copy of the whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import Doubles

from forewarn import IsolationForest

HERE = Path(__file__).parent
"""Where scripts start: not beside the sources, which would hide the installed package."""

GROWTH = """
import resource, sys
import numpy as np
from forewarn import IsolationForest

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

what, dtype = sys.argv[1:]
table = np.empty((400_000, 32), dtype=dtype)
# In place: what was used and freed before would hide what is used later.
np.random.default_rng(0).random(out=table, dtype=dtype)
view = table[::2, ::2]
small = np.ascontiguousarray(view[:5_000])
forest = IsolationForest(n_estimators=20, n_jobs=2, contamination=0.1).fit(small)
forest.score_samples(small)
before = peak()
if what == "score":
    forest.predict(view)
elif what == "fit":
    forest.fit(view)
else:
    forest.predict(view.copy())
print(view.nbytes / 2**20, peak() - before)
"""


def growth(what: str, dtype: str) -> tuple[float, float]:
    """Megabytes of a strided table, and what the peak of memory rose by while it was used."""
    command = [sys.executable, "-c", GROWTH, what, dtype]
    out = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True).stdout
    size, rise = map(float, out.split())
    return size, rise


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("what", ["score", "fit"])
def test_a_strided_table_is_not_copied(what: str, dtype: str) -> None:
    size, rise = growth(what, dtype)
    # 200,000 scores and what is computed from them are 1.6 MB each.
    assert rise < 0.5 * size
    assert rise < 12.0


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs")
def test_a_copy_would_be_noticed() -> None:
    size, rise = growth("copy", "float64")
    assert rise > 0.9 * size


def test_every_layout_gives_the_same_bits(rows: Doubles) -> None:
    wide = np.empty((2 * len(rows), 2 * rows.shape[1]))
    wide[::2, ::2] = rows
    reverse = rows[::-1, ::-1].copy()[::-1, ::-1]
    packed = np.zeros(len(rows), dtype=[("flag", "i1"), ("values", "f8", rows.shape[1])])
    packed["values"] = rows
    readonly = rows.copy()
    readonly.flags.writeable = False
    layouts = {
        "C": np.ascontiguousarray(rows),
        "F": np.asfortranarray(rows),
        "strided": wide[::2, ::2],
        "reversed": reverse,
        "in records": packed["values"],
        "byte-swapped": rows.astype(">f8"),
        "read-only": readonly,
        "list": rows.tolist(),
    }
    assert not layouts["in records"].flags.aligned
    expected = IsolationForest(random_state=0, contamination=0.1).fit(rows)
    for name, table in layouts.items():
        forest = IsolationForest(random_state=0, contamination=0.1).fit(table)
        assert forest.offset_ == expected.offset_, name
        np.testing.assert_array_equal(
            forest.score_samples(table), expected.score_samples(rows), err_msg=name
        )


def test_float32_is_read_exactly(rows: Doubles) -> None:
    single = rows.astype(np.float32)
    double = single.astype(np.float64)
    of_single, of_double = (IsolationForest(random_state=0).fit(x) for x in (single, double))
    np.testing.assert_array_equal(of_single.score_samples(single), of_double.score_samples(double))
    # Rounding the rows moves few of them across a cut.
    assert np.abs(of_single.score_samples(rows) - of_single.score_samples(single)).mean() < 1e-4


@pytest.mark.parametrize("dtype", ["float16", "int8", "uint16", "int64", "bool", "longdouble"])
def test_other_numbers_are_converted(rows: Doubles, dtype: str) -> None:
    table = np.abs(rows).astype(dtype)
    forest = IsolationForest(random_state=0, n_estimators=10).fit(table)
    expected = IsolationForest(random_state=0, n_estimators=10).fit(table.astype(np.float64))
    np.testing.assert_array_equal(
        forest.score_samples(table), expected.score_samples(table.astype(np.float64))
    )


def test_large_and_close_values_are_not_rounded() -> None:
    times = 1e8 + np.random.default_rng(0).normal(size=(500, 2)) * 1e-3
    times[7] += 0.1
    scores = IsolationForest(random_state=0).fit(times).score_samples(times)
    assert scores.argmin() == 7
    assert len(np.unique(scores)) > 300


@pytest.mark.parametrize("n_jobs", [2, 8, -1, None])
def test_threads_do_not_show(rows: Doubles, n_jobs: int | None) -> None:
    one, more = (
        IsolationForest(random_state=0, contamination=0.05, n_jobs=jobs).fit(rows)
        for jobs in (1, n_jobs)
    )
    assert one.offset_ == more.offset_
    np.testing.assert_array_equal(one.score_samples(rows), more.score_samples(rows))
    np.testing.assert_array_equal(one.explain(rows), more.explain(rows))


def test_one_row_is_scored_as_among_many(rows: Doubles, forest: IsolationForest) -> None:
    scores = forest.score_samples(rows)
    for index in range(0, 300, 7):
        assert forest.score_samples(rows[index : index + 1])[0] == scores[index]
        assert forest.score_one(rows[index]) == scores[index]
        assert forest.score_one(rows[index].tolist()) == scores[index]
        assert forest.score_one(rows[index].astype(np.float32)) == pytest.approx(
            scores[index], abs=0.02
        )
    assert forest.score_one(np.repeat(rows[0], 2)[::2]) == scores[0]


def test_missing_values_are_taken(rows: Doubles) -> None:
    holes = rows.copy()
    holes[np.random.default_rng(1).random(rows.shape) < 0.1] = np.nan
    majority, spread = (
        IsolationForest(random_state=0, missing=missing).fit(holes).score_samples(holes)
        for missing in ("majority", "spread")
    )
    assert np.isfinite(majority).all()
    assert np.isfinite(spread).all()
    assert not np.array_equal(majority, spread)
    assert np.isfinite(IsolationForest().fit(rows).score_samples(np.full((3, 6), np.nan))).all()
