"""Tells a service that it is about to fail, and turns its knobs in time."""

from forewarn._core import CancelledError, Rejected, group_number
from forewarn.alert_reducer import AlertReducer
from forewarn.breaker_optimizer import BreakerOptimizer
from forewarn.breaker_settings import BreakerSettings
from forewarn.breaker_simulator import simulate
from forewarn.call_log import CallLog
from forewarn.circuit_breaker import CircuitBreaker
from forewarn.compare import BenchmarkHistory, SequentialTest, compare_runs, judge_canary
from forewarn.decide import choose_threshold
from forewarn.engine import Engine, Fleet
from forewarn.failure_time import FailureTimeRegressor
from forewarn.gradient_classifier import GradientBoostingClassifier
from forewarn.gradient_regressor import GradientBoostingRegressor
from forewarn.metric_monitor import MetricMonitor
from forewarn.sklearn import IsolationForest
from forewarn.streaming_forest import StreamingForest
from forewarn.threshold_tuner import ThresholdTuner
from forewarn.trend import (
    ChangeDetector,
    DriftMonitor,
    ExhaustionForecaster,
    RollingTrend,
    compare_configurations,
    find_change_points,
)

__all__ = [
    "AlertReducer",
    "BenchmarkHistory",
    "BreakerOptimizer",
    "BreakerSettings",
    "CallLog",
    "CancelledError",
    "ChangeDetector",
    "CircuitBreaker",
    "DriftMonitor",
    "Engine",
    "ExhaustionForecaster",
    "FailureTimeRegressor",
    "Fleet",
    "GradientBoostingClassifier",
    "GradientBoostingRegressor",
    "IsolationForest",
    "MetricMonitor",
    "Rejected",
    "RollingTrend",
    "SequentialTest",
    "StreamingForest",
    "ThresholdTuner",
    "choose_threshold",
    "compare_configurations",
    "compare_runs",
    "find_change_points",
    "group_number",
    "judge_canary",
    "simulate",
]
