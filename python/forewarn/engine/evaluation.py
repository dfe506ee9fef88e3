"""How good an engine was on what it had not seen, and what it was trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forewarn._results import BLUE, GREY, Result, axes, digits
from forewarn._series import Doubles
from forewarn.engine.html import card, escape, table


@dataclass(frozen=True, repr=False)
class ModelCard(Result):
    """What an engine was trained on. As a str it is a sentence."""

    version: str
    """The version of the library that trained it."""
    mode: str
    """"predict", or "detect only" where too few failures were seen to learn what announces one."""
    entities: int
    """Entities with readings."""
    rows: int
    """Rows of readings."""
    metrics: tuple[str, ...]
    """The metrics."""
    features: int
    """Features of a row."""
    first_time: float
    """The time of the first row."""
    last_time: float
    """The time of the last row."""
    failures: int
    """Failures that rows came before."""
    horizon: float
    """How far ahead failures are foreseen."""
    clock: str
    """What times count."""
    seed: int
    """Everything random followed from it."""
    text: str = field(repr=False)
    """In words."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, repr=False)
class PartFigures(Result):
    """Figures of a member of the ensemble alone."""

    name: str
    """"classifier", "survival", "time left" or "anomaly"."""
    weight: float
    """Its share of the weights of all members."""
    roc_auc: float
    """The probability that a row before a failure scores higher than another."""
    average_precision: float
    """Average precision."""
    log_loss: float
    """Logarithmic loss of its own calibrated probability."""


@dataclass(frozen=True, repr=False)
class EnsembleFigures(Result):
    """Figures of the ensemble."""

    roc_auc: float
    """The probability that a row before a failure scores higher than another."""
    average_precision: float
    """Average precision."""
    log_loss: float
    """Logarithmic loss."""
    brier: float
    """Mean squared error of the probability."""
    expected_calibration_error: float
    """Mean distance of the probability from what was observed, in ten bins of as many rows each."""


@dataclass(frozen=True, repr=False)
class AlertFigures(Result):
    """What the alert threshold brings."""

    recall_of_failures: float
    """The share of the failures with an alert within the horizon before them."""
    median_lead_time: float | None
    """The median time from the first such alert to the last row before the failure; None if no
    failure had one."""
    false_alarms_per_entity_month: float
    """The share of months of entities (of 30 days; of 30 horizons by a clock that does not count
    seconds) with a false alarm."""
    precision: float | None
    """The share of the rows with an alert that a failure followed; None without alerts."""


@dataclass(frozen=True, repr=False)
class LifetimeFigures(Result):
    """How well the time left is told."""

    median_error: float
    """The median of the distance of the median from the true time left, of rows whose failure came
    before the limit."""
    coverage: float
    """The share of intervals that held the truth, of all rows of which it is known."""
    interval: float
    """The share that was promised."""
    rows: int
    """Rows of which it is known."""


@dataclass(frozen=True, repr=False)
class Evaluation(Result):
    """How good the same settings were on what was kept back. As a str it is a few lines.

    The engine that answers is trained again on everything, by the same rules: these figures are of
    the one that was not.
    """

    mode: str
    """"predict" or "detect only"."""
    warnings: tuple[str, ...]
    """What somebody should know, in words."""
    rows: int
    """Rows kept back of which it is known whether a failure followed."""
    entities: int
    """Entities among them."""
    failures: int
    """Failures among them: those that followed within the horizon."""
    first_time: float
    """The time of the first of these rows."""
    last_time: float
    """The time of the last."""
    base_rate: float
    """The share of the rows that a failure followed."""
    parts: tuple[PartFigures, ...]
    """The members of the ensemble; none without both kinds of rows."""
    ensemble: EnsembleFigures | None
    """The ensemble; None without both kinds of rows."""
    threshold: float
    """The alert threshold of these figures."""
    at_threshold: AlertFigures | None
    """What it brings; None without both kinds of rows."""
    lifetimes: LifetimeFigures | None
    """Of the time left; None where it was not learned, or nothing kept back failed."""
    calibration: Doubles = field(repr=False)
    """The reliability diagram, of shape (n, 3): mean probability, share that failed, rows."""
    costs: Doubles = field(repr=False)
    """The cost curve, of shape (n, 2): threshold, mean cost of a row."""
    cost_of_never: float
    """The mean cost of a row if nobody ever acts."""
    cost_of_always: float
    """The mean cost of a row if everybody always acts."""
    curve: Doubles = field(repr=False)
    """Precision and recall, of shape (n, 3): threshold, recall, precision."""
    confidence: Doubles = field(repr=False)
    """How often statements held, of shape (n, 5): least confidence, the first beyond it,
    assessments, their mean confidence, the share that held."""
    text: str = field(repr=False)
    """All of it in a few lines."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        head, *rest = self.text.split("\n")
        return "\n".join([f"Evaluation({head})", *rest])

    def _repr_html_(self) -> str:
        said = [escape(it) for it in self.text.split("\n") if not it.startswith("  ")]
        rows = [(escape(it.name), *_cells(it.weight, it)) for it in self.parts]
        if self.ensemble is not None:
            rows.append(("<b>together</b>", *_cells(1.0, self.ensemble)))
        head = ("member", "weight", "ROC AUC", "average precision", "log loss")
        return card("Evaluation", "<br>".join(said) + (table(head, rows) if rows else ""))

    def plot(self, ax: Any = None) -> Any:
        """Draws the reliability diagram; needs matplotlib. Returns the axes."""
        ax = axes(ax, "Evaluation")
        predicted, observed = self.calibration[:, 0], self.calibration[:, 1]
        ax.plot([0.0, 1.0], [0.0, 1.0], color=GREY, linewidth=0.5)
        ax.plot(predicted, observed, "o-", color=BLUE, linewidth=1)
        ax.set_xlabel("predicted probability of failure")
        ax.set_ylabel("observed share of failures")
        return ax


def evaluation(plain: dict[str, Any]) -> Evaluation:
    """An evaluation as the extension gives it."""
    plain["warnings"] = tuple(plain["warnings"])
    plain["parts"] = tuple(PartFigures(name, *figures) for name, figures in plain["parts"])
    for name, kind in (
        ("ensemble", EnsembleFigures),
        ("at_threshold", AlertFigures),
        ("lifetimes", LifetimeFigures),
    ):
        plain[name] = None if plain[name] is None else kind(*plain[name])
    for name, width in (("calibration", 3), ("costs", 2), ("curve", 3), ("confidence", 5)):
        plain[name] = _rows(plain[name], width)
    return Evaluation(**plain)


def model_card(plain: dict[str, Any]) -> ModelCard:
    """A card as the extension gives it."""
    plain["metrics"] = tuple(plain["metrics"])
    return ModelCard(**plain)


def _rows(values: Any, width: int) -> NDArray[np.float64]:
    rows = np.array(values, dtype=np.float64).reshape(-1, width)
    rows.flags.writeable = False
    return rows


def _cells(weight: float, it: PartFigures | EnsembleFigures) -> tuple[str, ...]:
    return f"{weight:.2f}", *map(digits, (it.roc_auc, it.average_precision, it.log_loss))
