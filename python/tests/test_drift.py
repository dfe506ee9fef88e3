"""Drift of features and of configurations, beside scipy's tests."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Doubles
from scipy import stats

from forewarn import DriftMonitor, compare_configurations
from forewarn._core import drift_defaults
from forewarn.trend import chi_squared_test, g_test, kolmogorov_smirnov, stability_index


def table(rows: int, seed: int, **shifts: float) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        name: random.gamma(4.0, size=rows) + shifts.get(name, 0.0) for name in ("cpu", "latency")
    }
    share = 0.3 + shifts.get("client", 0.0)
    columns["client"] = np.where(random.random(rows) < share, "app", "web").tolist()
    return columns


def test_defaults_are_the_librarys() -> None:
    parameters = inspect.signature(DriftMonitor).parameters
    assert tuple(parameters[name].default for name in ("alpha", "floor", "bins")) == (
        drift_defaults()
    )


@pytest.mark.parametrize("sizes", [(40, 60), (1_000, 700), (30_000, 12_000)])
def test_samples_are_compared_as_scipy_does(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(sum(sizes))
    a, b = random.normal(size=sizes[0]), random.normal(0.05, 1.0, size=sizes[1])
    found = kolmogorov_smirnov(np.append(a, np.nan), b)
    method = "exact" if max(sizes) <= 10_000 else "asymp"
    theirs = stats.ks_2samp(a, b, method=method)
    assert found.statistic == pytest.approx(theirs.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
    assert found.location == pytest.approx(theirs.statistic_location)
    assert found.higher == (theirs.statistic_sign == 1)
    asymptotic = kolmogorov_smirnov(a, b, method="asymptotic").p_value
    assert asymptotic == pytest.approx(stats.ks_2samp(a, b, method="asymp").pvalue, rel=1e-6)


def test_counts_are_compared_as_scipy_does() -> None:
    before, after = {"web": 50, "app": 30, "api": 20}, {"web": 30, "app": 40, "bot": 12}
    counts = np.array([[50, 30, 20, 0], [30, 40, 0, 12]])
    for ours, name in ((chi_squared_test, "pearson"), (g_test, "log-likelihood")):
        found = ours(before, after)
        theirs = stats.chi2_contingency(counts, correction=False, lambda_=name)
        assert found.statistic == pytest.approx(theirs.statistic, rel=1e-9)
        assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
        assert found.degrees_of_freedom == theirs.dof == 3
        assert ours(*counts.tolist()) == found
        shares = counts / counts.sum(axis=1, keepdims=True)
        assert found.moved == pytest.approx(np.abs(shares[0] - shares[1]).sum() / 2)
    expected = stats.contingency.association(counts, method="cramer")
    assert chi_squared_test(before, after).association == pytest.approx(expected)


def test_the_stability_index_is_the_sum_over_bins() -> None:
    random = np.random.default_rng(4)
    before, after = random.normal(size=1_000), random.normal(0.3, 1.2, size=400)
    found = stability_index(before, after)
    edges = np.sort(before)[[100 * bin - 1 for bin in range(1, 10)]]
    shares = [
        np.bincount(np.searchsorted(edges, side), minlength=10) / len(side)
        for side in (before, after)
    ]
    expected = ((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum()
    assert found.index == pytest.approx(expected, rel=1e-9)
    unit = 1 / 1_000 + 1 / 400
    assert found.critical == pytest.approx(unit * stats.chi2.isf(0.01, 9), rel=1e-9)
    assert found.p_value == pytest.approx(stats.chi2.sf(expected / unit, 9), rel=1e-6)
    assert found.bins == 10


def rows_of(columns: dict[str, Any], library: str) -> Any:
    if library == "mapping":
        return columns
    if library == "arrow":
        return pa.table(columns)
    if library == "polars":
        return pl.DataFrame(columns).with_columns(pl.col("client").cast(pl.Categorical))
    return pd.DataFrame(columns)


@pytest.mark.parametrize("library", ["mapping", "pandas", "polars", "arrow"])
def test_tables_are_held_against_their_baseline(library: str) -> None:
    monitor = DriftMonitor(rows_of(table(1_000, 1), library))
    assert not monitor.check(rows_of(table(500, 2), library)).drifted
    report = monitor.check(rows_of(table(500, 3, latency=1.5, client=0.2), library))
    assert report.drifted == ["latency", "client"] and report.severity == "moderate"
    latency, client = report["latency"], report["client"]
    before, after = table(1_000, 1), table(500, 3, latency=1.5, client=0.2)
    theirs = stats.ks_2samp(before["latency"], after["latency"], method="exact")
    assert latency.p_value == pytest.approx(theirs.pvalue, rel=1e-6)
    assert latency.effect == pytest.approx(theirs.statistic)
    assert latency.stability == stability_index(before["latency"], after["latency"])
    assert latency.median is not None and latency.median[1] - latency.median[0] > 1.0
    counts = [[side["client"].count(name) for name in ("app", "web")] for side in (before, after)]
    assert client.p_value == pytest.approx(g_test(*counts).p_value, rel=1e-9)
    assert client.effect == pytest.approx(g_test(*counts).moved)
    assert {it.category for it in client.categories} == {"app", "web"}
    assert client.median is None and "→" in client.what
    p_values = [feature.p_value for feature in report.features]
    adjusted = [feature.adjusted for feature in report.features]
    np.testing.assert_allclose(adjusted, stats.false_discovery_control(p_values))
    assert pickle.loads(pickle.dumps(report)) == report
    copy = pickle.loads(pickle.dumps(monitor))
    assert copy.check(rows_of(table(500, 2), library)) == monitor.check(table(500, 2))
    assert repr(copy) == repr(monitor) == "DriftMonitor(3 features, alpha=0.01, floor=0.1)"
    assert repr(report).splitlines()[0] == "DriftReport(moderate; drifted of 3: latency, client)"


def test_missing_values_may_drift() -> None:
    values: Doubles = np.random.default_rng(5).normal(size=1_000)
    monitor = DriftMonitor({"cpu": values, "host": ["a", "b"] * 500})
    gone = np.where(np.arange(1_000) % 4 == 0, np.nan, values)
    report = monitor.check({"cpu": gone, "host": ["a", "b", None, "a"] * 250})
    assert report["cpu"].missing == (0.0, 0.25)
    assert report["host"].missing == (0.0, 0.25)
    assert report["cpu"].severity == "moderate"
    assert report["cpu"].what == "missing 0.0% → 25.0%"


def test_columns_are_chosen() -> None:
    columns = table(300, 6) | {"status": [200, 500, 404] * 100, "unused": [1.0] * 300}
    frame = pd.DataFrame(columns)
    frame["at"] = pd.date_range("2024", periods=300)
    with pytest.raises(ValueError, match="'at' is of type datetime64"):
        DriftMonitor(frame)
    monitor = DriftMonitor(frame, columns=["cpu", "status"], categorical=["status"])
    assert monitor.features == ["cpu", "status"]
    frame["status"] = [200, 503, 503] * 100
    feature = monitor.check(frame)["status"]
    assert {it.category for it in feature.categories} == {"404", "500", "503"}
    with pytest.raises(ValueError, match="column 'status' is not there"):
        monitor.check(frame[["cpu"]])


def test_configurations_name_what_changed() -> None:
    before = {
        "build": 811,
        "db": {"timeout": "30s", "pool": 20, "tls": True, "hosts": ["a", "b"]},
        "cache": "1GiB",
    }
    after = {
        "build": 812,
        "db": {"timeout": "0.5m", "pool": 500, "tls": False, "hosts": ["a", "c", "d"]},
        "retries": None,
    }
    drift = compare_configurations(before, after, rules={"build*": "none"})
    found = {it.key: (it.before, it.after, it.severity) for it in drift.changes}
    assert found == {
        "build": ("811", "812", "none"),
        "cache": ("1GiB", None, "severe"),
        "db.timeout": ("30s", "0.5m", "none"),
        "db.pool": ("20", "500", "severe"),
        "db.tls": ("true", "false", "severe"),
        "db.hosts.1": ("b", "c", "slight"),
        "db.hosts.2": (None, "d", "moderate"),
        "retries": (None, "null", "moderate"),
    }
    assert drift.severity == "severe" and len(drift) == 8
    assert drift.drifted[0] in ("cache", "db.pool", "db.tls") and "build" not in drift.drifted
    assert next(it.factor for it in drift.changes if it.key == "db.pool") == 25.0
    assert repr(drift).splitlines()[0] == "ConfigDrift(severe; 8 changes)"
    assert pickle.loads(pickle.dumps(drift)).drifted == drift.drifted
    same = compare_configurations(before, before)
    assert same.severity == "none" and not same.changes
    assert repr(same) == "ConfigDrift(none; 0 changes)"


NUMBERS = {"cpu": [1.0, 2.0, 3.0]}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DriftMonitor(NUMBERS, alpha=0.0), "alpha is 0"),
        (lambda: DriftMonitor(NUMBERS, floor=1.5), "floor is 1.5"),
        (lambda: DriftMonitor(NUMBERS, bins=1), "bins is 1"),
        (lambda: DriftMonitor(NUMBERS, bins=2.5), "bins is 2.5"),  # type: ignore[arg-type]
        (lambda: DriftMonitor({}), "no columns"),
        (lambda: DriftMonitor({"cpu": []}), "is empty"),
        (lambda: DriftMonitor({"cpu": [np.nan]}), "baseline is empty"),
        (lambda: DriftMonitor({"cpu": [np.inf]}), "value is inf"),
        (lambda: DriftMonitor({"cpu": [[1.0]]}), "cpu has 2 dimensions, 1 expected"),
        (lambda: DriftMonitor([1.0]), "a DataFrame, or a mapping"),
        (lambda: DriftMonitor(NUMBERS, columns=["mem"]), "column 'mem' is not there"),
        (lambda: DriftMonitor(NUMBERS, categorical=["mem"]), "categorical names 'mem'"),
        (lambda: DriftMonitor(NUMBERS).check({"cpu": ["a"]}), "numeric on one side"),
        (lambda: DriftMonitor(NUMBERS).check({"cpu": []}), "sample is empty|entries"),
        (lambda: kolmogorov_smirnov([], [1.0]), "first sample is empty"),
        (lambda: kolmogorov_smirnov([1.0], [1.0], method="fast"), "method is 'fast'"),
        (lambda: stability_index([1.0], [1.0], alpha=1.0), "alpha is 1"),
        (lambda: stability_index([1.0], [1.0], bins=0), "bins is 0"),
        (lambda: chi_squared_test([0, 0], [1, 1]), "counts before is empty"),
        (lambda: chi_squared_test([1], [1, 1]), "has 2 entries, 1 expected"),
        (lambda: g_test([1.5], [1]), "a count of before is 1.5"),
        (lambda: g_test([-1], [1]), "a count of before is -1"),
        (lambda: compare_configurations({}, {}, rules={"": "none"}), "pattern of a rule"),
        (lambda: compare_configurations({}, {}, rules={"a": "bad"}), "severity is 'bad'"),
        (lambda: compare_configurations({"a.b": 1, "a": {"b": 1}}, {}), "'a.b' is there twice"),
        (lambda: compare_configurations([], {}), "before is a list"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_named(make: Callable[[], object], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_a_plot_shows_the_features() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    report = DriftMonitor(table(200, 1)).check(table(200, 3, latency=5.0))
    axes = report.plot()
    assert [it.get_text() for it in axes.get_yticklabels()][-1] == "latency"
    matplotlib.pyplot.close("all")
