"""Tells a service that it is about to fail, and turns its knobs in time."""

from forewarn._core import CancelledError, group_number
from forewarn.alert_reducer import AlertReducer
from forewarn.decide import choose_threshold
from forewarn.failure_time import FailureTimeRegressor
from forewarn.gradient_classifier import GradientBoostingClassifier
from forewarn.gradient_regressor import GradientBoostingRegressor
from forewarn.metric_monitor import MetricMonitor
from forewarn.sklearn import IsolationForest
from forewarn.streaming_forest import StreamingForest
from forewarn.threshold_tuner import ThresholdTuner

__all__ = [
    "AlertReducer",
    "CancelledError",
    "FailureTimeRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "IsolationForest",
    "MetricMonitor",
    "StreamingForest",
    "ThresholdTuner",
    "choose_threshold",
    "group_number",
]
