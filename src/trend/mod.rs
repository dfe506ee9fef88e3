//! Where a metric is going: robust trends, time to exhaustion, change points, drift.

mod change;

pub use change::{
    ChangeDetector, ChangeDetectorParams, ChangePoint, ChangePointParams, DetectedChange,
    DetectionMethod, Noise, Penalty, Segment, Segmentation, Shape,
};

mod drift;

pub use drift::{
    CategoryShare, ConfigChange, ConfigDriftParams, ConfigRule, ContingencyTest, DriftParams,
    DriftSeverity, DriftTable, FeatureColumn, FeatureDrift, KolmogorovSmirnov, Moved, PValue,
    StabilityBins, StabilityIndex, chi_squared_test, g_test, kolmogorov_smirnov,
};
