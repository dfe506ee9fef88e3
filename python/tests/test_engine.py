"""The engine: what it learns and says, from any tables, in files and reports."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
import threading
import time
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import Tables
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import forewarn
from forewarn import Engine
from forewarn._core import engine_defaults, report_defaults
from forewarn.engine import Assessments, example_fleet
from forewarn.engine.settings import engine_settings

HOUR = 3_600.0


def quick(**params: Any) -> Engine:
    """An engine that is trained in half a second."""
    return Engine(folds=2, lifetimes=False, **params)


def hot(start: float, hours: int, name: str = "new") -> dict[str, Any]:
    """A pump that runs as usual for some hours and hotter and hotter from then on."""
    hour = np.arange(hours)
    return {
        "entity": [name] * hours,
        "time": start + HOUR * hour,
        "temperature": 60.0 + 0.75 * np.maximum(hour - 100, 0) + np.sin(7.0 * hour),
        "pressure": 2.5 + 0.1 * np.sin(hour),
    }


@pytest.mark.parametrize("preset", ["telemetry", "cycles"])
def test_defaults_are_the_librarys(preset: str) -> None:
    settings = engine_settings(Engine(preset=preset).get_params(deep=False))
    usual = engine_defaults(preset)
    assert settings == usual
    # Those that are not None are the same for both presets.
    parameters = inspect.signature(Engine.__init__).parameters.values()
    told = {it.name: it.default for it in parameters if it.name in usual}
    assert {it: usual[it] for it, value in told.items() if value is not None} == {  # type: ignore[literal-required]
        it: value for it, value in told.items() if value is not None
    } | {"preset": preset}


def test_every_parameter_is_documented_with_its_default() -> None:
    text = Engine.__doc__ or ""
    for name, parameter in list(inspect.signature(Engine.__init__).parameters.items())[1:]:
        if name in ("entity", "time"):
            continue
        entry = text[text.index(f"\n    {name} : ") :]
        shown = entry[: entry.index("\n    ", 5)].rpartition("default=")[2]
        assert shown.strip('"') == str(parameter.default), name
    page = Engine.report.__doc__ or ""
    for name, value in report_defaults().items():
        assert value is None or f"({value})" in page or f'("{value}")' in page, name


def test_it_foretells(engine: Engine, pumps: Tables) -> None:
    card, evaluation = engine.card, engine.evaluation
    assert (card.mode, card.entities, card.rows, card.metrics) == (
        "predict",
        8,
        8 * 360,
        ("temperature", "pressure"),
    )
    assert card.features == len(engine.features)
    assert str(card).startswith("trained on 2880 rows of 8 entities over 15 days")
    assert evaluation.ensemble is not None and evaluation.ensemble.roc_auc > 0.97
    assert evaluation.at_threshold is not None
    assert evaluation.at_threshold.recall_of_failures >= 0.75
    assert evaluation.first_time > np.min(pumps[0]["time"])
    assert sum(engine.weights.values()) == pytest.approx(1.0)
    assert [it.name for it in evaluation.parts] == list(engine.weights)
    assert 0.0 < engine.threshold < 1.0
    assert evaluation.costs.shape[1] == 2 and evaluation.calibration[:, 2].sum() == evaluation.rows
    assert "ROC AUC" in str(evaluation) and str(evaluation) in str(engine)

    found = engine.assess(hot(card.last_time, 140))
    assert len(found) == 1
    worst = found["new"]
    assert worst.alert and worst.failure_probability is not None
    assert worst.failure_probability > 0.7
    assert worst.reasons[0].feature.startswith("temperature")
    assert str(worst.reasons[0]) in str(worst) and str(worst) in repr(worst) + str(worst)
    assert worst.action == "act now" or worst.act_before is not None
    left = worst.time_to_failure
    assert left is not None and 0.0 <= left.earliest <= left.median <= left.latest
    assert any(it.metric == "temperature" and it.lower > 0.0 for it in worst.trends)


def test_nothing_later_plays_a_part(engine: Engine) -> None:
    history = hot(engine.card.last_time, 140)
    cut = {name: it[:90] for name, it in history.items()}
    now = cut["time"][-1]
    assert engine.assess(history, now=now) == engine.assess(cut)
    calm = engine.assess(history, now=now)[0].failure_probability
    assert calm is not None and calm < 0.3
    when = pd.Timestamp(now, unit="s", tz="UTC").to_pydatetime()
    assert engine.assess(history, now=when) == engine.assess(cut)
    risk = engine.assess_history(history)["new"]
    assert risk.failure_probability[89] == pytest.approx(calm, abs=1e-9)
    np.testing.assert_array_equal(risk.times, history["time"])
    assert len(engine.assess_history(history, step=24 * HOUR)["new"]) < 10


def test_without_failures_it_detects(pumps: Tables) -> None:
    engine = Engine().train(pumps[0])
    assert engine.card.mode == "detect only"
    assert "only detects" in engine.warnings[0]
    assert engine.threshold == 1.0 and engine.weights == {}
    assert engine.evaluation.ensemble is None
    strange = hot(engine.card.last_time, 140)
    strange["pressure"] = strange["pressure"] + 2.0 * (np.arange(140) > 100)
    odd = engine.assess(strange)[0]
    assert odd.failure_probability is None and odd.time_to_failure is None
    assert odd.abnormal and odd.action == "watch"
    frame = Assessments([odd]).to_frame()
    assert np.isnan(frame.failure_probability[0]) and np.isnan(frame.earliest[0])


def as_frames(tables: Tables) -> dict[str, Tables]:
    """The same in every kind of table."""
    dated = [it | {"time": (it["time"] * 1e6).astype("datetime64[us]")} for it in tables]
    shuffled = [pd.DataFrame(it).sample(frac=1.0, random_state=0) for it in tables]
    made: dict[str, Any] = {
        "pandas": [pd.DataFrame(it) for it in tables],
        "pandas, dates": [pd.DataFrame(it) for it in dated],
        "pandas, zones": [
            pd.DataFrame(it).assign(time=lambda x: x.time.dt.tz_localize("UTC")) for it in dated
        ],
        "pandas, index": [pd.DataFrame(it).set_index(["entity", "time"]) for it in tables],
        "pandas, categories": [pd.DataFrame(it).astype({"entity": "category"}) for it in tables],
        "pandas, any order": shuffled,
        "Polars": [pl.DataFrame(it) for it in tables],
        "Polars, dates": [pl.DataFrame(it) for it in dated],
        "Arrow": [pa.table(it) for it in dated],
        "columns, dates": dated,
        "series": [{name: pd.Series(it) for name, it in table.items()} for table in dated],
        "lists": [{name: list(it) for name, it in table.items()} for table in tables],
    }
    return {name: (it[0], it[1]) for name, it in made.items()}


def test_all_kinds_of_tables_are_one(engine: Engine, pumps: Tables) -> None:
    def by_name(found: Assessments) -> dict[str, str]:
        return {it.entity: repr(it) for it in found}

    expected = by_name(engine.assess(*pumps))
    assert len(expected) == 8
    for name, tables in as_frames(pumps).items():
        assert by_name(engine.assess(*tables)) == expected, name


@pytest.mark.parametrize("kind", ["pandas, dates", "Polars"])
def test_training_on_any_table_gives_the_same(kind: str) -> None:
    tables = example_fleet(6, 240)
    trained = [quick().train(*it) for it in (tables, as_frames(tables)[kind])]
    assert trained[0].to_bytes() == trained[1].to_bytes()


def test_threads_do_not_matter() -> None:
    tables = example_fleet(6, 240)
    one = quick(n_jobs=1).train(*tables).to_bytes()
    assert one == quick(n_jobs=2).train(*tables).to_bytes()
    assert one != quick(n_jobs=2, random_state=1).train(*tables).to_bytes()


def test_events_maintenance_and_attributes_are_features(pumps: Tables) -> None:
    history, failures = pumps
    early = {
        "machine": failures["entity"],
        "at": failures["time"] - 12 * HOUR,
        "code": ["overload"] * len(failures["time"]),
    }
    engine = quick(entity="machine", time="at", kind="code", part="what", metrics=[])
    rename = {"entity": "machine", "time": "at"}
    engine.train(
        pd.DataFrame(history).rename(columns=rename).assign(note="a text"),
        pd.DataFrame(failures).rename(columns=rename).assign(code=["seal", None] * 6),
        events=early,
        maintenance={"machine": ["pump 1"], "at": [2e9], "what": ["seal"]},
        attributes={"machine": ["pump 1", "pump 2"], "model": ["A", "B"], "power": [7.5, np.nan]},
    )
    assert engine.card.metrics == ()
    text = "\n".join(engine.features)
    for told in ("overload", "seal", "model", "power"):
        assert told in text
    ensemble = engine.evaluation.ensemble
    assert ensemble is not None and ensemble.roc_auc > 0.8


def test_files_and_pickles_answer_the_same(engine: Engine, pumps: Tables, tmp_path: Path) -> None:
    engine.save(tmp_path / "engine.fw")
    loaded = Engine.load(tmp_path / "engine.fw", n_jobs=1)
    expected = repr(list(engine.assess(*pumps)))
    for other in (loaded, pickle.loads(pickle.dumps(engine)), copy.deepcopy(engine)):
        assert repr(list(other.assess(*pumps))) == expected
        assert other.to_bytes() == engine.to_bytes()
        assert str(other) == str(engine) and other.threshold == engine.threshold
        settings = engine_settings(other.get_params(deep=False))
        assert settings == engine_settings(engine.get_params(deep=False))
    cycles = Engine(preset="cycles", folds=2, lifetimes=False)
    counted = [it | {"time": (it["time"] - 1_699_999_200.0) / HOUR} for it in pumps]
    cycles.train(counted[0], counted[1])
    assert cycles.card.clock == "cycles"
    assert Engine.from_bytes(cycles.to_bytes()).preset == "cycles"
    with pytest.raises(ValueError, match="not a valid model: it has another beginning"):
        Engine.from_bytes(b"no engine")
    with pytest.raises(ValueError, match=r"not a valid model: \d+ bytes announced"):
        Engine.from_bytes(engine.to_bytes()[:-5])


def test_clones_are_untrained(engine: Engine) -> None:
    fresh = clone(engine)
    assert fresh.get_params() == engine.get_params()
    assert repr(fresh) == "Engine(folds=2, n_jobs=1)"
    for use in (lambda: fresh.card, fresh.fleet, fresh.report, lambda: fresh.assess({})):
        with pytest.raises(NotFittedError, match="call train first"):
            use()


class Page(HTMLParser):
    """Checks that elements are closed, and that nothing is loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe")
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href"} & {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_report_is_one_page(engine: Engine, pumps: Tables, tmp_path: Path) -> None:
    told = engine.report(tmp_path / "report.html", title="Pumps <north>", noun="pump", at_risk=2)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page == told
    assert page == engine.report(None, *pumps, title="Pumps <north>", noun="pump", at_risk=2)
    assert "Pumps &lt;north&gt;" in page and "pump 3" in page
    assert "://" not in page and "NaN" not in page
    assert "prefers-color-scheme" in page
    Page(page)
    assert repr(told) == f"<report of {len(page):,} characters of HTML>"
    assert unescape(told._repr_html_().partition('srcdoc="')[2]) == page + '"></iframe>'
    loaded = Engine.from_bytes(engine.to_bytes())
    with pytest.raises(ValueError, match="history is None"):
        loaded.report()
    with pytest.raises(ValueError, match="only with a history"):
        engine.report(failures=pumps[1])
    with pytest.raises(TypeError, match="'titel' is nothing that a report can be told"):
        engine.report(titel="x")
    with pytest.raises(ValueError, match="columns"):
        engine.report(columns=3)
    with pytest.raises(ValueError, match="pump 99"):
        engine.report(entity="pump 99")


def test_notebooks(engine: Engine, pumps: Tables) -> None:
    odd = hot(engine.card.last_time, 140, "<i>&")
    found = engine.assess(odd)
    shown = [found, found[0], engine.evaluation, engine.fleet(), Engine()]
    for it in [*shown, engine]:
        page = it._repr_html_()  # type: ignore[attr-defined]
        Page(page)
        assert "<i>&" not in page
    assert "&lt;i&gt;&amp;" in found._repr_html_()
    assert engine._repr_mimebundle_()["text/html"] == engine._repr_html_()
    assert "not trained yet" in Engine()._repr_html_()


def test_plots_show_what_was_found(engine: Engine, pumps: Tables) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    risk = engine.assess_history(*pumps)["pump 3"]
    axes = risk.plot()
    assert axes.get_title() == "pump 3"
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), risk.failure_probability)
    assert len(axes.lines) == 1 + len(risk.failures) == 1 + pumps[1]["entity"].count("pump 3")
    axes = engine.evaluation.plot()
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), engine.evaluation.calibration[:, 1])
    matplotlib.pyplot.close("all")


def test_many_assessments_are_a_sequence_and_a_frame(engine: Engine, pumps: Tables) -> None:
    found = engine.assess(*pumps)
    risks = [it.failure_probability for it in found]
    assert found[0] is found["pump 1"] and len(found[2:4]) == 2
    worst = found.most_at_risk(3)
    assert [it.failure_probability for it in worst] == sorted(risks, reverse=True)[:3]  # type: ignore[type-var]
    assert repr(found).startswith("8 assessments\n  entity ")
    assert repr(Assessments([])) == "0 assessments"
    for library in ("pandas", "polars"):
        frame = found.to_frame(library)
        assert list(frame["failure_probability"]) == risks
        assert list(frame["entity"]) == [it.entity for it in found]
        assert list(frame["reason"]) == [it.reasons[0].text for it in found]
        lefts = [it.time_to_failure.median for it in found if it.time_to_failure]
        assert list(frame["time_to_failure"]) == lefts
        assert (frame["earliest"] <= frame["expected"]).all()
        assert frame["alert"].dtype == (bool if library == "pandas" else pl.Boolean)
    assert Assessments([]).to_frame().shape[0] == 0
    with pytest.raises(ValueError, match="'spark': it must be 'pandas' or 'polars'"):
        found.to_frame("spark")


def test_other_threads_run_meanwhile(pumps: Tables) -> None:
    ticks: list[float] = []
    finished = threading.Event()

    def tick() -> None:
        while not finished.wait(0.002):
            ticks.append(time.monotonic())

    thread = threading.Thread(target=tick)
    thread.start()
    start = time.monotonic()
    quick(n_jobs=1).train(*pumps)
    end = time.monotonic()
    finished.set()
    thread.join()
    # Were the interpreter held, no tick would fall into any tenth of the time but the ends.
    tenths = {int(10 * (at - start) / (end - start)) for at in ticks if start < at < end}
    assert len(tenths) >= 7


def test_progress_is_told_and_can_stop(
    engine: Engine, pumps: Tables, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[tuple[int, int, str]] = []
    main = threading.current_thread()

    def progress(done: int, total: int, name: str) -> None:
        assert threading.current_thread() is main
        told.append((done, total, name))

    quick(progress=progress).train(*pumps)
    done, totals, names = zip(*told, strict=True)
    assert sorted(done) == list(done) and len(set(totals)) == 1
    assert names[0] == "features" and names[-1] == "done" and done[-1] == totals[-1]
    assert {"detector", "classifier", "figures"} <= set(names)

    trained = copy.copy(engine).set_params(progress=lambda done, *_: done < 3)
    with pytest.raises(forewarn.CancelledError, match="of"):
        trained.train(*pumps)
    assert trained.to_bytes() == engine.to_bytes()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick(progress=fail).train(*pumps)
    quick(verbose=1).train(*example_fleet(2, 60))
    shown = re.sub(r"\s+", " ", capsys.readouterr().err)
    assert "stage" in shown and "done" in shown
