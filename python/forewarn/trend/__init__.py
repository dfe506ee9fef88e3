"""Where a metric is going: forecasts, time to exhaustion, robust slopes, change points, drift."""

from forewarn.trend.changes import (
    ChangeDetector,
    ChangePoint,
    DetectedChange,
    Noise,
    Segment,
    Segmentation,
    change_points_frame,
    find_change_points,
)
from forewarn.trend.configuration import ConfigChange, ConfigDrift, compare_configurations
from forewarn.trend.drift import (
    CategoryShare,
    ContingencyTest,
    DriftMonitor,
    DriftReport,
    FeatureDrift,
    KolmogorovSmirnov,
    StabilityIndex,
    chi_squared_test,
    g_test,
    kolmogorov_smirnov,
    stability_index,
)
from forewarn.trend.exhaustion import (
    ExhaustionDecision,
    ExhaustionDecisions,
    ExhaustionForecast,
    ExhaustionForecaster,
)
from forewarn.trend.forecasts import Forecast, forecast, forecast_frame
from forewarn.trend.slopes import RollingTrend, Slopes, TrendLine, repeated_medians, theil_sen

__all__ = [
    "CategoryShare",
    "ChangeDetector",
    "ChangePoint",
    "ConfigChange",
    "ConfigDrift",
    "ContingencyTest",
    "DetectedChange",
    "DriftMonitor",
    "DriftReport",
    "ExhaustionDecision",
    "ExhaustionDecisions",
    "ExhaustionForecast",
    "ExhaustionForecaster",
    "FeatureDrift",
    "Forecast",
    "KolmogorovSmirnov",
    "Noise",
    "RollingTrend",
    "Segment",
    "Segmentation",
    "Slopes",
    "StabilityIndex",
    "TrendLine",
    "change_points_frame",
    "chi_squared_test",
    "compare_configurations",
    "find_change_points",
    "forecast",
    "forecast_frame",
    "g_test",
    "kolmogorov_smirnov",
    "repeated_medians",
    "stability_index",
    "theil_sen",
]
