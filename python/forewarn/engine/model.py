"""The engine of predictive maintenance: one question, one answer, with reasons."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator  # type: ignore[import-untyped]
from sklearn.exceptions import NotFittedError  # type: ignore[import-untyped]

from forewarn._core import Trained, check_engine
from forewarn._estimator import restored_on_error, set_parameters
from forewarn._progress import Callback, reporting
from forewarn._series import Moment, moment
from forewarn.engine.assessment import Assessments, EntityRisk, assessment
from forewarn.engine.evaluation import Evaluation, ModelCard, evaluation, model_card
from forewarn.engine.fleet import Fleet
from forewarn.engine.html import card, escape
from forewarn.engine.report import Report
from forewarn.engine.settings import engine_params, engine_settings, report_settings
from forewarn.engine.telemetry import Columns, named_tables, telemetry


class Engine(BaseEstimator):  # type: ignore[misc]
    """Is this machine about to fail, when, how sure is that, why, and what is to be done?

    From raw readings it makes features over windows, and learns from them an ensemble: a boosted
    classifier, a survival curve, the time left, an isolation forest. Weights, calibration and alert
    threshold are learned on rows that no member had seen, and figures are of a part kept back.

    An entity is whatever fails as a whole: a machine, a service, a disk. Parameters that are None
    are as the preset has them.

    Parameters
    ----------
    preset : {"telemetry", "cycles"}, default="telemetry"
        What the other defaults suit: Unix seconds, with a row every few minutes to hours; or one
        row a cycle, of machines that are run from new to failure.
    entity, time : str, default="entity", "time"
        The columns that say who and when, in all tables. Times are seconds or dates, or count
        anything else by ``clock``.
    kind : str, default="kind"
        The column of kinds, in ``events`` and, if there is one, in ``failures``.
    part : str, default="part"
        The column of parts, in ``maintenance``.
    metrics : sequence of str, default=None
        The columns of readings; None for all others of the history. Leave out what is known only
        afterwards, such as the time to the failure.
    clock : str, default=None
        What times count: "seconds", or another unit in the plural. None: "seconds"; "cycles".
    horizon : float, default=None
        How far ahead failures are foreseen, above 0 and at most 1e12. None: 86,400 (a day); 30.
    windows : sequence of float, default=None
        Lengths of the windows of metrics, rising, at most 16. None: 6 h and 24 h; 20, 50 and 100.
    half_lives : sequence of float, default=None
        Half-lives of the exponentially weighted means, rising. None: 3 h; 3 and 8.
    event_windows : sequence of float, default=None
        Lengths of the windows in which events are counted, rising. None: 24 h and 7 days; 20 and
        100.
    new_life : bool, default=True
        Whether a failure begins a new life, of whose readings nothing before is known.
    hold_out : float, default=0.25
        The share kept back for the figures, from 0.05 to 0.5.
    hold_out_by : {"time", "entities", "both"}, default=None
        Which rows those are: the last ones, all of some entities, or the last ones of entities of
        which nothing was learned. None: "time"; "entities".
    costs : mapping of str to float, default=None
        What a ``failure`` costs (1), ``action`` before it (0.1), a person's ``look`` (0.02), in any
        one currency, and the share of failures that acting has ``prevented`` (0.9).
    least_confidence : float, default=0.5
        Below this reliability a person looks before anything is done; from 0 to 1.
    lead_time : float, default=None
        How long acting takes, from 0 to 1e9. None: 3,600 (an hour); 5.
    budget : int, default=3
        Interventions allowed within ``budget_window``, over all entities; from 0 to 1,000,000.
    budget_window : float, default=86400.0
        Above 0 and at most 1e9.
    cool_down : float, default=86400.0
        How long after an intervention there is no other on the same entity; from 0 to 1e9.
    lifetimes : bool, default=True
        Whether the time left is learned.
    cap : float, default=None
        The limit up to which times left are told apart, at least the horizon. None: five horizons;
        125.
    coverage : float, default=0.9
        How often intervals of the time left should hold the truth, in (0, 1).
    contamination : float, default=None
        The share of healthy rows to call abnormal, above 0 and at most 0.5. None: 0.01.
    folds : int, default=3
        Parts that are set aside in turn to learn weights and calibration, from 2 to 20.
    least_failures : int, default=5
        Fewest failures from which to learn to foretell others, from 2; with fewer, the engine only
        detects what is not normal, and says so.
    most_rows : int, default=100000
        Most rows that a model learns from, at least 1,000; beyond, rows that no failure followed
        are left out at random, and the others weighed up.
    most_reasons : int, default=5
        Most reasons of an assessment, from 0.
    most_entities : int, default=1000000
        Most entities of a fleet, at least 1.
    random_state : int, RandomState or Generator, default=0
        Everything random follows from it. The same gives the same engine on any number of threads.
    n_jobs : int, default=None
        Threads. None and -1 are all cores, -2 all but one.
    verbose : int, default=0
        Above 0, training shows its progress.
    progress : bool or callable, default=False
        Whether training shows its progress; or what is called with the number of stages that are
        done, their number at most, and the name of the one that begins. False from it stops the
        training.

    Examples
    --------
    >>> from forewarn.engine import Engine, example_fleet
    >>> history, failures = example_fleet()
    >>> engine = Engine(random_state=0).train(history, failures)
    >>> engine.card.mode, engine.evaluation.ensemble.roc_auc > 0.95
    ('predict', True)
    >>> worst = engine.assess(history, failures).most_at_risk(1)[0]
    >>> worst.failure_probability > 0.5, worst.action, worst.reasons[0].feature[:12]
    (True, 'act before', 'temperature:')
    """

    preset: str
    entity: str
    time: str
    kind: str
    part: str
    metrics: Sequence[str] | None
    n_jobs: int | None
    verbose: int
    progress: bool | Callback

    def __init__(
        self,
        *,
        preset: str = "telemetry",
        entity: str = "entity",
        time: str = "time",
        kind: str = "kind",
        part: str = "part",
        metrics: Sequence[str] | None = None,
        clock: str | None = None,
        horizon: float | None = None,
        windows: Sequence[float] | None = None,
        half_lives: Sequence[float] | None = None,
        event_windows: Sequence[float] | None = None,
        new_life: bool = True,
        hold_out: float = 0.25,
        hold_out_by: str | None = None,
        costs: Mapping[str, float] | None = None,
        least_confidence: float = 0.5,
        lead_time: float | None = None,
        budget: int = 3,
        budget_window: float = 86_400.0,
        cool_down: float = 86_400.0,
        lifetimes: bool = True,
        cap: float | None = None,
        coverage: float = 0.9,
        contamination: float | None = None,
        folds: int = 3,
        least_failures: int = 5,
        most_rows: int = 100_000,
        most_reasons: int = 5,
        most_entities: int = 1_000_000,
        random_state: int | np.random.RandomState | np.random.Generator | None = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
        progress: bool | Callback = False,
    ) -> None:
        set_parameters(self, locals())

    def train(
        self,
        history: Any,
        failures: Any = None,
        *,
        events: Any = None,
        maintenance: Any = None,
        attributes: Any = None,
    ) -> Engine:
        """Learns from the history of a fleet. Ctrl-C stops it, and leaves the engine as it was.

        Parameters
        ----------
        history : DataFrame or mapping of str to column
            A row for each entity and time, in any order: who, when, and readings. NaN is missing.
            DataFrames of pandas (columns or index), Polars and Arrow tables.
        failures : DataFrame or mapping, default=None
            A row a failure: who, when, perhaps of which kind. Where the last row of a life shows
            the failure itself, give the failure a later time.
        events : DataFrame or mapping, default=None
            A row for anything that happened: who, when, of which kind.
        maintenance : DataFrame or mapping, default=None
            A row for each part maintained: who, when, which part.
        attributes : DataFrame or mapping, default=None
            A row an entity: who, and what it is, in numbers or words, a column each.

        Returns
        -------
        self : Engine
            Trained.
        """
        tables = named_tables(history, failures, events, maintenance, attributes)
        with restored_on_error(self):
            settings = engine_settings(self.get_params(deep=False))
            check_engine(settings)
            known = telemetry(tables, self._columns, self.metrics)
            with reporting(self.progress, self.verbose, "stage") as progress:
                self._trained = Trained.train(known, settings, self.n_jobs, progress)
            self._telemetry = known
            return self

    def assess(
        self,
        history: Any,
        failures: Any = None,
        *,
        events: Any = None,
        maintenance: Any = None,
        attributes: Any = None,
        now: Moment | None = None,
    ) -> Assessments:
        """Judges every entity of which anything is known by now.

        Parameters
        ----------
        history, failures, events, maintenance, attributes
            As in ``train``. Metrics are matched by name: what the engine does not know is passed
            over, and what it misses is missing, which lowers the confidence and is a reason.
        now : float or datetime, default=None
            What comes later plays no part. None: for each entity the last thing known of it.

        Returns
        -------
        assessments : Assessments
            In the order in which the tables name the entities.
        """
        given = self._given(history, failures, events, maintenance, attributes)
        at = None if now is None else moment(now)
        found = self._known.assess(given, at, self.n_jobs)
        return Assessments([assessment(it) for it in found])

    def assess_history(
        self,
        history: Any,
        failures: Any = None,
        *,
        events: Any = None,
        maintenance: Any = None,
        attributes: Any = None,
        step: float | None = None,
    ) -> dict[str, EntityRisk]:
        """The risk of every entity over time; no value knows of anything that came after it.

        Parameters
        ----------
        history, failures, events, maintenance, attributes
            As in ``train``.
        step : float, default=None
            From one value to the next, above 0. None: at each row.

        Returns
        -------
        risks : dict of str to EntityRisk
            By entity.
        """
        given = self._given(history, failures, events, maintenance, attributes)
        found = self._known.history(given, None if step is None else float(step), self.n_jobs)
        return {it[0]: EntityRisk(*it) for it in found}

    def report(
        self,
        path: str | Path | None = None,
        history: Any = None,
        failures: Any = None,
        *,
        events: Any = None,
        maintenance: Any = None,
        attributes: Any = None,
        **settings: Any,
    ) -> Report:
        """Writes a report: one page of HTML that loads nothing, light and dark.

        Parameters
        ----------
        path : str or Path, default=None
            The file; None to write none.
        history, failures, events, maintenance, attributes
            As in ``train``. Without a history it is about what the engine was trained on, if that
            was in this process.
        settings
            ``title`` ("Fleet") stands above it, ``noun`` ("machine") is what an entity is called,
            ``entity`` the one shown from near, else the one most at risk. Numbers: ``at_risk`` (5)
            told of with reasons, ``listed`` (200) in the table, ``over_time`` (30) drawn over time
            in ``columns`` (120), ``metrics`` (4) of the one shown from near.

        Returns
        -------
        page : Report
            The HTML, a str; notebooks show it as a page.
        """
        asked, known = report_settings(settings), self._known
        if history is not None:
            given = self._given(history, failures, events, maintenance, attributes)
        elif any(it is not None for it in (failures, events, maintenance, attributes)):
            raise ValueError("history is None: what happened is of use only with a history")
        elif self._telemetry is None:
            raise ValueError("history is None: an engine that was loaded holds none of its own")
        else:
            given = self._telemetry
        page = Report(known.report(given, asked, self.n_jobs))
        if path is not None:
            Path(path).write_text(page, encoding="utf-8")
        return page

    def fleet(self) -> Fleet:
        """A live fleet, of which nothing is known yet."""
        return Fleet(self)

    @property
    def card(self) -> ModelCard:
        """What it was trained on."""
        return model_card(self._known.card)

    @property
    def evaluation(self) -> Evaluation:
        """How good it was on what was kept back."""
        return evaluation(self._known.evaluation)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody should know of its training, in words."""
        return self.evaluation.warnings

    @property
    def threshold(self) -> float:
        """From this probability on there is an alert; 1 for an engine that can only detect."""
        return self._known.threshold

    @property
    def weights(self) -> dict[str, float]:
        """The members of the ensemble with their weights, which add up to 1."""
        return dict(self._known.weights)

    @property
    def features(self) -> list[str]:
        """The names of its features."""
        return self._known.features

    def to_bytes(self) -> bytes:
        """What was learned, as the library saves it in any language; names of columns are not."""
        return self._known.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, **params: Any) -> Engine:
        """The engine that ``to_bytes`` was called of.

        To train it again, settings that have no parameter here are as the preset has them.

        Parameters
        ----------
        data : bytes
            What ``to_bytes`` returned, or a file of the library's.
        params
            Names of columns that are not the usual ones, ``n_jobs`` and the like.
        """
        trained = Trained(data)
        preset = "cycles" if trained.card["clock"] == "cycles" else "telemetry"
        made = cls(**{**engine_params(trained.settings(preset)), **params})
        made._trained = trained
        return made

    def save(self, path: str | Path) -> None:
        """Writes ``to_bytes`` to a file."""
        Path(path).write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: str | Path, **params: Any) -> Engine:
        """Reads what ``save`` wrote; ``params`` as in ``from_bytes``."""
        return cls.from_bytes(Path(path).read_bytes(), **params)

    _trained: Trained | None = None
    _telemetry: Any = None

    @property
    def _known(self) -> Trained:
        if self._trained is None:
            raise NotFittedError("this Engine has learned nothing yet: call train first, or load")
        return self._trained

    @property
    def _columns(self) -> Columns:
        for name in ("entity", "time", "kind", "part"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} is {getattr(self, name)!r}: it must be a column's name")
        return Columns(self.entity, self.time, self.kind, self.part)

    def _given(self, *tables: Any) -> Any:
        known = self._known.card["metrics"]
        return telemetry(named_tables(*tables), self._columns, self.metrics, known)

    def _frozen(self) -> Engine:
        """The engine as it is now, without what it was trained on."""
        self._known  # noqa: B018
        frozen = copy.copy(self)
        frozen._telemetry = None
        return frozen

    def __sklearn_is_fitted__(self) -> bool:
        return self._trained is not None

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: it for name, it in state.items() if name != "_telemetry"}

    def __str__(self) -> str:
        return repr(self) if self._trained is None else f"{self.card}\n{self.evaluation}"

    def _repr_html_(self) -> str:
        if self._trained is None:
            return card(repr(self), "not trained yet")
        return card("Engine", escape(str(self.card)) + "<br>" + self.evaluation._repr_html_())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}
