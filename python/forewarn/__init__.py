"""Tells a service that it is about to fail, and turns its knobs in time."""

from forewarn._core import CancelledError, Rejected, group_number
from forewarn.alert_reducer import AlertReducer
from forewarn.breaker_optimizer import BreakerOptimizer
from forewarn.breaker_settings import BreakerSettings
from forewarn.breaker_simulator import simulate
from forewarn.call_log import CallLog
from forewarn.circuit_breaker import CircuitBreaker
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
    "BreakerOptimizer",
    "BreakerSettings",
    "CallLog",
    "CancelledError",
    "CircuitBreaker",
    "FailureTimeRegressor",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "IsolationForest",
    "MetricMonitor",
    "Rejected",
    "StreamingForest",
    "ThresholdTuner",
    "choose_threshold",
    "group_number",
    "simulate",
]
