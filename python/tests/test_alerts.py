"""From scores to few alerts."""

from __future__ import annotations

import inspect
import pickle
import threading
from typing import Any

import numpy as np
import pytest

from forewarn import AlertReducer
from forewarn._core import alert_defaults

DATABASE = {"service": "database", "metric": "disk"}
SHOP = {"service": "shop", "metric": "latency"}
SITE = {"service": "site", "metric": "latency"}
SYMPTOMS = {"service": ["shop", "site"], "metric": ["latency", "errors"]}


def feed(reducer: AlertReducer, start: int, end: int, *sources: dict[str, str]) -> None:
    """A check of each source every ten seconds."""
    for time in range(start, end, 10):
        for labels in sources:
            reducer.observe(time, labels, 5.0)


def test_defaults_are_the_librarys() -> None:
    def plain(value: Any) -> Any:
        return list(value) if isinstance(value, (tuple, list)) else value

    parameters = inspect.signature(AlertReducer).parameters
    shown = {name: plain(it.default) for name, it in parameters.items()}
    assert shown == {name: plain(value) for name, value in alert_defaults().items()}


def test_every_parameter_is_documented_with_its_default() -> None:
    text = AlertReducer.__doc__
    assert text is not None
    entries = [line.strip() for line in text.splitlines() if " : " in line]
    documented = [(line.split(" : ")[0], line.partition("default=")[2]) for line in entries]
    parameters = inspect.signature(AlertReducer).parameters
    assert documented == [(name, str(it.default)) for name, it in parameters.items()]


def test_every_setting_reaches_the_library() -> None:
    """One that was lost would leave the state's bytes as they are by default."""
    settings: dict[str, Any] = {
        "raise_": 7.0,
        "clear": 1.0,
        "hold": 7.0,
        "max_gap": 7.0,
        "keep_firing": 7.0,
        "breadth": 7,
        "group_by": ["host"],
        "reopen": 7.0,
        "flap_runs": 7.0,
        "flap_interval": 7.0,
        "dependencies": [({"service": "a"}, {"service": "b"})],
        "settle": 7.0,
        "spread": 7.0,
        "severity_score": (7.0, 8.0),
        "severity_duration": (7.0, 8.0),
        "severity_breadth": (7, 8),
        "pages_per_day": 7,
        "maintenance": [(0.0, 1.0, {})],
        "max_sources": 7,
        "remembered": 7,
        "lateness": 7.0,
    }
    assert set(settings) == set(inspect.signature(AlertReducer).parameters)
    states = [AlertReducer(**{name: value}).to_bytes() for name, value in settings.items()]
    assert len({AlertReducer().to_bytes(), *states}) == len(settings) + 1


def test_an_alert_is_held_kept_and_over() -> None:
    reducer = AlertReducer()
    seen = [reducer.observe(time, SHOP, 5.0, value=-time) for time in range(0, 100, 10)]
    assert [it.number for it in seen] == list(range(10))
    assert [it.outcome.kind for it in seen] == ["undecided"] * 3 + ["alerted"] * 7
    assert seen[9].outcome.alert == 0
    first = reducer.explain(0)
    assert first is not None and first.kind == "alerted"
    (alert,) = reducer.alerts()
    assert (alert.state, alert.resolved, alert.superseded_by) == ("open", None, None)
    assert str(alert) == alert.text
    reducer.advance(1_000)
    (alert,) = reducer.alerts()
    assert alert == reducer.alert(0)
    assert (alert.id, alert.group, alert.state) == (0, '{service="shop"}', "resolved")
    # Raised after 30 s, over 300 s after the last.
    assert (alert.started, alert.opened, alert.last, alert.resolved) == (0.0, 30.0, 90.0, 390.0)
    assert (alert.count, alert.sources, alert.reopened, alert.inhibited) == (10, 1, 0, 0)
    assert (alert.peak_score, alert.peak_value) == (5.0, 0.0)
    assert alert.named == [('{metric="latency",service="shop"}', 5.0)]
    assert (alert.flapping, alert.wide) == (False, False)
    assert (alert.severity, alert.paged, alert.not_paged) == ("low", 30.0, None)
    notices = reducer.notices()
    assert [(it.time, it.alert, it.change) for it in notices] == [
        (30.0, 0, "opened"),
        (390.0, 0, "resolved"),
    ]
    assert [it.page for it in notices] == [True, False]
    assert reducer.notices() == []
    assert reducer.alert(1) is None and reducer.explain(10) is None


def test_what_is_no_anomaly_has_no_number() -> None:
    reducer = AlertReducer()
    for score, kind in [(2.9, "normal"), (float("nan"), "missing")]:
        seen = reducer.observe(0.0, SHOP, score)
        assert (seen.number, seen.outcome.kind) == (None, kind)
    assert reducer.observe(10.0, SHOP, 3.0).number == 0
    assert reducer.observe(20.0, SHOP, 1.9).outcome.kind == "normal"
    brief = reducer.explain(0)
    assert brief is not None and (brief.kind, brief.alert) == ("brief", None)
    counts = reducer.counts
    assert (counts.anomalies, counts.normal, counts.missing, counts.brief) == (1, 2, 1, 1)


def test_dependents_are_explained() -> None:
    reducer = AlertReducer(dependencies=[({"service": "database"}, SYMPTOMS)])
    feed(reducer, 0, 300, SITE, SHOP, DATABASE)
    counts = reducer.counts
    assert (counts.alerts, counts.alerted, counts.inhibited) == (1, 30, 60)
    first = reducer.explain(0)
    assert first is not None and (first.kind, first.alert) == ("inhibited", 0)
    assert [(it.group, it.inhibited) for it in reducer.alerts()] == [('{service="database"}', 60)]


def test_a_late_cause_supersedes_its_symptoms() -> None:
    reducer = AlertReducer(dependencies=[({"service": "database"}, SYMPTOMS)])
    feed(reducer, 0, 60, SHOP)
    feed(reducer, 60, 200, SHOP, DATABASE)
    shop, database = reducer.alerts()
    assert (shop.state, shop.superseded_by, database.state) == ("superseded", 1, "open")
    (news,) = [it for it in reducer.notices() if it.change == "superseded"]
    assert (news.alert, news.superseded_by) == (0, 1)


def test_maintenance_is_quiet() -> None:
    reducer = AlertReducer(maintenance=[(100, 500, {"service": "shop"})])
    feed(reducer, 100, 500, SHOP, DATABASE)
    first = reducer.explain(0)
    assert first is not None and (first.kind, first.window) == ("maintenance", 0)
    counts = reducer.counts
    assert (counts.maintenance, counts.alerted, counts.alerts) == (40, 40, 1)
    assert reducer.add_maintenance(500, 600, {}) == 1
    feed(reducer, 500, 600, SHOP, DATABASE)
    assert reducer.counts.maintenance == 60


def test_pages_of_a_day_are_for_the_worst() -> None:
    reducer = AlertReducer(hold=0, pages_per_day=1)
    for number, severity in enumerate(["high", "high", "critical"]):
        labels = {"service": str(number)}
        reducer.observe(number, labels, 4.0, severity=severity)
    assert [it.severity for it in reducer.alerts()] == ["high", "high", "critical"]
    assert [it.paged for it in reducer.alerts()] == [0.0, None, 2.0]
    assert [it.not_paged for it in reducer.alerts()] == [None, "budget", None]
    assert reducer.counts.pages == 2


def traffic() -> tuple[list[float], list[dict[str, str]], list[float]]:
    """Half an hour of five services, in trouble at times."""
    random = np.random.default_rng(0)
    rows = [(15.0 * step, {"service": f"s{of}"}) for step in range(120) for of in range(5)]
    trouble = np.repeat(random.random((12, 5)) < 0.2, 10, axis=0).ravel()
    scores = np.where(trouble, 6.0, 1.0) + random.normal(size=len(rows))
    scores[random.random(len(rows)) < 0.05] = np.nan
    return [time for time, _ in rows], [labels for _, labels in rows], scores.tolist()


def test_many_checks_are_taken_as_one_by_one() -> None:
    times, labels, scores = traffic()
    one, many = AlertReducer(), AlertReducer()
    seen = [one.observe(*row) for row in zip(times, labels, scores, strict=True)]
    numbers = many.observe_many(times, labels, np.array(scores))
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [-1 if it.number is None else it.number for it in seen]
    assert many.to_bytes() == one.to_bytes()
    assert many.counts == one.counts
    assert many.counts.alerts >= 2 and many.counts.missing > 0
    assert many.alerts() == one.alerts()
    assert many.notices() == one.notices()


def test_many_checks_of_one_source() -> None:
    one, many = AlertReducer(), AlertReducer()
    feed(one, 0, 100, SHOP)
    assert many.observe_many(range(0, 100, 10), SHOP, [5.0] * 10).tolist() == list(range(10))
    assert many.to_bytes() == one.to_bytes()
    assert many.observe_many([], [], []).tolist() == []


def test_every_anomaly_is_accounted_for() -> None:
    times, labels, scores = traffic()
    reducer = AlertReducer()
    numbers = reducer.observe_many(times, labels, scores)
    reducer.advance(1e6)
    outcomes = [reducer.explain(number) for number in numbers[numbers >= 0].tolist()]
    kinds = [it.kind for it in outcomes if it is not None]
    counts = reducer.counts
    assert len(kinds) == counts.anomalies > 100
    for kind in ("alerted", "brief", "flapping", "inhibited", "maintenance", "evicted"):
        assert kinds.count(kind) == getattr(counts, kind)
    assert counts.undecided == 0
    assert sum(it.count for it in reducer.alerts()) == counts.alerted


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickled_reducer_goes_on_as_the_first_would(protocol: int) -> None:
    times, labels, scores = traffic()
    reducer = AlertReducer(hold=45.0, dependencies=[({"service": "s0"}, {"service": ["s1"]})])
    reducer.observe_many(times[:300], labels[:300], scores[:300])
    copies = [
        pickle.loads(pickle.dumps(reducer, protocol)),
        AlertReducer.from_bytes(reducer.to_bytes()),
    ]
    for it in (reducer, *copies):
        it.observe_many(times[300:], labels[300:], scores[300:])
        it.advance(1e5)
    assert [it.to_bytes() for it in copies] == [reducer.to_bytes()] * 2
    assert [it.alerts() for it in copies] == [reducer.alerts()] * 2
    assert [it.notices() for it in copies] == [reducer.notices()] * 2


def test_threads_share_a_reducer() -> None:
    reducer = AlertReducer(lateness=1e6)
    rows = 2_000

    def work(name: str) -> None:
        for start in range(0, rows, 100):
            times = np.arange(start, start + 100, dtype=float)
            reducer.observe_many(times, {"service": name}, np.full(100, 5.0))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = reducer.counts
    assert counts.anomalies == 4 * rows
    assert sum(it.count for it in reducer.alerts()) == counts.alerted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"raise_": float("nan")}, "raise is NaN"),
        ({"clear": 4.0}, "clear is 4: it must be finite and at most raise"),
        ({"hold": -1.0}, "hold is -1"),
        ({"max_gap": 0.0}, "max_gap is 0"),
        ({"breadth": 0}, "breadth is 0: it must be at least 1"),
        ({"breadth": 2.5}, "breadth is 2.5"),
        ({"group_by": "service"}, "group_by is 'service': it must be a sequence of str"),
        ({"group_by": [1]}, "group_by is"),
        ({"flap_runs": 1.0}, "flap_runs is 1"),
        ({"pages_per_day": 0}, "pages_per_day is 0"),
        ({"pages_per_day": -1}, "pages_per_day is -1"),
        ({"max_sources": True}, "max_sources is True"),
        ({"severity_score": (12.0, 6.0)}, "severity.score is 6"),
        ({"severity_score": 6.0}, "severity_score is 6.0: it must be two ascending numbers"),
        ({"dependencies": [{"service": "a"}]}, "dependencies is"),
        ({"dependencies": [({"service": 1}, {})]}, "dependencies is {'service': 1}"),
        ({"dependencies": [("a", "b")]}, "dependencies is 'a'"),
        ({"maintenance": [(5.0, 5.0, {})]}, "to is 5"),
        ({"maintenance": [(0.0, 5.0)]}, "maintenance is"),
        ({"maintenance": [(0.0, 5.0, {"service": [None]})]}, "maintenance is"),
    ],
)
def test_settings_out_of_range_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AlertReducer(**settings)


BAD_CHECKS: list[tuple[tuple[Any, ...], str]] = [
    ((99.0, SHOP, 1.0), "99"),
    ((float("nan"), SHOP, 1.0), "time is NaN"),
    ((200.0, SHOP, float("inf")), "score is inf"),
    ((200.0, SHOP, 5.0, float("inf")), "value is inf"),
    ((200.0, SHOP, 5.0, None, "worst"), "severity is 'worst'"),
    ((200.0, {}, 5.0), "labels"),
    ((200.0, {"service": "s" * 1_025}, 5.0), "the length of the labels"),
    ((200.0, {str(it): "" for it in range(33)}, 5.0), "the number of labels is 33"),
    ((200.0, {"service": 1}, 5.0), "labels is {'service': 1}"),
    ((200.0, "shop", 5.0), "labels is 'shop': it must be a mapping from str to str"),
    ((200.0, {"service": "\ud800"}, 5.0), "surrogates"),
]


@pytest.mark.parametrize(("check", "message"), BAD_CHECKS)
def test_a_bad_check_leaves_the_reducer_as_it_was(check: tuple[Any, ...], message: str) -> None:
    reducer = AlertReducer()
    reducer.observe(100.0, SHOP, 6.0)
    before = reducer.to_bytes()
    with pytest.raises(ValueError, match=message):
        reducer.observe(*check)
    if len(check) == 3:
        time, labels, score = check
        with pytest.raises(ValueError, match=message):
            reducer.observe_many([150.0, time], [SHOP, labels], [5.0, score])
    assert reducer.to_bytes() == before


def test_other_bad_input_is_refused() -> None:
    reducer = AlertReducer()
    reducer.observe(100.0, SHOP, 6.0)
    before = reducer.to_bytes()
    with pytest.raises(ValueError, match="scores has 1 entries, 2 expected"):
        reducer.observe_many([200.0, 300.0], SHOP, [7.0])
    with pytest.raises(ValueError, match="labels has 1 entries, 2 expected"):
        reducer.observe_many([200.0, 300.0], [SHOP], [7.0, 7.0])
    with pytest.raises(ValueError, match="labels is None"):
        reducer.observe_many([200.0], None, [7.0])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="times has 2 dimensions"):
        reducer.observe_many([[200.0]], SHOP, [7.0])
    with pytest.raises(ValueError, match="time"):
        reducer.advance(99.0)
    with pytest.raises(ValueError, match="number is -1"):
        reducer.explain(-1)
    with pytest.raises(ValueError, match="to is 50"):
        reducer.add_maintenance(0.0, 50.0, {})
    with pytest.raises(ValueError, match="sources is 'shop'"):
        reducer.add_maintenance(0.0, 500.0, "shop")  # type: ignore[arg-type]
    assert reducer.to_bytes() == before
    for damaged in (b"", before[:-1], before[:40] + b"\xff" + before[41:]):
        with pytest.raises(ValueError, match="not a valid model"):
            AlertReducer.from_bytes(damaged)
